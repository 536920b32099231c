/** This file tests the first start: one workspace, one owner and one key, told once, and never a second time by the back door. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreUnavailable } from '../store/store.ts';
import type { Store } from '../store/store.ts';
import { NO_LIMITS, openFirstKey, openFirstOwner, openFirstWorkspace } from './first-key.ts';
import { issueKey } from './keys.ts';
import { createKey, deleteKey, updateKey } from './manage.ts';
import { addMember } from './members.ts';
import { enter, makePerson, makeWorkspace, openSampleOffice } from './sample-office.ts';
import type { SampleOffice } from './sample-office.ts';

jest.setTimeout(60_000);

const firstPage = { limit: 10, after: null };
const everyScope = ['inference', 'management', 'operator'] as const;
const plain = { name: 'second', scopes: everyScope, models: null, limits: NO_LIMITS, userId: null, expiresMs: null };

let office: SampleOffice;
beforeEach(async () => { office = await openSampleOffice(); });
afterEach(() => office.close());

const firstKeyFile = (): string => join(office.folder, 'first-key');
const start = (store: Store = office.store): Promise<string | null> => openFirstKey({ ...office, store, dataFolder: office.folder });

describe('the first start', () => {
  test('makes one workspace, its owner and one key that may do everything, told once and kept in a private file', async () => {
    const key = await start();
    expect(await enter(office, key ?? '')).toMatchObject({
      scopes: everyScope, models: null, role: 'owner', isBound: false, account: { name: 'default', planId: 'unlimited', billing: 'plan', isSuspended: false, limits: NO_LIMITS },
    });
    expect(readFileSync(firstKeyFile(), 'utf8')).toBe(`${key ?? ''}\n`);
    expect(statSync(firstKeyFile()).mode & 0o777).toBe(0o600);
    const workspaces = await office.store.listWorkspaces(firstPage);
    const users = await office.store.listUsers(firstPage);
    expect([workspaces.map((row) => row.name), users.map((row) => row.name)]).toEqual([['default'], ['owner']]);
    expect([workspaces[0]?.id, users[0]?.id]).toEqual([expect.stringMatching(/^ws_[0-9a-f]{32}$/), expect.stringMatching(/^user_[0-9a-f]{32}$/)]);
    expect(await start()).toBeNull();
  });

  test('that died before the key was written, or before it was stored, is finished by the next', async () => {
    const id = await makeWorkspace(office, 'half');
    const { key } = issueKey(office.secrets);
    writeFileSync(firstKeyFile(), `${key}\n`);
    expect(await start()).toBe(key);
    expect(await enter(office, key)).toMatchObject({ workspaceId: id, role: 'owner' });
    expect(await office.store.listWorkspaces(firstPage)).toHaveLength(1);
  });

  test('takes the place of a file whose key is not ours', async () => {
    writeFileSync(firstKeyFile(), 'wm_v2.of.another.store\n');
    const key = await start();
    expect(readFileSync(firstKeyFile(), 'utf8')).toBe(`${key ?? ''}\n`);
    expect((await enter(office, key ?? '')).scopes).toContain('operator');
  });

  test('of two processes at once gives both the same key', async () => {
    const neighbour = await openSampleOffice({ neighbour: office });
    const keys = await Promise.all([start(), start(neighbour.store)]);
    await neighbour.close();
    const told = new Set(keys.filter((key) => key !== null));
    expect(told.size).toBe(1);
    for (const key of told) expect(await enter(office, key)).toMatchObject({ role: 'owner', scopes: everyScope });
  });

  test('that the store cannot serve says so, and tells no key that does not work', async () => {
    const full: Store = { ...office.store, insertKey: () => Promise.reject(new StoreUnavailable('the disk is full')) };
    await expect(start(full)).rejects.toBeInstanceOf(StoreUnavailable);
    const key = await start();
    expect((await enter(office, key ?? '')).role).toBe('owner');
  });
});

describe('a later start', () => {
  test('brings back no first key that was deleted, nor makes another while somebody can get in', async () => {
    const first = await enter(office, await start() ?? '');
    await office.store.addMember(await makeWorkspace(office, 'new'), first.userId, { role: 'owner', createdMs: 1 });
    const [, elsewhere] = await office.store.listWorkspaces(firstPage);
    const { key, row } = await createKey(office, first, plain);
    const second = await enter(office, key);
    await deleteKey(office, second, first.keyId);
    expect(await start()).toBeNull();
    // Now the oldest workspace has no key at all, and still the file with the deleted one lies there, or does not.
    const helper = await createKey(office, second, plain);
    await updateKey(office, await enter(office, helper.key), { id: row.id, edit: { workspaceId: elsewhere?.id ?? '' } });
    await office.store.deleteKey(first.workspaceId, helper.row.id);
    expect(await office.store.listKeys(first.workspaceId, null, firstPage)).toEqual([]);
    expect(await start()).toBeNull();
    rmSync(firstKeyFile());
    expect(await start()).toBeNull();
    expect(await office.store.findKey(first.keyId)).toBeNull();
  });

  test('goes on, without telling a key, when the first one was deleted and there is no other', async () => {
    const first = await enter(office, await start() ?? '');
    await office.store.deleteKey(first.workspaceId, first.keyId);
    expect(await start()).toBeNull();
  });
});

describe('the first owner', () => {
  test('is who has owned the oldest workspace for longest and is not disabled, however many members there are', async () => {
    const { userId, workspaceId } = await enter(office, await start() ?? '');
    const workspace = await openFirstWorkspace(office);
    expect(workspace.id).toBe(workspaceId);
    const [second, third] = [await makePerson(office, workspaceId, 'owner'), await makePerson(office, workspaceId, 'owner')];
    for (let index = 0; index < 120; index++) await makePerson(office, workspaceId, 'member');
    expect((await openFirstOwner(office, workspace)).id).toBe(userId);
    await office.store.changeUser(userId, { isDisabled: true });
    expect((await openFirstOwner(office, workspace)).id).toBe(second.userId);
    await office.store.changeUser(second.userId, { isDisabled: true });
    expect((await openFirstOwner(office, workspace)).id).toBe(third.userId);
    await office.store.changeUser(third.userId, { isDisabled: true });
    expect(await openFirstOwner(office, workspace)).toMatchObject({ id: userId, isDisabled: true });
  });

  test('who was removed is not made again while there is another', async () => {
    const first = await enter(office, await start() ?? '');
    await addMember(office, first, { userId: null, email: 'ada@example.com', name: null, role: 'owner' });
    await office.store.removeMember(first.workspaceId, first.userId, 1);
    await start();
    expect((await office.store.listMembers(first.workspaceId, firstPage)).map((row) => row.user.email)).toEqual(['ada@example.com']);
  });
});
