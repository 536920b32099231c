/** This file decides how a request ends: what is charged, what is overrun, and which rows say so. */
import { toNanoUsd } from '../foundation/money.ts';
import type { RequestRecord } from '../foundation/terms.ts';
import type { Unit } from '../foundation/ledger.ts';
import { walletId } from '../foundation/ledger.ts';
import { atLeastZero, roomOf, smaller } from './ledger-book.ts';
import type { Counter, Hold, LedgerBook } from './ledger-book.ts';
import { chargedOf } from './ledger-entries.ts';
import type { Charged, EndEntry, SettledKey, SettleEntry } from './ledger-entries.ts';
import { bearersOf, flattenRecord, linesText, readDraft, toValue, usageColumns } from './record-rows.ts';
import type { RecordValue } from './record-rows.ts';
import type { SqlValue } from './sql-task.ts';

/** One counter a request has used. */
interface Use {
  readonly counter: Counter;
  readonly actual: bigint;
  /** It is charged no more than this, whatever room there is; null: no such bound. */
  readonly most: bigint | null;
}

export const REVENUE_ACCOUNT = 'sys:revenue';
const USAGE_WIDTH = usageColumns.length;

/** Ends a request with what it used. One that has ended already stays as it is. */
export function settle(book: LedgerBook, entry: SettleEntry, nowMs: number): void {
  const uses = entry.lines.map(({ counter, actual }): Use => ({ counter: book.see(counter), actual, most: null }));
  if (book.settled.has(entry.id)) return;
  const hold = book.hold(entry.id);
  if (hold) book.end(hold);
  for (const { leaseId, counter, asked, actual } of entry.lines) {
    // What was journalled has left its lease long ago.
    if (leaseId === null || hold?.lines.has(counter.id) === true) continue;
    book.takeFromLease(leaseId, counter.id, smaller(actual, asked));
  }
  charge(book, { charged: entry, values: entry.values, uses }, nowMs);
  if (entry.idempotency) finishKey(book, entry.id, entry.idempotency);
  else if (hold?.idempotency) book.freeKey(hold.idempotency.scope, hold.idempotency.key, entry.id);
}

/**
 * Ends a hold whose gateway will not: it is charged what its draft says and its own lines can bear, never the hold. One with an
 * idempotency key is charged nothing and its key freed: the repeated request pays. A lease is released. A job's hold is charged
 * what its record says, by its own lines too.
 */
export function endHold(book: LedgerBook, entry: EndEntry, nowMs: number): void {
  const { id } = entry;
  const hold = book.hold(id);
  if (!hold) return;
  book.end(hold);
  const record = hold.kind === 'lease' || book.settled.has(id) ? null : endingOf(hold, entry);
  if (!record) return;
  const charged = chargedOf(record);
  const bearers = entry.outcome === null ? null : bearersOf(hold.draft);
  const uses = [...hold.lines].flatMap(([counterId, line]): Use[] => {
    if (bearers?.has(counterId) === false) return [];
    const counter = book.counter(counterId);
    return [{ counter, actual: counter.unit === 'nusd' ? charged.nanoUsd : charged.messages, most: counter.cap === null ? null : line }];
  });
  charge(book, { charged, values: flattenRecord(record), uses }, nowMs);
  if (hold.idempotency) book.freeKey(hold.idempotency.scope, hold.idempotency.key, id);
}

function endingOf(hold: Hold, entry: EndEntry): RequestRecord | null {
  if (entry.outcome === null) return readDraft(entry.record);
  const draft = readDraft(hold.draft);
  return draft && { ...(hold.idempotency ? withoutCharge(draft) : draft), outcome: entry.outcome };
}

function withoutCharge(record: RequestRecord): RequestRecord {
  return {
    ...record, basis: 'none', payer: 'none',
    usage: { promptTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: 0, reasoningTokens: 0 },
    charge: { ...record.charge, messages: 0, nanoUsd: toNanoUsd(0) },
  };
}

/** Moves the counters and writes the rows. What was held for the request has been released before. */
function charge(book: LedgerBook, { charged, values, uses }: { charged: Charged; values: readonly RecordValue[]; uses: readonly Use[] }, nowMs: number): void {
  const money = use(uses, 'nusd');
  const messages = use(uses, 'msg');
  const isPaidByBalance = charged.payer === 'balance';
  const wallet = walletId(charged.workspaceId);
  const lines = [...money.lines, ...messages.lines];
  const paid = isPaidByBalance ? lines.find(({ counterId }) => counterId === wallet)?.amount ?? 0n : 0n;
  const lost = isPaidByBalance ? charged.nanoUsd - paid : money.overrun;
  book.settled.add(charged.id);
  book.usage.push([
    ...values.slice(0, USAGE_WIDTH), toValue(paid), toValue(lost), toValue(messages.overrun), linesText(lines), nowMs,
  ]);
  book.evidence.push([charged.id, ...values.slice(USAGE_WIDTH)]);
  if (paid > 0n) book.transfers.push(transferValues({ id: charged.id, workspaceId: charged.workspaceId, paid }, nowMs));
}

interface Used {
  readonly lines: readonly { readonly counterId: string; readonly amount: bigint }[];
  /** What no counter with a cap had room for. */
  readonly overrun: bigint;
}

/**
 * Of one unit, all counters that bear it are moved by the same: what was used, or what the fullest of them has room for. One that bears nothing of a
 * call (it pays for another tier than the one that answered) has no say in it.
 */
function use(uses: readonly Use[], unit: Unit): Used {
  let most: bigint | null = null;
  let actual = 0n;
  let taken = 0n;
  const touched = uses.filter((each) => each.counter.unit === unit && each.actual > 0n);
  for (const each of touched) {
    if (each.actual > actual) actual = each.actual;
    const bound = boundOf(each);
    if (bound !== null && (most === null || bound < most)) most = bound;
  }
  const lines: { counterId: string; amount: bigint }[] = [];
  for (const { counter, actual: wanted } of touched) {
    const room = roomOf(counter);
    const bounded = most === null ? wanted : smaller(wanted, most);
    // One counter named twice is not charged twice over its cap.
    const amount = atLeastZero(room === null ? bounded : smaller(bounded, atLeastZero(room)));
    if (amount > taken) taken = amount;
    if (amount === 0n) continue;
    counter.used += amount;
    counter.isChanged = true;
    lines.push({ counterId: counter.id, amount });
  }
  return { lines, overrun: actual - taken };
}

function boundOf({ counter, most }: Use): bigint | null {
  const room = roomOf(counter);
  if (room === null) return most;
  return most === null ? atLeastZero(room) : smaller(most, atLeastZero(room));
}

/** In the order of the columns of a transfer. */
function transferValues({ id, workspaceId, paid }: { id: string; workspaceId: string; paid: bigint }, nowMs: number): readonly SqlValue[] {
  return [`u:${id}`, 'usage', workspaceId, walletId(workspaceId), REVENUE_ACCOUNT, toValue(paid), id, null, nowMs];
}

function finishKey(book: LedgerBook, requestId: string, { scope, key, reply }: SettledKey): void {
  if (reply === null) {
    book.freeKey(scope, key, requestId);
    return;
  }
  const use = book.keyUse(scope, key);
  if (use?.requestId !== requestId) return;
  book.setKey({ ...use, state: 'done', status: reply.status, contentType: reply.contentType, body: reply.body });
}
