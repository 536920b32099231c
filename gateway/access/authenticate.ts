/** This file turns an Authorization header into a Caller: from memory and at once for a key in use, by one store read for a new one. */
import { hash, timingSafeEqual } from 'node:crypto';
import { fail } from '../foundation/errors.ts';
import type { Caller } from '../foundation/terms.ts';
import type { KeyRow } from '../store/store.ts';
import { createKeyCache } from './key-cache.ts';
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
   * invalid_api_key, expired_api_key or revoked_api_key, and with store_unavailable (never a 401) when the store can't say.
   */
  authenticate(authorization: string | undefined): Caller | Promise<Caller>;
  /** Takes over a change of a key made by this process, so that it works on the very next request; null: deleted. */
  noteKey(id: string, row: KeyRow | null): void;
  /** Stops the timer that checks keys of open calls. */
  close(): void;
}

const BEARER = 'Bearer ';
const BEARER_PATTERN = /^bearer +([^ ]+) *$/i;

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { secrets, clock } = options;
  const cache = createKeyCache(options);

  const admit = (live: LiveKey): Caller => {
    if (live.life.isOver) fail('revoked_api_key');
    const { expiresMs } = live.row;
    if (expiresMs !== null && expiresMs <= clock.now()) fail('expired_api_key');
    return live.caller;
  };
  const admitSigned = (live: LiveKey | null, signed: SignedKey, digest: string): Caller => {
    if (!live || !isSecretOf(live.row, signed, secrets)) fail('invalid_api_key');
    live.digest = digest;
    return admit(live);
  };
  const loadAndAdmit = async (signed: SignedKey, digest: string): Promise<Caller> => {
    const live = await cache.load(signed.id).catch((cause: unknown) => fail('store_unavailable', { cause }));
    return admitSigned(live, signed, digest);
  };

  return {
    authenticate(authorization) {
      const key = readBearer(authorization) ?? fail('missing_api_key');
      if (key.length !== KEY_LENGTH) fail('invalid_api_key');
      const digest = hash('sha256', key, 'base64');
      const live = cache.peek(readKeyId(key));
      if (live?.digest === digest) return admit(live);

      const signed = readKey(secrets, key);
      if (!signed || cache.isUnknown(signed.id)) fail('invalid_api_key');
      return live ? admitSigned(live, signed, digest) : loadAndAdmit(signed, digest);
    },
    noteKey: (id, row) => { cache.note(id, row); },
    close: () => { cache.close(); },
  };
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
