/** This file starts several gateways on one store of either engine, for runs that race, kill or cut them. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres } from '../postgres-under-test.ts';
import type { PostgresUnderTest } from '../postgres-under-test.ts';
import { makeFolder, startServer } from '../../conformance/server-under-test.ts';
import type { ServerOptions, ServerUnderTest } from '../../conformance/server-under-test.ts';

export type Engine = 'sqlite' | 'postgres';

export interface Fleet {
  readonly gateways: readonly ServerUnderTest[];
  /** May do everything. */
  readonly key: string;
  readonly postgres: PostgresUnderTest | null;
  close(): Promise<void>;
}

/** Reads the engine of a command line. Throws for another. */
export function readEngine(name: string): Engine {
  if (name === 'sqlite' || name === 'postgres') return name;
  throw new Error(`--engine is sqlite or postgres, not "${name}"`);
}

/** Starts `count` gateways on one store: on SQLite in one data folder, on PostgreSQL each in its own with the same secrets. */
export async function startFleet(engine: Engine, count: number, options: ServerOptions): Promise<Fleet> {
  const postgres = engine === 'postgres' ? await startPostgres() : null;
  const withStore: ServerOptions = postgres ? { ...options, env: { ...options.env, INTERLINE_DATABASE_URL: postgres.url } } : options;
  const first = await startServer(withStore);
  const gateways = [first];
  for (let index = 1; index < count; index++) {
    gateways.push(await startServer({ ...withStore, dataFolder: postgres ? folderLike(first.dataFolder) : first.dataFolder }));
  }
  return {
    gateways,
    key: first.key,
    postgres,
    async close() {
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      await postgres?.stop();
    },
  };
}

/** A data folder with the secrets of another: several machines share their secrets, not their folders. */
function folderLike(folder: string): string {
  const other = makeFolder();
  for (const name of ['secrets.json', 'vault.json', 'first-key']) cpSync(join(folder, name), join(other, name));
  return other;
}
