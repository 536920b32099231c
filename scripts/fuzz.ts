/** This file sends mutated requests to a live gateway and watches that it neither breaks, leaks nor forgets its manners: `npm run fuzz -- --requests 10000 --seed 1 --under /audio`. */
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { PIXEL } from '../conformance/image-requests.ts';
import { faultOfSchema } from '../conformance/judges.ts';
import { makeMutant } from '../conformance/mutants.ts';
import type { Mutant } from '../conformance/mutants.ts';
import { call, open } from '../conformance/raw-client.ts';
import type { RawReply } from '../conformance/raw-client.ts';
import { startReplayUpstream } from '../conformance/replay-upstream.ts';
import type { Replay } from '../conformance/replay-upstream.ts';
import { startServer, stopServers } from '../conformance/server-under-test.ts';
import type { ServerUnderTest } from '../conformance/server-under-test.ts';

const CONNECTIONS = 8;
const ANSWER_MS_MAX = 10_000;
const FAULTS_SHOWN_MAX = 20;
const MEGABYTE = 1024 * 1024;
/** So much higher the second half's peak may be than the first half's and still count as flat, in MB: what one collection takes back. */
const GROWTH_MEGABYTES_MAX = 24;

const { values } = parseArgs({ options: { requests: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' }, only: { type: 'string' }, under: { type: 'string', default: '' } } });
const total = Number(values.requests);
const seed = Number(values.seed);

const COMPLETION = JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: 'Hi', refusal: null }, logprobs: null, finish_reason: 'stop' }], usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 } });
const STREAM = 'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hi"},"logprobs":null,"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
const VECTORS = JSON.stringify({ object: 'list', model: 'm', data: [{ object: 'embedding', index: 0, embedding: [0.5, 1] }], usage: { prompt_tokens: 1, total_tokens: 1 } });
const IMAGES = JSON.stringify({ created: 1, data: [{ b64_json: PIXEL.toString('base64') }] });
const DRAWN = `data: {"type":"image_generation.completed","b64_json":"${PIXEL.toString('base64')}"}\n\n`;
const TRANSCRIPT = 'data: {"type":"transcript.text.done","text":"Hi"}\n\n';
const SOUNDS = 'data: {"type":"speech.audio.delta","audio":"SUQz"}\n\ndata: {"type":"speech.audio.done"}\n\n';

async function main(): Promise<void> {
  const upstream = await startReplayUpstream();
  upstream.play('fuzz', replayTo);
  upstream.play('fuzz-image', (body) => (/"stream"\s*:\s*true|name="stream"\r\n\r\ntrue/.test(body)
    ? { steps: [{ write: DRAWN }] }
    : { headers: { 'content-type': 'application/json' }, steps: [{ write: IMAGES }] }));
  upstream.play('fuzz-vectors', { headers: { 'content-type': 'application/json' }, steps: [{ write: VECTORS }] });
  const server = await startServer({ env: { VLLM_BASE_URL: upstream.url, LOG_LEVEL: 'warn' }, limits: { clientHeadersTimeoutMs: 1000, clientRequestTimeoutMs: 2000, connectionsCheckingIntervalMs: 100 } });
  const faults: string[] = [];
  const statuses = new Map<number, number>();
  const memory: number[] = [];
  let next = 0;
  const indexes = values.only === undefined ? Array.from({ length: total }, (_, index) => index) : values.only.split(',').map(Number);
  const work = async (): Promise<void> => {
    for (let at = next++; at < indexes.length; at = next++) {
      if (at % Math.ceil(indexes.length / 20) === 0) memory.push(residentMegabytes(server));
      const mutant = makeMutant(seed, indexes[at] ?? 0, { key: server.key, under: values.under });
      const reply = await answer(server.url, mutant);
      const fault = typeof reply === 'string' ? reply : faultOf(mutant, reply);
      if (typeof reply !== 'string') statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
      if (fault !== null) faults.push(`${mutant.label}: ${fault}\n    ${JSON.stringify(mutant.bytes.toString('latin1').slice(0, 600))}`);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  const seconds = (performance.now() - startedAt) / 1000;
  memory.push(residentMegabytes(server));
  faults.push(...await faultsOfServer(server, memory));
  report({ seconds, statuses, memory, faults, answered: indexes.length });
  await server.stop();
  await upstream.close();
  await stopServers();
  process.exitCode = faults.length > 0 ? 1 : 0;
}

/** A good reply to whatever is asked: a form is a transcription, what has a voice a speech, the rest a chat. */
function replayTo(body: string): Replay {
  const isForm = body.startsWith('--');
  const isStream = isForm ? /name="stream"\r\n\r\ntrue/.test(body) : /"stream"\s*:\s*true|"stream_format"\s*:\s*"sse"/.test(body);
  if (isForm && body.includes('name="prompt"') && !body.includes('RIFF')) return isStream ? { steps: [{ write: DRAWN }] } : { headers: { 'content-type': 'application/json' }, steps: [{ write: IMAGES }] };
  const isSpeech = !isForm && !body.includes('"messages"');
  if (isStream) return { steps: [{ write: isForm ? TRANSCRIPT : isSpeech ? SOUNDS : STREAM }] };
  if (isSpeech) return { headers: { 'content-type': 'audio/mpeg' }, steps: [{ write: 'ID3' }] };
  return { headers: { 'content-type': 'application/json' }, steps: [{ write: isForm ? '{"text":"Hi"}' : COMPLETION }] };
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

function residentMegabytes(server: ServerUnderTest): number {
  const file = `/proc/${server.pid}/status`;
  const kilobytes = existsSync(file) ? /VmRSS:\s+(\d+) kB/.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
  return kilobytes === undefined ? 0 : Math.round(Number(kilobytes) * 1024 / MEGABYTE);
}

/** It must still be the same process, idle again, no larger, and have nothing to complain of. */
async function faultsOfServer(server: ServerUnderTest, memory: readonly number[]): Promise<string[]> {
  const faults: string[] = [];
  // Peaks, not ends: memory rises until it is collected, and where in that saw a run happens to end says nothing.
  const middle = Math.ceil(memory.length / 2);
  const [before, after] = [Math.max(...memory.slice(0, middle)), Math.max(...memory.slice(middle))];
  if (after - before > GROWTH_MEGABYTES_MAX) faults.push(`memory peaked at ${before} MB in the first half and at ${after} MB in the second`);
  const complaint = /.*(?:internal error|uncaught|unhandled).*/i.exec(server.output())?.[0];
  if (complaint !== undefined) faults.push(`the log says: ${complaint.slice(0, 500)}`);
  const ready = await call(server.url, { path: '/readyz' }).catch(() => null);
  if (ready?.status !== 200) faults.push('the server is gone');
  return faults;
}

function report(run: { seconds: number; statuses: ReadonlyMap<number, number>; memory: readonly number[]; faults: readonly string[]; answered: number }): void {
  const counted = [...run.statuses].sort(([one], [other]) => one - other).map(([status, count]) => `${status}: ${count}`).join('  ');
  console.log(`${run.answered} requests, seed ${seed}, ${run.seconds.toFixed(1)} s`);
  console.log(`statuses   ${counted}`);
  console.log(`memory MB  ${run.memory.join(' ')}`);
  console.log(`faults     ${run.faults.length}`);
  for (const fault of run.faults.slice(0, FAULTS_SHOWN_MAX)) console.log(`  ${fault}`);
}

await main();
