/**
 * This file adds up the usage rows of one batch by hours, in the transaction that writes them. Days are added up from hours once they are over (see
 * calls/usage-days.ts); what comes after that is added to both.
 */
import { readInteger } from './columns.ts';
import { forRows, tupleOf } from './sql-lists.ts';
import { row } from './sql-task.ts';
import type { SqlTask, SqlValue } from './sql-task.ts';
import type { SumMemory } from './sum-memory.ts';
import { addSum, DAY_MS, groupRows, HOUR_MS, startOf, SUMMED_NAMES, summedColumns } from './usage-groups.ts';
import type { Group, SummedRows, Sums } from './usage-groups.ts';
import { addMarks } from './usage-marks.ts';
import { findSeries, grainColumns, seriesOf } from './usage-series.ts';
import type { Grain, Series } from './usage-series.ts';

/** A day is closed so long after its end, in ms. Gateways' clocks may differ by half of it. */
export const CLOSE_AFTER_MS = 2 * HOUR_MS;
/** So long after its end a day may be closed already, and whoever adds to it looks, in ms. */
const LATE_AFTER_MS = CLOSE_AFTER_MS / 2;

const hourKey = ['start_ms', 'ws_series', 'series_id'];
const dayKey = ['series_id', 'start_ms'];
const ADD_HOURS = addTo('usage_hour', hourKey);
const HOUR_TUPLE = tupleOf([...hourKey, ...summedColumns]);
const ADD_DAYS = addTo('usage_day', dayKey);
const DAY_TUPLE = tupleOf([...dayKey, ...summedColumns]);
/** Locked: whoever closes days waits for those who add to them, and they for whoever closes. */
const READ_CLOSED = 'SELECT day_ms, ws_series FROM usage_closed WHERE id = 1 {{for_key_share}}';
const grains = Object.keys(grainColumns).filter((name): name is Grain => name in grainColumns);

function addTo(table: string, key: readonly string[]): string {
  return `INSERT INTO ${table} (${[...key, ...summedColumns].join(', ')}) VALUES {{rows}} ON CONFLICT (${key.join(', ')})
  DO UPDATE SET ${summedColumns.map((column) => `${column} = ${table}.${column} + excluded.${column}`).join(', ')}`;
}

/** What is closed: all days before this one, and of this one the workspaces up to this number. */
interface Closed {
  readonly dayMs: number;
  readonly workspaceSeries: number;
}

export interface AddSumsOptions {
  /** In ms since the epoch. */
  readonly nowMs: number;
  readonly known: SumMemory | null;
}

/**
 * Adds these rows to the sums they belong to, and marks their time, but for marks that are known to be there. To be called last in a transaction;
 * marks and sums go in the order of their keys: of two batches that meet at one, one waits for the other's commit and neither for anything after it.
 */
export function* addSums(rows: SummedRows, { nowMs, known }: AddSumsOptions): SqlTask<void> {
  const groups = [...groupRows(rows)];
  if (groups.length === 0) return;
  yield* addMarks(groups, known?.marks ?? null);
  const closed = yield* readClosed(groups, { nowMs, known });
  const hours = sumHours(groups);
  const wanted = new Map<string, Series>();
  const want = (series: Series): void => { wanted.set(series.name, series); };
  for (const hour of hours) {
    want(hour.whole);
    want(hour.series);
    if (closed && hour.dayMs <= closed.dayMs) for (const grain of grains) want(seriesOf(hour.workspace, grain, hour.names));
  }
  const ids = yield* findSeries(wanted, known);
  const idOf = ({ name }: Series): number => ids.get(name) ?? failWithout(name);
  yield* forRows(ADD_HOURS, HOUR_TUPLE, inOrder(hours.map(({ hourMs, whole, series, sums }) => ({ key: [hourMs, idOf(whole), idOf(series)], sums }))));
  if (closed) yield* forRows(ADD_DAYS, DAY_TUPLE, inOrder(sumDays(hours.filter((hour) => isClosed(closed, hour.dayMs, idOf(hour.whole))), idOf)));
}

function failWithout(name: string): never {
  throw new Error(`a series of sums has no number: ${name.replaceAll('\0', ' ')}`);
}

/** Null when none of these days can be closed: they are not over, or not for long, and nobody closes a day before that. */
function* readClosed(groups: readonly Group[], { nowMs, known }: AddSumsOptions): SqlTask<Closed | null> {
  let oldest = Number.MAX_SAFE_INTEGER;
  for (const { startMs } of groups) oldest = Math.min(oldest, startMs);
  const dayMs = startOf(oldest, DAY_MS);
  const closedDayMs = known?.closedDayMs ?? null;
  // Whoever has never looked can't know: days may have been closed by another clock.
  if (closedDayMs !== null && dayMs > closedDayMs && dayMs + DAY_MS + LATE_AFTER_MS > nowMs) return null;
  const found = (yield* row(READ_CLOSED)) ?? {};
  const closed = { dayMs: readInteger(found, 'day_ms'), workspaceSeries: readInteger(found, 'ws_series') };
  if (known) known.closedDayMs = closed.dayMs;
  return closed;
}

function isClosed(closed: Closed, dayMs: number, workspaceSeries: number): boolean {
  return dayMs < closed.dayMs || (dayMs === closed.dayMs && workspaceSeries <= closed.workspaceSeries);
}

/** What one series has in one hour. */
interface HourSum {
  readonly hourMs: number;
  readonly dayMs: number;
  readonly workspace: string;
  readonly names: readonly string[];
  /** The workspace's own series, whose number stands for the workspace. */
  readonly whole: Series;
  readonly series: Series;
  readonly sums: Sums;
}

function sumHours(groups: readonly Group[]): HourSum[] {
  const hours = new Map<string, HourSum>();
  const wholes = new Map<string, Series>();
  for (const { workspace, startMs, names, sums } of groups) {
    const hourMs = startOf(startMs, HOUR_MS);
    const series = seriesOf(workspace, 'each', names.slice(0, SUMMED_NAMES));
    const id = `${hourMs}\0${series.name}`;
    const before = hours.get(id);
    if (before) {
      addSum(before.sums, sums);
      continue;
    }
    let whole = wholes.get(workspace);
    if (!whole) wholes.set(workspace, whole = seriesOf(workspace, 'all', []));
    hours.set(id, { hourMs, dayMs: startOf(startMs, DAY_MS), workspace, names, whole, series, sums });
  }
  return [...hours.values()];
}

/** A row as it will be written: its key, and what is added to it. */
interface Total {
  readonly key: readonly number[];
  readonly sums: Sums;
}

/** Of days that are closed, by every grain. */
function sumDays(hours: readonly HourSum[], idOf: (series: Series) => number): Total[] {
  const totals = new Map<string, Total>();
  for (const { dayMs, workspace, names, sums } of hours) {
    for (const grain of grains) {
      const key = [idOf(seriesOf(workspace, grain, names)), dayMs];
      const before = totals.get(key.join());
      if (before) addSum(before.sums, sums);
      else totals.set(key.join(), { key, sums: [...sums] });
    }
  }
  return [...totals.values()];
}

function inOrder(totals: readonly Total[]): SqlValue[][] {
  const compare = (a: readonly number[], b: readonly number[]): number => {
    const at = a.findIndex((value, place) => value !== b[place]);
    return (a[at] ?? 0) - (b[at] ?? 0);
  };
  return [...totals].sort((a, b) => compare(a.key, b.key)).map(({ key, sums }) => [...key, ...sums]);
}
