/** This file gives the name of a limit as a caller knows it, and the moment at which it is full again. */
import type { CounterSpec } from '../foundation/ledger.ts';
import type { Account } from '../foundation/terms.ts';
import { poolCounter, timeZoneOf } from './counters.ts';
import type { PlanTerms } from './counters.ts';
import { periodAt } from './periods.ts';

export interface NamedLimit {
  /** Reads on after "of": `the monthly budget "Team" of this workspace`. */
  readonly name: string;
  /** Infinity for what never renews. */
  readonly renewsMs: number;
}

const NEVER = Number.POSITIVE_INFINITY;

/** Names the limit a counter stands for. A budget deleted a moment ago is named without its name. */
export function limitOf(counter: Pick<CounterSpec, 'id' | 'kind' | 'scopeId'>, { account, plan, nowMs }: { account: Account; plan: PlanTerms | null; nowMs: number }): NamedLimit {
  const { kind } = counter;
  switch (kind) {
    case 'wallet': return { name: 'the balance of this workspace', renewsMs: NEVER };
    case 'budget': return budgetLimit(counter.scopeId, account, nowMs);
    case 'pool': return { name: `the message pool of the plan ${nameOf(account, plan)}`, renewsMs: plan === null ? NEVER : poolCounter(account, plan, nowMs)?.span.endMs ?? NEVER };
    case 'quota': return {
      name: `the ${tierOf(counter.id)} messages a day of the plan ${nameOf(account, plan)}`,
      renewsMs: plan === null ? NEVER : periodAt('daily', timeZoneOf(plan), nowMs).endMs,
    };
    default: return kind satisfies never;
  }
}

function budgetLimit(id: string, account: Account, nowMs: number): NamedLimit {
  const budget = account.budgets.find((known) => known.id === id);
  if (!budget) return { name: `the budget ${id}`, renewsMs: NEVER };
  return { name: `the ${budget.period} budget "${budget.name}" of this ${budget.scope}`, renewsMs: periodAt(budget.period, budget.timeZone, nowMs).endMs };
}

function nameOf(account: Account, plan: PlanTerms | null): string {
  return plan?.plan.name ?? account.planId;
}

/** The third part of `q:<ws>:<tier>:<period>`. */
function tierOf(id: string): string {
  return id.split(':')[2] ?? '';
}
