/** This file reads mutated upstream streams with every stream reader there is, and watches that none throws, hangs, grows or tells what is not so: `npm run fuzz:streams -- --streams 100000 --seed 1 --only 7`. */
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { follow } from './streams/follow-stream.ts';
import type { Followed } from './streams/follow-stream.ts';
import { makeStream } from './streams/mutate-stream.ts';
import type { MutatedStream } from './streams/mutate-stream.ts';
import { startingStreams } from './streams/starting-streams.ts';

/** Reading a stream may take so long, in ms, and so much more for each of its bytes: a hundred times what it does take. */
const READ_MS_MAX = 400;
const READ_MS_PER_BYTE_MAX = 0.01;
const HANG_MS = 60_000;
const FAULTS_SHOWN_MAX = 20;
const SAMPLES = 40;
const MEGABYTE = 1024 * 1024;
/** So much more may be kept, collected, in the last quarter of a run than in the second, in MB. */
const GROWTH_MEGABYTES_MAX = 8;

const { values } = parseArgs({ options: { streams: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' }, only: { type: 'string' } } });
const seed = Number(values.seed);
const starts = startingStreams();

/** Ends the process, naming the stream, should one never be done. */
function watchOver(progress: Int32Array): Worker {
  const code = `
    const { workerData } = require('node:worker_threads');
    let last = -1;
    setInterval(() => {
      const now = Atomics.load(workerData, 0);
      if (now === last) { require('node:fs').writeSync(2, 'stream #' + now + ' hangs\\n'); process.kill(process.pid, 'SIGKILL'); }
      last = now;
    }, ${HANG_MS});`;
  const worker = new Worker(code, { eval: true, workerData: progress });
  worker.unref();
  return worker;
}

function createCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

interface Timed extends Followed {
  readonly ms: number;
}

function timed(make: () => MutatedStream): Timed {
  const stream = make();
  const startedAt = performance.now();
  const followed = follow(stream);
  return { ...followed, ms: performance.now() - startedAt };
}

/** A slow one is read again: on a busy machine the first time may be the machine's. */
function followOne(index: number): Timed & { readonly label: string; readonly bytes: number } {
  const make = (): MutatedStream => makeStream(starts, seed, index);
  const { label, bytes } = make();
  const most = READ_MS_MAX + bytes * READ_MS_PER_BYTE_MAX;
  let best = timed(make);
  if (best.ms > most) best = timed(make);
  const fault = best.fault ?? (best.ms > most ? `${best.ms.toFixed(0)} ms for ${bytes} bytes` : null);
  return { ...best, label, bytes, fault };
}

function main(): void {
  const indexes = values.only === undefined ? Array.from({ length: Number(values.streams) }, (_, index) => index) : values.only.split(',').map(Number);
  const progress = new Int32Array(new SharedArrayBuffer(4));
  watchOver(progress);
  const collect = createCollector();
  const endings = { done: 0, failed: 0, 'cut off': 0 };
  const faults: string[] = [];
  const followed = new Map<string, number>();
  const memory: number[] = [];
  let [events, oddEvents, bytes] = [0, 0, 0];
  let slowest = { ms: 0, label: '', bytes: 0 };
  const startedAt = performance.now();
  for (const [at, index] of indexes.entries()) {
    Atomics.store(progress, 0, index);
    if (at % Math.ceil(indexes.length / SAMPLES) === 0) {
      collect();
      memory.push(process.memoryUsage().heapUsed / MEGABYTE);
    }
    const one = followOne(index);
    endings[one.ending]++;
    followed.set(one.name, (followed.get(one.name) ?? 0) + 1);
    events += one.events;
    oddEvents += one.oddEvents;
    bytes += one.bytes;
    if (one.ms > slowest.ms) slowest = one;
    if (one.fault !== null) faults.push(`${one.label}: ${one.fault.slice(0, 1500)}`);
  }
  const quarter = Math.floor(memory.length / 4);
  const [before, after] = [Math.max(...memory.slice(quarter, 2 * quarter)), Math.max(...memory.slice(-quarter))];
  if (quarter > 1 && after - before > GROWTH_MEGABYTES_MAX) faults.push(`memory grew from ${before.toFixed(1)} to ${after.toFixed(1)} MB`);
  console.log(`${indexes.length} streams of ${starts.length} good ones, seed ${seed}, ${((performance.now() - startedAt) / 1000).toFixed(0)} s, ${(bytes / MEGABYTE).toFixed(0)} MB`);
  console.log(`readers    ${[...followed].sort().map(([name, streams]) => `${name}: ${streams}`).join('  ')}`);
  console.log(`endings    ${Object.entries(endings).map(([ending, count]) => `${ending}: ${count}`).join('  ')}`);
  console.log(`events     ${events} handed on, of which ${oddEvents} by wires that forward bytes as they came, not of the contract`);
  console.log(`slowest    ${slowest.ms.toFixed(0)} ms for ${slowest.bytes} bytes, ${slowest.label}`);
  console.log(`memory MB  ${memory.map((each) => each.toFixed(0)).join(' ')}`);
  console.log(`faults     ${faults.length}`);
  for (const fault of faults.slice(0, FAULTS_SHOWN_MAX)) console.log(`  ${fault}`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}

main();
