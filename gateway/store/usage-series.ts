/** This file gives each series of sums its number: what a sum is about, said once, so that the sums themselves are small. */
import { readInteger } from './columns.ts';
import type { SumMemory } from './sum-memory.ts';
import { askRows, forRows, tupleOf } from './sql-lists.ts';
import type { SqlTask, SqlValue } from './sql-task.ts';

/** What a series tells apart: everything, key and model, one of them, or the workspace alone. What it does not is empty. */
export type Grain = 'each' | 'models' | 'key' | 'model' | 'all';

/** What a series is about, besides workspace and grain. */
export const dimensionColumns = ['key_id', 'user_id', 'model_asked', 'model', 'route', 'operation'] as const;
/** Of these, what each grain tells apart. */
export const grainColumns: { readonly [Name in Grain]: readonly (typeof dimensionColumns)[number][] } = {
  each: dimensionColumns, models: ['key_id', 'user_id', 'model_asked', 'model'], key: ['key_id', 'user_id'], model: ['model_asked', 'model'], all: [],
};

const columns = ['ws_id', 'grain', ...dimensionColumns];
const ADD = `INSERT INTO usage_series (${columns.join(', ')}) VALUES {{rows}} ON CONFLICT (${columns.join(', ')}) DO NOTHING`;
const TUPLE = tupleOf(columns);
const FIND = `WITH v(n, ${columns.join(', ')}) AS (VALUES {{rows}})
  SELECT v.n AS n, s.id AS id FROM v CROSS JOIN usage_series s WHERE ${columns.map((column) => `s.${column} = v.${column}`).join(' AND ')}`;
/** The types are said, for PostgreSQL can't tell them from a list of values. */
const FIND_TUPLE = `(CAST(? AS BIGINT), ${columns.map(() => 'CAST(? AS TEXT)').join(', ')})`;

/** A series by its name, which says all of its columns. */
export interface Series {
  readonly name: string;
  readonly values: readonly string[];
}

/** The series of a grain that a request of these dimensions belongs to. */
export function seriesOf(workspace: string, grain: Grain, dimensions: readonly string[]): Series {
  const told: readonly string[] = grainColumns[grain];
  const values = [workspace, grain, ...dimensionColumns.map((column, at) => (told.includes(column) ? dimensions[at] ?? '' : ''))];
  return { name: values.join('\0'), values };
}

/**
 * Gives the number of every series, and makes those that are new, in the order of their names: of two batches that make the same ones, one waits for
 * the other's commit and neither for anything after it.
 */
export function* findSeries(wanted: ReadonlyMap<string, Series>, known: SumMemory | null): SqlTask<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>();
  const missing: Series[] = [];
  for (const series of wanted.values()) {
    const id = known?.seriesId(series.name);
    if (id === undefined) missing.push(series);
    else ids.set(series.name, id);
  }
  known?.propose([]);
  if (missing.length === 0) return ids;
  missing.sort((a, b) => (a.name < b.name ? -1 : 1));
  yield* forRows(ADD, TUPLE, missing.map(({ values }) => values));
  const found: [string, number][] = [];
  for (const row of yield* askRows(FIND, FIND_TUPLE, missing.map(({ values }, at): SqlValue[] => [at, ...values]))) {
    const series = missing[readInteger(row, 'n')];
    if (series) found.push([series.name, readInteger(row, 'id')]);
  }
  for (const [name, id] of found) ids.set(name, id);
  known?.propose(found);
  return ids;
}
