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
const OF_DAY = `h.start_ms IN (${HOURS.map(() => '?').join(', ')}) AND h.ws_series = ?`;

/**
 * A series of each grain, for the hours of one day and workspace; and what is added up under it. The hours are added up first, by themselves, and what is
 * left is looked up series by series: a planner who knows little of them would look for every series of the store in each of 24 hours. CROSS JOIN has
 * SQLite look at the tables in this order.
 */
const closings = Object.entries(grainColumns).map(([grain, told]) => {
  const dimensions = dimensionColumns.map((column) => (told.some((each) => each === column) ? `s.${column}` : "''"));
  const names = ['s.ws_id', ...told.map((column) => `s.${column}`)].join(', ');
  const found = dimensionColumns.map((column) => `t.${column} = ${told.some((each) => each === column) ? `g.${column}` : "''"}`).join(' AND ');
  return {
    series: `INSERT INTO usage_series (ws_id, grain, ${dimensionColumns.join(', ')})
      WITH d AS MATERIALIZED (SELECT DISTINCT h.series_id FROM usage_hour h WHERE ${OF_DAY})
      SELECT DISTINCT s.ws_id, '${grain}', ${dimensions.join(', ')} FROM d CROSS JOIN usage_series s WHERE s.id = d.series_id
      ON CONFLICT (ws_id, grain, ${dimensionColumns.join(', ')}) DO NOTHING`,
    days: `INSERT INTO usage_day (series_id, start_ms, ${summedColumns.join(', ')})
      WITH d AS MATERIALIZED (SELECT h.series_id, ${summedColumns.map((column) => `SUM(h.${column}) AS ${column}`).join(', ')} FROM usage_hour h WHERE ${OF_DAY} GROUP BY h.series_id),
      g AS MATERIALIZED (SELECT ${names}, ${summedColumns.map((column) => `SUM(d.${column}) AS ${column}`).join(', ')} FROM d CROSS JOIN usage_series s WHERE s.id = d.series_id GROUP BY ${names})
      SELECT (SELECT t.id FROM usage_series t WHERE t.ws_id = g.ws_id AND t.grain = '${grain}' AND ${found}) AS id, CAST(? AS BIGINT), ${summedColumns.join(', ')} FROM g ORDER BY id`,
  };
});

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
  for (const { series, days } of closings) {
    yield* rows(series, ...ofDay);
    yield* rows(days, ...ofDay, dayMs);
  }
  yield* rows(MOVE, dayMs, workspace);
  return true;
}

function* nextWorkspace(dayMs: number, after: number): SqlTask<number | null> {
  return readIntegerOrNull((yield* row(NEXT_WORKSPACE, ...HOURS.flatMap((hour) => [dayMs + hour, after]))) ?? {}, 'ws_series');
}
