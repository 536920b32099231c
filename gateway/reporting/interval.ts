/** This file says between which shares the truth lies when so many of so many were counted. */

/** Of the normal distribution: 95 of 100 lie within so many standard deviations. */
const Z = 1.959963984540054;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * The 95 % interval of a share, `count` of `total`, by Wilson's score method, which holds for few and for extreme counts as well
 * (E. B. Wilson, 1927; https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval, read 2026-11). Of nothing it is everything.
 */
export function wilson(count: number, total: number): Interval {
  if (total === 0) return { low: 0, high: 1 };
  const share = count / total;
  const z2 = Z * Z;
  const middle = share + z2 / (2 * total);
  const reach = Z * Math.sqrt(share * (1 - share) / total + z2 / (4 * total * total));
  const scale = 1 + z2 / total;
  return { low: count === 0 ? 0 : (middle - reach) / scale, high: count === total ? 1 : (middle + reach) / scale };
}

/** The smallest of the values that so many of 100 do not exceed; null of none. `sorted` ascends. */
export function percentile(sorted: readonly number[], percent: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * percent / 100) - 1)] ?? null;
}
