/** This file warns of limits that run out: budgets past a threshold, and tiers used beyond what is fair. */
import type { CounterState } from '../foundation/ledger.ts';
import type { Account, Tier } from '../foundation/terms.ts';
import { amountText } from './amounts.ts';
import { judgeBudget } from './budgets.ts';
import { budgetCounter, budgetsOf, quotaCounter } from './counters.ts';
import type { BudgetHolder, PlanTerms } from './counters.ts';

const TIERS: readonly Tier[] = ['basic', 'pro', 'ultimate'];

/** The ids of the counters that `warningsOf` looks at; those of every key and member of the workspace. Empty for most. */
export function watchedCounters(account: Account, plan: PlanTerms | null, nowMs: number): string[] {
  const budgets = account.budgets.filter(({ thresholds }) => thresholds.length > 0).map((budget) => budgetCounter(budget, nowMs).counter.id);
  return [...budgets, ...fairTiers(account, plan).map(({ tier, terms }) => quotaCounter(account, { terms, tier }, nowMs).counter.id)];
}

export interface WarningInput {
  readonly account: Account;
  readonly caller: BudgetHolder;
  readonly plan: PlanTerms | null;
  /** As read a moment ago; what is missing has not been used. */
  readonly states: readonly CounterState[];
  readonly nowMs: number;
}

/** Gives a text for each budget of the caller that has reached a threshold, the highest one it has, and for each tier used beyond what is fair. */
export function warningsOf({ account, caller, plan, states, nowMs }: WarningInput): string[] {
  if (states.length === 0) return [];
  const find = (id: string): CounterState | null => states.find((state) => state.id === id) ?? null;
  const warnings: string[] = [];
  for (const budget of budgetsOf(account, caller)) {
    const { thresholdsReached, used } = judgeBudget(budget, find(budgetCounter(budget, nowMs).counter.id), nowMs);
    const reached = thresholdsReached.at(-1);
    if (reached !== undefined) {
      warnings.push(`${budget.period} budget "${budget.name}" has passed ${reached} %: ${amountText(used, budget.unit)} of ${amountText(budget.amount, budget.unit)}`);
    }
  }
  for (const { tier, terms, fair } of fairTiers(account, plan)) {
    const used = find(quotaCounter(account, { terms, tier }, nowMs).counter.id)?.used ?? 0n;
    if (used > fair) warnings.push(`more than fair use of the tier ${tier}: ${amountText(used, 'msg')} today of ${fair}`);
  }
  return warnings;
}

/** The tiers a plan does not limit but has a fair number for. A prepaid balance knows none. */
function fairTiers(account: Account, terms: PlanTerms | null): { tier: Tier; terms: PlanTerms; fair: bigint }[] {
  if (terms === null || account.billing === 'balance') return [];
  return TIERS.flatMap((tier) => {
    const { allowed, messages_per_day: messages, fair_use_per_day: fair } = terms.plan.tiers[tier];
    return allowed && messages === null && typeof fair === 'number' && !terms.plan.pool?.tiers.includes(tier) ? [{ tier, terms, fair: BigInt(fair) }] : [];
  });
}
