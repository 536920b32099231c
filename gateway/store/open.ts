/** This file chooses the engine: PostgreSQL where an address of one is configured, else SQLite in the data folder. */
import type { Clock } from '../foundation/clock.ts';
import type { Config } from '../foundation/config.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import { openSqliteStore, sqliteFile } from './sqlite.ts';
import type { Store } from './store.ts';

export interface StoreParts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly log: Log;
}

/** Opens the configured store. Rejects with the reason when it can't be reached or was written by a newer program. */
export async function openStore(config: Pick<Config, 'databaseUrl' | 'dataFolder'>, { clock, limits, log }: StoreParts): Promise<Store> {
  if (config.databaseUrl === null) return openSqliteStore({ file: sqliteFile(config.dataFolder), limits, clock });
  // Only who uses PostgreSQL pays for its client.
  const { openPostgresStore } = await import('./postgres.ts');
  return openPostgresStore({ url: config.databaseUrl, dataFolder: config.dataFolder, limits, clock, log });
}
