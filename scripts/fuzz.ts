/** This file sends mutated requests to a live gateway and watches that it neither breaks, leaks nor forgets its manners: `npm run fuzz -- --requests 10000 --seed 1 --under /audio`. */
import { parseArgs } from 'node:util';
import { faultOfSchema } from '../conformance/judges.ts';
import { goodRequests, makeMutant } from '../conformance/mutants.ts';
import type { Mutant } from '../conformance/mutants.ts';
import { call, open } from '../conformance/raw-client.ts';
import type { RawReply } from '../conformance/raw-client.ts';
import { openMemoryGauge } from './fuzz/memory.ts';
import type { Memory } from './fuzz/memory.ts';
import { openFuzzStage } from './fuzz/stage.ts';
import type { FuzzStage } from './fuzz/stage.ts';

const CONNECTIONS = 8;
const ANSWER_MS_MAX = 10_000;
const FAULTS_SHOWN_MAX = 20;
const SAMPLES = 20;
/** So much more may be alive at the end, collected, than after a quarter of the requests, in MB. */
const GROWTH_MEGABYTES_MAX = 8;
/** So much more may be resident at its most in the second half than in the first, in MB: garbage and fragments come and go. */
const PEAK_MEGABYTES_MAX = 48;

const { values } = parseArgs({ options: { requests: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' }, only: { type: 'string' }, under: { type: 'string', default: '' } } });
const total = Number(values.requests);
const seed = Number(values.seed);

async function main(): Promise<void> {
  const stage = await openFuzzStage();
  const { server, kept } = stage;
  const gauge = await openMemoryGauge(server);
  const faults: string[] = [];
  const options = { key: server.key, under: values.under, kept };
  for (const good of goodRequests(options)) {
    const reply = await answer(server.url, good);
    if (typeof reply === 'string' || reply.status >= 300) faults.push(`${good.label} is no good request: ${typeof reply === 'string' ? reply : reply.body.toString('utf8').slice(0, 300)}`);
  }
  const statuses = new Map<number, number>();
  const memory: Memory[] = [];
  let next = 0;
  const indexes = values.only === undefined ? Array.from({ length: total }, (_, index) => index) : values.only.split(',').map(Number);
  const work = async (): Promise<void> => {
    for (let at = next++; at < indexes.length; at = next++) {
      if (at % Math.ceil(indexes.length / SAMPLES) === 0) memory.push(await gauge.read());
      const mutant = makeMutant(seed, indexes[at] ?? 0, options);
      const reply = await answer(server.url, mutant);
      const fault = typeof reply === 'string' ? reply : faultOf(mutant, reply);
      if (typeof reply !== 'string') statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
      if (fault !== null) faults.push(`${mutant.label}: ${fault}\n    ${JSON.stringify(mutant.bytes.toString('latin1').slice(0, 600))}`);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  const seconds = (performance.now() - startedAt) / 1000;
  memory.push(await gauge.read());
  gauge.close();
  faults.push(...faultsOfMemory(memory), ...await faultsOfServer(stage));
  report({ seconds, statuses, memory, faults, answered: indexes.length });
  await stage.close();
  process.exitCode = faults.length > 0 ? 1 : 0;
}

/** The answer, or why there is none. */
async function answer(url: string, mutant: Mutant): Promise<RawReply | string> {
  const connection = await open(url, mutant.isHead);
  let timer: NodeJS.Timeout | undefined;
  try {
    connection.send(mutant.bytes);
    const late = new Promise<string>((resolve) => { timer = setTimeout(() => { resolve(`no answer in ${ANSWER_MS_MAX} ms`); }, ANSWER_MS_MAX); });
    return await Promise.race([connection.reply(), late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
    connection.leave();
  }
}

function faultOf(mutant: Mutant, reply: RawReply): string | null {
  if (reply.status >= 500) return `status ${reply.status}: ${reply.body.toString('utf8').slice(0, 300)}`;
  if (!reply.isWhole) return `status ${reply.status}, cut off`;
  const requestId = reply.headers['x-request-id'];
  if (requestId === undefined) return `status ${reply.status} without a request id`;
  if (mutant.isHead || reply.status < 400) return null;
  // A provider's own words are handed on by the native bypass as they came, and only they come with this header.
  if (reply.headers['content-security-policy'] !== undefined) return null;
  if (reply.headers['content-type'] !== 'application/json') return `status ${reply.status} is ${String(reply.headers['content-type'])}`;
  try {
    const body = JSON.parse(reply.body.toString('utf8')) as { error?: { request_id?: unknown } };
    if (body.error?.request_id !== requestId) return `status ${reply.status}: the body says request ${String(body.error?.request_id)}, the header ${requestId}`;
    return faultOfSchema('ErrorResponse', body);
  } catch {
    return `status ${reply.status} has a body that is not JSON`;
  }
}

/** What is alive must not grow; what is resident may rise until it is collected, so that only its peaks are compared. */
function faultsOfMemory(memory: readonly Memory[]): string[] {
  const faults: string[] = [];
  const [early, late] = [memory[Math.floor(memory.length / 4)]?.alive ?? 0, memory.at(-1)?.alive ?? 0];
  if (late - early > GROWTH_MEGABYTES_MAX) faults.push(`${early.toFixed(1)} MB were alive after a quarter, and ${late.toFixed(1)} MB at the end`);
  const peakOf = (part: readonly Memory[]): number => Math.max(...part.map(({ resident }) => resident));
  const middle = Math.ceil(memory.length / 2);
  const [before, after] = [peakOf(memory.slice(0, middle)), peakOf(memory.slice(middle))];
  if (after - before > PEAK_MEGABYTES_MAX) faults.push(`memory peaked at ${before.toFixed(0)} MB in the first half and at ${after.toFixed(0)} MB in the second`);
  return faults;
}

/** It must still be the same process, and have nothing to complain of. */
async function faultsOfServer({ server, leaks }: FuzzStage): Promise<string[]> {
  const faults = leaks().map((path) => `a provider's key was sent to ${path}`);
  const complaint = /.*(?:internal error|uncaught|unhandled).*/i.exec(server.output())?.[0];
  if (complaint !== undefined) faults.push(`the log says: ${complaint.slice(0, 500)}`);
  const ready = await call(server.url, { path: '/readyz' }).catch(() => null);
  if (ready?.status !== 200) faults.push('the server is gone');
  return faults;
}

function report(run: { seconds: number; statuses: ReadonlyMap<number, number>; memory: readonly Memory[]; faults: readonly string[]; answered: number }): void {
  const counted = [...run.statuses].sort(([one], [other]) => one - other).map(([status, count]) => `${status}: ${count}`).join('  ');
  console.log(`${run.answered} requests${values.under === '' ? '' : ` under ${values.under}`}, seed ${seed}, ${run.seconds.toFixed(1)} s`);
  console.log(`statuses   ${counted}`);
  console.log(`alive MB   ${run.memory.map(({ alive }) => alive.toFixed(1)).join(' ')}`);
  console.log(`memory MB  ${run.memory.map(({ resident }) => resident.toFixed(0)).join(' ')}`);
  console.log(`faults     ${run.faults.length}`);
  for (const fault of run.faults.slice(0, FAULTS_SHOWN_MAX)) console.log(`  ${fault}`);
}

await main();
