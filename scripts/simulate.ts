/**
 * This file simulates the ledger: histories of what gateways ask of it, in order and out of it, late and twice, with the store
 * breaking off at any statement, played on a real SQLite store and on a reference that must agree with it:
 * `npm run simulate -- --ops 10000000 --seed 1`. A history that fails is named, and replays: `--seed 1 --history 4711`.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { LedgerHistory } from '../gateway/store/ledger-history.suite.ts';
import type { Step } from '../gateway/store/ledger-history.suite.ts';

export interface SimulationOptions {
  /** Operations at least, over all histories. */
  readonly ops: number;
  readonly seed: number;
  /** Threads; each plays every so-manieth history. */
  readonly threads: number;
  readonly report?: (totals: SimulationTotals) => void;
}

export interface SimulationTotals {
  histories: number;
  ops: number;
  commits: number;
  crashes: number;
  /** Operations sent again because their answers were lost. */
  repeated: number;
  violations: { readonly history: number; readonly message: string }[];
}

interface Part {
  readonly seed: number;
  readonly first: number;
  readonly stride: number;
  readonly ops: number;
}

const STEPS_PER_HISTORY = 3000;
const HISTORIES_PER_REPORT = 20;
const VIOLATIONS_MAX = 10;

/** Plays histories until there were as many operations as asked for, and gives what came of it. */
export async function simulate({ ops, seed, threads, report }: SimulationOptions): Promise<SimulationTotals> {
  const totals = noTotals();
  await Promise.all(Array.from({ length: threads }, (_, first) => new Promise<void>((resolve, reject) => {
    const part: Part = { seed, first, stride: threads, ops: Math.ceil(ops / threads) };
    const worker = new Worker(new URL(import.meta.url), { workerData: part, execArgv: ['--disable-warning=ExperimentalWarning'] });
    worker.on('message', (sums: SimulationTotals) => {
      add(totals, sums);
      report?.(totals);
    });
    worker.on('error', reject);
    worker.on('exit', (code) => { if (code === 0) resolve(); else reject(new Error(`a thread ended with code ${code}`)); });
  })));
  return totals;
}

/** Plays one history; `seed` and `index` say all there is to say about it. */
export function playHistory(seed: number, index: number): SimulationTotals {
  const random = createRandom(seed, index);
  const history = new LedgerHistory();
  const totals = noTotals();
  totals.histories = 1;
  try {
    for (let step = 0; step < STEPS_PER_HISTORY; step++) history.take(randomStep(random));
    history.finish();
  } catch (thrown) {
    totals.violations.push({ history: index, message: thrown instanceof Error ? thrown.message : String(thrown) });
  }
  Object.assign(totals, history.counts);
  return totals;
}

function playPart({ seed, first, stride, ops }: Part, report: (sums: SimulationTotals) => void): void {
  let sums = noTotals();
  let played = 0;
  let violations = 0;
  for (let index = first; played < ops && violations < VIOLATIONS_MAX; index += stride) {
    const totals = playHistory(seed, index);
    played += totals.ops;
    violations += totals.violations.length;
    add(sums, totals);
    if (sums.histories < HISTORIES_PER_REPORT) continue;
    report(sums);
    sums = noTotals();
  }
  report(sums);
}

type Random = (below: number) => number;

/** Weights of the steps; their sum is the number of faces of the die. */
const weights: readonly (readonly [kind: Step['kind'], weight: number])[] = [
  ['hold', 240], ['admit', 90], ['settle', 300], ['pass_by', 40], ['observe', 50], ['journal', 40], ['lease', 40], ['give_back', 30], ['again', 60],
  ['commit', 65], ['credit', 8], ['refund', 8], ['die', 3], ['sweep', 2], ['forget', 4], ['recap', 4], ['pass', 8],
];
const kinds: readonly Step['kind'][] = weights.flatMap(([kind, weight]) => Array<Step['kind']>(weight).fill(kind));
/** Some end exactly with a hold, a quiet or a key. */
const PAUSES_MS = [10, 1000, 9999, 10_000, 30_000, 60_000];
const WHICH_BELOW = 10_000;

function randomStep(random: Random): Step {
  const kind = kinds[random(kinds.length)] ?? 'commit';
  const node = random(3);
  const shape = random(8);
  const amount = random(16);
  const which = random(WHICH_BELOW);
  const isRare = (): boolean => random(10) === 0;
  const breaks = random(12) === 0 ? random(30) : null;
  switch (kind) {
    case 'hold': return { kind, node, shape, amount, key: isRare() ? random(10) : null, giveBack: isRare() ? which : null };
    case 'admit': return { kind, node, shape, amount };
    case 'settle': return { kind, which, used: amount, isLate: isRare(), isKept: random(2) === 0 };
    case 'pass_by': return { kind, shape, used: random(6), isPoison: random(20) === 0 };
    case 'observe': return { kind, which, used: amount, isLate: isRare() };
    case 'journal': return { kind, which, isLate: isRare() };
    case 'lease': return { kind, node, counter: random(6), amount: random(2) === 0 ? random(60) : random(600), isAgain: isRare() };
    case 'give_back': return { kind, which, amount };
    case 'again': return { kind, which };
    case 'commit': return { kind, breaks, isLost: isRare(), isDropped: random(2) === 0 };
    case 'credit': return { kind, amount: random(9000) - 1000, breaks };
    case 'refund': return { kind, which, amount: random(16) * 77 + random(3) - 1, breaks };
    case 'die': return { kind, node, breaks };
    case 'sweep': return { kind, breaks };
    case 'forget': return { kind, which, breaks };
    case 'recap': return { kind, counter: random(6), cap: random(5) === 0 ? 0 : random(4000) };
    case 'pass': return { kind, ms: PAUSES_MS[random(PAUSES_MS.length)] ?? 0 };
  }
}

/** A small seeded generator (mulberry32), one for each history. */
function createRandom(seed: number, index: number): Random {
  let state = Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b);
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function noTotals(): SimulationTotals {
  return { histories: 0, ops: 0, commits: 0, crashes: 0, repeated: 0, violations: [] };
}

function add(totals: SimulationTotals, more: SimulationTotals): void {
  totals.histories += more.histories;
  totals.ops += more.ops;
  totals.commits += more.commits;
  totals.crashes += more.crashes;
  totals.repeated += more.repeated;
  totals.violations.push(...more.violations);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ops: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' }, history: { type: 'string' },
      threads: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    },
  });
  const seed = Number(values.seed);
  const started = performance.now();
  let reportedAt = started;
  const totals = values.history !== undefined ? playHistory(seed, Number(values.history)) : await simulate({
    ops: Number(values.ops), seed, threads: Number(values.threads),
    report: ({ ops, violations }) => {
      if (performance.now() - reportedAt < 10_000) return;
      reportedAt = performance.now();
      process.stdout.write(`${ops} operations, ${violations.length} violations after ${((reportedAt - started) / 1000).toFixed(0)} s\n`);
    },
  });
  for (const { history, message } of totals.violations) {
    process.stdout.write(`history ${history}: ${message}\n  again: npm run simulate -- --seed ${seed} --history ${history}\n`);
  }
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(`seed ${seed}: ${totals.histories} histories, ${totals.ops} operations (${totals.repeated} more repeated after lost answers) in ${totals.commits} commits, `
    + `${totals.crashes} crashes, ${totals.violations.length} violations, ${seconds.toFixed(1)} s\n`);
  process.exitCode = totals.violations.length === 0 ? 0 : 1;
}

if (!isMainThread) {
  playPart(workerData as Part, (sums) => { parentPort?.postMessage(sums); });
} else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
