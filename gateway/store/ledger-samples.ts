/** This file makes operations of the ledger for the tests of stores. */
import type { Ask, CounterSpec, CounterState, HoldOp, JournalOp, LeaseOp, SettleLine, SettleOp, TransferRow } from '../foundation/ledger.ts';
import { walletId } from '../foundation/ledger.ts';
import { toNanoUsd } from '../foundation/money.ts';
import type { Charge, RequestRecord } from '../foundation/terms.ts';
import { sampleRecord } from './sample-rows.ts';
import type { NodeRow } from './node-row.ts';
import type { Store } from './store.ts';

export const NOW_MS = 1_800_000_000_000;
const HOLD_MS = 60_000;
const TOKENS_PER_MESSAGE = 16_000;

/** A tier's messages of a day. */
export function quota(cap: bigint | null, changes: Partial<CounterSpec> = {}): CounterSpec {
  return { id: 'q:ws_1:pro:2026-11-21', kind: 'quota', scopeId: 'ws_1', unit: 'msg', period: '2026-11-21', cap, capRevision: 1, ...changes };
}

/** A budget in nano-USD. */
export function budget(cap: bigint | null, changes: Partial<CounterSpec> = {}): CounterSpec {
  return { id: 'b:budget_1:2026-11', kind: 'budget', scopeId: 'budget_1', unit: 'nusd', period: '2026-11', cap, capRevision: 1, ...changes };
}

export function wallet(workspaceId = 'ws_1'): CounterSpec {
  return { id: walletId(workspaceId), kind: 'wallet', scopeId: workspaceId, unit: 'nusd', period: 'all', cap: null, capRevision: 0 };
}

/** A record that used so much; its tokens fit its messages. */
export function usedRecord(index: number, used: { messages?: number; nanoUsd?: bigint }, changes: Partial<RequestRecord> = {}): RequestRecord {
  const messages = used.messages ?? 1;
  const charge: Charge = { messages, nanoUsd: toNanoUsd(used.nanoUsd ?? 0n), priceVersion: 'test', isUnpriced: false };
  const usage = { promptTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: messages * TOKENS_PER_MESSAGE, reasoningTokens: 0 };
  return sampleRecord(index, { charge, usage, ...changes });
}

/** A record of a request that has used nothing yet. */
export function draftRecord(index: number, changes: Partial<RequestRecord> = {}): RequestRecord {
  return usedRecord(index, { messages: 0 }, { basis: 'none', ...changes });
}

/** A hold with one option. */
export function holdOp(index: number, asks: readonly Ask[], changes: Partial<HoldOp> = {}): HoldOp {
  return {
    kind: 'hold', id: sampleRecord(index).id, nodeId: 'node_1', options: [asks], giveBack: [], draft: draftRecord(index), nowMs: NOW_MS,
    expiresMs: NOW_MS + HOLD_MS, idempotency: null, ...changes,
  };
}

/** Settles what was held, at what the record says was used. */
export function settleOp(record: RequestRecord, asks: readonly Ask[], changes: Partial<SettleOp> = {}): SettleOp {
  return { kind: 'settle', record, lines: asks.map((ask) => settleLine(record, ask, null)), idempotency: null, isFirstWord: false, ...changes };
}

export function settleLine(record: RequestRecord, { counter, amount }: Ask, leaseId: string | null): SettleLine {
  return { counter, asked: amount, actual: counter.unit === 'nusd' ? record.charge.nanoUsd : BigInt(record.charge.messages), leaseId };
}

export function leaseOp(counter: CounterSpec, amount: bigint, changes: Partial<LeaseOp> = {}): LeaseOp {
  return { kind: 'lease', leaseId: 'lease_1', nodeId: 'node_1', counter, amount, nowMs: NOW_MS, ...changes };
}

export function journalOp(index: number, lines: JournalOp['lines'], changes: Partial<JournalOp> = {}): JournalOp {
  return {
    kind: 'journal', id: sampleRecord(index).id, nodeId: 'node_1', lines, record: draftRecord(index), nowMs: NOW_MS, expiresMs: NOW_MS + HOLD_MS,
    ...changes,
  };
}

export function nodeRow(id = 'node_1'): NodeRow {
  return { id, host: 'here', pid: 1, started: '1', beats: 0, startedMs: NOW_MS };
}

/** Credits a wallet. */
export function grantOf(amount: bigint, changes: Partial<TransferRow> = {}): TransferRow {
  return {
    id: 'gr:1', kind: 'grant', workspaceId: 'ws_1', debitAccount: 'sys:grants', creditAccount: walletId('ws_1'), amount: toNanoUsd(amount),
    reference: '1', note: null, createdMs: NOW_MS, ...changes,
  };
}

/** One counter as it is. */
export async function readCounter(store: Store, id: string): Promise<Pick<CounterState, 'cap' | 'used' | 'held'>> {
  const [found] = await store.readCounters([id]);
  if (!found) throw new Error(`there is no counter ${id}`);
  return { cap: found.cap, used: found.used, held: found.held };
}
