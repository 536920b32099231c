/** This file holds what a member does with the keys of a workspace: create, list, look at, change and delete them. */
import type { Clock } from '../foundation/clock.ts';
import { fail } from '../foundation/errors.ts';
import type { Caller, RateLimits, Scope } from '../foundation/terms.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { KeyChange, KeyRow, Page, Store } from '../store/store.ts';
import type { Authenticator } from './authenticate.ts';
import { issueKey } from './keys.ts';
import { managesOthers, seesOnlyOwn } from './roles.ts';
import type { Secrets } from './secrets.ts';

/** What managing keys needs of the house. */
export interface KeyOffice {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly authenticator: Pick<Authenticator, 'noteChange'>;
}

export interface NewKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Null for every model. */
  readonly models: readonly string[] | null;
  readonly limits: RateLimits;
  readonly expiresMs: number | null;
}

/** A new key, and for whom it is. */
export interface NewMemberKey extends NewKey {
  /** Null for the caller's own user. */
  readonly userId: string | null;
}

/** What may be changed; absent fields stay. */
export interface KeyEdit extends Omit<KeyChange, 'revokedMs'> {
  readonly isRevoked?: true;
}

export type KeyStatus = 'active' | 'expired' | 'revoked';

/**
 * Creates a key in the caller's workspace; `key` is the whole of it, shown only now. One made for somebody else stays in the workspace, for its
 * maker knows its secret; so does one made by a key that has to. Refuses with insufficient_scope for a scope the caller's key lacks, and with
 * insufficient_role or member_not_found for somebody else's.
 */
export async function createKey(office: KeyOffice, caller: Caller, wanted: NewMemberKey): Promise<{ key: string; row: KeyRow }> {
  checkScopes(caller, wanted.scopes);
  const { userId: wantedUser, ...rest } = wanted;
  const userId = wantedUser ?? caller.userId;
  const isForOther = userId !== caller.userId;
  if (isForOther && !managesOthers(caller)) fail('insufficient_role', { param: 'user', message: 'Only owners and admins create keys for other members.' });
  if (isForOther && !await orUnavailable(office.store.findMember(caller.workspaceId, userId))) fail('member_not_found');
  return insertKey(office, { ...rest, userId, workspaceId: caller.workspaceId, isBound: isForOther || caller.isBound });
}

/** Issues and keeps a key as told; who may ask for it has been judged before. */
export async function insertKey(
  office: KeyOffice, wanted: NewKey & { readonly userId: string; readonly workspaceId: string; readonly isBound: boolean },
): Promise<{ key: string; row: KeyRow }> {
  const { key, ...kept } = issueKey(office.secrets);
  const row: KeyRow = { ...kept, ...wanted, createdMs: office.clock.now(), revokedMs: null };
  await orUnavailable(office.store.insertKey(row));
  office.authenticator.noteChange();
  return { key, row };
}

/** Lists the keys of the caller's workspace, the newest first; a member's own only. */
export async function listKeys(office: KeyOffice, caller: Caller, page: Page): Promise<KeyRow[]> {
  return orUnavailable(office.store.listKeys(caller.workspaceId, seesOnlyOwn(caller) ? caller.userId : null, page));
}

/** Gives one key of the caller's workspace. Refuses with key_not_found, as for a key that a member does not see. */
export async function retrieveKey(office: KeyOffice, caller: Caller, id: string): Promise<KeyRow> {
  const row = await orUnavailable(office.store.findKey(id));
  if (row?.workspaceId !== caller.workspaceId) fail('key_not_found');
  return seesOnlyOwn(caller) && row.userId !== caller.userId ? fail('key_not_found') : row;
}

/** A key to be changed, and how. */
export interface KeyUpdate {
  readonly id: string;
  readonly edit: KeyEdit;
}

/**
 * Changes a key; it holds from the next request on. Refuses with key_not_found, with key_in_use when a key would lock itself out, with
 * insufficient_scope for a new scope the caller's key lacks, and with workspace_not_allowed for a move where the key may not go.
 */
export async function updateKey(office: KeyOffice, caller: Caller, { id, edit }: KeyUpdate): Promise<KeyRow> {
  const nowMs = office.clock.now();
  if (id === caller.keyId && locksOut(edit, caller, nowMs)) fail('key_in_use');
  const known = await retrieveKey(office, caller, id);
  if (edit.scopes) checkScopes(caller, edit.scopes.filter((scope) => !known.scopes.includes(scope)));
  if (edit.workspaceId !== undefined && edit.workspaceId !== known.workspaceId) await checkMove(office, caller, { key: known, workspaceId: edit.workspaceId });
  const { isRevoked, ...rest } = edit;
  const change: KeyChange = isRevoked ? { ...rest, revokedMs: nowMs } : rest;
  const row = await orUnavailable(office.store.changeKey(caller.workspaceId, id, change)) ?? fail('key_not_found');
  office.authenticator.noteChange();
  return row;
}

/** Deletes a key; its usage stays. Refuses with key_not_found, and with key_in_use for the caller's own. */
export async function deleteKey(office: KeyOffice, caller: Caller, id: string): Promise<void> {
  if (id === caller.keyId) fail('key_in_use');
  await retrieveKey(office, caller, id);
  if (!await orUnavailable(office.store.deleteKey(caller.workspaceId, id))) fail('key_not_found');
  office.authenticator.noteChange();
}

/** Whether a key works at this time; revoked says more than expired. */
export function keyStatus(row: KeyRow, nowMs: number): KeyStatus {
  if (row.revokedMs !== null) return 'revoked';
  return row.expiresMs !== null && row.expiresMs <= nowMs ? 'expired' : 'active';
}

/** No door is opened by a key that can't go through it: not the operator's, and none that spends. */
function checkScopes(caller: Caller, scopes: readonly Scope[]): void {
  const missing = scopes.filter((scope) => !caller.scopes.includes(scope));
  if (missing.length > 0) fail('insufficient_scope', { param: 'scopes', message: `Only a key with the scope ${missing.join(' and ')} can give it.` });
}

/** A key moves only to a workspace of its user, and only by that user's hand. */
async function checkMove(office: KeyOffice, caller: Caller, move: { readonly key: KeyRow; readonly workspaceId: string }): Promise<void> {
  const { key, workspaceId } = move;
  const isOwn = key.userId === caller.userId && !key.isBound && !caller.isBound;
  const member = isOwn ? await orUnavailable(office.store.findMember(workspaceId, key.userId)) : null;
  if (!member) fail('workspace_not_allowed', { param: 'workspace', message: "A key moves only to another workspace of its user, by that user's own key." });
}

/** Doors a key may not shut behind itself. */
const keptScopes: readonly Scope[] = ['management', 'operator'];

/** True when the edit would leave the key unable to manage what it manages, or take it elsewhere. */
function locksOut(edit: KeyEdit, caller: Caller, nowMs: number): boolean {
  const { scopes } = edit;
  const isDemoted = scopes !== undefined && keptScopes.some((scope) => caller.scopes.includes(scope) && !scopes.includes(scope));
  const isExpired = edit.expiresMs !== undefined && edit.expiresMs !== null && edit.expiresMs <= nowMs;
  const isMoved = edit.workspaceId !== undefined && edit.workspaceId !== caller.workspaceId;
  return edit.isRevoked === true || isDemoted || isExpired || isMoved;
}
