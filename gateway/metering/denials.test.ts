/** This file shows that the reasons why a call can't be paid are told apart, with what is left, when it renews and what would fit. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Refusal } from '../foundation/errors.ts';
import type { CounterSpec, Denial } from '../foundation/ledger.ts';
import { toNanoUsd } from '../foundation/money.ts';
import { amountText, usdText } from './amounts.ts';
import { budgetCounter, poolCounter, quotaCounter, walletCounter } from './counters.ts';
import { refusalOf } from './denials.ts';
import { NOW_MS, sampleAccount, sampleBudget, samplePlan } from './sample-limits.ts';
import { sizeChat } from './size.ts';

const price = { version: 'p', input: toNanoUsd(1_000_000_000), output: toNanoUsd(10_000_000_000) };
// 118 prompt tokens at 1,000 nano-USD and 1,000 of output at 10,000: 10,118,000
const size = sizeChat({ body: { model: 'm', messages: [{ role: 'user', content: 'x'.repeat(400) }], max_tokens: 1_000 }, prices: [price], maxOutputTokens: null });
const budget = sampleBudget({ amount: 20_000_000n });
const account = sampleAccount({ budgets: [budget] });
const plan = samplePlan({ pool: { tiers: ['pro'], messages: 100, period: 'month' } });

const wallet = walletCounter('ws_1');
const budgeted = budgetCounter(budget, NOW_MS).counter;
const quota = quotaCounter(account, { terms: plan, tier: 'pro' }, NOW_MS).counter;
const pool = poolCounter(account, plan, NOW_MS)?.counter ?? wallet;

function denied(counter: CounterSpec, numbers: { cap: bigint; used?: bigint; held?: bigint; amount?: bigint }): Denial {
  return { ask: { counter, amount: numbers.amount ?? size.nanoUsd }, cap: numbers.cap, used: numbers.used ?? 0n, held: numbers.held ?? 0n };
}
const refuse = (...denials: Denial[]): Refusal => refusalOf(denials, { account, plan, size, nowMs: NOW_MS });
const headersOf = (refusal: Refusal): unknown => refusal.options.headers;

describe('402 insufficient_balance', () => {
  test('names what is left, and the max_tokens with which it fits; no retry helps', () => {
    const refusal = refuse(denied(wallet, { cap: 9_000_000n, used: 4_000_000n }));
    expect(refusal.code).toBe('insufficient_balance');
    // 5,000,000 - 118,000 leaves 488 tokens at 10,000
    expect(refusal.message).toBe('Of the balance of this workspace, 0.005 USD is left; this call may cost up to 0.010118 USD. With max_tokens of at most 488 it fits now. Or top up.');
    expect(refusal.options.param).toBe('max_tokens');
    expect(headersOf(refusal)).toEqual({ 'x-should-retry': 'false' });
  });

  test('without any room it only advises to top up', () => {
    const refusal = refuse(denied(wallet, { cap: 0n }));
    expect(refusal.message).toBe('Of the balance of this workspace, 0 USD is left; this call may cost up to 0.010118 USD. Top up to go on.');
    expect(refusal.options.param).toBeNull();
  });

  test('a call larger than everything that was ever topped up is still a matter of the balance', () => {
    expect(refuse(denied(wallet, { cap: 1n })).code).toBe('insufficient_balance');
  });
});

describe('402 in_flight_budget', () => {
  test.each([['a wallet', wallet], ['a budget', budgeted]])('%s that would have room once open calls end says so, and to retry', (_, counter) => {
    const refusal = refuse(denied(counter, { cap: 20_000_000n, used: 1_000_000n, held: 10_000_000n }));
    expect(refusal.code).toBe('in_flight_budget');
    expect(refusal.message).toContain('0.019 USD is left, but open calls hold 0.01 USD of it');
    expect(refusal.message).toContain('With max_tokens of at most 888 it fits now.');
    expect(headersOf(refusal)).toEqual({ 'retry-after': '1', 'x-should-retry': 'true' });
  });

  test('it depends on the last nano-USD', () => {
    const at = (used: bigint): string => refuse(denied(wallet, { cap: 20_000_000n, used, held: 9_999_999n })).code;
    expect(at(20_000_000n - size.nanoUsd)).toBe('in_flight_budget');
    expect(at(20_000_001n - size.nanoUsd)).toBe('insufficient_balance');
  });
});

describe('402 budget_exhausted', () => {
  test('says which budget, what is left of it and when it renews', () => {
    const refusal = refuse(denied(budgeted, { cap: 20_000_000n, used: 19_950_000n }));
    expect(refusal.code).toBe('budget_exhausted');
    expect(refusal.message).toBe('Of the monthly budget "November" of this workspace, 0.00005 USD is left of 0.02 USD; this call may cost up to 0.010118 USD. It renews at 2026-12-01T00:00:00Z.');
    expect(headersOf(refusal)).toEqual({ 'retry-after': String((Date.parse('2026-12-01') - NOW_MS) / 1000), 'x-should-retry': 'false' });
  });

  test('a total budget never renews, and a budget used beyond a lowered amount has nothing left', () => {
    const total = sampleBudget({ period: 'total', amount: 20_000_000n });
    const refusal = refusalOf([denied(budgetCounter(total, NOW_MS).counter, { cap: 20_000_000n, used: 30_000_000n })], { account: sampleAccount({ budgets: [total] }), plan, size, nowMs: NOW_MS });
    expect(refusal.message).toContain('0 USD is left of 0.02 USD');
    expect(refusal.message).toContain('It does not renew.');
    expect(headersOf(refusal)).toEqual({ 'x-should-retry': 'false' });
  });

  test('a budget that was just deleted is still named', () => {
    expect(refusalOf([denied(budgeted, { cap: 20_000_000n, used: 20_000_000n })], { account: sampleAccount(), plan, size, nowMs: NOW_MS }).message).toContain('the budget budget_1');
  });
});

describe('402 request_exceeds_budget', () => {
  test('a call bigger than the whole budget is told what would fit; waiting does not help', () => {
    const refusal = refuse(denied(budgeted, { cap: 10_118_000n - 1n }));
    expect(refusal.code).toBe('request_exceeds_budget');
    expect(refusal.message).toBe('The whole of the monthly budget "November" of this workspace is 0.010117999 USD; this call may cost up to 0.010118 USD. With max_tokens of at most 999 it fits now.');
    expect(headersOf(refusal)).toEqual({ 'x-should-retry': 'false' });
    expect(refuse(denied(budgeted, { cap: 10_118_000n, used: 1n })).code).toBe('budget_exhausted');
  });

  test('and so is a call bigger than the whole pool', () => {
    const refusal = refuse(denied(pool, { cap: 1n, amount: 2n }));
    expect(refusal.code).toBe('request_exceeds_budget');
    expect(refusal.message).toMatch(/\.$/);
  });
});

describe('429 quota_exceeded', () => {
  test('says how many messages of the day are left and when they renew', () => {
    const refusal = refuse(denied(quota, { cap: 30n, used: 30n, amount: 2n }));
    expect(refusal.code).toBe('quota_exceeded');
    expect(refusal.message).toBe('Of the pro messages a day of the plan Sample, 0 messages are left of 30 messages; this call may take up to 2 messages. It renews at 2026-11-22T00:00:00Z.');
    expect(headersOf(refusal)).toEqual({ 'retry-after': String(16 * 3600), 'x-should-retry': 'false' });
  });

  test('of a day and a pool that are both used up, the one that renews first is named', () => {
    const refusal = refuse(denied(quota, { cap: 30n, used: 30n, amount: 2n }), denied(pool, { cap: 100n, used: 100n, amount: 2n }));
    expect(refusal.message).toContain('2026-11-22T00:00:00Z');
    expect(refuse(denied(pool, { cap: 100n, used: 100n, amount: 2n })).message).toContain('2026-12-01T00:00:00Z');
    expect(refuse(denied(pool, { cap: 100n, used: 100n, amount: 2n }), denied(quota, { cap: 30n, used: 30n, amount: 2n })).message).toContain('2026-11-22T00:00:00Z');
  });

  test('of a day that is used up and a pool that open calls hold, the pool is what to wait for', () => {
    const refusal = refuse(denied(quota, { cap: 30n, used: 30n, amount: 2n }), denied(pool, { cap: 100n, used: 90n, held: 10n, amount: 2n }));
    expect(refusal.code).toBe('in_flight_budget');
    expect(refusal.message).toContain('the message pool of the plan Sample');
    // A smaller answer is no fewer messages: that it would fit is not what stands in the way.
    expect(refusal.message).not.toContain('max_tokens');
    expect(refusal.options.param).toBeNull();
  });

  test('one message is left, not are, and what open calls hold is not left', () => {
    expect(refuse(denied(quota, { cap: 30n, used: 29n, amount: 2n })).message).toContain('1 message is left of 30 messages');
    expect(refuse(denied(quota, { cap: 30n, used: 26n, held: 2n, amount: 5n })).message).toContain('2 messages are left of 30 messages');
  });

  test('a lifetime pool does not renew', () => {
    const lifetime = samplePlan({ pool: { tiers: ['pro'], messages: 100, period: 'lifetime' } });
    const refusal = refusalOf([denied(pool, { cap: 100n, used: 100n, amount: 1n })], { account, plan: lifetime, size, nowMs: NOW_MS });
    expect(refusal.code).toBe('quota_exceeded');
    expect(headersOf(refusal)).toEqual({ 'x-should-retry': 'false' });
  });
});

describe('every denial', () => {
  test('what it advises fits, and a cap it could have kept is not advised against', () => {
    const amount = fc.bigInt(0n, 40_000_000n);
    fc.assert(fc.property(amount, amount, amount, (cap, used, held) => {
      fc.pre(used + held + size.nanoUsd > cap);
      const refusal = refuse(denied(budgeted, { cap, used, held }));
      const [, advised] = /max_tokens of at most (\d+)/.exec(refusal.message) ?? [];
      const room = cap - used - held;
      const costOf = (tokens: number): bigint => 118_000n + BigInt(tokens) * 10_000n;
      if (advised === undefined) expect(costOf(1) > room).toBe(true);
      else expect(costOf(Number(advised)) <= room && costOf(Number(advised) + 1) > room).toBe(true);
    }), { numRuns: 1_000 });
  });
});

describe('amounts', () => {
  test.each([[0n, '0'], [1n, '0.000000001'], [10_000_000_000n, '10'], [21_300_000n, '0.0213'], [-1_500_000_000n, '-1.5']])('%d nano-USD are %s USD', (amount, text) => {
    expect(usdText(amount)).toBe(text);
  });

  test('messages are counted', () => { expect([0n, 1n, 2n].map((count) => amountText(count, 'msg'))).toEqual(['0 messages', '1 message', '2 messages']); });
});
