/** This file tests what a member may do with the keys of their workspace, the first key, and what another process hears of it. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../foundation/clock.ts';
import { createIds } from '../foundation/ids.ts';
import { Refusal } from '../foundation/errors.ts';
import { defaultLimits } from '../foundation/limits.ts';
import type { Caller } from '../foundation/terms.ts';
import { openSqliteStore, sqliteFile } from '../store/sqlite.ts';
import type { Store } from '../store/store.ts';
import { createAuthenticator } from './authenticate.ts';
import type { Authenticator } from './authenticate.ts';
import { openFirstKey } from './first-key.ts';
import { issueKey } from './keys.ts';
import { createKey, deleteKey, keyStatus, listKeys, retrieveKey, updateKey } from './manage.ts';
import type { KeyOffice } from './manage.ts';
import { loadSecrets } from './secrets.ts';

jest.setTimeout(60_000);

let folder: string;
let store: Store;
let authenticator: Authenticator;
let office: KeyOffice;
const firstKeyFile = (): string => join(folder, 'first-key');
const open = (): Promise<Store> => openSqliteStore({ file: sqliteFile(folder), limits: defaultLimits, clock: systemClock });
const makeFirstKey = (on: Store): Promise<string | null> =>
  openFirstKey({ store: on, secrets: office.secrets, clock: systemClock, makeId: createIds(systemClock), dataFolder: folder });
const enter = async (key: string | null, door = authenticator): Promise<Caller> => door.authenticate(`Bearer ${key ?? ''}`);
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'done';
  } catch (failure) {
    return failure instanceof Refusal ? failure.code : String(failure);
  }
};
const plain = { name: 'laptop', scopes: ['inference'], models: null, expiresMs: null } as const;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interline-manage-'));
  store = await open();
  const secrets = loadSecrets(folder);
  authenticator = createAuthenticator({ store, secrets, clock: systemClock, limits: defaultLimits });
  office = { store, secrets, clock: systemClock, authenticator };
});
afterEach(async () => {
  authenticator.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

describe('the first start', () => {
  test('makes one workspace with one key that may do everything, told once and kept in a private file', async () => {
    const key = await makeFirstKey(store);
    expect(await enter(key)).toMatchObject({ scopes: ['inference', 'management'], models: null });
    expect(readFileSync(firstKeyFile(), 'utf8')).toBe(`${key ?? ''}\n`);
    expect(statSync(firstKeyFile()).mode & 0o777).toBe(0o600);
    expect((await store.listWorkspaces()).map((row) => row.name)).toEqual(['default']);
    expect(await makeFirstKey(store)).toBeNull();
  });

  test('that died before the key was written, or before it was stored, is finished by the next', async () => {
    await store.createWorkspace({ id: 'ws_half', name: 'default', createdMs: 1 });
    const { key } = issueKey(office.secrets);
    writeFileSync(firstKeyFile(), `${key}\n`);
    expect(await makeFirstKey(store)).toBe(key);
    expect((await enter(key)).workspaceId).toBe('ws_half');
    expect(await store.listWorkspaces()).toHaveLength(1);
  });

  test('takes the place of a file whose key is not ours', async () => {
    writeFileSync(firstKeyFile(), 'wm_v2.of.another.store\n');
    const key = await makeFirstKey(store);
    expect(readFileSync(firstKeyFile(), 'utf8')).toBe(`${key ?? ''}\n`);
    expect((await enter(key)).scopes).toContain('management');
  });

  test('of two processes at once gives both the same key', async () => {
    const neighbour = await open();
    const keys = await Promise.all([makeFirstKey(store), makeFirstKey(neighbour)]);
    await neighbour.close();
    const told = new Set(keys.filter((key) => key !== null));
    expect(told.size).toBe(1);
    for (const key of told) expect((await enter(key)).scopes).toContain('management');
  });
});

describe('a member', () => {
  let manager: Caller;
  beforeEach(async () => { manager = await enter(await makeFirstKey(store)); });

  test('creates, lists, looks at, changes and deletes keys; the whole key is in no later answer', async () => {
    const { key, row } = await createKey(office, manager, { ...plain, models: ['google/*'] });
    expect(await retrieveKey(office, manager, row.id)).toEqual(row);
    const listed = await listKeys(office, manager, { limit: 10, after: null });
    expect(listed.map((each) => each.name)).toEqual(['laptop', 'first key']);
    expect(JSON.stringify(listed)).not.toContain(key.split('.')[2]);
    expect(await updateKey(office, manager, { id: row.id, edit: { name: 'old laptop', expiresMs: 5 } })).toEqual({ ...row, name: 'old laptop', expiresMs: 5 });
    await deleteKey(office, manager, row.id);
    expect(await codeOf(retrieveKey(office, manager, row.id))).toBe('key_not_found');
    expect(await codeOf(deleteKey(office, manager, row.id))).toBe('key_not_found');
  });

  test('finds no key of another workspace', async () => {
    const stranger = { ...manager, keyId: 'key_stranger', workspaceId: 'ws_other' };
    const { row } = await createKey(office, manager, plain);
    expect(await codeOf(retrieveKey(office, stranger, row.id))).toBe('key_not_found');
    expect(await codeOf(updateKey(office, stranger, { id: row.id, edit: { name: 'mine' } }))).toBe('key_not_found');
    expect(await codeOf(deleteKey(office, stranger, row.id))).toBe('key_not_found');
    expect(await listKeys(office, stranger, { limit: 10, after: null })).toEqual([]);
  });

  test('cannot lock the key in use out, but may rename it, limit its models and let it expire later', async () => {
    const id = manager.keyId;
    const past = systemClock.now() - 1;
    for (const edit of [{ isRevoked: true as const }, { scopes: ['inference' as const] }, { expiresMs: past }]) {
      expect(await codeOf(updateKey(office, manager, { id, edit }))).toBe('key_in_use');
    }
    expect(await codeOf(deleteKey(office, manager, id))).toBe('key_in_use');
    expect(await codeOf(updateKey(office, manager, { id, edit: { name: 'mine', models: ['sandbox/*'], expiresMs: past + 1e9, scopes: ['management'] } }))).toBe('done');
  });

  test('sees what became of a key', async () => {
    const { row } = await createKey(office, manager, { ...plain, expiresMs: 1000 });
    expect([keyStatus(row, 999), keyStatus(row, 1000), keyStatus({ ...row, revokedMs: 1 }, 1000)]).toEqual(['active', 'expired', 'revoked']);
  });

  test('who manages keys while the store is closed is told so with a 503', async () => {
    await store.close();
    expect(await codeOf(createKey(office, manager, plain))).toBe('store_unavailable');
  });
});

describe('another process on the same store', () => {
  test('cuts the open calls of a key within a second of its revocation, and accepts a key it had called unknown', async () => {
    const manager = await enter(await makeFirstKey(store));
    const neighbour = await open();
    const door = createAuthenticator({ store: neighbour, secrets: office.secrets, clock: systemClock, limits: defaultLimits });
    try {
      const { key, row } = await createKey(office, manager, plain);
      const cut = new Promise<void>((resolve) => { void enter(key, door).then((caller) => caller.onRevoked(resolve)); });
      await enter(key, door);
      const issued = issueKey(office.secrets);
      expect(await codeOf(enter(issued.key, door))).toBe('invalid_api_key');

      const started = systemClock.monotonic();
      const { id, secretHash, pepperId, last4 } = issued;
      await store.insertKey({ ...plain, id, secretHash, pepperId, last4, workspaceId: manager.workspaceId, createdMs: 1, revokedMs: null });
      await updateKey(office, manager, { id: row.id, edit: { isRevoked: true } });
      await cut;
      expect(systemClock.monotonic() - started).toBeLessThan(1000);
      expect(await codeOf(enter(key, door))).toBe('revoked_api_key');
      expect(await codeOf(enter(issued.key, door))).toBe('done');
    } finally {
      door.close();
      await neighbour.close();
    }
  });
});
