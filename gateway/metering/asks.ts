/** This file says of which counters a call must be given room before it is made, and who pays for it. */
import { fail } from '../foundation/errors.ts';
import type { Ask, CounterSpec } from '../foundation/ledger.ts';
import type { Account, Payer, Tier } from '../foundation/terms.ts';
import { budgetCounter, budgetsOf, planCounters, walletCounter } from './counters.ts';
import type { BudgetHolder, PlanTerms, TimedCounter } from './counters.ts';
import type { CallSize } from './size.ts';

/** Keys of one workspace whose budgets are kept at once. */
const HOLDERS_MAX = 10_000;

export interface AsksInput {
  readonly account: Account;
  readonly caller: BudgetHolder;
  /** Null: the workspace's plan is gone from the catalogue. */
  readonly plan: PlanTerms | null;
  readonly tier: Tier;
  readonly size: Pick<CallSize, 'nanoUsd' | 'messages'>;
  readonly nowMs: number;
  /** True when the workspace's own provider key serves the call: then nothing is asked for. */
  readonly isOwnKey: boolean;
  /** Of a call that models of several tiers may answer, or somebody's own key beside the gateway's; absent: one of `tier` answers. */
  readonly mix?: Mix;
}

/** Who may answer a call, as far as it is paid differently. */
export interface Mix {
  /** In the order of preference; the gateway's own keys reach models of these. */
  readonly tiers: readonly Tier[];
  /** Whether an own key of the workspace's may answer, too. */
  readonly hasOwnKey: boolean;
}

export interface Asks {
  /** Tried in order; one of them must be given whole. */
  readonly options: readonly (readonly Ask[])[];
  readonly payer: Payer;
  /** Of a mix, for each option: the tiers that may answer under it; null: all. An own key may, under any. */
  readonly reach?: readonly (readonly Tier[] | null)[];
}

/** Counters as long as they are those of the moment. */
interface Counters {
  readonly specs: readonly CounterSpec[];
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What was worked out for an account; it is forgotten with it. */
interface Memo {
  readonly wallet: CounterSpec;
  readonly byTier: Map<Tier, Counters & { readonly terms: PlanTerms }>;
  readonly byKey: Map<string, Counters>;
}

const memos = new WeakMap<Account, Memo>();
const NOTHING: Asks = { options: [[]], payer: 'own_key' };

/**
 * Gives what a call asks for. Every budget of its key, member and workspace; and, when the plan pays, the tier's messages of
 * the day, else of the pool, or, when the balance pays, the wallet. A plan with a number for the tier and a pool offers both,
 * in this order. Refuses with workspace_suspended, and with tier_not_in_plan when the plan pays and gives nothing of the tier.
 */
export function asksOf(input: AsksInput): Asks {
  const { account, size } = input;
  if (account.isSuspended) fail('workspace_suspended');
  if (input.isOwnKey) return NOTHING;
  const memo = memos.get(account) ?? addMemo(account);
  // Budgets come first: where one of them is what stands in the way, it is what the caller is told.
  const budgets = budgetAsks(memo, input);
  if (account.billing === 'balance') {
    budgets.push({ counter: memo.wallet, amount: size.nanoUsd });
    // What the balance does not pay for, a key of the workspace's own may still answer.
    return input.mix?.hasOwnKey === true ? { options: [budgets, []], payer: 'balance', reach: [null, []] } : { options: [budgets], payer: 'balance' };
  }
  if (input.mix) return mixedAsks(input.mix, budgets, { memo, input });
  const { specs } = tierCounters(memo, input);
  return { options: specs.map((counter) => [...budgets, { counter, amount: size.messages }]), payer: 'plan' };
}

/** True when the workspace may use models of a tier at all: whether anything of it is left is asked when a call is placed. */
export function isTierOpen(account: Account, plan: PlanTerms | null, tier: Tier): boolean {
  if (account.billing === 'balance') return true;
  if (!plan) return false;
  const { allowed, messages_per_day: messages } = plan.plan.tiers[tier];
  return allowed && (messages !== 0 || plan.plan.pool?.tiers.includes(tier) === true);
}

/**
 * Room in every tier that may answer, for only one of them will; where there is none of one, in the others, those preferred before the rest: the call
 * is then answered without it. Each tier is paid as it is alone: from its own messages, else from the pool.
 */
function mixedAsks({ tiers, hasOwnKey }: Mix, budgets: readonly Ask[], { memo, input }: { memo: Memo; input: AsksInput }): Asks {
  const options: (readonly Ask[])[] = [];
  const reach: (readonly Tier[])[] = [];
  for (const some of choices(tiers)) {
    for (const specs of combinations(some.map((tier) => tierCounters(memo, { ...input, tier }).specs))) {
      const asks = new Map<string, Ask & { tiers: Tier[] }>();
      for (const [at, counter] of specs.entries()) {
        const tier = some[at];
        if (tier === undefined) continue;
        const known = asks.get(counter.id);
        if (known) known.tiers.push(tier);
        else asks.set(counter.id, { counter, amount: input.size.messages, tiers: [tier] });
      }
      options.push([...budgets, ...asks.values()]);
      reach.push(some);
    }
  }
  if (!hasOwnKey) return { options, payer: 'plan', reach };
  return { options: [...options, []], payer: 'plan', reach: [...reach, []] };
}

/** Every choice of some of them, all first; of two choices, the one with the earlier items. */
function choices<Item>(items: readonly Item[]): Item[][] {
  const [first, ...rest] = items;
  if (first === undefined) return [];
  const others = choices(rest);
  return [...others.map((some) => [first, ...some]), [first], ...others];
}

/** One of each list, in every way, the first of each first. */
function combinations<Item>(lists: readonly (readonly Item[])[]): Item[][] {
  return lists.reduce<Item[][]>((made, list) => made.flatMap((some) => list.map((item) => [...some, item])), [[]]);
}

function budgetAsks(memo: Memo, { account, caller, size, nowMs }: AsksInput): Ask[] {
  if (account.budgets.length === 0) return [];
  let counters = memo.byKey.get(caller.keyId);
  if (!counters || !isOf(counters, nowMs)) {
    if (memo.byKey.size >= HOLDERS_MAX) memo.byKey.clear();
    counters = together(budgetsOf(account, caller).map((budget) => budgetCounter(budget, nowMs)));
    memo.byKey.set(caller.keyId, counters);
  }
  return counters.specs.map((counter) => ({ counter, amount: counter.unit === 'nusd' ? size.nanoUsd : size.messages }));
}

function tierCounters(memo: Memo, { account, plan, tier, nowMs }: AsksInput): Counters {
  const known = memo.byTier.get(tier);
  if (known && known.terms === plan && isOf(known, nowMs)) return known;
  const counters = plan === null ? [] : planCounters(account, { terms: plan, tier }, nowMs);
  if (plan === null || counters.length === 0) {
    fail('tier_not_in_plan', {
      param: 'model',
      message: `The plan of this workspace (${plan?.plan.name ?? account.planId}) gives no messages of the tier ${tier}. Choose a model of another tier, or change the plan.`,
    });
  }
  const found = { ...together(counters), terms: plan };
  memo.byTier.set(tier, found);
  return found;
}

function addMemo(account: Account): Memo {
  const memo: Memo = { wallet: walletCounter(account.workspaceId), byTier: new Map(), byKey: new Map() };
  memos.set(account, memo);
  return memo;
}

/** Counters together are those of the moment as long as each of them is. */
function together(counters: readonly TimedCounter[]): Counters {
  return {
    specs: counters.map(({ counter }) => counter),
    fromMs: Math.max(...counters.map(({ span }) => span.startMs)),
    untilMs: Math.min(...counters.map(({ span }) => span.endMs)),
  };
}

function isOf(counters: Counters, nowMs: number): boolean {
  return nowMs >= counters.fromMs && nowMs < counters.untilMs;
}
