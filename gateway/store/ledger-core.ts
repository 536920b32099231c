/** This file decides a batch of the ledger: in the order given, on what was read before, without touching the store. */
import type { Ask, Denial, HoldAnswer, LeaseAnswer, LeaseOp, LedgerAnswer } from '../foundation/ledger.ts';
import { atLeastZero, LedgerBook, roomOf, smaller } from './ledger-book.ts';
import type { HoldEntry, JournalEntry, LedgerEntry, ObserveEntry } from './ledger-entries.ts';
import type { LedgerRows, LedgerWrites } from './ledger-rows.ts';
import { endHold, settle } from './ledger-settling.ts';

export interface Decision {
  /** One for each entry. */
  readonly answers: readonly LedgerAnswer[];
  readonly writes: LedgerWrites;
  /** Not empty: what is leased of these counters must be known to tell a denial from a contention; read it and decide again. */
  readonly unseenLeases: readonly string[];
}

/** No lease is given of a counter that somebody wanted back less than this ago, in ms. */
export const LEASE_QUIET_MS = 10_000;
/** A lease takes at most this part of what is free. */
const LEASE_SHARE = 8n;
/** A lease of less than this part of what was asked for is none: it would be used up before it has saved anything. */
const LEASE_WORTH = 64n;
/** A lease has no expiry of its own: it lives as long as its node. */
export const NEVER_MS = Number.MAX_SAFE_INTEGER;

const DONE: LedgerAnswer = { kind: 'done' };

/** Decides every entry in its order. What one entry changes, the next one sees. `nowMs` is the time of what is settled. */
export function decide(entries: readonly LedgerEntry[], rows: LedgerRows, nowMs: number): Decision {
  const book = new LedgerBook(rows);
  const answers = entries.map((entry) => decideOne(book, entry, nowMs));
  return { answers, writes: book.writes(), unseenLeases: [...book.unseenLeases] };
}

function decideOne(book: LedgerBook, entry: LedgerEntry, nowMs: number): LedgerAnswer {
  switch (entry.kind) {
    case 'settle': settle(book, entry, nowMs); return DONE;
    case 'hold': return placeHold(book, entry);
    case 'lease': return giveLease(book, entry);
    case 'journal': journal(book, entry); return DONE;
    case 'observe': observe(book, entry); return DONE;
    case 'give_back':
      for (const { leaseId, counterId, amount } of entry.changes) book.takeFromLease(leaseId, counterId, amount);
      return DONE;
    case 'end': endHold(book, entry, nowMs); return DONE;
  }
}

/** What is given back is given back whatever the answer, but for a repetition, whose first time may have done so already. */
function placeHold(book: LedgerBook, entry: HoldEntry): HoldAnswer {
  for (const asks of entry.options) for (const { counter } of asks) book.see(counter);
  if (book.settled.has(entry.id) || book.hold(entry.id)) return { kind: 'duplicate' };
  for (const { leaseId, counterId, amount } of entry.giveBack) book.takeFromLease(leaseId, counterId, amount);
  const replayed = replay(book, entry);
  if (replayed) return replayed;
  const denials: Denial[] = [];
  for (const [option, asks] of entry.options.entries()) {
    const denial = findDenial(book, asks, () => 0n);
    if (!denial) return grant(book, entry, { option, asks });
    denials.push(denial);
  }
  return { kind: recall(book, entry) ? 'contended' : 'denied', denials };
}

function replay(book: LedgerBook, { idempotency, nowMs }: HoldEntry): HoldAnswer | null {
  const use = idempotency && book.keyUse(idempotency.scope, idempotency.key);
  if (!use || use.expiresMs <= nowMs) return null;
  if (use.bodyHash !== idempotency.bodyHash) return { kind: 'other_body' };
  if (use.state === 'open' || use.status === null) return { kind: 'unanswered' };
  return { kind: 'answered', reply: { status: use.status, contentType: use.contentType ?? '', body: use.body, requestId: use.requestId } };
}

/** The first ask that does not fit, with `more` free of its counter than there is; null when all fit together. */
function findDenial(book: LedgerBook, asks: readonly Ask[], more: (counterId: string) => bigint): Denial | null {
  for (const [at, ask] of asks.entries()) {
    const counter = book.counter(ask.counter.id);
    const room = roomOf(counter);
    if (room === null || ask.amount <= 0n) continue;
    let amount = ask.amount;
    for (const before of asks.slice(0, at)) if (before.counter.id === counter.id) amount += before.amount;
    if (amount > room + more(counter.id)) return { ask, cap: counter.cap ?? 0n, used: counter.used, held: counter.held };
  }
  return null;
}

/** A line of nothing marks a counter without a cap, so that a recovered request is counted there too. */
function grant(book: LedgerBook, entry: HoldEntry, { option, asks }: { option: number; asks: readonly Ask[] }): HoldAnswer {
  const lines = new Map<string, bigint>();
  for (const { counter: { id }, amount } of asks) {
    const line = book.counter(id).cap === null ? 0n : atLeastZero(amount);
    lines.set(id, (lines.get(id) ?? 0n) + line);
  }
  const { id, nodeId, draft, nowMs, expiresMs, idempotency } = entry;
  // A job belongs to no gateway, and what its key is answered stands from the beginning.
  const owner = entry.isJob === true
    ? { kind: 'job' as const, nodeId: '', expiresMs: NEVER_MS, idempotency: null }
    : { kind: 'req' as const, nodeId, expiresMs, idempotency: idempotency && { scope: idempotency.scope, key: idempotency.key } };
  book.open({ id, counterId: null, draft, lines, createdMs: nowMs, ...owner });
  if (idempotency) {
    book.setKey({
      scope: idempotency.scope, key: idempotency.key, bodyHash: idempotency.bodyHash, requestId: id, state: 'open',
      status: null, contentType: null, body: null, expiresMs: idempotency.expiresMs,
    });
  }
  return { kind: 'granted', option, rooms: asks.map((ask) => roomOf(book.counter(ask.counter.id))) };
}

/**
 * True when one of the options would fit but for what other nodes lease: then they are told to give it back. False when it
 * would not, or when nobody has looked yet what they lease.
 */
function recall(book: LedgerBook, { options, nodeId, nowMs }: HoldEntry): boolean {
  let isContended = false;
  for (const asks of options) {
    const leased = (id: string): bigint => book.leasedByOthers(id, nodeId) ?? 0n;
    // Every counter is looked at, also when an earlier one has decided already: the second look must not need a third.
    for (const ask of asks) leased(ask.counter.id);
    if (findDenial(book, asks, leased)) continue;
    isContended = true;
    for (const ask of asks) {
      if (!findDenial(book, [ask], () => 0n) || leased(ask.counter.id) === 0n) continue;
      const counter = book.counter(ask.counter.id);
      if (nowMs <= counter.recallMs) continue;
      counter.recallMs = nowMs;
      counter.isChanged = true;
    }
  }
  return isContended;
}

/**
 * Gives a slice to a node that is registered: at most an eighth of what is free, and nothing worth less than a 64th of what was
 * asked for. Nothing either within ten seconds of a recall: whoever wants it now would only want it back again.
 */
function giveLease(book: LedgerBook, { leaseId, nodeId, counter: spec, amount, nowMs }: LeaseOp): LeaseAnswer {
  const counter = book.see(spec);
  const before = book.hold(leaseId);
  if (before) return { kind: 'leased', amount: before.lines.get(spec.id) ?? 0n };
  const room = roomOf(counter);
  const isQuiet = counter.recallMs > 0 && nowMs < counter.recallMs + LEASE_QUIET_MS;
  if (room === null || isQuiet || !book.nodes.has(nodeId)) return { kind: 'leased', amount: 0n };
  const given = smaller(amount, room / LEASE_SHARE);
  if (given <= 0n || given * LEASE_WORTH < amount) return { kind: 'leased', amount: 0n };
  book.open({
    id: leaseId, kind: 'lease', nodeId, counterId: spec.id, draft: null, idempotency: null, createdMs: nowMs, expiresMs: NEVER_MS,
    lines: new Map([[spec.id, given]]),
  });
  return { kind: 'leased', amount: given };
}

/** What its leases no longer have is held anew, as far as there is room: a cap is not passed by what was already admitted. */
function journal(book: LedgerBook, { id, nodeId, lines, draft, nowMs, expiresMs }: JournalEntry): void {
  for (const { ask } of lines) book.see(ask.counter);
  if (book.settled.has(id) || book.hold(id)) return;
  const own = new Map<string, bigint>();
  for (const { leaseId, ask } of lines) {
    const counter = book.counter(ask.counter.id);
    const moved = book.takeFromLease(leaseId, counter.id, ask.amount);
    const room = roomOf(counter);
    // What was moved is free for the moment, and taken again below.
    const before = own.get(counter.id) ?? 0n;
    const line = room === null ? moved : moved + smaller(atLeastZero(ask.amount - moved), atLeastZero(room - moved - before));
    own.set(counter.id, before + line);
  }
  book.open({ id, kind: 'req', nodeId, counterId: null, draft, idempotency: null, lines: own, createdMs: nowMs, expiresMs });
}

function observe(book: LedgerBook, { id, draft }: ObserveEntry): void {
  const hold = book.hold(id);
  if (hold?.kind !== 'req') return;
  hold.draft = draft;
  hold.hasNewDraft = !hold.isNew;
}
