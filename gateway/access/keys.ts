/** This file issues and verifies developer keys: `wm_v2.<key id>.<secret>.<signature>`, so that junk is refused without touching the store. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Secrets } from './secrets.ts';

/** A key in full with what the store keeps of it. */
export interface IssuedKey {
  /** The whole key; shown once, never kept. */
  readonly key: string;
  /** `key_` + the key id. */
  readonly id: string;
  readonly secretHash: Uint8Array;
  readonly pepperId: string;
  readonly last4: string;
}

/** A key whose signature is ours; whether it still works only the store can say. */
export interface SignedKey {
  readonly id: string;
  readonly secret: string;
}

const PREFIX = 'wm_v2.';
// Every count is divisible by 3: base64url then has no spare bits, and each key has exactly one spelling.
const KID_BYTES = 12;
const SECRET_BYTES = 30;
const SIGNATURE_BYTES = 18;
const KEY_PATTERN = /^wm_v2\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{40})\.([A-Za-z0-9_-]{24})$/;
/** Characters of a whole key. */
export const KEY_LENGTH = 88;
const KID_START = PREFIX.length;
const KID_END = KID_START + 16;
const LAST_CHARACTERS = 4;

/** Makes a new key. The first byte of its id names the signing key, so that signing keys can be rotated. */
export function issueKey(secrets: Secrets): IssuedKey {
  const kidBytes = randomBytes(KID_BYTES);
  kidBytes[0] = secrets.signingVersion;
  const kid = kidBytes.toString('base64url');
  const body = `${PREFIX}${kid}.${randomBytes(SECRET_BYTES).toString('base64url')}`;
  const signature = sign(secrets, kid, body);
  const issued = signature ? describeKey(secrets, `${body}.${signature.toString('base64url')}`) : null;
  if (!issued) throw new Error(`there is no signing key of version ${secrets.signingVersion}`);
  return issued;
}

/** Gives what the store keeps of a whole key; null when it is not one of ours. */
export function describeKey(secrets: Secrets, key: string): IssuedKey | null {
  const signed = readKey(secrets, key);
  const secretHash = signed && hashSecret(secrets, secrets.pepperId, signed.secret);
  if (!signed || !secretHash) return null;
  return { key, id: signed.id, secretHash, pepperId: secrets.pepperId, last4: key.slice(-LAST_CHARACTERS) };
}

/** Reads a key whose form and signature are right; null for anything else, at the cost of one HMAC at most. */
export function readKey(secrets: Secrets, text: string): SignedKey | null {
  if (text.length !== KEY_LENGTH) return null;
  const match = KEY_PATTERN.exec(text);
  const [, kid, secret, signature] = match ?? [];
  if (kid === undefined || secret === undefined || signature === undefined) return null;
  const expected = sign(secrets, kid, text.slice(0, -signature.length - 1));
  if (!expected || !timingSafeEqual(expected, Buffer.from(signature, 'base64url'))) return null;
  return { id: `key_${kid}`, secret };
}

/** The id a key of the right length names, read before anything else of it is looked at. */
export function readKeyId(text: string): string {
  return `key_${text.slice(KID_START, KID_END)}`;
}

/** HMAC-SHA256(pepper, secret), 32 bytes; null when the pepper is gone. */
export function hashSecret(secrets: Secrets, pepperId: string, secret: string): Uint8Array | null {
  const pepper = secrets.peppers.get(pepperId);
  return pepper ? createHmac('sha256', pepper).update(secret).digest() : null;
}

function sign(secrets: Secrets, kid: string, body: string): Buffer | null {
  const version = Buffer.from(kid, 'base64url')[0];
  const signingKey = version === undefined ? undefined : secrets.signingKeys.get(version);
  return signingKey ? createHmac('sha256', signingKey).update(body).digest().subarray(0, SIGNATURE_BYTES) : null;
}
