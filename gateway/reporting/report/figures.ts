/** This file writes a sentence with its figures beside it: every number and every name in it is a figure, exact, with the text that stands for it. */
import type { ReportFigure, ReportFinding, ReportFindingCode, ReportSubject } from '../../../generated/client/types.gen.ts';
import { isoTime } from '../../foundation/clock.ts';
import { atPlaces } from './measures.ts';

const NANO_DIGITS = 9;
const CENT_DIGITS = 2;
const ISO_DAY = 10;
const ISO_MINUTE = 16;

/** Money in USD, to the last nano-USD: no zeros behind the cents. */
export function formatUsd(nanoUsd: bigint): string {
  const [whole = '', part = ''] = formatNanoUsd(nanoUsd).split('.');
  return `${whole}.${part.slice(0, CENT_DIGITS)}${part.slice(CENT_DIGITS).replace(/0+$/, '')} USD`;
}

/** Money in USD with all of its digits, so that amounts stand beneath each other. */
export function formatNanoUsd(nanoUsd: bigint): string {
  const digits = String(nanoUsd < 0n ? -nanoUsd : nanoUsd).padStart(NANO_DIGITS + 1, '0');
  return `${nanoUsd < 0n ? '-' : ''}${grouped(digits.slice(0, -NANO_DIGITS))}.${digits.slice(-NANO_DIGITS)}`;
}

/** `1,234,567`. */
export function formatCount(count: number): string {
  return grouped(String(count));
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** A day in UTC, `2026-11-21`. */
export function formatDay(ms: number): string {
  return isoTime(ms).slice(0, ISO_DAY);
}

/** A minute in UTC, `2026-11-21 14:30 UTC`. */
export function formatTime(ms: number): string {
  return `${isoTime(ms).slice(0, ISO_MINUTE).replace('T', ' ')} UTC`;
}

/** Letters that turn the direction of a line, end it or can't be seen have no place in a sentence; nor does a name that never ends. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const NAME_LENGTH_MAX = 128;

/** A name as it may be shown: in one line, in the order in which it is written. */
export function showName(name: string): string {
  return name.slice(0, NAME_LENGTH_MAX).replace(UNSEEN, '\u{fffd}');
}

/** A name somebody gave, in quotes. */
export function named(name: string, value: string): ReportFigure {
  return { name, unit: 'name', value, text: `“${showName(value)}”` };
}

/** Money; `value` is in nano-USD. */
export function usd(name: string, nanoUsd: bigint): ReportFigure {
  return { name, unit: 'nano_usd', value: String(nanoUsd), text: formatUsd(nanoUsd) };
}

/** How many of something: `1 request`, `1,234 requests`. */
export function count(name: string, value: number, noun?: string): ReportFigure {
  const text = formatCount(value);
  return { name, unit: 'count', value: String(value), text: noun === undefined ? text : `${text} ${noun}${value === 1 ? '' : 's'}` };
}

/** A part of a whole in percent, to a tenth; never 100 or 0 where it is not quite. */
export function percent(name: string, part: bigint | number, whole: bigint | number): ReportFigure {
  const [a, b] = [BigInt(part), BigInt(whole)];
  const text = atPlaces(a * 100n, b, 1);
  if (a !== b && text === '100.0') return { name, unit: 'percent', value: '99.9', text: 'over 99.9 %' };
  if (a !== 0n && (text === '0.0' || text === '-0.0')) return { name, unit: 'percent', value: '0.1', text: 'under 0.1 %' };
  return { name, unit: 'percent', value: text, text: `${text} %` };
}

/** By how much something has changed, in percent of what it was, to a tenth. */
export function change(name: string, by: bigint, of: bigint): ReportFigure {
  const value = atPlaces(by * 100n, of, 1);
  const [whole = '', part = ''] = value.split('.');
  return { name, unit: 'percent', value, text: `${grouped(whole)}.${part} %` };
}

/** How many times something is another, to a tenth or as told. */
export function times(name: string, part: bigint | number, whole: bigint | number): ReportFigure {
  const value = atPlaces(BigInt(part), BigInt(whole), 1);
  return { name, unit: 'times', value, text: `${value} times` };
}

/** A mean of whole numbers, to so many places. */
export function mean(name: string, sum: bigint | number, counted: bigint | number): ReportFigure {
  const value = atPlaces(BigInt(sum), BigInt(counted), 2);
  const [whole = '', part = ''] = value.split('.');
  return { name, unit: 'mean', value, text: `${grouped(whole)}.${part}` };
}

/** Whole milliseconds. */
export function milliseconds(name: string, ms: number): ReportFigure {
  const value = Math.round(ms);
  return { name, unit: 'ms', value: String(value), text: `${formatCount(value)} ms` };
}

/** A day in UTC. */
export function day(name: string, ms: number): ReportFigure {
  return { name, unit: 'day', value: formatDay(ms), text: formatDay(ms) };
}

/** A minute in UTC; `value` as RFC 3339 writes it. */
export function minute(name: string, ms: number): ReportFigure {
  return { name, unit: 'time', value: isoTime(ms), text: formatTime(ms) };
}

/** Writes a sentence: what stands between the figures has no digits. `about` is what it is about, null for everything. */
export function say(code: ReportFindingCode, about: ReportSubject | null): (texts: TemplateStringsArray, ...figures: (ReportFigure | string)[]) => ReportFinding {
  return (texts, ...figures) => ({
    code,
    about,
    sentence: texts.map((text, at) => text + textOf(figures[at])).join(''),
    figures: figures.filter((figure) => typeof figure !== 'string'),
  });
}

function textOf(figure: ReportFigure | string | undefined): string {
  return typeof figure === 'string' ? figure : figure?.text ?? '';
}
