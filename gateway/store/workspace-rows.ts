/** This file builds workspaces, users, members and their limits from SQL rows; the same for every engine. */
import type { Billing, KeptBodies, RateLimits, Role } from '../foundation/terms.ts';
import { readInteger, readIntegerOrNull, readOneOf, readText, readTextOrNull } from './columns.ts';
import type { Row } from './columns.ts';
import type { SqlValue } from './sql-task.ts';
import type { MemberRow, UserRow, WorkspaceRow } from './store.ts';

/** Columns of rate limits, in the order of `limitValues`; a key and a workspace have the same. */
export const limitColumns = ['requests_per_minute', 'tokens_per_minute', 'concurrent_requests'] as const;

/** Columns of workspace, in the order of `workspaceValues`. */
export const workspaceColumns = [
  'id', 'name', 'plan_id', 'billing', 'suspended', 'rev', 'created_ms', ...limitColumns, 'kept_bodies', 'body_days',
  'cache_on', 'cache_ttl_s', 'cache_reply_bytes', 'cache_bytes',
] as const;

/** Columns of app_user, in the order of `userValues`. */
export const userColumns = ['id', 'name', 'email', 'disabled', 'created_ms'] as const;

/** Total over the unions, so that a new one which can't be read back does not compile. */
const billingNames: { readonly [Name in Billing]: Name } = { plan: 'plan', balance: 'balance' };
const roleNames: { readonly [Name in Role]: Name } = { owner: 'owner', admin: 'admin', member: 'member', billing: 'billing' };
const keptNames: { readonly [Name in KeptBodies]: Name } = { none: 'none', redacted: 'redacted', full: 'full' };
const keptBodies = Object.values(keptNames);
const billings = Object.values(billingNames);
const roles = Object.values(roleNames);

export function limitValues(limits: RateLimits): SqlValue[] {
  return [limits.requestsPerMinute, limits.tokensPerMinute, limits.concurrentRequests];
}

export function readLimits(row: Row): RateLimits {
  return {
    requestsPerMinute: readIntegerOrNull(row, 'requests_per_minute'),
    tokensPerMinute: readIntegerOrNull(row, 'tokens_per_minute'),
    concurrentRequests: readIntegerOrNull(row, 'concurrent_requests'),
  };
}

export function workspaceValues(workspace: WorkspaceRow): SqlValue[] {
  return [
    workspace.id, workspace.name, workspace.planId, workspace.billing, workspace.isSuspended ? 1 : 0, workspace.revision,
    workspace.createdMs, ...limitValues(workspace.limits), workspace.keptBodies, workspace.bodyDays,
    workspace.replyCache.isOn ? 1 : 0, workspace.replyCache.ttlSeconds, workspace.replyCache.replyBytesMax, workspace.replyCache.bytesMax,
  ];
}

export function readWorkspace(row: Row): WorkspaceRow {
  return {
    id: readText(row, 'id'),
    name: readText(row, 'name'),
    planId: readText(row, 'plan_id'),
    billing: readOneOf(row, 'billing', billings),
    limits: readLimits(row),
    isSuspended: readInteger(row, 'suspended') === 1,
    keptBodies: readOneOf(row, 'kept_bodies', keptBodies),
    bodyDays: readInteger(row, 'body_days'),
    replyCache: {
      isOn: readInteger(row, 'cache_on') === 1,
      ttlSeconds: readInteger(row, 'cache_ttl_s'),
      replyBytesMax: readInteger(row, 'cache_reply_bytes'),
      bytesMax: readInteger(row, 'cache_bytes'),
    },
    revision: readInteger(row, 'rev'),
    createdMs: readInteger(row, 'created_ms'),
  };
}

export function userValues(user: UserRow): SqlValue[] {
  return [user.id, user.name, user.email, user.isDisabled ? 1 : 0, user.createdMs];
}

export function readUser(row: Row): UserRow {
  return {
    id: readText(row, 'id'),
    name: readText(row, 'name'),
    email: readTextOrNull(row, 'email'),
    isDisabled: readInteger(row, 'disabled') === 1,
    createdMs: readInteger(row, 'created_ms'),
  };
}

export function readRole(row: Row): Role {
  return readOneOf(row, 'role', roles);
}

/** Builds a member from a row of app_user joined with the member's `ws_id`, `role` and `joined_ms`. */
export function readMember(row: Row): MemberRow {
  return { workspaceId: readText(row, 'ws_id'), user: readUser(row), role: readRole(row), createdMs: readInteger(row, 'joined_ms') };
}
