/** This file tests that what operators put over the catalogue holds at once and everywhere, and that nothing they put can stop the gateway. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { CatalogPlan } from '../../generated/catalog-types.ts';
import { createManualClock, systemClock } from '../foundation/clock.ts';
import { Refusal } from '../foundation/errors.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { createLog } from '../foundation/log.ts';
import { openSqliteStore, sqliteFile } from '../store/sqlite.ts';
import { StoreUnavailable } from '../store/store.ts';
import type { Store } from '../store/store.ts';
import { loadCatalog } from './catalog.ts';
import { createCatalogKeeper } from './keeper.ts';
import type { CatalogKeeper, KeeperParts } from './keeper.ts';
import { resolve } from './resolve.ts';

jest.setTimeout(60_000);

const environment = { OFFICE_KEY: 'secret', OPENAI_API_KEY: 'k', BROKEN_URL: 'nowhere' };
const none = { allowed: false, messages_per_day: 0 };
const plan = (id: string, basic: number, changes: Partial<CatalogPlan> = {}): CatalogPlan => ({ id, name: id, tiers: { basic: { allowed: true, messages_per_day: basic }, pro: none, ultimate: none }, ...changes });
const office = { id: 'office', base_url: 'http://10.0.0.7:8000/v1', key_env: ['OFFICE_KEY'] };
const model = (id: string, changes: object = {}) => ({ id, context_window: 1000, targets: [{ provider: 'office', model: 'big', price: { input: 1, output: 2 } }], ...changes });

let folder: string;
let store: Store;
let lines: string[];
const opened: Store[] = [];
const keepers: CatalogKeeper[] = [];

async function open(): Promise<Store> {
  const one = await openSqliteStore({ file: sqliteFile(folder), limits: defaultLimits, clock: systemClock });
  opened.push(one);
  return one;
}
async function keep(changes: Partial<KeeperParts> = {}, yaml: string | null = null): Promise<CatalogKeeper> {
  const configFile = yaml === null ? null : join(folder, 'interline.yaml');
  if (configFile !== null && yaml !== null) writeFileSync(configFile, yaml);
  const log = createLog('info', { write: (line) => { lines.push(line); } });
  const keeper = await createCatalogKeeper({ loaded: loadCatalog({ environment, configFile }), environment, store, clock: systemClock, log, ...changes });
  keepers.push(keeper);
  return keeper;
}
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interline-keeper-'));
  lines = [];
  store = await open();
});
afterEach(async () => {
  for (const keeper of keepers.splice(0)) keeper.close();
  await Promise.all(opened.splice(0).map((one) => one.close()));
  rmSync(folder, { recursive: true });
});

/** What work was refused with; `done` when it was not. */
async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (thrown) {
    if (thrown instanceof Refusal) return `${thrown.code}: ${thrown.message}`;
    throw thrown;
  }
}
const sourceOf = (keeper: CatalogKeeper, kind: 'plan' | 'model' | 'provider', id: string): string | undefined => keeper.list(kind).find(({ entry }) => entry.id === id)?.source;

describe('what is put', () => {
  test('holds at once, in the one catalogue everybody has, and after the next start', async () => {
    const keeper = await keep();
    const { catalog } = keeper;
    await keeper.put('provider', office);
    await keeper.put('model', model('office/large'));
    await keeper.put('plan', plan('free', 5));
    for (const one of [keeper, await keep()]) {
      expect(resolve(one.catalog, 'office/large').targets[0]).toMatchObject({ upstreamModel: 'big', provider: { baseUrl: office.base_url, apiKey: 'secret' } });
      expect(one.findPlan('free')?.plan).toMatchObject({ id: 'free', tiers: { basic: { messages_per_day: 5 } } });
      expect(['plan free', 'model office/large', 'provider office'].map((name) => { const [kind, id] = name.split(' '); return sourceOf(one, kind === 'plan' ? 'plan' : kind === 'model' ? 'model' : 'provider', id ?? ''); })).toEqual(['api', 'api', 'api']);
    }
    expect(keeper.catalog).toBe(catalog);
    expect(catalog.plans.map(({ id }) => id)).toContain('free');
    expect(lines).toEqual([]);
  });

  test('reaches other gateways on the store', async () => {
    const there = await open();
    let reloads = 0;
    let wake = (): void => undefined;
    const other = await keep({ store: { ...there, listCatalogEntries: async () => { const rows = await there.listCatalogEntries(); reloads++; wake(); return rows; } } });
    const heard = new Promise<void>((done) => { wake = done; });
    await (await keep()).put('plan', plan('free', 5));
    await heard;
    await other.reload();
    expect(other.findPlan('free')?.plan.tiers.basic.messages_per_day).toBe(5);
    expect(reloads).toBeGreaterThanOrEqual(3);
  });

  test('over something built in changes what it names, and takes the place of what was put before', async () => {
    const keeper = await keep();
    const before = keeper.list('model').find(({ entry }) => entry.id === 'openai/gpt-5-mini')?.entry;
    await keeper.put('model', { id: 'openai/gpt-5-mini', tier: 'ultimate' });
    await keeper.put('model', { id: 'openai/gpt-5-mini', context_window: 5 });
    expect(keeper.list('model').find(({ entry }) => entry.id === 'openai/gpt-5-mini')).toEqual({ source: 'api', entry: { ...before, context_window: 5 } });
    expect(await keeper.remove('model', 'openai/gpt-5-mini')).toBe(true);
    expect(keeper.list('model').find(({ entry }) => entry.id === 'openai/gpt-5-mini')).toEqual({ source: 'built_in', entry: before });
  });

  test('over the operator\'s file wins, and the file\'s is back once it is deleted', async () => {
    const keeper = await keep({}, `plans: [${JSON.stringify(plan('mine', 7))}]`);
    expect(sourceOf(keeper, 'plan', 'mine')).toBe('file');
    await keeper.put('plan', plan('mine', 8));
    expect([sourceOf(keeper, 'plan', 'mine'), keeper.findPlan('mine')?.plan.tiers.basic.messages_per_day]).toEqual(['api', 8]);
    expect(keeper.isBeneath('plan', 'mine')).toBe(true);
    await keeper.remove('plan', 'mine');
    expect([sourceOf(keeper, 'plan', 'mine'), keeper.findPlan('mine')?.plan.tiers.basic.messages_per_day]).toEqual(['file', 7]);
  });

  test('a plan has a revision that never falls, so that no counter keeps a cap that was taken back', async () => {
    const keeper = await keep();
    const revisions = [keeper.findPlan('premium')?.revision];
    await keeper.put('plan', plan('premium', 1));
    revisions.push(keeper.findPlan('premium')?.revision);
    await keeper.remove('plan', 'premium');
    revisions.push(keeper.findPlan('premium')?.revision);
    revisions.push((await keep()).findPlan('premium')?.revision);
    expect(revisions.slice(0, 3)).toEqual([...new Set(revisions.slice(0, 3))].sort((a, b) => (a ?? 0) - (b ?? 0)));
    expect(revisions[3]).toBe(revisions[2]);
  });

  test('a plan is the same object until something changes', async () => {
    const keeper = await keep();
    expect(keeper.findPlan('premium')).toBe(keeper.findPlan('premium'));
    expect(keeper.findPlan('no-such')).toBeNull();
  });
});

describe('400: nothing is stored that', () => {
  test.each([
    ['leads nowhere', 'model', model('office/large'), /models\.\d+\.targets\.0\.provider: expected an existing provider, not office/],
    ['is replaced by nothing', 'model', { id: 'openai/gpt-5', replacement: 'no/such' }, /expected an existing model, not no\/such/],
    ['has the name of a route', 'model', model('balanced', { targets: [{ provider: 'openai', model: 'm', unpriced: true }] }), /a name that no model has, not balanced/],
    ['has no price', 'model', model('my/own', { targets: [{ provider: 'openai', model: 'm' }] }), /a price, or unpriced: true/],
    ['has no address', 'provider', { id: 'den' }, /a base_url, because den is not a built-in provider/],
    ['is at no address', 'provider', { ...office, base_url_env: 'BROKEN_URL' }, /BROKEN_URL: expected a URL/],
    ['begins its days nowhere', 'plan', plan('mars', 5, { time_zone: 'Mars/Olympus' }), /an IANA time zone such as Europe\/Berlin, not Mars\/Olympus/],
    ['takes the gateway\'s own key', 'provider', { ...office, key_env: ['INTERLINE_KEK'] }, /not the gateway's own, not INTERLINE_KEK/],
    ['takes the gateway\'s own password', 'provider', { ...office, base_url_env: 'INTERLINE_DATABASE_URL' }, /not INTERLINE_DATABASE_URL/],
    ['sends the gateway\'s own secret', 'provider', { ...office, headers: { 'x-a': 'b ${STRIPE_SECRET_KEY}' } }, /not STRIPE_SECRET_KEY/],
  ] as const)('%s', async (_what, kind, change, message) => {
    const keeper = await keep();
    const said = await refusal(keeper.put(kind, change));
    expect(said).toMatch(/^invalid_request: It can't be put: /);
    expect(said).toMatch(message);
    expect(await store.listCatalogEntries()).toEqual([]);
    expect(lines).toEqual([]);
  });

  test('others stand on can\'t be taken away, nor changed so that they fall', async () => {
    const keeper = await keep();
    await keeper.put('provider', office);
    await keeper.put('model', model('office/large'));
    await keeper.put('model', model('office/next', { replacement: 'office/large' }));
    expect(await refusal(keeper.remove('provider', 'office'))).toMatch(/^invalid_request: It can't be deleted: the model office\/large stands on it: .*not office/);
    expect(await refusal(keeper.remove('model', 'office/large'))).toMatch(/the model office\/next stands on it: .*not office\/large/);
    expect(resolve(keeper.catalog, 'office/large').targets).toHaveLength(1);
    for (const [kind, id] of [['model', 'office/next'], ['model', 'office/large'], ['provider', 'office']] as const) expect(await keeper.remove(kind, id)).toBe(true);
    expect(lines).toEqual([]);
  });
});

describe('routes and aliases', () => {
  const route = (id: string, changes: object = {}) => ({ id, description: id, targets: ['sandbox/echo'], ...changes });

  test('share their names: the last that was put is what a name means, and what was beneath comes back', async () => {
    const keeper = await keep();
    await keeper.put('route', route('fast'));
    expect(resolve(keeper.catalog, 'fast')).toMatchObject({ model: 'sandbox/echo', route: 'fast' });
    await keeper.put('route', { id: 'fast', stands_for: ['sandbox/echo'] });
    expect(resolve(keeper.catalog, 'fast')).toMatchObject({ model: 'sandbox/echo', route: null });
    expect(keeper.list('route').filter(({ entry }) => entry.id === 'fast')).toEqual([{ entry: { id: 'fast', stands_for: ['sandbox/echo'] }, source: 'api' }]);
    expect(await keeper.remove('route', 'fast')).toBe(true);
    expect(keeper.list('route').find(({ entry }) => entry.id === 'fast')).toEqual({ entry: { id: 'fast', stands_for: ['cheap-fast'] }, source: 'built_in' });
  });

  test('an alias may stand for a route that was put, and then that can not go before it', async () => {
    const keeper = await keep();
    await keeper.put('route', route('mine'));
    await keeper.put('route', { id: 'ours', stands_for: ['mine'] });
    expect(resolve(keeper.catalog, 'ours')).toMatchObject({ model: 'sandbox/echo', route: 'mine' });
    expect(await refusal(keeper.remove('route', 'mine'))).toMatch(/^invalid_request.*the route ours stands on it/);
    expect([await keeper.remove('route', 'ours'), await keeper.remove('route', 'mine')]).toEqual([true, true]);
  });

  test('what a workspace may not put is said, and nothing is changed by asking', async () => {
    const keeper = await keep();
    expect(keeper.faultsOfRoute(route('own'))).toEqual([]);
    expect(keeper.faultsOfRoute(route('own', { targets: ['nobody/nothing'] }))).toEqual([expect.stringContaining('an existing model, not nobody/nothing')]);
    expect(keeper.catalog.names.has('own')).toBe(false);
  });
});

describe('409 entry_is_built_in', () => {
  test('answers who deletes what only the program or the file has; what nobody has is not there', async () => {
    const keeper = await keep({}, `plans: [${JSON.stringify(plan('mine', 7))}]`);
    for (const [kind, id] of [['plan', 'premium'], ['plan', 'mine'], ['model', 'openai/gpt-5-mini'], ['provider', 'openai']] as const) expect(await refusal(keeper.remove(kind, id))).toMatch(/^entry_is_built_in/);
    expect(await keeper.remove('plan', 'no-such')).toBe(false);
  });
});

describe('a stored entry that can\'t be used', () => {
  const rotten = [
    ['no JSON', 'model', 'x/json', '{'], ['null', 'plan', 'void', null], ['a list', 'plan', 'list', '[]'], ['another id', 'plan', 'x', JSON.stringify(plan('y', 1))],
    ['no tiers', 'plan', 'tierless', '{"id":"tierless","name":"x"}'], ['a price that is none', 'model', 'x/price', JSON.stringify(model('x/price', { targets: [{ provider: 'openai', model: 'm', price: { input: 'much', output: 1.5 } }] }))],
    ['a provider that is gone', 'model', 'x/gone', JSON.stringify(model('x/gone', { targets: [{ provider: 'gone', model: 'm', unpriced: true }] }))], ['an address that is none', 'provider', 'x', JSON.stringify({ ...office, id: 'x', base_url_env: 'BROKEN_URL' })],
    ['a prototype', 'model', '__proto__', '{"id":"__proto__"}'],
  ] as const;

  test('is left out with one line in the log, and all others hold', async () => {
    for (const [, kind, id, body] of rotten) await store.putCatalogEntry({ kind, id, body, changedMs: 1 });
    await store.putCatalogEntry({ kind: 'provider', id: 'office', body: JSON.stringify(office), changedMs: 1 });
    for (const id of ['office/a', 'office/b', 'office/c']) await store.putCatalogEntry({ kind: 'model', id, body: JSON.stringify(model(id)), changedMs: 1 });
    const stored = await store.listCatalogEntries();
    const keeper = await keep();
    expect(lines).toHaveLength(stored.length - 4);
    for (const id of ['office/a', 'office/b', 'office/c']) expect(resolve(keeper.catalog, id).targets).toHaveLength(1);
    expect(['x', 'y', 'void', 'list', 'tierless', '__proto__'].flatMap((id) => keeper.findPlan(id) ?? [])).toEqual([]);
    await keeper.put('plan', plan('free', 5));
    expect(lines).toHaveLength(stored.length - 4);
  });

  test.each(rotten)('of %s can be deleted and put anew', async (_what, kind, id, body) => {
    await store.putCatalogEntry({ kind, id, body, changedMs: 1 });
    const keeper = await keep();
    expect(lines).toHaveLength(1);
    expect(sourceOf(keeper, kind, id)).toBeUndefined();
    expect(await keeper.remove(kind, id)).toBe(true);
    expect(await store.listCatalogEntries()).toEqual([]);
  });

  test('that only waits for another to be there holds once it is', async () => {
    await store.putCatalogEntry({ kind: 'model', id: 'office/a', body: JSON.stringify(model('office/a', { replacement: 'office/z' })), changedMs: 1 });
    await store.putCatalogEntry({ kind: 'model', id: 'office/z', body: JSON.stringify(model('office/z')), changedMs: 1 });
    await store.putCatalogEntry({ kind: 'model', id: 'rotten/a', body: '{}', changedMs: 1 });
    const keeper = await keep();
    expect(lines).toHaveLength(3);
    await keeper.put('provider', office);
    expect(resolve(keeper.catalog, 'office/a').row.replacement).toBe('office/z');
    expect(lines).toHaveLength(3);
  });
});

describe('a store that can\'t be reached', () => {
  test('is a 503 for who puts, and changes nothing', async () => {
    const keeper = await keep({ store: { ...store, putCatalogEntry: () => Promise.reject(new StoreUnavailable('away')) } });
    expect(await refusal(keeper.put('plan', plan('free', 5)))).toMatch(/^store_unavailable/);
    expect(keeper.findPlan('free')).toBeNull();
    // What failed holds up nothing that comes after.
    expect(await refusal(keeper.remove('plan', 'free'))).toBe('done');
  });

  test('is asked again until it answers what others have put, and no longer', async () => {
    const clock = createManualClock();
    let isAway = false;
    let asked = 0;
    let tell: (name: 'access' | 'catalog') => void = () => undefined;
    const settled = (): Promise<void> => new Promise((done) => { setImmediate(done); });
    const keeper = await keep({
      clock,
      store: {
        ...store,
        onForeignChange: (listener) => { tell = listener; },
        catalogRevision: () => Promise.resolve(1),
        listRolloutsInForce: () => Promise.resolve([]),
        listCatalogEntries: () => {
          asked++;
          return isAway ? Promise.reject(new StoreUnavailable('away')) : Promise.resolve([{ kind: 'plan', id: 'free', body: JSON.stringify(plan('free', asked)), revision: 1, changedMs: 1 }]);
        },
      },
    });
    isAway = true;
    tell('access');
    await settled();
    expect(asked).toBe(1);
    tell('catalog');
    await settled();
    clock.advance(1000);
    await settled();
    expect(asked).toBe(3);
    expect(keeper.findPlan('free')?.plan.tiers.basic.messages_per_day).toBe(1);
    isAway = false;
    clock.advance(1000);
    await settled();
    expect(keeper.findPlan('free')?.plan.tiers.basic.messages_per_day).toBe(4);
    clock.advance(10_000);
    await settled();
    expect(asked).toBe(4);
    expect(lines).toHaveLength(2);
  });
});
