/**
 * This file measures what it costs to settle a request: CPU of this process, and of PostgreSQL where that is asked; `npm run settle:bench`.
 * `npm run settle:bench -- --engine postgres --settles 60000`; `--rounds` opens a new store for each, and the cheapest counts.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { makeFolder } from '../conformance/server-under-test.ts';
import { systemClock } from '../gateway/foundation/clock.ts';
import { defaultLimits } from '../gateway/foundation/limits.ts';
import { createLog } from '../gateway/foundation/log.ts';
import type { RequestRecord } from '../gateway/foundation/terms.ts';
import { openStore } from '../gateway/store/open.ts';
import { sampleRecord, sampleSettle } from '../gateway/store/sample-rows.ts';
import type { Store } from '../gateway/store/store.ts';
import { startPostgres } from './postgres-under-test.ts';
import { othersCpu } from './process-cpu.ts';

const { values } = parseArgs({ options: { engine: { type: 'string', default: 'sqlite' }, settles: { type: 'string', default: '60000' }, rounds: { type: 'string', default: '3' } } });
/** Requests that end at the same time. */
const CONCURRENT = 128;

/** Odd and unlike each other. */
const spread = (index: number, factor: number, count: number): number => Math.floor(index * factor % 4_294_967_296 / 4_294_967_296 * count);

const kinds: Readonly<Record<string, (index: number) => Partial<RequestRecord>>> = {
  'one key, one model': () => ({}),
  '400 keys of 200 workspaces, 8 models': (index) => mixed(index, spread(index, 2_654_435_761, 400), 2),
  '80,000 keys of 200 workspaces, 8 models': (index) => mixed(index, spread(index, 2_654_435_761, 80_000), 400),
};

function mixed(index: number, key: number, keysEach: number): Partial<RequestRecord> {
  const model = `bench/model-${spread(index, 2_246_822_519, 8)}`;
  return {
    workspaceId: `ws_019a9f4e2f7a7c3e8d1f0a2b3c4d5${Math.floor(key / keysEach)}`,
    keyId: `key_${String(key).padStart(16, '0')}`, userId: `user_019a9f4e2f7a7c3e8d1f0a2b3c4d${key}`, modelAsked: model, model, target: model,
  };
}

const postgres = values.engine === 'postgres' ? await startPostgres() : null;
const settles = Number(values.settles);
for (const [kind, vary] of Object.entries(kinds)) {
  const rounds: { client: number; server: number; seconds: number }[] = [];
  for (let round = 0; round < Number(values.rounds); round++) rounds.push(await measure(vary));
  rounds.sort((a, b) => a.client + a.server - b.client - b.server);
  const [best = { client: 0, server: 0, seconds: 0 }] = rounds;
  const server = postgres ? `, ${best.server.toFixed(1)} µs in PostgreSQL` : '';
  process.stdout.write(`${kind.padEnd(42)} ${best.client.toFixed(1)} µs of CPU a settle in the gateway${server}; ${(settles / best.seconds).toFixed(0)} settles/s\n`);
}
await postgres?.stop();

async function measure(vary: (index: number) => Partial<RequestRecord>): Promise<{ client: number; server: number; seconds: number }> {
  const url = postgres ? await postgres.makeDatabase() : null;
  const dataFolder = makeFolder();
  mkdirSync(dataFolder, { recursive: true });
  const store = await openStore({ databaseUrl: url, dataFolder }, { clock: systemClock, limits: defaultLimits, log: createLog('silent') });
  const records = Array.from({ length: settles }, (_, index) => sampleRecord(index, vary(index)));
  const [cpu, others, startedAt] = [process.cpuUsage(), othersCpu(), performance.now()];
  await settleAll(store, records);
  const used = process.cpuUsage(cpu);
  const measured = { client: (used.user + used.system) / settles, server: (othersCpu() - others) / settles, seconds: (performance.now() - startedAt) / 1000 };
  await store.close();
  if (url !== null) await postgres?.removeDatabase(url);
  rmSync(dataFolder, { recursive: true, force: true });
  return measured;
}

/** So many at once, the next one whenever one is durable. */
function settleAll(store: Store, records: readonly RequestRecord[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = 0;
    let done = 0;
    const begin = (): void => {
      const record = records[next++];
      if (!record) return;
      store.apply({ ...sampleSettle(record), isFirstWord: true }, (failure) => {
        if (failure) reject(failure);
        else if (++done === records.length) resolve();
        else begin();
      });
    };
    for (let at = 0; at < CONCURRENT; at++) begin();
  });
}
