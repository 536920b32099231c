/** This file runs the money room of several gateways on one real PostgreSQL. */
import { afterAll, beforeAll, jest } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../scripts/postgres-under-test.ts';
import type { PostgresUnderTest } from '../../scripts/postgres-under-test.ts';
import { createLog } from '../foundation/log.ts';
import { openPostgresStore } from '../store/postgres.ts';
import { describeLedger } from './ledger-store.suite.ts';

jest.setTimeout(60_000);
let server: PostgresUnderTest;
const folders: string[] = [];
beforeAll(async () => { server = await startPostgres(); });
afterAll(async () => {
  await server.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

// The server shares the machine with everything else that is tested; alone it takes a second or two.
describeLedger('PostgreSQL', 5000, async () => {
  const url = await server.makeDatabase();
  return {
    // Each on a machine of its own.
    open: (clock, limits) => {
      const dataFolder = mkdtempSync(join(tmpdir(), 'interline-ledger-'));
      folders.push(dataFolder);
      return openPostgresStore({ url, dataFolder, limits, clock, log: createLog('silent') });
    },
    remove: () => server.removeDatabase(url),
  };
});
