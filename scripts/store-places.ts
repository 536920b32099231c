/** This file makes places of storage for tests that run on both engines, and clears them away after the last test of the file that asked for them. */
import { afterAll, beforeAll } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPostgresStore } from '../gateway/store/postgres.ts';
import { openSqliteStore, sqliteFile } from '../gateway/store/sqlite.ts';
import type { StorePlace } from '../gateway/store/store-under-test.ts';
import { startPostgres } from './postgres-under-test.ts';
import type { PostgresUnderTest } from './postgres-under-test.ts';

type MakePlace = () => Promise<StorePlace>;

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Each place is a file in a folder of its own. */
export function sqlitePlaces(): MakePlace {
  const makeFolder = makeFolders();
  return () => {
    const folder = makeFolder();
    return Promise.resolve({ open: (clock, limits) => openSqliteStore({ file: sqliteFile(folder), limits, clock }), remove: () => Promise.resolve() });
  };
}

/** Each place is a database of one server, which runs while the file's tests do; each store opened in it is on a machine of its own. */
export function postgresPlaces(): MakePlace {
  const makeFolder = makeFolders();
  let server: PostgresUnderTest;
  beforeAll(async () => { server = await startPostgres(); });
  afterAll(() => server.stop());
  return async () => {
    const url = await server.makeDatabase();
    return { open: (clock, limits) => openPostgresStore({ url, dataFolder: makeFolder(), limits, clock, log: quiet }), remove: () => server.removeDatabase(url) };
  };
}

function makeFolders(): () => string {
  const folders: string[] = [];
  afterAll(() => { for (const folder of folders) rmSync(folder, { recursive: true, force: true }); });
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'interline-store-'));
    folders.push(folder);
    return folder;
  };
}
