/** This file shows, with a real Redis, that gateways share their rate limits, and limit alone within 50 ms while it is away. */
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createIds } from '../foundation/ids.ts';
import { createManualClock, systemClock } from '../foundation/clock.ts';
import { Refusal } from '../foundation/errors.ts';
import type { RateLimits } from '../foundation/terms.ts';
import { createRedisRates } from './rates-redis.ts';
import { createRates } from './rates.ts';
import type { RatedCaller, Rates, SharedRates } from './rates.ts';
import { hasRedis, startRedis } from '../store/redis-under-test.ts';
import type { RedisUnderTest } from '../store/redis-under-test.ts';
import { NO_LIMITS, sampleAccount } from './sample-limits.ts';

const makeId = createIds(systemClock);
const describeWithRedis = hasRedis ? describe : describe.skip;
/** Beyond the 50 ms of a command: what the event loop of a busy machine may add. */
const SLACK_MS = 100;
const GIVE_UP_MS = 4_000;

describeWithRedis('rate limits in Redis', () => {
  let redis: RedisUnderTest;
  const open: Rates[] = [];
  let callers = 0;

  beforeAll(async () => { redis = await startRedis(); });
  afterEach(async () => {
    redis.resume();
    await Promise.all(open.splice(0).map((rates) => rates.close()));
  });
  afterAll(async () => { await redis.kill(); });

  const callerWith = (limits: Partial<RateLimits>, workspace: Partial<RateLimits> = {}): RatedCaller => {
    const number = callers++;
    return { keyId: `key_${number}`, workspaceId: `ws_${number}`, limits: { ...NO_LIMITS, ...limits }, account: sampleAccount({ limits: { ...NO_LIMITS, ...workspace } }) };
  };
  const startGateway = async (nodes = 2): Promise<{ rates: Rates; log: { warn: jest.Mock; info: jest.Mock } }> => {
    const log = { warn: jest.fn(), info: jest.fn() };
    const shared = createRedisRates({ url: redis.url, clock: systemClock, makeId });
    const rates = createRates({ clock: systemClock, limits: { keyCacheMax: 1_000 }, log, shared, nodes: () => nodes });
    open.push(rates);
    await untilShared(shared);
    return { rates, log };
  };
  /** Asks until Redis answers: opening it does not wait for it. */
  const untilShared = async (shared: SharedRates): Promise<void> => {
    const startedAt = systemClock.monotonic();
    while (systemClock.monotonic() - startedAt < GIVE_UP_MS) {
      try {
        await shared.look([]);
        return;
      } catch {
        await new Promise((resolve) => { setImmediate(resolve); });
      }
    }
    throw new Error('Redis did not answer');
  };
  const outcomeOf = async (rates: Rates, caller: RatedCaller, tokens = 0): Promise<string> => {
    try {
      (await rates.admit({ caller, tokens })).release();
      return 'admitted';
    } catch (thrown) {
      return thrown instanceof Refusal ? thrown.code : String(thrown);
    }
  };

  test('two gateways together admit as many requests as the limit, and not one more', async () => {
    const gateways = [await startGateway(), await startGateway()];
    const caller = callerWith({ requestsPerMinute: 50 }, { requestsPerMinute: 40 });
    const outcomes = await Promise.all(Array.from({ length: 200 }, (_, index) => outcomeOf((gateways[index % 2] ?? gateways[0])?.rates as Rates, caller)));
    expect(outcomes.filter((outcome) => outcome === 'admitted')).toHaveLength(40);
    expect(outcomes.filter((outcome) => outcome === 'rate_limited')).toHaveLength(160);
  });

  test('what is refused counts for nothing in the limit that had room', async () => {
    const { rates } = await startGateway();
    const caller = callerWith({ tokensPerMinute: 10 }, { requestsPerMinute: 5 });
    for (let call = 0; call < 20; call++) expect(await outcomeOf(rates, caller, 11)).toBe('rate_limited');
    expect((await rates.look(caller))[1]?.requestsAheadMs).toBe(0);
  });

  test('refusals say how long to wait, and headers tell what all gateways have left', async () => {
    const [one, other] = [await startGateway(), await startGateway()];
    const caller = callerWith({ requestsPerMinute: 2, tokensPerMinute: 600 });
    await one.rates.admit({ caller, tokens: 60 });
    const ticket = await other.rates.admit({ caller, tokens: 60 });
    expect(ticket.headers()).toMatchObject({ 'x-ratelimit-limit-requests': '2', 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-limit-tokens': '600', 'x-ratelimit-remaining-tokens': expect.stringMatching(/^48\d$/) });
    const refusal: unknown = await Promise.resolve(one.rates.admit({ caller, tokens: 0 })).catch((thrown: unknown) => thrown);
    if (!(refusal instanceof Refusal)) throw new Error('it was admitted');
    expect(refusal.options.headers).toMatchObject({ 'x-ratelimit-remaining-requests': '0' });
    expect(Number(refusal.options.headers?.['retry-after'])).toBeGreaterThan(25);
    expect(Number(refusal.options.headers?.['retry-after'])).toBeLessThanOrEqual(30);
  });

  test('tokens are corrected for every gateway, down and up', async () => {
    const [one, other] = [await startGateway(), await startGateway()];
    const caller = callerWith({ tokensPerMinute: 1_000 });
    const ticket = await one.rates.admit({ caller, tokens: 900 });
    expect(await outcomeOf(other.rates, caller, 500)).toBe('rate_limited');
    ticket.settle(100);
    ticket.release();
    await one.rates.look(caller);
    const second = await other.rates.admit({ caller, tokens: 500 });
    second.settle(3_000);
    second.release();
    await other.rates.look(caller);
    expect(await outcomeOf(one.rates, caller, 1)).toBe('rate_limited');
    expect((await one.rates.look(caller))[0]?.tokensAheadMs).toBeGreaterThan(150_000);
  });

  test('calls at once are counted over all gateways, and freed by whoever ends them', async () => {
    const [one, other] = [await startGateway(), await startGateway()];
    const caller = callerWith({ concurrentRequests: 2 });
    const ticket = await one.rates.admit({ caller, tokens: 0 });
    await other.rates.admit({ caller, tokens: 0 });
    expect(await outcomeOf(other.rates, caller)).toBe('concurrency_limited');
    expect(await one.rates.look(caller)).toMatchObject([{ open: 2 }]);
    ticket.release();
    ticket.release();
    await one.rates.look(caller);
    expect(await outcomeOf(other.rates, caller)).toBe('admitted');
  });

  test('open calls keep their places as long as their gateway lives', async () => {
    const clock = createManualClock();
    const shared = createRedisRates({ url: redis.url, clock, makeId });
    await untilShared(shared);
    const scope = { kind: 'key' as const, id: 'key_renewed', limits: { ...NO_LIMITS, concurrentRequests: 1 } };
    const answer = await shared.admit([scope], 0);
    expect(answer).toMatchObject({ standings: [{ open: 1 }] });
    // As if it had been forgotten: the next renewal puts it back.
    const { Redis } = await import('ioredis');
    const direct = new Redis(redis.url);
    await direct.del('interline:rate:key_renewed:open');
    clock.advance(20_000);
    // A script Redis does not know yet is sent again; what is asked after the answer to another question is asked later.
    await shared.look([scope]);
    expect(await shared.look([scope])).toMatchObject([{ open: 1 }]);
    expect(await direct.pttl('interline:rate:key_renewed:open')).toBeGreaterThan(55_000);
    if ('leave' in answer) answer.leave(0);
    await shared.look([scope]);
    expect(await shared.look([scope])).toMatchObject([{ open: 0 }]);
    direct.disconnect();
    await shared.close();
  });

  test('a Redis that hangs is given up within one command, then each gateway keeps to its part; it is used again by itself', async () => {
    const { rates, log } = await startGateway(2);
    const caller = callerWith({ requestsPerMinute: 8 });
    redis.pause();
    const startedAt = systemClock.monotonic();
    expect(await outcomeOf(rates, caller)).toBe('admitted');
    const tookMs = systemClock.monotonic() - startedAt;
    expect(tookMs).toBeGreaterThan(40);
    expect(tookMs).toBeLessThan(50 + SLACK_MS);
    const outcomes: string[] = [];
    for (let call = 0; call < 7; call++) outcomes.push(await outcomeOf(rates, caller));
    // Half of 8 is this gateway's, one of which is taken.
    expect(outcomes.filter((outcome) => outcome === 'admitted')).toHaveLength(3);
    expect(systemClock.monotonic() - startedAt).toBeLessThan(50 + SLACK_MS);
    expect(log.warn).toHaveBeenCalledTimes(1);
    redis.resume();
    await untilBack(rates, log);
  });

  test('a Redis that is gone fails no call, and is used again by itself within a second of its return', async () => {
    const { rates, log } = await startGateway(1);
    const caller = callerWith({ requestsPerMinute: 100_000 });
    await redis.kill();
    for (let call = 0; call < 200; call++) expect(await outcomeOf(rates, caller)).toBe('admitted');
    await redis.start();
    const startedAt = systemClock.monotonic();
    await untilBack(rates, log);
    expect(systemClock.monotonic() - startedAt).toBeLessThan(1_000 + SLACK_MS);
  });

  test('a gateway that starts without Redis limits alone', async () => {
    const rates = createRates({
      clock: systemClock, limits: { keyCacheMax: 10 }, log: { warn: jest.fn(), info: jest.fn() }, shared: createRedisRates({ url: 'redis://127.0.0.1:1', clock: systemClock, makeId }),
    });
    open.push(rates);
    const caller = callerWith({ requestsPerMinute: 1 });
    expect([await outcomeOf(rates, caller), await outcomeOf(rates, caller)]).toEqual(['admitted', 'rate_limited']);
    expect(await rates.look(caller)).toHaveLength(1);
  });

  const untilBack = async (rates: Rates, log: { info: jest.Mock }): Promise<void> => {
    const caller = callerWith({ requestsPerMinute: 1_000_000 });
    const startedAt = systemClock.monotonic();
    while (log.info.mock.calls.length === 0 && systemClock.monotonic() - startedAt < GIVE_UP_MS) {
      await outcomeOf(rates, caller);
      await new Promise((resolve) => { setImmediate(resolve); });
    }
    expect(log.info).toHaveBeenCalledTimes(1);
  };
});
