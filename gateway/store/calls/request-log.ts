/** This file reads the request log: rows in their order where they are many, and by way of the sums where they are few. */
import { readInteger, readText } from '../columns.ts';
import { readSettled, SETTLED_SELECTION } from '../record-rows.ts';
import type { FoundRequests, LogPage, LogPlace, RequestFilter } from '../request-log-row.ts';
import type { SettledRequest } from '../../foundation/terms.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';
import { GRAIN_MS, startOf } from '../usage-sums.ts';
import type { Grain } from '../usage-sums.ts';
import { rowCondition, sumCondition, takesAll } from './request-filter.ts';
import type { Condition } from './request-filter.ts';

/** Rows looked at by the first statement, in the hope that the filter takes many. */
const LOOK_FIRST = 256;
/** Rows looked at by one statement: its text holds the number, for PostgreSQL plans by it. */
const LOOK_MORE = 2048;
/** Sums looked at by one statement. */
const SUMS_LOOK = 10_000;
/** So many sums are read in the time of one row. */
const SUMS_PER_ROW = 5;

const PLACES = 'ws_id = ? AND ts_ms >= ? AND ts_ms < ? AND (ts_ms, id) < (?, ?) ORDER BY ts_ms DESC, id DESC';
/** The last row that was looked at: of the index alone. */
const findLast = (looks: number): string => `SELECT ts_ms, id FROM usage_event WHERE ${PLACES} LIMIT 1 OFFSET ${looks - 1}`;
const findRows = (looks: number, sql: string): string => `SELECT ${SETTLED_SELECTION}
  FROM (SELECT * FROM usage_event WHERE ${PLACES} LIMIT ${looks}) u JOIN request_log r ON r.id = u.id WHERE ${sql}
  ORDER BY u.ts_ms DESC, u.id DESC LIMIT ?`;
const findStarts = (sql: string): string => `SELECT start_ms, COUNT(*) AS looks, MAX(CASE WHEN ${sql} THEN 1 ELSE 0 END) AS has
  FROM (SELECT * FROM usage_sum WHERE ws_id = ? AND grain = ? AND start_ms >= ? AND start_ms < ? ORDER BY start_ms DESC LIMIT ${SUMS_LOOK}) s
  GROUP BY start_ms ORDER BY start_ms DESC`;

/** What is left to do of one page. */
interface Search {
  readonly filter: RequestFilter;
  readonly condition: Condition;
  readonly fromMs: number;
  readonly limit: number;
  readonly found: SettledRequest[];
  /** Everything before it, newest first, has been looked at. */
  place: LogPlace;
  looksLeft: number;
}

/**
 * Looks through the rows from `after` on. Where the first few hold too few that the filter takes, the sums tell the days and hours in which
 * there are any, and only those are looked through. The work is bounded by `looksMax`.
 */
export function* listRequests(filter: RequestFilter, { limit, after, looksMax }: LogPage): SqlTask<FoundRequests> {
  const toMs = filter.toMs ?? Number.MAX_SAFE_INTEGER;
  const search: Search = {
    filter, condition: rowCondition(filter), fromMs: filter.fromMs ?? 0, limit, found: [],
    place: after && after.ms < toMs ? after : { ms: toMs, id: '' }, looksLeft: looksMax,
  };
  if (takesAll(filter)) yield* lookThrough(search, search.fromMs, Math.max(limit, 1));
  else {
    yield* lookOnce(search, search.fromMs, LOOK_FIRST);
    yield* lookBySums(search);
  }
  return { rows: search.found, next: isAtEnd(search) ? null : search.place };
}

function isAtEnd({ place, fromMs }: Search): boolean {
  return !isAfter(place, fromMs);
}

/** True while rows of this moment or later are still to be looked at. */
function isAfter({ ms, id }: LogPlace, fromMs: number): boolean {
  return ms > fromMs || (ms === fromMs && id !== '');
}

function isDone(search: Search): boolean {
  return search.found.length >= search.limit || search.looksLeft <= 0 || isAtEnd(search);
}

/** Looks at all rows down to a moment, or as far as the work may go. */
function* lookThrough(search: Search, fromMs: number, looks: number): SqlTask<void> {
  while (!isDone(search) && isAfter(search.place, fromMs)) yield* lookOnce(search, fromMs, looks);
}

/** Looks at the next so many rows that are not before a moment. */
function* lookOnce(search: Search, fromMs: number, looks: number): SqlTask<void> {
  if (isDone(search)) return;
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

/** Goes from day to day and hour to hour in which the sums have what is looked for. */
function* lookBySums(search: Search): SqlTask<void> {
  while (!isDone(search)) {
    const days = yield* findSpans(search, 'day', { fromMs: startOf(search.fromMs, 'day'), toMs: endOf(search.place, 'day') });
    for (const day of days.starts) {
      if (isDone(search)) return;
      yield* lookThroughDay(search, day);
    }
    if (isDone(search)) return;
    moveTo(search, days.lookedMs);
  }
}

function* lookThroughDay(search: Search, day: number): SqlTask<void> {
  moveTo(search, day + GRAIN_MS.day);
  while (!isDone(search) && isAfter(search.place, day)) {
    const hours = yield* findSpans(search, 'hour', { fromMs: Math.max(day, startOf(search.fromMs, 'hour')), toMs: Math.min(endOf(search.place, 'hour'), day + GRAIN_MS.day) });
    for (const hour of hours.starts) {
      if (isDone(search)) return;
      moveTo(search, hour + GRAIN_MS.hour);
      yield* lookThrough(search, Math.max(hour, search.fromMs), LOOK_MORE);
    }
    if (isDone(search)) return;
    moveTo(search, hours.lookedMs);
  }
}

/** Passes over what has nothing that is looked for; never back. */
function moveTo(search: Search, ms: number): void {
  if (ms < search.place.ms) search.place = { ms: Math.max(ms, search.fromMs), id: '' };
}

/** The end of the hour or day that a place is in; of one before all of its time, the end of the one before. */
function endOf({ ms, id }: LogPlace, grain: Grain): number {
  const start = startOf(ms, grain);
  if (id === '' && start === ms) return ms;
  return Math.min(start + GRAIN_MS[grain], Number.MAX_SAFE_INTEGER);
}

interface Spans {
  /** Of those that have what is looked for, the newest first. */
  readonly starts: readonly number[];
  /** Everything from here on has been looked at. */
  readonly lookedMs: number;
}

function* findSpans(search: Search, grain: Grain, { fromMs, toMs }: { fromMs: number; toMs: number }): SqlTask<Spans> {
  const { sql, values } = sumCondition(search.filter);
  const spans = yield* rows(findStarts(sql), ...values, search.filter.workspaceId, grain, fromMs, toMs);
  let looks = 0;
  for (const span of spans) looks += readInteger(span, 'looks');
  search.looksLeft -= Math.ceil(looks / SUMS_PER_ROW);
  // The oldest may have been read in part only; one alone is taken for one that has it.
  const isCut = looks >= SUMS_LOOK;
  const whole = isCut && spans.length > 1 ? spans.slice(0, -1) : spans;
  const starts = whole.filter((span) => isCut && whole.length === 1 || readInteger(span, 'has') === 1).map((span) => readInteger(span, 'start_ms'));
  const last = whole.at(-1);
  return { starts, lookedMs: isCut && last ? readInteger(last, 'start_ms') : fromMs };
}
