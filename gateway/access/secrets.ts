/** This file keeps the two secrets that make keys: what signs them and what peppers their hashes. Who loses them loses every key. */
import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { readPrivateFile, writePrivateFile } from './private-file.ts';

/** The secrets of one installation. Older ones stay, so that what they signed or hashed goes on working. */
export interface Secrets {
  /** Which signing key signs new keys; 1 to 255. */
  readonly signingVersion: number;
  readonly signingKeys: ReadonlyMap<number, KeyObject>;
  /** Which pepper hashes new keys. */
  readonly pepperId: string;
  readonly peppers: ReadonlyMap<string, KeyObject>;
}

/** The secrets can't be used; the message says why and what to do. */
export class SecretsError extends Error {}

const FILE_NAME = 'secrets.json';
const SECRET_BYTES = 32;
const VERSION_MAX = 255;
const VERSION_PATTERN = /^[1-9][0-9]{0,2}$/;

/** Loads `secrets.json` from the data folder, or makes it (mode 0600). Throws a SecretsError when it is unreadable or malformed. */
export function loadSecrets(dataFolder: string): Secrets {
  const file = join(dataFolder, FILE_NAME);
  const text = readOrCreate(file);
  try {
    return parseSecrets(text);
  } catch (cause) {
    throw refuse(file, cause);
  }
}

/** A name the gateways of one installation share and others don't, by which nobody learns a secret: for what is shared beside the store. */
export function installationOf({ peppers, pepperId }: Secrets): string {
  const pepper = peppers.get(pepperId);
  if (!pepper) throw new SecretsError(`there is no pepper ${pepperId}`);
  return createHmac('sha256', pepper).update('the name of this installation').digest('base64url');
}

function readOrCreate(file: string): string {
  try {
    // Of two processes that start at once, one writes the file and both read it.
    const text = readPrivateFile(file);
    if (text !== null) return text;
    writePrivateFile(file, newSecretsText(), true);
    return readPrivateFile(file) ?? '';
  } catch (cause) {
    throw refuse(file, cause);
  }
}

function newSecretsText(): string {
  const secret = () => randomBytes(SECRET_BYTES).toString('base64');
  return `${JSON.stringify({ signing_version: 1, signing_keys: { 1: secret() }, pepper_id: 'p1', peppers: { p1: secret() } }, null, 2)}\n`;
}

function parseSecrets(text: string): Secrets {
  const parsed: unknown = JSON.parse(text);
  if (!isRecord(parsed)) throw new Error('it is not a JSON object');
  const { signing_version: signingVersion, pepper_id: pepperId } = parsed;
  const signingKeys = new Map([...readSecretMap(parsed, 'signing_keys')].map(([version, key]) => [readVersion(version), key]));
  const peppers = readSecretMap(parsed, 'peppers');
  if (typeof signingVersion !== 'number' || !signingKeys.has(signingVersion)) throw new Error('signing_version does not name one of signing_keys');
  if (typeof pepperId !== 'string' || !peppers.has(pepperId)) throw new Error('pepper_id does not name one of peppers');
  return { signingVersion, signingKeys, pepperId, peppers };
}

function readSecretMap(parsed: Readonly<Record<string, unknown>>, field: string): Map<string, KeyObject> {
  const entries = parsed[field];
  if (!isRecord(entries)) throw new Error(`${field} is not an object`);
  return new Map(Object.entries(entries).map(([name, value]) => {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : null;
    if (bytes?.length !== SECRET_BYTES) throw new Error(`${field}.${name} is not ${SECRET_BYTES} bytes in base64`);
    return [name, createSecretKey(bytes)];
  }));
}

function readVersion(text: string): number {
  if (!VERSION_PATTERN.test(text) || Number(text) > VERSION_MAX) throw new Error(`signing_keys.${text} is not a version from 1 to ${VERSION_MAX}`);
  return Number(text);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A syntax error of JSON quotes the text it read, so of its message nothing may be told. */
function refuse(file: string, cause: unknown): SecretsError {
  const reason = cause instanceof SyntaxError ? 'it is not JSON' : cause instanceof Error ? cause.message : 'unknown failure';
  return new SecretsError(`${file} can't be used: ${reason}. Restore it from a backup; if it is lost, remove it, and every key stops working.`);
}
