/** This file names the counters a call is judged by: of its plan, its workspace's wallet, and the budgets that are its own. */
import type { CatalogPlan } from '../../generated/catalog-types.ts';
import { walletId } from '../foundation/ledger.ts';
import type { CounterSpec } from '../foundation/ledger.ts';
import type { Account, Budget, Tier } from '../foundation/terms.ts';
import { periodAt } from './periods.ts';
import type { Period, PeriodSpan } from './periods.ts';

/** Plans and workspaces have revisions of their own; a plan has fewer than these. */
const PLAN_REVISIONS = 2 ** 24;

/** A plan as it stands: `revision` advances whenever an operator changes it. */
export interface PlanTerms {
  readonly plan: CatalogPlan;
  readonly revision: number;
}

/** Whose budgets apply: those of the key, its user and the workspace. */
export interface BudgetHolder {
  readonly keyId: string;
  readonly userId: string;
}

/** A counter, with the period it is for. */
export interface TimedCounter {
  readonly counter: CounterSpec;
  readonly span: PeriodSpan;
}

/** The wallet of a workspace; its cap is known to the store alone. */
export function walletCounter(workspaceId: string): CounterSpec {
  return { id: walletId(workspaceId), kind: 'wallet', scopeId: workspaceId, unit: 'nusd', period: 'all', cap: null, capRevision: 0 };
}

/** The counter of one tier's messages on the day of a moment; without a cap where the plan sets none. */
export function quotaCounter(account: Account, { terms, tier }: { terms: PlanTerms; tier: Tier }, nowMs: number): TimedCounter {
  const span = periodAt('daily', timeZoneOf(terms), nowMs);
  const { workspaceId } = account;
  const messages = terms.plan.tiers[tier].messages_per_day;
  return {
    span,
    counter: {
      id: `q:${workspaceId}:${tier}:${span.key}`, kind: 'quota', scopeId: workspaceId, unit: 'msg', period: span.key,
      cap: messages === null ? null : BigInt(messages), capRevision: capRevision(account, terms),
    },
  };
}

/** The counter of a plan's pool in the period of a moment; null for a plan that has none. */
export function poolCounter(account: Account, terms: PlanTerms, nowMs: number): TimedCounter | null {
  const { pool } = terms.plan;
  if (!pool) return null;
  const span = periodAt(POOL_PERIODS[pool.period], timeZoneOf(terms), nowMs);
  const { workspaceId } = account;
  return {
    span,
    counter: {
      id: `p:${workspaceId}:${span.key}`, kind: 'pool', scopeId: workspaceId, unit: 'msg', period: span.key,
      cap: BigInt(pool.messages), capRevision: capRevision(account, terms),
    },
  };
}

/** The counter of a budget in the period of a moment; without a cap when it only warns. */
export function budgetCounter(budget: Budget, nowMs: number): TimedCounter {
  const span = periodAt(budget.period, budget.timeZone, nowMs);
  return {
    span,
    counter: {
      id: `b:${budget.id}:${span.key}`, kind: 'budget', scopeId: budget.id, unit: budget.unit, period: span.key,
      cap: budget.isHard ? budget.amount : null, capRevision: budget.revision,
    },
  };
}

/** The budgets of a workspace that apply to the calls of one key. */
export function budgetsOf(account: Account, { keyId, userId }: BudgetHolder): Budget[] {
  return account.budgets.filter(({ scope, scopeId }) => {
    switch (scope) {
      case 'key': return scopeId === keyId;
      case 'member': return scopeId === userId;
      case 'workspace': return true;
      default: return scope satisfies never;
    }
  });
}

/** Which counters a plan pays a tier from, in the order they are tried. Empty when the plan gives nothing of the tier. */
export function planCounters(account: Account, { terms, tier }: { terms: PlanTerms; tier: Tier }, nowMs: number): TimedCounter[] {
  const { allowed, messages_per_day: messages } = terms.plan.tiers[tier];
  if (!allowed) return [];
  const pool = terms.plan.pool?.tiers.includes(tier) ? poolCounter(account, terms, nowMs) : null;
  if (pool === null) return messages === 0 ? [] : [quotaCounter(account, { terms, tier }, nowMs)];
  return messages === null || messages === 0 ? [pool] : [quotaCounter(account, { terms, tier }, nowMs), pool];
}

/** The time zone in which a plan's days and months begin. */
export function timeZoneOf({ plan }: PlanTerms): string {
  return plan.time_zone ?? 'UTC';
}

const POOL_PERIODS = { day: 'daily', month: 'monthly', lifetime: 'total' } as const satisfies Record<string, Period>;

/** A cap given by a later revision of the workspace wins; within one of them, that of the later revision of its plan. */
function capRevision(account: Account, terms: PlanTerms): number {
  return account.revision * PLAN_REVISIONS + terms.revision;
}
