/** This file adds up the usage rows of one batch, and marks the ten minutes they are in, so that neither reports nor lists need walk over them. */
import type { MarkMemory, ProposedMark } from './mark-memory.ts';
import { evidenceColumns, settledColumns, usageColumns } from './record-rows.ts';
import { forRows, tupleOf } from './sql-lists.ts';
import type { SqlTask, SqlValue } from './sql-task.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
/** A mark is of so much time: of what few requests have, so much has to be looked through for each. */
export const MARK_MS = 600_000;
/** Names are cut to so many characters: a key of PostgreSQL's index may have no more than 2,700 bytes. */
const NAME_LENGTH_MAX = 128;

/** What a mark can be of. */
export type MarkKind = 'key' | 'user' | 'asked' | 'model' | 'route' | 'operation' | 'outcome' | 'error' | 'status' | 'cache' | 'cost';

/** What a sum is about, besides workspace, grain and start; the last two only where days are split by them. */
const nameColumns = ['key_id', 'user_id', 'model_asked', 'model', 'route', 'operation'] as const;
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
/** What a row is filtered by, in the order of its marks; the first ones are what sums are about too, in the order of their names. */
const namedColumns: readonly (readonly [MarkKind, Column])[] = [
  ['key', columnOf('key_id')], ['user', columnOf('user_id')], ['asked', columnOf('model_asked')], ['model', columnOf('model')], ['route', columnOf('route')],
  ['operation', columnOf('operation')], ['outcome', columnOf('outcome')], ['error', columnOf('error_code')], ['status', columnOf('status')],
  ['cache', columnOf('cache')],
];
const counted = countedColumns.map(columnOf);
const money = moneyColumns.map(columnOf);

/** Rows of a batch: a usage row, and at the same place the evidence of the same request, in the order of their columns. */
export interface SummedRows {
  readonly usage: readonly (readonly SqlValue[])[];
  readonly evidence: readonly (readonly SqlValue[])[];
}

/** Marks to be written, and groups all of whose marks are there then. */
interface Marks {
  readonly written: Map<string, Mark>;
  readonly groups: ProposedMark[];
}

/** Rows of the same ten minutes that are alike in everything they are filtered by, but for their cost. */
interface Group {
  readonly id: string;
  readonly workspace: string;
  readonly startMs: number;
  readonly names: readonly SqlValue[];
  /** Of their costs. */
  readonly digits: string[];
  readonly sums: Sums;
}

/** What is added up, in the order of `summedColumns`. */
type Sums = (number | bigint)[];

/**
 * Adds these rows to the sums they belong to, and marks their time, but for marks that are known to be there. To be called last in a transaction;
 * marks and sums go in the order of their keys: of two batches that meet at one, one waits for the other's commit and neither for anything after it.
 */
export function* addSums(rows: SummedRows, known: MarkMemory | null = null): SqlTask<void> {
  const groups = groupRows(rows);
  const totals = new Map<string, Total>();
  const marks: Marks = { written: new Map(), groups: [] };
  for (const group of groups.values()) {
    addGroup(totals, group);
    markGroup(marks, group, known);
  }
  const ordered = inOrder(marks.written);
  known?.propose([...ordered, ...marks.groups]);
  yield* forRows(MARK, MARK_TUPLE, ordered.map(({ values }) => values));
  yield* forRows(ADD, SUM_TUPLE, inOrder(totals).map(({ key, sums }) => [...key, ...sums]));
}

function inOrder<Value>(values: ReadonlyMap<string, Value>): Value[] {
  return [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

/** One text and one look-up for each row: nearly all rows of a batch are like others. */
function groupRows({ usage, evidence }: SummedRows): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const [index, row] of usage.entries()) {
    const facts = evidence[index] ?? [];
    const startMs = startOf(Number(row[timeAt]), MARK_MS);
    let key = `${String(row[workspaceAt])}\0${startMs}`;
    for (const [, { isUsage, at }] of namedColumns) key += `\0${String((isUsage ? row : facts)[at])}`;
    let group = groups.get(key);
    if (!group) {
      group = { id: key, workspace: String(row[workspaceAt]), startMs, names: namedColumns.map(([, column]) => toName(valueAt(row, facts, column))), digits: [], sums: summedColumns.map(() => 0) };
      groups.set(key, group);
    }
    addRow(group, row, facts);
  }
  return groups;
}

function valueAt(row: readonly SqlValue[], facts: readonly SqlValue[], { isUsage, at }: Column): SqlValue {
  return (isUsage ? row : facts)[at] ?? null;
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

/** One sum as it will be written: its key's columns, and what is added to it. */
interface Total {
  readonly key: readonly SqlValue[];
  sums: Sums;
}

/** By hour and by day over all routes and operations, and by day for each of them. */
function addGroup(totals: Map<string, Total>, { workspace, startMs, names, sums }: Group): void {
  const hourMs = startOf(startMs, HOUR_MS);
  const dayMs = startOf(startMs, DAY_MS);
  const [key = '', user = '', asked = '', model = '', route = '', operation = ''] = names;
  const whole = `${String(key)}\0${String(user)}\0${String(asked)}\0${String(model)}`;
  join(totals, `${workspace}\0hour\0${hourMs}\0${whole}`, { key: [workspace, 'hour', hourMs, key, user, asked, model, '', ''], sums });
  join(totals, `${workspace}\0day\0${dayMs}\0${whole}`, { key: [workspace, 'day', dayMs, key, user, asked, model, '', ''], sums });
  join(totals, `${workspace}\0day_split\0${dayMs}\0${whole}\0${String(route)}\0${String(operation)}`, { key: [workspace, 'day_split', dayMs, key, user, asked, model, route, operation], sums });
}

function join(totals: Map<string, Total>, id: string, more: Total): void {
  const total = totals.get(id);
  if (!total) {
    totals.set(id, more);
    return;
  }
  // What it begins with is a group's own.
  const sums = [...total.sums];
  for (const [place, sum] of more.sums.entries()) increase(sums, place, sum);
  total.sums = sums;
}

interface Mark extends ProposedMark {
  readonly values: readonly SqlValue[];
}

/** A group whose marks are all there is known by its own key: nearly all are, but for the first in ten minutes. */
function markGroup(marks: Marks, { id, workspace, startMs, names, digits }: Group, known: MarkMemory | null): void {
  const note = (kind: MarkKind, value: string): void => {
    const mark = `${workspace}\0${kind}\0${value}`;
    if (known?.has(startMs, mark) !== true) marks.written.set(`${mark}\0${startMs}`, { startMs, mark, values: [workspace, kind, value, startMs] });
  };
  for (const each of digits) note('cost', each);
  if (known?.has(startMs, id) === true) return;
  marks.groups.push({ startMs, mark: id });
  for (const [place, [kind]] of namedColumns.entries()) {
    const name = String(names[place]);
    // Nobody looks for those that no cache was asked for, and there are none of before it.
    if (kind !== 'cache' || name !== '') note(kind, name);
  }
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
