/** This file keeps what must be readable again: it seals the provider keys of workspaces, and holds the key that signs receipts. */
import { createCipheriv, createDecipheriv, createHash, createPrivateKey, createPublicKey, createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { isJsonObject } from '../foundation/json-value.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';
import { SecretsError } from './secrets.ts';

/** An envelope: the text under a data key of its own (AES-256-GCM), and the data key under the installation's. */
export interface Sealed {
  readonly kekId: string;
  /** IV, ciphertext and tag of the data key. */
  readonly wrappedKey: Uint8Array;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

/** The key that signs receipts, and the public ones that verify them. */
export interface ReceiptSigner {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKeys: ReadonlyMap<string, KeyObject>;
}

export interface Vault {
  /** Seals a text for one place; elsewhere it can't be opened. */
  seal(text: string, place: string): Sealed;
  /** Throws when the envelope was made for another place, was changed, or its key-encryption key is not here. */
  open(sealed: Sealed, place: string): string;
  readonly receipts: ReceiptSigner;
}

const FILE_NAME = 'vault.json';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';
/** Keys INTERLINE_KEK gives are known by so much of their digest, so that another one is never taken for them. */
const DIGEST_LENGTH = 8;
const ENVIRONMENT_KEK = 'env-';

/**
 * Loads `vault.json` from the data folder, or makes it (mode 0600). `kek`, from INTERLINE_KEK, is one or more keys of 32 bytes in base64,
 * separated by commas: the first seals in place of the file's own, so that a copy of the folder opens nothing, and the others still
 * open what they sealed. Throws a SecretsError for a file or key that can't be used.
 */
export function loadVault(dataFolder: string, kek: string | undefined): Vault {
  const file = join(dataFolder, FILE_NAME);
  try {
    // Of two processes that start at once, one writes the file and both read it.
    if (readPrivateFile(file) === null) writePrivateFile(file, newVaultText(), true);
    return createVault(JSON.parse(readPrivateFile(file) ?? ''), kek);
  } catch (cause) {
    if (cause instanceof SecretsError) throw cause;
    const reason = cause instanceof SyntaxError ? 'it is not JSON' : cause instanceof Error ? cause.message : 'unknown failure';
    throw new SecretsError(`${file} can't be used: ${reason}. Restore it from a backup; if it is lost, remove it, and workspaces store their provider keys anew.`);
  }
}

function newVaultText(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  const receipt = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  return `${JSON.stringify({ kek_id: 'k1', keks: { k1: randomBytes(KEY_BYTES).toString('base64') }, receipt_kid: 'r1', receipt_keys: { r1: receipt } }, null, 2)}\n`;
}

function createVault(parsed: unknown, kek: string | undefined): Vault {
  if (!isJsonObject(parsed)) throw new Error('it is not a JSON object');
  const keks = new Map(readTexts(parsed, 'keks').map(([id, text]) => [id, toKek(text, `keks.${id}`)]));
  const given = readEnvironment(kek);
  for (const [id, key] of given) keks.set(id, key);
  const kekId = given[0]?.[0] ?? String(parsed['kek_id']);
  const sealing = keks.get(kekId);
  if (!sealing) throw new Error('kek_id does not name one of keks');
  const privateKeys = new Map(readTexts(parsed, 'receipt_keys').map(([id, text]) => [id, createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' })]));
  const kid = String(parsed['receipt_kid']);
  const privateKey = privateKeys.get(kid);
  if (!privateKey) throw new Error('receipt_kid does not name one of receipt_keys');
  return {
    seal: (text, place) => sealText(text, place, { id: kekId, key: sealing }),
    open(sealed, place) {
      const key = keks.get(sealed.kekId);
      if (!key) throw new Error(`the key-encryption key ${sealed.kekId} is not here`);
      const dataKey = createSecretKey(unpack(sealed.wrappedKey, { key, place }));
      return decrypt({ iv: sealed.iv, ciphertext: sealed.ciphertext, tag: sealed.tag }, { key: dataKey, place }).toString('utf8');
    },
    receipts: { kid, privateKey, publicKeys: new Map([...privateKeys].map(([id, key]) => [id, createPublicKey(key)])) },
  };
}

/** The keys of INTERLINE_KEK, each under a name of its own. */
function readEnvironment(kek: string | undefined): [string, KeyObject][] {
  const texts = (kek ?? '').split(',').map((text) => text.trim()).filter((text) => text !== '');
  return texts.map((text) => {
    const key = toKek(text, 'INTERLINE_KEK');
    return [`${ENVIRONMENT_KEK}${createHash('sha256').update(key.export()).digest('hex').slice(0, DIGEST_LENGTH)}`, key];
  });
}

function readTexts(parsed: Readonly<Record<string, unknown>>, field: string): [string, string][] {
  const entries = parsed[field];
  if (!isJsonObject(entries)) throw new Error(`${field} is not an object`);
  return Object.entries(entries).map(([id, text]) => [id, typeof text === 'string' ? text : '']);
}

function toKek(text: string, name: string): KeyObject {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== KEY_BYTES) throw new SecretsError(`${name} must be ${KEY_BYTES} bytes in base64.`);
  return createSecretKey(bytes);
}

function sealText(text: string, place: string, kek: { readonly id: string; readonly key: KeyObject }): Sealed {
  const dataKey = randomBytes(KEY_BYTES);
  const body = encrypt(Buffer.from(text, 'utf8'), { key: createSecretKey(dataKey), place });
  const wrapped = encrypt(dataKey, { key: kek.key, place });
  dataKey.fill(0);
  return { kekId: kek.id, wrappedKey: Buffer.concat([wrapped.iv, wrapped.ciphertext, wrapped.tag]), ...body };
}

interface Box {
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

interface Lock {
  readonly key: KeyObject;
  /** Additional authenticated text: an envelope moved to another row does not open. */
  readonly place: string;
}

function encrypt(plain: Buffer, { key, place }: Lock): Box {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(place, 'utf8'));
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
  return { iv, ciphertext, tag: cipher.getAuthTag() };
}

function decrypt({ iv, ciphertext, tag }: Box, { key, place }: Lock): Buffer {
  const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(place, 'utf8'));
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

function unpack(wrapped: Uint8Array, lock: Lock): Buffer {
  const end = wrapped.length - TAG_BYTES;
  return decrypt({ iv: wrapped.subarray(0, IV_BYTES), ciphertext: wrapped.subarray(IV_BYTES, end), tag: wrapped.subarray(end) }, lock);
}
