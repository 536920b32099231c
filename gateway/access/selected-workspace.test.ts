/** This file tests which workspace a call acts in: the key's own, or the one its header selects, and that nobody learns what others there are. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createManualClock } from '../foundation/clock.ts';
import type { ManualClock } from '../foundation/clock.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { toNanoUsd } from '../foundation/money.ts';
import { sampleBudget } from '../store/sample-rows.ts';
import { NO_LIMITS } from './first-key.ts';
import { insertKey, updateKey } from './manage.ts';
import { removeMember, updateMember, updateUser } from './members.ts';
import { codeOf, enter, makePerson, makeWorkspace, openSampleOffice, refusalOf } from './sample-office.ts';
import type { Person, SampleOffice } from './sample-office.ts';
import { changeWorkspace } from './workspaces.ts';

jest.setTimeout(60_000);

const STRANGE = ['', ' ', 'ws_', 'WS_019a9f4e2f7a7c3e8d1f0a2b3c4d5e6f', 'ws_019A9F4E2F7A7C3E8D1F0A2B3C4D5E6F', 'ws_019a9f4e2f7a7c3e8d1f0a2b3c4d5e6', "' OR '1'='1", 'ws_%', '@', '__proto__', 'ws_é'];

let clock: ManualClock;
let office: SampleOffice;
let home: string;
let other: string;
let foreign: string;
let ada: Person;
let stranger: Person;

/** Ada owns `home` and is a member of `other`; `foreign` is somebody else's. */
beforeEach(async () => {
  clock = createManualClock();
  office = await openSampleOffice({ clock });
  home = await makeWorkspace(office, 'home');
  other = await makeWorkspace(office, 'other');
  foreign = await makeWorkspace(office, 'foreign');
  ada = await makePerson(office, home, 'owner');
  stranger = await makePerson(office, foreign, 'owner');
  await office.store.addMember(other, ada.userId, { role: 'member', createdMs: clock.now() });
});
afterEach(() => office.close());

/** A key somebody else made for Ada; it stays at home. */
const makeBound = async (): Promise<string> => (await insertKey(office, {
  userId: ada.userId, workspaceId: home, isBound: true, name: 'given', scopes: ['inference', 'management'], models: null, limits: NO_LIMITS, expiresMs: null,
})).key;

describe('a workspace', () => {
  test("is the key's own without the header and with its own id in it, and another of the user's by the header", async () => {
    expect(await enter(office, ada.key)).toMatchObject({ workspaceId: home, role: 'owner', userId: ada.userId, keyId: ada.row.id });
    expect(await enter(office, ada.key, home)).toMatchObject({ workspaceId: home, role: 'owner' });
    expect(await enter(office, ada.key, other)).toMatchObject({ workspaceId: other, role: 'member', userId: ada.userId, keyId: ada.row.id });
  });

  test('is looked up in memory from the second request on, selected or not', async () => {
    const callers = [await enter(office, ada.key), await enter(office, ada.key, other)];
    expect(office.reads()).toBe(2);
    for (let again = 0; again < 20; again++) {
      expect(office.authenticator.authenticate(`Bearer ${ada.key}`)).toBe(callers[0]);
      expect(office.authenticator.authenticate(`Bearer ${ada.key}`, other)).toBe(callers[1]);
    }
    expect(office.reads()).toBe(2);
  });

  test('comes with what its calls are judged by, and not with what another is judged by', async () => {
    const limits = { requestsPerMinute: 60, tokensPerMinute: null, concurrentRequests: 4 };
    await changeWorkspace(office, other, { planId: 'premium', billing: 'balance', isSuspended: true, limits });
    const budget = sampleBudget(1, { workspaceId: other, scopeId: other, scope: 'workspace', amount: toNanoUsd(5) });
    await office.store.createBudget(budget);
    office.authenticator.noteChange();
    const { account } = await enter(office, ada.key, other);
    expect(account).toMatchObject({ workspaceId: other, name: 'other', planId: 'premium', billing: 'balance', isSuspended: true, limits });
    expect(account.budgets).toEqual([expect.objectContaining({ id: budget.id, amount: 5n })]);
    expect((await enter(office, ada.key)).account).toMatchObject({ workspaceId: home, planId: 'unlimited', isSuspended: false, limits: NO_LIMITS, budgets: [] });
  });

  test("of a bound key is its own, by the header as without it, and none of its user's others", async () => {
    const bound = await makeBound();
    expect(await enter(office, bound)).toMatchObject({ workspaceId: home, isBound: true });
    expect(await enter(office, bound, home)).toMatchObject({ workspaceId: home });
    for (let again = 0; again < 3; again++) expect(await codeOf(enter(office, bound, other))).toBe('workspace_not_allowed');
    expect(await codeOf(enter(office, ada.key, other))).toBe('done');
  });

  test('of a bound key never makes an owner of who holds it, for its maker knows its secret', async () => {
    expect((await enter(office, await makeBound())).role).toBe('admin');
    expect((await enter(office, ada.key)).role).toBe('owner');
  });
});

describe('ids of workspaces', () => {
  test('cannot be probed: unknown, foreign, malformed and out of a bound key’s reach are refused in the same words, first and again', async () => {
    const bound = await makeBound();
    const unknown = office.makeId('ws');
    const attempts: [string, string | string[]][] = [
      [ada.key, unknown], [ada.key, foreign], [bound, unknown], [bound, foreign], [bound, other], [bound, 'ws_bad'],
      [ada.key, [home, home]], [ada.key, `${home}, ${other}`], [ada.key, `${home} `], ...STRANGE.map((id): [string, string] => [ada.key, id]),
    ];
    const replies = new Set<string>();
    for (let round = 0; round < 2; round++) {
      for (const [key, workspace] of attempts) replies.add(JSON.stringify(await refusalOf(enter(office, key, workspace))));
    }
    expect([...replies]).toEqual([JSON.stringify({
      code: 'workspace_not_allowed', status: 403, message: 'The key may not act in that workspace.', options: { param: 'x-writingmate-workspace' },
    })]);
  });

  test('that are foreign or unknown cost the same reads and leave nothing in memory; malformed ones cost none', async () => {
    await enter(office, ada.key);
    const costs: number[] = [];
    for (const id of [foreign, office.makeId('ws'), foreign, 'ws_malformed']) {
      const before = office.reads();
      await codeOf(enter(office, ada.key, id));
      costs.push(office.reads() - before);
    }
    expect(costs).toEqual([1, 1, 1, 0]);
  });

  test('tell nothing to who has no good key: the key is judged first, whatever the workspace', async () => {
    const expiring = await insertKey(office, {
      userId: ada.userId, workspaceId: home, isBound: false, name: 'e', scopes: ['inference'], models: null, limits: NO_LIMITS, expiresMs: clock.now() + 10,
    });
    const revoked = await insertKey(office, {
      userId: ada.userId, workspaceId: home, isBound: false, name: 'r', scopes: ['inference'], models: null, limits: NO_LIMITS, expiresMs: null,
    });
    for (const workspace of [undefined, home, other]) await Promise.all([enter(office, expiring.key, workspace), enter(office, revoked.key, workspace)]);
    clock.advance(10);
    await updateKey(office, await enter(office, ada.key), { id: revoked.row.id, edit: { isRevoked: true } });
    for (const workspace of [undefined, home, other, foreign, office.makeId('ws'), 'malformed', '']) {
      for (let again = 0; again < 2; again++) {
        expect(await codeOf(enter(office, expiring.key, workspace))).toBe('expired_api_key');
        expect(await codeOf(enter(office, revoked.key, workspace))).toBe('revoked_api_key');
        expect(await codeOf(enter(office, `${ada.key.slice(0, -1)}${ada.key.endsWith('A') ? 'B' : 'A'}`, workspace))).toBe('invalid_api_key');
      }
    }
  });

  test('do not make a deleted key worth a read each', async () => {
    const { key, row } = await insertKey(office, {
      userId: ada.userId, workspaceId: home, isBound: false, name: 'd', scopes: ['inference'], models: null, limits: NO_LIMITS, expiresMs: null,
    });
    await office.store.deleteKey(home, row.id);
    office.authenticator.noteChange();
    const before = office.reads();
    for (let index = 0; index < 50; index++) expect(await codeOf(enter(office, key, office.makeId('ws')))).toBe('invalid_api_key');
    expect(office.reads() - before).toBe(1);
  });
});

describe('a change', () => {
  test('of role, plan or limits holds from the next request on, in every workspace the key is used in', async () => {
    await Promise.all([enter(office, ada.key), enter(office, ada.key, other)]);
    const boss = await makePerson(office, other, 'owner');
    await updateMember(office, await enter(office, boss.key), { userId: ada.userId, role: 'billing' });
    await changeWorkspace(office, home, { isSuspended: true });
    expect((await enter(office, ada.key, other)).role).toBe('billing');
    expect((await enter(office, ada.key)).account.isSuspended).toBe(true);
  });

  test('of membership cuts what is open in that workspace and nothing in another, and shuts its door', async () => {
    const [atHome, away] = await Promise.all([enter(office, ada.key), enter(office, ada.key, other)]);
    const cuts: string[] = [];
    atHome.onRevoked(() => { cuts.push('home'); });
    const cut = new Promise<void>((resolve) => { away.onRevoked(() => { cuts.push('other'); resolve(); }); });
    const boss = await makePerson(office, other, 'owner');
    await removeMember(office, await enter(office, boss.key), ada.userId);
    await cut;
    expect({ cuts, isRevoked: [atHome.isRevoked, away.isRevoked] }).toEqual({ cuts: ['other'], isRevoked: [false, true] });
    expect(await codeOf(enter(office, ada.key, other))).toBe('workspace_not_allowed');
    expect(await codeOf(enter(office, ada.key))).toBe('done');
  });

  test('back lets a removed member in again, whose new calls can be cut anew', async () => {
    const boss = await enter(office, (await makePerson(office, other, 'owner')).key);
    await enter(office, ada.key, other);
    await removeMember(office, boss, ada.userId);
    expect(await codeOf(enter(office, ada.key, other))).toBe('workspace_not_allowed');
    await office.store.addMember(other, ada.userId, { role: 'admin', createdMs: 1 });
    office.authenticator.noteChange();
    const back = await enter(office, ada.key, other);
    expect(back).toMatchObject({ role: 'admin', isRevoked: false });
    const cut = new Promise<void>((resolve) => { back.onRevoked(resolve); });
    await removeMember(office, boss, ada.userId);
    await cut;
  });

  test('that moves the key changes where its next request acts, not where an open one does', async () => {
    const before = await enter(office, ada.key);
    const second = await insertKey(office, {
      userId: ada.userId, workspaceId: home, isBound: false, name: 's', scopes: ['inference', 'management'], models: null, limits: NO_LIMITS, expiresMs: null,
    });
    await updateKey(office, await enter(office, second.key), { id: ada.row.id, edit: { workspaceId: other } });
    expect(await enter(office, ada.key)).toMatchObject({ workspaceId: other, role: 'member' });
    expect(await enter(office, ada.key, home)).toMatchObject({ workspaceId: home, role: 'owner' });
    expect({ workspaceId: before.workspaceId, isRevoked: before.isRevoked }).toEqual({ workspaceId: home, isRevoked: false });
  });
});

describe('a disabled user', () => {
  test('has no key that works, in any workspace, and nothing open; enabled again, all of them work and can be cut again', async () => {
    const boss = await enter(office, stranger.key);
    const callers = [await enter(office, ada.key), await enter(office, ada.key, other)];
    const cuts = Promise.all(callers.map((caller) => new Promise<void>((resolve) => { caller.onRevoked(resolve); })));
    await updateUser(office, boss, { id: ada.userId, change: { isDisabled: true } });
    await cuts;
    for (const workspace of [undefined, home, other, foreign, 'malformed']) expect(await codeOf(enter(office, ada.key, workspace))).toBe('revoked_api_key');

    await updateUser(office, boss, { id: ada.userId, change: { isDisabled: false } });
    const again = await enter(office, ada.key);
    expect(again.isRevoked).toBe(false);
    const cut = new Promise<void>((resolve) => { again.onRevoked(resolve); });
    await updateUser(office, boss, { id: ada.userId, change: { isDisabled: true } });
    await cut;
  });

  test('is found out also where the news of it was lost', async () => {
    const caller = await enter(office, ada.key, other);
    const cut = new Promise<void>((resolve) => { caller.onRevoked(resolve); });
    await office.store.changeUser(ada.userId, { isDisabled: true });
    clock.advance(defaultLimits.keyCacheMs);
    await cut;
    expect(await codeOf(enter(office, ada.key, other))).toBe('revoked_api_key');
  });

  test('cannot be the one who disables: their own key says so', async () => {
    expect(await codeOf(updateUser(office, await enter(office, ada.key), { id: ada.userId, change: { isDisabled: true } }))).toBe('key_in_use');
    expect(await codeOf(enter(office, ada.key))).toBe('done');
  });
});

describe('another process on the same store', () => {
  test('cuts within a second what a removed member has open there, and judges by the new role, plan and membership', async () => {
    const here = await openSampleOffice();
    const there = await openSampleOffice({ neighbour: here });
    try {
      const shared = await makeWorkspace(here);
      const boss = await enter(here, (await makePerson(here, shared, 'owner')).key);
      const [leaver, riser] = [await makePerson(here, shared, 'member'), await makePerson(here, shared, 'member')];
      const [open, before] = [await enter(there, leaver.key), await enter(there, riser.key)];
      expect(before).toMatchObject({ role: 'member', account: { planId: 'unlimited' } });
      const cut = new Promise<void>((resolve) => { open.onRevoked(resolve); });

      const started = here.clock.monotonic();
      await updateMember(here, boss, { userId: riser.userId, role: 'admin' });
      await changeWorkspace(here, shared, { planId: 'premium' });
      await removeMember(here, boss, leaver.userId);
      await cut;
      expect(here.clock.monotonic() - started).toBeLessThan(1000);
      expect(await codeOf(enter(there, leaver.key))).toBe('revoked_api_key');
      expect(await enter(there, riser.key)).toMatchObject({ role: 'admin', account: { planId: 'premium' } });
    } finally {
      await there.close();
      await here.close();
    }
  });
});
