/** This file writes statements about many rows at once, in few lengths, so that an engine prepares each of them once. */
import type { Row } from './columns.ts';
import type { SqlTask, SqlValue } from './sql-task.ts';

/** Rows or ids in one statement. */
const LENGTH_MAX = 64;
const NONE: Row[] = [];

/**
 * Asks `sql` for every id: `{{ids}}` stands for the list, which is padded with its last id to a power of two; `more` are the values after it. Statements that
 * lock what they read must be given sorted ids.
 */
export function* forIds(sql: string, ids: readonly (string | number)[], more: readonly SqlValue[] = []): SqlTask<readonly Row[]> {
  if (ids.length === 0) return NONE;
  if (ids.length <= LENGTH_MAX) return yield ofIds(sql, ids, more);
  const found: Row[] = [];
  for (let at = 0; at < ids.length; at += LENGTH_MAX) {
    for (const each of yield ofIds(sql, ids.slice(at, at + LENGTH_MAX), more)) found.push(each);
  }
  return found;
}

function ofIds(sql: string, ids: readonly (string | number)[], more: readonly SqlValue[]): { sql: string; values: SqlValue[] } {
  const values: SqlValue[] = [...ids];
  const last = ids.at(-1) ?? '';
  const length = 2 ** Math.ceil(Math.log2(ids.length));
  while (values.length < length) values.push(last);
  return { sql: repeated(sql, { mark: '{{ids}}', tuple: '?', length }), values: [...values, ...more] };
}

/** Runs `sql` for every row: `{{rows}}` stands for `(…), (…)`, each made of `tuple`. */
export function* forRows(sql: string, tuple: string, values: readonly (readonly SqlValue[])[]): SqlTask<void> {
  for (let at = 0; at < values.length;) {
    const length = Math.min(LENGTH_MAX, 2 ** Math.floor(Math.log2(values.length - at)));
    yield { sql: repeated(sql, { mark: '{{rows}}', tuple, length }), values: values.slice(at, at + length).flat() };
    at += length;
  }
}

/** Asks `sql` for every row, likewise. */
export function* askRows(sql: string, tuple: string, values: readonly (readonly SqlValue[])[]): SqlTask<readonly Row[]> {
  const found: Row[] = [];
  for (let at = 0; at < values.length;) {
    const length = Math.min(LENGTH_MAX, 2 ** Math.floor(Math.log2(values.length - at)));
    for (const each of yield { sql: repeated(sql, { mark: '{{rows}}', tuple, length }), values: values.slice(at, at + length).flat() }) found.push(each);
    at += length;
  }
  return found;
}

/** `(?, ?, ?)`. */
export function tupleOf(columns: readonly string[]): string {
  return `(${columns.map(() => '?').join(', ')})`;
}

/** Texts by statement and length: the same text is the same string, which is found by its hash without being read again. */
const texts = new Map<string, Map<number, string>>();

function repeated(sql: string, { mark, tuple, length }: { mark: string; tuple: string; length: number }): string {
  let byLength = texts.get(sql);
  if (!byLength) {
    byLength = new Map<number, string>();
    texts.set(sql, byLength);
  }
  let text = byLength.get(length);
  if (text === undefined) byLength.set(length, text = sql.replace(mark, () => Array<string>(length).fill(tuple).join(', ')));
  return text;
}
