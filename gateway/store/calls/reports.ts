/** This file reads what reports are made of: sums and marks alone, so that the work follows the time asked for and not the number of requests. */
import { readBigInt, readInteger, readIntegerOrNull, readText } from '../columns.ts';
import type { Row } from '../columns.ts';
import type { ErrorTimes, Grouping, GroupQuery, UsageDimension, UsageGroup } from '../report-row.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask, Statement } from '../sql-task.ts';
import { DAY_MS } from '../usage-groups.ts';
import type { Grain } from '../usage-series.ts';

const columnsOf: Readonly<Record<UsageDimension, string>> = { day: 'start_ms', hour: 'start_ms', key: 'key_id', asked: 'model_asked', model: 'model', route: 'route', operation: 'operation' };
const names = ['key_id', 'model_asked', 'model', 'route', 'operation'] as const;
const counted = ['requests', 'errors', 'attempts', 'msgs', 'prompt_tok', 'cached_tok', 'compl_tok', 'reasoning_tok', 'unpriced', 'latency_us'] as const;
const summed = [...counted, 'nusd'] as const;
const sumsOf = (table: string): string => summed.map((column) => `${table}.${column}`).join(', ');
const added = (table: string, columns: readonly string[] = summed): string => columns.map((column) => `CAST(COALESCE(SUM(${table}.${column}), 0) AS BIGINT) AS ${column}`).join(', ');
const NEXT_CODE = "SELECT MIN(value) AS value FROM usage_mark WHERE ws_id = ? AND kind = 'error' AND value > ?";
const ERROR_TIMES = `SELECT CAST(COUNT(*) AS BIGINT) AS spans, MIN(start_ms) AS first_ms, MAX(start_ms) AS last_ms FROM usage_mark
  WHERE ws_id = ? AND kind = 'error' AND value = ? AND start_ms >= ? AND start_ms < ?`;
const LAST_BEFORE = "SELECT MAX(start_ms) AS start_ms FROM usage_mark WHERE ws_id = ? AND kind = 'error' AND value = ? AND start_ms < ?";
/** More codes than the contract has, so that a store that holds anything else is still read in bounds. */
const CODES_MAX = 500;

/** The grain with the fewest sums that tells apart what is asked. */
function grainOf({ keyId, userId }: GroupQuery, { by }: Grouping): Grain {
  const tells = (dimensions: readonly UsageDimension[]): boolean => by.every((dimension) => dimension === 'day' || dimension === 'hour' || dimensions.includes(dimension));
  const isPart = keyId !== null || userId !== null;
  if (tells([]) && !isPart) return 'all';
  if (tells(['key'])) return 'key';
  if (tells(['asked', 'model']) && !isPart) return 'model';
  return tells(['key', 'asked', 'model']) ? 'models' : 'each';
}

/**
 * The sums of hours, series by series, read once whatever is made of them: by hour those of the whole time, else by day those of days that are not closed for
 * this workspace. Hours that have some are found one after the other, each by a look into the index.
 */
function openSums({ isByHour, isWhole }: { readonly isByHour: boolean; readonly isWhole: boolean }): string {
  const moment = isByHour ? 'CAST(0 AS BIGINT)' : `CASE WHEN c.ws_series >= s.id THEN c.day_ms + ${DAY_MS} ELSE c.day_ms END`;
  const start = isByHour ? 'h.start_ms' : `h.start_ms - h.start_ms % ${DAY_MS}`;
  return `WITH RECURSIVE span(ws, from_ms, to_ms) AS (SELECT s.id, ${moment}, CAST(? AS BIGINT) FROM usage_series s CROSS JOIN usage_closed c WHERE s.ws_id = ? AND s.grain = 'all'),
    hours(ws, ms, to_ms) AS (
      SELECT ws, (SELECT MIN(start_ms) FROM usage_hour WHERE start_ms >= span.from_ms AND start_ms >= CAST(? AS BIGINT) AND start_ms < span.to_ms), to_ms FROM span
      UNION ALL SELECT ws, (SELECT MIN(start_ms) FROM usage_hour WHERE start_ms > hours.ms AND start_ms < hours.to_ms), to_ms FROM hours WHERE ms IS NOT NULL),
    open AS MATERIALIZED (
      SELECT ${isWhole ? 'h.ws_series' : 'h.series_id'} AS series_id, ${start} AS start_ms, ${added('h')} FROM usage_hour h WHERE h.start_ms {{in_hours}} AND h.ws_series = (SELECT ws FROM span)
      GROUP BY ${isWhole ? 'h.ws_series' : 'h.series_id'}, ${start})`;
}
const OPEN_DAYS = openSums({ isByHour: false, isWhole: false });
const HOURS = openSums({ isByHour: true, isWhole: false });
const WHOLE_HOURS = openSums({ isByHour: true, isWhole: true });

/** Sums of closed days by the grain that fits, and of the hours of days that are not closed, all in one statement and so of one moment. By hour, of hours alone. */
export function* groupUsage(query: GroupQuery): SqlTask<UsageGroup[][]> {
  // By hour is asked for alone, and by nothing else.
  const isByHour = query.groupings.some(({ by }) => by.includes('hour'));
  const isWhole = query.keyId === null && query.userId === null;
  const parts = query.groupings.map((grouping, at) => partOf(query, grouping, { at, isByHour }));
  const found = yield* rows(
    `${isByHour ? isWhole ? WHOLE_HOURS : HOURS : OPEN_DAYS} ${parts.map(({ sql }) => sql).join(' UNION ALL ')}`,
    query.toMs, query.workspaceId, query.fromMs, ...parts.flatMap(({ values }) => values),
  );
  return query.groupings.map(({ by }, at) => found.filter((each) => readInteger(each, 'part') === at).map((each) => readGroup(each, by)).sort(byCost));
}

/** The dearest first, as they were chosen. */
function byCost(a: UsageGroup, b: UsageGroup): number {
  if (a.nanoUsd !== b.nanoUsd) return a.nanoUsd < b.nanoUsd ? 1 : -1;
  return b.requests - a.requests;
}

/** One grouping: its names in their columns, null in the others. */
function partOf(query: GroupQuery, grouping: Grouping, { at, isByHour }: { readonly at: number; readonly isByHour: boolean }): Statement {
  const { workspaceId, fromMs, toMs } = query;
  const told: readonly string[] = grouping.by.map((dimension) => columnsOf[dimension]);
  const asked = ([['key_id', query.keyId], ['user_id', query.userId]] as const).flatMap(([column, value]) => (value === null ? [] : [{ column, value }]));
  const filter = asked.map(({ column }) => ` AND s.${column} = ?`).join('');
  const values = asked.map(({ value }) => value);
  const own = names.filter((name) => told.includes(name)).map((name) => `s.${name}, `).join('');
  // What names nobody needs no series.
  const series = own === '' && filter === '' ? '' : 'JOIN usage_series s ON s.id = o.series_id';
  const ofHours = `SELECT ${own}o.start_ms, ${sumsOf('o')} FROM open o ${series} WHERE 1 = 1${filter}`;
  const ofDays = ` UNION ALL SELECT ${own}d.start_ms, ${sumsOf('d')} FROM usage_series s JOIN usage_day d ON d.series_id = s.id
    WHERE s.ws_id = ? AND s.grain = '${grainOf(query, grouping)}' AND d.start_ms >= ? AND d.start_ms < ?${filter}`;
  const columns = names.map((name) => (told.includes(name) ? `p.${name} AS ${name}` : `CAST(NULL AS TEXT) AS ${name}`)).join(', ');
  const start = told.includes('start_ms') ? 'p.start_ms AS start_ms' : 'CAST(NULL AS BIGINT) AS start_ms';
  const keys = told.map((column) => `p.${column}`);
  return {
    sql: `SELECT * FROM (SELECT ${at} AS part, ${start}, ${columns}, ${added('p', counted)}, CAST(COALESCE(SUM(p.nusd), 0) AS TEXT) AS nusd FROM (${ofHours}${isByHour ? '' : ofDays}) p
      ${keys.length === 0 ? '' : `GROUP BY ${keys.join(', ')}`} ORDER BY ${['SUM(p.nusd) DESC', 'SUM(p.requests) DESC', ...keys].join(', ')} LIMIT ?) g${at}`,
    values: [...values, ...(isByHour ? [] : [workspaceId, fromMs, toMs, ...values]), grouping.limit],
  };
}

function readGroup(found: Row, by: readonly UsageDimension[]): UsageGroup {
  const name = (dimension: UsageDimension): string | null => (by.includes(dimension) ? readText(found, columnsOf[dimension]) : null);
  return {
    startMs: by.includes('day') || by.includes('hour') ? readInteger(found, 'start_ms') : null,
    keyId: name('key'), asked: name('asked'), model: name('model'), route: name('route'), operation: name('operation'),
    requests: readInteger(found, 'requests'),
    errors: readInteger(found, 'errors'),
    attempts: readInteger(found, 'attempts'),
    messages: readInteger(found, 'msgs'),
    promptTokens: readInteger(found, 'prompt_tok'),
    cachedTokens: readInteger(found, 'cached_tok'),
    completionTokens: readInteger(found, 'compl_tok'),
    reasoningTokens: readInteger(found, 'reasoning_tok'),
    unpricedRequests: readInteger(found, 'unpriced'),
    latencyUs: readInteger(found, 'latency_us'),
    nanoUsd: readBigInt(found, 'nusd'),
  };
}

/** From code to code by one look into the index each, for there are few codes and many marks. */
export function* listErrorTimes(workspaceId: string, fromMs: number, toMs: number): SqlTask<ErrorTimes[]> {
  const times: ErrorTimes[] = [];
  for (let code = '', looks = 0; looks < CODES_MAX; looks++) {
    const next = yield* row(NEXT_CODE, workspaceId, code);
    if (!next || next['value'] === null) break;
    code = readText(next, 'value');
    const found = (yield* row(ERROR_TIMES, workspaceId, code, fromMs, toMs)) ?? {};
    const spans = readInteger(found, 'spans');
    if (spans === 0) continue;
    const before = (yield* row(LAST_BEFORE, workspaceId, code, fromMs)) ?? {};
    times.push({ code, spans, firstMs: readInteger(found, 'first_ms'), lastMs: readInteger(found, 'last_ms'), beforeMs: readIntegerOrNull(before, 'start_ms') });
  }
  return times;
}
