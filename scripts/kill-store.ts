/** This file kills a process that holds and settles, again and again, and proves that no acknowledged row is lost and the ledger keeps its promises: `npm run kill:store -- --rounds 50 --seed 1`. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../gateway/foundation/clock.ts';
import type { CounterSpec, LedgerAnswer, LedgerOp, Violation } from '../gateway/foundation/ledger.ts';
import { defaultLimits } from '../gateway/foundation/limits.ts';
import { toNanoUsd } from '../gateway/foundation/money.ts';
import type { RequestRecord } from '../gateway/foundation/terms.ts';
import { openSqliteStore } from '../gateway/store/sqlite.ts';
import { recounts } from '../gateway/store/usage-recount.suite.ts';

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
  /** Promises of the ledger that are broken after what was left open was recovered. */
  readonly violations: readonly Violation[];
  /** Sums of usage that are not those of a recount of their rows. */
  readonly wrongSums: number;
  readonly recovered: number;
  readonly reopenMs: number;
}

/** Rows a writer keeps in flight, like a gateway with as many open calls. */
const OPEN_RECORDS = 64;
/** A round is cut after a random number of acknowledged rows up to this. */
const ROWS_BEFORE_KILL_MAX = 4000;
/** Credited in each round, in nano-USD. */
const GRANT = 100_000_000n;
/** Held for each request, in nano-USD. */
const ASK = 5000n;
const HOLD_MS = 60_000;
const wallet: CounterSpec = { id: 'w:ws_1', kind: 'wallet', scopeId: 'ws_1', unit: 'nusd', period: 'all', cap: null, capRevision: 0 };

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
  const recovered = await store.recoverNode(nodeOf(round), systemClock.now());
  const reopenMs = systemClock.monotonic() - started;
  const violations = await store.checkLedger();
  await store.close();

  const db = new DatabaseSync(file, { readOnly: true });
  const find = db.prepare('SELECT 1 FROM usage_event u JOIN request_log r ON r.id = u.id WHERE u.id = ?');
  // No id printed in full can be missing; the last line of a killed process may be cut.
  const lost = ids.filter((id) => id.length === idOf(round, 0).length && find.get(id) === undefined).length;
  const halves = db.prepare('SELECT (SELECT COUNT(*) FROM usage_event) - (SELECT COUNT(*) FROM request_log) AS n').get()?.['n'];
  const integrity = String(db.prepare('PRAGMA integrity_check').get()?.['integrity_check']);
  const wrongSums = recounts.reduce((wrong, sql) => wrong + Number(db.prepare(sql).get()?.['n']), 0);
  db.close();
  return { round, acknowledged: ids.length, lost: lost + Math.abs(Number(halves)), integrity, violations, wrongSums, recovered, reopenMs };
}

/** The writer: holds and settles without end, some of it out of a lease, and prints each id once its settlement is acknowledged. */
async function write(file: string, round: number): Promise<void> {
  const store = await openSqliteStore({ file, limits: defaultLimits, clock: systemClock });
  const nodeId = nodeOf(round);
  const nowMs = systemClock.now();
  const apply = (op: LedgerOp): Promise<LedgerAnswer> => new Promise((resolve, reject) => {
    store.apply(op, (failure, answer) => { if (answer) resolve(answer); else reject(failure ?? new Error('no answer')); });
  });
  await store.registerNode({ id: nodeId, host: 'here', pid: process.pid, started: '', beats: 0, startedMs: nowMs });
  await store.postTransfers([{
    id: `gr:${round}`, kind: 'grant', workspaceId: 'ws_1', debitAccount: 'sys:grants', creditAccount: 'w:ws_1', amount: toNanoUsd(GRANT), reference: '', note: null, createdMs: nowMs,
  }]);
  const leaseId = `lease_${round}`;
  await apply({ kind: 'lease', leaseId, nodeId, counter: wallet, amount: GRANT / 16n, nowMs });
  let next = 0;
  const run = async (): Promise<void> => {
    for (;;) {
      const index = next++;
      const record = recordOf(round, index);
      const ask = { counter: wallet, amount: ASK };
      const isLeased = index % 2 === 0;
      if (!isLeased) {
        await apply({ kind: 'hold', id: record.id, nodeId, options: [[ask]], giveBack: [], draft: record, nowMs, expiresMs: nowMs + HOLD_MS, idempotency: null });
      }
      await apply({
        kind: 'settle', record, idempotency: null, isFirstWord: isLeased,
        lines: [{ counter: wallet, asked: ASK, actual: record.charge.nanoUsd, leaseId: isLeased ? leaseId : null }],
      });
      process.stdout.write(`${record.id}\n`);
    }
  };
  await Promise.all(Array.from({ length: OPEN_RECORDS }, run));
}

function nodeOf(round: number): string {
  return `node_${round}`;
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
    charge: { messages: 1, nanoUsd: toNanoUsd(index % Number(ASK)), priceVersion: 'kill', isUnpriced: false }, latencyMs: 1, firstByteMs: null,
    userId: 'user_1', payer: 'balance', failedAttempts: null, lastAttemptMs: null, route: null, isDegraded: false, cache: null, rollout: null, evalRun: null,
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
    report: (each) => process.stdout.write(`round ${each.round}: ${each.acknowledged} acknowledged, ${each.lost} lost, integrity ${each.integrity}, ${each.violations.length} promises broken, ${each.wrongSums} wrong sums, ${each.recovered} holds recovered, reopened in ${each.reopenMs.toFixed(0)} ms\n`),
  });
  const acknowledged = results.reduce((sum, each) => sum + each.acknowledged, 0);
  const lost = results.reduce((sum, each) => sum + each.lost, 0);
  const broken = results.filter((each) => each.integrity !== 'ok' || each.violations.length > 0 || each.wrongSums > 0).length;
  process.stdout.write(`${results.length} rounds, seed ${values.seed}: ${acknowledged} rows acknowledged, ${lost} lost, ${broken} ledgers broken\n`);
  process.exitCode = lost + broken === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
