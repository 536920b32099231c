/** This file shows that periods follow one another without gaps in every time zone, whatever its clocks have been set to. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isTimeZone, periodAt } from './periods.ts';
import type { Period } from './periods.ts';

const HOUR_MS = 3_600_000;
const allZones = Intl.supportedValuesOf('timeZone');
const formats = new Map<string, Intl.DateTimeFormat>();

/** What a calendar on the wall reads there: `2026-11-21`. */
function localDate(timeZone: string, ms: number): string {
  let format = formats.get(timeZone);
  if (!format) formats.set(timeZone, format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }));
  return format.format(ms);
}

const at = (text: string): number => Date.parse(text);
const zone = fc.constantFrom(...allZones);
const moment = fc.integer({ min: at('1975-01-01T00:00:00Z'), max: at('2100-01-01T00:00:00Z') });
const limited = fc.constantFrom<Period>('daily', 'weekly', 'monthly');

describe('daily periods', () => {
  test('the day is the one the local calendar reads, from its first moment to the first of the next', () => {
    fc.assert(fc.property(zone, moment, (timeZone, nowMs) => {
      const { key, startMs, endMs } = periodAt('daily', timeZone, nowMs);
      expect(startMs <= nowMs && nowMs < endMs).toBe(true);
      expect(localDate(timeZone, startMs)).toBe(key);
      expect(localDate(timeZone, startMs - 1) < key).toBe(true);
      expect(localDate(timeZone, endMs) > key).toBe(true);
      // A clock set back just after midnight reads the day before once more; the day that has begun goes on.
      const read = localDate(timeZone, nowMs);
      expect(read === key || (read < key && nowMs - startMs < 3 * HOUR_MS)).toBe(true);
    }), { numRuns: 3_000 });
  });

  test.each([
    ['a day of 23 hours', 'Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-29', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
    ['a day of 25 hours', 'America/New_York', '2026-11-01T12:00:00Z', '2026-11-01', '2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z'],
    ['a midnight that does not exist', 'America/Sao_Paulo', '2018-11-04T12:00:00Z', '2018-11-04', '2018-11-04T03:00:00Z', '2018-11-05T02:00:00Z'],
    ['a midnight that is put off', 'America/Sao_Paulo', '2018-02-18T02:30:00Z', '2018-02-17', '2018-02-17T02:00:00Z', '2018-02-18T03:00:00Z'],
    ['a day that was left out', 'Pacific/Apia', '2011-12-30T09:59:00Z', '2011-12-29', '2011-12-29T10:00:00Z', '2011-12-30T10:00:00Z'],
    ['the day after it', 'Pacific/Apia', '2011-12-30T10:00:00Z', '2011-12-31', '2011-12-30T10:00:00Z', '2011-12-31T10:00:00Z'],
    ['a midnight read twice', 'America/St_Johns', '2006-10-29T02:45:00Z', '2006-10-29', '2006-10-29T02:30:00Z', '2006-10-30T03:30:00Z'],
    ['half an hour of daylight saving', 'Australia/Lord_Howe', '2026-04-05T03:00:00Z', '2026-04-05', '2026-04-04T13:00:00Z', '2026-04-05T13:30:00Z'],
  ])('%s in %s is one day', (_, timeZone, now, key, start, end) => {
    expect(periodAt('daily', timeZone, at(now))).toEqual({ key, startMs: at(start), endMs: at(end) });
  });
});

describe('all periods', () => {
  test('one ends where the next begins, and the keys ascend', () => {
    fc.assert(fc.property(limited, zone, moment, (period, timeZone, nowMs) => {
      const span = periodAt(period, timeZone, nowMs);
      const next = periodAt(period, timeZone, span.endMs);
      const previous = periodAt(period, timeZone, span.startMs - 1);
      expect(next.startMs).toBe(span.endMs);
      expect(previous.endMs).toBe(span.startMs);
      expect(previous.key < span.key && span.key < next.key).toBe(true);
    }), { numRuns: 1_500 });
  });

  test('every moment of a period gives the same key and the same bounds', () => {
    fc.assert(fc.property(limited, zone, moment, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (period, timeZone, nowMs, share) => {
      const span = periodAt(period, timeZone, nowMs);
      const other = Math.min(span.endMs - 1, Math.floor(span.startMs + share * (span.endMs - span.startMs)));
      periodAt(period, timeZone, span.endMs);
      expect(periodAt(period, timeZone, other)).toEqual(span);
    }), { numRuns: 1_000 });
  });

  test('weeks begin on Monday and months on the first, at local midnight', () => {
    expect(periodAt('weekly', 'UTC', at('2026-11-21T08:00:00Z'))).toEqual({ key: '2026-W47', startMs: at('2026-11-16T00:00:00Z'), endMs: at('2026-11-23T00:00:00Z') });
    expect(periodAt('monthly', 'America/New_York', at('2026-12-01T04:59:59Z')))
      .toEqual({ key: '2026-11', startMs: at('2026-11-01T04:00:00Z'), endMs: at('2026-12-01T05:00:00Z') });
    expect(periodAt('monthly', 'Asia/Kathmandu', at('2026-12-31T18:15:00Z')).key).toBe('2027-01');
  });

  test('the whole of time is one period', () => {
    expect(periodAt('total', 'UTC', 0)).toEqual({ key: 'all', startMs: Number.NEGATIVE_INFINITY, endMs: Number.POSITIVE_INFINITY });
  });
});

describe('isTimeZone', () => {
  test.each(['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'Etc/GMT+5'])('%s is one', (name) => { expect(isTimeZone(name)).toBe(true); });
  test.each(['', '+02:00', 'Mars/Base', 'Europe/Berlin ', '__proto__'])('%j is none, and periodAt refuses it', (name) => {
    expect(isTimeZone(name)).toBe(false);
    if (!name.startsWith('+')) expect(() => periodAt('daily', name, 0)).toThrow(RangeError);
  });
});
