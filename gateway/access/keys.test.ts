/** This file tests that keys are what money.md 6.1 says, and that nothing else passes for one. */
import { describe, expect, test } from '@jest/globals';
import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { isModelAllowed } from './allowed-models.ts';
import { describeKey, hashSecret, issueKey, KEY_LENGTH, readKey, readKeyId } from './keys.ts';
import type { Secrets } from './secrets.ts';

const makeSecrets = (signingVersion = 1): Secrets => ({
  signingVersion, signingKeys: new Map([[signingVersion, createSecretKey(randomBytes(32))]]),
  pepperId: 'p1', peppers: new Map([['p1', createSecretKey(randomBytes(32))]]),
});

describe('a key', () => {
  const secrets = makeSecrets();

  test('has the published form, and its id is inside it', () => {
    const { key, id, last4 } = issueKey(secrets);
    expect(key).toMatch(/^wm_v2\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{40}\.[A-Za-z0-9_-]{24}$/);
    expect(key).toHaveLength(KEY_LENGTH);
    expect(id).toBe(`key_${key.split('.')[1] ?? ''}`);
    expect(readKeyId(key)).toBe(id);
    expect(key.endsWith(last4)).toBe(true);
  });

  test('is read back with its id and its secret, of which only a peppered hash is kept', () => {
    for (let round = 0; round < 500; round++) {
      const issued = issueKey(secrets);
      const signed = readKey(secrets, issued.key);
      expect(signed).toEqual({ id: issued.id, secret: issued.key.split('.')[2] });
      expect(hashSecret(secrets, issued.pepperId, signed?.secret ?? '')).toEqual(issued.secretHash);
      expect(Buffer.from(issued.secretHash).toString('utf8')).not.toContain(signed?.secret);
      expect(describeKey(secrets, issued.key)).toEqual(issued);
    }
  });

  test('signed with secrets other than ours is not ours', () => {
    expect(readKey(makeSecrets(), issueKey(secrets).key)).toBeNull();
    expect(readKey(makeSecrets(2), issueKey(secrets).key)).toBeNull();
  });

  test('of an older signing key still works after a rotation, and new keys name the new one', () => {
    const old = makeSecrets(1);
    const rotated: Secrets = { ...old, signingVersion: 2, signingKeys: new Map([...old.signingKeys, ...makeSecrets(2).signingKeys]) };
    expect(readKey(rotated, issueKey(old).key)).not.toBeNull();
    const { key } = issueKey(rotated);
    expect(readKey(rotated, key)).not.toBeNull();
    expect(Buffer.from(key.split('.')[1] ?? '', 'base64url')[0]).toBe(2);
    expect(readKey(old, key)).toBeNull();
  });

  test('is never made of arbitrary text, of a key with something around it, or of parts of two keys', () => {
    const { key } = issueKey(secrets);
    fc.assert(fc.property(fc.string(), (text) => readKey(secrets, text) === null));
    fc.assert(fc.property(fc.string({ minLength: 1 }), (text) => readKey(secrets, key + text) === null && readKey(secrets, text + key) === null));
    fc.assert(fc.property(fc.string({ unit: 'binary', minLength: KEY_LENGTH, maxLength: KEY_LENGTH }), (text) => readKey(secrets, text) === null));
    const [other, parts] = [issueKey(secrets).key.split('.'), key.split('.')];
    for (const part of [1, 2, 3]) {
      expect(readKey(secrets, parts.map((text, index) => (index === part ? other[index] : text)).join('.'))).toBeNull();
    }
  });
});

describe('a key limited to models', () => {
  test('may call exactly the ids named and those a star covers', () => {
    expect(isModelAllowed(null, 'openai/gpt-5')).toBe(true);
    expect(isModelAllowed(['google/*'], 'google/gemini-2.5-flash')).toBe(true);
    expect(isModelAllowed(['google/*'], 'googles/gemini')).toBe(false);
    expect(isModelAllowed(['google/*', 'openai/gpt-5'], 'openai/gpt-5')).toBe(true);
    expect(isModelAllowed(['openai/gpt-5'], 'openai/gpt-5-mini')).toBe(false);
    expect(isModelAllowed(['*'], 'anything/at-all')).toBe(true);
    expect(isModelAllowed([], 'openai/gpt-5')).toBe(false);
  });

  test('never takes a pattern for a regular expression', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (pattern, id) =>
      isModelAllowed([pattern], id) === (pattern.endsWith('*') ? id.startsWith(pattern.slice(0, -1)) : id === pattern)));
    expect(isModelAllowed(['openai/gpt.5'], 'openai/gptx5')).toBe(false);
  });
});
