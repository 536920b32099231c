/** This file tests that the secrets are made once, kept private, and never silently replaced. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueKey, readKey } from './keys.ts';
import { loadSecrets, SecretsError } from './secrets.ts';

let folder: string;
const file = (): string => join(folder, 'secrets.json');
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'interline-secrets-')); });
afterEach(() => { rmSync(folder, { recursive: true }); });

describe('the secrets', () => {
  test('are made on the first start, private to their owner, with nothing left beside them', () => {
    loadSecrets(folder);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['secrets.json']);
  });

  test('are the same on every later start', () => {
    const { key } = issueKey(loadSecrets(folder));
    expect(readKey(loadSecrets(folder), key)).not.toBeNull();
  });

  test('of two installations differ', () => {
    const elsewhere = join(folder, 'elsewhere');
    mkdirSync(elsewhere);
    expect(readKey(loadSecrets(elsewhere), issueKey(loadSecrets(folder)).key)).toBeNull();
  });

  test.each([
    ['an empty file', ''],
    ['a cut file', '{"signing_version": 1, "signing_keys": {"1": "c2Vjc'],
    ['an array', '[]'],
    ['no keys', '{"signing_version": 1, "signing_keys": {}, "pepper_id": "p1", "peppers": {}}'],
    ['a short key', '{"signing_version": 1, "signing_keys": {"1": "c2hvcnQ="}, "pepper_id": "p1", "peppers": {"p1": "c2hvcnQ="}}'],
    ['a version out of range', `{"signing_version": 256, "signing_keys": {"256": "${'A'.repeat(43)}="}, "pepper_id": "p1", "peppers": {"p1": "${'A'.repeat(43)}="}}`],
  ])('of %s are refused, kept as they are, and not told', (_case, text) => {
    writeFileSync(file(), text);
    const load = (): unknown => loadSecrets(folder);
    expect(load).toThrow(SecretsError);
    expect(load).toThrow(/secrets\.json can't be used: .*Restore it from a backup/);
    expect(load).not.toThrow(/c2Vjc|c2hvcnQ|AAAA/);
    expect(readFileSync(file(), 'utf8')).toBe(text);
  });

  test('that cannot be read are refused, not replaced', () => {
    mkdirSync(file());
    expect(() => loadSecrets(folder)).toThrow(SecretsError);
  });
});
