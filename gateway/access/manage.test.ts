/** This file tests what may be done with keys: one's own, those of other members, and what another process hears of it. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Caller, Scope } from '../foundation/terms.ts';
import { NO_LIMITS } from './first-key.ts';
import { issueKey } from './keys.ts';
import { createKey, deleteKey, insertKey, keyStatus, listKeys, retrieveKey, updateKey } from './manage.ts';
import { removeMember } from './members.ts';
import { codeOf, enter, makePerson, makeWorkspace, openSampleOffice, refusalOf } from './sample-office.ts';
import type { Person, SampleOffice } from './sample-office.ts';
import { createUserKey } from './workspaces.ts';

jest.setTimeout(60_000);

const plain = { name: 'laptop', scopes: ['inference'], models: null, limits: NO_LIMITS, userId: null, expiresMs: null } as const;
const oneAtATime = { requestsPerMinute: 60, tokensPerMinute: null, concurrentRequests: 1 };
const firstPage = { limit: 10, after: null };

let office: SampleOffice;
let home: string;
let other: string;
let people: { readonly owner: Person; readonly admin: Person; readonly member: Person };
let owner: Caller;
let admin: Caller;
let member: Caller;

beforeEach(async () => {
  office = await openSampleOffice();
  home = await makeWorkspace(office, 'home');
  other = await makeWorkspace(office, 'other');
  people = { owner: await makePerson(office, home, 'owner'), admin: await makePerson(office, home, 'admin'), member: await makePerson(office, home, 'member') };
  owner = await enter(office, people.owner.key);
  admin = await enter(office, people.admin.key);
  member = await enter(office, people.member.key);
});
afterEach(() => office.close());

/** A key of the same person that may do what these scopes say. */
const keyWith = async (person: Person, scopes: readonly Scope[]): Promise<Caller> =>
  enter(office, (await insertKey(office, { ...plain, scopes, userId: person.userId, workspaceId: home, isBound: false })).key);
const idsSeenBy = async (caller: Caller): Promise<string[]> => (await listKeys(office, caller, firstPage)).map((row) => row.id).sort();

describe('keys', () => {
  test('are created, listed, looked at, changed and deleted; the whole key is in no later answer', async () => {
    const { key, row } = await createKey(office, owner, { ...plain, models: ['google/*'], limits: oneAtATime });
    expect(row).toMatchObject({ userId: owner.userId, workspaceId: home, isBound: false, limits: oneAtATime, models: ['google/*'] });
    expect((await enter(office, key)).limits).toEqual(oneAtATime);
    expect(await retrieveKey(office, owner, row.id)).toEqual(row);
    const listed = await listKeys(office, owner, firstPage);
    expect(listed.map((each) => each.name)).toContain('laptop');
    expect(JSON.stringify(listed)).not.toContain(key.split('.')[2]);
    const edit = { name: 'old laptop', expiresMs: 5, limits: NO_LIMITS };
    expect(await updateKey(office, owner, { id: row.id, edit })).toEqual({ ...row, ...edit });
    await deleteKey(office, owner, row.id);
    expect(await codeOf(retrieveKey(office, owner, row.id))).toBe('key_not_found');
    expect(await codeOf(deleteKey(office, owner, row.id))).toBe('key_not_found');
  });

  test('of another workspace are found by nobody, not even by its user elsewhere', async () => {
    const { row } = await createKey(office, owner, plain);
    const stranger = await enter(office, (await makePerson(office, other, 'owner')).key);
    await office.store.addMember(other, owner.userId, { role: 'owner', createdMs: 1 });
    office.authenticator.noteChange();
    for (const caller of [stranger, await enter(office, people.owner.key, other)]) {
      expect(await codeOf(retrieveKey(office, caller, row.id))).toBe('key_not_found');
      expect(await codeOf(updateKey(office, caller, { id: row.id, edit: { name: 'mine' } }))).toBe('key_not_found');
      expect(await codeOf(deleteKey(office, caller, row.id))).toBe('key_not_found');
      expect(await idsSeenBy(caller)).not.toContain(row.id);
    }
  });

  test('cannot lock themselves out, but may be renamed, limited and made to expire later by themselves', async () => {
    const caller = await keyWith(people.owner, ['inference', 'management', 'operator']);
    const id = caller.keyId;
    const past = office.clock.now() - 1;
    await office.store.addMember(other, owner.userId, { role: 'owner', createdMs: 1 });
    const edits = [{ isRevoked: true as const }, { scopes: ['inference' as const] }, { scopes: ['inference', 'management'] as const }, { expiresMs: past }, { workspaceId: other }];
    for (const edit of edits) expect(await codeOf(updateKey(office, caller, { id, edit }))).toBe('key_in_use');
    expect(await codeOf(deleteKey(office, caller, id))).toBe('key_in_use');
    const harmless = { name: 'mine', models: ['sandbox/*'], limits: oneAtATime, expiresMs: past + 1e9, scopes: ['management', 'operator'], workspaceId: home } as const;
    expect(await updateKey(office, caller, { id, edit: harmless })).toMatchObject(harmless);
  });

  test('say what became of them', async () => {
    const { row } = await createKey(office, owner, { ...plain, expiresMs: 1000 });
    expect([keyStatus(row, 999), keyStatus(row, 1000), keyStatus({ ...row, revokedMs: 1 }, 1000)]).toEqual(['active', 'expired', 'revoked']);
  });

  test('managed while the store is closed are a 503', async () => {
    await office.store.close();
    expect(await codeOf(createKey(office, owner, plain))).toBe('store_unavailable');
    expect(await codeOf(retrieveKey(office, owner, owner.keyId))).toBe('store_unavailable');
  });
});

describe('scopes', () => {
  const all: readonly Scope[] = ['inference', 'management', 'operator'];
  const subsets: readonly Scope[][] = [['inference'], ['management'], ['operator'], ['inference', 'management'], ['inference', 'operator'], ['management', 'operator'], [...all]];

  test('are given by nobody who does not have them, neither to a new key nor to one there is', async () => {
    for (const held of subsets.filter((scopes) => scopes.includes('management'))) {
      const caller = await keyWith(people.owner, held);
      for (const asked of subsets) {
        const allowed = asked.every((scope) => held.includes(scope)) ? 'done' : 'insufficient_scope';
        expect([held, asked, await codeOf(createKey(office, caller, { ...plain, scopes: asked }))]).toEqual([held, asked, allowed]);
        const { row } = await insertKey(office, { ...plain, scopes: ['management'], userId: owner.userId, workspaceId: home, isBound: false });
        const widened = asked.every((scope) => held.includes(scope) || scope === 'management') ? 'done' : 'insufficient_scope';
        expect(await codeOf(updateKey(office, caller, { id: row.id, edit: { scopes: asked } }))).toBe(widened);
        expect((await retrieveKey(office, caller, row.id)).scopes).toEqual(widened === 'done' ? asked : ['management']);
      }
    }
  });

  test('that a key has may be taken from it, or left, by who lacks them', async () => {
    const { row } = await insertKey(office, { ...plain, scopes: all, userId: member.userId, workspaceId: home, isBound: false });
    const caller = await keyWith(people.admin, ['management']);
    expect((await updateKey(office, caller, { id: row.id, edit: { scopes: ['inference', 'operator'] } })).scopes).toEqual(['inference', 'operator']);
    expect((await updateKey(office, caller, { id: row.id, edit: { scopes: ['operator'] } })).scopes).toEqual(['operator']);
    expect(await refusalOf(updateKey(office, caller, { id: row.id, edit: { scopes: ['operator', 'inference'] } }))).toMatchObject({
      code: 'insufficient_scope', options: { param: 'scopes' }, message: 'Only a key with the scope inference can give it.',
    });
  });
});

describe('a member', () => {
  test("sees, changes and deletes their own keys alone; another's is not there", async () => {
    const own = await createKey(office, member, plain);
    const theirs = await createKey(office, admin, plain);
    expect(await idsSeenBy(member)).toEqual([people.member.row.id, own.row.id].sort());
    expect(await codeOf(updateKey(office, member, { id: own.row.id, edit: { name: 'new' } }))).toBe('done');
    for (const id of [theirs.row.id, people.owner.row.id]) {
      expect(await codeOf(retrieveKey(office, member, id))).toBe('key_not_found');
      expect(await codeOf(updateKey(office, member, { id, edit: { isRevoked: true } }))).toBe('key_not_found');
      expect(await codeOf(deleteKey(office, member, id))).toBe('key_not_found');
    }
    await deleteKey(office, member, own.row.id);
    expect(await idsSeenBy(member)).toEqual([people.member.row.id]);
  });

  test('makes no key for anybody else, be they a member, a stranger or nobody', async () => {
    const stranger = await makePerson(office, other, 'owner');
    for (const userId of [admin.userId, stranger.userId, office.makeId('user')]) {
      expect(await refusalOf(createKey(office, member, { ...plain, userId }))).toMatchObject({ code: 'insufficient_role', options: { param: 'user' } });
    }
    expect((await createKey(office, member, { ...plain, userId: member.userId })).row).toMatchObject({ userId: member.userId, isBound: false });
  });
});

describe('an admin', () => {
  test('sees every key, and makes one for another member, which is bound, as are all that it makes', async () => {
    expect(await idsSeenBy(admin)).toEqual([people.owner.row.id, people.admin.row.id, people.member.row.id].sort());
    const { key, row } = await createKey(office, admin, { ...plain, scopes: ['inference', 'management'], userId: member.userId });
    expect(row).toMatchObject({ userId: member.userId, workspaceId: home, isBound: true });
    const given = await enter(office, key);
    expect(given).toMatchObject({ userId: member.userId, role: 'member', isBound: true });
    expect((await createKey(office, given, plain)).row).toMatchObject({ userId: member.userId, isBound: true });
  });

  test('makes none for who is no member, whether they exist or not', async () => {
    const stranger = await makePerson(office, other, 'owner');
    for (const userId of [stranger.userId, office.makeId('user')]) expect(await codeOf(createKey(office, admin, { ...plain, userId }))).toBe('member_not_found');
  });

  test('does not become an owner by a key made in an owner’s name', async () => {
    const { key } = await createKey(office, admin, { ...plain, scopes: ['management'], userId: owner.userId });
    const disguised = await enter(office, key);
    expect(disguised).toMatchObject({ userId: owner.userId, role: 'admin' });
    expect(await codeOf(removeMember(office, disguised, owner.userId))).toBe('insufficient_role');
  });
});

describe('a key moves', () => {
  beforeEach(async () => {
    await office.store.addMember(other, member.userId, { role: 'member', createdMs: 1 });
    office.authenticator.noteChange();
  });

  test("to another workspace of its user by that user's key, and is managed there from then on", async () => {
    const { key, row } = await createKey(office, member, plain);
    expect((await updateKey(office, member, { id: row.id, edit: { workspaceId: other, name: 'moved' } }))).toMatchObject({ workspaceId: other, name: 'moved' });
    expect((await enter(office, key)).workspaceId).toBe(other);
    expect(await codeOf(retrieveKey(office, member, row.id))).toBe('key_not_found');
    const there = await enter(office, people.member.key, other);
    expect((await updateKey(office, there, { id: row.id, edit: { workspaceId: home } })).workspaceId).toBe(home);
  });

  test("neither by an admin's hand, nor by or as a bound key, nor to a workspace that is foreign or unknown, which are told alike", async () => {
    const { row } = await createKey(office, member, plain);
    const given = await createKey(office, admin, { ...plain, scopes: ['inference', 'management'], userId: member.userId });
    const foreign = (await makePerson(office, await makeWorkspace(office), 'owner')).workspaceId;
    const attempts = [
      { caller: owner, id: row.id, workspaceId: other }, { caller: await enter(office, given.key), id: row.id, workspaceId: other },
      { caller: member, id: given.row.id, workspaceId: other }, { caller: member, id: row.id, workspaceId: foreign }, { caller: member, id: row.id, workspaceId: office.makeId('ws') },
    ];
    const replies = new Set<string>();
    for (const { caller, id, workspaceId } of attempts) replies.add(JSON.stringify(await refusalOf(updateKey(office, caller, { id, edit: { workspaceId } }))));
    expect([...replies]).toHaveLength(1);
    expect([...replies][0]).toContain('"workspace_not_allowed"');
    expect((await retrieveKey(office, owner, row.id)).workspaceId).toBe(home);
  });
});

describe('an operator', () => {
  test('makes a key for any user in a workspace of theirs, not bound, and tells users and workspaces there are not from those who are no members', async () => {
    const wanted = { ...plain, userId: member.userId, workspaceId: home };
    const { key, row } = await createUserKey(office, wanted);
    expect(row).toMatchObject({ userId: member.userId, workspaceId: home, isBound: false });
    expect(await codeOf(enter(office, key))).toBe('done');
    expect(await codeOf(createUserKey(office, { ...wanted, workspaceId: other }))).toBe('member_not_found');
    expect(await codeOf(createUserKey(office, { ...wanted, workspaceId: office.makeId('ws') }))).toBe('workspace_not_found');
    expect(await codeOf(createUserKey(office, { ...wanted, userId: office.makeId('user') }))).toBe('user_not_found');
  });
});

describe('another process on the same store', () => {
  test('cuts the open calls of a key within a second of its revocation, and accepts a key it had called unknown', async () => {
    const neighbour = await openSampleOffice({ neighbour: office });
    try {
      const { key, row } = await createKey(office, owner, plain);
      const open = await enter(neighbour, key);
      const cut = new Promise<void>((resolve) => { open.onRevoked(resolve); });
      const { key: late, ...kept } = issueKey(office.secrets);
      expect(await codeOf(enter(neighbour, late))).toBe('invalid_api_key');

      const started = office.clock.monotonic();
      await office.store.insertKey({ ...plain, ...kept, userId: owner.userId, isBound: false, workspaceId: home, createdMs: 1, revokedMs: null });
      await updateKey(office, owner, { id: row.id, edit: { isRevoked: true } });
      await cut;
      expect(office.clock.monotonic() - started).toBeLessThan(1000);
      expect(await codeOf(enter(neighbour, key))).toBe('revoked_api_key');
      expect(await codeOf(enter(neighbour, late))).toBe('done');
    } finally {
      await neighbour.close();
    }
  });
});
