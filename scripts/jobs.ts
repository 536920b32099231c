/** This file makes videos while gateways are killed, and looks for one that was submitted twice, charged wrong, or can't be fetched: `npm run jobs -- --jobs 200 --gateways 2 --engine postgres --seed 1`. */
import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { seededRandom } from '../conformance/recorded-streams.ts';
import { makeFolder } from '../conformance/server-under-test.ts';
import type { ServerUnderTest } from '../conformance/server-under-test.ts';
import { ask, askFor } from './money/client.ts';
import { readEngine, startFleet } from './money/fleet.ts';
import { viewPostgres, viewSqlite } from './money/ledger-view.ts';
import { startVideoUpstream, videoBytes } from './money/video-upstream.ts';
import type { Fate, VideoUpstream } from './money/video-upstream.ts';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'sqlite' },
    jobs: { type: 'string', default: '200' },
    gateways: { type: 'string', default: '1' },
    /** How often a gateway is killed while there is work. */
    kills: { type: 'string', default: '20' },
    /** Over how long the videos are asked for, in ms: the longer, the more kills find work. */
    spread: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
  },
});
const engine = readEngine(values.engine);
const jobs = Number(values.jobs);
const random = seededRandom(Number(values.seed));

const MODEL = 'jobs/video';
const NANO_PER_SECOND = 100_000_000n;
const SECONDS = [4, 8];
const GRANTED = 1_000_000_000_000n;
const KILL_EVERY_MS = { min: 200, max: 1200 };
const WAIT_MS_MAX = 180_000;
const POLL_MS = 250;
const config = {
  models: [{
    id: MODEL, name: 'Jobs', tier: 'pro', context_window: 0, max_output_tokens: null, kinds: ['video'], output_modalities: ['video'],
    video: { sizes: ['1280x720'], seconds: SECONDS, default_seconds: 4, deadline_seconds: 120 },
    targets: [{ provider: 'vllm', model: 'video', price: { input: 0, output: 0, media: { video_second: Number(NANO_PER_SECOND) } } }],
  }],
};
/** Short, so that what a dead gateway had is soon taken up. */
const limits = { jobLeaseMs: 1500, jobLookMs: 100, videoPollMs: 100, jobsAtOnceMax: 16 };

const fates = new Map<string, Fate>();

interface Asked {
  readonly prompt: string;
  readonly seconds: number;
  id: string;
}

interface Ended {
  readonly status: string;
  readonly code: string | null;
}

async function main(): Promise<void> {
  const upstream = await startVideoUpstream((prompt) => fates.get(prompt) ?? { startMs: 0, workMs: 0, end: 'refuse' });
  const media = join(makeFolder(), 'media');
  const fleet = await startFleet(engine, Number(values.gateways), { env: { VLLM_BASE_URL: upstream.url, LOG_LEVEL: 'error', INTERLINE_MEDIA: media }, config, limits });
  const servers = [...fleet.gateways];
  const { key, workspace } = await makePayer(servers);
  const faults: string[] = [];
  const wanted = Array.from({ length: jobs }, (_, index): Asked => ({ prompt: plan(index), seconds: SECONDS[index % SECONDS.length] ?? 4, id: '' }));
  const state = { isOver: false, kills: 0 };
  const killing = killNowAndThen(servers, state);
  for (const each of wanted) {
    each.id = await create(servers, key, each);
    await pause(Number(values.spread) / jobs);
  }
  const ended = await untilEnded(servers, key, wanted);
  state.isOver = true;
  await killing;
  faults.push(...await faultsOf(servers, { key, wanted, ended, upstream }));
  const [first] = servers;
  const balance = await askFor(first?.url ?? '', { path: '/v1/balance', key });
  const view = fleet.postgres ? viewPostgres(fleet.postgres.url) : viewSqlite(fleet.gateways[0]?.dataFolder ?? '');
  const rows = await view.rows();
  const charged = rows.reduce((sum, row) => sum + row.charged, 0n);
  const owed = wanted.reduce((sum, each) => sum + (ended.get(each.id)?.status === 'completed' ? BigInt(each.seconds) * NANO_PER_SECOND : 0n), 0n);
  if (charged !== owed) faults.push(`charged ${charged} of ${owed}`);
  if (JSON.stringify(balance).includes(String(GRANTED - owed)) === false) faults.push(`the balance of ${workspace} is not ${GRANTED - owed}: ${JSON.stringify(balance)}`);
  if (rows.length !== wanted.length) faults.push(`${rows.length} usage rows of ${wanted.length} jobs`);
  faults.push(...await view.soundness());
  await view.close();
  const check = await askFor(first?.url ?? '', { path: '/v1/admin/ledger/check', key: fleet.key });
  if (check['ok'] !== true) faults.push(`the ledger breaks a promise: ${JSON.stringify(check).slice(0, 500)}`);
  report({ ended, faults, kills: state.kills, upstream });
  for (const server of servers) await server.stop();
  await fleet.postgres?.stop();
  await upstream.close();
  process.exitCode = faults.length > 0 ? 1 : 0;
}

/** Decides the fate of the next video and names it. */
function plan(index: number): string {
  const prompt = `video number ${index}`;
  const dice = random();
  const end = dice < 0.1 ? 'fail' : dice < 0.15 ? 'refuse' : dice < 0.18 ? 'vanish' : 'complete';
  fates.set(prompt, { startMs: Math.floor(random() * 150), workMs: Math.floor(random() * 2500), end });
  return prompt;
}

async function makePayer(servers: readonly ServerUnderTest[]): Promise<{ key: string; workspace: string }> {
  const [first] = servers;
  const admin = (path: string, body: unknown): Promise<Record<string, unknown>> => askFor(first?.url ?? '', { path: `/v1${path}`, key: first?.key ?? '', body }, 201);
  const user = await admin('/admin/users', { name: 'payer' });
  const workspace = await admin('/admin/workspaces', { name: 'payer', owner: user['id'], plan: 'unlimited', billing: 'balance' });
  const made = await admin('/admin/keys', { name: 'payer', user: user['id'], workspace: workspace['id'], scopes: ['inference', 'management'] });
  await admin('/admin/ledger/grants', { workspace: workspace['id'], amount_nano_usd: String(GRANTED) });
  return { key: String(made['secret']), workspace: String(workspace['id']) };
}

/** Asks until somebody answers; the idempotency key makes it one video however often it is asked. */
async function create(servers: readonly ServerUnderTest[], key: string, { prompt, seconds }: Asked): Promise<string> {
  for (let turn = 0; ; turn++) {
    const server = servers[turn % servers.length];
    const answer = await ask(server?.url ?? '', { path: '/v1/videos', key, body: { model: MODEL, prompt, seconds }, headers: { 'idempotency-key': prompt.replaceAll(' ', '-') } });
    if (answer.status === 200) return String((JSON.parse(answer.text) as { id: string }).id);
    if (answer.status !== 0 && answer.status !== 503) throw new Error(`a video was answered ${answer.status}: ${answer.text.slice(0, 300)}`);
    await pause(20);
  }
}

async function killNowAndThen(servers: ServerUnderTest[], state: { isOver: boolean; kills: number }): Promise<void> {
  while (!state.isOver && state.kills < Number(values.kills)) {
    await pause(KILL_EVERY_MS.min + random() * (KILL_EVERY_MS.max - KILL_EVERY_MS.min));
    const at = Math.floor(random() * servers.length);
    const victim = servers[at];
    if (!victim || state.isOver) return;
    await victim.kill();
    servers[at] = await victim.restart();
    state.kills++;
  }
}

async function untilEnded(servers: readonly ServerUnderTest[], key: string, wanted: readonly Asked[]): Promise<Map<string, Ended>> {
  const ended = new Map<string, Ended>();
  const progress = new Map<string, number>();
  for (const deadline = performance.now() + WAIT_MS_MAX; ended.size < wanted.length && performance.now() < deadline;) {
    for (const { id } of wanted) {
      if (ended.has(id)) continue;
      const answer = await ask(servers[Math.floor(random() * servers.length)]?.url ?? '', { path: `/v1/videos/${id}`, key });
      if (answer.status !== 200) continue;
      const video = JSON.parse(answer.text) as { status: string; progress: number; error: { code: string } | null };
      if (video.progress < (progress.get(id) ?? 0)) throw new Error(`${id} went back from ${progress.get(id) ?? 0} to ${video.progress} %`);
      progress.set(id, video.progress);
      if (video.status === 'completed' || video.status === 'failed') ended.set(id, { status: video.status, code: video.error?.code ?? null });
    }
    await pause(POLL_MS);
  }
  return ended;
}

async function faultsOf(servers: readonly ServerUnderTest[], { key, wanted, ended, upstream }: { key: string; wanted: readonly Asked[]; ended: ReadonlyMap<string, Ended>; upstream: VideoUpstream }): Promise<string[]> {
  const faults: string[] = [];
  for (const { id, prompt } of wanted) {
    const end = ended.get(id);
    const times = upstream.submitted.get(prompt) ?? 0;
    if (times > 1) faults.push(`${prompt} was submitted ${times} times`);
    if (!end) { faults.push(`${prompt} (${id}) has not ended`); continue; }
    const fate = fates.get(prompt)?.end;
    if (end.status === 'completed' && fate !== 'complete') faults.push(`${prompt} was to ${fate ?? ''} and is completed`);
    if (end.status === 'completed') {
      const answer = await ask(servers[0]?.url ?? '', { path: `/v1/videos/${id}/content`, key, headers: { range: 'bytes=0-99' } });
      const whole = await fetch(`${servers[0]?.url ?? ''}/v1/videos/${id}/content`, { headers: { authorization: `Bearer ${key}` } });
      const bytes = Buffer.from(await whole.arrayBuffer());
      if (answer.status !== 206 || !bytes.equals(videoBytes(prompt))) faults.push(`${prompt} (${id}) can not be fetched: ${answer.status}, ${bytes.length} bytes`);
    } else if (fate === 'complete' && end.code !== 'upstream_error') {
      // Only what was killed while it was handed over may fail.
      faults.push(`${prompt} (${id}) failed with ${end.code ?? 'nothing'}`);
    }
  }
  return faults;
}

function report({ ended, faults, kills, upstream }: { ended: ReadonlyMap<string, Ended>; faults: readonly string[]; kills: number; upstream: VideoUpstream }): void {
  const codes = new Map<string, number>();
  for (const { status, code } of ended.values()) codes.set(code ?? status, (codes.get(code ?? status) ?? 0) + 1);
  console.log(`${engine}, ${values.gateways} gateway(s), seed ${values.seed}: ${jobs} jobs, ${kills} kills, ${[...upstream.submitted.values()].reduce((sum, each) => sum + each, 0)} submitted`);
  console.log([...codes].map(([code, count]) => `  ${code}: ${count}`).join('\n'));
  for (const fault of faults) console.log(`FAULT: ${fault}`);
  console.log(faults.length === 0 ? 'no fault' : `${faults.length} faults`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}

await main();
