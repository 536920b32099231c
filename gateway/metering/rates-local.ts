/** This file limits rates within this process: two timestamps and a count for each key or workspace that has limits. */
import { MINUTE_MS, drainMs } from './rates-terms.ts';
import type { RateDenial, RateScope, RateStanding } from './rates-terms.ts';

/** What rounding may make of a full minute, in ms. */
const ROUNDING_MS = 1e-3;

/** What is kept of one key or workspace. Times are monotonic ms at which its bucket is empty. */
interface State {
  requestsEmptyAt: number;
  tokensEmptyAt: number;
  open: number;
}

/** A call's place among the others of one scope, with where it stood when it was taken. */
export interface LocalPlace extends RateStanding {
  readonly state: State;
  /** The part of the limits it was taken out of. */
  readonly share: number;
}

/** What a call takes, out of which part of the limits. */
interface Taking {
  readonly tokens: number;
  readonly share: number;
  readonly nowMs: number;
}

export interface LocalRates {
  /** Takes a place in every scope, or in none. `share` is the part of the limits that is this process's own. */
  admit(scopes: readonly RateScope[], tokens: number, share: number): RateDenial | readonly LocalPlace[];
  /** Takes a place that was granted elsewhere, however full it is here: then it is full, and no fuller. */
  note(scopes: readonly RateScope[], tokens: number, share: number): readonly LocalPlace[];
  /** Ends a call: `tokensMore` is what it used beyond what it was admitted with; negative gives back. */
  leave(places: readonly LocalPlace[], tokensMore: number): void;
  look(scope: RateScope): RateStanding;
}

/** Makes the limiter. Keeps the states of about `statesMax` keys and workspaces, the least recently used leave first, but never one with open calls. */
export function createLocalRates({ monotonic, statesMax }: { monotonic: () => number; statesMax: number }): LocalRates {
  const states = createStates(statesMax);

  const takeAll = (scopes: readonly RateScope[], taking: Taking): LocalPlace[] => scopes.map((scope) => take({ scope, state: states.of(scope.id) }, taking));

  return {
    admit(scopes, tokens, share) {
      const taking = { tokens, share, nowMs: monotonic() };
      for (const scope of scopes) {
        const denial = check({ scope, state: states.of(scope.id) }, taking);
        if (denial) return denial;
      }
      return takeAll(scopes, taking);
    },
    note(scopes, tokens, share) {
      const nowMs = monotonic();
      const places = takeAll(scopes, { tokens, share, nowMs });
      for (const { state } of places) {
        state.requestsEmptyAt = Math.min(state.requestsEmptyAt, nowMs + MINUTE_MS);
        state.tokensEmptyAt = Math.min(state.tokensEmptyAt, nowMs + MINUTE_MS);
      }
      return places;
    },
    leave(places, tokensMore) {
      const nowMs = monotonic();
      for (const { scope: { limits }, state, share } of places) {
        state.open--;
        if (limits.tokensPerMinute === null || tokensMore === 0) continue;
        const moreMs = tokensMore * drainMs(limits.tokensPerMinute) / share;
        state.tokensEmptyAt = moreMs > 0 ? fill(state.tokensEmptyAt, nowMs, moreMs) : state.tokensEmptyAt + moreMs;
      }
    },
    look(scope) {
      const nowMs = monotonic();
      const state = states.of(scope.id);
      return {
        scope, open: state.open,
        requestsAheadMs: Math.max(0, state.requestsEmptyAt - nowMs), tokensAheadMs: Math.max(0, state.tokensEmptyAt - nowMs),
      };
    },
  };
}

interface Seat {
  readonly scope: RateScope;
  readonly state: State;
}

function take({ scope, state }: Seat, { tokens, share, nowMs }: Taking): LocalPlace {
  const { requestsPerMinute, tokensPerMinute } = scope.limits;
  if (requestsPerMinute !== null) state.requestsEmptyAt = fill(state.requestsEmptyAt, nowMs, drainMs(requestsPerMinute) / share);
  if (tokensPerMinute !== null) state.tokensEmptyAt = fill(state.tokensEmptyAt, nowMs, tokens * drainMs(tokensPerMinute) / share);
  state.open++;
  return { scope, state, share, open: state.open, requestsAheadMs: Math.max(0, state.requestsEmptyAt - nowMs), tokensAheadMs: Math.max(0, state.tokensEmptyAt - nowMs) };
}

function check({ scope, state }: Seat, { tokens, share, nowMs }: Taking): RateDenial | null {
  const { requestsPerMinute, tokensPerMinute, concurrentRequests } = scope.limits;
  if (concurrentRequests !== null && state.open >= Math.ceil(concurrentRequests * share)) return { scope, kind: 'concurrent', waitMs: 0 };
  const requestsWait = requestsPerMinute === null ? 0 : waitFor(state.requestsEmptyAt - nowMs, drainMs(requestsPerMinute) / share);
  if (requestsWait > 0) return { scope, kind: 'requests', waitMs: requestsWait };
  const tokensWait = tokensPerMinute === null ? 0 : waitFor(state.tokensEmptyAt - nowMs, tokens * drainMs(tokensPerMinute) / share);
  return tokensWait > 0 ? { scope, kind: 'tokens', waitMs: tokensWait } : null;
}

/** How long until a bucket has room for what drains in `costMs`; Infinity when it is larger than the bucket. */
function waitFor(aheadMs: number, costMs: number): number {
  if (costMs > MINUTE_MS + ROUNDING_MS) return Number.POSITIVE_INFINITY;
  return Math.max(0, Math.max(0, aheadMs) + costMs - MINUTE_MS - ROUNDING_MS);
}

function fill(emptyAt: number, nowMs: number, costMs: number): number {
  return Math.max(emptyAt, nowMs) + costMs;
}

/** Two generations of states: those used since the last turn, and those used in the one before. */
function createStates(statesMax: number): { of(id: string): State } {
  let young = new Map<string, State>();
  let old = new Map<string, State>();

  const turn = (): void => {
    const kept = [...old].filter(([id, state]) => state.open > 0 && !young.has(id));
    old = young;
    young = new Map(kept);
  };

  return {
    of(id) {
      const known = young.get(id);
      if (known) return known;
      const state = old.get(id) ?? { requestsEmptyAt: Number.NEGATIVE_INFINITY, tokensEmptyAt: Number.NEGATIVE_INFINITY, open: 0 };
      if (young.size >= statesMax / 2) turn();
      young.set(id, state);
      return state;
    },
  };
}
