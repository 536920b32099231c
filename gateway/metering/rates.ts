/** This file limits how fast calls may come: requests and tokens a minute, and calls at once, of a key and of its workspace. */
import type { Clock } from '../foundation/clock.ts';
import type { Refusal } from '../foundation/errors.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import type { Caller } from '../foundation/terms.ts';
import { createLocalRates } from './rates-local.ts';
import type { LocalPlace, LocalRates } from './rates-local.ts';
import { NO_RATE_HEADERS, rateHeaders, rateRefusal } from './rates-reply.ts';
import { scopesOf } from './rates-terms.ts';
import type { RateDenial, RateScope, RateStanding } from './rates-terms.ts';

/** After shared limits have not answered, the local ones stand in for this long before one call tries them again, in ms. */
const AWAY_MS = 500;

/** The part of a caller that rate limits look at. */
export type RatedCaller = Pick<Caller, 'keyId' | 'workspaceId' | 'limits' | 'account'>;

/** A call's place in the rate limits. */
export interface Ticket {
  /** Says how many tokens the call has used; until then it counts with what it was admitted with. */
  settle(actualTokens: number): void;
  /** Ends the call: it is no longer one of those at once. Tokens that were not settled are given back. Again is harmless. */
  release(): void;
  /** OpenAI's `x-ratelimit-*` headers as of its admission; empty where there are no limits. */
  headers(): Readonly<Record<string, string>>;
}

export interface Rates {
  /**
   * Takes a place, or refuses with rate_limited or concurrency_limited: thrown at once, or rejected where limits are shared.
   * `tokens` is what the call is expected to use. What is refused counts for nothing.
   */
  admit(call: { readonly caller: RatedCaller; readonly tokens: number }): Ticket | Promise<Ticket>;
  /** How far a caller is ahead of its limits; the key's first. */
  look(caller: RatedCaller): Promise<readonly RateStanding[]>;
  close(): Promise<void>;
}

/** Limits that several gateways share. Every call of it rejects, within a bounded time, when they can't be reached. */
export interface SharedRates {
  admit(scopes: readonly RateScope[], tokens: number): Promise<RateDenial | SharedPlace>;
  look(scopes: readonly RateScope[]): Promise<readonly RateStanding[]>;
  close(): Promise<void>;
}

export interface SharedPlace {
  readonly standings: readonly RateStanding[];
  /** `tokensMore` is what it used beyond what it was admitted with. Never throws; what can't be told is lost. */
  leave(tokensMore: number): void;
}

export interface RatesParts {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly limits: Pick<Limits, 'keyCacheMax'>;
  readonly log: Pick<Log, 'warn' | 'info'>;
  /** Null: this gateway limits alone. */
  readonly shared: SharedRates | null;
  /** How many gateways share the limits: while they can't be reached, each keeps to its part. Absent: 1. */
  readonly nodes?: () => number;
}

/** Makes the rate limits of a gateway: its own, or shared ones with its own as their stand-in. */
export function createRates({ clock, limits, log, shared, nodes = () => 1 }: RatesParts): Rates {
  const local = createLocalRates({ monotonic: () => clock.monotonic(), statesMax: limits.keyCacheMax });
  if (shared === null) return createOwnRates(local);
  let triedAt = Number.NEGATIVE_INFINITY;
  let isAway = false;

  /** Whether shared limits are to be asked: while they are away, by one call every so often. */
  const asksShared = (): boolean => {
    if (!isAway) return true;
    const nowMs = clock.monotonic();
    if (nowMs - triedAt < AWAY_MS) return false;
    triedAt = nowMs;
    return true;
  };
  const noteAway = (failure: unknown): void => {
    triedAt = clock.monotonic();
    if (!isAway) log.warn({ error: failure }, 'shared rate limits are away: each gateway keeps to its part of them');
    isAway = true;
  };
  const noteBack = (): void => {
    if (isAway) log.info('shared rate limits are back');
    isAway = false;
  };
  const share = (): number => 1 / Math.max(1, nodes());
  const admitAlone = (scopes: readonly RateScope[], tokens: number): Ticket => admitLocally(local, { scopes, tokens, share: share() });

  const admitShared = async (scopes: readonly RateScope[], tokens: number): Promise<Ticket> => {
    let answer: RateDenial | SharedPlace;
    try {
      answer = await shared.admit(scopes, tokens);
    } catch (failure) {
      noteAway(failure);
      return admitAlone(scopes, tokens);
    }
    noteBack();
    if ('waitMs' in answer) throw await refuse(answer, scopes, shared);
    return new OpenTicket({ local, places: local.note(scopes, tokens, share()), tokens, shared: answer, standings: answer.standings });
  };

  return {
    admit({ caller, tokens }) {
      const scopes = scopesOf(caller);
      if (scopes.length === 0) return FREE;
      return asksShared() ? admitShared(scopes, tokens) : admitAlone(scopes, tokens);
    },
    async look(caller) {
      const scopes = scopesOf(caller);
      if (scopes.length > 0 && asksShared()) {
        try {
          const standings = await shared.look(scopes);
          noteBack();
          return standings;
        } catch (failure) {
          noteAway(failure);
        }
      }
      return scopes.map((scope) => local.look(scope));
    },
    close: () => shared.close(),
  };
}

function createOwnRates(local: LocalRates): Rates {
  return {
    admit({ caller, tokens }) {
      const scopes = scopesOf(caller);
      return scopes.length === 0 ? FREE : admitLocally(local, { scopes, tokens, share: 1 });
    },
    look: (caller) => Promise.resolve(scopesOf(caller).map((scope) => local.look(scope))),
    close: () => Promise.resolve(),
  };
}

function admitLocally(local: LocalRates, { scopes, tokens, share }: { scopes: readonly RateScope[]; tokens: number; share: number }): Ticket {
  const answer = local.admit(scopes, tokens, share);
  if ('waitMs' in answer) throw rateRefusal(answer, scopes.map((scope) => local.look(scope)));
  return new OpenTicket({ local, places: answer, tokens, shared: null, standings: answer });
}

/** The refusal tells where the caller stands; when that can't be learned, it does without. */
async function refuse(denial: RateDenial, scopes: readonly RateScope[], shared: SharedRates): Promise<Refusal> {
  return rateRefusal(denial, await shared.look(scopes).catch(() => []));
}

/** The place of a caller without limits. */
const FREE: Ticket = { settle: () => undefined, release: () => undefined, headers: () => NO_RATE_HEADERS };

interface TicketParts {
  readonly local: LocalRates;
  readonly places: readonly LocalPlace[];
  readonly tokens: number;
  readonly shared: SharedPlace | null;
  readonly standings: readonly RateStanding[];
}

class OpenTicket implements Ticket {
  readonly #parts: TicketParts;
  #tokensUsed = 0;
  #isReleased = false;

  constructor(parts: TicketParts) {
    this.#parts = parts;
  }

  settle(actualTokens: number): void {
    this.#tokensUsed = actualTokens;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    const { local, places, tokens, shared } = this.#parts;
    const tokensMore = this.#tokensUsed - tokens;
    local.leave(places, tokensMore);
    shared?.leave(tokensMore);
  }

  headers(): Readonly<Record<string, string>> {
    return rateHeaders(this.#parts.standings);
  }
}
