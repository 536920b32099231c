/** This file tells callers of their rate limits as OpenAI does: headers of every reply, and refusals that say when to come back. */
import { Refusal } from '../foundation/errors.ts';
import { MINUTE_MS, drainMs } from './rates-terms.ts';
import type { RateDenial, RateStanding } from './rates-terms.ts';

const SECOND_MS = 1000;
const MS_PER_HOUR = 60 * MINUTE_MS;
/** What rounding may take from a whole number of requests. */
const ROUNDING = 1e-6;

/** One limit per minute, as its headers tell it. */
export interface RateReading {
  readonly limit: number;
  readonly remaining: number;
  /** Until all of it is there again, in ms. */
  readonly resetMs: number;
}

/** Gives the headers of a call: where both its key and its workspace are limited, those of the one with less left. */
export function rateHeaders(standings: readonly RateStanding[]): Readonly<Record<string, string>> {
  if (standings.length === 0) return NO_RATE_HEADERS;
  const [requests, tokens] = [tighter(standings, 'requests'), tighter(standings, 'tokens')];
  return { ...(requests ? requestHeaders(requests) : NO_RATE_HEADERS), ...(tokens ? tokenHeaders(tokens) : NO_RATE_HEADERS) };
}

// Names that are written out let V8 give all these objects one shape; names put together at run time cost twenty times as much.
function requestHeaders({ limit, remaining, resetMs }: RateReading): Readonly<Record<string, string>> {
  return { 'x-ratelimit-limit-requests': String(limit), 'x-ratelimit-remaining-requests': String(remaining), 'x-ratelimit-reset-requests': durationText(resetMs) };
}

function tokenHeaders({ limit, remaining, resetMs }: RateReading): Readonly<Record<string, string>> {
  return { 'x-ratelimit-limit-tokens': String(limit), 'x-ratelimit-remaining-tokens': String(remaining), 'x-ratelimit-reset-tokens': durationText(resetMs) };
}

/** Of a call without any limit: always the same object. */
export const NO_RATE_HEADERS: Readonly<Record<string, string>> = {};

/** Reads a limit per minute; null where there is none. */
export function readRate({ scope: { limits }, requestsAheadMs, tokensAheadMs }: RateStanding, kind: 'requests' | 'tokens'): RateReading | null {
  const limit = kind === 'requests' ? limits.requestsPerMinute : limits.tokensPerMinute;
  if (limit === null) return null;
  const aheadMs = kind === 'requests' ? requestsAheadMs : tokensAheadMs;
  return { limit, remaining: Math.max(0, Math.floor((MINUTE_MS - aheadMs) / drainMs(limit) + ROUNDING)), resetMs: aheadMs };
}

/** Makes the refusal of a call that came too fast. */
export function rateRefusal({ scope, kind, waitMs }: RateDenial, standings: readonly RateStanding[]): Refusal {
  const limit = limitText(kind, scope.limits);
  const isHopeless = !Number.isFinite(waitMs);
  const advice = isHopeless ? 'This call alone is larger than that; make its prompt shorter.' : 'Slow down, and try again as the header retry-after says.';
  return new Refusal(kind === 'concurrent' ? 'concurrency_limited' : 'rate_limited', {
    message: `This ${scope.kind} is limited to ${limit}. ${kind === 'concurrent' ? 'Wait until one of the open ones has ended.' : advice}`,
    headers: {
      ...rateHeaders(standings),
      ...(isHopeless ? { 'x-should-retry': 'false' } : { 'retry-after': String(Math.max(1, Math.ceil(waitMs / SECOND_MS))) }),
    },
    detail: `${kind} of ${scope.id}`,
  });
}

/** A duration as OpenAI writes it (Go's format), to the millisecond, rounded up: `0s`, `20ms`, `1.5s`, `6m0s`, `1h0m0s`. */
export function durationText(ms: number): string {
  const whole = Math.ceil(ms);
  if (whole < SECOND_MS) return whole <= 0 ? '0s' : `${whole}ms`;
  const seconds = `${whole % MINUTE_MS / SECOND_MS}s`;
  if (whole < MINUTE_MS) return seconds;
  const minutes = `${Math.floor(whole % MS_PER_HOUR / MINUTE_MS)}m${seconds}`;
  return whole < MS_PER_HOUR ? minutes : `${Math.floor(whole / MS_PER_HOUR)}h${minutes}`;
}

function tighter(standings: readonly RateStanding[], kind: 'requests' | 'tokens'): RateReading | null {
  let tightest: RateReading | null = null;
  for (const standing of standings) {
    const reading = readRate(standing, kind);
    if (reading && (!tightest || reading.remaining < tightest.remaining)) tightest = reading;
  }
  return tightest;
}

function limitText(kind: RateDenial['kind'], { requestsPerMinute, tokensPerMinute, concurrentRequests }: RateDenial['scope']['limits']): string {
  switch (kind) {
    case 'requests': return `${requestsPerMinute ?? 0} requests a minute`;
    case 'tokens': return `${tokensPerMinute ?? 0} tokens a minute`;
    case 'concurrent': return `${concurrentRequests ?? 0} requests at once`;
    default: return kind satisfies never;
  }
}
