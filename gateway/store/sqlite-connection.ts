/** This file opens one SQLite connection as the store needs it: durable, shared with other processes, small in memory. */
import { DatabaseSync } from 'node:sqlite';
import { migrate } from './migrate.ts';
import { sqlCalls } from './sqlite-calls.ts';
import { createCommit } from './sqlite-commit.ts';
import type { Commit } from './sqlite-commit.ts';
import type { CallArgs, CallName, CallValue, ServiceName, Services, ThreadSetup } from './sqlite-messages.ts';
import { createTaskRunner } from './sqlite-run-task.ts';

export interface Connection {
  readonly commit: Commit;
  readonly services: { readonly [Name in ServiceName]: () => Services[Name] };
  call<Name extends CallName>(name: Name, args: CallArgs<Name>): CallValue<Name>;
}

/** How long another process may hold the write lock before a write fails, in ms. */
const BUSY_TIMEOUT_MS = 5000;
/** Page cache, in kB. The rows of a store are appended, so a bigger one buys nothing. */
const CACHE_KILOBYTES = 2048;
/** Pages in the write-ahead log before it is copied into the file; see docs/decisions/2026-11-21-node-sqlite.md. */
const CHECKPOINT_PAGES = 1000;
/** What a checkpoint leaves of the log file, in bytes. */
const LOG_BYTES_KEPT = 8 * 1024 * 1024;

/** Opens the file, brings it up to the newest migration, and prepares every statement. Throws when it can't. */
export function openConnection(setup: ThreadSetup): Connection {
  const db = new DatabaseSync(setup.file, { timeout: BUSY_TIMEOUT_MS });
  try {
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA cache_size = -${CACHE_KILOBYTES};
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      PRAGMA journal_size_limit = ${LOG_BYTES_KEPT};
      PRAGMA temp_store = MEMORY;
      PRAGMA trusted_schema = OFF;
    `);
    if (setup.role === 'writer') migrate(db, setup.nowMs);
    else db.exec('PRAGMA query_only = ON');
    const check = db.prepare('SELECT rev FROM revision');
    const runner = createTaskRunner(db);
    return {
      commit: createCommit(db, runner),
      services: {
        ping: () => { check.all(); return undefined; },
        foreignChanges: () => runner.foreignChanges(),
        close: () => { db.close(); return undefined; },
      },
      call: (name, args) => runner.run(sqlCalls[name], ...args),
    };
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}
