/** This file checks the reply cache over real sockets: what is given again, to whom, for how long, and what it costs. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Receipt, RequestRow } from '../generated/client/types.gen.ts';
import { startPostgres, stopPostgres } from '../scripts/postgres-under-test.ts';
import type { PostgresUnderTest } from '../scripts/postgres-under-test.ts';
import { askJson, balanceOf, makePayer, pricedModel } from './payer.ts';
import type { Payer, PayerOptions } from './payer.ts';
import { call } from './raw-client.ts';
import type { RawReply, RequestParts } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { Replay, ReplayUpstream } from './replay-upstream.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const TEST_MS_MAX = 60_000;
/** Nano-USD a token. */
const PRICE = 1000n;
const GRANT = 1_000_000_000n;
const USAGE = { prompt_tokens: 7, completion_tokens: 40, total_tokens: 47 };
const COST = 47n * PRICE;
const MODELS = ['one', 'two', 'vectors'];

let upstream: ReplayUpstream;
let postgres: PostgresUnderTest;
beforeAll(async () => {
  upstream = await startReplayUpstream();
  postgres = await startPostgres();
}, TEST_MS_MAX);
afterAll(async () => {
  await upstream.close();
  await stopServers();
  await stopPostgres();
});

let answers = 0;
const json = (body: unknown): Replay => ({ headers: { 'content-type': 'application/json' }, steps: [{ write: JSON.stringify(body) }] });
const event = (body: unknown): { write: string } => ({ write: `data: ${JSON.stringify(body)}\n\n` });
/** Every answer is another one: what is the same was given again. */
function answerWith(finish: string, body: string): Replay {
  const id = `chatcmpl-${++answers}`;
  if (body.includes('"input"')) return json({ object: 'list', data: [{ object: 'embedding', index: 0, embedding: [answers] }], model: 'vectors', usage: { prompt_tokens: 7, total_tokens: 7 } });
  const content = `answer ${answers}, naïve 💡`;
  const choice = (delta: object, reason: string | null): object => ({ id, object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }] });
  if (!body.includes('"stream":true')) return json({ id, object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: finish }], usage: USAGE });
  return { steps: [{ write: ': thinking\n\n' }, event(choice({ role: 'assistant', content }, null)), event(choice({}, finish)), event({ id, object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage: USAGE }), { write: 'data: [DONE]\n\n' }] };
}
const answer = (body: string): Replay => answerWith('stop', body);
const asked = (): number => MODELS.reduce((sum, name) => sum + upstream.requests(name).length, 0);
const config = {
  models: [
    ...['one', 'two'].map((name) => pricedModel(`m/${name}`, name, { input: Number(PRICE) * 1_000_000, output: Number(PRICE) * 1_000_000 })),
    { ...pricedModel('m/vectors', 'vectors', { input: Number(PRICE) * 1_000_000, output: 0 }), kinds: ['embeddings'] },
  ],
  routes: ['both', 'edited'].map((id) => ({ id, description: id, targets: ['m/one', 'm/two'] })),
};
const plan = (percent: number | undefined): object => ({
  name: 'Cached', ...(percent === undefined ? {} : { cached_reply_percent: percent }),
  tiers: { basic: { allowed: true, messages_per_day: null }, pro: { allowed: true, messages_per_day: 5 }, ultimate: { allowed: false, messages_per_day: 0 } },
});

describe.each(['SQLite', 'PostgreSQL'])('the reply cache on %s', (engine) => {
  let server: ServerUnderTest;
  let me: Payer;
  let env: Record<string, string>;
  beforeAll(async () => {
    env = { VLLM_BASE_URL: upstream.url, ...(engine === 'SQLite' ? {} : { INTERLINE_DATABASE_URL: await postgres.makeDatabase() }) };
    server = await startServer({ env, config });
  }, TEST_MS_MAX);
  beforeEach(async () => {
    for (const name of MODELS) {
      upstream.forget(name);
      upstream.play(name, answer);
    }
    me = await payer({ billing: 'balance', nanoUsd: GRANT });
  }, TEST_MS_MAX);
  afterAll(async () => { await server.kill(); });

  /** A workspace that has the cache on. */
  async function payer(options: PayerOptions = {}, setting: Readonly<Record<string, unknown>> = {}): Promise<Payer> {
    const made = await makePayer(server, options);
    await set(made, { enabled: true, ...setting });
    return made;
  }
  async function set(who: Payer, setting: Readonly<Record<string, unknown>>): Promise<void> {
    await askJson({ url: server.url, key: who.key }, { method: 'PATCH', path: `/v1/workspaces/${who.workspace}`, body: { reply_cache: setting } });
  }
  const chatBody = (more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({ model: 'm/one', max_tokens: 100, messages: [{ role: 'user', content: 'hello' }], ...more });
  const ask = (more: Readonly<Record<string, unknown>> = {}, parts: Partial<RequestParts> = {}): Promise<RawReply> => call(server.url, { path: '/v1/chat/completions', key: me.key, body: chatBody(more), ...parts });
  const stateOf = (reply: RawReply): string | undefined => reply.headers['x-interline-cache'];
  const text = (reply: RawReply): string => reply.body.toString('utf8');
  const codeOf = (reply: RawReply): unknown => (JSON.parse(text(reply)) as { error: { code: string } }).error.code;
  const cacheOf = (who: Payer): Promise<Record<string, unknown>> => askJson({ url: server.url, key: who.key }, { path: `/v1/workspaces/${who.workspace}/cache` });
  /** Asks again once what was answered is kept, which is a while after. */
  const hit = async (again: () => Promise<RawReply>, { who = me, count = 1 } = {}): Promise<RawReply> => {
    await eventually(async () => (Number((await cacheOf(who))['count']) >= count ? true : null));
    const reply = await again();
    expect(stateOf(reply)).toBe('hit');
    return reply;
  };
  const rowOf = async (reply: RawReply, who = me): Promise<RequestRow> => {
    const { data } = await askJson({ url: server.url, key: who.key }, { path: '/v1/requests?limit=100' }) as unknown as { data: RequestRow[] };
    return data.find(({ id }) => id === reply.headers['x-request-id']) ?? (() => { throw new Error('no row'); })();
  };

  test('gives the same answer again, for nothing, and says so', async () => {
    const first = await ask();
    expect([first.status, stateOf(first), first.headers['x-interline-cache-age']]).toEqual([200, 'miss', undefined]);
    const again = await hit(() => ask());
    expect(text(again)).toBe(text(first));
    expect(again.headers).toMatchObject({ 'content-type': first.headers['content-type'], 'x-interline-target': 'vllm/one', 'x-interline-cache-age': expect.stringMatching(/^\d$/) as unknown });
    expect(again.headers['x-interline-attempts']).toBeUndefined();
    expect(again.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    // Written otherwise, it is the same.
    const shuffled = Buffer.from('{"messages":[{"content":"h\\u0065llo", "role":"user"}], "max_tokens":100.0, "model":"m/one"}');
    expect(stateOf(await ask({}, { body: shuffled }))).toBe('hit');
    expect(asked()).toBe(1);
    expect(await balanceOf(server, me.key)).toBe(GRANT - COST);
    expect(await rowOf(first)).toMatchObject({ cache: 'miss', outcome: 'ok', cost_nano_usd: String(COST), counted_messages: 1 });
    expect(await rowOf(again)).toMatchObject({
      cache: 'hit', outcome: 'ok', model: 'm/one', target: 'vllm/one', attempts: [], cost_nano_usd: '0', charged_nano_usd: '0', counted_messages: 0, prompt_tokens: 7, completion_tokens: 40, upstream_id: (JSON.parse(text(first)) as { id: string }).id,
    });
    const receipt = await askJson({ url: server.url, key: me.key }, { path: `/v1/requests/${again.headers['x-request-id'] ?? ''}` }) as unknown as Receipt;
    expect(receipt).toMatchObject({ basis: 'cached', payer: 'balance', transfers: [], messages: { counted_messages: 0 } });
    const hits = await askJson({ url: server.url, key: me.key }, { path: '/v1/requests?cache=hit' }) as unknown as { data: RequestRow[] };
    expect(hits.data.map(({ cache }) => cache)).toEqual(['hit', 'hit']);
    const metrics = text(await call(server.url, { path: '/metrics' }));
    expect(metrics).toContain('interline_reply_cache_total{operation="createChatCompletion",state="hit"} 2');
    expect(metrics).toContain('interline_prompt_tokens_total{operation="createChatCompletion",provider="vllm",outcome="ok"} 7');
    expect((await askJson(server, { path: '/v1/admin/ledger/check' }))).toMatchObject({ violations: [] });
  }, TEST_MS_MAX);

  test('has another answer for everything that is another question', async () => {
    const same = await ask();
    await hit(() => ask());
    const others: Record<string, unknown>[] = [
      { max_tokens: 101 }, { temperature: 0 }, { temperature: 0.5 }, { messages: [{ role: 'user', content: 'hello ' }] }, { messages: [{ role: 'system', content: 'hello' }] },
      { model: 'm/two' }, { model: 'both' }, { user: 'somebody' }, { metadata: { a: 'b' } }, { stream: true }, { stream: true, stream_options: { include_usage: true } }, { seed: 1 },
    ];
    for (const other of others) expect([other, stateOf(await ask(other))]).toEqual([other, 'miss']);
    expect(stateOf(await ask({}, { headers: { 'x-interline-strict': 'true' } }))).toBe('miss');
    expect(stateOf(await ask({}, { headers: { 'x-interline-target': 'vllm/one' } }))).toBe('miss');
    expect(text(await ask())).toBe(text(same));
  }, TEST_MS_MAX);

  test('can be passed by, and written anew', async () => {
    const first = await ask();
    await hit(() => ask());
    const passed = await ask({}, { headers: { 'x-interline-cache': 'bypass' } });
    expect([stateOf(passed), text(passed) === text(first)]).toEqual(['bypass', false]);
    expect(text(await ask())).toBe(text(first));
    expect((await rowOf(passed)).cache).toBe('bypass');
    const fresh = await ask({}, { headers: { 'x-interline-cache': 'refresh' } });
    expect([stateOf(fresh), text(fresh) === text(first)]).toEqual(['bypass', false]);
    await eventually(async () => (text(await ask()) === text(fresh) ? true : null));
    for (const headers of [{ 'x-interline-cache': 'perhaps' }, { 'x-interline-cache-ttl': '0' }, { 'x-interline-cache-ttl': '9999999' }, { 'x-interline-cache-ttl': 'x' }]) {
      expect([headers, (await ask({}, { headers })).status]).toEqual([headers, 400]);
    }
    expect((await ask({ store: true })).headers['x-interline-cache']).toBe('bypass');
  }, TEST_MS_MAX);

  test('forgets what is too old, keeps nothing too large, and can be emptied', async () => {
    const first = await ask();
    await hit(() => ask());
    await eventually(async () => (stateOf(await ask({}, { headers: { 'x-interline-cache-ttl': '1' } })) === 'miss' ? true : null));
    await eventually(async () => (text(await ask()) === text(first) ? null : true));
    await set(me, { ttl_seconds: 1 });
    await eventually(async () => (stateOf(await ask()) === 'miss' ? true : null));
    await set(me, { ttl_seconds: 3600, reply_bytes_max: 50 });
    const before = asked();
    for (let index = 0; index < 3; index++) expect(stateOf(await ask({ seed: 2 }))).toBe('miss');
    expect(asked()).toBe(before + 3);
    await set(me, { reply_bytes_max: 10_000 });
    await ask({ seed: 3 });
    await hit(() => ask({ seed: 3 }), { count: 2 });
    const path = `/v1/workspaces/${me.workspace}/cache`;
    expect(Number((await askJson({ url: server.url, key: me.key }, { method: 'DELETE', path }))['count'])).toBeGreaterThan(0);
    expect(stateOf(await ask({ seed: 3 }))).toBe('miss');
    await set(me, { enabled: false });
    expect(stateOf(await ask({ seed: 3 }))).toBeUndefined();
    expect((await rowOf(await ask({ seed: 3 }, { headers: { 'x-interline-cache': 'nonsense' } }))).cache).toBeNull();
  }, TEST_MS_MAX);

  test('gives the oldest away when there is no more room', async () => {
    await ask({ seed: 1 });
    await hit(() => ask({ seed: 1 }));
    await set(me, { bytes_max: 1000 });
    await ask({ seed: 2 });
    await eventually(async () => (stateOf(await ask({ seed: 2 })) === 'hit' ? true : null));
    expect(stateOf(await ask({ seed: 1 }, { headers: { 'x-interline-cache': 'use' } }))).toBe('miss');
  }, TEST_MS_MAX);

  test('is nobody else’s: not another workspace’s, nor a key’s that may not call the model', async () => {
    const first = await ask({ model: 'both' });
    await hit(() => ask({ model: 'both' }));
    await ask();
    await hit(() => ask(), { count: 2 });
    const other = await payer({ billing: 'balance', nanoUsd: GRANT });
    expect(stateOf(await ask({}, { key: other.key }))).toBe('miss');
    expect(stateOf(await ask({ model: 'both' }, { key: other.key }))).toBe('miss');
    const { secret } = await askJson({ url: server.url, key: me.key }, { path: '/v1/keys', body: { name: 'limited', models: ['m/two'] } }, 201);
    const refused = await ask({}, { key: String(secret) });
    expect([refused.status, codeOf(refused)]).toEqual([403, 'model_not_allowed']);
    const route = await ask({ model: 'both' }, { key: String(secret) });
    expect([stateOf(route), route.headers['x-interline-target'], text(route) === text(first)]).toEqual(['miss', 'vllm/two', false]);
  }, TEST_MS_MAX);

  test('gives no answer of yesterday’s model after a route was edited', async () => {
    const first = await ask({ model: 'edited' });
    expect((await hit(() => ask({ model: 'edited' }))).headers).toMatchObject({ 'x-interline-route': 'edited', 'x-interline-target': 'vllm/one' });
    await askJson(server, { method: 'PUT', path: '/v1/admin/routes/edited', body: { id: 'edited', description: 'edited', targets: ['m/two'] } });
    const edited = await ask({ model: 'edited' });
    expect([stateOf(edited), edited.headers['x-interline-target'], text(edited) === text(first)]).toEqual(['miss', 'vllm/two', false]);
    await hit(() => ask({ model: 'edited' }), { count: 2 });
    await askJson({ url: server.url, key: me.key }, { method: 'PUT', path: '/v1/routes/edited', body: { id: 'edited', description: 'ours', targets: ['m/one'] } });
    await eventually(async () => ((await ask({ model: 'edited' })).headers['x-interline-target'] === 'vllm/one' ? true : null));
  }, TEST_MS_MAX);

  test('plays a stream again as it was, usage for whoever asked for it', async () => {
    for (const options of [{}, { stream_options: { include_usage: true } }]) {
      const first = await ask({ stream: true, ...options });
      const again = await hit(() => ask({ stream: true, ...options }), { count: 'stream_options' in options ? 2 : 1 });
      expect(again.headers['content-type']).toBe(first.headers['content-type']);
      expect(text(again)).toBe(text(first).replaceAll(/^:.*\n\n/gm, ''));
      expect(text(again).includes('"usage":{')).toBe('stream_options' in options);
      expect(text(again).endsWith('data: [DONE]\n\n')).toBe(true);
      expect(await rowOf(again)).toMatchObject({ cache: 'hit', stream: true, completion_tokens: 40, first_byte_ms: expect.any(Number) as unknown });
    }
    expect(asked()).toBe(2);
  }, TEST_MS_MAX);

  test.each([
    ['/v1/completions', { model: 'm/one', prompt: 'hello' }], ['/v1/completions', { model: 'm/one', prompt: 'hello', stream: true }],
    ['/v1/embeddings', { model: 'm/vectors', input: 'hello' }],
    ['/v1/responses', { model: 'm/one', input: 'hello', store: false }], ['/v1/responses', { model: 'm/one', input: 'hello', store: false, stream: true }],
  ])('answers %s %j again', async (path, body) => {
    const first = await call(server.url, { path, key: me.key, body });
    expect([first.status, stateOf(first)]).toEqual([200, 'miss']);
    expect(text(await hit(() => call(server.url, { path, key: me.key, body })))).toBe(text(first));
    expect(asked()).toBe(1);
  }, TEST_MS_MAX);

  test('leaves alone what is kept as a Response, or goes on from one', async () => {
    const first = await call(server.url, { path: '/v1/responses', key: me.key, body: { model: 'm/one', input: 'hello' } });
    const { id } = JSON.parse(text(first)) as { id: string };
    const more = await call(server.url, { path: '/v1/responses', key: me.key, body: { model: 'm/one', input: 'hello', store: false, previous_response_id: id } });
    expect([first, more].map(stateOf)).toEqual(['bypass', 'bypass']);
  }, TEST_MS_MAX);

  test.each([[undefined, 0n, 0], [100, COST, 1], [33, (COST * 33n + 99n) / 100n, 1]])('costs %s percent of it, as the plan says', async (percent, cost, messages) => {
    await askJson(server, { method: 'PUT', path: '/v1/admin/plans/cached', body: plan(percent) });
    const pays = await payer({ billing: 'balance', plan: 'cached', nanoUsd: GRANT });
    await ask({}, { key: pays.key });
    const again = await hit(() => ask({}, { key: pays.key }), { who: pays });
    expect(await balanceOf(server, pays.key)).toBe(GRANT - COST - cost);
    expect(await rowOf(again, pays)).toMatchObject({ charged_nano_usd: String(cost), counted_messages: messages });
    const counts = await payer({ plan: 'cached' });
    await ask({}, { key: counts.key });
    await hit(() => ask({}, { key: counts.key }), { who: counts });
    const { data } = await askJson({ url: server.url, key: counts.key }, { path: '/v1/limits' }) as unknown as { data: { subject: string; used: string }[] };
    expect(Number(data.find(({ subject }) => subject === 'pro')?.used)).toBe(1 + messages);
    expect((await askJson(server, { path: '/v1/admin/ledger/check' }))).toMatchObject({ violations: [] });
  }, TEST_MS_MAX);

  test('refuses whoever would be refused without it', async () => {
    await ask();
    await hit(() => ask());
    await askJson({ url: server.url, key: me.key }, { path: '/v1/budgets', body: { name: 'none', scope: { type: 'key', id: me.keyId }, unit: 'usd', amount: '1', period: 'total' } }, 201);
    const refused = await eventually(async () => {
      const reply = await ask();
      return reply.status === 200 ? null : reply;
    });
    expect([refused.status, codeOf(refused), (await rowOf(refused)).cache]).toEqual([402, 'request_exceeds_budget', null]);
    await askJson(server, { method: 'PUT', path: '/v1/admin/plans/cached', body: plan(0) });
    const few = await payer({ plan: 'cached' });
    for (let index = 0; index < 5; index++) await ask({ seed: index }, { key: few.key });
    const over = await ask({ seed: 1 }, { key: few.key });
    expect([over.status, codeOf(over)]).toEqual([429, 'quota_exceeded']);
    const slow = await payer({ limits: { requests_per_minute: 3 } });
    const replies = [];
    for (let index = 0; index < 6; index++) replies.push(await ask({}, { key: slow.key }));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429, 429]);
  }, TEST_MS_MAX);

  test('keeps no answer that failed, broke off, was filtered, or came from a lesser model', async () => {
    const failing: Replay = { status: 500, headers: { 'content-type': 'application/json' }, steps: [{ write: '{"error":{"message":"no","type":"server_error"}}' }] };
    upstream.play('one', (body) => answerWith('content_filter', body));
    for (let index = 0; index < 2; index++) expect(stateOf(await ask())).toBe('miss');
    upstream.play('one', (body) => ({ ...answer(body), steps: answer(body).steps.slice(0, 2), ending: 'cut' }));
    for (let index = 0; index < 2; index++) expect(text(await ask({ stream: true }))).toContain('upstream_stream_failed');
    upstream.play('one', failing);
    const degraded = await ask({ model: 'both' });
    expect([stateOf(degraded), degraded.headers['x-interline-degraded']]).toEqual(['miss', 'true']);
    const refused = await ask({ model: 'm/one', seed: 5 });
    expect([refused.status, (await rowOf(refused)).cache]).toEqual([502, 'miss']);
    upstream.play('one', answer);
    await eventually(async () => ((await ask({ model: 'both' })).headers['x-interline-target'] === 'vllm/one' ? true : null), 20_000);
    // One was kept after all the others were not.
    await hit(() => ask({ model: 'both' }));
    expect((await cacheOf(me))['count']).toBe(1);
  }, TEST_MS_MAX);

  test('outlives a restart, and is one for all gateways of a store', async () => {
    const first = await ask();
    await hit(() => ask());
    const other = await startServer({ env, config, dataFolder: server.dataFolder });
    expect(text(await call(other.url, { path: '/v1/chat/completions', key: me.key, body: chatBody() }))).toBe(text(first));
    await other.kill();
    await server.kill();
    server = await server.restart();
    const again = await ask();
    expect([stateOf(again), text(again)]).toEqual(['hit', text(first)]);
  }, TEST_MS_MAX);
});
