/** This file holds what a member does with the keys of their workspace: create, list, look at, change and delete them. */
import type { Clock } from '../foundation/clock.ts';
import { fail } from '../foundation/errors.ts';
import type { Caller, Scope } from '../foundation/terms.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { KeyChange, KeyRow, Page, Store } from '../store/store.ts';
import type { Authenticator } from './authenticate.ts';
import { issueKey } from './keys.ts';
import type { Secrets } from './secrets.ts';

/** What managing keys needs of the house. */
export interface KeyOffice {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly authenticator: Pick<Authenticator, 'noteKey'>;
}

export interface NewKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Null for every model. */
  readonly models: readonly string[] | null;
  readonly expiresMs: number | null;
}

/** What may be changed; absent fields stay. */
export interface KeyEdit extends Omit<KeyChange, 'revokedMs'> {
  readonly isRevoked?: true;
}

export type KeyStatus = 'active' | 'expired' | 'revoked';

/** Creates a key in the caller's workspace; `key` is the whole of it, shown only now. */
export async function createKey(office: KeyOffice, caller: Caller, wanted: NewKey): Promise<{ key: string; row: KeyRow }> {
  const { key, ...kept } = issueKey(office.secrets);
  const row: KeyRow = { ...kept, ...wanted, workspaceId: caller.workspaceId, createdMs: office.clock.now(), revokedMs: null };
  await orUnavailable(office.store.insertKey(row));
  office.authenticator.noteKey(row.id, row);
  return { key, row };
}

/** Lists the keys of the caller's workspace, the newest first. */
export async function listKeys(office: KeyOffice, caller: Caller, page: Page): Promise<KeyRow[]> {
  return orUnavailable(office.store.listKeys(caller.workspaceId, page));
}

/** Gives one key of the caller's workspace. Refuses with key_not_found. */
export async function retrieveKey(office: KeyOffice, caller: Caller, id: string): Promise<KeyRow> {
  const row = await orUnavailable(office.store.findKey(id));
  return row?.workspaceId === caller.workspaceId ? row : fail('key_not_found');
}

/** A key to be changed, and how. */
export interface KeyUpdate {
  readonly id: string;
  readonly edit: KeyEdit;
}

/** Changes a key; it holds from the next request on. Refuses with key_not_found, and with key_in_use when a key would lock itself out. */
export async function updateKey(office: KeyOffice, caller: Caller, { id, edit }: KeyUpdate): Promise<KeyRow> {
  const nowMs = office.clock.now();
  if (id === caller.keyId && locksOut(edit, nowMs)) fail('key_in_use');
  const { isRevoked, ...rest } = edit;
  const change: KeyChange = isRevoked ? { ...rest, revokedMs: nowMs } : rest;
  const row = await orUnavailable(office.store.changeKey(caller.workspaceId, id, change)) ?? fail('key_not_found');
  office.authenticator.noteKey(id, row);
  return row;
}

/** Deletes a key; its usage stays. Refuses with key_not_found, and with key_in_use for the caller's own. */
export async function deleteKey(office: KeyOffice, caller: Caller, id: string): Promise<void> {
  if (id === caller.keyId) fail('key_in_use');
  if (!await orUnavailable(office.store.deleteKey(caller.workspaceId, id))) fail('key_not_found');
  office.authenticator.noteKey(id, null);
}

/** Whether a key works at this time; revoked says more than expired. */
export function keyStatus(row: KeyRow, nowMs: number): KeyStatus {
  if (row.revokedMs !== null) return 'revoked';
  return row.expiresMs !== null && row.expiresMs <= nowMs ? 'expired' : 'active';
}

/** True when the edit would leave the key unable to manage keys. */
function locksOut(edit: KeyEdit, nowMs: number): boolean {
  const isDemoted = edit.scopes !== undefined && !edit.scopes.includes('management');
  const isExpired = edit.expiresMs !== undefined && edit.expiresMs !== null && edit.expiresMs <= nowMs;
  return edit.isRevoked === true || isDemoted || isExpired;
}
