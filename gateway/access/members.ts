/** This file holds who belongs to a workspace: members are added, changed and removed here. */
import type { Clock } from '../foundation/clock.ts';
import { fail } from '../foundation/errors.ts';
import type { MakeId } from '../foundation/ids.ts';
import type { Caller, Role } from '../foundation/terms.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import { EmailTaken } from '../store/store.ts';
import type { MemberChange, MemberRow, Page, Store, UserChange, UserRow } from '../store/store.ts';
import type { Authenticator } from './authenticate.ts';

/** What managing members and users needs of the house. */
export interface MemberOffice {
  readonly store: Store;
  readonly clock: Clock;
  readonly makeId: MakeId;
  readonly authenticator: Pick<Authenticator, 'noteChange'>;
}

/** Who is to join; by id, or by an e-mail address that makes a new user where nobody has it. */
export interface Invitation {
  readonly userId: string | null;
  readonly email: string | null;
  readonly name: string | null;
  readonly role: Role;
}

/** Lists the members of the caller's workspace, the oldest first. */
export function listMembers(office: MemberOffice, caller: Caller, page: Page): Promise<MemberRow[]> {
  return orUnavailable(office.store.listMembers(caller.workspaceId, page));
}

/** Gives one member of the caller's workspace. Refuses with member_not_found. */
export async function retrieveMember(office: MemberOffice, caller: Caller, userId: string): Promise<MemberRow> {
  return await orUnavailable(office.store.findMember(caller.workspaceId, userId)) ?? fail('member_not_found');
}

/** Adds a member. Refuses with user_not_found, already_member, and insufficient_role for an owner made by somebody who is none. */
export async function addMember(office: MemberOffice, caller: Caller, invitation: Invitation): Promise<MemberRow> {
  checkOwnership(caller, invitation.role);
  if ((invitation.userId === null) === (invitation.email === null)) {
    fail('invalid_request', { param: invitation.userId === null ? 'email' : 'user', message: 'Give either user or email.' });
  }
  const user = await findOrCreate(office, invitation);
  const given = { role: invitation.role, createdMs: office.clock.now() };
  if (!await orUnavailable(office.store.addMember(caller.workspaceId, user.id, given))) fail('already_member');
  office.authenticator.noteChange();
  return { workspaceId: caller.workspaceId, user, ...given };
}

/** Changes a role. Refuses with member_not_found, last_owner, and insufficient_role where an owner is made or changed by somebody who is none. */
export async function updateMember(office: MemberOffice, caller: Caller, change: { readonly userId: string; readonly role: Role }): Promise<MemberRow> {
  const member = await retrieveMember(office, caller, change.userId);
  checkOwnership(caller, member.role, change.role);
  return settleChange(office, await orUnavailable(office.store.changeMember(caller.workspaceId, change.userId, change.role)));
}

/** Removes a member and revokes their keys here. Refuses as `updateMember` does. */
export async function removeMember(office: MemberOffice, caller: Caller, userId: string): Promise<void> {
  const member = await retrieveMember(office, caller, userId);
  checkOwnership(caller, member.role);
  settleChange(office, await orUnavailable(office.store.removeMember(caller.workspaceId, userId, office.clock.now())));
}

/** Creates a user. Refuses with email_taken. */
export async function createUser(office: MemberOffice, wanted: Pick<UserRow, 'name' | 'email'>): Promise<UserRow> {
  const row = newUser(office, wanted);
  await orUnavailable(office.store.createUser(row)).catch(failTaken);
  return row;
}

/** Changes a user; disabling one ends what their keys have open. Refuses with user_not_found, email_taken, and key_in_use for the caller's own user disabled. */
export async function updateUser(office: MemberOffice, caller: Caller, { id, change }: { readonly id: string; readonly change: UserChange }): Promise<UserRow> {
  if (id === caller.userId && change.isDisabled === true) fail('key_in_use', { param: 'disabled', message: 'A key may not disable the user it belongs to.' });
  const lower = change.email === undefined ? change : { ...change, email: change.email?.toLowerCase() ?? null };
  const row = await orUnavailable(office.store.changeUser(id, lower)).catch(failTaken) ?? fail('user_not_found');
  office.authenticator.noteChange();
  return row;
}

/** Gives one user. Refuses with user_not_found. */
export async function retrieveUser(office: MemberOffice, id: string): Promise<UserRow> {
  return await orUnavailable(office.store.findUser(id)) ?? fail('user_not_found');
}

/** Lists every user, the newest first. */
export function listUsers(office: MemberOffice, page: Page): Promise<UserRow[]> {
  return orUnavailable(office.store.listUsers(page));
}

function newUser(office: MemberOffice, { name, email }: Pick<UserRow, 'name' | 'email'>): UserRow {
  return { id: office.makeId('user'), name, email: email?.toLowerCase() ?? null, isDisabled: false, createdMs: office.clock.now() };
}

function failTaken(cause: unknown): never {
  if (cause instanceof EmailTaken) fail('email_taken', { param: 'email' });
  throw cause;
}

async function findOrCreate(office: MemberOffice, invitation: Invitation): Promise<UserRow> {
  if (invitation.userId !== null) return retrieveUser(office, invitation.userId);
  const email = (invitation.email ?? '').toLowerCase();
  const known = await orUnavailable(office.store.findUserByEmail(email));
  if (known) return known;
  const row = newUser(office, { name: invitation.name ?? email.slice(0, email.indexOf('@')), email });
  try {
    await orUnavailable(office.store.createUser(row));
    return row;
  } catch (cause) {
    // Somebody who invited them at the same time was quicker.
    const theirs = cause instanceof EmailTaken ? await orUnavailable(office.store.findUserByEmail(email)) : null;
    if (theirs) return theirs;
    throw cause;
  }
}

/** Only owners make owners, and only they change or remove them. */
function checkOwnership(caller: Caller, ...roles: readonly Role[]): void {
  if (roles.includes('owner') && caller.role !== 'owner') fail('insufficient_role', { param: 'role', message: 'Only an owner makes, changes or removes owners.' });
}

function settleChange(office: MemberOffice, change: MemberChange): MemberRow {
  if (change === 'not_found') fail('member_not_found');
  if (change === 'last_owner') fail('last_owner');
  office.authenticator.noteChange();
  return change;
}
