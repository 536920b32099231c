/** This file runs `npm run ledger` on stores that keep their promises and on one that does not. */
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../gateway/foundation/clock.ts';
import { defaultLimits } from '../gateway/foundation/limits.ts';
import { toNanoUsd } from '../gateway/foundation/money.ts';
import { sampleRecord, sampleWorkspace } from '../gateway/store/sample-rows.ts';
import { openSqliteStore, sqliteFile } from '../gateway/store/sqlite.ts';
import { record } from '../gateway/store/store-under-test.ts';
import { startPostgres } from './postgres-under-test.ts';

jest.setTimeout(60_000);
const folders: string[] = [];
const makeFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'interline-ledger-'));
  folders.push(folder);
  return folder;
};
afterAll(() => { for (const folder of folders) rmSync(folder, { recursive: true, force: true }); });

const script = new URL('./ledger.ts', import.meta.url).pathname;
function run(args: readonly string[], env: Readonly<Record<string, string>>): { status: number | null; stdout: string; stderr: string } {
  // Jest's own options would not suit a plain process.
  return spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', ...env } });
}

async function makeStore(): Promise<string> {
  const folder = makeFolder();
  const store = await openSqliteStore({ file: sqliteFile(folder), limits: defaultLimits, clock: systemClock });
  await store.createWorkspace(sampleWorkspace(1));
  await store.postTransfers([{ id: 'gr:ws_1:1', kind: 'grant', workspaceId: 'ws_1', debitAccount: 'sys:grants', creditAccount: 'w:ws_1', amount: toNanoUsd(500n), reference: '1', note: null, createdMs: 1 }]);
  await record(store, sampleRecord(1, { charge: { messages: 1, nanoUsd: toNanoUsd(0), priceVersion: 'v1', isUnpriced: false } }));
  await store.close();
  return folder;
}

describe('check', () => {
  test('says that all is well, and exits with 0', async () => {
    const { status, stdout } = run(['check'], { INTERLINE_DATA: await makeStore() });
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^every promise of the ledger holds \(\d+\.\d s\)\n$/)]);
  });

  test('says in a sentence what breaks and at which row, and exits with 1', async () => {
    const folder = await makeStore();
    const db = new DatabaseSync(sqliteFile(folder));
    db.exec("UPDATE counter SET cap = 501 WHERE id = 'w:ws_1'");
    db.close();
    const { status, stdout } = run(['check', '--data', folder], {});
    expect(status).toBe(1);
    expect(stdout).toContain('I4: The cap of a wallet is not the sum of its credits, at w:ws_1: the cap is 501, its credits are 500.\n');
    expect(stdout).toContain('1 broken');
  });

  test('looks into PostgreSQL where that is the store', async () => {
    const server = await startPostgres();
    try {
      const url = await server.makeDatabase();
      const { status, stdout } = run(['check'], { INTERLINE_DATABASE_URL: url, INTERLINE_DATA: makeFolder() });
      expect([status, stdout]).toEqual([0, expect.stringContaining('every promise of the ledger holds')]);
    } finally {
      await server.stop();
    }
  });

  test('makes nothing where there is no store', () => {
    const folder = makeFolder();
    const { status, stderr } = run(['check'], { INTERLINE_DATA: folder });
    expect([status, stderr]).toEqual([2, `the ledger was not read: there is no store at ${folder}\n`]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('show', () => {
  test('prints what is known of a request', async () => {
    const { status, stdout } = run(['show', 'req_00000001'], { INTERLINE_DATA: await makeStore() });
    expect(status).toBe(0);
    expect(stdout).toContain('req_00000001 of ws_1, key key_1: createChatCompletion of fast, ok\n');
  });

  test('a request nobody knows is told', async () => {
    expect(run(['show', 'req_none'], { INTERLINE_DATA: await makeStore() })).toMatchObject({ status: 1, stdout: 'there is no request req_none\n' });
  });
});

test.each([[[]], [['chekc']], [['check', 'all']], [['show']]])('%j is answered with how it is used', (args) => {
  expect(run(args, { INTERLINE_DATA: makeFolder() })).toMatchObject({ status: 2, stderr: expect.stringContaining('usage: npm run ledger') as unknown });
});
