/** This file tests what members see and change of their workspaces, and operators of all. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { NO_LIMITS } from './first-key.ts';
import { createKey } from './manage.ts';
import { codeOf, enter, makePerson, makeWorkspace, openSampleOffice, refusalOf } from './sample-office.ts';
import type { Person, SampleOffice } from './sample-office.ts';
import {
  changeOwnWorkspace, changeWorkspace, createWorkspace, listOwnWorkspaces, listWorkspaces, planUsers, retrieveOwnWorkspace, retrieveWorkspace,
} from './workspaces.ts';

jest.setTimeout(60_000);

const firstPage = { limit: 10, after: null };
const wanted = { name: 'Acme', planId: 'premium', billing: 'balance', limits: null } as const;

let office: SampleOffice;
let ids: string[];
let ada: Person;

/** Ada owns the first, is an admin of the second, and not in the third. */
beforeEach(async () => {
  office = await openSampleOffice();
  ids = [await makeWorkspace(office, 'first'), await makeWorkspace(office, 'second'), await makeWorkspace(office, 'third')];
  ada = await makePerson(office, ids[0] ?? '', 'owner');
  await office.store.addMember(ids[1] ?? '', ada.userId, { role: 'admin', createdMs: 1 });
  await makePerson(office, ids[2] ?? '', 'owner');
});
afterEach(() => office.close());

describe('a member', () => {
  test('lists their workspaces with their role in each, page by page, and no others', async () => {
    const caller = await enter(office, ada.key);
    const all = await listOwnWorkspaces(office, caller, firstPage);
    expect(all.map(({ workspace, role }) => [workspace.name, role])).toEqual([['first', 'owner'], ['second', 'admin']]);
    const [one] = await listOwnWorkspaces(office, caller, { limit: 1, after: null });
    expect(await listOwnWorkspaces(office, caller, { limit: 1, after: one?.workspace.id ?? '' })).toEqual([all[1]]);
    expect(await listOwnWorkspaces(office, caller, { limit: 1, after: ids[1] ?? '' })).toEqual([]);
    expect(await listOwnWorkspaces(office, caller, { limit: 10, after: ids[2] ?? '' })).toEqual([]);
  });

  test('looks at each of theirs from any of them; a foreign one and an unknown one are refused alike', async () => {
    const caller = await enter(office, ada.key, ids[1]);
    expect((await retrieveOwnWorkspace(office, caller, ids[0] ?? '')).role).toBe('owner');
    const replies = new Set<string>();
    for (const id of [ids[2] ?? '', office.makeId('ws'), 'ws_x']) replies.add(JSON.stringify(await refusalOf(retrieveOwnWorkspace(office, caller, id))));
    expect([...replies]).toEqual([JSON.stringify({ code: 'workspace_not_found', status: 404, message: 'There is no such workspace.', options: {} })]);
  });

  test('with a bound key sees the workspace it is bound to, in the role it acts in', async () => {
    const boss = await enter(office, (await makePerson(office, ids[1] ?? '', 'owner')).key);
    const { key } = await createKey(office, boss, { name: 'given', scopes: ['inference'], models: null, limits: NO_LIMITS, expiresMs: null, userId: ada.userId });
    const bound = await enter(office, key);
    expect((await listOwnWorkspaces(office, bound, firstPage)).map(({ workspace, role }) => [workspace.name, role])).toEqual([['second', bound.role]]);
    expect(await codeOf(retrieveOwnWorkspace(office, bound, ids[0] ?? ''))).toBe('workspace_not_found');
  });

  test('renames the workspace the call acts in, and no other', async () => {
    const caller = await enter(office, ada.key);
    expect((await changeOwnWorkspace(office, caller, { id: ids[0] ?? '', change: { name: 'renamed' } })).workspace.name).toBe('renamed');
    expect((await enter(office, ada.key)).account.name).toBe('renamed');
    const replies = new Set<string>();
    for (const id of [ids[1] ?? '', ids[2] ?? '', office.makeId('ws')]) replies.add(JSON.stringify(await refusalOf(changeOwnWorkspace(office, caller, { id, change: { name: 'stolen' } }))));
    expect(replies.size).toBe(1);
    expect((await listWorkspaces(office, firstPage)).map((row) => row.name)).toEqual(['renamed', 'second', 'third']);
  });
});

describe('an operator', () => {
  test('creates a workspace with its owner, whose key may select it at once', async () => {
    await enter(office, ada.key);
    const row = await createWorkspace(office, { ...wanted, ownerId: ada.userId });
    expect(row).toMatchObject({ name: 'Acme', planId: 'premium', billing: 'balance', isSuspended: false, limits: NO_LIMITS });
    expect(await enter(office, ada.key, row.id)).toMatchObject({ workspaceId: row.id, role: 'owner', account: { planId: 'premium', billing: 'balance' } });
    expect(await retrieveWorkspace(office, row.id)).toMatchObject({ id: row.id, name: 'Acme' });
  });

  test('creates and changes none with a plan or an owner there is not', async () => {
    expect(await refusalOf(createWorkspace(office, { ...wanted, ownerId: ada.userId, planId: 'gold' }))).toMatchObject({ code: 'plan_not_found', options: { param: 'plan' } });
    expect(await codeOf(createWorkspace(office, { ...wanted, ownerId: office.makeId('user') }))).toBe('user_not_found');
    expect(await codeOf(changeWorkspace(office, ids[0] ?? '', { planId: 'gold', name: 'x' }))).toBe('plan_not_found');
    // Those of one millisecond come in any order.
    expect((await listWorkspaces(office, firstPage)).map((row) => [row.name, row.planId].join(' ')).sort()).toEqual(['first unlimited', 'second unlimited', 'third unlimited']);
  });

  test('changes plan, billing, limits and suspension, each alone, from the next request on', async () => {
    const limits = { requestsPerMinute: 5, tokensPerMinute: 10, concurrentRequests: 1 };
    for (const change of [{ planId: 'premium' }, { billing: 'balance' as const }, { limits }, { isSuspended: true }, { name: 'new' }]) {
      const before = (await enter(office, ada.key)).account;
      const row = await changeWorkspace(office, ids[0] ?? '', change);
      expect((await enter(office, ada.key)).account).toEqual({ ...before, ...change, revision: row.revision });
      expect(row.revision).toBeGreaterThan(before.revision);
    }
    expect(await codeOf(changeWorkspace(office, office.makeId('ws'), { name: 'x' }))).toBe('workspace_not_found');
    expect(await codeOf(retrieveWorkspace(office, office.makeId('ws')))).toBe('workspace_not_found');
  });

  test('is told how many workspaces use a plan', async () => {
    await changeWorkspace(office, ids[1] ?? '', { planId: 'premium' });
    expect([await planUsers(office, 'unlimited'), await planUsers(office, 'premium'), await planUsers(office, 'gold')]).toEqual([2, 1, 0]);
  });
});
