/** This file adds up the usage rows of one batch, by hour and by day, so that reports and lists need not walk over them. */
import { evidenceColumns, settledColumns, toValue, usageColumns } from './record-rows.ts';
import { forRows, tupleOf } from './sql-lists.ts';
import type { SqlTask, SqlValue } from './sql-task.ts';

/** Of how much time a sum is. */
export type Grain = 'hour' | 'day';

export const GRAIN_MS: { readonly [Name in Grain]: number } = { hour: 3_600_000, day: 86_400_000 };
const grains: readonly Grain[] = ['hour', 'day'];
/** Names are cut to so many characters: a key of PostgreSQL's index may have no more than 2,700 bytes. */
export const NAME_LENGTH_MAX = 128;

/** What one sum is about; with the workspace, the grain and the start its primary key. */
const nameColumns = ['key_id', 'user_id', 'model_asked', 'model', 'target', 'route', 'operation', 'outcome', 'error_code', 'status'] as const;
/** Columns that are summed as they stand in a row, null as nothing. */
const countedColumns = [
  'attempts', 'prompt_tok', 'cached_tok', 'cache_write_tok', 'compl_tok', 'reasoning_tok', 'msgs', 'unpriced', 'latency_us', 'first_byte_us',
] as const;
/** Likewise, exact whatever their size. */
const moneyColumns = ['nusd', 'charged_nusd', 'overrun_nusd'] as const;

const keyColumns = ['ws_id', 'grain', 'start_ms', ...nameColumns];
const summedColumns = ['requests', 'first_bytes', ...countedColumns, ...moneyColumns];
const sumColumns = [...keyColumns, ...summedColumns, 'nusd_min', 'nusd_max'];

const ADD = `INSERT INTO usage_sum (${sumColumns.join(', ')}) VALUES {{rows}} ON CONFLICT (${keyColumns.join(', ')}) DO UPDATE SET ${[
  ...summedColumns.map((column) => `${column} = usage_sum.${column} + excluded.${column}`),
  'nusd_min = CASE WHEN excluded.nusd_min < usage_sum.nusd_min THEN excluded.nusd_min ELSE usage_sum.nusd_min END',
  'nusd_max = CASE WHEN excluded.nusd_max > usage_sum.nusd_max THEN excluded.nusd_max ELSE usage_sum.nusd_max END',
].join(', ')}`;
const TUPLE = tupleOf(sumColumns);

/** A usage row and its evidence, as values side by side. */
const rowColumns: readonly string[] = [...usageColumns, ...settledColumns, 'id', ...evidenceColumns];
const at = (column: string): number => rowColumns.indexOf(column);
const timeAt = at('ts_ms');
const outcomeAt = at('outcome');
const workspaceAt = at('ws_id');
const firstByteAt = at('first_byte_us');
const costAt = at('nusd');
const namesAt = nameColumns.map(at);
const countedAt = countedColumns.map(at);
const moneyAt = moneyColumns.map(at);
const EVIDENCE_AT = usageColumns.length + settledColumns.length;

/** One sum that grows. */
interface Sum {
  readonly names: readonly SqlValue[];
  requests: number;
  firstBytes: number;
  readonly counted: number[];
  readonly money: bigint[];
  costMin: bigint;
  costMax: bigint;
}

/** Rows of a batch: a usage row, and at the same place the evidence of the same request, in the order of their columns. */
export interface SummedRows {
  readonly usage: readonly (readonly SqlValue[])[];
  readonly evidence: readonly (readonly SqlValue[])[];
}

/**
 * Adds these rows to the sums they belong to. To be called last in a transaction, and the sums go in the order of their keys: of two batches
 * that meet at a sum, one waits for the other's commit and neither for anything after it.
 */
export function* addSums(rows: SummedRows): SqlTask<void> {
  if (rows.usage.length === 0) return;
  const sums = new Map<string, Sum>();
  for (const [index, usage] of rows.usage.entries()) addRow(sums, { usage, evidence: rows.evidence[index] ?? [] });
  const keys = [...sums.keys()].sort();
  yield* forRows(ADD, TUPLE, keys.flatMap((key) => {
    const sum = sums.get(key);
    return sum ? [valuesOf(sum)] : [];
  }));
}

interface Row {
  readonly usage: readonly SqlValue[];
  readonly evidence: readonly SqlValue[];
}

function valueAt({ usage, evidence }: Row, index: number): SqlValue {
  return (index < EVIDENCE_AT ? usage[index] : evidence[index - EVIDENCE_AT]) ?? null;
}

function addRow(sums: Map<string, Sum>, row: Row): void {
  const workspace = valueAt(row, workspaceAt);
  const names = namesAt.map((index) => toName(valueAt(row, index)));
  const namesKey = names.join('\0');
  const ms = Number(row.usage[timeAt]);
  const cost = toBigInt(valueAt(row, costAt));
  for (const grain of grains) {
    const startMs = startOf(ms, grain);
    const key = `${String(workspace)}\0${grain}\0${startMs}\0${namesKey}`;
    let sum = sums.get(key);
    if (!sum) sums.set(key, sum = emptySum([workspace, grain, startMs, ...names], cost));
    add(sum, row, cost);
  }
}

function emptySum(names: readonly SqlValue[], cost: bigint): Sum {
  return { names, requests: 0, firstBytes: 0, counted: countedAt.map(() => 0), money: moneyAt.map(() => 0n), costMin: cost, costMax: cost };
}

function add(sum: Sum, row: Row, cost: bigint): void {
  if (row.usage[outcomeAt] !== 'refund') sum.requests++;
  if (valueAt(row, firstByteAt) !== null) sum.firstBytes++;
  for (const [place, index] of countedAt.entries()) sum.counted[place] = (sum.counted[place] ?? 0) + Number(valueAt(row, index) ?? 0);
  for (const [place, index] of moneyAt.entries()) sum.money[place] = (sum.money[place] ?? 0n) + toBigInt(valueAt(row, index));
  if (cost < sum.costMin) sum.costMin = cost;
  if (cost > sum.costMax) sum.costMax = cost;
}

function valuesOf(sum: Sum): SqlValue[] {
  return [...sum.names, sum.requests, sum.firstBytes, ...sum.counted, ...sum.money.map(toValue), toValue(sum.costMin), toValue(sum.costMax)];
}

/** Where the hour or day begins in which this moment is, in ms. */
export function startOf(ms: number, grain: Grain): number {
  return ms - ms % GRAIN_MS[grain];
}

/** What is not known has the empty name. */
function toName(value: SqlValue): SqlValue {
  if (value === null) return '';
  return typeof value === 'string' && value.length > NAME_LENGTH_MAX ? value.slice(0, NAME_LENGTH_MAX) : value;
}

function toBigInt(value: SqlValue): bigint {
  return typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : 0n;
}
