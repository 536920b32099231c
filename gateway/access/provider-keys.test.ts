/** This file tests that a workspace's provider keys are tried, sealed, shown by their last four only, and opened for nobody else. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { fail } from '../foundation/errors.ts';
import { createLog } from '../foundation/log.ts';
import type { Account, Caller } from '../foundation/terms.ts';
import { StoreUnavailable } from '../store/store.ts';
import { createOwnKeys, createProviderKey, deleteProviderKey, listProviderKeys, retrieveProviderKey } from './provider-keys.ts';
import type { NewProviderKey, ProviderKeyOffice } from './provider-keys.ts';
import { codeOf, enter, makePerson, makeWorkspace, openSampleOffice } from './sample-office.ts';
import type { Person, SampleOffice } from './sample-office.ts';
import { loadVault } from './vault.ts';

jest.setTimeout(60_000);

const SECRET = 'sk-or-v1-canary-0123456789abcdef';
const wanted: NewProviderKey = { provider: 'openrouter', key: SECRET, name: 'ours', baseUrl: null };
const firstPage = { limit: 10, after: null };
const log = createLog('silent');

let sample: SampleOffice;
let office: ProviderKeyOffice;
let tried: unknown[];
let owner: Person;
let caller: Caller;
beforeEach(async () => {
  sample = await openSampleOffice();
  tried = [];
  office = {
    ...sample,
    vault: loadVault(sample.folder, undefined),
    faultOfUrl: (url) => (url.includes('inside') ? 'the host is not a public one' : null),
    tryKey: (one) => { tried.push(one); return one.key.includes('refused') ? Promise.reject(new Error('refused')) : Promise.resolve(); },
  };
  owner = await makePerson(sample, await makeWorkspace(sample, 'home'), 'owner');
  caller = await enter(sample, owner.key);
});
afterEach(() => sample.close());

const account = async (): Promise<Account> => (await enter(sample, owner.key)).account;

describe('a key', () => {
  test('is tried, stored, listed and described by its last four, and known to the very next call', async () => {
    const row = await createProviderKey(office, caller, { ...wanted, baseUrl: 'https://eu.example.com/v1' });
    expect(tried).toEqual([{ ...wanted, baseUrl: 'https://eu.example.com/v1' }]);
    expect(row).toMatchObject({ workspaceId: owner.workspaceId, provider: 'openrouter', name: 'ours', baseUrl: 'https://eu.example.com/v1', last4: 'cdef', kekId: 'k1' });
    expect(await listProviderKeys(office, caller, firstPage)).toEqual([row]);
    expect(await retrieveProviderKey(office, caller, row.id)).toEqual(row);
    expect((await account()).ownKeys).toEqual([{ id: row.id, provider: 'openrouter', revision: row.revision }]);
  });

  test('is nowhere in the data folder but in its envelope', async () => {
    await createProviderKey(office, caller, wanted);
    await sample.store.ping();
    for (const name of readdirSync(sample.folder)) expect([name, readFileSync(join(sample.folder, name)).includes(SECRET.slice(4, 20))]).toEqual([name, false]);
  });

  test('the provider refuses, or whose address the guard refuses, is not stored', async () => {
    await expect(createProviderKey(office, caller, { ...wanted, key: 'sk-refused-1' })).rejects.toThrow('refused');
    expect(await codeOf(createProviderKey(office, caller, { ...wanted, baseUrl: 'https://inside.example.com' }))).toBe('unsafe_url');
    expect(tried.length).toBe(1);
    expect(await listProviderKeys(office, caller, firstPage)).toEqual([]);
  });

  test('is one for each provider: a second is refused before it is tried, also by a caller who has not heard of the first', async () => {
    await createProviderKey(office, caller, wanted);
    expect(caller.account.ownKeys).toEqual([]);
    expect(await codeOf(createProviderKey(office, caller, { ...wanted, key: 'sk-another-1' }))).toBe('provider_key_exists');
    expect(tried.length).toBe(1);
    await createProviderKey(office, caller, { ...wanted, provider: 'openai' });
  });

  test('is one for each provider also when two are stored at once', async () => {
    const outcomes = await Promise.all([1, 2, 3].map((index) => codeOf(createProviderKey(office, caller, { ...wanted, key: `sk-number-${index}` }))));
    expect(outcomes.sort()).toEqual(['done', 'provider_key_exists', 'provider_key_exists']);
    expect(await listProviderKeys(office, caller, firstPage)).toHaveLength(1);
  });

  test('can be stored again as soon as it was deleted, by a caller who has not heard of that', async () => {
    const row = await createProviderKey(office, caller, wanted);
    const informed = await enter(sample, owner.key);
    await deleteProviderKey(office, informed, row.id);
    expect((await account()).ownKeys).toEqual([]);
    await createProviderKey(office, informed, wanted);
    expect(await codeOf(retrieveProviderKey(office, caller, row.id))).toBe('provider_key_not_found');
    expect(await codeOf(deleteProviderKey(office, caller, row.id))).toBe('provider_key_not_found');
  });

  test('of another workspace is not there', async () => {
    const row = await createProviderKey(office, caller, wanted);
    const stranger = await enter(sample, (await makePerson(sample, await makeWorkspace(sample, 'away'), 'owner')).key);
    expect(await codeOf(retrieveProviderKey(office, stranger, row.id))).toBe('provider_key_not_found');
    expect(await codeOf(deleteProviderKey(office, stranger, row.id))).toBe('provider_key_not_found');
    expect(await listProviderKeys(office, stranger, firstPage)).toEqual([]);
    expect(await retrieveProviderKey(office, caller, row.id)).toEqual(row);
  });

  test('can\'t be stored while the store is away, which is said as such', async () => {
    const away: ProviderKeyOffice = { ...office, store: { ...office.store, insertProviderKey: () => Promise.reject(new StoreUnavailable('away')) } };
    expect(await codeOf(createProviderKey(away, caller, wanted))).toBe('store_unavailable');
  });
});

describe('own keys are opened', () => {
  test('for the calls of their workspace, and read once for each revision', async () => {
    const row = await createProviderKey(office, caller, wanted);
    await createProviderKey(office, caller, { ...wanted, provider: 'openai', key: 'sk-openai-1', baseUrl: 'https://eu.example.com/v1' });
    const find = jest.fn(office.store.findProviderKey);
    const keys = createOwnKeys({ store: { findProviderKey: find }, vault: office.vault, log });
    const now = await account();
    const opened = [{ provider: 'openai', key: 'sk-openai-1', baseUrl: 'https://eu.example.com/v1' }, { provider: 'openrouter', key: SECRET, baseUrl: null }];
    const sorted = (list: readonly { readonly provider: string }[]): unknown => [...list].sort((a, b) => (a.provider < b.provider ? -1 : 1));
    expect(sorted(await keys.open(now))).toEqual(opened);
    const again = keys.open(now);
    expect(again).not.toBeInstanceOf(Promise);
    expect(sorted(await again)).toEqual(opened);
    expect(find).toHaveBeenCalledTimes(2);
    await deleteProviderKey(office, caller, row.id);
    expect(await keys.open(await account())).toEqual([opened[0]]);
  });

  test('at no cost for workspaces that have none', () => {
    const keys = createOwnKeys({ store: { findProviderKey: () => fail('internal_error') }, vault: office.vault, log });
    expect(keys.open(caller.account)).toEqual([]);
  });

  test('without the one that was deleted meanwhile', async () => {
    const row = await createProviderKey(office, caller, wanted);
    const before = await account();
    await deleteProviderKey(office, caller, row.id);
    expect(await createOwnKeys({ store: office.store, vault: office.vault, log }).open(before)).toEqual([]);
  });

  test('not when the installation\'s key is another; that is logged, without a secret', async () => {
    const sealed = loadVault(sample.folder, Buffer.alloc(32, 7).toString('base64'));
    const row = await createProviderKey({ ...office, vault: sealed }, caller, wanted);
    const lines: string[] = [];
    const keys = createOwnKeys({ store: office.store, vault: office.vault, log: createLog('info', { write: (line) => { lines.push(line); } }) });
    expect(await keys.open(await account())).toEqual([{ provider: 'openrouter', key: null, baseUrl: null }]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(row.id);
    expect(lines[0]).toContain('is not here');
  });

  test('not at all while the store is away', async () => {
    await createProviderKey(office, caller, wanted);
    const keys = createOwnKeys({ store: { findProviderKey: () => Promise.reject(new StoreUnavailable('away')) }, vault: office.vault, log });
    expect(await codeOf(Promise.resolve(keys.open(await account())))).toBe('store_unavailable');
  });
});
