/** This file keeps rate limits in Redis, so that several gateways share them: one script for each call, by the clock of Redis. */
import { hash } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Clock } from '../foundation/clock.ts';
import type { MakeId } from '../foundation/ids.ts';
import { ADMIT_SCRIPT, LEAVE_SCRIPT, RENEW_SCRIPT } from './rates-script.ts';
import { MINUTE_MS, drainMs } from './rates-terms.ts';
import type { RateDenial, RateKind, RateScope, RateStanding } from './rates-terms.ts';
import type { SharedPlace, SharedRates } from './rates.ts';

/** An answer that takes longer is none, in ms. */
const COMMAND_TIMEOUT_MS = 50;
const CONNECT_TIMEOUT_MS = 1000;
/** Between two attempts to connect, in ms, at most. */
const RECONNECT_MS_MAX = 250;
const RECONNECT_STEP_MS = 25;
/** A place that is not renewed is free again after this long: its gateway has died, in ms. */
const PLACE_MS = 60_000;
const RENEW_MS = 20_000;
/** A limit of nothing: no bucket is as large as this, in ms. */
const NEVER_MS = 1e12;
const KEYS_PER_SCOPE = 3;
const NOTHING = { requests: 0, tokens: 0 };
/** Places renewed by one command. */
const RENEWED_AT_ONCE = 500;
const KINDS: readonly RateKind[] = ['requests', 'tokens', 'concurrent'];

export interface RedisRatesParts {
  /** `redis://` or `rediss://`. */
  readonly url: string;
  readonly clock: Pick<Clock, 'every'>;
  readonly makeId: MakeId;
}

/** Opens shared rate limits. Does not wait for Redis: until it is there, and whenever it is not, every call rejects within 50 ms. */
export function createRedisRates({ url, clock, makeId }: RedisRatesParts): SharedRates {
  const redis = new Redis(url, {
    enableOfflineQueue: false, maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false,
    commandTimeout: COMMAND_TIMEOUT_MS, connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempts) => Math.min(attempts * RECONNECT_STEP_MS, RECONNECT_MS_MAX),
  });
  // Every command that fails says so itself.
  redis.on('error', () => undefined);
  const gateway = makeId('node');
  let placesMade = 0;
  const open = new Map<string, readonly RateScope[]>();
  const stopRenewing = clock.every(RENEW_MS, () => { renew(redis, open); });

  const ask = (place: string, scopes: readonly RateScope[], tokens: number): Promise<unknown> =>
    run(redis, ADMIT_SCRIPT, {
      keys: keysOf(scopes),
      values: [MINUTE_MS, place, PLACE_MS, ...scopes.flatMap((scope) => costsOf(scope, place === '' ? NOTHING : { requests: 1, tokens }))],
    });

  return {
    async admit(scopes, tokens) {
      const place = `${gateway}:${(placesMade++).toString(36)}`;
      const answer = readAnswer(await ask(place, scopes, tokens), scopes);
      if ('waitMs' in answer) return answer;
      open.set(place, scopes);
      return { standings: answer.standings, leave: (tokensMore) => { leave(redis, { place, scopes, tokensMore }, open); } } satisfies SharedPlace;
    },
    async look(scopes) {
      const answer = readAnswer(await ask('', scopes, 0), scopes);
      return 'waitMs' in answer ? [] : answer.standings;
    },
    async close() {
      stopRenewing();
      redis.disconnect();
      await Promise.resolve();
    },
  };
}

interface ScriptInput {
  readonly keys: readonly string[];
  readonly values: readonly (string | number)[];
}

/** Runs a script that Redis may know already by its digest. */
async function run(redis: Redis, script: string, { keys, values }: ScriptInput): Promise<unknown> {
  try {
    return await redis.evalsha(hash('sha1', script), keys.length, ...keys, ...values);
  } catch (failure) {
    if (!(failure instanceof Error) || !failure.message.startsWith('NOSCRIPT')) throw failure;
    return redis.eval(script, keys.length, ...keys, ...values);
  }
}

interface Leaving {
  readonly place: string;
  readonly scopes: readonly RateScope[];
  readonly tokensMore: number;
}

function leave(redis: Redis, { place, scopes, tokensMore }: Leaving, open: Map<string, readonly RateScope[]>): void {
  open.delete(place);
  const more = scopes.map(({ limits }) => bounded(tokensMore * drainMs(limits.tokensPerMinute)));
  if (more.every((ms) => ms === 0) && scopes.every(({ limits }) => limits.concurrentRequests === null)) return;
  // What can't be told is lost: the place is free again when it is not renewed.
  run(redis, LEAVE_SCRIPT, { keys: keysOf(scopes), values: [place, ...more] }).catch(() => undefined);
}

function renew(redis: Redis, open: ReadonlyMap<string, readonly RateScope[]>): void {
  const places = [...open].flatMap(([place, scopes]) => scopes.filter(({ limits }) => limits.concurrentRequests !== null).map((scope) => ({ key: openKey(scope), place })));
  for (let start = 0; start < places.length; start += RENEWED_AT_ONCE) {
    const some = places.slice(start, start + RENEWED_AT_ONCE);
    run(redis, RENEW_SCRIPT, { keys: some.map(({ key }) => key), values: [PLACE_MS, ...some.map(({ place }) => place)] }).catch(() => undefined);
  }
}

/** Three for each scope: its requests, its tokens, its open calls. */
function keysOf(scopes: readonly RateScope[]): string[] {
  return scopes.flatMap((scope) => [`interline:rate:${scope.id}:requests`, `interline:rate:${scope.id}:tokens`, openKey(scope)]);
}

function openKey(scope: RateScope): string {
  return `interline:rate:${scope.id}:open`;
}

/** What a call adds to both buckets in ms, and how many may be open; -1 where there is no limit. */
function costsOf({ limits }: RateScope, { requests, tokens }: { requests: number; tokens: number }): number[] {
  const { requestsPerMinute, tokensPerMinute, concurrentRequests } = limits;
  return [costOf(requests, requestsPerMinute), costOf(tokens, tokensPerMinute), concurrentRequests ?? -1];
}

function costOf(units: number, perMinute: number | null): number {
  if (perMinute === null) return -1;
  return units === 0 ? 0 : bounded(units * drainMs(perMinute));
}

/** Lua reads no Infinity. */
function bounded(ms: number): number {
  return Math.min(Math.max(ms, -NEVER_MS), NEVER_MS);
}

function readAnswer(answer: unknown, scopes: readonly RateScope[]): RateDenial | { readonly standings: readonly RateStanding[] } {
  if (!Array.isArray(answer)) throw new Error('Redis gave no answer of the script');
  const parts: readonly unknown[] = answer;
  const [refused, ...rest] = parts;
  const scope = scopes[Number(refused)];
  if (scope) return { scope, kind: KINDS[Number(rest[0])] ?? 'requests', waitMs: rest[1] === 'never' ? Number.POSITIVE_INFINITY : Number(rest[1]) };
  return { standings: scopes.map((known, index) => standingOf(known, rest.slice(index * KEYS_PER_SCOPE))) };
}

function standingOf(scope: RateScope, [requests, tokens, open]: readonly unknown[]): RateStanding {
  return { scope, requestsAheadMs: Number(requests), tokensAheadMs: Number(tokens), open: Number(open) };
}
