/** This file shows of which counters a call asks room, in which order, and who pays. */
import { describe, expect, test } from '@jest/globals';
import { Refusal } from '../foundation/errors.ts';
import type { Ask } from '../foundation/ledger.ts';
import { toNanoUsd } from '../foundation/money.ts';
import { asksOf, isTierOpen } from './asks.ts';
import type { Asks, AsksInput } from './asks.ts';
import { NOW_MS, sampleAccount, sampleBudget, samplePlan } from './sample-limits.ts';

const size = { nanoUsd: toNanoUsd(7_000), messages: 2n };
const caller = { keyId: 'key_1', userId: 'user_1' };

function ask(parts: Partial<AsksInput> = {}): Asks {
  return asksOf({ account: sampleAccount(), caller, plan: samplePlan(), tier: 'pro', size, nowMs: NOW_MS, isOwnKey: false, ...parts });
}

/** `q:ws_1:pro:2026-11-21 2/30` */
function read(options: readonly (readonly Ask[])[]): string[][] {
  return options.map((asks) => asks.map(({ counter, amount }) => `${counter.id} ${amount}/${counter.cap ?? 'any'}`));
}

function refusalOf(action: () => unknown): Refusal | null {
  try {
    action();
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown;
  }
  return null;
}

function codeOf(action: () => unknown): string {
  return refusalOf(action)?.code ?? 'none';
}

describe('what several tiers pay', () => {
  test('room is asked in every tier that may answer, else in fewer of them, those preferred before the others', () => {
    const plan = samplePlan();
    const { options, reach, payer } = ask({ plan, mix: { tiers: ['pro', 'basic'], hasOwnKey: false } });
    expect(read(options)).toEqual([['q:ws_1:pro:2026-11-21 2/30', 'q:ws_1:basic:2026-11-21 2/any'], ['q:ws_1:pro:2026-11-21 2/30'], ['q:ws_1:basic:2026-11-21 2/any']]);
    expect(options[0]?.map(({ tiers }) => tiers)).toEqual([['pro'], ['basic']]);
    expect([reach, payer]).toEqual([[['pro', 'basic'], ['pro'], ['basic']], 'plan']);
  });

  test('a pool both draw from is asked once, and each has its own day first', () => {
    const plan = samplePlan({ pool: { tiers: ['pro', 'basic'], messages: 9, period: 'lifetime' } });
    const { options } = ask({ plan, mix: { tiers: ['pro', 'basic'], hasOwnKey: false } });
    expect(read(options)).toEqual([
      ['q:ws_1:pro:2026-11-21 2/30', 'p:ws_1:all 2/9'], ['p:ws_1:all 2/9'], ['q:ws_1:pro:2026-11-21 2/30'], ['p:ws_1:all 2/9'], ['p:ws_1:all 2/9'],
    ]);
    expect(options[1]?.map(({ tiers }) => tiers)).toEqual([['pro', 'basic']]);
  });

  test('an own key answers where nothing else is left, of a plan and of a balance', () => {
    const mix = { tiers: ['pro' as const], hasOwnKey: true };
    expect(ask({ mix })).toMatchObject({ reach: [['pro'], []], payer: 'plan' });
    expect(read(ask({ mix }).options)).toEqual([['q:ws_1:pro:2026-11-21 2/30'], []]);
    const paid = ask({ mix, account: sampleAccount({ billing: 'balance' }) });
    expect([read(paid.options), paid.reach, paid.payer]).toEqual([[['w:ws_1 7000/any'], []], [null, []], 'balance']);
  });

  test.each([
    ['pro', true], ['basic', true], ['ultimate', false],
  ] as const)('the plan has %s: %s', (tier, isOpen) => {
    expect(isTierOpen(sampleAccount(), samplePlan(), tier)).toBe(isOpen);
    expect(isTierOpen(sampleAccount(), null, tier)).toBe(false);
    expect(isTierOpen(sampleAccount({ billing: 'balance' }), null, tier)).toBe(true);
  });
});

describe('what the plan pays', () => {
  test('a tier with a number asks for messages of its day', () => {
    expect(ask()).toMatchObject({ payer: 'plan' });
    expect(read(ask().options)).toEqual([['q:ws_1:pro:2026-11-21 2/30']]);
  });

  test('a tier without a number is counted, not limited', () => {
    expect(read(ask({ tier: 'basic' }).options)).toEqual([['q:ws_1:basic:2026-11-21 2/any']]);
  });

  test('a tier with a number and a pool draws from its day first, then from the pool', () => {
    const plan = samplePlan({ pool: { tiers: ['pro'], messages: 1_000, period: 'month' } });
    expect(read(ask({ plan }).options)).toEqual([['q:ws_1:pro:2026-11-21 2/30'], ['p:ws_1:2026-11 2/1000']]);
  });

  test('a tier without a number, or with none a day, draws from the pool alone', () => {
    const pool = { tiers: ['basic' as const, 'pro' as const], messages: 9, period: 'lifetime' as const };
    expect(read(ask({ plan: samplePlan({ pool }), tier: 'basic' }).options)).toEqual([['p:ws_1:all 2/9']]);
    const none = samplePlan({ pool, tiers: { ...samplePlan().plan.tiers, pro: { allowed: true, messages_per_day: 0 } } });
    expect(read(ask({ plan: none }).options)).toEqual([['p:ws_1:all 2/9']]);
  });

  test('a pool of other tiers is not drawn from', () => {
    expect(read(ask({ plan: samplePlan({ pool: { tiers: ['basic'], messages: 1, period: 'day' } }) }).options)).toEqual([['q:ws_1:pro:2026-11-21 2/30']]);
  });

  test('days begin in the time zone of the plan', () => {
    const plan = samplePlan({ time_zone: 'Pacific/Auckland' });
    expect(read(ask({ plan, nowMs: Date.parse('2026-11-21T11:00:00Z') }).options)).toEqual([['q:ws_1:pro:2026-11-22 2/30']]);
  });

  test('a tier the plan gives nothing of is refused, and so is every tier of a plan that is gone', () => {
    const none = samplePlan({ tiers: { ...samplePlan().plan.tiers, pro: { allowed: true, messages_per_day: 0 } } });
    expect(codeOf(() => ask({ tier: 'ultimate' }))).toBe('tier_not_in_plan');
    expect(codeOf(() => ask({ plan: none }))).toBe('tier_not_in_plan');
    expect(codeOf(() => ask({ plan: null }))).toBe('tier_not_in_plan');
  });

  test('who is refused is told which field, which plan and which tier it is about', () => {
    const known = refusalOf(() => ask({ tier: 'ultimate' }));
    expect(known?.options.param).toBe('model');
    expect(known?.message).toContain('plan of this workspace (Sample) gives no messages of the tier ultimate');
    expect(refusalOf(() => ask({ plan: null }))?.message).toContain('(sample)');
  });
});

describe('what the balance pays', () => {
  test('the wallet is asked for money, and tiers are not looked at', () => {
    const { options, payer } = ask({ account: sampleAccount({ billing: 'balance' }), tier: 'ultimate', plan: null });
    expect(payer).toBe('balance');
    expect(options).toEqual([[{ counter: { id: 'w:ws_1', kind: 'wallet', scopeId: 'ws_1', unit: 'nusd', period: 'all', cap: null, capRevision: 0 }, amount: 7_000n }]]);
  });
});

describe('budgets', () => {
  const budgets = [
    sampleBudget(),
    sampleBudget({ id: 'budget_2', scope: 'key', scopeId: 'key_1', unit: 'msg', amount: 10n, period: 'weekly' }),
    sampleBudget({ id: 'budget_3', scope: 'member', scopeId: 'user_1', isHard: false, period: 'total' }),
    sampleBudget({ id: 'budget_4', scope: 'key', scopeId: 'key_2' }),
    sampleBudget({ id: 'budget_5', scope: 'member', scopeId: 'user_2' }),
  ];

  test('those of the workspace, the key and its user are asked, before what pays; those of others are not', () => {
    const expected = ['b:budget_1:2026-11 7000/1000000000', 'b:budget_2:2026-W47 2/10', 'b:budget_3:all 7000/any'];
    expect(read(ask({ account: sampleAccount({ budgets }) }).options)).toEqual([[...expected, 'q:ws_1:pro:2026-11-21 2/30']]);
    expect(read(ask({ account: sampleAccount({ budgets, billing: 'balance' }) }).options)).toEqual([[...expected, 'w:ws_1 7000/any']]);
  });

  test('each key of a workspace meets its own', () => {
    const account = sampleAccount({ budgets });
    ask({ account });
    expect(read(ask({ account, caller: { keyId: 'key_2', userId: 'user_2' } }).options)[0]?.map((text) => text.split(':')[1]))
      .toEqual(['budget_1', 'budget_4', 'budget_5', 'ws_1']);
  });

  test('every option of a plan with a pool is judged by them', () => {
    const plan = samplePlan({ pool: { tiers: ['pro'], messages: 1_000, period: 'month' } });
    expect(read(ask({ account: sampleAccount({ budgets: [sampleBudget()] }), plan }).options).map((asks) => asks[0])).toEqual(Array(2).fill('b:budget_1:2026-11 7000/1000000000'));
  });
});

describe('whoever pays', () => {
  test('an own provider key asks for nothing, whatever the plan gives', () => {
    expect(ask({ isOwnKey: true, tier: 'ultimate', account: sampleAccount({ budgets: [sampleBudget()] }) })).toEqual({ options: [[]], payer: 'own_key' });
  });

  test('a suspended workspace is refused, with its own provider key too', () => {
    const account = sampleAccount({ isSuspended: true });
    expect(codeOf(() => ask({ account }))).toBe('workspace_suspended');
    expect(codeOf(() => ask({ account, isOwnKey: true }))).toBe('workspace_suspended');
  });

  test('counters are worked out once, until a period ends, the clock is set back or the plan changes', () => {
    const account = sampleAccount({ budgets: [sampleBudget({ period: 'daily' })] });
    const plan = samplePlan();
    const countersAt = (nowMs: number, terms = plan): unknown[] => (ask({ account, plan: terms, nowMs }).options[0] ?? []).map(({ counter }) => counter);
    const first = countersAt(NOW_MS);
    for (const [index, counter] of countersAt(NOW_MS + 1_000).entries()) expect(counter).toBe(first[index]);
    const tomorrow = Date.parse('2026-11-22T00:00:00Z');
    expect(countersAt(tomorrow - 1)).toEqual(first);
    expect(countersAt(tomorrow)).toMatchObject([{ id: 'b:budget_1:2026-11-22' }, { id: 'q:ws_1:pro:2026-11-22' }]);
    expect(countersAt(NOW_MS)).toEqual(first);
    expect(countersAt(NOW_MS, samplePlan({ tiers: { ...plan.plan.tiers, pro: { allowed: true, messages_per_day: 5 } } }, 9))).toMatchObject([{}, { cap: 5n }]);
  });

  test('of counters with periods of different lengths the shortest says how long they hold', () => {
    const account = sampleAccount({ budgets: [sampleBudget({ period: 'monthly' }), sampleBudget({ id: 'budget_2', period: 'daily' })] });
    const plan = samplePlan({ pool: { tiers: ['pro'], messages: 9, period: 'month' } });
    const idsAt = (time: string): string[] => ask({ account, plan, nowMs: Date.parse(time) }).options.flatMap((asks) => asks.map(({ counter }) => counter.id));
    const on = (day: string): string[] => ['b:budget_1:2026-11', `b:budget_2:${day}`, `q:ws_1:pro:${day}`, 'b:budget_1:2026-11', `b:budget_2:${day}`, 'p:ws_1:2026-11'];
    expect(idsAt('2026-11-21T08:00:00Z')).toEqual(on('2026-11-21'));
    expect(idsAt('2026-11-22T08:00:00Z')).toEqual(on('2026-11-22'));
    expect(idsAt('2026-11-20T23:59:59Z')).toEqual(on('2026-11-20'));
  });

  test('they are kept from the first moment of their period on', () => {
    const account = sampleAccount({ budgets: [sampleBudget({ period: 'daily' })] });
    const plan = samplePlan();
    const midnight = Date.parse('2026-11-21T00:00:00Z');
    const at = (nowMs: number): unknown[] => (ask({ account, plan, nowMs }).options[0] ?? []).map(({ counter }) => counter);
    const first = at(midnight);
    for (const [index, counter] of at(midnight).entries()) expect(counter).toBe(first[index]);
  });

  test('each plan of one workspace and each tier of a plan has counters of its own', () => {
    const account = sampleAccount();
    const plan = samplePlan({ tiers: { ...samplePlan().plan.tiers, basic: { allowed: true, messages_per_day: 7 } } });
    expect(read(ask({ account, plan }).options)).toEqual([['q:ws_1:pro:2026-11-21 2/30']]);
    expect(read(ask({ account, plan, tier: 'basic' }).options)).toEqual([['q:ws_1:basic:2026-11-21 2/7']]);
    expect(codeOf(() => ask({ account, plan: null }))).toBe('tier_not_in_plan');
    expect(read(ask({ account, plan }).options)).toEqual([['q:ws_1:pro:2026-11-21 2/30']]);
  });

  test('a cap of a later revision of the workspace wins over any of an earlier one; within it, that of the later revision of the plan', () => {
    const revisionOf = (account: number, plan: number): number => ask({ account: sampleAccount({ revision: account }), plan: samplePlan({}, plan) }).options[0]?.[0]?.counter.capRevision ?? -1;
    expect(revisionOf(4, 0)).toBeGreaterThan(revisionOf(3, 1_000_000));
    expect(revisionOf(3, 2)).toBeGreaterThan(revisionOf(3, 1));
    expect(Number.isSafeInteger(revisionOf(100_000_000, 10_000_000))).toBe(true);
  });
});
