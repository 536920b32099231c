/** This file brings a SQLite store up to the newest numbered migration, and refuses a store newer than this program. */
import type { DatabaseSync } from 'node:sqlite';
import { readInteger } from './columns.ts';
import { missingMigrations, newestVersion } from './migrations.ts';

const createMigrationTable = `CREATE TABLE IF NOT EXISTS migration (
  version INTEGER PRIMARY KEY, applied_ms INTEGER NOT NULL
) STRICT`;

/** Page cache while rows are carried over, in kB; and that of afterwards is whatever it was. */
const CACHE_KILOBYTES = 65_536;

/**
 * Applies the missing migrations in one transaction, so a crash leaves the old store whole. Safe when several
 * processes start at once. Throws when the store was written by a newer program.
 */
export function migrate(db: DatabaseSync, nowMs: number): void {
  if (currentVersion(db) === newestVersion()) return;
  const cache = readInteger(db.prepare('PRAGMA cache_size').get() ?? {}, 'cache_size');
  db.exec(`PRAGMA cache_size = -${CACHE_KILOBYTES}`);
  db.exec('BEGIN IMMEDIATE');
  try {
    db.exec(createMigrationTable);
    const missing = missingMigrations('sqlite', currentVersion(db));
    const record = db.prepare('INSERT INTO migration (version, applied_ms) VALUES (?, ?)');
    for (const { version, statements } of missing) {
      for (const sql of statements) db.exec(sql);
      record.run(version, nowMs);
    }
    db.exec('COMMIT');
  } catch (failure) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw failure;
  } finally {
    db.exec(`PRAGMA cache_size = ${cache}`);
  }
}

function currentVersion(db: DatabaseSync): number {
  const table = db.prepare("SELECT 1 AS found FROM sqlite_schema WHERE type = 'table' AND name = 'migration'").get();
  if (!table) return 0;
  const row = db.prepare('SELECT COALESCE(MAX(version), 0) AS version FROM migration').get();
  return row ? readInteger(row, 'version') : 0;
}
