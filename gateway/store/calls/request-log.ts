/** This file reads the request log: rows in their order where they are many, and by way of marked times where they are few. */
import type { SettledRequest } from '../../foundation/terms.ts';
import { readInteger, readIntegerOrNull, readText } from '../columns.ts';
import { readSettled, SETTLED_SELECTION } from '../record-rows.ts';
import type { FoundRequests, LogPage, LogPlace, RequestFilter } from '../request-log-row.ts';
import { forIds } from '../sql-lists.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask, SqlValue } from '../sql-task.ts';
import { DAY_MS, HOUR_MS, MARK_MS, startOf } from '../usage-groups.ts';
import { marksOf, rowCondition, seriesCondition } from './request-filter.ts';
import type { Condition, Marks } from './request-filter.ts';

/** Rows looked at by one statement of a filter that takes few: its text holds the number, for PostgreSQL plans by it. */
const LOOKS = 1024;
/** Rows that could be looked at in the time of finding the next mark. */
const LOOKS_PER_STEP = 20;

const PLACES = 'ws_id = ? AND ts_ms >= ? AND ts_ms < ? AND (ts_ms, id) < (?, ?) ORDER BY ts_ms DESC, id DESC';
/** The last row that was looked at: of the index alone. */
const findLast = (looks: number): string => `SELECT ts_ms, id FROM usage_event WHERE ${PLACES} LIMIT 1 OFFSET ${looks - 1}`;
const findRows = (looks: number, sql: string): string => `SELECT ${SETTLED_SELECTION}
  FROM (SELECT * FROM usage_event WHERE ${PLACES} LIMIT ${looks}) u JOIN request_log r ON r.id = u.id WHERE ${sql}
  ORDER BY u.ts_ms DESC, u.id DESC LIMIT ?`;
/** One look into the index, however many marks there are. */
const FIND_MARK = 'SELECT MAX(start_ms) AS start_ms FROM usage_mark WHERE ws_id = ? AND kind = ? AND value = ? AND start_ms < ?';

/** What is left to do of one page. */
interface Search {
  readonly filter: RequestFilter;
  readonly condition: Condition;
  readonly marks: readonly Marks[];
  readonly fromMs: number;
  readonly limit: number;
  readonly found: SettledRequest[];
  /** Everything before it, newest first, has been looked at. */
  place: LogPlace;
  looksLeft: number;
  /** The series of those who are asked for together; null when it was not looked for, or they are too many. */
  pair: Pair | null;
  /** A day and an hour of which the sums say that they have some. */
  dayWithSome: number | null;
  hourWithSome: number | null;
}

/**
 * Looks through the rows from `after` on: all of them, or where something is asked, those of the times whose marks say that there may be some. The
 * work is bounded by `looksMax`.
 */
export function* listRequests(filter: RequestFilter, { limit, after, looksMax }: LogPage): SqlTask<FoundRequests> {
  const toMs = filter.toMs ?? Number.MAX_SAFE_INTEGER;
  const search: Search = {
    filter, condition: rowCondition(filter), marks: marksOf(filter), fromMs: filter.fromMs ?? 0, limit, found: [],
    place: after && after.ms < toMs ? after : { ms: toMs, id: '' }, looksLeft: looksMax, pair: null, dayWithSome: null, hourWithSome: null,
  };
  if (search.marks.length === 0) yield* lookThrough(search, search.fromMs, Math.max(limit, 1));
  else yield* lookByMarks(search);
  return { rows: search.found, next: isAfter(search.place, search.fromMs) ? search.place : null };
}

/** True while rows of this moment or later are still to be looked at. */
function isAfter({ ms, id }: LogPlace, fromMs: number): boolean {
  return ms > fromMs || (ms === fromMs && id !== '');
}

function isDone(search: Search): boolean {
  return search.found.length >= search.limit || search.looksLeft <= 0 || !isAfter(search.place, search.fromMs);
}

/** Looks at all rows down to a moment, or as far as the work may go. */
function* lookThrough(search: Search, fromMs: number, looks: number): SqlTask<void> {
  while (!isDone(search) && isAfter(search.place, fromMs)) yield* lookOnce(search, fromMs, looks);
}

/** Looks at the next so many rows that are not before a moment. */
function* lookOnce(search: Search, fromMs: number, looks: number): SqlTask<void> {
  const { filter, condition, found, place, limit } = search;
  const wanted = limit - found.length;
  // The bound on the time is what the index is entered by; the place then tells equal times apart.
  const places = [filter.workspaceId, fromMs, place.id === '' ? place.ms : place.ms + 1, place.ms, place.id];
  const more = (yield* rows(findRows(looks, condition.sql), ...places, ...condition.values, wanted)).map(readSettled);
  found.push(...more);
  search.looksLeft -= looks;
  const last = more.at(-1);
  if (last && more.length >= wanted) {
    search.place = { ms: last.startedMs, id: last.id };
    return;
  }
  const end = yield* row(findLast(looks), ...places);
  search.place = end ? { ms: readInteger(end, 'ts_ms'), id: readText(end, 'id') } : { ms: fromMs, id: '' };
}

/** Goes from mark to mark where there may be what is looked for. */
function* lookByMarks(search: Search): SqlTask<void> {
  search.pair = yield* findPair(search);
  while (!isDone(search)) {
    const start = yield* findMarked(search);
    if (start === null) {
      search.place = { ms: search.fromMs, id: '' };
      return;
    }
    // What has no marks is passed over; a search that was given up has come as far as this.
    if (start + MARK_MS < search.place.ms) search.place = { ms: start + MARK_MS, id: '' };
    const emptyFrom = yield* findEmpty(search, start);
    if (emptyFrom === null) yield* lookThrough(search, Math.max(start, search.fromMs), LOOKS);
    else search.place = { ms: Math.max(emptyFrom, search.fromMs), id: '' };
  }
}

/** Series of two who are asked for together, by which days and hours are looked up; and the number of their workspace. */
interface Pair {
  readonly ofDays: readonly number[];
  readonly ofHours: readonly number[];
  readonly workspaceSeries: number;
}

/** So many series are looked up for each day; of more it would be slower than to look through its rows. */
const PAIR_SERIES_MAX = 64;
const FIND_WORKSPACE = "SELECT id FROM usage_series WHERE ws_id = ? AND grain = 'all'";

/** Of two who both have requests in a time, none need be of both: a key and a model are looked up in the sums, which tell them together. */
function* findPair({ filter }: Search): SqlTask<Pair | null> {
  if ([filter.keyId, filter.userId, filter.model].filter((asked) => asked !== null).length < 2) return null;
  const { sql, values } = seriesCondition(filter);
  const series = yield* rows(`SELECT s.id, s.grain FROM usage_series s WHERE s.ws_id = ? AND s.grain IN ('each', 'models') AND ${sql} LIMIT ${PAIR_SERIES_MAX + 1}`, filter.workspaceId, ...values);
  const workspace = yield* row(FIND_WORKSPACE, filter.workspaceId);
  if (!workspace || series.length > PAIR_SERIES_MAX) return null;
  const ids = (some: typeof series): number[] => some.map((each) => readInteger(each, 'id'));
  return { ofDays: ids(series.filter((each) => readText(each, 'grain') === 'models')), ofHours: ids(series), workspaceSeries: readInteger(workspace, 'id') };
}

/** From when on, up to the place, there is nothing of the pair: the beginning of the day, or of the hour; null when there may be something. */
function* findEmpty(search: Search, start: number): SqlTask<number | null> {
  const { pair } = search;
  if (search.looksLeft <= 0 || !pair) return null;
  if (pair.ofHours.length === 0) return search.fromMs;
  const day = startOf(start, DAY_MS);
  if (search.dayWithSome !== day) {
    search.looksLeft -= LOOKS_PER_STEP;
    if (!(yield* hasDay(pair, day))) return day;
    search.dayWithSome = day;
  }
  const hour = startOf(start, HOUR_MS);
  if (search.hourWithSome !== hour) {
    search.looksLeft -= LOOKS_PER_STEP;
    if (!(yield* hasHour(pair, hour))) return hour;
    search.hourWithSome = hour;
  }
  return null;
}

/** A day that is not closed may have some. */
function* hasDay({ ofDays, workspaceSeries }: Pair, day: number): SqlTask<boolean> {
  const closed = yield* row('SELECT 1 AS found FROM usage_closed WHERE day_ms > ? OR (day_ms = ? AND ws_series >= ?)', day, day, workspaceSeries);
  return closed === null || (yield* forIds('SELECT 1 AS found FROM usage_day WHERE series_id IN ({{ids}}) AND start_ms = CAST(? AS BIGINT)', ofDays, [day])).length > 0;
}

function* hasHour({ ofHours, workspaceSeries }: Pair, hour: number): SqlTask<boolean> {
  return (yield* forIds('SELECT 1 AS found FROM usage_hour WHERE series_id IN ({{ids}}) AND start_ms = ? AND ws_series = ?', ofHours, [hour, workspaceSeries])).length > 0;
}

/** The newest time, down from the place, that has a mark of each kind; the one to go on from when the work is over; null when there is none. */
function* findMarked(search: Search): SqlTask<number | null> {
  const { place, filter, marks, fromMs } = search;
  const first = startOf(place.ms, MARK_MS);
  let bound = place.id === '' && first === place.ms ? first : Math.min(first + MARK_MS, Number.MAX_SAFE_INTEGER);
  for (;;) {
    search.looksLeft -= LOOKS_PER_STEP;
    let oldest = bound;
    let newest = 0;
    for (const start of yield* findStarts(filter.workspaceId, marks, bound)) {
      if (start === null || start + MARK_MS <= fromMs) return null;
      oldest = Math.min(oldest, start);
      newest = Math.max(newest, start);
    }
    if (oldest === newest || search.looksLeft <= 0) return oldest;
    bound = oldest + MARK_MS;
  }
}

/** For each, the newest time before `bound` that has one of its marks. */
function* findStarts(workspaceId: string, marks: readonly Marks[], bound: number): SqlTask<(number | null)[]> {
  const values: SqlValue[] = [];
  const columns = marks.map((some, index) => {
    for (const [kind, value] of some) values.push(workspaceId, kind, value, bound);
    return `(SELECT MAX(start_ms) FROM (${some.map(() => FIND_MARK).join(' UNION ALL ')}) m) AS start_${index}`;
  });
  const found = (yield* row(`SELECT ${columns.join(', ')}`, ...values)) ?? {};
  return marks.map((_, index) => readIntegerOrNull(found, `start_${index}`));
}
