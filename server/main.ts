/** This file is the program: it reads its settings, starts one gateway, prints how to use it, and drains on SIGTERM. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ConfigError, readConfig } from '../gateway/foundation/config.ts';
import { CatalogError } from '../gateway/routing/catalog.ts';
import { SecretsError } from '../gateway/access/secrets.ts';
import { buildHouse } from './build-house.ts';
import { greeting } from './greeting.ts';
import { startServer } from './server.ts';

/** After the start, in ms: the first callers, who often come at once, are not made to wait for it. */
const SETTLE_MS = 1500;

/** Reading the contract and the catalogue leaves some 15 MB of garbage, which an idle V8 would keep for good. */
function giveBackMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (isCollector(collect)) collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

function isCollector(value: unknown): value is (options: object) => void {
  return typeof value === 'function';
}

/** Runs the program. Sets the exit code; a start that fails says why on stderr and exits with 1. */
export function main(): void {
  start().catch((error: unknown) => {
    process.stderr.write(`interline could not start: ${explain(error)}\n`);
    process.exit(1);
  });
}

async function start(): Promise<void> {
  const config = readConfig();
  const built = await buildHouse(config);
  const { house } = built;
  const server = await startServer(house, config);
  process.stdout.write(greeting({ url: server.url, firstKey: built.firstKey, catalog: house.catalog, dataFolder: config.dataFolder }));
  house.log.info({ url: server.url }, 'listening');
  const cancelSettling = house.clock.after(SETTLE_MS, giveBackMemory);

  let isStopping = false;
  const stop = (signal: string): void => {
    // A second signal means now.
    if (isStopping) process.exit(1);
    isStopping = true;
    cancelSettling();
    house.log.info({ signal, drainMs: house.limits.drainMs }, 'draining');
    void server.drain().then(() => built.close()).then(
      () => {
        house.log.info('stopped');
        process.exitCode = 0;
      },
      (error: unknown) => {
        house.log.error({ error }, 'could not stop cleanly');
        process.exitCode = 1;
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** Mistakes of the operator are told in one line; anything else with its stack. */
function explain(error: unknown): string {
  const isExpected = error instanceof ConfigError || error instanceof CatalogError || error instanceof SecretsError;
  if (isExpected) return error.message;
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return `${error.message}. Another program has that port; set PORT to a free one.`;
  }
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
