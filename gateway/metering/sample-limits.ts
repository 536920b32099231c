/** This file holds accounts, plans and budgets for the tests of this room. */
import type { CatalogPlan } from '../../generated/catalog-types.ts';
import type { Account, Budget, RateLimits } from '../foundation/terms.ts';
import type { PlanTerms } from './counters.ts';

export const NO_LIMITS: RateLimits = { requestsPerMinute: null, tokensPerMinute: null, concurrentRequests: null };
/** Saturday, 2026-11-21, 08:00 UTC. */
export const NOW_MS = 1_795_248_000_000;

export function sampleAccount(parts: Partial<Account> = {}): Account {
  return { workspaceId: 'ws_1', name: 'Team', planId: 'sample', billing: 'plan', isSuspended: false, keptBodies: 'none', bodyDays: 30, replyCache: null, limits: NO_LIMITS, revision: 3, budgets: [], ownKeys: [], routes: [], ...parts };
}

export function sampleBudget(parts: Partial<Budget> = {}): Budget {
  return {
    id: 'budget_1', workspaceId: 'ws_1', name: 'November', scope: 'workspace', scopeId: 'ws_1', unit: 'nusd', amount: 1_000_000_000n, period: 'monthly',
    timeZone: 'UTC', isHard: true, thresholds: [], revision: 5, createdMs: 0, ...parts,
  };
}

/** Basic without a limit, 30 pro messages a day, no ultimate. */
export function samplePlan(parts: Partial<CatalogPlan> = {}, revision = 2): PlanTerms {
  return {
    revision,
    plan: {
      id: 'sample', name: 'Sample', ...parts,
      tiers: {
        basic: { allowed: true, messages_per_day: null }, pro: { allowed: true, messages_per_day: 30 }, ultimate: { allowed: false, messages_per_day: 0 }, ...parts.tiers,
      },
    },
  };
}
