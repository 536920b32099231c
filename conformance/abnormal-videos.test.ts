/** This file brings about every abnormal end of a video that the contract names, and looks at what its workspace paid. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { abnormalEnds } from '../generated/abnormal-ends.ts';
import type { AbnormalCase, AbnormalEnd } from '../generated/abnormal-ends.ts';
import type { UsageRow } from '../generated/client/types.gen.ts';
import { startPostgres, stopPostgres } from '../scripts/postgres-under-test.ts';
import { startVideoUpstream } from '../scripts/money/video-upstream.ts';
import type { Fate, VideoUpstream } from '../scripts/money/video-upstream.ts';
import { GRANT, TEST_MS_MAX, once, onlyRow, rowOf, spentAt } from './abnormal-stage.ts';
import type { Purse } from './abnormal-stage.ts';
import { askJson, makePayer } from './payer.ts';
import { begin, call } from './raw-client.ts';
import type { RawReply, RequestParts } from './raw-client.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerOptions, ServerUnderTest } from './server-under-test.ts';

type Case = AbnormalCase<'createVideo'>;

const NANO_PER_SECOND = 100_000_000n;
const SECONDS = 4;
const ANSWER = BigInt(SECONDS) * NANO_PER_SECOND;
/** Long enough to be met while it is made. */
const WORK_MS = 1200;

const model = (id: string, deadlineSeconds: number): object => ({
  id, name: id, tier: 'pro', context_window: 0, max_output_tokens: null, kinds: ['video'], output_modalities: ['video'],
  video: { sizes: ['1280x720'], seconds: [SECONDS], default_seconds: SECONDS, deadline_seconds: deadlineSeconds },
  targets: [{ provider: 'vllm', model: 'video', price: { input: 0, output: 0, media: { video_second: Number(NANO_PER_SECOND) } } }],
});

const fates = new Map<string, Fate>();
let upstream: VideoUpstream;
let options: ServerOptions;
let server: ServerUnderTest;
/** Begun first, because its deadline is the longest wait of all. */
let endless: Purse;

beforeAll(async () => {
  upstream = await startVideoUpstream((prompt) => fates.get(prompt) ?? { startMs: 0, workMs: 100, end: 'complete' });
  options = { env: { VLLM_BASE_URL: upstream.url }, limits: { videoPollMs: 50, jobLookMs: 50, jobLeaseMs: 800 }, config: { models: [model('end/video', 60), model('end/brief', 10)] } };
  server = await startServer(options);
  endless = await purseAt(server);
  await create(endless, 'endless', { workMs: 10_000_000 }, { model: 'end/brief' });
}, TEST_MS_MAX);
afterAll(async () => {
  await stopServers();
  await upstream.close();
  await stopPostgres();
});

async function purseAt(at: ServerUnderTest, nanoUsd = GRANT): Promise<Purse> {
  return { server: at, payer: await makePayer(at, { billing: 'balance', nanoUsd }) };
}

/** A request for a video that fares as told. */
function asked({ payer }: Purse, prompt: string, fate: Partial<Fate> = {}, more: object = {}): RequestParts {
  fates.set(prompt, { startMs: 0, workMs: 100, end: 'complete', ...fate });
  return { path: '/v1/videos', key: payer.key, body: { model: 'end/video', prompt, ...more } };
}

async function create(purse: Purse, prompt: string, fate: Partial<Fate> = {}, more: object = {}): Promise<string> {
  return String((await askJson({ url: purse.server.url, key: purse.payer.key }, asked(purse, prompt, fate, more)))['id']);
}

/** Waits until the provider works on it, and the gateway knows. */
async function untilBegun({ server: { url }, payer: { key } }: Purse, id: string): Promise<void> {
  await eventually(async () => ((await askJson({ url, key }, { path: `/v1/videos/${id}` }))['status'] === 'in_progress' ? true : null));
}

/** The row of a video that fares as told, made by somebody who makes no other. */
async function rowOfFate(prompt: string, fate: Partial<Fate>): Promise<UsageRow> {
  const purse = await purseAt(server);
  await create(purse, prompt, fate);
  return onlyRow(purse);
}

/** The row of a video over whose making its gateway ends, in some way, and is started again. */
async function rowOfRestarted(prompt: string, end: (dying: ServerUnderTest) => Promise<unknown>): Promise<UsageRow> {
  const dying = await startServer(options);
  const purse = await purseAt(dying);
  await untilBegun(purse, await create(purse, prompt, { workMs: WORK_MS }));
  await end(dying);
  const row = await onlyRow({ ...purse, server: await dying.restart() });
  expect(upstream.submitted.get(prompt)).toBe(1);
  return row;
}

/** A gateway whose database goes away while a video is made, and comes back. */
const forsaken = once(async () => {
  const postgres = await startPostgres();
  const lonely = await startServer({ ...options, env: { ...options.env, INTERLINE_DATABASE_URL: postgres.url } });
  const [before, after] = [await purseAt(lonely), await purseAt(lonely)];
  await untilBegun(after, await create(after, 'forsaken', { workMs: WORK_MS }));
  await postgres.kill();
  const refused: RawReply = await call(lonely.url, asked(before, 'refused by nobody'));
  await postgres.restart();
  return { before, after, refused };
});

/** Brings a case about and gives the row it left; null when it left none and cost nothing. */
const cases: Readonly<Record<Case, () => Promise<UsageRow | null>>> = {
  async refused_by_gateway() {
    const purse = await purseAt(server, ANSWER - 1n);
    const reply = await call(server.url, asked(purse, 'too dear'));
    expect(upstream.submitted.get('too dear')).toBeUndefined();
    return rowOf(purse, reply.headers['x-request-id']);
  },
  provider_refuses: () => rowOfFate('refused', { end: 'refuse' }),
  provider_fails: () => rowOfFate('failed', { end: 'fail' }),
  answers_empty: () => rowOfFate('blank', { end: 'blank' }),
  omits_usage: () => rowOfFate('longer', { end: 'longer' }),
  fails_for_a_while: () => rowOfFate('stumbles', { end: 'stumble' }),
  async caller_leaves() {
    const purse = await purseAt(server);
    const owner = { url: server.url, key: purse.payer.key };
    const other = await askJson(owner, { path: '/v1/keys', body: { name: 'revoked' } }, 201);
    const open = await begin(server.url, { ...asked(purse, 'left alone', { workMs: WORK_MS }), key: String(other['secret']) });
    await eventually(() => upstream.submitted.get('left alone') ?? null);
    open.leave();
    await askJson(owner, { method: 'PATCH', path: `/v1/keys/${String(other['id'])}`, body: { revoked: true } });
    return onlyRow(purse);
  },
  handed_over_in_doubt: () => rowOfFate('vanished', { end: 'vanish' }),
  gateway_killed: () => rowOfRestarted('killed', (dying) => dying.kill()),
  shutdown: () => rowOfRestarted('stopped', (dying) => dying.stop()),
  async deleted_before() {
    const purse = await purseAt(server);
    const id = await create(purse, 'busy', { startMs: 300, end: 'busy' });
    // It is deleted while it is offered; the provider does not take it, and is not offered it again.
    await eventually(() => upstream.submitted.get('busy') ?? null);
    await askJson({ url: server.url, key: purse.payer.key }, { method: 'DELETE', path: `/v1/videos/${id}` });
    const row = await onlyRow(purse);
    expect(upstream.submitted.get('busy')).toBe(1);
    return row;
  },
  async deleted_meanwhile() {
    const purse = await purseAt(server);
    const id = await create(purse, 'deleted', { workMs: WORK_MS });
    await untilBegun(purse, id);
    await askJson({ url: server.url, key: purse.payer.key }, { method: 'DELETE', path: `/v1/videos/${id}` });
    return onlyRow(purse);
  },
  async reply_replayed() {
    const purse = await purseAt(server);
    const twice: RequestParts = { ...asked(purse, 'once'), headers: { 'idempotency-key': 'once' } };
    await call(server.url, twice);
    await onlyRow(purse);
    const reply = await call(server.url, twice);
    expect(reply.headers['idempotency-replayed']).toBe('true');
    expect({ spent: await spentAt(purse), submitted: upstream.submitted.get('once') }).toEqual({ spent: ANSWER, submitted: 1 });
    return rowOf(purse, reply.headers['x-request-id']);
  },
  async store_away_before() {
    const { before, refused } = await forsaken();
    expect({ status: refused.status, retry: refused.headers['retry-after'] !== undefined }).toEqual({ status: 503, retry: true });
    expect(await spentAt(before)).toBe(0n);
    return null;
  },
  store_away_after: async () => onlyRow((await forsaken()).after),
  deadline_passes: () => onlyRow(endless),
};

test.each(Object.keys(cases) as Case[])('%s costs what the contract says', async (name) => {
  const said: AbnormalEnd = abnormalEnds.createVideo[name];
  const row = await cases[name]();
  expect({ outcome: row?.outcome ?? null, basis: row?.basis ?? 'none' }).toEqual({ outcome: said.outcome, basis: said.basis });
  expect({ charged: BigInt(row?.charged_nano_usd ?? 0), messages: row?.counted_messages ?? 0 })
    .toEqual(said.pays === 'nothing' ? { charged: 0n, messages: 0 } : { charged: ANSWER, messages: SECONDS });
}, TEST_MS_MAX);
