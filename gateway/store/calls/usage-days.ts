/** This file closes days: adds up the hours of a day that is over, workspace by workspace, so that nobody has to who asks for a long time. */
import { readInteger, readIntegerOrNull } from '../columns.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';
import { DAY_MS, HOUR_MS, startOf, summedColumns } from '../usage-groups.ts';
import { dimensionColumns, grainColumns } from '../usage-series.ts';
import { CLOSE_AFTER_MS } from '../usage-sums.ts';

/** Locked first: until it is committed, nobody adds to a day that is over. */
const LOCK = 'SELECT day_ms, ws_series FROM usage_closed WHERE id = 1 {{for_update}}';
const MOVE = 'UPDATE usage_closed SET day_ms = ?, ws_series = ? WHERE id = 1';
const HOURS = Array.from({ length: DAY_MS / HOUR_MS }, (_, hour) => hour * HOUR_MS);
const NEXT_HOUR = 'SELECT MIN(start_ms) AS start_ms FROM usage_hour WHERE start_ms >= ?';
/** One look into the index for each hour. */
const NEXT_WORKSPACE = `SELECT MIN(ws_series) AS ws_series FROM (
  ${HOURS.map(() => 'SELECT MIN(ws_series) AS ws_series FROM usage_hour WHERE start_ms = ? AND ws_series > ?').join(' UNION ALL ')}) h`;

/**
 * What a workspace has in one day, series by series, of these sums. Its hours are read once and added up by themselves, and what is left is looked up: a planner who
 * knows little of series would look for every one of the store in each of 24 hours. CROSS JOIN has SQLite look at the tables in this order.
 */
function dayOf(columns: readonly string[]): string {
  return `WITH h AS MATERIALIZED (
    SELECT ${['series_id', ...sumsOf(columns)].join(', ')} FROM usage_hour WHERE start_ms IN (${HOURS.map(() => '?').join(', ')}) AND ws_series = ? GROUP BY series_id),
  d AS MATERIALIZED (SELECT ${['s.ws_id', ...dimensionColumns.map((column) => `s.${column}`), ...columns.map((column) => `h.${column}`)].join(', ')}
    FROM h CROSS JOIN usage_series s WHERE s.id = h.series_id)`;
}

function sumsOf(columns: readonly string[]): string[] {
  return columns.map((column) => `SUM(${column}) AS ${column}`);
}

const grains = Object.entries(grainColumns).map(([grain, told]) => ({ grain, told: dimensionColumns.map((column) => ({ column, isTold: told.some((each) => each === column) })) }));
const SERIES = `INSERT INTO usage_series (ws_id, grain, ${dimensionColumns.join(', ')}) ${dayOf([])}
  ${grains.map(({ grain, told }) => `SELECT DISTINCT ws_id, '${grain}' AS grain, ${told.map(({ column, isTold }) => `${isTold ? column : "''"} AS ${column}`).join(', ')} FROM d`).join(' UNION ALL ')}
  ORDER BY 1, 2, ${dimensionColumns.join(', ')} ON CONFLICT (ws_id, grain, ${dimensionColumns.join(', ')}) DO NOTHING`;
const DAYS = `INSERT INTO usage_day (series_id, start_ms, ${summedColumns.join(', ')}) ${dayOf(summedColumns)}
  SELECT id, CAST(? AS BIGINT), ${summedColumns.join(', ')} FROM (${grains.map(({ grain, told }) => {
    const names = ['ws_id', ...told.flatMap(({ column, isTold }) => (isTold ? [column] : []))].join(', ');
    const same = told.map(({ column, isTold }) => `t.${column} = ${isTold ? `g.${column}` : "''"}`).join(' AND ');
    return `SELECT (SELECT t.id FROM usage_series t WHERE t.ws_id = g.ws_id AND t.grain = '${grain}' AND ${same}) AS id, ${summedColumns.join(', ')}
      FROM (SELECT ${names}, ${sumsOf(summedColumns).join(', ')} FROM d GROUP BY ${names}) g`;
  }).join(' UNION ALL ')}) p ORDER BY id`;

/** Closes the next workspace's day, of those that have been over for long enough. False when there is none. */
export function* closeUsageDay(nowMs: number): SqlTask<boolean> {
  const closed = (yield* row(LOCK)) ?? {};
  let dayMs = readInteger(closed, 'day_ms');
  let workspace = yield* nextWorkspace(dayMs, readInteger(closed, 'ws_series'));
  if (workspace === null) {
    const hour = readIntegerOrNull((yield* row(NEXT_HOUR, dayMs + DAY_MS)) ?? {}, 'start_ms');
    if (hour === null) return false;
    dayMs = startOf(hour, DAY_MS);
    workspace = yield* nextWorkspace(dayMs, 0);
  }
  if (workspace === null || dayMs + DAY_MS + CLOSE_AFTER_MS > nowMs) return false;
  const ofDay = [...HOURS.map((hour) => dayMs + hour), workspace];
  yield* rows(SERIES, ...ofDay);
  yield* rows(DAYS, ...ofDay, dayMs);
  yield* rows(MOVE, dayMs, workspace);
  return true;
}

function* nextWorkspace(dayMs: number, after: number): SqlTask<number | null> {
  return readIntegerOrNull((yield* row(NEXT_WORKSPACE, ...HOURS.flatMap((hour) => [dayMs + hour, after]))) ?? {}, 'ws_series');
}
