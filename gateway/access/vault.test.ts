/** This file tests that what is sealed opens in its own place only, with its own key only, and that the vault is made once. */
import { createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SecretsError } from './secrets.ts';
import { loadVault } from './vault.ts';
import type { Sealed, Vault } from './vault.ts';

const SECRET = 'sk-or-v1-0123456789äöü';
const PLACE = 'v1|ws_1|openrouter|pk_1';
const kek = (): string => randomBytes(32).toString('base64');

let folder: string;
let vault: Vault;
const file = (): string => join(folder, 'vault.json');
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'interline-vault-'));
  vault = loadVault(folder, undefined);
});
afterEach(() => { rmSync(folder, { recursive: true }); });

describe('a sealed text', () => {
  test('opens in its place, on every later start, and nothing of it is to be seen', () => {
    const sealed = vault.seal(SECRET, PLACE);
    expect(loadVault(folder, undefined).open(sealed, PLACE)).toBe(SECRET);
    const bytes = Buffer.concat([sealed.ciphertext, sealed.wrappedKey, sealed.iv, sealed.tag]);
    expect(bytes.includes(SECRET.slice(0, 8))).toBe(false);
    expect([sealed.iv.length, sealed.tag.length, sealed.wrappedKey.length, sealed.kekId]).toEqual([12, 16, 12 + 32 + 16, 'k1']);
  });

  test('is another each time, under a data key of its own', () => {
    const [one, other] = [vault.seal(SECRET, PLACE), vault.seal(SECRET, PLACE)];
    expect(Buffer.from(one.ciphertext).equals(other.ciphertext)).toBe(false);
    expect(() => vault.open({ ...one, wrappedKey: other.wrappedKey }, PLACE)).toThrow();
  });

  test.each(['v1|ws_2|openrouter|pk_1', 'v1|ws_1|openai|pk_1', 'v1|ws_1|openrouter|pk_2', 'v2|ws_1|openrouter|pk_1', ''])('moved to %j does not open', (place) => {
    expect(() => vault.open(vault.seal(SECRET, PLACE), place)).toThrow();
  });

  test.each(['wrappedKey', 'iv', 'ciphertext', 'tag'] as const)('of whose %s any bit was changed, or the end is gone, does not open', (part) => {
    const sealed = vault.seal(SECRET, PLACE);
    for (let bit = 0; bit < sealed[part].length * 8; bit++) {
      const changed = Buffer.from(sealed[part]);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(() => vault.open({ ...sealed, [part]: changed }, PLACE)).toThrow();
    }
    for (let length = 0; length < sealed[part].length; length++) {
      const cut: Sealed = { ...sealed, [part]: sealed[part].subarray(0, length) };
      expect(() => vault.open(cut, PLACE)).toThrow();
    }
  });

  test('of another installation does not open', () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'interline-vault-'));
    try {
      expect(() => loadVault(elsewhere, undefined).open(vault.seal(SECRET, PLACE), PLACE)).toThrow();
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });
});

describe('the key of the environment', () => {
  test('seals in place of the file\'s own, so that the folder alone opens nothing', () => {
    const key = kek();
    const sealed = loadVault(folder, key).seal(SECRET, PLACE);
    expect(sealed.kekId).toMatch(/^env-[0-9a-f]{8}$/);
    expect(readFileSync(file(), 'utf8')).not.toContain(key);
    expect(() => vault.open(sealed, PLACE)).toThrow(`the key-encryption key ${sealed.kekId} is not here`);
    expect(loadVault(folder, key).open(sealed, PLACE)).toBe(SECRET);
  });

  test('leaves what the file\'s key has sealed open', () => {
    expect(loadVault(folder, kek()).open(vault.seal(SECRET, PLACE), PLACE)).toBe(SECRET);
  });

  test('is changed by putting the new one in front: the old one still opens, and seals no more', () => {
    const [old, next] = [kek(), kek()];
    const before = loadVault(folder, old).seal(SECRET, PLACE);
    const both = loadVault(folder, ` ${next}, ${old},`);
    expect(both.open(before, PLACE)).toBe(SECRET);
    const after = both.seal(SECRET, PLACE);
    expect(after.kekId).not.toBe(before.kekId);
    expect(loadVault(folder, next).open(after, PLACE)).toBe(SECRET);
    expect(() => loadVault(folder, next).open(before, PLACE)).toThrow('is not here');
  });

  test.each(['short', randomBytes(31).toString('base64'), randomBytes(32).toString('hex'), `${kek()},nonsense`])('that is none (%#) stops the start, and is not repeated', (text) => {
    const start = (): unknown => loadVault(folder, text);
    expect(start).toThrow(SecretsError);
    expect(start).toThrow('INTERLINE_KEK must be 32 bytes in base64');
    expect(start).not.toThrow(text);
  });
});

describe('the file', () => {
  test('is made on the first start, private to its owner, with nothing left beside it', () => {
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['vault.json']);
  });

  test.each([
    ['empty', ''], ['cut', '{"kek_id": "k1", "keks": {"k1": "c2Vjc'], ['no object', '[]'], ['no keys', '{"kek_id": "k1", "keks": {}, "receipt_kid": "r1", "receipt_keys": {}}'],
    ['a short key', '{"kek_id": "k1", "keks": {"k1": "c2hvcnQ="}, "receipt_kid": "r1", "receipt_keys": {}}'],
    ['no receipt key', `{"kek_id": "k1", "keks": {"k1": "${kek()}"}, "receipt_kid": "r1", "receipt_keys": {}}`],
    ['a receipt key that is none', `{"kek_id": "k1", "keks": {"k1": "${kek()}"}, "receipt_kid": "r1", "receipt_keys": {"r1": "c2hvcnQ="}}`],
  ])('that is %s stops the start and stays as it is', (_what, text) => {
    writeFileSync(file(), text);
    expect(() => loadVault(folder, undefined)).toThrow(SecretsError);
    expect(readFileSync(file(), 'utf8')).toBe(text);
  });
});

test('receipts are signed with Ed25519 by a key that stays, and verified by its public half', () => {
  const { kid, privateKey } = vault.receipts;
  const text = Buffer.from('receipt');
  const again = loadVault(folder, kek()).receipts;
  const publicKey = again.publicKeys.get(kid);
  expect(publicKey?.type).toBe('public');
  expect(verify(null, text, publicKey ?? createPublicKey(privateKey), sign(null, text, privateKey))).toBe(true);
  expect(publicKey?.asymmetricKeyType).toBe('ed25519');
});
