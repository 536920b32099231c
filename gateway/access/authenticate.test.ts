/** This file tests who gets in: by what they send, by what the store says, and for how long. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock } from '../foundation/clock.ts';
import type { ManualClock } from '../foundation/clock.ts';
import { Refusal } from '../foundation/errors.ts';
import { defaultLimits } from '../foundation/limits.ts';
import type { Limits } from '../foundation/limits.ts';
import { sampleCaller } from '../foundation/sample-caller.ts';
import type { Caller } from '../foundation/terms.ts';
import { sampleKey } from '../store/sample-rows.ts';
import { openSqliteStore, sqliteFile } from '../store/sqlite.ts';
import type { KeyRow, Store } from '../store/store.ts';
import { createAuthenticator } from './authenticate.ts';
import type { Authenticator } from './authenticate.ts';
import { NO_BODIES, NO_CACHE, NO_LIMITS } from './first-key.ts';
import { issueKey, KEY_LENGTH } from './keys.ts';
import { createKey, deleteKey, updateKey } from './manage.ts';
import type { KeyOffice } from './manage.ts';
import { loadSecrets } from './secrets.ts';
import type { Secrets } from './secrets.ts';

const MUTATIONS = 200_000;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \u0000é';
const manager = sampleCaller({ keyId: 'key_manager' });

jest.setTimeout(60_000);

let folder: string;
let clock: ManualClock;
let secrets: Secrets;
let store: Store;
let reads: number;
let authenticator: Authenticator;
let office: KeyOffice;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interline-access-'));
  clock = createManualClock();
  secrets = loadSecrets(folder);
  store = await openSqliteStore({ file: sqliteFile(folder), limits: defaultLimits, clock });
  await store.createWorkspace({ id: 'ws_1', name: 'Team', planId: 'unlimited', billing: 'plan', limits: NO_LIMITS, isSuspended: false, ...NO_BODIES, ...NO_CACHE, revision: 0, createdMs: 1 });
  await store.createUser({ id: 'user_1', name: 'Ada', email: null, isDisabled: false, createdMs: 1 });
  await store.addMember('ws_1', 'user_1', { role: 'owner', createdMs: 1 });
  openDoor();
});
afterEach(async () => {
  authenticator.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

/** Opens a door that counts what it reads. */
function openDoor(limits: Limits = defaultLimits): void {
  reads = 0;
  const counting: Store = { ...store, findAccess: (id, workspaceId) => { reads++; return store.findAccess(id, workspaceId); } };
  authenticator = createAuthenticator({ store: counting, secrets, clock, limits });
  office = { store, secrets, clock, authenticator };
}
const make = (changes: Partial<Pick<KeyRow, 'scopes' | 'models' | 'expiresMs'>> = {}): Promise<{ key: string; row: KeyRow }> =>
  createKey(office, manager, { name: 'test', scopes: ['inference'], models: null, limits: NO_LIMITS, userId: null, expiresMs: null, ...changes });
const enter = async (key: string): Promise<Caller> => authenticator.authenticate(`Bearer ${key}`);
const codeOf = async (enters: () => Caller | Promise<Caller>): Promise<string> => {
  try {
    await enters();
    return 'admitted';
  } catch (failure) {
    return failure instanceof Refusal ? failure.code : String(failure);
  }
};

describe('200', () => {
  test('a key gives its caller, after one store read and from then on at once', async () => {
    const { key, row } = await make({ models: ['google/*'], scopes: ['management'] });
    const first = authenticator.authenticate(`Bearer ${key}`);
    expect(first).toBeInstanceOf(Promise);
    expect(await first).toMatchObject({ keyId: row.id, workspaceId: 'ws_1', scopes: ['management'], models: ['google/*'], isRevoked: false });
    for (let again = 0; again < 100; again++) expect(authenticator.authenticate(`Bearer ${key}`)).toBe(await first);
    expect(reads).toBe(1);
  });

  test('requests that arrive together with a new key share one read', async () => {
    const { key } = await make();
    await Promise.all(Array.from({ length: 50 }, () => enter(key)));
    expect(reads).toBe(1);
  });

  test('the name of the scheme may be written in any case, with spaces around the key', async () => {
    const { key } = await make();
    for (const header of [`bearer ${key}`, `BEARER ${key}`, `Bearer   ${key} `]) expect(await codeOf(() => authenticator.authenticate(header))).toBe('admitted');
  });

  test('a key in use is read again in the background before it is too old, and nobody waits', async () => {
    const { key } = await make();
    await enter(key);
    clock.advance(defaultLimits.keyCacheMs * 0.6);
    expect(authenticator.authenticate(`Bearer ${key}`)).not.toBeInstanceOf(Promise);
    expect(reads).toBe(2);
    await store.ping();
    clock.advance(defaultLimits.keyCacheMs * 0.6);
    expect(authenticator.authenticate(`Bearer ${key}`)).not.toBeInstanceOf(Promise);
  });

  test('more keys than fit in memory all work', async () => {
    openDoor({ ...defaultLimits, keyCacheMax: 3 });
    const keys = await Promise.all(Array.from({ length: 10 }, () => make()));
    for (const { key, row } of [...keys, ...keys]) expect((await enter(key)).keyId).toBe(row.id);
    expect(reads).toBe(20);
  });
});

describe('401', () => {
  test('no credentials, or those of another scheme, are missing_api_key', async () => {
    for (const header of [undefined, '', 'Bearer', 'Bearer ', 'Basic dXNlcjpwYXNz', 'Bearer two words']) {
      expect(await codeOf(() => authenticator.authenticate(header))).toBe('missing_api_key');
    }
  });

  test('of 200 000 one-character mutations of keys none is admitted and none reaches the store', async () => {
    const perKey = ALPHABET.length * KEY_LENGTH;
    const keys = await Promise.all(Array.from({ length: Math.ceil(MUTATIONS / perKey) }, () => make()));
    for (const { key } of keys) await enter(key);
    reads = 0;
    const codes = new Set<string>();
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    for (let mutation = 0; mutation < MUTATIONS; mutation++) {
      const key = keys[Math.floor(mutation / perKey)]?.key ?? '';
      const position = mutation % KEY_LENGTH;
      const character = ALPHABET[Math.floor(mutation / KEY_LENGTH) % ALPHABET.length] ?? '';
      if (key[position] === character) continue;
      try {
        void authenticator.authenticate(`Bearer ${key.slice(0, position)}${character}${key.slice(position + 1)}`);
        codes.add('admitted');
      } catch (failure) {
        codes.add(failure instanceof Refusal ? failure.code : String(failure));
      }
    }
    Error.stackTraceLimit = stackTraceLimit;
    expect([...codes]).toEqual(['invalid_api_key']);
    expect(reads).toBe(0);
  });

  test('the injection that opened a peer\'s door touches nothing', async () => {
    expect(await codeOf(() => authenticator.authenticate("Bearer ' OR '1'='1"))).toBe('missing_api_key');
    expect(await codeOf(() => authenticator.authenticate("Bearer '/**/OR/**/'1'='1"))).toBe('invalid_api_key');
    expect(reads).toBe(0);
  });

  test('a well signed key that the store does not know is asked for once, not each time', async () => {
    const { key } = issueKey(secrets);
    for (let again = 0; again < 10; again++) expect(await codeOf(() => enter(key))).toBe('invalid_api_key');
    expect(reads).toBe(1);
    clock.advance(defaultLimits.keyCacheMs + 1);
    expect(await codeOf(() => enter(key))).toBe('invalid_api_key');
    expect(reads).toBe(2);
  });

  test('a key signed by us with the id of another but not its secret is refused', async () => {
    const { key } = await make();
    const forged = issueKey(secrets);
    await store.insertKey(sampleKey(1, { id: forged.id, pepperId: forged.pepperId, scopes: ['management'] }));
    expect(await codeOf(() => enter(forged.key))).toBe('invalid_api_key');
    expect(await codeOf(() => enter(key))).toBe('admitted');
  });

  test('a key is expired from its very millisecond on, though it is in memory', async () => {
    const { key } = await make({ expiresMs: clock.now() + 1000 });
    expect(await codeOf(() => enter(key))).toBe('admitted');
    clock.advance(999);
    expect(await codeOf(() => enter(key))).toBe('admitted');
    clock.advance(1);
    expect(await codeOf(() => enter(key))).toBe('expired_api_key');
  });

  test('a revoked key stops on the next request, a deleted one too', async () => {
    const revoked = await make();
    const deleted = await make();
    await Promise.all([enter(revoked.key), enter(deleted.key)]);
    await updateKey(office, manager, { id: revoked.row.id, edit: { isRevoked: true } });
    await deleteKey(office, manager, deleted.row.id);
    expect(await codeOf(() => enter(revoked.key))).toBe('revoked_api_key');
    expect(await codeOf(() => enter(deleted.key))).toBe('invalid_api_key');
  });
});

describe('an open call', () => {
  test('hears once when its key is revoked, and a call that has ended hears nothing', async () => {
    const { key, row } = await make();
    const caller = await enter(key);
    let cuts = 0;
    let lateCuts = 0;
    caller.onRevoked(() => { cuts++; });
    caller.onRevoked(() => { lateCuts++; })();
    await updateKey(office, manager, { id: row.id, edit: { isRevoked: true } });
    await updateKey(office, manager, { id: row.id, edit: { name: 'again' } });
    expect({ cuts, lateCuts, isRevoked: caller.isRevoked }).toEqual({ cuts: 1, lateCuts: 0, isRevoked: true });
    let calledAtOnce = 0;
    caller.onRevoked(() => { calledAtOnce++; });
    expect(calledAtOnce).toBe(1);
  });

  test('keeps what its caller could do when the key is demoted; the next request has less', async () => {
    const { key, row } = await make({ scopes: ['inference', 'management'] });
    const before = await enter(key);
    let cuts = 0;
    before.onRevoked(() => { cuts++; });
    await updateKey(office, manager, { id: row.id, edit: { scopes: ['inference'], models: ['sandbox/*'] } });
    expect(await enter(key)).toMatchObject({ scopes: ['inference'], models: ['sandbox/*'] });
    expect({ scopes: before.scopes, cuts }).toEqual({ scopes: ['inference', 'management'], cuts: 0 });
    await deleteKey(office, manager, row.id);
    // The key is read again at once, behind everything that was asked before.
    await store.ping();
    expect(cuts).toBe(1);
  });

  test('hears of a change whose news was lost when keys are checked', async () => {
    const { key, row } = await make();
    const cut = new Promise<void>((resolve) => { void enter(key).then((caller) => caller.onRevoked(resolve)); });
    await enter(key);
    // Straight into this process's own store: nothing tells the door.
    await store.changeKey('ws_1', row.id, { revokedMs: clock.now() });
    clock.advance(defaultLimits.keyCacheMs);
    await cut;
    expect(await codeOf(() => enter(key))).toBe('revoked_api_key');
  });
});

describe('503', () => {
  test('a store that cannot say is store_unavailable, never a 401', async () => {
    const { key } = await make();
    await store.close();
    expect(await codeOf(() => enter(key))).toBe('store_unavailable');
    expect(await codeOf(() => authenticator.authenticate(`Bearer ${key.slice(0, -1)}!`))).toBe('invalid_api_key');
  });
});
