/** This file shows how fast calls may come within one gateway: exactly as often as their limits say, and refused ones count for nothing. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createManualClock } from '../foundation/clock.ts';
import type { ManualClock } from '../foundation/clock.ts';
import { Refusal } from '../foundation/errors.ts';
import type { RateLimits } from '../foundation/terms.ts';
import { durationText } from './rates-reply.ts';
import { createRates } from './rates.ts';
import type { RatedCaller, Rates, Ticket } from './rates.ts';
import { NO_LIMITS, sampleAccount } from './sample-limits.ts';

const silent = { warn: () => undefined, info: () => undefined };

function start(statesMax = 1_000): { rates: Rates; clock: ManualClock } {
  const clock = createManualClock();
  return { clock, rates: createRates({ clock, limits: { keyCacheMax: statesMax }, log: silent, shared: null }) };
}

function callerWith(key: Partial<RateLimits>, workspace: Partial<RateLimits> = {}, keyId = 'key_1'): RatedCaller {
  return { keyId, workspaceId: 'ws_1', limits: { ...NO_LIMITS, ...key }, account: sampleAccount({ limits: { ...NO_LIMITS, ...workspace } }) };
}

/** Admission alone in its gateway is never waited for. */
function admit(rates: Rates, caller: RatedCaller, tokens = 0): Ticket {
  const ticket = rates.admit({ caller, tokens });
  if (ticket instanceof Promise) throw new Error('this gateway limits alone');
  return ticket;
}

function refusalOf(action: () => unknown): Refusal {
  try {
    action();
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown;
  }
  throw new Error('nothing was refused');
}

function isAdmitted(rates: Rates, caller: RatedCaller, tokens = 0): boolean {
  try {
    admit(rates, caller, tokens).release();
    return true;
  } catch {
    return false;
  }
}

describe('requests a minute', () => {
  test('as many as the limit come at once, then one as each becomes free', () => {
    const { rates, clock } = start();
    const caller = callerWith({ requestsPerMinute: 60 });
    for (let request = 0; request < 60; request++) admit(rates, caller);
    const refusal = refusalOf(() => admit(rates, caller));
    expect(refusal.code).toBe('rate_limited');
    expect(refusal.message).toBe('This key is limited to 60 requests a minute. Slow down, and try again as the header retry-after says.');
    expect(refusal.options.headers).toEqual({
      'retry-after': '1', 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1m0s',
    });
    clock.advance(999);
    expect(isAdmitted(rates, caller)).toBe(false);
    clock.advance(1);
    expect([isAdmitted(rates, caller), isAdmitted(rates, caller)]).toEqual([true, false]);
  });

  test('in any minute at most twice the limit, and over an hour the limit a minute', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), fc.array(fc.integer({ min: 0, max: 9_000 }), { minLength: 20, maxLength: 300 }), (limit, gaps) => {
      const { rates, clock } = start();
      const caller = callerWith({ requestsPerMinute: limit });
      const admitted: number[] = [];
      for (const gap of gaps) {
        clock.advance(gap);
        if (isAdmitted(rates, caller)) admitted.push(clock.monotonic());
      }
      for (const at of admitted) {
        const during = (ms: number): number => admitted.filter((other) => other >= at && other < at + ms).length;
        expect(during(60_000) <= 2 * limit).toBe(true);
        expect(during(600_000) <= 11 * limit).toBe(true);
      }
    }), { numRuns: 100 });
  });

  test('whoever waits as long as retry-after says is admitted', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 500 }), fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 50 }), (limit, gaps) => {
      const { rates, clock } = start();
      const caller = callerWith({ requestsPerMinute: limit });
      for (const gap of gaps) {
        clock.advance(gap);
        isAdmitted(rates, caller);
      }
      while (isAdmitted(rates, caller));
      clock.advance(Number(refusalOf(() => admit(rates, caller)).options.headers?.['retry-after']) * 1_000);
      expect(isAdmitted(rates, caller)).toBe(true);
    }), { numRuns: 200 });
  });
});

describe('tokens a minute', () => {
  test('count as expected until they are known, and then as they were', () => {
    const { rates } = start();
    const caller = callerWith({ tokensPerMinute: 1_000 });
    const ticket = admit(rates, caller, 800);
    expect(isAdmitted(rates, caller, 300)).toBe(false);
    ticket.settle(500);
    ticket.release();
    expect(admit(rates, caller, 500).headers()).toEqual({ 'x-ratelimit-limit-tokens': '1000', 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '1m0s' });
  });

  test('what was used beyond what was expected has to be waited for', () => {
    const { rates, clock } = start();
    const caller = callerWith({ tokensPerMinute: 1_000 });
    const ticket = admit(rates, caller, 100);
    ticket.settle(2_100);
    ticket.release();
    expect(refusalOf(() => admit(rates, caller, 100)).options.headers).toMatchObject({ 'retry-after': '72', 'x-ratelimit-remaining-tokens': '0' });
    clock.advance(72_000);
    expect(isAdmitted(rates, caller, 100)).toBe(true);
  });

  test('a call that was never settled has used none', () => {
    const { rates } = start();
    const caller = callerWith({ tokensPerMinute: 1_000 });
    admit(rates, caller, 1_000).release();
    expect(isAdmitted(rates, caller, 1_000)).toBe(true);
  });

  test('a call larger than the limit is told that waiting does not help', () => {
    const { rates } = start();
    const refusal = refusalOf(() => admit(rates, callerWith({ tokensPerMinute: 1_000 }), 1_001));
    expect(refusal.code).toBe('rate_limited');
    expect(refusal.message).toContain('larger than that');
    expect(refusal.options.headers).toMatchObject({ 'x-should-retry': 'false', 'x-ratelimit-remaining-tokens': '1000' });
    expect(refusal.options.headers).not.toHaveProperty('retry-after');
  });
});

describe('calls at once', () => {
  test('as many as the limit are open, and ending one twice frees one place', () => {
    const { rates } = start();
    const caller = callerWith({ concurrentRequests: 2 });
    const [first] = [admit(rates, caller), admit(rates, caller)];
    const refusal = refusalOf(() => admit(rates, caller));
    expect(refusal.code).toBe('concurrency_limited');
    expect(refusal.message).toBe('This key is limited to 2 requests at once. Wait until one of the open ones has ended.');
    expect(refusal.options.headers).toEqual({ 'retry-after': '1' });
    first.release();
    first.release();
    admit(rates, caller);
    expect(() => admit(rates, caller)).toThrow(Refusal);
  });
});

describe('of a key and its workspace', () => {
  test('both limits hold, and the keys of a workspace share its own', () => {
    const { rates } = start();
    const one = callerWith({ requestsPerMinute: 2 }, { requestsPerMinute: 3 });
    const other = callerWith({}, { requestsPerMinute: 3 }, 'key_2');
    expect([isAdmitted(rates, one), isAdmitted(rates, one), isAdmitted(rates, one), isAdmitted(rates, other), isAdmitted(rates, other)])
      .toEqual([true, true, false, true, false]);
    expect(refusalOf(() => admit(rates, other)).message).toContain('This workspace is limited to 3 requests a minute');
  });

  test('what one of them refuses counts for nothing in the other', () => {
    const { rates, clock } = start();
    const full = callerWith({ tokensPerMinute: 10 }, { requestsPerMinute: 3 });
    for (let request = 0; request < 50; request++) isAdmitted(rates, full, 11);
    const other = callerWith({}, { requestsPerMinute: 3 }, 'key_2');
    expect([1, 2, 3, 4].map(() => isAdmitted(rates, other))).toEqual([true, true, true, false]);
    clock.advance(60_000);
    const atOnce = callerWith({ requestsPerMinute: 10 }, { concurrentRequests: 1 });
    admit(rates, atOnce);
    for (let request = 0; request < 50; request++) isAdmitted(rates, atOnce);
    expect(refusalOf(() => admit(rates, atOnce)).options.headers).toMatchObject({ 'x-ratelimit-remaining-requests': '9' });
  });

  test('headers tell of the one with less left', () => {
    const { rates } = start();
    const headers = admit(rates, callerWith({ requestsPerMinute: 100, tokensPerMinute: 600 }, { requestsPerMinute: 6, tokensPerMinute: 60_000 }), 60).headers();
    expect(headers).toEqual({
      'x-ratelimit-limit-requests': '6', 'x-ratelimit-remaining-requests': '5', 'x-ratelimit-reset-requests': '10s',
      'x-ratelimit-limit-tokens': '600', 'x-ratelimit-remaining-tokens': '540', 'x-ratelimit-reset-tokens': '6s',
    });
  });

  test('without limits nothing is said and nothing refused', async () => {
    const { rates } = start();
    const ticket = admit(rates, callerWith({}), 1e9);
    ticket.settle(5);
    ticket.release();
    expect(ticket.headers()).toEqual({});
    expect(await rates.look(callerWith({}))).toEqual([]);
    await rates.close();
  });

  test('what is left can be looked at without using any of it', async () => {
    const { rates } = start();
    const caller = callerWith({ requestsPerMinute: 60, concurrentRequests: 5 });
    admit(rates, caller);
    for (let look = 0; look < 3; look++) expect(await rates.look(caller)).toMatchObject([{ requestsAheadMs: 1_000, tokensAheadMs: 0, open: 1 }]);
  });
});

describe('memory', () => {
  test('the states of keys long out of use are forgotten, but never one with open calls', async () => {
    const { rates } = start(100);
    const busy = callerWith({ concurrentRequests: 1 }, {}, 'key_busy');
    const idle = callerWith({ requestsPerMinute: 1 }, {}, 'key_idle');
    const ticket = admit(rates, busy);
    admit(rates, idle).release();
    for (let index = 0; index < 1_000; index++) admit(rates, callerWith({ requestsPerMinute: 1 }, {}, `key_${index}`)).release();
    expect(isAdmitted(rates, busy)).toBe(false);
    expect(isAdmitted(rates, idle)).toBe(true);
    ticket.release();
    expect(isAdmitted(rates, busy)).toBe(true);
    expect(await rates.look(busy)).toMatchObject([{ open: 0 }]);
  });

  test('a key in use is remembered however many others come', () => {
    const { rates } = start(100);
    const caller = callerWith({ requestsPerMinute: 30 }, {}, 'key_used');
    let admitted = 0;
    for (let index = 0; index < 3_000; index++) {
      admit(rates, callerWith({ requestsPerMinute: 1 }, {}, `key_${index}`)).release();
      if (index % 20 === 0 && isAdmitted(rates, caller)) admitted++;
    }
    expect(admitted).toBe(30);
  });
});

describe('durations', () => {
  test.each([[0, '0s'], [-5, '0s'], [0.2, '1ms'], [20, '20ms'], [999, '999ms'], [1_000, '1s'], [8_640, '8.64s'], [59_999, '59.999s'], [60_000, '1m0s'], [90_951, '1m30.951s'], [360_000, '6m0s'], [3_600_000, '1h0m0s'], [42_840_500, '11h54m0.5s']])('%d ms are %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});
