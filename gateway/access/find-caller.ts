/** This file finds the caller a key stands for without the key itself: for work that goes on when its request is over. */
import type { Clock } from '../foundation/clock.ts';
import { fail } from '../foundation/errors.ts';
import type { Caller } from '../foundation/terms.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { Store } from '../store/store.ts';
import { createLiveKey } from './live-key.ts';

/**
 * Reads the key as it is now. Refuses as its next request would be: revoked_api_key, expired_api_key, workspace_not_allowed, or store_unavailable
 * when the store can't say.
 */
export async function findCaller({ store, clock }: { readonly store: Pick<Store, 'findAccess'>; readonly clock: Pick<Clock, 'now'> }, keyId: string, workspaceId: string): Promise<Caller> {
  const row = await orUnavailable(store.findAccess(keyId, workspaceId)) ?? fail('revoked_api_key', { message: 'The key was deleted.' });
  if (row.key.revokedMs !== null) fail('revoked_api_key');
  if (row.isUserDisabled) fail('revoked_api_key', { message: 'The user this key belongs to is disabled.' });
  if (row.key.expiresMs !== null && row.key.expiresMs <= clock.now()) fail('expired_api_key');
  return createLiveKey(row).caller ?? fail('workspace_not_allowed');
}
