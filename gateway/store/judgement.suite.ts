/** This file is what every Store must do with what calls are judged by: budgets, provider keys, the operator's catalogue, and all of it for one key. */
import { expect, test } from '@jest/globals';
import type { LedgerAnswer } from '../foundation/ledger.ts';
import { sampleBudget, sampleKey, sampleProviderKey, sampleRecord, sampleUser, sampleWorkspace } from './sample-rows.ts';
import { apply, TEST_TIMEOUT_MS } from './store-under-test.ts';
import type { WithPlace } from './store-under-test.ts';
import type { Page, Store } from './store.ts';

const firstPage: Page = { limit: 100, after: null };

export function describeJudgement(withPlace: WithPlace): void {
  describeBudgets(withPlace);
  describeProviderKeys(withPlace);
  describeCatalogEntries(withPlace);
  describeAccess(withPlace);
}

function describeBudgets(withPlace: WithPlace): void {
  test('a budget is read back digit for digit, and changes in the named fields only', withPlace(async (open) => {
    const store = await open();
    const row = sampleBudget(1, { amount: 9_007_199_254_740_993_123n, scope: 'key', scopeId: 'key_1', period: 'weekly', timeZone: 'Europe/Berlin', isHard: false });
    const made = await store.createBudget(row);
    expect(made).toEqual({ ...row, revision: made.revision });
    expect(await store.findBudget('ws_1', row.id)).toEqual(made);
    const changed = await store.changeBudget('ws_1', row.id, { amount: 9_007_199_254_740_993_125n, thresholds: [75.5] });
    expect(changed).toEqual({ ...made, amount: 9_007_199_254_740_993_125n, thresholds: [75.5], revision: changed?.revision });
    expect(changed?.revision).toBeGreaterThan(made.revision);
    expect(await store.changeBudget('ws_1', row.id, { name: 'new', isHard: true })).toMatchObject({ name: 'new', isHard: true, thresholds: [75.5] });
  }), TEST_TIMEOUT_MS);

  test('a budget of another workspace can be neither read, changed nor deleted', withPlace(async (open) => {
    const store = await open();
    const made = await store.createBudget(sampleBudget(1));
    expect(await store.findBudget('ws_2', made.id)).toBeNull();
    expect(await store.changeBudget('ws_2', made.id, { amount: 1n })).toBeNull();
    expect(await store.deleteBudget('ws_2', made.id)).toBe(false);
    expect(await store.listBudgets('ws_2', firstPage)).toEqual([]);
    expect(await store.findBudget('ws_1', made.id)).toEqual(made);
  }), TEST_TIMEOUT_MS);

  test('pages of budgets go on after one that was deleted in between', withPlace(async (open) => {
    const store = await open();
    for (const index of [1, 2, 3, 4]) await store.createBudget(sampleBudget(index));
    expect((await store.listBudgets('ws_1', { limit: 2, after: null })).map((row) => row.id)).toEqual(['budget_4', 'budget_3']);
    expect(await store.deleteBudget('ws_1', 'budget_3')).toBe(true);
    expect(await store.deleteBudget('ws_1', 'budget_3')).toBe(false);
    expect((await store.listBudgets('ws_1', { limit: 2, after: 'budget_3' })).map((row) => row.id)).toEqual(['budget_2', 'budget_1']);
  }), TEST_TIMEOUT_MS);

  test('a changed budget moves the caps of its counters, and a gateway that has not heard of it can\'t move them back', withPlace(async (open) => {
    const store = await open();
    const budget = await store.createBudget(sampleBudget(1, { amount: 100n }));
    const stale = { id: 'b:budget_1:2026-11', kind: 'budget', scopeId: 'budget_1', unit: 'nusd', period: '2026-11', cap: 100n, capRevision: budget.revision } as const;
    const hold = (id: number, amount: bigint): Promise<LedgerAnswer> => apply(store, {
      kind: 'hold', id: `req_${id}`, nodeId: 'node_1', options: [[{ counter: stale, amount }]], giveBack: [], draft: sampleRecord(id, { id: `req_${id}` }),
      nowMs: 1, expiresMs: 1e12, idempotency: null,
    });
    const capOf = async (): Promise<unknown> => (await store.readCounters([stale.id]))[0]?.cap;
    await store.registerNode({ id: 'node_1', host: 'here', pid: 1, started: '', beats: 0, startedMs: 0 });
    expect(await hold(1, 60n)).toMatchObject({ kind: 'granted' });
    await store.changeBudget('ws_1', budget.id, { amount: 50n });
    expect(await capOf()).toBe(50n);
    expect(await hold(2, 10n)).toMatchObject({ kind: 'denied', denials: [{ cap: 50n, held: 60n }] });
    await store.changeBudget('ws_1', budget.id, { isHard: false });
    expect(await capOf()).toBeNull();
    expect(await hold(3, 10n)).toMatchObject({ kind: 'granted' });
    expect(await capOf()).toBeNull();
  }), TEST_TIMEOUT_MS);
}

function describeProviderKeys(withPlace: WithPlace): void {
  test('a provider key is read back byte for byte, listed newest first, and is nobody else\'s', withPlace(async (open) => {
    const store = await open();
    const first = await store.insertProviderKey(sampleProviderKey(1, { baseUrl: 'https://example.com/v1' }));
    expect(first).toEqual({ ...sampleProviderKey(1, { baseUrl: 'https://example.com/v1' }), revision: first.revision });
    const second = await store.insertProviderKey(sampleProviderKey(2));
    expect(second.revision).toBeGreaterThan(first.revision);
    expect(await store.findProviderKey('ws_1', first.id)).toEqual(first);
    expect(await store.findProviderKey('ws_2', first.id)).toBeNull();
    expect(await store.listProviderKeys('ws_1', { limit: 1, after: null })).toEqual([second]);
    expect(await store.listProviderKeys('ws_1', { limit: 1, after: second.id })).toEqual([first]);
    expect(await store.deleteProviderKey('ws_2', first.id)).toBe(false);
    expect(await store.deleteProviderKey('ws_1', first.id)).toBe(true);
    expect(await store.deleteProviderKey('ws_1', first.id)).toBe(false);
  }), TEST_TIMEOUT_MS);

  test('a workspace has one key for a provider', withPlace(async (open) => {
    const store = await open();
    await store.insertProviderKey(sampleProviderKey(1, { provider: 'openrouter' }));
    await expect(store.insertProviderKey(sampleProviderKey(2, { provider: 'openrouter' }))).rejects.toThrow();
    await store.insertProviderKey(sampleProviderKey(3, { provider: 'openrouter', workspaceId: 'ws_2' }));
    expect(await store.listProviderKeys('ws_1', firstPage)).toHaveLength(1);
  }), TEST_TIMEOUT_MS);
}

function describeCatalogEntries(withPlace: WithPlace): void {
  test('an entry is put over the one before, and is gone when it is deleted', withPlace(async (open) => {
    const store = await open();
    const made = await store.putCatalogEntry({ kind: 'model', id: 'google/x', body: '{"a":1}', changedMs: 1 });
    await store.putCatalogEntry({ kind: 'plan', id: 'google/x', body: '{}', changedMs: 2 });
    const hidden = await store.putCatalogEntry({ kind: 'model', id: 'google/x', body: null, changedMs: 3 });
    expect(hidden).toEqual({ kind: 'model', id: 'google/x', body: null, changedMs: 3, revision: hidden.revision });
    expect(hidden.revision).toBeGreaterThan(made.revision);
    expect((await store.listCatalogEntries()).map((entry) => [entry.kind, entry.body])).toEqual([['model', null], ['plan', '{}']]);
    expect(await store.catalogRevision()).toBe(hidden.revision);
    expect(await store.deleteCatalogEntry('model', 'google/x')).toBe(true);
    expect(await store.catalogRevision()).toBeGreaterThan(hidden.revision);
    expect(await store.deleteCatalogEntry('model', 'google/x')).toBe(false);
    const before = await store.catalogRevision();
    await store.noteCatalogBeneath('one');
    const first = await store.catalogRevision();
    expect(first).toBeGreaterThan(before);
    await store.noteCatalogBeneath('one');
    expect(await store.catalogRevision()).toBe(first);
    await store.noteCatalogBeneath('two');
    await store.noteCatalogBeneath('one');
    expect(await store.catalogRevision()).toBe(first + 2);
    expect((await store.listCatalogEntries()).map((entry) => entry.kind)).toEqual(['plan']);
  }), TEST_TIMEOUT_MS);
}

function describeAccess(withPlace: WithPlace): void {
  const prepare = async (store: Store): Promise<void> => {
    await store.createUser(sampleUser(1));
    for (const index of [1, 2, 3]) await store.createWorkspace(sampleWorkspace(index));
    await store.addMember('ws_1', 'user_1', { role: 'admin', createdMs: 1 });
    await store.addMember('ws_2', 'user_1', { role: 'billing', createdMs: 1 });
    await store.createBudget(sampleBudget(1));
    await store.createBudget(sampleBudget(2, { workspaceId: 'ws_2' }));
    await store.insertProviderKey(sampleProviderKey(1));
    await store.insertKey(sampleKey(1));
  };

  test('routes of a workspace are read with its keys alone, the last put of each name, until they are deleted', withPlace(async (open) => {
    const store = await open();
    await prepare(store);
    const { id } = sampleKey(1);
    const routes = async (workspaceId: string | null): Promise<unknown> => (await store.findAccess(id, workspaceId))?.routes;
    for (const body of ['{"id":"b"}', '{"id":"b","new":true}']) await store.putWorkspaceRoute('ws_1', 'b', { body, changedMs: 1 });
    await store.putWorkspaceRoute('ws_1', 'a', { body: '{}', changedMs: 1 });
    await store.putWorkspaceRoute('ws_2', 'b', { body: '[]', changedMs: 1 });
    expect([await routes(null), await routes('ws_2')]).toEqual([[{ id: 'a', body: '{}' }, { id: 'b', body: '{"id":"b","new":true}' }], [{ id: 'b', body: '[]' }]]);
    expect([await store.deleteWorkspaceRoute('ws_1', 'b'), await store.deleteWorkspaceRoute('ws_1', 'b')]).toEqual([true, false]);
    expect([await routes(null), await routes('ws_2')]).toEqual([[{ id: 'a', body: '{}' }], [{ id: 'b', body: '[]' }]]);
  }));

  test('a key is judged by its own workspace or by another of its user\'s, and by no third', withPlace(async (open) => {
    const store = await open();
    await prepare(store);
    const { id } = sampleKey(1);
    const own = await store.findAccess(id, null);
    expect(own).toMatchObject({ key: sampleKey(1), isUserDisabled: false, membership: { workspace: { id: 'ws_1' }, role: 'admin' } });
    expect(own?.budgets.map((budget) => budget.id)).toEqual(['budget_1']);
    expect(own?.ownKeys).toEqual([{ id: 'pk_1', provider: 'provider-1', revision: own?.ownKeys[0]?.revision }]);
    const other = await store.findAccess(id, 'ws_2');
    expect(other).toMatchObject({ key: sampleKey(1), membership: { workspace: { id: 'ws_2' }, role: 'billing' }, ownKeys: [] });
    expect(other?.budgets.map((budget) => budget.id)).toEqual(['budget_2']);
    for (const foreign of ['ws_3', 'ws_unknown']) expect(await store.findAccess(id, foreign)).toMatchObject({ membership: null, budgets: [], ownKeys: [] });
    expect(await store.findAccess('key_unknown', null)).toBeNull();
  }), TEST_TIMEOUT_MS);

  test('what changes about the user, the membership or the key shows at the next look', withPlace(async (open) => {
    const store = await open();
    await prepare(store);
    const { id } = sampleKey(1);
    await store.changeUser('user_1', { isDisabled: true });
    expect(await store.findAccess(id, null)).toMatchObject({ isUserDisabled: true });
    await store.removeMember('ws_1', 'user_1', 7);
    expect(await store.findAccess(id, null)).toMatchObject({ key: { revokedMs: 7 }, membership: null });
    await store.deleteKey('ws_1', id);
    expect(await store.findAccess(id, null)).toBeNull();
  }), TEST_TIMEOUT_MS);

  test('a key of nobody is as good as disabled', withPlace(async (open) => {
    const store = await open();
    await store.insertKey(sampleKey(1, { userId: 'user_nobody' }));
    expect(await store.findAccess(sampleKey(1).id, null)).toMatchObject({ isUserDisabled: true, membership: null });
  }), TEST_TIMEOUT_MS);
}
