/** This file brings about every abnormal end of the contract's table and looks at what the caller paid. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { abnormalEnds } from '../generated/abnormal-ends.ts';
import type { AbnormalCase, AbnormalEnd } from '../generated/abnormal-ends.ts';
import type { UsageRow } from '../generated/client/types.gen.ts';
import { startPostgres, stopPostgres } from '../scripts/postgres-under-test.ts';
import { askJson, balanceOf, makePayer, pricedModel } from './payer.ts';
import type { Payer } from './payer.ts';
import { begin, call } from './raw-client.ts';
import type { RawReply, RequestParts } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { Replay, ReplayUpstream } from './replay-upstream.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerOptions, ServerUnderTest } from './server-under-test.ts';

type Case = AbnormalCase<'createChatCompletion'>;

const NANO_PER_TOKEN = 1000n;
const PRICE = { input: 1_000_000_000, output: 1_000_000_000 };
const USAGE = { prompt_tokens: 7, completion_tokens: 40, total_tokens: 47 };
const ANSWER = 47n * NANO_PER_TOKEN;
const GRANT = 1_000_000_000n;
const SILENCE_MS = 400;
const TEST_MS_MAX = 20_000;

const chunk = (more: object): string => `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], ...more })}\n\n`;
const delta = (content: string, finish: string | null = null): string => chunk({ choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: finish }] });
const completion = (content: string, usage: object | null): Replay => ({
  headers: { 'content-type': 'application/json' },
  steps: [{ write: JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' }], ...(usage ? { usage } : {}) }) }],
});
const WORDS = [{ write: delta('one ') }, { write: delta('two ') }, { write: delta('three ') }];
const failing = (status: number): Replay => ({ status, headers: { 'content-type': 'application/json' }, steps: [{ write: '{"error":{"message":"no","type":"invalid_request_error","param":null,"code":null}}' }] });

const replays: Readonly<Record<string, Replay>> = {
  whole: completion('hello', USAGE), refuses: failing(400), fails: failing(500), cut: { steps: WORDS, ending: 'cut' }, empty: completion('', { ...USAGE, completion_tokens: 0, total_tokens: 7 }),
  uncounted: completion('hello there', null), hangs: { before: [{ waitFor: 'never' }], steps: [] }, silent: { steps: [...WORDS, { waitFor: 'never' }] },
  slow: { ...completion('hello', USAGE), before: [{ waitFor: 'slow' }] }, late: { ...completion('hello', USAGE), before: [{ waitFor: 'late' }] },
};

let upstream: ReplayUpstream;
let options: ServerOptions;
let server: ServerUnderTest;
let payer: Payer;

beforeAll(async () => {
  upstream = await startReplayUpstream();
  for (const [name, replay] of Object.entries(replays)) upstream.play(name, replay);
  options = {
    env: { VLLM_BASE_URL: upstream.url },
    limits: { upstreamFirstByteMs: SILENCE_MS, upstreamIdleMs: SILENCE_MS },
    config: {
      models: [
        ...Object.keys(replays).map((name) => pricedModel(`end/${name}`, name, PRICE)),
        { ...pricedModel('end/second', 'whole', PRICE), targets: [{ provider: 'vllm', model: 'fails', price: PRICE }, { provider: 'vllm', model: 'whole', price: PRICE }] },
      ],
    },
  };
  server = await startServer(options);
  payer = await makePayer(server, { billing: 'balance', nanoUsd: GRANT });
}, TEST_MS_MAX);
afterAll(async () => {
  await upstream.close();
  await stopServers();
  await stopPostgres();
});

/** Where a request is made, and by whom. */
interface Place {
  readonly server: ServerUnderTest;
  readonly payer: Payer;
}

function parts(name: string, { payer: who }: Pick<Place, 'payer'>, more: Readonly<Record<string, unknown>> = {}, headers: Readonly<Record<string, string>> = {}): RequestParts {
  return { path: '/v1/chat/completions', key: who.key, headers, body: { model: `end/${name}`, max_tokens: 100, messages: [{ role: 'user', content: 'hello' }], ...more } };
}

const here = (): Place => ({ server, payer });
const ask = (name: string, more: Readonly<Record<string, unknown>> = {}, headers: Readonly<Record<string, string>> = {}): Promise<RawReply> => call(server.url, parts(name, here(), more, headers));

/** The row of a request; null when there is none. */
async function rowOf(requestId: string | undefined, place: Place = here()): Promise<UsageRow | null> {
  const { data } = await askJson({ url: place.server.url, key: place.payer.key }, { path: '/v1/usage?limit=100' }) as { data?: UsageRow[] };
  return data?.find((row) => row.id === requestId) ?? null;
}

const waitForRow = (requestId: string | undefined, place: Place = here()): Promise<UsageRow> => eventually(() => rowOf(requestId, place), TEST_MS_MAX / 2);

/** A gateway of its own, for cases that end it. */
async function elsewhere(more: ServerOptions = {}): Promise<Place> {
  const other = await startServer({ ...options, ...more, limits: { ...options.limits, upstreamIdleMs: 60_000, upstreamFirstByteMs: 60_000, ...more.limits }, env: { ...options.env, ...more.env } });
  return { server: other, payer: await makePayer(other, { billing: 'balance', nanoUsd: GRANT }) };
}

/** Begins a request and gives its id once the upstream has it (and, of a stream, once its events have come). */
async function beginAt(place: Place, name: string, more: { readonly stream?: boolean; readonly headers?: Readonly<Record<string, string>> } = {}) {
  const asked = upstream.requests(name).length;
  const connection = await begin(place.server.url, parts(name, place, { stream: more.stream === true }, more.headers));
  await eventually(() => (upstream.requests(name).length > asked ? true : null));
  if (more.stream !== true) return { connection, requestId: undefined };
  const head = await connection.head();
  for (let count = 0; count < WORDS.length; count++) await connection.chunk();
  return { connection, requestId: head.headers['x-request-id'] };
}

const keyed = (name: string): Readonly<Record<string, string>> => ({ 'idempotency-key': `${name}-${String(Math.trunc(performance.now() * 1000))}` });

/** What is said of the balance by the one request that a place has seen. */
async function spentAt(place: Place): Promise<bigint> {
  return GRANT - await balanceOf(place.server, place.payer.key);
}

/** The row of the only request of a place, whatever its id. */
async function onlyRow(place: Place): Promise<UsageRow | null> {
  const { data } = await askJson({ url: place.server.url, key: place.payer.key }, { path: '/v1/usage' }) as { data?: UsageRow[] };
  return data?.[0] ?? null;
}

/** Brings a case about and gives the row it left; null when it left none and cost nothing. */
const cases: Readonly<Record<Case, () => Promise<UsageRow | null>>> = {
  refused_by_gateway: async () => rowOf((await ask('nobody')).headers['x-request-id']),
  upstream_refuses: async () => rowOf((await ask('refuses')).headers['x-request-id']),
  fails_before_first_byte: async () => rowOf((await ask('fails')).headers['x-request-id']),
  fails_after_first_byte: async () => rowOf((await ask('cut', { stream: true })).headers['x-request-id']),
  answers_empty: async () => rowOf((await ask('empty')).headers['x-request-id']),
  omits_usage: async () => rowOf((await ask('uncounted')).headers['x-request-id']),
  async caller_leaves() {
    const { connection, requestId } = await beginAt(here(), 'silent', { stream: true });
    connection.leave();
    return waitForRow(requestId);
  },
  async caller_leaves_with_idempotency_key() {
    const place = await elsewhere();
    const { connection } = await beginAt(place, 'slow', { headers: keyed('leaves') });
    connection.leave();
    upstream.release('slow');
    return eventually(() => onlyRow(place));
  },
  deadline_passes_before_first_byte: async () => rowOf((await ask('hangs')).headers['x-request-id']),
  deadline_passes_after_first_byte: async () => rowOf((await ask('silent', { stream: true })).headers['x-request-id']),
  async gateway_killed_young() {
    const place = await elsewhere();
    await beginAt(place, 'hangs');
    await place.server.kill();
    const next = { ...place, server: await place.server.restart() };
    expect(await spentAt(next)).toBe(0n);
    // The very first request of a gateway holds for itself, and so leaves a row; it costs nothing.
    const row = await onlyRow(next);
    return row?.charged_nano_usd === '0' && row.counted_messages === 0 ? null : row;
  },
  async gateway_killed_noted() {
    const place = await elsewhere();
    const { requestId } = await beginAt(place, 'silent', { stream: true });
    await new Promise((resolve) => { setTimeout(resolve, NOTED_MS); });
    await place.server.kill();
    return waitForRow(requestId, { ...place, server: await place.server.restart() });
  },
  async gateway_killed_with_idempotency_key() {
    const place = await elsewhere();
    const { requestId } = await beginAt(place, 'silent', { stream: true, headers: keyed('killed') });
    await place.server.kill();
    return waitForRow(requestId, { ...place, server: await place.server.restart() });
  },
  async reply_replayed() {
    const headers = keyed('replayed');
    await ask('whole', {}, headers);
    const before = await balanceOf(server, payer.key);
    const reply = await ask('whole', {}, headers);
    expect(reply.headers['idempotency-replayed']).toBe('true');
    expect(await balanceOf(server, payer.key)).toBe(before);
    return rowOf(reply.headers['x-request-id']);
  },
  fallback_or_retry: async () => rowOf((await ask('second')).headers['x-request-id']),
  async costs_more_than_limits_hold() {
    const poor = { server, payer: await makePayer(server, { billing: 'balance', nanoUsd: 30n * NANO_PER_TOKEN }) };
    const reply = await call(server.url, parts('whole', poor, { max_tokens: 1 }));
    return rowOf(reply.headers['x-request-id'], poor);
  },
  async key_revoked() {
    const other = await askJson({ url: server.url, key: payer.key }, { path: '/v1/keys', body: { name: 'revoked' } }, 201);
    const place = { server, payer: { ...payer, key: String(other['secret']) } };
    const { requestId } = await beginAt(place, 'silent', { stream: true });
    await askJson({ url: server.url, key: payer.key }, { method: 'PATCH', path: `/v1/keys/${String(other['id'])}`, body: { revoked: true } });
    return waitForRow(requestId);
  },
  async shutdown() {
    const place = await elsewhere({ limits: { drainMs: 50 } });
    const { requestId } = await beginAt(place, 'silent', { stream: true });
    await place.server.stop();
    return waitForRow(requestId, { ...place, server: await place.server.restart() });
  },
  async shutdown_with_idempotency_key() {
    const place = await elsewhere({ limits: { drainMs: 50 } });
    const { requestId } = await beginAt(place, 'silent', { stream: true, headers: keyed('shutdown') });
    await place.server.stop();
    return waitForRow(requestId, { ...place, server: await place.server.restart() });
  },
  async store_away_before() {
    const postgres = await startPostgres();
    const place = await elsewhere({ env: { INTERLINE_DATABASE_URL: postgres.url } });
    await postgres.kill();
    const reply = await call(place.server.url, parts('whole', place));
    expect({ status: reply.status, retry: reply.headers['retry-after'] !== undefined }).toEqual({ status: 503, retry: true });
    await postgres.restart();
    expect(await eventually(() => spentAt(place).catch(() => null), TEST_MS_MAX / 2)).toBe(0n);
    return null;
  },
  async store_away_after() {
    const postgres = await startPostgres();
    const place = await elsewhere({ env: { INTERLINE_DATABASE_URL: postgres.url } });
    const { connection } = await beginAt(place, 'late');
    await postgres.kill();
    upstream.release('late');
    const reply = await connection.reply();
    expect(reply.status).toBe(200);
    await postgres.restart();
    return eventually(() => onlyRow(place).catch(() => null), TEST_MS_MAX / 2);
  },
};

/** Until a stream has been noted, and a little more. */
const NOTED_MS = 1800;

test.each(Object.keys(cases) as Case[])('%s costs what the contract says', async (name) => {
  const said: AbnormalEnd = abnormalEnds.createChatCompletion[name];
  const row = await cases[name]();
  expect({ outcome: row?.outcome ?? null, basis: row?.basis ?? 'none' }).toEqual({ outcome: said.outcome, basis: said.basis });
  const charged = BigInt(row?.charged_nano_usd ?? 0);
  switch (said.pays) {
    case 'nothing': expect({ charged, messages: row?.counted_messages ?? 0 }).toEqual({ charged: 0n, messages: 0 }); break;
    case 'answer': expect(charged).toBe(said.basis === 'counted' ? BigInt((row?.prompt_tokens ?? 0) + (row?.completion_tokens ?? 0)) * NANO_PER_TOKEN : ANSWER); break;
    case 'room': expect({ charged, overrun: BigInt(row?.overrun_nano_usd ?? 0) }).toEqual({ charged: 30n * NANO_PER_TOKEN, overrun: ANSWER - 30n * NANO_PER_TOKEN }); break;
    case 'seen':
    case 'noted':
      expect(row?.prompt_tokens).toBeGreaterThan(0);
      expect(charged).toBe(BigInt((row?.prompt_tokens ?? 0) + (row?.completion_tokens ?? 0)) * NANO_PER_TOKEN);
      expect(charged).toBeLessThan(ANSWER);
      break;
    default: return said.pays satisfies never;
  }
}, TEST_MS_MAX);
