/** This file shows that days, weeks and months are counted as everybody counts them. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS, civilDay, dayNumber, dayText, isoTime, mondayOf, monthStart, monthText, nextMonthStart, weekText } from './calendar.ts';

const days = fc.integer({ min: dayNumber({ year: 1, month: 1, day: 1 }), max: dayNumber({ year: 9999, month: 11, day: 30 }) });

describe('days', () => {
  test('a day and its number are one-to-one, and agree with Date', () => {
    fc.assert(fc.property(days, (number) => {
      const date = new Date(number * DAY_MS);
      expect(civilDay(number)).toEqual({ year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() });
      expect(dayNumber(civilDay(number))).toBe(number);
      expect(dayText(number)).toBe(date.toISOString().slice(0, 10));
      expect(monthText(number)).toBe(date.toISOString().slice(0, 7));
    }), { numRuns: 2_000 });
  });

  test('a week begins on Monday, a month on the first, and neither skips a day', () => {
    fc.assert(fc.property(days, (number) => {
      const monday = mondayOf(number);
      expect(new Date(monday * DAY_MS).getUTCDay()).toBe(1);
      expect(number - monday >= 0 && number - monday < 7).toBe(true);
      expect(civilDay(monthStart(number))).toEqual({ ...civilDay(number), day: 1 });
      expect(civilDay(nextMonthStart(number)).day).toBe(1);
      expect(monthText(nextMonthStart(number) - 1)).toBe(monthText(number));
    }), { numRuns: 2_000 });
  });
});

describe('ISO weeks', () => {
  test.each([
    ['2026-11-21', '2026-W47'], ['2027-01-01', '2026-W53'], ['2027-01-04', '2027-W01'], ['2024-12-30', '2025-W01'],
    ['2023-01-01', '2022-W52'], ['2020-12-31', '2020-W53'], ['2026-01-01', '2026-W01'],
  ])('%s is in %s', (day, week) => {
    expect(weekText(Date.parse(day) / DAY_MS)).toBe(week);
  });

  test('weeks of one year sort as they follow, and every one of them has seven days', () => {
    fc.assert(fc.property(days, (number) => {
      const monday = mondayOf(number);
      expect(weekText(monday)).toBe(weekText(monday + 6));
      expect(weekText(monday) < weekText(monday + 7)).toBe(true);
    }), { numRuns: 1_000 });
  });
});

describe('isoTime', () => {
  test('names a moment to the second, and never one that is too early', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (ms) => {
      expect(isoTime(ms)).toBe(`${new Date(Math.ceil(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`);
    }), { numRuns: 1_000 });
  });
});
