/** This file makes callers for tests: an owner with an inference and a management key, without limits. */
import type { Account, Caller, RateLimits } from './terms.ts';

const NO_LIMITS: RateLimits = { requestsPerMinute: null, tokensPerMinute: null, concurrentRequests: null };

export function sampleCaller(parts: Partial<Caller> = {}): Caller {
  const workspaceId = parts.workspaceId ?? 'ws_1';
  const account: Account = {
    workspaceId, name: 'Team', planId: 'unlimited', billing: 'plan', isSuspended: false, keptBodies: 'none', bodyDays: 30, replyCache: null, limits: NO_LIMITS, revision: 0, budgets: [], ownKeys: [], routes: [],
  };
  return {
    keyId: 'key_1', userId: 'user_1', isBound: false, workspaceId, role: 'owner', account, scopes: ['inference', 'management'], limits: NO_LIMITS, models: null,
    isRevoked: false, onRevoked: () => () => undefined, ...parts,
  };
}
