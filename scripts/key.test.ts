/** This file runs `npm run key` on a store whose keys are all lost, on SQLite and on PostgreSQL. */
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthenticator } from '../gateway/access/authenticate.ts';
import { openFirstKey } from '../gateway/access/first-key.ts';
import { loadSecrets } from '../gateway/access/secrets.ts';
import { systemClock } from '../gateway/foundation/clock.ts';
import { createIds } from '../gateway/foundation/ids.ts';
import { defaultLimits } from '../gateway/foundation/limits.ts';
import { createLog } from '../gateway/foundation/log.ts';
import type { Caller } from '../gateway/foundation/terms.ts';
import { openStore } from '../gateway/store/open.ts';
import type { Store } from '../gateway/store/store.ts';
import { startPostgres, stopPostgres } from './postgres-under-test.ts';

jest.setTimeout(120_000);
const folders: string[] = [];
afterAll(async () => {
  await stopPostgres();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

interface Place {
  readonly dataFolder: string;
  readonly databaseUrl: string | null;
}

const engines: readonly [string, () => Promise<string | null>][] = [
  ['SQLite', () => Promise.resolve(null)],
  ['PostgreSQL', async () => (await startPostgres()).url],
];

async function makePlace(makeUrl: () => Promise<string | null>): Promise<Place> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'interline-key-'));
  folders.push(dataFolder);
  return { dataFolder, databaseUrl: await makeUrl() };
}

const script = new URL('./key.ts', import.meta.url).pathname;
function run(place: Place, args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  // Jest's own options would not suit a plain process.
  const env = { ...process.env, NODE_OPTIONS: '', INTERLINE_DATA: place.dataFolder, INTERLINE_DATABASE_URL: place.databaseUrl ?? '' };
  return spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], { encoding: 'utf8', env });
}

async function withStore<Result>(place: Place, work: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openStore(place, { clock: systemClock, limits: defaultLimits, log: createLog('silent') });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

const start = (place: Place): Promise<string | null> => withStore(place, (store) => openFirstKey({
  store, secrets: loadSecrets(place.dataFolder), clock: systemClock, makeId: createIds(systemClock), dataFolder: place.dataFolder,
}));

const enter = (place: Place, key: string): Promise<Caller> => withStore(place, async (store) => {
  const door = createAuthenticator({ store, secrets: loadSecrets(place.dataFolder), clock: systemClock, limits: defaultLimits });
  try {
    return await door.authenticate(`Bearer ${key}`);
  } finally {
    door.close();
  }
});

describe.each(engines)('npm run key on %s', (_engine, makeUrl) => {
  test('lets an operator in again who deleted every key and disabled the owner, in the first workspace and as its owner', async () => {
    const place = await makePlace(makeUrl);
    const first = await enter(place, await start(place) ?? '');
    await withStore(place, async (store) => {
      await store.deleteKey(first.workspaceId, first.keyId);
      await store.changeUser(first.userId, { isDisabled: true });
    });
    expect(await start(place)).toBeNull();

    const made = run(place, ['create', '--name', 'rescue']);
    expect([made.status, made.stdout, made.stderr]).toEqual([0, expect.stringMatching(/^wm_v2\.[\w.-]+\n$/), expect.stringContaining(`the user ${first.userId} was disabled`)]);
    expect(await enter(place, made.stdout.trim())).toMatchObject({
      userId: first.userId, workspaceId: first.workspaceId, role: 'owner', isBound: false, scopes: ['inference', 'management', 'operator'],
    });
    const second = run(place, ['create', '--name', 'narrow', '--scopes', 'inference']);
    expect([second.stderr, (await enter(place, second.stdout.trim())).scopes]).toEqual(['', ['inference']]);
  });
});

describe('npm run key', () => {
  test.each([[['create']], [['create', '--name', '']], [['make', '--name', 'x']], [['create', '--name', 'x', '--scopes', 'root']]])('with %j makes nothing and says how', async (args) => {
    const place = await makePlace(() => Promise.resolve(null));
    const { status, stdout, stderr } = run(place, args);
    expect([status, stdout, stderr]).toEqual([1, '', expect.stringContaining('usage: npm run key -- create --name NAME')]);
  });
});
