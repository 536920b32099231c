/** This file runs the Store suite on a real PostgreSQL, and tests what only it promises: its schema, its outbox, and that it comes back by itself. */
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { startPostgres } from '../../scripts/postgres-under-test.ts';
import type { PostgresUnderTest } from '../../scripts/postgres-under-test.ts';
import { systemClock } from '../foundation/clock.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { migrate } from './migrate.ts';
import { describeLedger } from './ledger.suite.ts';
import { newestVersion } from './migrations.ts';
import { createClient, destroyClient } from './postgres-client.ts';
import { openPostgresStore } from './postgres.ts';
import { records } from './request-log.suite.ts';
import { sampleBudget, sampleKey, sampleRecord } from './sample-rows.ts';
import { record } from './store-under-test.ts';
import type { StorePlace } from './store-under-test.ts';
import { StoreUnavailable } from './store.ts';
import type { Store } from './store.ts';
import { describeStore } from './store.suite.ts';
import { carriedOver, recounts } from './usage-recount.suite.ts';

jest.setTimeout(60_000);

let server: PostgresUnderTest;
const folders: string[] = [];
const makeFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'interline-store-'));
  folders.push(folder);
  return folder;
};
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

beforeAll(async () => { server = await startPostgres(); });
afterAll(async () => {
  await server.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const makePlace = async (): Promise<StorePlace> => {
  const url = await server.makeDatabase();
  return {
    // Each on a machine of its own.
    open: (clock, limits) => openPostgresStore({ url, dataFolder: makeFolder(), limits, clock, log: quiet }),
    remove: () => server.removeDatabase(url),
  };
};

describeStore('PostgreSQL', makePlace);
describeLedger('PostgreSQL', makePlace);

describe('a database', () => {
  let url: string;
  beforeEach(async () => { url = await server.makeDatabase(); });
  const open = (): Promise<Store> => openPostgresStore({ url, dataFolder: makeFolder(), limits: defaultLimits, clock: systemClock, log: quiet });
  const ask = async (sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    const client = createClient({ url, connectionsMax: 1, statementMs: 0 });
    try {
      return await client.unsafe(sql);
    } finally {
      await destroyClient(client);
    }
  };

  test('that is new is opened by processes that start at once, and by one that comes later', async () => {
    const stores = await Promise.all([1, 2, 3, 4].map(open));
    await Promise.all(stores.map((store) => store.ping()));
    await stores[0]?.insertKey(sampleKey(1));
    await Promise.all(stores.map((store) => store.close()));
    const later = await open();
    expect(await later.findKey(sampleKey(1).id)).toEqual(sampleKey(1));
    await later.close();
    expect(await ask('SELECT COUNT(*) AS applied, COUNT(DISTINCT version) AS versions FROM migration')).toMatchObject([{ applied: newestVersion(), versions: newestVersion() }]);
  });

  test('of a newer program is refused with the way out, and left as it is', async () => {
    await (await open()).close();
    await ask('INSERT INTO migration (version, applied_ms) VALUES (9999, 0)');
    await expect(open()).rejects.toThrow(/version 9999.*start the newer program/);
  });

  test('that is not there is refused as unavailable', async () => {
    await expect(openPostgresStore({ url: url.replace(/:\d+/, ':1'), dataFolder: makeFolder(), limits: defaultLimits, clock: systemClock, log: quiet }))
      .rejects.toBeInstanceOf(StoreUnavailable);
  });

  test('has the tables and columns of the embedded store', async () => {
    await (await open()).close();
    // usage_sum is a view: it holds nothing.
    const found = await ask("SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'usage_sum'");
    const columns = found.map((each) => `${String(each['table_name'])}.${String(each['column_name'])} ${String(each['data_type'])} ${String(each['is_nullable'])}`).sort();
    const db = new DatabaseSync(':memory:');
    migrate(db, 0);
    const types: Record<string, string> = { TEXT: 'text', INTEGER: 'bigint', BLOB: 'bytea' };
    const expected = db.prepare(`SELECT t.name AS "table", c.name AS "column", c.type, c."notnull" OR c.pk > 0 AS filled
      FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'`).all()
      .map((each) => `${String(each['table'])}.${String(each['column'])} ${types[String(each['type'])] ?? ''} ${each['filled'] === 1 ? 'NO' : 'YES'}`).sort();
    db.close();
    expect(columns).toEqual(expected);
  });

  test('compares every text byte by byte, whatever its locale', async () => {
    await (await open()).close();
    expect(await ask("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'usage_sum' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'")).toEqual([]);
  });

  test('lets neither usage rows nor transfers be changed or deleted', async () => {
    const store = await open();
    await record(store, sampleRecord(1));
    await ask("INSERT INTO transfer (id, kind, ws_id, debit_acct, credit_acct, amount, ref, ts_ms) VALUES ('t', 'grant', 'w', 'a', 'b', 1, 'r', 1)");
    for (const table of ['usage_event', 'transfer']) {
      await expect(ask(`UPDATE ${table} SET ws_id = 'x'`)).rejects.toThrow(/append-only/);
      await expect(ask(`DELETE FROM ${table}`)).rejects.toThrow(/append-only/);
    }
    await store.close();
  });

  test('sums usage as a recount does, before days are closed and after, and as an older program did', async () => {
    const recount = async (): Promise<unknown> => (await Promise.all(recounts.map((sql) => ask(sql)))).flat().filter((found) => Number(found['n']) !== 0);
    const first = await open();
    await Promise.all(records.filter((_, index) => index % 3 === 0).map((row) => record(first, row)));
    expect(await recount()).toEqual([]);
    while (await first.closeUsageDay(Date.UTC(2026, 10, 22))) expect(await recount()).toEqual([]);
    await Promise.all(records.filter((_, index) => index % 3 === 1).map((row) => record(first, row)));
    expect(await recount()).toEqual([]);
    await first.close();
    for (const sql of carriedOver('postgres')) await ask(sql);
    expect(await recount()).toEqual([]);
    const second = await open();
    await Promise.all(records.filter((_, index) => index % 3 === 2).map((row) => record(second, row)));
    expect(await recount()).toEqual([]);
    await second.close();
  });

  test('keeps a record whose texts hold what its text can\'t', async () => {
    const store = await open();
    const row = sampleRecord(1, { finishReason: 'stop\0it', upstreamId: 'a \ud800 lone surrogate', modelAsked: '{"a","b\\\'' });
    await record(store, row);
    expect(await store.findRequest('ws_1', row.id)).toMatchObject({ finishReason: 'stop\ufffdit', upstreamId: 'a \ufffd lone surrogate', modelAsked: '{"a","b\\\'' });
    await store.close();
  });

  test('changed by several gateways at once loses no change of any', async () => {
    const stores = await Promise.all([1, 2, 3].map(open));
    const made = await Promise.all(stores.map((store, at) => Promise.all([1, 2, 3, 4, 5, 6, 7, 8, 9].map((index) => store.createBudget(sampleBudget(10 * at + index))))));
    expect(new Set(made.flat().map((budget) => budget.revision)).size).toBe(27);
    for (const store of stores) expect(await store.listBudgets('ws_1', { limit: 100, after: null })).toHaveLength(27);
    await Promise.all(stores.map((store) => store.close()));
  });
});
