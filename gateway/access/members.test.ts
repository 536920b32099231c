/** This file tests who may join, change and leave a workspace, by whose hand, and what operators do with users. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Caller, Role } from '../foundation/terms.ts';
import { createKey } from './manage.ts';
import { addMember, createUser, listMembers, listUsers, removeMember, retrieveMember, retrieveUser, updateMember, updateUser } from './members.ts';
import { NO_LIMITS } from './first-key.ts';
import { checkRole, managesOthers, seesOnlyOwn } from './roles.ts';
import { codeOf, enter, makePerson, makeWorkspace, openSampleOffice, refusalOf } from './sample-office.ts';
import type { Person, SampleOffice } from './sample-office.ts';
import { sampleCaller } from '../foundation/sample-caller.ts';

jest.setTimeout(60_000);

const roles: readonly Role[] = ['owner', 'admin', 'member', 'billing'];
const firstPage = { limit: 10, after: null };
const nobody = { userId: null, email: null, name: null, role: 'member' } as const;

let office: SampleOffice;
let home: string;
let boss: Person;
let owner: Caller;
let admin: Caller;
beforeEach(async () => {
  office = await openSampleOffice();
  home = await makeWorkspace(office, 'home');
  boss = await makePerson(office, home, 'owner');
  owner = await enter(office, boss.key);
  admin = await enter(office, (await makePerson(office, home, 'admin')).key);
});
afterEach(() => office.close());

describe('a role', () => {
  test('opens the operations that name it and no others; those that name none are open to all', () => {
    for (const role of roles) {
      const caller = sampleCaller({ role });
      for (const needed of roles) {
        const check = (): void => { checkRole(caller, [needed]); };
        if (needed === role) expect(check).not.toThrow();
        else expect(check).toThrow(`Your role in this workspace is ${role}; this takes ${needed}.`);
      }
      expect(() => { checkRole(caller, null); }).not.toThrow();
      expect(() => { checkRole(caller, roles); }).not.toThrow();
      expect(() => { checkRole(caller, []); }).toThrow();
    }
  });

  test('of a member sees its own alone; owners and admins manage for others; billing sees all and manages none', () => {
    const seen = roles.map((role) => [role, seesOnlyOwn(sampleCaller({ role })), managesOthers(sampleCaller({ role }))]);
    expect(seen).toEqual([['owner', false, true], ['admin', false, true], ['member', true, false], ['billing', false, false]]);
  });
});

describe('a member joins', () => {
  test('by user id, once', async () => {
    const user = await createUser(office, { name: 'Ada', email: 'Ada@Example.com' });
    const row = await addMember(office, owner, { ...nobody, userId: user.id, role: 'billing' });
    expect(row).toMatchObject({ workspaceId: home, user: { id: user.id, name: 'Ada', email: 'ada@example.com' }, role: 'billing' });
    expect(await retrieveMember(office, owner, user.id)).toEqual(row);
    expect(await codeOf(addMember(office, owner, { ...nobody, userId: user.id, role: 'admin' }))).toBe('already_member');
    expect((await retrieveMember(office, owner, user.id)).role).toBe('billing');
  });

  test('by e-mail address, whatever its case: as the user who has it, or as a new one', async () => {
    const made = await addMember(office, owner, { ...nobody, email: 'Grace.Hopper@Example.com' });
    expect(made.user).toMatchObject({ name: 'grace.hopper', email: 'grace.hopper@example.com', isDisabled: false });
    const elsewhere = await enter(office, (await makePerson(office, await makeWorkspace(office), 'owner')).key);
    expect((await addMember(office, elsewhere, { ...nobody, email: 'GRACE.hopper@example.com', name: 'Somebody' })).user).toEqual(made.user);
    expect((await addMember(office, owner, { ...nobody, email: 'ada@example.com', name: 'Ada' })).user.name).toBe('Ada');
    expect(await codeOf(addMember(office, owner, { ...nobody, email: 'Ada@example.com' }))).toBe('already_member');
  });

  test('as one user, who is invited from many sides at once by an address nobody has yet', async () => {
    const hosts = await Promise.all(Array.from({ length: 8 }, async () => enter(office, (await makePerson(office, await makeWorkspace(office), 'owner')).key)));
    const rows = await Promise.all(hosts.map((host) => addMember(office, host, { ...nobody, email: 'ada@example.com' })));
    expect(new Set(rows.map((row) => row.user.id)).size).toBe(1);
    expect((await listUsers(office, { limit: 100, after: null })).filter((user) => user.email === 'ada@example.com')).toHaveLength(1);
  });

  test('neither twice over nor as nobody', async () => {
    expect(await refusalOf(addMember(office, owner, nobody))).toMatchObject({ code: 'invalid_request', options: { param: 'email' } });
    expect(await refusalOf(addMember(office, owner, { ...nobody, userId: boss.userId, email: 'a@b' }))).toMatchObject({ code: 'invalid_request', options: { param: 'user' } });
    expect(await codeOf(addMember(office, owner, { ...nobody, userId: office.makeId('user') }))).toBe('user_not_found');
  });
});

describe('owners', () => {
  test('are made, changed and removed by owners alone', async () => {
    const user = await createUser(office, { name: 'Ada', email: null });
    for (const invitation of [{ ...nobody, userId: user.id }, { ...nobody, email: 'new@example.com' }]) {
      expect(await codeOf(addMember(office, admin, { ...invitation, role: 'owner' }))).toBe('insufficient_role');
    }
    expect((await listUsers(office, firstPage)).map((row) => row.email)).not.toContain('new@example.com');
    await addMember(office, admin, { ...nobody, userId: user.id, role: 'admin' });
    expect(await codeOf(updateMember(office, admin, { userId: user.id, role: 'owner' }))).toBe('insufficient_role');
    expect(await codeOf(updateMember(office, admin, { userId: admin.userId, role: 'owner' }))).toBe('insufficient_role');
    expect((await updateMember(office, owner, { userId: user.id, role: 'owner' })).role).toBe('owner');
    expect(await codeOf(updateMember(office, admin, { userId: user.id, role: 'member' }))).toBe('insufficient_role');
    expect(await codeOf(removeMember(office, admin, user.id))).toBe('insufficient_role');
    expect((await retrieveMember(office, owner, user.id)).role).toBe('owner');
    await removeMember(office, owner, user.id);
    expect(await codeOf(retrieveMember(office, owner, user.id))).toBe('member_not_found');
  });

  test('never leave a workspace without one', async () => {
    for (const role of ['admin', 'member', 'billing'] as const) expect(await codeOf(updateMember(office, owner, { userId: boss.userId, role }))).toBe('last_owner');
    expect(await codeOf(removeMember(office, owner, boss.userId))).toBe('last_owner');
    expect(await codeOf(updateMember(office, owner, { userId: boss.userId, role: 'owner' }))).toBe('done');
    expect(await codeOf(enter(office, boss.key))).toBe('done');
  });

  test('who leave at the same time leave one behind', async () => {
    const all = [owner, ...await Promise.all([1, 2, 3].map(async () => enter(office, (await makePerson(office, home, 'owner')).key)))];
    const codes = await Promise.all(all.map((each) => codeOf(removeMember(office, each, each.userId))));
    expect(codes.sort()).toEqual(['done', 'done', 'done', 'last_owner']);
    expect((await office.store.listMembers(home, firstPage)).filter((row) => row.role === 'owner')).toHaveLength(1);
  });
});

describe('a member who is removed', () => {
  test('loses the keys they have there at once, those others gave them too, and keeps those elsewhere', async () => {
    const ada = await makePerson(office, home, 'member');
    const elsewhere = await makeWorkspace(office, 'elsewhere');
    await office.store.addMember(elsewhere, ada.userId, { role: 'member', createdMs: 1 });
    const given = await createKey(office, admin, { name: 'given', scopes: ['inference'], models: null, limits: NO_LIMITS, expiresMs: null, userId: ada.userId });
    const away = await createKey(office, await enter(office, ada.key, elsewhere), { name: 'away', scopes: ['inference'], models: null, limits: NO_LIMITS, expiresMs: null, userId: null });
    for (const key of [ada.key, given.key, away.key]) await enter(office, key);
    await removeMember(office, admin, ada.userId);
    expect(await Promise.all([ada.key, given.key].map((key) => codeOf(enter(office, key))))).toEqual(['revoked_api_key', 'revoked_api_key']);
    expect((await enter(office, away.key)).workspaceId).toBe(elsewhere);
    expect(await codeOf(enter(office, away.key, home))).toBe('workspace_not_allowed');
    expect(await codeOf(removeMember(office, admin, ada.userId))).toBe('member_not_found');
  });
});

describe('members of another workspace', () => {
  test('are not there', async () => {
    const stranger = await makePerson(office, await makeWorkspace(office), 'member');
    for (const userId of [stranger.userId, office.makeId('user')]) {
      expect(await codeOf(retrieveMember(office, owner, userId))).toBe('member_not_found');
      expect(await codeOf(updateMember(office, owner, { userId, role: 'billing' }))).toBe('member_not_found');
      expect(await codeOf(removeMember(office, owner, userId))).toBe('member_not_found');
    }
    expect((await listMembers(office, owner, firstPage)).map((row) => row.user.id).sort()).toEqual([boss.userId, admin.userId].sort());
    expect(await codeOf(enter(office, stranger.key))).toBe('done');
  });
});

describe('users', () => {
  test('have one e-mail address each, in lower case, that no other has', async () => {
    const ada = await createUser(office, { name: 'Ada', email: 'Ada@Example.com' });
    expect(await retrieveUser(office, ada.id)).toEqual({ ...ada, email: 'ada@example.com' });
    expect(await refusalOf(createUser(office, { name: 'Eve', email: 'ADA@example.com' }))).toMatchObject({ code: 'email_taken', status: 409, options: { param: 'email' } });
    const eve = await createUser(office, { name: 'Eve', email: null });
    expect(await codeOf(updateUser(office, owner, { id: eve.id, change: { email: 'ADA@example.com' } }))).toBe('email_taken');
    expect(await updateUser(office, owner, { id: ada.id, change: { email: null, name: 'Countess' } })).toEqual({ ...ada, email: null, name: 'Countess' });
    expect(await updateUser(office, owner, { id: eve.id, change: { email: 'ADA@example.com' } })).toMatchObject({ email: 'ada@example.com' });
    expect(await updateUser(office, owner, { id: eve.id, change: { name: 'Eva' } })).toMatchObject({ name: 'Eva', email: 'ada@example.com' });
  });

  test('who are not there are user_not_found, and a closed store is a 503', async () => {
    const id = office.makeId('user');
    expect(await codeOf(retrieveUser(office, id))).toBe('user_not_found');
    expect(await codeOf(updateUser(office, owner, { id, change: { name: 'x' } }))).toBe('user_not_found');
    await office.store.close();
    expect(await codeOf(createUser(office, { name: 'x', email: null }))).toBe('store_unavailable');
    expect(await codeOf(addMember(office, owner, { ...nobody, email: 'a@b.example' }))).toBe('store_unavailable');
  });
});
