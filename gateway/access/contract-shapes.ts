/** This file shapes keys, users, members and workspaces as the contract shows them. */
import type { AnyWorkspace, Key, Member, RateLimits as ContractLimits, RateLimitsChange, User, Workspace } from '../../generated/client/types.gen.ts';
import { toSeconds } from '../foundation/page.ts';
import type { RateLimits } from '../foundation/terms.ts';
import type { KeyRow, MemberRow, UserRow, WorkspaceRow } from '../store/store.ts';
import { keyStatus } from './manage.ts';
import type { OwnWorkspace } from './workspaces.ts';

/** A key, but for its secret. */
export function toContractKey(row: KeyRow, nowMs: number): Key {
  return {
    id: row.id,
    object: 'key',
    name: row.name,
    last4: row.last4,
    scopes: [...row.scopes],
    models: row.models === null ? null : [...row.models],
    status: keyStatus(row, nowMs),
    user: row.userId,
    workspace: row.workspaceId,
    bound: row.isBound,
    limits: toContractLimits(row.limits),
    created_at: toSeconds(row.createdMs),
    expires_at: row.expiresMs === null ? null : toSeconds(row.expiresMs),
    revoked_at: row.revokedMs === null ? null : toSeconds(row.revokedMs),
  };
}

export function toContractUser(row: UserRow): User {
  return { id: row.id, object: 'user', name: row.name, email: row.email, disabled: row.isDisabled, created_at: toSeconds(row.createdMs) };
}

export function toContractMember(row: MemberRow): Member {
  return { object: 'member', user: row.user.id, name: row.user.name, email: row.user.email, role: row.role, created_at: toSeconds(row.createdMs) };
}

/** A workspace as an operator sees it. */
export function toAnyWorkspace(row: WorkspaceRow): AnyWorkspace {
  return {
    id: row.id,
    object: 'workspace',
    name: row.name,
    plan: row.planId,
    billing: row.billing,
    limits: toContractLimits(row.limits),
    suspended: row.isSuspended,
    created_at: toSeconds(row.createdMs),
  };
}

/** A workspace as its member sees it. */
export function toOwnWorkspace({ workspace, role }: OwnWorkspace): Workspace {
  const { replyCache: { isOn, ttlSeconds, replyBytesMax, bytesMax } } = workspace;
  return {
    ...toAnyWorkspace(workspace), role, request_bodies: { keep: workspace.keptBodies, days: workspace.bodyDays },
    reply_cache: { enabled: isOn, ttl_seconds: ttlSeconds, reply_bytes_max: replyBytesMax, bytes_max: bytesMax },
  };
}

export function toContractLimits(limits: RateLimits): ContractLimits {
  return { requests_per_minute: limits.requestsPerMinute, tokens_per_minute: limits.tokensPerMinute, concurrent_requests: limits.concurrentRequests };
}

/** Rate limits as asked for; what is left out has none. */
export function readLimits(limits: RateLimitsChange | undefined): RateLimits {
  return {
    requestsPerMinute: limits?.requests_per_minute ?? null,
    tokensPerMinute: limits?.tokens_per_minute ?? null,
    concurrentRequests: limits?.concurrent_requests ?? null,
  };
}
