/** This file reads the numbered migrations and says them in the SQL of one engine. */
import { readdirSync, readFileSync } from 'node:fs';

export type Engine = 'sqlite' | 'postgres';

/** One step from a version of the store to the next. */
export interface Migration {
  readonly version: number;
  /** The portable part and then, where there is one, the part only this engine understands. */
  readonly statements: readonly string[];
}

const folder = new URL('./migrations/', import.meta.url);
const VERSION_FILE = /^(\d{4})\.sql$/;

/** What the placeholders of the portable part mean. */
const dialects: { readonly [Name in Engine]: Readonly<Record<string, string>> } = {
  sqlite: { i64: 'INTEGER', blob: 'BLOB', opts: 'STRICT, WITHOUT ROWID' },
  postgres: { i64: 'BIGINT', blob: 'BYTEA', opts: '' },
};

/** The version this program writes. */
export function newestVersion(): number {
  return listVersions().at(-1) ?? 0;
}

/** What a store of version `current` lacks, in order. Throws when a newer program wrote it. */
export function missingMigrations(engine: Engine, current: number): Migration[] {
  const newest = newestVersion();
  if (current > newest) {
    throw new Error(`the store is at version ${current}, but this program knows versions up to ${newest}: start the newer program, or restore the backup taken before the upgrade`);
  }
  return listVersions().filter((version) => version > current).map((version) => ({ version, statements: readStatements(engine, version) }));
}

/** The numbers of the migrations, ascending. */
function listVersions(): number[] {
  return readdirSync(folder)
    .map((name) => VERSION_FILE.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

function readStatements(engine: Engine, version: number): string[] {
  const digits = String(version).padStart(4, '0');
  const names = new Set(readdirSync(folder));
  return [`${digits}.sql`, `${digits}.${engine}.sql`]
    .filter((name) => names.has(name))
    .map((name) => render(engine, readFileSync(new URL(name, folder), 'utf8')));
}

function render(engine: Engine, sql: string): string {
  const text = sql.replace(/\{\{(\w+)\}\}/g, (_whole, name: string) => {
    const meaning = dialects[engine][name];
    if (meaning === undefined) throw new Error(`unknown placeholder in a migration: ${name}`);
    return meaning;
  });
  // Ids are compared byte by byte, as on SQLite: the same order on both, whatever the locale of the server and its next upgrade.
  return engine === 'postgres' ? text.replace(/\bTEXT\b/g, 'TEXT COLLATE "C"') : text;
}
