/** This file holds the words of rate limits: whose they are, how far a caller is ahead of them, and which one refused. */
import type { Caller, RateLimits } from '../foundation/terms.ts';

/** Limits are per minute. */
export const MINUTE_MS = 60_000;

/** What a limit counts. */
export type RateKind = 'requests' | 'tokens' | 'concurrent';

/** Whose limits they are: those of a key, and those of its workspace, hold side by side. */
export interface RateScope {
  readonly kind: 'key' | 'workspace';
  readonly id: string;
  readonly limits: RateLimits;
}

/**
 * standing: how far a scope is ahead of its limits. A limit per minute is a bucket that drains evenly (GCRA): `aheadMs` is the time
 * until it is empty; full at 60,000.
 */
export interface RateStanding {
  readonly scope: RateScope;
  readonly requestsAheadMs: number;
  readonly tokensAheadMs: number;
  readonly open: number;
}

/** Which limit refused, and how long until it would not. */
export interface RateDenial {
  readonly scope: RateScope;
  readonly kind: RateKind;
  /** Infinity when it never would: the call is larger than the limit. */
  readonly waitMs: number;
}

/** The scopes of a caller that have any limit: the key's first. */
export function scopesOf(caller: Pick<Caller, 'keyId' | 'workspaceId' | 'limits' | 'account'>): readonly RateScope[] {
  const { limits, account } = caller;
  if (hasLimit(limits)) {
    const key: RateScope = { kind: 'key', id: caller.keyId, limits };
    return hasLimit(account.limits) ? [key, { kind: 'workspace', id: caller.workspaceId, limits: account.limits }] : [key];
  }
  return hasLimit(account.limits) ? [{ kind: 'workspace', id: caller.workspaceId, limits: account.limits }] : NO_SCOPES;
}

/** How long one unit of a limit per minute takes to drain, in ms; 0 without a limit, Infinity for a limit of nothing. */
export function drainMs(perMinute: number | null): number {
  if (perMinute === null) return 0;
  return perMinute > 0 ? MINUTE_MS / perMinute : Number.POSITIVE_INFINITY;
}

const NO_SCOPES: readonly RateScope[] = [];

function hasLimit({ requestsPerMinute, tokensPerMinute, concurrentRequests }: RateLimits): boolean {
  return requestsPerMinute !== null || tokensPerMinute !== null || concurrentRequests !== null;
}
