/** This file brings a PostgreSQL store up to the newest numbered migration, and refuses a store newer than this program. */
import { readInteger } from './columns.ts';
import { missingMigrations } from './migrations.ts';
import type { Client, Transaction } from './postgres-client.ts';

/** Of the advisory lock under which one process at a time migrates: the letters of `interlin`. */
const MIGRATION_LOCK = '7597126131690695022';

const CREATE_MIGRATION_TABLE = 'CREATE TABLE IF NOT EXISTS migration (version BIGINT PRIMARY KEY, applied_ms BIGINT NOT NULL)';

/**
 * Applies the missing migrations in one transaction, so a crash leaves the old store whole. Processes that start at once wait
 * for each other. Rejects when the store was written by a newer program.
 */
export async function migratePostgres(sql: Client, nowMs: number): Promise<void> {
  await sql.begin(async (tx) => {
    await tx.unsafe(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
    const missing = missingMigrations('postgres', await currentVersion(tx));
    if (missing.length === 0) return;
    await tx.unsafe(CREATE_MIGRATION_TABLE);
    for (const { version, statements } of missing) {
      for (const statement of statements) await tx.unsafe(statement).simple();
      await tx.unsafe('INSERT INTO migration (version, applied_ms) VALUES ($1, $2)', [version, nowMs]);
    }
  });
}

/** Looks before it creates: who may only read and write rows can still start on a store that is up to date. */
async function currentVersion(tx: Transaction): Promise<number> {
  const [table] = await tx.unsafe("SELECT to_regclass('migration') IS NOT NULL AS found");
  if (table?.['found'] !== true) return 0;
  const [row] = await tx.unsafe('SELECT COALESCE(MAX(version), 0) AS version FROM migration');
  return row ? readInteger(row, 'version') : 0;
}
