/** This file holds workspaces: a member sees and renames theirs, an operator makes and changes all of them. */
import { fail } from '../foundation/errors.ts';
import type { Billing, Caller, RateLimits, Role } from '../foundation/terms.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { KeyRow, Page, WorkspaceChange, WorkspaceRow } from '../store/store.ts';
import { NO_BODIES, NO_CACHE, NO_LIMITS } from './first-key.ts';
import { insertKey } from './manage.ts';
import type { KeyOffice, NewKey } from './manage.ts';
import type { MemberOffice } from './members.ts';
import { retrieveUser } from './members.ts';

/** What managing workspaces needs of the house. */
export interface WorkspaceOffice extends MemberOffice {
  /** True for the id of a plan there is. */
  readonly hasPlan: (planId: string) => boolean;
}

/** A workspace with the role of who looks at it. */
export interface OwnWorkspace {
  readonly workspace: WorkspaceRow;
  readonly role: Role;
}

/** A workspace as an operator wants it. */
export interface NewWorkspace {
  readonly name: string;
  readonly ownerId: string;
  readonly planId: string;
  readonly billing: Billing;
  readonly limits: RateLimits | null;
}

/** Lists the workspaces of the caller's user, the oldest first; a bound key sees its own alone. */
export async function listOwnWorkspaces(office: WorkspaceOffice, caller: Caller, page: Page): Promise<OwnWorkspace[]> {
  const all = await orUnavailable(office.store.listWorkspacesOf(caller.userId));
  const seen = caller.isBound ? all.filter(({ workspace }) => workspace.id === caller.workspaceId).map(({ workspace }) => ({ workspace, role: caller.role })) : all;
  const start = page.after === null ? 0 : seen.findIndex(({ workspace }) => workspace.id === page.after) + 1;
  return page.after !== null && start === 0 ? [] : seen.slice(start, start + page.limit);
}

/** Gives one workspace of the caller's user. Refuses with workspace_not_found, also for one that is somebody else's. */
export async function retrieveOwnWorkspace(office: WorkspaceOffice, caller: Caller, id: string): Promise<OwnWorkspace> {
  const all = await listOwnWorkspaces(office, caller, { limit: Number.MAX_SAFE_INTEGER, after: null });
  return all.find(({ workspace }) => workspace.id === id) ?? fail('workspace_not_found');
}

/** What a member may change of a workspace. */
export type OwnWorkspaceChange = Pick<WorkspaceChange, 'name' | 'keptBodies' | 'bodyDays' | 'replyCache'>;

/** Changes the workspace the caller acts in. Refuses with workspace_not_found for any other. */
export async function changeOwnWorkspace(office: WorkspaceOffice, caller: Caller, { id, change }: { readonly id: string; readonly change: OwnWorkspaceChange }): Promise<OwnWorkspace> {
  checkActsIn(caller, id);
  return { workspace: await changeWorkspace(office, id, change), role: caller.role };
}

/** Refuses a workspace the caller does not act in with workspace_not_found. */
export function checkActsIn(caller: Pick<Caller, 'workspaceId'>, id: string): void {
  if (id !== caller.workspaceId) fail('workspace_not_found', { message: 'A call changes only the workspace it acts in; select another with x-writingmate-workspace.' });
}

/** Lists every workspace, the oldest first. */
export function listWorkspaces(office: WorkspaceOffice, page: Page): Promise<WorkspaceRow[]> {
  return orUnavailable(office.store.listWorkspaces(page));
}

/** Gives any workspace. Refuses with workspace_not_found. */
export async function retrieveWorkspace(office: WorkspaceOffice, id: string): Promise<WorkspaceRow> {
  return await orUnavailable(office.store.findWorkspace(id)) ?? fail('workspace_not_found');
}

/** Creates a workspace with its owner. Refuses with user_not_found and plan_not_found. */
export async function createWorkspace(office: WorkspaceOffice, wanted: NewWorkspace): Promise<WorkspaceRow> {
  checkPlan(office, wanted.planId);
  await retrieveUser(office, wanted.ownerId);
  const createdMs = office.clock.now();
  const row: WorkspaceRow = {
    id: office.makeId('ws'), name: wanted.name, planId: wanted.planId, billing: wanted.billing, limits: wanted.limits ?? NO_LIMITS,
    isSuspended: false, ...NO_BODIES, ...NO_CACHE, revision: 0, createdMs,
  };
  await orUnavailable(office.store.createWorkspace(row, wanted.ownerId));
  office.authenticator.noteChange();
  return row;
}

/** Changes any workspace; holds from the next request on. Refuses with workspace_not_found and plan_not_found. */
export async function changeWorkspace(office: WorkspaceOffice, id: string, change: WorkspaceChange): Promise<WorkspaceRow> {
  if (change.planId !== undefined) checkPlan(office, change.planId);
  const row = await orUnavailable(office.store.changeWorkspace(id, change)) ?? fail('workspace_not_found');
  office.authenticator.noteChange();
  return row;
}

/** Creates a key for any user in a workspace of theirs. Refuses with user_not_found, workspace_not_found, and member_not_found for a user who is no member. */
export async function createUserKey(
  office: WorkspaceOffice & KeyOffice, wanted: NewKey & { readonly userId: string; readonly workspaceId: string },
): Promise<{ key: string; row: KeyRow }> {
  await retrieveUser(office, wanted.userId);
  await retrieveWorkspace(office, wanted.workspaceId);
  const member = await orUnavailable(office.store.findMember(wanted.workspaceId, wanted.userId));
  if (!member) fail('member_not_found', { message: 'The user is no member of that workspace.' });
  return insertKey(office, { ...wanted, isBound: false });
}

/** How many workspaces use a plan. */
export async function planUsers(office: Pick<WorkspaceOffice, 'store'>, planId: string): Promise<number> {
  let users = 0;
  for (let after: string | null = null; ;) {
    const page: WorkspaceRow[] = await orUnavailable(office.store.listWorkspaces({ limit: PAGE_ROWS, after }));
    users += page.filter((row) => row.planId === planId).length;
    after = page.at(-1)?.id ?? null;
    if (page.length < PAGE_ROWS) return users;
  }
}

const PAGE_ROWS = 1000;

function checkPlan(office: WorkspaceOffice, planId: string): void {
  if (!office.hasPlan(planId)) fail('plan_not_found', { param: 'plan' });
}
