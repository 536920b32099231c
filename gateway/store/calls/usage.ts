/** This file holds the calls that read usage back: pages, sums and single requests. */
import type { SettledRequest } from '../../foundation/terms.ts';
import { readBigInt, readInteger } from '../columns.ts';
import { readSettled, SETTLED_SELECTION } from '../record-rows.ts';
import type { RequestFilter } from '../request-log-row.ts';
import { row } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';
import type { Page, UsageFilter, UsageTotals } from '../store.ts';
import { DAY_MS, HOUR_MS, startOf } from '../usage-groups.ts';
import type { Grain } from '../usage-series.ts';
import { rowCondition, seriesCondition } from './request-filter.ts';
import type { Condition } from './request-filter.ts';
import { listRequests } from './request-log.ts';

const FIND = `SELECT ${SETTLED_SELECTION} FROM usage_event u JOIN request_log r ON r.id = u.id WHERE u.id = ? AND u.ws_id = ?`;
const FIND_PLACE = 'SELECT ts_ms FROM usage_event WHERE id = ? AND ws_id = ?';
const summed = ['requests', 'msgs', 'prompt_tok', 'cached_tok', 'compl_tok', 'reasoning_tok', 'unpriced', 'nusd'] as const;
const HOUR_SUMS = summed.map((column) => `h.${column}`).join(', ');
const DAY_SUMS = summed.map((column) => `d.${column}`).join(', ');
/** A refund is no request: it takes back what another has cost. */
const ROWS = summed.map((column) => (column === 'requests' ? "CASE WHEN u.outcome = 'refund' THEN 0 ELSE 1 END AS requests" : `u.${column}`)).join(', ');
const TOTALS = summed.map((column) => (column === 'nusd' ? 'CAST(COALESCE(SUM(nusd), 0) AS TEXT) AS nusd' : `CAST(COALESCE(SUM(${column}), 0) AS BIGINT) AS ${column}`)).join(', ');

/** A model filter matches the model that answered and the one that was asked for. Rows whose evidence has expired are not listed. */
export function* listUsage(filter: UsageFilter, { after, limit }: Page): SqlTask<SettledRequest[]> {
  const place = after === null ? null : yield* row(FIND_PLACE, after, filter.workspaceId);
  if (after !== null && !place) return [];
  const start = place && after !== null ? { ms: readInteger(place, 'ts_ms'), id: after } : null;
  return [...(yield* listRequests(toRequestFilter(filter), { limit, after: start, looksMax: Number.MAX_SAFE_INTEGER })).rows];
}

/** A time and how it is read: whole days and hours by their sums, what is left by its rows. Nothing is empty time. */
interface Cuts {
  readonly rows: readonly (readonly [fromMs: number, toMs: number])[];
  /** Whole hours, and the whole days within. */
  readonly hours: readonly [fromMs: number, toMs: number];
  readonly days: readonly [fromMs: number, toMs: number];
}

/**
 * The hours with rows, of a time before its first whole day, and from the first day on that is not closed for this workspace. Hours are found one after
 * the other, each by one look into the index.
 */
const HOURS = `WITH RECURSIVE open_from(ws, ms) AS (
    SELECT s.id, CASE WHEN c.ws_series >= s.id THEN c.day_ms + ${DAY_MS} ELSE c.day_ms END FROM usage_series s CROSS JOIN usage_closed c WHERE s.ws_id = ? AND s.grain = 'all'),
  span(ws, from_ms, to_ms) AS (
    SELECT ws, CAST(? AS BIGINT), CAST(? AS BIGINT) FROM open_from
    UNION ALL SELECT ws, CASE WHEN ms > CAST(? AS BIGINT) THEN CASE WHEN ms < CAST(? AS BIGINT) THEN ms ELSE CAST(? AS BIGINT) END ELSE CAST(? AS BIGINT) END, CAST(? AS BIGINT) FROM open_from),
  hours(ws, ms, to_ms) AS (
    SELECT ws, (SELECT MIN(start_ms) FROM usage_hour WHERE start_ms >= span.from_ms AND start_ms < span.to_ms), to_ms FROM span
    UNION ALL SELECT ws, (SELECT MIN(start_ms) FROM usage_hour WHERE start_ms > hours.ms AND start_ms < hours.to_ms), to_ms FROM hours WHERE ms IS NOT NULL)`;

const OF_HOURS = 'FROM usage_hour h WHERE h.start_ms {{in_hours}} AND h.ws_series = (SELECT ws FROM open_from)';
/** Found before their series are looked at: a planner that can't know how few hours there are would read the whole table for a rare series. */
const FOUND = `, found AS MATERIALIZED (SELECT h.series_id, ${HOUR_SUMS} ${OF_HOURS})`;

export function* sumUsage(filter: UsageFilter): SqlTask<UsageTotals> {
  const { workspaceId } = filter;
  const asked = toRequestFilter(filter);
  const [ofSeries, ofRows] = [seriesCondition(asked), rowCondition(asked)];
  const { rows, hours, days: [dayFrom, dayTo] } = cut(filter.fromMs ?? 0, filter.toMs ?? Number.MAX_SAFE_INTEGER);
  const parts: Condition[] = rows.map(([fromMs, toMs]) => (
    { sql: `SELECT ${ROWS} FROM usage_event u WHERE u.ws_id = ? AND u.ts_ms >= ? AND u.ts_ms < ? AND ${ofRows.sql}`, values: [workspaceId, fromMs, toMs, ...ofRows.values] }));
  const [hourFrom, hourTo] = hours;
  const isFiltered = ofSeries.values.length > 0;
  if (hourFrom < hourTo) {
    // CROSS JOIN has SQLite look at the tables in this order.
    parts.unshift(isFiltered
      ? { sql: `SELECT ${HOUR_SUMS} FROM found h CROSS JOIN usage_series s WHERE s.id = h.series_id AND ${ofSeries.sql}`, values: ofSeries.values }
      : { sql: `SELECT ${HOUR_SUMS} ${OF_HOURS}`, values: [] });
  }
  if (dayFrom < dayTo) {
    parts.push({
      sql: `SELECT ${DAY_SUMS} FROM usage_series s CROSS JOIN usage_day d WHERE d.series_id = s.id AND s.ws_id = ? AND s.grain = ? AND d.start_ms >= ? AND d.start_ms < ? AND ${ofSeries.sql}`,
      values: [workspaceId, grainOf(filter), dayFrom, dayTo, ...ofSeries.values],
    });
  }
  if (parts.length === 0) return readTotals(NOTHING);
  // One statement, so that all of it is of one moment.
  const spans = hourFrom < hourTo ? [workspaceId, hourFrom, dayFrom, dayFrom, dayTo, dayTo, dayFrom, hourTo] : [];
  const found = yield* row(
    `${spans.length > 0 ? HOURS : ''}${spans.length > 0 && isFiltered ? FOUND : ''} SELECT ${TOTALS} FROM (${parts.map(({ sql }) => sql).join(' UNION ALL ')}) parts`,
    ...spans, ...parts.flatMap(({ values }) => values),
  );
  return readTotals(found ?? NOTHING);
}

const NOTHING = { ...Object.fromEntries(summed.map((column) => [column, 0])), nusd: '0' };

/** The one with the fewest sums that tells apart what is asked. */
function grainOf({ keyId, userId, model }: UsageFilter): Grain {
  if (model === null) return keyId === null && userId === null ? 'all' : 'key';
  return keyId === null && userId === null ? 'model' : 'models';
}

/** Cuts a time so that the fewest rows are read. */
function cut(fromMs: number, toMs: number): Cuts {
  const [hourFrom, hourTo] = wholes(fromMs, toMs, HOUR_MS);
  if (hourFrom >= hourTo) return { rows: some([[fromMs, toMs]]), hours: [hourTo, hourTo], days: [hourTo, hourTo] };
  const [dayFrom, dayTo] = wholes(hourFrom, hourTo, DAY_MS);
  return { rows: some([[fromMs, hourFrom], [hourTo, toMs]]), hours: [hourFrom, hourTo], days: dayFrom < dayTo ? [dayFrom, dayTo] : [hourTo, hourTo] };
}

/** The whole hours or days within a time; the end of all time is one. */
function wholes(fromMs: number, toMs: number, grainMs: number): readonly [number, number] {
  const start = startOf(fromMs, grainMs);
  return [start === fromMs ? start : start + grainMs, toMs === Number.MAX_SAFE_INTEGER ? toMs : startOf(toMs, grainMs)];
}

function some(times: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  return times.filter(([fromMs, toMs]) => fromMs < toMs);
}

function readTotals(found: Readonly<Record<string, unknown>>): UsageTotals {
  return {
    requests: readInteger(found, 'requests'),
    messages: readInteger(found, 'msgs'),
    promptTokens: readInteger(found, 'prompt_tok'),
    cachedTokens: readInteger(found, 'cached_tok'),
    completionTokens: readInteger(found, 'compl_tok'),
    reasoningTokens: readInteger(found, 'reasoning_tok'),
    nanoUsd: readBigInt(found, 'nusd'),
    unpricedRequests: readInteger(found, 'unpriced'),
  };
}

export function* findRequest(workspaceId: string, id: string): SqlTask<SettledRequest | null> {
  const found = yield* row(FIND, id, workspaceId);
  return found && readSettled(found);
}

function toRequestFilter({ workspaceId, keyId, userId, model, fromMs, toMs }: UsageFilter): RequestFilter {
  return {
    workspaceId, keyId, userId, model, fromMs, toMs, route: null, operation: null, outcome: null, errorCodes: null, status: null, cache: null, costMin: null, costMax: null,
    withRefunds: true,
  };
}
