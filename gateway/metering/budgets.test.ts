/** This file shows, on a real store, that budgets are kept as they were set, and that limits and warnings tell what is used of them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createManualClock } from '../foundation/clock.ts';
import type { ManualClock } from '../foundation/clock.ts';
import { Refusal } from '../foundation/errors.ts';
import { createIds } from '../foundation/ids.ts';
import type { Ask, CounterState } from '../foundation/ledger.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { toNanoUsd } from '../foundation/money.ts';
import type { Account, Caller } from '../foundation/terms.ts';
import { sampleKey, sampleRecord, sampleUser, sampleWorkspace } from '../store/sample-rows.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import type { Store } from '../store/store.ts';
import { asksOf } from './asks.ts';
import { createBudget, deleteBudget, judgeBudget, listBudgets, retrieveBudget, updateBudget } from './budgets.ts';
import type { BudgetOffice, NewBudget } from './budgets.ts';
import { listLimits } from './limits-list.ts';
import { createRates } from './rates.ts';
import type { Rates } from './rates.ts';
import { NO_LIMITS, NOW_MS, sampleAccount, sampleBudget, samplePlan } from './sample-limits.ts';
import { warningsOf, watchedCounters } from './warnings.ts';

let folder: string;
let store: Store;
let clock: ManualClock;
let noted: number;
let office: BudgetOffice & { rates: Rates };

const wanted: NewBudget = { name: 'November', scope: 'workspace', scopeId: 'ws_1', unit: 'nusd', amount: 1_000n, period: 'monthly', timeZone: 'UTC', isHard: true, thresholds: [100, 50] };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'budgets-'));
  clock = createManualClock(NOW_MS);
  store = await openSqliteStore({ file: join(folder, 'store.db'), limits: defaultLimits, clock });
  noted = 0;
  const rates = createRates({ clock, limits: defaultLimits, log: { warn: () => undefined, info: () => undefined }, shared: null });
  office = { store, clock, makeId: createIds(clock), authenticator: { noteChange: () => { noted++; } }, rates };
  await store.createWorkspace(sampleWorkspace(1));
  await store.createWorkspace(sampleWorkspace(2));
  await store.createUser(sampleUser(1));
  await store.addMember('ws_1', 'user_1', { role: 'owner', createdMs: 0 });
  await store.insertKey(sampleKey(1));
  await store.insertKey(sampleKey(2, { workspaceId: 'ws_2' }));
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

/** Spends as a settled request does, in one transaction with its row. */
function spend(asks: readonly Ask[], amounts: { nanoUsd: bigint; messages: bigint }, index = 1): Promise<void> {
  const lines = asks.map(({ counter }) => ({ counter, asked: 0n, actual: counter.unit === 'nusd' ? amounts.nanoUsd : amounts.messages, leaseId: null }));
  const record = sampleRecord(index, { charge: { messages: Number(amounts.messages), nanoUsd: toNanoUsd(amounts.nanoUsd), priceVersion: 'p', isUnpriced: false } });
  return new Promise((resolve, reject) => {
    store.apply({ kind: 'settle', record, lines, idempotency: null, isFirstWord: false }, (failure) => {
      if (failure) reject(failure);
      else resolve();
    });
  });
}

function asksFor(account: Account): readonly Ask[] {
  const { options } = asksOf({ account, caller: { keyId: 'key_1', userId: 'user_1' }, plan: samplePlan(), tier: 'basic', size: { nanoUsd: toNanoUsd(1), messages: 1n }, nowMs: clock.now(), isOwnKey: false });
  return options[0] ?? [];
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const thrown: unknown = await promise.then(() => null, (failure: unknown) => failure);
  return thrown instanceof Refusal ? `${thrown.code} ${thrown.options.param ?? ''}`.trim() : String(thrown);
}

describe('budgets', () => {
  test('a new budget is kept with its thresholds ascending, nothing of it is used, and it renews', async () => {
    const state = await createBudget(office, 'ws_1', wanted);
    expect(state).toMatchObject({
      budget: { name: 'November', scope: 'workspace', scopeId: 'ws_1', workspaceId: 'ws_1', amount: 1_000n, isHard: true, thresholds: [50, 100], createdMs: NOW_MS },
      periodKey: '2026-11', used: 0n, held: 0n, remaining: 1_000n, thresholdsReached: [], renewsMs: Date.parse('2026-12-01'),
    });
    expect(state.budget.id).toMatch(/^budget_[0-9a-f]{32}$/);
    expect(await retrieveBudget(office, 'ws_1', state.budget.id)).toEqual(state);
    expect(await listBudgets(office, 'ws_1', { limit: 10, after: null })).toEqual([state]);
    expect(noted).toBe(1);
  });

  test.each<[Partial<NewBudget>, string]>([
    [{ scope: 'key', scopeId: sampleKey(1).id }, 'done'],
    [{ scope: 'member', scopeId: 'user_1' }, 'done'],
    [{ scope: 'key', scopeId: sampleKey(2).id }, 'key_not_found scope.id'],
    [{ scope: 'key', scopeId: 'key_nobody' }, 'key_not_found scope.id'],
    [{ scope: 'member', scopeId: 'user_2' }, 'member_not_found scope.id'],
    [{ scope: 'workspace', scopeId: 'ws_2' }, 'workspace_not_found scope.id'],
    [{ timeZone: 'Mars/Base' }, 'invalid_request time_zone'],
    [{ timeZone: '+02:00' }, 'invalid_request time_zone'],
  ])('of %j creation says %s', async (parts, said) => {
    const outcome = createBudget(office, 'ws_1', { ...wanted, ...parts });
    if (said === 'done') expect((await outcome).budget).toMatchObject(parts);
    else expect(await codeOf(outcome)).toBe(said);
  });

  test('what a request spent is used, in the period it was spent in', async () => {
    const { budget } = await createBudget(office, 'ws_1', { ...wanted, period: 'daily' });
    await spend(asksFor(sampleAccount({ budgets: [budget] })), { nanoUsd: 600n, messages: 2n });
    expect(await retrieveBudget(office, 'ws_1', budget.id)).toMatchObject({ periodKey: '2026-11-21', used: 600n, remaining: 400n, thresholdsReached: [50] });
    clock.advance(24 * 3_600_000);
    expect(await retrieveBudget(office, 'ws_1', budget.id)).toMatchObject({ periodKey: '2026-11-22', used: 0n, remaining: 1_000n, thresholdsReached: [] });
  });

  test('what open requests hold is not left either, and a threshold is reached when exactly so much is used', async () => {
    const { budget } = await createBudget(office, 'ws_1', wanted);
    const asks = asksFor(sampleAccount({ budgets: [budget] }));
    await spend(asks, { nanoUsd: 500n, messages: 1n });
    await new Promise<void>((resolve, reject) => {
      const [ask] = asks;
      if (!ask) throw new Error('nothing is asked');
      store.apply({
        kind: 'hold', id: 'req_held', nodeId: 'node_1', options: [[{ ...ask, amount: 300n }]], giveBack: [], draft: sampleRecord(7), nowMs: NOW_MS, expiresMs: NOW_MS + 60_000, idempotency: null,
      }, (failure) => { if (failure) reject(failure); else resolve(); });
    });
    expect(await retrieveBudget(office, 'ws_1', budget.id)).toMatchObject({ used: 500n, held: 300n, remaining: 200n, thresholdsReached: [50] });
  });

  test('a change holds for what is used already; a lowered amount leaves nothing, not less', async () => {
    const { budget } = await createBudget(office, 'ws_1', wanted);
    await spend(asksFor(sampleAccount({ budgets: [budget] })), { nanoUsd: 600n, messages: 2n });
    const changed = await updateBudget(office, 'ws_1', { id: budget.id, change: { amount: 500n, name: 'Less', thresholds: [100, 10] } });
    expect(changed).toMatchObject({ budget: { name: 'Less', amount: 500n, thresholds: [10, 100] }, used: 600n, remaining: 0n, thresholdsReached: [10, 100] });
    expect(changed.budget.revision).toBeGreaterThan(budget.revision);
    expect(noted).toBe(2);
  });

  test('a budget that is gone, and one of another workspace, are not found', async () => {
    const { budget } = await createBudget(office, 'ws_1', wanted);
    for (const outcome of [
      retrieveBudget(office, 'ws_2', budget.id), updateBudget(office, 'ws_2', { id: budget.id, change: { name: 'mine' } }), deleteBudget(office, 'ws_2', budget.id),
    ]) expect(await codeOf(outcome)).toBe('budget_not_found');
    await deleteBudget(office, 'ws_1', budget.id);
    expect(await codeOf(retrieveBudget(office, 'ws_1', budget.id))).toBe('budget_not_found');
    expect(await codeOf(deleteBudget(office, 'ws_1', budget.id))).toBe('budget_not_found');
    expect(noted).toBe(2);
  });

  test('a threshold is reached when exactly so much is used, whatever the amounts', () => {
    const amount = fc.bigInt(1n, 10n ** 18n);
    fc.assert(fc.property(amount, fc.bigInt(0n, 10n ** 18n), fc.integer({ min: 1, max: 100 }), (of, used, percent) => {
      const state: CounterState = { id: 'b', kind: 'budget', scopeId: 'budget_1', unit: 'nusd', period: 'all', cap: of, used, held: 0n };
      const { thresholdsReached } = judgeBudget(sampleBudget({ amount: of, thresholds: [percent] }), state, NOW_MS);
      expect(thresholdsReached.length === 1).toBe(used * 100n >= of * BigInt(percent));
    }), { numRuns: 500 });
  });
});

describe('the list of limits', () => {
  const caller = (account: Account, parts: Partial<Caller['limits']> = {}): Pick<Caller, 'keyId' | 'userId' | 'workspaceId' | 'limits' | 'account'> =>
    ({ keyId: 'key_1', userId: 'user_1', workspaceId: 'ws_1', limits: { ...NO_LIMITS, ...parts }, account });

  test('shows tiers, pool, budgets and rates with what is left and when they renew', async () => {
    const { budget } = await createBudget(office, 'ws_1', wanted);
    const account = sampleAccount({ budgets: [budget, sampleBudget({ id: 'budget_other', scope: 'key', scopeId: 'key_2' })], limits: { ...NO_LIMITS, concurrentRequests: 4 } });
    const plan = samplePlan({ pool: { tiers: ['pro'], messages: 100, period: 'month' } });
    const someone = caller(account, { requestsPerMinute: 60 });
    await spend(asksFor(account), { nanoUsd: 250n, messages: 3n });
    await office.rates.admit({ caller: someone, tokens: 0 });
    const midnight = Date.parse('2026-11-22');
    const month = Date.parse('2026-12-01');
    expect(await listLimits(office, someone, plan)).toEqual([
      { kind: 'tier', subject: 'basic', unit: 'messages', limit: null, used: 3n, held: 0n, remaining: null, renewsMs: midnight, isHard: false },
      { kind: 'tier', subject: 'pro', unit: 'messages', limit: 30n, used: 0n, held: 0n, remaining: 30n, renewsMs: midnight, isHard: true },
      { kind: 'tier', subject: 'ultimate', unit: 'messages', limit: 0n, used: 0n, held: 0n, remaining: 0n, renewsMs: Infinity, isHard: true },
      { kind: 'pool', subject: 'pro', unit: 'messages', limit: 100n, used: 0n, held: 0n, remaining: 100n, renewsMs: month, isHard: true },
      { kind: 'budget', subject: budget.id, unit: 'nano_usd', limit: 1_000n, used: 250n, held: 0n, remaining: 750n, renewsMs: month, isHard: true },
      { kind: 'requests_per_minute', subject: 'key', unit: 'requests', limit: 60n, used: 1n, held: 0n, remaining: 59n, renewsMs: NOW_MS + 1_000, isHard: true },
      { kind: 'concurrent_requests', subject: 'workspace', unit: 'requests', limit: 4n, used: 0n, held: 1n, remaining: 3n, renewsMs: Infinity, isHard: true },
    ]);
  });

  test('shows the balance where it pays, and no tiers then', async () => {
    await store.postTransfers([{ id: 'gr:1', kind: 'grant', workspaceId: 'ws_1', debitAccount: 'sys:grants', creditAccount: 'w:ws_1', amount: toNanoUsd(5_000), reference: '1', note: null, createdMs: NOW_MS }]);
    expect(await listLimits(office, caller(sampleAccount({ billing: 'balance' })), samplePlan())).toEqual([
      { kind: 'balance', subject: 'workspace', unit: 'nano_usd', limit: 5_000n, used: 0n, held: 0n, remaining: 5_000n, renewsMs: Infinity, isHard: true },
    ]);
    expect(await listLimits(office, caller(sampleAccount({ workspaceId: 'ws_2', billing: 'balance' })), null)).toMatchObject([{ kind: 'balance', limit: 0n, remaining: 0n }]);
  });

  test('a tier that draws from the pool alone is shown by the pool, and one under fair use by what is fair', async () => {
    const plan = samplePlan({
      pool: { tiers: ['pro', 'ultimate'], messages: 7, period: 'lifetime' },
      tiers: { basic: { allowed: true, messages_per_day: null, fair_use_per_day: 500 }, pro: { allowed: true, messages_per_day: null }, ultimate: { allowed: true, messages_per_day: null } },
    });
    expect(await listLimits(office, caller(sampleAccount()), plan)).toMatchObject([
      { kind: 'tier', subject: 'basic', limit: 500n, isHard: false }, { kind: 'pool', subject: 'pro,ultimate', limit: 7n, renewsMs: Infinity },
    ]);
    expect(await listLimits(office, caller(sampleAccount()), null)).toEqual([]);
  });
});

describe('warnings', () => {
  const holder = { keyId: 'key_1', userId: 'user_1' };
  const fair = samplePlan({ tiers: { ...samplePlan().plan.tiers, basic: { allowed: true, messages_per_day: null, fair_use_per_day: 10 } } });

  test('name the highest threshold a budget has reached, and a tier used beyond what is fair', async () => {
    const { budget } = await createBudget(office, 'ws_1', { ...wanted, isHard: false });
    const account = sampleAccount({ budgets: [budget] });
    const warn = async (): Promise<string[]> =>
      warningsOf({ account, caller: holder, plan: fair, states: await store.readCounters(watchedCounters(account, fair, clock.now())), nowMs: clock.now() });
    expect(await warn()).toEqual([]);
    await spend(asksFor(account), { nanoUsd: 499n, messages: 10n }, 1);
    expect(await warn()).toEqual([]);
    await spend(asksFor(account), { nanoUsd: 701n, messages: 1n }, 2);
    expect(await warn()).toEqual([
      'monthly budget "November" has passed 100 %: 0.0000012 USD of 0.000001 USD', 'more than fair use of the tier basic: 11 messages today of 10',
    ]);
  });

  test('say nothing of budgets of others, nor of plans that do not pay', () => {
    const account = sampleAccount({ budgets: [sampleBudget({ scope: 'key', scopeId: 'key_2', thresholds: [1] })] });
    const state: CounterState = { id: 'b:budget_1:2026-11', kind: 'budget', scopeId: 'budget_1', unit: 'nusd', period: '2026-11', cap: null, used: 10n ** 12n, held: 0n };
    expect(warningsOf({ account, caller: holder, plan: fair, states: [state], nowMs: NOW_MS })).toEqual([]);
    expect(warningsOf({ account, caller: { keyId: 'key_2', userId: 'user_1' }, plan: fair, states: [state], nowMs: NOW_MS })).toHaveLength(1);
    expect(watchedCounters(sampleAccount({ billing: 'balance' }), fair, NOW_MS)).toEqual([]);
    expect(watchedCounters(sampleAccount({ budgets: [sampleBudget()] }), samplePlan(), NOW_MS)).toEqual([]);
  });
});
