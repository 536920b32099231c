/** This file chooses how a report is written: as asked for, or as the header `accept` likes best (RFC 9110, 12.5.1). */
import type { ReportFormat } from '../../../generated/client/types.gen.ts';

/** In this order where they are liked equally. */
const types: readonly (readonly [format: ReportFormat, type: string, group: string])[] = [
  ['json', 'application/json', 'application/*'], ['html', 'text/html', 'text/*'], ['markdown', 'text/markdown', 'text/*'],
];
const RANGES_MAX = 100;

/** What the query names goes before what the header likes; JSON when neither says anything that can be given. */
export function formatOf(asked: ReportFormat | undefined, accept: string): ReportFormat {
  if (asked !== undefined) return asked;
  const ranges = accept.split(',', RANGES_MAX).map(readRange);
  let best: ReportFormat = 'json';
  let bestWeight = 0;
  for (const [format, type, group] of types) {
    const weight = weightOf(ranges, [type, group, '*/*']);
    if (weight <= bestWeight) continue;
    best = format;
    bestWeight = weight;
  }
  return best;
}

interface Range {
  readonly type: string;
  readonly weight: number;
}

function readRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  return { type, weight: weight === undefined ? 1 : Number(weight) || 0 };
}

/** The most exact range that takes it decides. */
function weightOf(ranges: readonly Range[], names: readonly string[]): number {
  for (const name of names) {
    const range = ranges.find(({ type }) => type === name);
    if (range) return range.weight;
  }
  return 0;
}
