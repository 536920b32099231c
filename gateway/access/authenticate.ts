/** This file turns an Authorization header into a Caller: from memory and at once for a key in use, by one store read for a new one. */
import { hash, timingSafeEqual } from 'node:crypto';
import { fail } from '../foundation/errors.ts';
import type { Caller } from '../foundation/terms.ts';
import type { KeyRow } from '../store/store.ts';
import { asUnavailable } from '../store/or-unavailable.ts';
import { SLOT_MARK, createKeyCache } from './key-cache.ts';
import type { KeyCacheOptions } from './key-cache.ts';
import { hashSecret, KEY_LENGTH, readKey, readKeyId } from './keys.ts';
import type { SignedKey } from './keys.ts';
import type { LiveKey } from './live-key.ts';
import type { Secrets } from './secrets.ts';

export interface AuthenticatorOptions extends KeyCacheOptions {
  readonly secrets: Secrets;
}

export interface Authenticator {
  /**
   * Gives the caller: at once when the key is in memory, else after one store read. Refuses with missing_api_key,
   * invalid_api_key, expired_api_key or revoked_api_key (also for a key whose user is disabled: no header helps it), then with
   * workspace_not_allowed where the user is no member: in the workspace the header selects, or in the key's own; a bound key can select
   * none but its own. Refuses with store_unavailable, never a 401, when the store can't say.
   */
  authenticate(authorization: string | undefined, workspace?: string | string[]): Caller | Promise<Caller>;
  /** Says that this process changed something keys are judged by: keys, users, members, workspaces, budgets, provider keys. It holds from the next request on. */
  noteChange(): void;
  /** Stops the timer that checks keys of open calls. */
  close(): void;
}

const BEARER = 'Bearer ';
const BEARER_PATTERN = /^bearer +([^ ]+) *$/i;
const WORKSPACE_PATTERN = /^ws_[0-9a-f]{32}$/;

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { secrets, clock } = options;
  const cache = createKeyCache(options);

  const admit = (live: LiveKey, selected: string | null): Caller => {
    const { key, isUserDisabled } = live.row;
    if (key.revokedMs !== null) fail('revoked_api_key');
    if (isUserDisabled) fail('revoked_api_key', { message: 'The user this key belongs to is disabled.' });
    if (key.expiresMs !== null && key.expiresMs <= clock.now()) fail('expired_api_key');
    return live.caller && maySelect(live.caller, selected, key) ? live.caller : failWorkspace();
  };
  const admitSigned = (live: LiveKey | null, asked: { signed: SignedKey; digest: string; selected: string | null }): Caller => {
    if (!live || !isSecretOf(live.row.key, asked.signed, secrets)) fail('invalid_api_key');
    live.digest = asked.digest;
    return admit(live, asked.selected);
  };

  return {
    authenticate(authorization, workspace) {
      const key = readBearer(authorization) ?? fail('missing_api_key');
      if (key.length !== KEY_LENGTH) fail('invalid_api_key');
      const digest = hash('sha256', key, 'base64');
      const selected = workspace === undefined ? null : String(workspace);
      const id = readKeyId(key);
      // What can't be the id of a workspace is not asked for: the caller in the key's own workspace is not the one selected.
      const slot = selected !== null && WORKSPACE_PATTERN.test(selected) ? id + SLOT_MARK + selected : id;
      const live = cache.peek(slot);
      if (live?.digest === digest) return admit(live, selected);

      const signed = readKey(secrets, key);
      if (!signed || cache.isUnknown(id)) fail('invalid_api_key');
      const asked = { signed, digest, selected };
      if (live) return admitSigned(live, asked);
      return cache.load(slot).catch((cause: unknown) => asUnavailable(cause)).then((known) => admitSigned(known, asked));
    },
    noteChange: cache.noteChange,
    close: () => { cache.close(); },
  };
}

/** Whether the caller that was found is the one asked for. */
function maySelect(caller: Caller, selected: string | null, key: KeyRow): boolean {
  return selected === null || (caller.workspaceId === selected && (!key.isBound || selected === key.workspaceId));
}

/** The same for a workspace that is somebody else's and for one that does not exist: ids can't be probed. */
function failWorkspace(): never {
  fail('workspace_not_allowed', { param: 'x-writingmate-workspace' });
}

/** The credentials of the Bearer scheme, whose name is case-insensitive; null when there are none. */
function readBearer(authorization: string | undefined): string | null {
  if (authorization === undefined) return null;
  if (authorization.length === BEARER.length + KEY_LENGTH && authorization.startsWith(BEARER)) return authorization.slice(BEARER.length);
  return BEARER_PATTERN.exec(authorization)?.[1] ?? null;
}

function isSecretOf(row: KeyRow, signed: SignedKey, secrets: Secrets): boolean {
  const secretHash = hashSecret(secrets, row.pepperId, signed.secret);
  return secretHash !== null && secretHash.length === row.secretHash.length && timingSafeEqual(secretHash, row.secretHash);
}
