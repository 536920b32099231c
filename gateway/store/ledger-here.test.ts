/** This file runs the suite of the ledger on SQLite without a thread between, where mutants and debuggers can be. */
import { jest } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeLedger } from './ledger.suite.ts';
import { createServe } from './sqlite-serve.ts';
import { openSqliteStore, sqliteFile } from './sqlite.ts';
import type { ToThread } from './sqlite-messages.ts';
import type { Thread } from './store-thread.ts';

jest.setTimeout(60_000);

/** Messages are copied and come later, as between threads. */
class ThreadHere extends EventEmitter implements Thread {
  readonly #serve = createServe({
    post: (reply) => { setImmediate(() => this.emit('message', structuredClone(reply))); },
    close: () => { setImmediate(() => this.emit('exit', 0)); },
  });

  postMessage(message: ToThread): void {
    const copy = structuredClone(message);
    setImmediate(() => { this.#serve(copy); });
  }

  terminate(): Promise<number> {
    return Promise.resolve(0);
  }
}

describeLedger('SQLite, here', () => {
  const folder = mkdtempSync(join(tmpdir(), 'interline-here-'));
  return Promise.resolve({
    open: (clock, limits) => openSqliteStore({ file: sqliteFile(folder), limits, clock, startWorker: () => Promise.resolve(new ThreadHere()) }),
    remove: () => { rmSync(folder, { recursive: true, force: true }); return Promise.resolve(); },
  });
});
