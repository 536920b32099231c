/** This file writes a batch of the ledger as one flat array and reads it back: the cheapest message between threads that was measured. */
import type { CounterKind, CounterSpec, LedgerOp, Unit } from '../foundation/ledger.ts';
import { readOneOf } from './columns.ts';
import { toEntry } from './ledger-entries.ts';
import type { EntryLine, LedgerEntry, SettleEntry } from './ledger-entries.ts';
import { payers, pushRecord, RECORD_WIDTH, usageColumns } from './record-rows.ts';
import type { RecordValue } from './record-rows.ts';
import { counterKinds, units } from './transfer-rows.ts';

/** A settlement is a record's values, its lines as JSON and whether it is the first word of its request; every other entry is an object, and one value. */
export type BatchValue = RecordValue | LedgerEntry;

const SETTLE_WIDTH = RECORD_WIDTH + 2;
const workspaceAt = usageColumns.indexOf('ws_id');
const payerAt = usageColumns.indexOf('payer');
const messagesAt = usageColumns.indexOf('msgs');
const moneyAt = usageColumns.indexOf('nusd');

/** Appends an operation. Only a settlement is worth being flat: nearly all are. */
export function pushOp(batch: BatchValue[], op: LedgerOp): void {
  if (op.kind !== 'settle' || op.idempotency !== null) {
    batch.push(toEntry(op));
    return;
  }
  const lines = op.lines.length === 0 ? '[]' : JSON.stringify(op.lines.map(toJson));
  pushRecord(batch, op.record);
  batch.push(lines, op.isFirstWord ? 1 : 0);
}

/** Reads the entries of a batch one by one; each throws for itself when it makes no sense. */
export function* readBatch(batch: readonly BatchValue[]): Generator<() => LedgerEntry> {
  for (let at = 0; at < batch.length;) {
    const value = batch[at];
    if (typeof value === 'object' && value !== null) {
      at++;
      yield () => value;
      continue;
    }
    const start = at;
    at += SETTLE_WIDTH;
    yield () => readSettle(batch, start);
  }
}

function readSettle(batch: readonly BatchValue[], start: number): SettleEntry {
  const values = batch.slice(start, start + RECORD_WIDTH).map(toPlain);
  return {
    kind: 'settle',
    id: String(values[0]),
    workspaceId: String(values[workspaceAt]),
    payer: readOneOf({ payer: values[payerAt] }, 'payer', payers),
    nanoUsd: toBigInt(values[moneyAt]),
    messages: toBigInt(values[messagesAt]),
    values,
    lines: readLines(batch[start + RECORD_WIDTH]),
    idempotency: null,
    isFirstWord: batch[start + RECORD_WIDTH + 1] === 1,
  };
}

function toPlain(value: BatchValue): RecordValue {
  if (typeof value === 'object' && value !== null) throw new Error('an entry within a settlement');
  return value;
}

type LineJson = readonly [
  id: string, kind: CounterKind, scopeId: string, unit: Unit, period: string, cap: string | null, capRevision: number,
  asked: string, actual: string, leaseId: string | null,
];

function toJson({ counter, asked, actual, leaseId }: EntryLine): LineJson {
  const { id, kind, scopeId, unit, period, cap, capRevision } = counter;
  return [id, kind, scopeId, unit, period, cap === null ? null : String(cap), capRevision, String(asked), String(actual), leaseId];
}

function readLines(value: BatchValue | undefined): EntryLine[] {
  if (value === '[]') return [];
  const lines: unknown = typeof value === 'string' ? JSON.parse(value) : null;
  if (!Array.isArray(lines)) throw new Error('a settlement without its lines');
  return lines.map(readLine);
}

function readLine(line: unknown): EntryLine {
  const values: readonly unknown[] = Array.isArray(line) ? line : [];
  const [id, kind, scopeId, unit, period, cap, capRevision, asked, actual, leaseId] = values;
  const counter: CounterSpec = {
    id: String(id), kind: readOneOf({ kind }, 'kind', counterKinds), scopeId: String(scopeId), unit: readOneOf({ unit }, 'unit', units),
    period: String(period), cap: cap === null ? null : toBigInt(cap), capRevision: Number(capRevision),
  };
  return { counter, asked: toBigInt(asked), actual: toBigInt(actual), leaseId: typeof leaseId === 'string' ? leaseId : null };
}

/** Throws for what is no whole number. */
function toBigInt(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' || typeof value === 'string') return BigInt(value);
  throw new Error('an amount that is no whole number');
}
