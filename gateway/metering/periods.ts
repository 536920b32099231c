/** This file names the period a moment falls into, and says when it began and when the next one begins, in any time zone. */
import { DAY_MS, dayNumber, dayText, mondayOf, monthStart, monthText, nextMonthStart, weekText } from './calendar.ts';

/** period: after which a limit is full again; `total` never is. */
export type Period = 'daily' | 'weekly' | 'monthly' | 'total';

export interface PeriodSpan {
  /** `2026-11-21` · `2026-W47` · `2026-11` · `all`; part of the id of the period's counters. */
  readonly key: string;
  /** The first moment of it, in ms since the epoch; -Infinity for `total`. */
  readonly startMs: number;
  /** The first moment of the next one; Infinity for `total`. */
  readonly endMs: number;
}

const WHOLE: PeriodSpan = { key: 'all', startMs: Number.NEGATIVE_INFINITY, endMs: Number.POSITIVE_INFINITY };
const HOUR_MS = 3_600_000;
/** No zone has ever been further from UTC than this: a day begins within it of the same day of UTC. */
const OFFSET_MAX_MS = 16 * HOUR_MS;
const WEEK_DAYS = 7;
/** There are some 600 names; more would be spellings of the same. */
const ZONES_MAX = 1000;
const SECOND_MS = 1000;

/** What is known of one time zone: how to read its clock, and the spans last asked for. */
interface Zone {
  readonly format: Intl.DateTimeFormat;
  readonly spans: Map<Period, PeriodSpan>;
}

const zones = new Map<string, Zone>();

/**
 * Gives the period in which a moment falls, by the calendar of a time zone (IANA name): days from local midnight, ISO weeks from
 * Monday, months from the first. A day begins when the local date first reads it, so a midnight that daylight saving skips or
 * repeats neither loses nor doubles a quota. Spans follow one another without gaps. Throws a RangeError for an unknown zone.
 */
export function periodAt(period: Period, timeZone: string, nowMs: number): PeriodSpan {
  if (period === 'total') return WHOLE;
  const zone = zones.get(timeZone) ?? addZone(timeZone);
  const last = zone.spans.get(period);
  if (last && nowMs >= last.startMs && nowMs < last.endMs) return last;
  const span = findSpan(zone, period, nowMs);
  zone.spans.set(period, span);
  return span;
}

/** True for the IANA name of a time zone; offsets such as `+02:00` are none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function addZone(timeZone: string): Zone {
  if (zones.size >= ZONES_MAX) zones.clear();
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  });
  const zone: Zone = { format, spans: new Map() };
  zones.set(timeZone, zone);
  return zone;
}

function findSpan(zone: Zone, period: Exclude<Period, 'total'>, nowMs: number): PeriodSpan {
  const day = localDay(zone, nowMs);
  switch (period) {
    case 'daily': return { key: dayText(day), startMs: dayStart(zone, day), endMs: dayStart(zone, day + 1) };
    case 'weekly': return { key: weekText(day), startMs: dayStart(zone, mondayOf(day)), endMs: dayStart(zone, mondayOf(day) + WEEK_DAYS) };
    case 'monthly': return { key: monthText(day), startMs: dayStart(zone, monthStart(day)), endMs: dayStart(zone, nextMonthStart(day)) };
    default: return period satisfies never;
  }
}

/** The day a moment belongs to: the last one that has begun, also while a clock set back reads the day before once more. */
function localDay(zone: Zone, ms: number): number {
  const day = Math.floor((ms + offsetAt(zone, ms)) / DAY_MS);
  return ms >= dayStart(zone, day + 1) ? day + 1 : day;
}

/** The first moment at which the local date reads this day or a later one. */
function dayStart(zone: Zone, day: number): number {
  const midnightMs = day * DAY_MS;
  let before = midnightMs - OFFSET_MAX_MS;
  let after = midnightMs + OFFSET_MAX_MS;
  const oldOffset = offsetAt(zone, before);
  const newOffset = offsetAt(zone, after);
  if (oldOffset === newOffset) return midnightMs - oldOffset;
  // The clock was changed in between: find the first second of the new offset.
  while (after - before > SECOND_MS) {
    const middle = Math.floor((before + after) / 2 / SECOND_MS) * SECOND_MS;
    if (offsetAt(zone, middle) === oldOffset) before = middle;
    else after = middle;
  }
  return midnightMs - oldOffset < after ? midnightMs - oldOffset : Math.max(after, midnightMs - newOffset);
}

/** What the zone's clock is ahead of UTC at a moment, in ms. */
function offsetAt(zone: Zone, ms: number): number {
  const read: Record<string, number> = {};
  const wholeMs = Math.floor(ms / SECOND_MS) * SECOND_MS;
  for (const { type, value } of zone.format.formatToParts(wholeMs)) read[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = read;
  return dayNumber({ year, month, day }) * DAY_MS + ((hour * 60 + minute) * 60 + second) * SECOND_MS - wholeMs;
}
