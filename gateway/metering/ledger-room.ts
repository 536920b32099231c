/** This file is the money room: it admits requests out of leases or by holds, journals long ones, and settles each once. */
import type { Clock } from '../foundation/clock.ts';
import type { MakeId } from '../foundation/ids.ts';
import type { Ask, JournalOp, SettleLine } from '../foundation/ledger.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import { ZERO_NANO_USD } from '../foundation/money.ts';
import type { Charge, RequestRecord } from '../foundation/terms.ts';
import type { Store } from '../store/store.ts';
import type { Lease } from './lease-slice.ts';
import { Leases } from './leases.ts';
import { isBorneBy, needsHold } from './ledger.ts';
import type { AnsweredBy, Ledger, PlaceJob, PlaceRequest, Placed, Placing, Settlement } from './ledger.ts';
import { placeHold } from './ledger-hold.ts';
import type { HoldDesk } from './ledger-hold.ts';
import { OpenPlacing } from './ledger-placing.ts';
import { startNode } from './node.ts';
import type { GatewayNode } from './node.ts';
import type { HostFacts } from './node-process.ts';
import { readHostFacts } from './node-process.ts';

/** Between two looks at leases nobody uses, in ms. */
const TEND_MS = 1000;
/** What was handed to the store is waited for this long before signing off, in ms. */
const DRAIN_MS_MAX = 10_000;

export type LedgerStore = Pick<Store, 'apply' | 'registerNode' | 'listNodes' | 'beat' | 'recoverNode' | 'sweep' | 'createJob'>;

export type LedgerLimits = Pick<Limits, 'holdMs' | 'contendedMs' | 'leasedCountersMax' | 'leaseIdleMs' | 'nodeDeadMs' | 'noteAfterMs'>;

/** The money room with this gateway's place among others. */
export interface SignedOnLedger extends Ledger {
  /** This gateway's id among those signed on in the store; a new one should it be taken for dead. */
  readonly nodeId: string;
}

export interface LedgerParts {
  readonly store: LedgerStore;
  readonly clock: Clock;
  readonly makeId: MakeId;
  readonly limits: LedgerLimits;
  readonly log: Log;
  /** Only a test replaces it. */
  readonly host?: HostFacts;
}

/**
 * Opens the money room: signs this gateway on in the store. What gateways that died have left is recovered in the background.
 * Rejects when the store can't take the signature.
 */
export async function createLedger(parts: LedgerParts): Promise<SignedOnLedger> {
  const { clock, store, host = readHostFacts() } = parts;
  // The node and the leases know of each other: it tells them what others want back, they ask it who they are.
  let leases: Leases | null = null;
  const node = await startNode({
    ...parts, host,
    onRecall: (recalls) => { leases?.recall(recalls); },
    onFenced: () => { leases?.drop(); },
  });
  leases = new Leases({ ...parts, node });
  const room = new LedgerRoom(parts, node, leases);
  const stopTending = clock.every(TEND_MS, () => { leases.tend(); });
  let closed: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    stopTending();
    node.stop();
    leases.close();
    // A settlement on its way must not be overtaken by the recovery of its hold. If it does not arrive, others look after the rest.
    if (await isThrough(store, clock)) await node.signOff();
    else parts.log.warn({ nodeId: node.id }, 'the store is away: this gateway could not sign off, and others will do it');
  };
  return {
    get nodeId() { return node.id; },
    place: (request) => room.place(request),
    placeJob: (request) => room.placeJob(request),
    note: (placing, makeRecord, answeredBy) => { room.note(placing, makeRecord, answeredBy); },
    settle: (placing, settlement, done) => { room.settle(placing, settlement, done); },
    close: () => closed ??= close(),
  };
}

/** Waits until everything handed to the store is in it; false when it can't take that, or takes too long. Operations keep their order, so the last one tells. */
function isThrough(store: Pick<Store, 'apply'>, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.after(DRAIN_MS_MAX, () => { resolve(false); });
    store.apply({ kind: 'give_back', changes: [] }, (failure) => {
      cancel();
      resolve(failure === null);
    });
  });
}

class LedgerRoom {
  readonly #parts: LedgerParts;
  readonly #node: GatewayNode;
  readonly #leases: Leases;
  readonly #desk: HoldDesk;

  constructor(parts: LedgerParts, node: GatewayNode, leases: Leases) {
    this.#parts = parts;
    this.#node = node;
    this.#leases = leases;
    this.#desk = { store: parts.store, clock: parts.clock, limits: parts.limits, leases, node, waiting: 0 };
  }

  place(request: PlaceRequest): Placed | Promise<Placed> {
    if (request.idempotency === null) {
      const placing = this.#admit(request);
      if (placing) return { kind: 'placed', placing };
    }
    return placeHold(this.#desk, request);
  }

  placeJob(request: PlaceJob): Promise<Placed> {
    const { store } = this.#parts;
    // The same questions and the same patience as for any hold; only what is written when it is granted is more.
    const apply: HoldDesk['store']['apply'] = (op, done) => {
      if (op.kind !== 'hold') throw new Error(`a job was placed by a ${op.kind}`);
      store.createJob({ ...op, isJob: true }, request.job, request.reply).then((answer) => { done(null, answer); }, (failure: unknown) => { done(asError(failure), null); });
    };
    return placeHold({ ...this.#desk, store: { apply } }, request);
  }

  note(placing: Placing, makeRecord: () => RequestRecord, answeredBy?: AnsweredBy): void {
    const { clock, limits, store } = this.#parts;
    if (!(placing instanceof OpenPlacing) || placing.isSettled) return;
    const nowMs = clock.monotonic();
    if (nowMs - placing.notedAt < limits.noteAfterMs) return;
    placing.notedAt = nowMs;
    const borneBy = answeredBy === undefined ? {} : { borneBy: placing.asks.filter((ask) => isBorneBy(ask, answeredBy)).map(({ counter }) => counter.id) };
    if (placing.leases) this.#journal(placing, { leases: placing.leases, noted: { record: makeRecord(), ...borneBy } });
    else store.apply({ kind: 'observe', id: placing.requestId, record: makeRecord(), ...borneBy }, ignore);
  }

  settle(placing: Placing, { record, reply, answeredBy }: Settlement, done: (failure: Error | null) => void): void {
    const leases = placing instanceof OpenPlacing && !placing.isSettled ? placing.leases : null;
    const lines = placing.asks.map((ask, index) => this.#lineOf(ask, leases?.[index] ?? null, isBorneBy(ask, answeredBy) ? record.charge : NOTHING));
    const { idempotency } = placing;
    this.#parts.store.apply({
      kind: 'settle', record, lines,
      idempotency: idempotency === null ? null : { scope: idempotency.scope, key: idempotency.key, reply },
      isFirstWord: idempotency === null && !(placing instanceof OpenPlacing && (placing.isInStore || placing.isSettled)),
    }, done);
    if (!(placing instanceof OpenPlacing) || placing.isSettled) return;
    placing.isSettled = true;
    if (leases) this.#leave(leases, lines);
  }

  /** Admits a request at once if all that its first option asks for is in leases; else null. */
  #admit(request: PlaceRequest): OpenPlacing | null {
    const [asks] = request.options;
    if (!asks) return null;
    const nowMs = this.#parts.clock.monotonic();
    const leases: (Lease | null)[] = [];
    for (const ask of asks) {
      if (!needsHold(ask)) {
        leases.push(null);
        continue;
      }
      const lease = this.#node.isTrusted(nowMs) ? this.#leases.take(ask, nowMs) : null;
      if (!lease) {
        this.#undo(asks, leases);
        return null;
      }
      leases.push(lease);
    }
    return new OpenPlacing(request, { option: 0, asks, leases }, nowMs);
  }

  #lineOf(ask: Ask, lease: Lease | null, charge: Pick<Charge, 'nanoUsd' | 'messages'>): SettleLine {
    const { counter } = ask;
    let asked = needsHold(ask) ? ask.amount : 0n;
    const actual = counter.unit === 'nusd' ? charge.nanoUsd : BigInt(charge.messages);
    // What was leased is not free in the store's eyes; without this it would be lost to the operator.
    if (lease && actual > asked) asked += this.#leases.draw(lease, actual - asked);
    return { counter, asked, actual, leaseId: lease?.id ?? null };
  }

  #undo(asks: readonly Ask[], leases: readonly (Lease | null)[]): void {
    leases.forEach((lease, index) => {
      if (lease) this.#leases.leave(lease, asks[index]?.amount ?? 0n);
    });
  }

  #leave(leases: readonly (Lease | null)[], lines: readonly SettleLine[]): void {
    leases.forEach((lease, index) => {
      const line = lines[index];
      if (lease && line) this.#leases.leave(lease, line.actual < line.asked ? line.asked - line.actual : 0n);
    });
  }

  /** From now on a crash is not free: what it asks for moves out of the leases into a hold of its own. */
  #journal(placing: OpenPlacing, { leases, noted }: { leases: readonly (Lease | null)[]; noted: Pick<JournalOp, 'record' | 'borneBy'> }): void {
    const { store, clock, limits } = this.#parts;
    const lines = placing.asks.map((ask, index) => ({ leaseId: leases[index]?.id ?? '', ask }));
    placing.leases = null;
    placing.isInStore = true;
    const nowMs = clock.now();
    store.apply({
      kind: 'journal', id: placing.requestId, nodeId: this.#node.id, lines, ...noted, nowMs, expiresMs: nowMs + limits.holdMs,
    }, (failure) => {
      if (!failure || placing.isSettled) return;
      placing.leases = leases;
      for (const lease of leases) if (lease) this.#leases.rejoin(lease);
    });
    for (const lease of leases) if (lease) this.#leases.leave(lease, 0n);
  }
}

/** What another tier's counter bears. */
const NOTHING = { nanoUsd: ZERO_NANO_USD, messages: 0 };

/** A lost note does no harm: the next one says more. */
function ignore(): void {}

function asError(failure: unknown): Error {
  return failure instanceof Error ? failure : new Error(String(failure));
}
