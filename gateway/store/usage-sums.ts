/** This file adds up the usage rows of one batch, and marks the hours they are in, so that neither reports nor lists need walk over them. */
import type { MarkMemory, ProposedMark } from './mark-memory.ts';
import { evidenceColumns, settledColumns, toValue, usageColumns } from './record-rows.ts';
import { forRows, tupleOf } from './sql-lists.ts';
import type { SqlTask, SqlValue } from './sql-task.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
/** Names are cut to so many characters: a key of PostgreSQL's index may have no more than 2,700 bytes. */
const NAME_LENGTH_MAX = 128;

/** What a mark can be of. */
export type MarkKind = 'key' | 'user' | 'asked' | 'model' | 'route' | 'operation' | 'outcome' | 'error' | 'status' | 'cost';

/** What a sum is about, besides workspace, grain and start; the last two only where days are split by them. */
const nameColumns = ['key_id', 'user_id', 'model_asked', 'model', 'route', 'operation'] as const;
const NAMES_UNSPLIT = 4;
/** Columns that are summed as they stand in a row, null as nothing. */
const countedColumns = [
  'attempts', 'prompt_tok', 'cached_tok', 'cache_write_tok', 'compl_tok', 'reasoning_tok', 'msgs', 'unpriced', 'latency_us', 'first_byte_us',
] as const;
/** Likewise, exact whatever their size. */
const moneyColumns = ['nusd', 'charged_nusd', 'overrun_nusd'] as const;

const keyColumns = ['ws_id', 'grain', 'start_ms', ...nameColumns];
const summedColumns = ['requests', 'errors', 'first_bytes', ...countedColumns, ...moneyColumns];
const sumColumns = [...keyColumns, ...summedColumns];
const ADD = `INSERT INTO usage_sum (${sumColumns.join(', ')}) VALUES {{rows}} ON CONFLICT (${keyColumns.join(', ')})
  DO UPDATE SET ${summedColumns.map((column) => `${column} = usage_sum.${column} + excluded.${column}`).join(', ')}`;
const SUM_TUPLE = tupleOf(sumColumns);
const markColumns = ['ws_id', 'kind', 'value', 'start_ms'];
const MARK = `INSERT INTO usage_mark (${markColumns.join(', ')}) VALUES {{rows}} ON CONFLICT (${markColumns.join(', ')}) DO NOTHING`;
const MARK_TUPLE = tupleOf(markColumns);

/** A usage row and its evidence, as values side by side. */
const rowColumns: readonly string[] = [...usageColumns, ...settledColumns, 'id', ...evidenceColumns];
const at = (column: string): number => rowColumns.indexOf(column);
const timeAt = at('ts_ms');
const outcomeAt = at('outcome');
const workspaceAt = at('ws_id');
const firstByteAt = at('first_byte_us');
const errorAt = at('error_code');
const costAt = at('nusd');
const namesAt = nameColumns.map(at);
const countedAt = countedColumns.map(at);
const moneyAt = moneyColumns.map(at);
const marksAt: readonly (readonly [MarkKind, number])[] = [
  ['key', at('key_id')], ['user', at('user_id')], ['asked', at('model_asked')], ['model', at('model')], ['route', at('route')], ['operation', at('operation')],
  ['outcome', outcomeAt], ['error', errorAt], ['status', at('status')],
];
const EVIDENCE_AT = usageColumns.length + settledColumns.length;

/** One sum that grows. */
interface Sum {
  readonly names: readonly SqlValue[];
  requests: number;
  errors: number;
  firstBytes: number;
  readonly counted: number[];
  readonly money: bigint[];
}

/** Rows of a batch: a usage row, and at the same place the evidence of the same request, in the order of their columns. */
export interface SummedRows {
  readonly usage: readonly (readonly SqlValue[])[];
  readonly evidence: readonly (readonly SqlValue[])[];
}

/**
 * Adds these rows to the sums they belong to, and marks their hours, but for marks that are known to be there. To be called last in a transaction;
 * marks and sums go in the order of their keys: of two batches that meet at one, one waits for the other's commit and neither for anything after it.
 */
export function* addSums(rows: SummedRows, known: MarkMemory | null = null): SqlTask<void> {
  known?.propose([]);
  if (rows.usage.length === 0) return;
  const sums = new Map<string, Sum>();
  const marks = new Map<string, Mark>();
  for (const [index, usage] of rows.usage.entries()) {
    const row = { usage, evidence: rows.evidence[index] ?? [] };
    addRow(sums, row);
    markRow(marks, row, known);
  }
  const ordered = inOrder(marks);
  known?.propose(ordered);
  yield* forRows(MARK, MARK_TUPLE, ordered.map(({ values }) => values));
  yield* forRows(ADD, SUM_TUPLE, inOrder(sums).map(valuesOf));
}

function inOrder<Value>(values: ReadonlyMap<string, Value>): Value[] {
  return [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
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
  const split = namesAt.map((index) => toName(valueAt(row, index)));
  const whole = split.map((name, place) => (place < NAMES_UNSPLIT ? name : ''));
  const ms = Number(row.usage[timeAt]);
  add(sums, [workspace, 'hour', startOf(ms, HOUR_MS), ...whole], row);
  add(sums, [workspace, 'day', startOf(ms, DAY_MS), ...whole], row);
  add(sums, [workspace, 'day_split', startOf(ms, DAY_MS), ...split], row);
}

function add(sums: Map<string, Sum>, names: readonly SqlValue[], row: Row): void {
  const key = names.join('\0');
  let sum = sums.get(key);
  if (!sum) sums.set(key, sum = { names, requests: 0, errors: 0, firstBytes: 0, counted: countedAt.map(() => 0), money: moneyAt.map(() => 0n) });
  if (row.usage[outcomeAt] !== 'refund') sum.requests++;
  if (valueAt(row, errorAt) !== null) sum.errors++;
  if (valueAt(row, firstByteAt) !== null) sum.firstBytes++;
  for (const [place, index] of countedAt.entries()) sum.counted[place] = (sum.counted[place] ?? 0) + Number(valueAt(row, index) ?? 0);
  for (const [place, index] of moneyAt.entries()) sum.money[place] = (sum.money[place] ?? 0n) + toBigInt(valueAt(row, index));
}

function valuesOf(sum: Sum): SqlValue[] {
  return [...sum.names, sum.requests, sum.errors, sum.firstBytes, ...sum.counted, ...sum.money.map(toValue)];
}

interface Mark extends ProposedMark {
  readonly values: readonly SqlValue[];
}

function markRow(marks: Map<string, Mark>, row: Row, known: MarkMemory | null): void {
  const workspace = String(valueAt(row, workspaceAt));
  const startMs = startOf(Number(row.usage[timeAt]), HOUR_MS);
  const note = (kind: MarkKind, value: string): void => {
    const mark = `${workspace}\0${kind}\0${value}`;
    if (known?.has(startMs, mark) !== true) marks.set(`${mark}\0${startMs}`, { startMs, mark, values: [workspace, kind, value, startMs] });
  };
  for (const [kind, index] of marksAt) note(kind, String(toName(valueAt(row, index))));
  note('cost', digitsOf(toBigInt(valueAt(row, costAt))));
}

/** Where the hour or day begins in which this moment is, in ms. */
export function startOf(ms: number, grainMs: number): number {
  return ms - ms % grainMs;
}

/** What is not known has the empty name; a long one is cut. */
export function toName(value: SqlValue): SqlValue {
  if (value === null) return '';
  return typeof value === 'string' && value.length > NAME_LENGTH_MAX ? value.slice(0, NAME_LENGTH_MAX) : value;
}

/** How many digits a cost has, as two. */
export function digitsOf(cost: bigint): string {
  return cost <= 0n ? '00' : String(String(cost).length).padStart(2, '0');
}

function toBigInt(value: SqlValue): bigint {
  return typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : 0n;
}
