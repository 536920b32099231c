/** This file holds the calls that read usage back: pages, sums and single requests. */
import type { SettledRequest } from '../../foundation/terms.ts';
import { readBigInt, readInteger } from '../columns.ts';
import { readSettled, SETTLED_SELECTION } from '../record-rows.ts';
import type { RequestFilter } from '../request-log-row.ts';
import { row } from '../sql-task.ts';
import type { SqlTask, SqlValue } from '../sql-task.ts';
import type { Page, UsageFilter, UsageTotals } from '../store.ts';
import { DAY_MS, HOUR_MS, startOf } from '../usage-sums.ts';
import { rowCondition, sumCondition } from './request-filter.ts';
import { listRequests } from './request-log.ts';

const FIND = `SELECT ${SETTLED_SELECTION} FROM usage_event u JOIN request_log r ON r.id = u.id WHERE u.id = ? AND u.ws_id = ?`;
const FIND_PLACE = 'SELECT ts_ms FROM usage_event WHERE id = ? AND ws_id = ?';
const summed = ['requests', 'msgs', 'prompt_tok', 'cached_tok', 'compl_tok', 'reasoning_tok', 'unpriced', 'nusd'] as const;
const SUMS = summed.map((column) => `s.${column}`).join(', ');
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

/** A time and how it is read: whole days and hours by their sums, what is left by its rows. */
interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly by: 'day' | 'hour' | 'row';
}

export function* sumUsage(filter: UsageFilter): SqlTask<UsageTotals> {
  const asked = toRequestFilter(filter);
  const [ofSums, ofRows] = [sumCondition(asked), rowCondition(asked)];
  const parts = stretchesOf(filter.fromMs ?? 0, filter.toMs ?? Number.MAX_SAFE_INTEGER).map(({ fromMs, toMs, by }): { sql: string; values: SqlValue[] } => (by === 'row'
    ? { sql: `SELECT ${ROWS} FROM usage_event u WHERE u.ws_id = ? AND u.ts_ms >= ? AND u.ts_ms < ? AND ${ofRows.sql}`, values: [filter.workspaceId, fromMs, toMs, ...ofRows.values] }
    : { sql: `SELECT ${SUMS} FROM usage_sum s WHERE s.ws_id = ? AND s.grain = '${by}' AND s.start_ms >= ? AND s.start_ms < ? AND ${ofSums.sql}`, values: [filter.workspaceId, fromMs, toMs, ...ofSums.values] }));
  if (parts.length === 0) return readTotals(NOTHING);
  // One statement, so that all of it is of one moment.
  const found = yield* row(`SELECT ${TOTALS} FROM (${parts.map(({ sql }) => sql).join(' UNION ALL ')}) parts`, ...parts.flatMap(({ values }) => values));
  return readTotals(found ?? NOTHING);
}

const NOTHING = { ...Object.fromEntries(summed.map((column) => [column, 0])), nusd: '0' };

/** Cuts a time so that the fewest rows are read. */
function stretchesOf(fromMs: number, toMs: number): Stretch[] {
  const [hourFrom, hourTo] = wholes(fromMs, toMs, HOUR_MS);
  if (hourFrom >= hourTo) return some([{ fromMs, toMs, by: 'row' }]);
  const edges: Stretch[] = [{ fromMs, toMs: hourFrom, by: 'row' }, { fromMs: hourTo, toMs, by: 'row' }];
  const [dayFrom, dayTo] = wholes(hourFrom, hourTo, DAY_MS);
  if (dayFrom >= dayTo) return some([...edges, { fromMs: hourFrom, toMs: hourTo, by: 'hour' }]);
  return some([
    ...edges, { fromMs: hourFrom, toMs: dayFrom, by: 'hour' }, { fromMs: dayTo, toMs: hourTo, by: 'hour' }, { fromMs: dayFrom, toMs: dayTo, by: 'day' },
  ]);
}

/** The whole hours or days within a time; the end of all time is one. */
function wholes(fromMs: number, toMs: number, grainMs: number): readonly [number, number] {
  const start = startOf(fromMs, grainMs);
  return [start === fromMs ? start : start + grainMs, toMs === Number.MAX_SAFE_INTEGER ? toMs : startOf(toMs, grainMs)];
}

function some(stretches: readonly Stretch[]): Stretch[] {
  return stretches.filter(({ fromMs, toMs }) => fromMs < toMs);
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
