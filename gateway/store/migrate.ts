/** This file brings a SQLite store up to the newest numbered migration, and refuses a store newer than this program. */
import { readdirSync, readFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { readInteger } from './columns.ts';

const folder = new URL('./migrations/', import.meta.url);
const VERSION_FILE = /^(\d{4})\.sql$/;

/** What the placeholders of appendix A in the money protocol mean for SQLite. */
const sqliteDialect: Readonly<Record<string, string>> = { i64: 'INTEGER', blob: 'BLOB', opts: 'STRICT, WITHOUT ROWID' };

const createMigrationTable = `CREATE TABLE IF NOT EXISTS migration (
  version INTEGER PRIMARY KEY, applied_ms INTEGER NOT NULL
) STRICT`;

/**
 * Applies the missing migrations in one transaction, so a crash leaves the old store whole. Safe when several
 * processes start at once. Throws when the store was written by a newer program.
 */
export function migrate(db: DatabaseSync, nowMs: number): void {
  const versions = listVersions();
  const newest = versions.at(-1) ?? 0;
  if (currentVersion(db) === newest) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    db.exec(createMigrationTable);
    const current = currentVersion(db);
    if (current > newest) {
      throw new Error(`the store is at version ${current}, but this program knows versions up to ${newest}: start the newer program, or restore the backup taken before the upgrade`);
    }
    const record = db.prepare('INSERT INTO migration (version, applied_ms) VALUES (?, ?)');
    for (const version of versions.filter((each) => each > current)) {
      for (const sql of readMigration(version)) db.exec(sql);
      record.run(version, nowMs);
    }
    db.exec('COMMIT');
  } catch (failure) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw failure;
  }
}

function currentVersion(db: DatabaseSync): number {
  const table = db.prepare("SELECT 1 AS found FROM sqlite_schema WHERE type = 'table' AND name = 'migration'").get();
  if (!table) return 0;
  const row = db.prepare('SELECT COALESCE(MAX(version), 0) AS version FROM migration').get();
  return row ? readInteger(row, 'version') : 0;
}

/** The numbers of the migrations, ascending. */
function listVersions(): number[] {
  return readdirSync(folder)
    .map((name) => VERSION_FILE.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

/** The portable part of a migration and then, where there is one, the part only SQLite understands. */
function readMigration(version: number): string[] {
  const digits = String(version).padStart(4, '0');
  const names = new Set(readdirSync(folder));
  return [`${digits}.sql`, `${digits}.sqlite.sql`]
    .filter((name) => names.has(name))
    .map((name) => render(readFileSync(new URL(name, folder), 'utf8')));
}

function render(sql: string): string {
  return sql.replace(/\{\{(\w+)\}\}/g, (_whole, name: string) => {
    const text = sqliteDialect[name];
    if (text === undefined) throw new Error(`unknown placeholder in a migration: ${name}`);
    return text;
  });
}
