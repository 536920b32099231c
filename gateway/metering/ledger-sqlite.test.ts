/** This file runs the money room of several gateways on one SQLite file. */
import { afterAll } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore, sqliteFile } from '../store/sqlite.ts';
import { describeLedger } from './ledger-store.suite.ts';

const folders: string[] = [];
afterAll(() => { for (const folder of folders) rmSync(folder, { recursive: true, force: true }); });

describeLedger('SQLite', 2000, () => {
  const folder = mkdtempSync(join(tmpdir(), 'interline-ledger-'));
  folders.push(folder);
  return Promise.resolve({
    open: (clock, limits) => openSqliteStore({ file: sqliteFile(folder), limits, clock }),
    remove: () => { rmSync(folder, { recursive: true, force: true }); return Promise.resolve(); },
  });
});
