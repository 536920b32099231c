/** This file is what the plain calls of every Store must do, whatever its engine: keys, users, workspaces, members, budgets and what operators keep. */
import { expect, test } from '@jest/globals';
import { describeEvals } from './evals.suite.ts';
import { describeJobs } from './jobs.suite.ts';
import { describeJudgement } from './judgement.suite.ts';
import { describeLanes } from './lanes.suite.ts';
import { describeMedia } from './media.suite.ts';
import { describeResponses } from './responses.suite.ts';
import { describeRollouts } from './rollouts.suite.ts';
import { noLimits, sampleKey, sampleUser, sampleWorkspace } from './sample-rows.ts';
import { TEST_TIMEOUT_MS } from './store-under-test.ts';
import type { WithPlace } from './store-under-test.ts';
import { EmailTaken } from './store.ts';
import type { Page, Store } from './store.ts';

const firstPage: Page = { limit: 100, after: null };
const someLimits = { requestsPerMinute: 60, tokensPerMinute: 1000, concurrentRequests: 4 };

export function describeCalls(withPlace: WithPlace): void {
  describeKeys(withPlace);
  describeWorkspaces(withPlace);
  describeUsers(withPlace);
  describeMembers(withPlace);
  describeJudgement(withPlace);
  describeLanes(withPlace);
  describeRollouts(withPlace);
  describeMedia(withPlace);
  describeResponses(withPlace);
  describeJobs(withPlace);
  describeEvals(withPlace);
}

/** Reads a list to its end, two rows at a time. */
async function readPages<Row>(read: (page: Page) => Promise<Row[]>, idOf: (row: Row) => string): Promise<Row[]> {
  const seen: Row[] = [];
  for (let after: string | null = null; ;) {
    const page: Row[] = await read({ limit: 2, after });
    seen.push(...page);
    const last = page.at(-1);
    if (last === undefined) return seen;
    after = idOf(last);
  }
}

function describeKeys(withPlace: WithPlace): void {
  test('a key is read back as it was written, every field of it', withPlace(async (open) => {
    const store = await open();
    const row = sampleKey(1, {
      scopes: ['inference', 'management', 'operator'], models: ['google/*', 'openai/gpt-5'], limits: someLimits, isBound: true, expiresMs: 5, revokedMs: 6,
    });
    await store.insertKey(row);
    expect(await store.findKey(row.id)).toEqual(row);
    expect(await store.findKey('key_none')).toBeNull();
  }), TEST_TIMEOUT_MS);

  test('a change touches the named fields only, and revocation is set once', withPlace(async (open) => {
    const store = await open();
    const row = sampleKey(1, { models: ['google/*'], expiresMs: 5 });
    await store.insertKey(row);
    expect(await store.changeKey('ws_1', row.id, { name: 'new' })).toEqual({ ...row, name: 'new' });
    const changed = { ...row, name: 'new', models: null, expiresMs: null, scopes: ['inference', 'management'] as const, limits: someLimits, revokedMs: 77 };
    expect(await store.changeKey('ws_1', row.id, { models: null, expiresMs: null, scopes: changed.scopes, limits: someLimits, revokedMs: 77 })).toEqual(changed);
    expect((await store.changeKey('ws_1', row.id, { revokedMs: 99 }))?.revokedMs).toBe(77);
    expect(await store.findKey(row.id)).toEqual(changed);
  }), TEST_TIMEOUT_MS);

  test('a key that moves to another workspace is listed there, and no longer here', withPlace(async (open) => {
    const store = await open();
    await store.insertKey(sampleKey(1));
    await store.changeKey('ws_1', sampleKey(1).id, { workspaceId: 'ws_2' });
    expect(await store.listKeys('ws_1', null, firstPage)).toEqual([]);
    expect(await store.listKeys('ws_2', null, firstPage)).toEqual([sampleKey(1, { workspaceId: 'ws_2' })]);
  }), TEST_TIMEOUT_MS);

  test('a key of another workspace can be neither changed, deleted nor listed', withPlace(async (open) => {
    const store = await open();
    await store.insertKey(sampleKey(1));
    expect(await store.changeKey('ws_2', sampleKey(1).id, { name: 'mine' })).toBeNull();
    expect(await store.deleteKey('ws_2', sampleKey(1).id)).toBe(false);
    expect(await store.listKeys('ws_2', null, firstPage)).toEqual([]);
    expect(await store.findKey(sampleKey(1).id)).toEqual(sampleKey(1));
  }), TEST_TIMEOUT_MS);

  test('a key that exists is not inserted again', withPlace(async (open) => {
    const store = await open();
    await store.insertKey(sampleKey(1));
    await expect(store.insertKey(sampleKey(1, { name: 'thief' }))).rejects.toThrow();
    expect(await store.findKey(sampleKey(1).id)).toEqual(sampleKey(1));
  }), TEST_TIMEOUT_MS);

  test('pages of keys go on after a key that was deleted in between, and can be of one user', withPlace(async (open) => {
    const store = await open();
    for (let index = 1; index <= 5; index++) await store.insertKey(sampleKey(index, { userId: `user_${index % 2}` }));
    const page = await store.listKeys('ws_1', null, { limit: 2, after: null });
    expect(page.map((row) => row.name)).toEqual(['key 5', 'key 4']);
    expect(await store.deleteKey('ws_1', sampleKey(4).id)).toBe(true);
    expect(await store.deleteKey('ws_1', sampleKey(4).id)).toBe(false);
    expect(await store.findKey(sampleKey(4).id)).toBeNull();
    expect((await store.listKeys('ws_1', null, { limit: 2, after: sampleKey(4).id })).map((row) => row.name)).toEqual(['key 3', 'key 2']);
    expect((await readPages((each) => store.listKeys('ws_1', 'user_1', each), (row) => row.id)).map((row) => row.name)).toEqual(['key 5', 'key 3', 'key 1']);
    expect(await store.listKeys('ws_1', null, { limit: 2, after: 'key_unknown' })).toEqual([]);
  }), TEST_TIMEOUT_MS);
}

function describeWorkspaces(withPlace: WithPlace): void {
  test('workspaces are listed oldest first, and one made twice is one', withPlace(async (open) => {
    const store = await open();
    for (const index of [2, 1, 3]) await store.createWorkspace(sampleWorkspace(index));
    await store.createWorkspace(sampleWorkspace(1, { name: 'again' }));
    const names = (await readPages((page) => store.listWorkspaces(page), (row) => row.id)).map((row) => row.name);
    expect(names).toEqual(['workspace 1', 'workspace 2', 'workspace 3']);
  }), TEST_TIMEOUT_MS);

  test('a workspace changes in the named fields only, and its revision goes up with every change of anything', withPlace(async (open) => {
    const store = await open();
    await store.createWorkspace(sampleWorkspace(1, { limits: someLimits }));
    const made = await store.findWorkspace('ws_1');
    expect(made).toEqual({ ...sampleWorkspace(1, { limits: someLimits }), revision: made?.revision });
    const named = await store.changeWorkspace('ws_1', { name: 'new', limits: noLimits });
    expect(named).toEqual({ ...sampleWorkspace(1), name: 'new', revision: named?.revision });
    await store.insertKey(sampleKey(1));
    const moved = await store.changeWorkspace('ws_1', { planId: 'premium', billing: 'balance', isSuspended: true });
    expect(moved).toEqual({ ...named, planId: 'premium', billing: 'balance', isSuspended: true, revision: moved?.revision });
    expect(await store.findWorkspace('ws_1')).toEqual(moved);
    const revisions = [made, named, moved].map((row) => row?.revision ?? 0);
    expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
    expect(await store.changeWorkspace('ws_9', { name: 'nothing' })).toBeNull();
    expect(await store.findWorkspace('ws_9')).toBeNull();
  }), TEST_TIMEOUT_MS);
}

function describeUsers(withPlace: WithPlace): void {
  test('an e-mail address belongs to one user', withPlace(async (open) => {
    const store = await open();
    await store.createUser(sampleUser(1, { email: 'ada@example.com' }));
    await store.createUser(sampleUser(2));
    await store.createUser(sampleUser(3));
    await expect(store.createUser(sampleUser(4, { email: 'ada@example.com' }))).rejects.toBeInstanceOf(EmailTaken);
    await expect(store.changeUser('user_2', { email: 'ada@example.com' })).rejects.toBeInstanceOf(EmailTaken);
    expect(await store.findUser('user_4')).toBeNull();
    expect(await store.changeUser('user_1', { email: 'ada@example.com', name: 'Ada' })).toEqual(sampleUser(1, { email: 'ada@example.com', name: 'Ada' }));
    expect(await store.findUserByEmail('ada@example.com')).toEqual(sampleUser(1, { email: 'ada@example.com', name: 'Ada' }));
    expect(await store.changeUser('user_1', { email: null, isDisabled: true })).toEqual(sampleUser(1, { name: 'Ada', isDisabled: true }));
    expect(await store.findUserByEmail('ada@example.com')).toBeNull();
    expect(await store.changeUser('user_9', { name: 'nobody' })).toBeNull();
  }), TEST_TIMEOUT_MS);

  test('of users who take one e-mail address at once, one has it', withPlace(async (open) => {
    const [here, there] = await Promise.all([open(), open()]);
    const results = await Promise.allSettled(Array.from({ length: 6 }, (_, index) => (index % 2 === 0 ? here : there).createUser(sampleUser(index, { email: 'ada@example.com' }))));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(EmailTaken);
    expect(await here.listUsers(firstPage)).toHaveLength(1);
  }), TEST_TIMEOUT_MS);

  test('users are listed newest first, to the last', withPlace(async (open) => {
    const store = await open();
    for (const index of [2, 1, 3, 5, 4]) await store.createUser(sampleUser(index));
    expect((await readPages((page) => store.listUsers(page), (row) => row.id)).map((row) => row.id)).toEqual([5, 4, 3, 2, 1].map((index) => `user_${index}`));
  }), TEST_TIMEOUT_MS);
}

function describeMembers(withPlace: WithPlace): void {
  const openWithOwners = async (store: Store): Promise<void> => {
    await store.createWorkspace(sampleWorkspace(1));
    for (const index of [1, 2, 3]) await store.createUser(sampleUser(index));
    await store.addMember('ws_1', 'user_1', { role: 'owner', createdMs: 10 });
    await store.addMember('ws_1', 'user_2', { role: 'owner', createdMs: 11 });
  };

  test('a member is added once, and is found in the lists of both sides', withPlace(async (open) => {
    const store = await open();
    await openWithOwners(store);
    expect(await store.addMember('ws_1', 'user_3', { role: 'billing', createdMs: 12 })).toBe(true);
    expect(await store.addMember('ws_1', 'user_3', { role: 'owner', createdMs: 13 })).toBe(false);
    const third = { workspaceId: 'ws_1', user: sampleUser(3), role: 'billing', createdMs: 12 };
    expect(await store.findMember('ws_1', 'user_3')).toEqual(third);
    expect(await store.findMember('ws_2', 'user_3')).toBeNull();
    expect((await readPages((page) => store.listMembers('ws_1', page), (row) => row.user.id)).map((row) => row.user.id)).toEqual(['user_1', 'user_2', 'user_3']);
    expect((await store.listMembers('ws_1', { limit: 1, after: 'user_2' }))).toEqual([third]);
    expect(await store.listWorkspacesOf('user_3')).toMatchObject([{ workspace: { id: 'ws_1' }, role: 'billing' }]);
    expect(await store.listWorkspacesOf('user_9')).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('who leaves takes their keys of that workspace with them, and no others', withPlace(async (open) => {
    const store = await open();
    await openWithOwners(store);
    const keys = [
      sampleKey(1, { userId: 'user_2' }), sampleKey(2, { userId: 'user_2', workspaceId: 'ws_2' }), sampleKey(3), sampleKey(4, { userId: 'user_2', revokedMs: 5 }),
    ];
    for (const key of keys) await store.insertKey(key);
    expect(await store.removeMember('ws_1', 'user_2', 99)).toMatchObject({ user: { id: 'user_2' }, role: 'owner' });
    expect(await Promise.all(keys.map(async (key) => (await store.findKey(key.id))?.revokedMs))).toEqual([99, null, null, 5]);
    expect(await store.findMember('ws_1', 'user_2')).toBeNull();
    expect(await store.removeMember('ws_1', 'user_2', 99)).toBe('not_found');
  }), TEST_TIMEOUT_MS);

  test('the last owner can be neither removed nor demoted, also when two leave at once', withPlace(async (open) => {
    const [here, there] = await Promise.all([open(), open()]);
    await openWithOwners(here);
    const results = await Promise.all([here.changeMember('ws_1', 'user_1', 'member'), there.removeMember('ws_1', 'user_2', 1)]);
    expect(results.filter((result) => result === 'last_owner')).toHaveLength(1);
    const owners = (await here.listMembers('ws_1', firstPage)).filter((row) => row.role === 'owner');
    expect(owners).toHaveLength(1);
    const last = owners[0]?.user.id ?? '';
    expect(await here.changeMember('ws_1', last, 'admin')).toBe('last_owner');
    expect(await here.removeMember('ws_1', last, 1)).toBe('last_owner');
    expect(await here.changeMember('ws_1', last, 'owner')).toMatchObject({ role: 'owner' });
    expect(await here.changeMember('ws_1', 'user_3', 'admin')).toBe('not_found');
  }), TEST_TIMEOUT_MS);
}
