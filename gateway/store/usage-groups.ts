/** This file groups the usage rows of one batch by everything they are filtered and summed by: nearly all rows of a batch are like others. */
import { evidenceColumns, settledColumns, usageColumns } from './record-rows.ts';
import type { SqlValue } from './sql-task.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
/** A mark is of so much time: of what few requests have, so much has to be looked through for each. */
export const MARK_MS = 600_000;
/** Names are cut to so many characters: a key of PostgreSQL's index may have no more than 2,700 bytes. */
const NAME_LENGTH_MAX = 128;

/** What a mark can be of. */
export type MarkKind = 'key' | 'user' | 'asked' | 'model' | 'route' | 'operation' | 'outcome' | 'error' | 'status' | 'cache' | 'cost';

/** Columns that are summed as they stand in a row, null as nothing. */
const countedColumns = [
  'attempts', 'prompt_tok', 'cached_tok', 'cache_write_tok', 'compl_tok', 'reasoning_tok', 'msgs', 'unpriced', 'latency_us', 'first_byte_us',
] as const;
/** Likewise, exact whatever their size. */
const moneyColumns = ['nusd', 'charged_nusd', 'overrun_nusd'] as const;
/** What is summed, in the order of a group's sums. */
export const summedColumns = ['requests', 'errors', 'first_bytes', ...countedColumns, ...moneyColumns] as const;

/** A usage row and its evidence, as values side by side. */
const rowColumns: readonly string[] = [...usageColumns, ...settledColumns, 'id', ...evidenceColumns];
const EVIDENCE_AT = usageColumns.length + settledColumns.length;

interface Column {
  readonly isUsage: boolean;
  readonly at: number;
}

function columnOf(name: string): Column {
  const at = rowColumns.indexOf(name);
  return at < EVIDENCE_AT ? { isUsage: true, at } : { isUsage: false, at: at - EVIDENCE_AT };
}

const timeAt = columnOf('ts_ms').at;
const workspaceAt = columnOf('ws_id').at;
const costAt = columnOf('nusd').at;
const outcomeAt = columnOf('outcome').at;
const errorAt = columnOf('error_code').at;
const firstByteAt = columnOf('first_byte_us').at;
/** What a row is filtered by, in the order of a group's names; the first `SUMMED_NAMES` are what sums are about too. */
export const namedKinds: readonly MarkKind[] = ['key', 'user', 'asked', 'model', 'route', 'operation', 'outcome', 'error', 'status', 'cache'];
export const SUMMED_NAMES = 6;
const named = ['key_id', 'user_id', 'model_asked', 'model', 'route', 'operation', 'outcome', 'error_code', 'status', 'cache'].map(columnOf);
const counted = countedColumns.map(columnOf);
const money = moneyColumns.map(columnOf);

/** Rows of a batch: a usage row, and at the same place the evidence of the same request, in the order of their columns. */
export interface SummedRows {
  readonly usage: readonly (readonly SqlValue[])[];
  readonly evidence: readonly (readonly SqlValue[])[];
}

/** What is added up, in the order of `summedColumns`. */
export type Sums = (number | bigint)[];

/** Rows of the same ten minutes that are alike in everything they are filtered by, but for their cost. */
export interface Group {
  readonly id: string;
  readonly workspace: string;
  readonly startMs: number;
  readonly names: readonly string[];
  /** Of their costs. */
  readonly digits: string[];
  readonly sums: Sums;
}

/** One text and one look-up for each row. */
export function groupRows({ usage, evidence }: SummedRows): Iterable<Group> {
  const groups = new Map<string, Group>();
  for (const [index, row] of usage.entries()) {
    const facts = evidence[index] ?? [];
    const startMs = startOf(Number(row[timeAt]), MARK_MS);
    let id = `${String(row[workspaceAt])}\0${startMs}`;
    for (const { isUsage, at } of named) id += `\0${String((isUsage ? row : facts)[at])}`;
    let group = groups.get(id);
    if (!group) {
      const names = named.map(({ isUsage, at }) => String(toName((isUsage ? row : facts)[at] ?? null)));
      group = { id, workspace: String(row[workspaceAt]), startMs, names, digits: [], sums: summedColumns.map(() => 0) };
      groups.set(id, group);
    }
    addRow(group, row, facts);
  }
  return groups.values();
}

function addRow({ sums, digits }: Group, row: readonly SqlValue[], facts: readonly SqlValue[]): void {
  if (row[outcomeAt] !== 'refund') increase(sums, 0, 1);
  if (facts[errorAt] !== null) increase(sums, 1, 1);
  if (facts[firstByteAt] !== null) increase(sums, 2, 1);
  let place = 3;
  for (const { isUsage, at } of counted) increase(sums, place++, (isUsage ? row : facts)[at]);
  for (const { at } of money) increase(sums, place++, row[at]);
  const cost = digitsOf(row[costAt]);
  if (!digits.includes(cost)) digits.push(cost);
}

/** So large a number is added as a bigint, for a sum of a batch of them would not be exact. */
const NUMBER_MAX = 2 ** 40;

function increase(sums: Sums, place: number, value: SqlValue | undefined): void {
  if (value === 0 || value === null || value === undefined) return;
  const sum = sums[place] ?? 0;
  if (typeof value === 'number' && typeof sum === 'number' && value < NUMBER_MAX && value > -NUMBER_MAX) sums[place] = sum + value;
  else if (typeof value === 'number' || typeof value === 'bigint') sums[place] = BigInt(sum) + BigInt(value);
}

/** Adds one to the other. */
export function addSum(sums: Sums, more: Sums): void {
  for (const [place, sum] of more.entries()) increase(sums, place, sum);
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
export function digitsOf(cost: SqlValue | undefined): string {
  if ((typeof cost !== 'number' && typeof cost !== 'bigint') || cost <= 0) return '00';
  const { length } = String(cost);
  return length < 10 ? `0${length}` : String(length);
}
