/** This file holds the calls that move money by hand (credits, debits, refunds) and those that list how it moved. */
import type { CounterSpec, CounterState, TransferRow } from '../../foundation/ledger.ts';
import { walletId } from '../../foundation/ledger.ts';
import { toNanoUsd } from '../../foundation/money.ts';
import type { RequestRecord, SettledRequest } from '../../foundation/terms.ts';
import { readBigInt, readInteger } from '../columns.ts';
import { insertSql } from '../insert-sql.ts';
import { roomOf } from '../ledger-book.ts';
import { lockCounters, makeCounters, readCounter } from '../ledger-reads.ts';
import type { CounterRow } from '../ledger-rows.ts';
import { REVENUE_ACCOUNT } from '../ledger-settling.ts';
import { addUsage, moveCounters } from '../ledger-writes.ts';
import { flattenRecord, linesText, toValue, usageColumns } from '../record-rows.ts';
import { forIds } from '../sql-lists.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';
import { InsufficientRoom } from '../store.ts';
import type { LedgerFilter, Page, RefundAnswer } from '../store.ts';
import { readTransfer, transferColumns, transferKinds, transferValues, TRANSFER_SELECTION } from '../transfer-rows.ts';
import { addSums } from '../usage-sums.ts';
import { findRequest } from './usage.ts';

const WALLET_PREFIX = walletId('');
const INSERT = insertSql('transfer', transferColumns);
const INSERT_FIRST = `${INSERT} ON CONFLICT (id) DO NOTHING RETURNING id`;
const FIND_PLACE = 'SELECT ts_ms FROM transfer WHERE id = ? AND ws_id = ?';
const LIST = `SELECT ${TRANSFER_SELECTION} FROM transfer
  WHERE ws_id = ? AND kind IN (${transferKinds.map(() => '?').join(', ')}) AND ts_ms >= ? AND ts_ms < ? AND (ts_ms, id) < (?, ?)
  ORDER BY ts_ms DESC, id DESC LIMIT ?`;
/** Of the few that are no charges: the index that has only those serves it. */
const LIST_CREDITS = LIST.replace('WHERE ', "WHERE kind <> 'usage' AND ");
const LIST_FOR = `SELECT ${TRANSFER_SELECTION} FROM transfer WHERE id = ? AND ws_id = ?
  UNION ALL SELECT ${TRANSFER_SELECTION} FROM transfer WHERE ref = ? AND kind <> 'usage' AND ws_id = ? ORDER BY ts_ms, id`;
const SUM_REFUNDS = "SELECT COUNT(*) AS refunds, CAST(COALESCE(SUM(amount), 0) AS TEXT) AS amount FROM transfer WHERE ref = ? AND kind = 'refund'";
const FIND_COUNTERS = `SELECT id, kind, scope_id, unit, period, CAST(cap AS TEXT) AS cap, cap_rev, CAST(used AS TEXT) AS used, CAST(held AS TEXT) AS held,
  recall_ms FROM counter WHERE id IN ({{ids}})`;
const USAGE_WIDTH = usageColumns.length;

export function* postTransfers(transfers: readonly TransferRow[]): SqlTask<boolean> {
  const [first, ...others] = transfers;
  if (!first) return true;
  const charge = transfers.find(({ kind }) => kind === 'usage' || kind === 'refund');
  if (charge) throw new Error(`the transfer ${charge.id} is a charge, which only a request can make`);
  if ((yield* rows(INSERT_FIRST, ...transferValues(first))).length === 0) return false;
  for (const each of others) yield* rows(INSERT, ...transferValues(each));
  const credits = new Map<string, bigint>();
  const credit = (account: string, amount: bigint): void => {
    if (account.startsWith(WALLET_PREFIX)) credits.set(account, (credits.get(account) ?? 0n) + amount);
  };
  for (const { creditAccount, debitAccount, amount } of transfers) {
    credit(creditAccount, amount);
    credit(debitAccount, 0n - amount);
  }
  yield* makeCounters([...credits.keys()].map(walletSpec));
  const wallets = yield* lockCounters([...credits.keys()]);
  yield* moveCounters(wallets.map((wallet) => withCredit(wallet, credits.get(wallet.id) ?? 0n)));
  return true;
}

function walletSpec(id: string): CounterSpec {
  return { id, kind: 'wallet', scopeId: id.slice(WALLET_PREFIX.length), unit: 'nusd', period: 'all', cap: 0n, capRevision: 0 };
}

function withCredit(wallet: CounterRow, amount: bigint): CounterRow {
  if (amount < 0n && (roomOf(wallet) ?? 0n) < -amount) throw new InsufficientRoom('what is taken away is used or held');
  return { ...wallet, cap: (wallet.cap ?? 0n) + amount };
}

export function* refund(
  workspaceId: string, requestId: string, given: { readonly amount: bigint | null; readonly note: string | null; readonly nowMs: number },
): SqlTask<RefundAnswer> {
  const request = yield* findRequest(workspaceId, requestId);
  if (!request || request.outcome === 'refund') return { kind: 'not_found' };
  // Two refunds of one request wait for each other here, and find each other below.
  const moved = new Set(request.settled.lines.map(({ counterId }) => counterId));
  const counters = (yield* lockCounters([...moved])).filter(({ unit }) => unit === 'nusd');
  const before = (yield* row(SUM_REFUNDS, requestId)) ?? {};
  const left = request.settled.charged - readBigInt(before, 'amount');
  const amount = given.amount ?? left;
  if (amount <= 0n || amount > left) return { kind: 'too_much', left };
  const count = readInteger(before, 'refunds') + 1;
  const id = count === 1 ? `rf:${requestId}` : `rf:${requestId}:${count}`;
  const transfer: TransferRow = {
    id, kind: 'refund', workspaceId, debitAccount: REVENUE_ACCOUNT, creditAccount: walletId(workspaceId), amount: toNanoUsd(amount),
    reference: requestId, note: given.note, createdMs: given.nowMs,
  };
  const lines = counters.map((counter) => ({ counterId: counter.id, amount: -amount }));
  const values = flattenRecord(refundRecord(request, { id, amount, nowMs: given.nowMs }));
  const usage = [[...values.slice(0, USAGE_WIDTH), toValue(-amount), 0, 0, linesText(lines), given.nowMs]];
  const evidence = [[id, ...values.slice(USAGE_WIDTH)]];
  yield* addUsage({ usage, evidence, transfers: [transferValues(transfer)] });
  yield* moveCounters(counters.map((counter) => ({ ...counter, used: counter.used - amount })));
  yield* addSums({ usage, evidence }, { nowMs: given.nowMs, known: null });
  return { kind: 'refunded', transfer };
}

/** A row that takes a charge back: it names what the request named, and has used nothing. */
function refundRecord(request: SettledRequest, { id, amount, nowMs }: { id: string; amount: bigint; nowMs: number }): RequestRecord {
  return {
    ...request, id, outcome: 'refund', basis: 'none', attempts: 0, errorCode: null, finishReason: null, upstreamId: null, failedAttempts: null, lastAttemptMs: null,
    usage: { promptTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: 0, reasoningTokens: 0 },
    charge: { ...request.charge, messages: 0, nanoUsd: toNanoUsd(-amount) },
    startedMs: nowMs, latencyMs: 0, firstByteMs: null,
  };
}

export function* listTransfers({ workspaceId, kinds, fromMs, toMs }: LedgerFilter, { after, limit }: Page): SqlTask<TransferRow[]> {
  const place = after === null ? null : yield* row(FIND_PLACE, after, workspaceId);
  if (after !== null && !place) return [];
  const beforeMs = place ? readInteger(place, 'ts_ms') : Number.MAX_SAFE_INTEGER;
  const asked = transferKinds.map((kind) => (kinds === null || kinds.includes(kind) ? kind : ''));
  // The bound on the time is what the index is entered by; the cursor then tells equal times apart.
  const endMs = Math.min(toMs ?? Number.MAX_SAFE_INTEGER, place ? beforeMs + 1 : Number.MAX_SAFE_INTEGER);
  const list = kinds !== null && !kinds.includes('usage') ? LIST_CREDITS : LIST;
  return (yield* rows(list, workspaceId, ...asked, fromMs ?? 0, endMs, beforeMs, after ?? '', limit)).map(readTransfer);
}

export function* listTransfersFor(workspaceId: string, reference: string): SqlTask<TransferRow[]> {
  return (yield* rows(LIST_FOR, `u:${reference}`, workspaceId, reference, workspaceId)).map(readTransfer);
}

export function* readCounters(ids: readonly string[]): SqlTask<CounterState[]> {
  return (yield* forIds(FIND_COUNTERS, [...new Set(ids)])).map((found) => {
    const { id, kind, scopeId, unit, period, cap, used, held } = readCounter(found);
    return { id, kind, scopeId, unit, period, cap, used, held };
  });
}
