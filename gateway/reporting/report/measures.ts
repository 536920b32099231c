/** This file reckons with what was counted: sums, shares, and whether a difference is one. Money and shares are whole numbers until they are written. */
import { wilson } from '../interval.ts';
import type { UsageGroup } from '../../store/report-row.ts';

/** What is added up of requests. */
export type Sums = Pick<
  UsageGroup,
  'requests' | 'errors' | 'attempts' | 'messages' | 'promptTokens' | 'cachedTokens' | 'completionTokens' | 'reasoningTokens' | 'unpricedRequests' | 'latencyUs' | 'nanoUsd'
>;

export const NO_SUMS: Sums = {
  requests: 0, errors: 0, attempts: 0, messages: 0, promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0, unpricedRequests: 0, latencyUs: 0, nanoUsd: 0n,
};

/** All of them together. */
export function addAll(groups: readonly Sums[]): Sums {
  return groups.reduce((sum, group) => ({
    requests: sum.requests + group.requests, errors: sum.errors + group.errors, attempts: sum.attempts + group.attempts, messages: sum.messages + group.messages,
    promptTokens: sum.promptTokens + group.promptTokens, cachedTokens: sum.cachedTokens + group.cachedTokens, completionTokens: sum.completionTokens + group.completionTokens,
    reasoningTokens: sum.reasoningTokens + group.reasoningTokens, unpricedRequests: sum.unpricedRequests + group.unpricedRequests, latencyUs: sum.latencyUs + group.latencyUs,
    nanoUsd: sum.nanoUsd + group.nanoUsd,
  }), NO_SUMS);
}

/** Requests that ended without an error. */
export function answered({ requests, errors }: Pick<Sums, 'requests' | 'errors'>): number {
  return requests - errors;
}

/** What one useful answer cost: everything, failures and repeated attempts too, by the answers; whole nano-USD, null without an answer. */
export function costPerAnswer(sums: Sums): bigint | null {
  const answers = answered(sums);
  return answers > 0 ? divide(sums.nanoUsd, BigInt(answers)) : null;
}

/** To the nearest whole number, halves away from zero. `by` is positive. */
export function divide(amount: bigint, by: bigint): bigint {
  const half = amount < 0n ? -by : by;
  return (amount * 2n + half) / (by * 2n);
}

/** A quotient in decimal digits, to so many places. `by` is positive. */
export function atPlaces(amount: bigint, by: bigint, places: number): string {
  const scaled = divide(amount * 10n ** BigInt(places), by);
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(places + 1, '0');
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** Groups by a name, each added up, in the order of their cost and then of their requests. */
export function sumBy<Group extends Sums>(groups: readonly Group[], nameOf: (group: Group) => string): { readonly name: string; readonly sums: Sums }[] {
  const byName = new Map<string, Group[]>();
  for (const group of groups) {
    const name = nameOf(group);
    const others = byName.get(name);
    if (others) others.push(group);
    else byName.set(name, [group]);
  }
  return [...byName].map(([name, some]) => ({ name, sums: addAll(some) })).sort((a, b) => byCost(a.sums, b.sums));
}

function byCost(a: Sums, b: Sums): number {
  if (a.nanoUsd !== b.nanoUsd) return a.nanoUsd < b.nanoUsd ? 1 : -1;
  return b.requests - a.requests;
}

/** What is left of a whole without a part of it. */
export function without(whole: Sums, part: Sums): Sums {
  return addAll([whole, {
    requests: -part.requests, errors: -part.errors, attempts: -part.attempts, messages: -part.messages, promptTokens: -part.promptTokens, cachedTokens: -part.cachedTokens,
    completionTokens: -part.completionTokens, reasoningTokens: -part.reasoningTokens, unpricedRequests: -part.unpricedRequests, latencyUs: -part.latencyUs, nanoUsd: -part.nanoUsd,
  }]);
}

/** Some of so many. */
export interface Share {
  readonly part: number;
  readonly whole: number;
}

/** Of a normal distribution, 95 % lie within so many standard deviations. */
const DEVIATIONS = 1.96;

/** True where a share is clearly above another: their intervals (Wilson's, 95 %) do not even touch. */
export function isAbove(one: Share, other: Share): boolean {
  return wilson(one.part, one.whole).low > wilson(other.part, other.whole).high;
}

/** The middle of some values, and within what the middle of all such values lies with a confidence of 95 % (by the ranks of the binomial distribution). */
export interface Median {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

/** Null of nothing. */
export function median(values: readonly number[]): Median | null {
  const sorted = [...values].sort((a, b) => a - b);
  const { length } = sorted;
  const at = (rank: number): number => sorted[Math.max(0, Math.min(length - 1, rank))] ?? 0;
  if (length === 0) return null;
  const reach = DEVIATIONS * Math.sqrt(length) / 2;
  return { low: at(Math.floor(length / 2 - reach)), middle: (at(Math.floor((length - 1) / 2)) + at(Math.floor(length / 2))) / 2, high: at(Math.ceil(length / 2 + reach)) };
}
