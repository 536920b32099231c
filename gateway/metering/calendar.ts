/** This file counts days, ISO weeks and months by arithmetic alone, so that no other file needs a Date to name one. */

export const DAY_MS = 86_400_000;
const SECOND_MS = 1000;
const DAYS_PER_WEEK = 7;
const MONTHS_PER_YEAR = 12;
/** 1970-01-01 was a Thursday: three days after a Monday. */
const EPOCH_WEEKDAY = 3;

/** A day of the Gregorian calendar; `month` and `day` count from 1. */
export interface CivilDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Gives the number of a day, counted from 1970-01-01. After Howard Hinnant, "chrono-compatible low-level date algorithms". */
export function dayNumber({ year, month, day }: CivilDay): number {
  const shifted = month > 2 ? year : year - 1;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const monthFromMarch = (month + 9) % MONTHS_PER_YEAR;
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Gives the day a number stands for; the inverse of `dayNumber`. */
export function civilDay(number: number): CivilDay {
  const shifted = number + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** The Monday on or before a day. */
export function mondayOf(number: number): number {
  return number - modulo(number + EPOCH_WEEKDAY, DAYS_PER_WEEK);
}

/** The first of the month of a day. */
export function monthStart(number: number): number {
  const { year, month } = civilDay(number);
  return dayNumber({ year, month, day: 1 });
}

/** The first of the month after the month of a day. */
export function nextMonthStart(number: number): number {
  const { year, month } = civilDay(number);
  return month === MONTHS_PER_YEAR ? dayNumber({ year: year + 1, month: 1, day: 1 }) : dayNumber({ year, month: month + 1, day: 1 });
}

/** `2026-11-21`. */
export function dayText(number: number): string {
  return `${monthText(number)}-${pad(civilDay(number).day, 2)}`;
}

/** `2026-11`. */
export function monthText(number: number): string {
  const { year, month } = civilDay(number);
  return `${pad(year, 4)}-${pad(month, 2)}`;
}

/** `2026-W47`: the ISO 8601 week, which belongs to the year its Thursday is in. */
export function weekText(number: number): string {
  const thursday = mondayOf(number) + EPOCH_WEEKDAY;
  const { year } = civilDay(thursday);
  const week = Math.floor((thursday - dayNumber({ year, month: 1, day: 1 })) / DAYS_PER_WEEK) + 1;
  return `${pad(year, 4)}-W${pad(week, 2)}`;
}

/** `2026-11-22T00:00:00Z`, whole seconds, rounded up so that a moment named is never too early. */
export function isoTime(ms: number): string {
  const seconds = Math.ceil(ms / SECOND_MS);
  const day = Math.floor(seconds * SECOND_MS / DAY_MS);
  const rest = seconds - day * (DAY_MS / SECOND_MS);
  return `${dayText(day)}T${pad(Math.floor(rest / 3600), 2)}:${pad(Math.floor(rest / 60) % 60, 2)}:${pad(rest % 60, 2)}Z`;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
