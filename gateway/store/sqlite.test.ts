/** This file runs the Store suite on SQLite, and tests what only SQLite promises: migrations, its thread, kill -9. */
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Worker } from 'node:worker_threads';
import { killRounds } from '../../scripts/kill-store.ts';
import { systemClock } from '../foundation/clock.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { records } from './request-log.suite.ts';
import { sampleKey, sampleRecord, sampleSettle } from './sample-rows.ts';
import { openSqliteStore, sqliteFile } from './sqlite.ts';
import { startSqliteWorker } from './store-thread.ts';
import { describeLedger } from './ledger.suite.ts';
import { carriedOver, recounts } from './usage-recount.suite.ts';
import { describeStore } from './store.suite.ts';
import { record } from './store-under-test.ts';
import type { StorePlace } from './store-under-test.ts';
import { StoreUnavailable } from './store.ts';
import type { Store } from './store.ts';

const folders: string[] = [];
const makeFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'interline-store-'));
  folders.push(folder);
  return folder;
};
const openIn = (folder: string): Promise<Store> => openSqliteStore({ file: sqliteFile(folder), limits: defaultLimits, clock: systemClock });
jest.setTimeout(60_000);

const SCHEMA_TITLE = '-- This file is the schema of a new SQLite store; sqlite.test.ts compares it, and writes it when WRITE_SCHEMA=1 is set.';

afterAll(() => { for (const folder of folders) rmSync(folder, { recursive: true, force: true }); });

const makePlace = (): Promise<StorePlace> => {
  const folder = makeFolder();
  return Promise.resolve({
    open: (clock, limits) => openSqliteStore({ file: sqliteFile(folder), limits, clock }),
    remove: () => { rmSync(folder, { recursive: true, force: true }); return Promise.resolve(); },
  });
};

describeStore('SQLite', makePlace);
describeLedger('SQLite', makePlace);

describe('migrations', () => {
  test('a new store has exactly the schema of schema.sql', async () => {
    const folder = makeFolder();
    await (await openIn(folder)).close();
    const db = new DatabaseSync(sqliteFile(folder));
    const statements = db.prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name').all();
    db.close();
    const dump = `${SCHEMA_TITLE}\n\n${statements.map((row) => String(row['sql'])).join(';\n\n')};\n`;
    const golden = new URL('./schema.sql', import.meta.url);
    if (process.env['WRITE_SCHEMA'] === '1') writeFileSync(golden, dump);
    expect(dump).toBe(readFileSync(golden, 'utf8'));
  });

  test('opening again applies nothing twice and keeps what is there', async () => {
    const folder = makeFolder();
    const first = await openIn(folder);
    await first.insertKey(sampleKey(1));
    await first.close();
    const second = await openIn(folder);
    expect(await second.findKey(sampleKey(1).id)).toEqual(sampleKey(1));
    await second.close();
  });

  test('processes that start at once on a new file all open it', async () => {
    const folder = makeFolder();
    const stores = await Promise.all([1, 2, 3, 4].map(() => openIn(folder)));
    await Promise.all(stores.map((store) => store.ping()));
    await Promise.all(stores.map((store) => store.close()));
  });

  test('a store of a newer program is refused with the way out, and left as it is', async () => {
    const folder = makeFolder();
    await (await openIn(folder)).close();
    const db = new DatabaseSync(sqliteFile(folder));
    db.exec('INSERT INTO migration (version, applied_ms) VALUES (9999, 0)');
    db.close();
    await expect(openIn(folder)).rejects.toThrow(/version 9999.*start the newer program/);
  });

  test('a file that is no store is refused and the process can go on', async () => {
    const folder = makeFolder();
    writeFileSync(sqliteFile(folder), 'these are not the rows you are looking for'.repeat(100));
    await expect(openIn(folder)).rejects.toThrow(/not a database/);
  });

  test('only its owner can read the file', async () => {
    const folder = makeFolder();
    const store = await openIn(folder);
    await record(store, sampleRecord(1));
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(sqliteFile(folder) + suffix).mode & 0o777).toBe(0o600);
    await store.close();
  });
});

describe('sums of usage', () => {
  test('are those of a recount, before days are closed and after, and also those an older program has kept', async () => {
    const folder = makeFolder();
    const recount = (): unknown[] => {
      const db = new DatabaseSync(sqliteFile(folder));
      const differences = recounts.map((sql) => db.prepare(sql).get()).filter((found) => found?.['n'] !== 0);
      db.close();
      return differences;
    };
    const first = await openIn(folder);
    await Promise.all(records.filter((_, index) => index % 3 === 0).map((row) => record(first, row)));
    expect(recount()).toEqual([]);
    while (await first.closeUsageDay(Date.UTC(2026, 10, 22))) expect(recount()).toEqual([]);
    await Promise.all(records.filter((_, index) => index % 3 === 1).map((row) => record(first, row)));
    expect(recount()).toEqual([]);
    await first.close();
    const db = new DatabaseSync(sqliteFile(folder));
    for (const sql of carriedOver('sqlite')) db.exec(sql);
    db.close();
    expect(recount()).toEqual([]);
    const second = await openIn(folder);
    await Promise.all(records.filter((_, index) => index % 3 === 2).map((row) => record(second, row)));
    expect(recount()).toEqual([]);
    expect(await second.sumUsage({ workspaceId: 'ws_1', fromMs: null, toMs: null, keyId: null, userId: null, model: null }))
      .toMatchObject({ requests: records.filter(({ workspaceId }) => workspaceId === 'ws_1').length });
    await second.close();
  });
});

describe('usage rows', () => {
  test('can be neither changed nor deleted', async () => {
    const folder = makeFolder();
    const store = await openIn(folder);
    await record(store, sampleRecord(1));
    const db = new DatabaseSync(sqliteFile(folder));
    expect(() => { db.exec('UPDATE usage_event SET nusd = 0'); }).toThrow(/append-only/);
    expect(() => { db.exec('DELETE FROM usage_event'); }).toThrow(/append-only/);
    db.close();
    await store.close();
  });

  test('no acknowledged row is lost to kill -9, and the ledger keeps its promises', async () => {
    const rounds = await killRounds({ rounds: 5, seed: 20_261_121 });
    expect(rounds.map(({ lost, integrity, violations, wrongSums }) => ({ lost, integrity, violations, wrongSums }))).toEqual(Array(5).fill({ lost: 0, integrity: 'ok', violations: [], wrongSums: 0 }));
    expect(Math.min(...rounds.map((round) => round.acknowledged))).toBeGreaterThan(0);
  });
});

describe('the thread', () => {
  const openHeld = async (): Promise<{ store: Store; worker: Worker }> => {
    const workers: Worker[] = [];
    const store = await openSqliteStore({
      file: sqliteFile(makeFolder()), limits: defaultLimits, clock: systemClock,
      startWorker: async () => {
        const worker = await startSqliteWorker();
        workers.push(worker);
        return worker;
      },
    });
    return { store, worker: workers[0] as Worker };
  };

  test('when it dies, everything that waits and everything that comes fails with StoreUnavailable', async () => {
    const { store, worker } = await openHeld();
    // Stopped from here on, though this thread hears of it only later: these wait for answers that will never come.
    void worker.terminate();
    const waiting = [record(store, sampleRecord(1)), store.findKey('key_1'), store.ping()];
    for (const result of await Promise.allSettled(waiting)) expect(result).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) as unknown });
    await expect(record(store, sampleRecord(2))).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(store.ping()).rejects.toBeInstanceOf(StoreUnavailable);
    expect(store.pendingRecords).toBe(0);
    await store.close();
  });

  test('is gone after close, and closing twice is closing once', async () => {
    const { store, worker } = await openHeld();
    await Promise.all([store.close(), store.close()]);
    // Node's id of a thread that has ended.
    expect(worker.threadId).toBe(-1);
  });

  test('a caller whose callback throws does not keep its neighbours waiting', async () => {
    const { store } = await openHeld();
    const thrown: unknown[] = [];
    const microtasks = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation((task) => {
      try { task(); } catch (failure) { thrown.push(failure); }
    });
    store.apply(sampleSettle(sampleRecord(1)), () => { throw new Error('a mistake of the caller'); });
    await record(store, sampleRecord(2));
    microtasks.mockRestore();
    expect(thrown).toEqual([new Error('a mistake of the caller')]);
    await store.close();
  });
});
