/** This file kills a process that writes usage rows, again and again, and proves that no acknowledged row is lost: `npm run kill:store -- --rounds 50 --seed 1`. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../gateway/foundation/clock.ts';
import { defaultLimits } from '../gateway/foundation/limits.ts';
import { toNanoUsd } from '../gateway/foundation/money.ts';
import type { RequestRecord } from '../gateway/foundation/terms.ts';
import { openSqliteStore } from '../gateway/store/sqlite.ts';

export interface KillOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Told after each round. */
  readonly report?: (round: KillRound) => void;
}

export interface KillRound {
  readonly round: number;
  readonly acknowledged: number;
  /** Acknowledged ids that are not in the store, or lack one of their two rows. */
  readonly lost: number;
  readonly integrity: string;
  readonly reopenMs: number;
}

/** Rows a writer keeps in flight, like a gateway with as many open calls. */
const OPEN_RECORDS = 64;
/** A round is cut after a random number of acknowledged rows up to this. */
const ROWS_BEFORE_KILL_MAX = 4000;

/** Kills a writer in each round, on one file that lives through all of them. */
export async function killRounds({ rounds, seed, report }: KillOptions): Promise<KillRound[]> {
  const folder = mkdtempSync(join(tmpdir(), 'interline-kill-'));
  const file = join(folder, 'interline.db');
  const random = createRandom(seed);
  const results: KillRound[] = [];
  try {
    for (let round = 1; round <= rounds; round++) {
      const ids = await writeUntilKilled(file, round, 1 + Math.floor(random() * ROWS_BEFORE_KILL_MAX));
      const result = await inspect(file, round, ids);
      results.push(result);
      report?.(result);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return results;
}

/** Starts a writer, kills it with SIGKILL once it has acknowledged this many rows, and gives every id it acknowledged. */
function writeUntilKilled(file: string, round: number, rows: number): Promise<string[]> {
  const args = ['--disable-warning=ExperimentalWarning', fileURLToPath(import.meta.url), '--write', file, '--round', String(round)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } });
  const ids: string[] = [];
  createInterface({ input: child.stdout }).on('line', (id) => {
    ids.push(id);
    if (ids.length === rows) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(ids);
      else reject(new Error(`the writer ended by itself with code ${code ?? 'none'}`));
    });
  });
}

/** Opens the store as a restarted gateway would, then looks into the file for every acknowledged row. */
async function inspect(file: string, round: number, ids: readonly string[]): Promise<KillRound> {
  const started = systemClock.monotonic();
  const store = await openSqliteStore({ file, limits: defaultLimits, clock: systemClock });
  await store.ping();
  const reopenMs = systemClock.monotonic() - started;
  await store.close();

  const db = new DatabaseSync(file, { readOnly: true });
  const find = db.prepare('SELECT 1 FROM usage_event u JOIN request_log r ON r.id = u.id WHERE u.id = ?');
  // No id printed in full can be missing; the last line of a killed process may be cut.
  const lost = ids.filter((id) => id.length === idOf(round, 0).length && find.get(id) === undefined).length;
  const halves = db.prepare('SELECT (SELECT COUNT(*) FROM usage_event) - (SELECT COUNT(*) FROM request_log) AS n').get()?.['n'];
  const integrity = String(db.prepare('PRAGMA integrity_check').get()?.['integrity_check']);
  db.close();
  return { round, acknowledged: ids.length, lost: lost + Math.abs(Number(halves)), integrity, reopenMs };
}

/** The writer: records without end and prints each id once it is acknowledged. */
async function write(file: string, round: number): Promise<void> {
  const store = await openSqliteStore({ file, limits: defaultLimits, clock: systemClock });
  let next = 0;
  const recordNext = (): void => {
    const record = recordOf(round, next++);
    store.recordRequest(record, (failure) => {
      if (failure) throw failure;
      process.stdout.write(`${record.id}\n`);
      recordNext();
    });
  };
  for (let each = 0; each < OPEN_RECORDS; each++) recordNext();
}

function idOf(round: number, index: number): string {
  return `req_${round.toString(16).padStart(12, '0')}${index.toString(16).padStart(20, '0')}`;
}

function recordOf(round: number, index: number): RequestRecord {
  return {
    id: idOf(round, index), workspaceId: 'ws_1', keyId: 'key_1', operation: 'createChatCompletion', modelAsked: 'sandbox/echo',
    model: 'sandbox/echo', upstreamModel: 'echo', provider: 'sandbox', target: 'sandbox/echo', attempts: 1, isStream: false, status: 200,
    outcome: 'ok', errorCode: null, finishReason: 'stop', upstreamId: null, basis: 'provider', startedMs: 1_800_000_000_000 + index,
    usage: { promptTokens: 10, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: index, reasoningTokens: 0 },
    charge: { messages: 1, nanoUsd: toNanoUsd(index), priceVersion: 'kill', isUnpriced: false }, latencyMs: 1, firstByteMs: null,
  };
}

/** A small seeded generator (mulberry32): the same seed cuts at the same row counts. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' },
      write: { type: 'string' }, round: { type: 'string', default: '0' },
    },
  });
  if (values.write !== undefined) {
    await write(values.write, Number(values.round));
    return;
  }
  const results = await killRounds({
    rounds: Number(values.rounds),
    seed: Number(values.seed),
    report: (each) => process.stdout.write(`round ${each.round}: ${each.acknowledged} acknowledged, ${each.lost} lost, integrity ${each.integrity}, reopened in ${each.reopenMs.toFixed(0)} ms\n`),
  });
  const acknowledged = results.reduce((sum, each) => sum + each.acknowledged, 0);
  const lost = results.reduce((sum, each) => sum + each.lost, 0);
  const broken = results.filter((each) => each.integrity !== 'ok').length;
  process.stdout.write(`${results.length} rounds, seed ${values.seed}: ${acknowledged} rows acknowledged, ${lost} lost, ${broken} files broken\n`);
  process.exitCode = lost + broken === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
