/** This file kills a whole gateway under load, again and again, and looks for replies without a usage row: `npm run kill -- --rounds 50 --seed 1`. */
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { call } from '../conformance/raw-client.ts';
import type { RawReply } from '../conformance/raw-client.ts';
import { seededRandom } from '../conformance/recorded-streams.ts';
import { startReplayUpstream } from '../conformance/replay-upstream.ts';
import type { ReplayUpstream } from '../conformance/replay-upstream.ts';
import { startServer, stopServers } from '../conformance/server-under-test.ts';
import type { ServerUnderTest } from '../conformance/server-under-test.ts';

const CALLERS = 24;
/** The kill comes so long after the start of the load, in ms. */
const KILL_AFTER_MS = { min: 80, max: 900 };

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' } } });
const rounds = Number(values.rounds);
const random = seededRandom(Number(values.seed));

const CONTENT = Array.from({ length: 20 }, (_, index) => `word${index}`);
const COMPLETION = JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: CONTENT.join(' '), refusal: null }, logprobs: null, finish_reason: 'stop' }], usage: { prompt_tokens: 7, completion_tokens: 40, total_tokens: 47 } });
const eventOf = (content: string | null): string => `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: content === null ? {} : { content }, logprobs: null, finish_reason: content === null ? 'stop' : null }] })}\n\n`;
const USAGE_EVENT = 'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":40,"total_tokens":47}}\n\n';

/** What callers ask for: whole replies and streams, of the sandbox and of an upstream, with usage told and usage to be counted. */
const questions: readonly Readonly<Record<string, unknown>>[] = [
  { model: 'sandbox/chat' },
  { model: 'sandbox/chat', stream: true, sandbox: { token_ms: 1 } },
  { model: 'vllm/whole' },
  { model: 'vllm/stream', stream: true },
  { model: 'vllm/uncounted', stream: true },
];

/** A reply that was complete on the caller's side: its JSON whole, or its `[DONE]` received. */
interface Completed {
  readonly requestId: string;
  readonly model: string;
}

async function main(): Promise<void> {
  const upstream = await startReplayUpstream();
  playReplies(upstream);
  let server = await startServer({ env: { VLLM_BASE_URL: upstream.url, LOG_LEVEL: 'warn' } });
  const { dataFolder } = server;
  const completed: Completed[] = [];
  const startsMs: number[] = [];
  const faults: string[] = [];
  let cut = 0;
  for (let round = 0; round < rounds; round++) {
    cut += await loadAndKill(server, completed);
    server = await server.restart();
    startsMs.push(server.readyMs);
    faults.push(...faultsOfStore(dataFolder, completed).map((fault) => `round ${round}: ${fault}`));
    if (faults.length > 0) break;
  }
  faults.push(...await faultsOfUsage(server, completed.length));
  report({ completed: completed.length, cut, startsMs, faults });
  if (await server.stop() !== 0) faults.push('the last server did not stop with 0');
  await upstream.close();
  await stopServers();
  process.exitCode = faults.length > 0 ? 1 : 0;
}

function playReplies(upstream: ReplayUpstream): void {
  const words = CONTENT.flatMap((word) => [{ write: eventOf(`${word} `) }, { waitMs: 1 }]);
  upstream.play('whole', { headers: { 'content-type': 'application/json' }, steps: [{ write: COMPLETION }] });
  upstream.play('stream', { steps: [...words, { write: `${eventOf(null)}${USAGE_EVENT}data: [DONE]\n\n` }] });
  upstream.play('uncounted', { steps: [...words, { write: `${eventOf(null)}data: [DONE]\n\n` }] });
}

/** Lets callers ask until the kill, and gives how many calls it cut. */
async function loadAndKill(server: ServerUnderTest, completed: Completed[]): Promise<number> {
  let isOver = false;
  let cut = 0;
  const askAgain = async (caller: number): Promise<void> => {
    for (let turn = caller; !isOver; turn++) {
      const question = questions[turn % questions.length] ?? {};
      const messages = [{ role: 'user', content: `Reply with exactly: ${CONTENT.join(' ')}` }];
      const reply = await call(server.url, { path: '/v1/chat/completions', key: server.key, body: { ...question, messages } }).catch(() => null);
      if (reply && isComplete(reply)) completed.push({ requestId: reply.headers['x-request-id'] ?? 'none', model: String(question['model']) });
      else cut++;
    }
  };
  const callers = Array.from({ length: CALLERS }, (_, caller) => askAgain(caller));
  await new Promise((resolve) => { setTimeout(resolve, KILL_AFTER_MS.min + random() * (KILL_AFTER_MS.max - KILL_AFTER_MS.min)); });
  const killed = server.kill();
  isOver = true;
  await killed;
  await Promise.all(callers);
  return cut;
}

function isComplete(reply: RawReply): boolean {
  if (reply.status !== 200) return false;
  const isStream = reply.headers['content-type']?.startsWith('text/event-stream');
  return isStream ? reply.body.toString('utf8').endsWith('data: [DONE]\n\n') : reply.isWhole;
}

/** Looks into the store itself: sound, and with both rows of every completed reply, of this round and of all before. */
function faultsOfStore(dataFolder: string, completed: readonly Completed[]): string[] {
  const db = new DatabaseSync(join(dataFolder, 'interline.db'), { readOnly: true });
  const faults: string[] = [];
  const sound = db.prepare('PRAGMA integrity_check').all().map((row) => Object.values(row).join());
  if (sound.join() !== 'ok') faults.push(`integrity_check: ${sound.slice(0, 3).join('; ')}`);
  const rows = db.prepare(`SELECT u.id AS id, u.model AS model, u.outcome AS outcome, u.compl_tok AS tokens, r.status AS status
    FROM usage_event u JOIN request_log r ON r.id = u.id`).all();
  const byId = new Map(rows.map((row) => [row['id'], row]));
  for (const { requestId, model } of completed) {
    const row = byId.get(requestId);
    if (!row) faults.push(`${requestId} (${model}) was completed and has no rows`);
    else if (row['model'] !== model || row['outcome'] !== 'ok' || row['status'] !== 200 || Number(row['tokens']) === 0) faults.push(`${requestId}: its row is ${JSON.stringify(row)}`);
  }
  const halves = db.prepare(`SELECT (SELECT COUNT(*) FROM usage_event) AS usage, (SELECT COUNT(*) FROM request_log) AS log`).get();
  if (halves?.['usage'] !== halves?.['log'] || byId.size !== Number(halves?.['usage'])) faults.push(`rows without their other half: ${JSON.stringify(halves)}`);
  db.close();
  return faults.slice(0, 10);
}

/** What the API says of it all. */
async function faultsOfUsage(server: ServerUnderTest, completed: number): Promise<string[]> {
  const reply = await call(server.url, { path: '/v1/usage?limit=1', key: server.key });
  const { totals } = JSON.parse(reply.body.toString('utf8')) as { totals?: { requests: number } };
  return totals && totals.requests >= completed ? [] : [`GET /usage counts ${String(totals?.requests)} requests, completed were ${completed}`];
}

function report(run: { completed: number; cut: number; startsMs: readonly number[]; faults: readonly string[] }): void {
  const sorted = [...run.startsMs].sort((one, other) => one - other).map(Math.round);
  console.log(`${run.startsMs.length} kills, seed ${String(values.seed)}: ${run.completed} replies completed, ${run.cut} cut`);
  console.log(`start to ready after a kill, ms: median ${String(sorted[Math.floor(sorted.length / 2)])}, longest ${String(sorted.at(-1))}`);
  console.log(`faults ${run.faults.length}`);
  for (const fault of run.faults) console.log(`  ${fault}`);
}

await main();
