/** This file checks the reply cache over real sockets: what is given again, to whom, and for how long. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Receipt, RequestRow } from '../generated/client/types.gen.ts';
import { askJson, balanceOf } from './payer.ts';
import { call } from './raw-client.ts';
import { COST, ENGINES, GRANT, TEST_MS_MAX, answer, answerWith, chatBody, closeCacheStage, codeOf, config, openCacheStage, stateOf, text } from './reply-cache-stage.ts';
import type { CacheStage } from './reply-cache-stage.ts';
import type { Replay } from './replay-upstream.ts';
import { eventually, startServer } from './server-under-test.ts';

describe.each(ENGINES)('the reply cache on %s', (engine) => {
  let stage: CacheStage;
  beforeAll(async () => { stage = await openCacheStage(engine); }, TEST_MS_MAX);
  beforeEach(() => stage.begin(), TEST_MS_MAX);
  afterAll(() => closeCacheStage(stage));

  test('gives the same answer again, for nothing, and says so', async () => {
    const first = await stage.ask();
    expect([first.status, stateOf(first), first.headers['x-interline-cache-age']]).toEqual([200, 'miss', undefined]);
    const again = await stage.hit(() => stage.ask());
    expect(text(again)).toBe(text(first));
    expect(again.headers).toMatchObject({ 'content-type': first.headers['content-type'], 'x-interline-target': 'vllm/one', 'x-interline-cache-age': expect.stringMatching(/^\d$/) as unknown });
    expect(again.headers['x-interline-attempts']).toBeUndefined();
    expect(again.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    // Written otherwise, it is the same.
    const shuffled = Buffer.from('{"messages":[{"content":"h\\u0065llo", "role":"user"}], "max_tokens":100.0, "model":"m/one"}');
    expect(stateOf(await stage.ask({}, { body: shuffled }))).toBe('hit');
    expect(stage.asked()).toBe(1);
    expect(await balanceOf(stage.server, stage.me.key)).toBe(GRANT - COST);
    expect(await stage.rowOf(first)).toMatchObject({ cache: 'miss', outcome: 'ok', cost_nano_usd: String(COST), counted_messages: 1 });
    expect(await stage.rowOf(again)).toMatchObject({
      cache: 'hit', outcome: 'ok', model: 'm/one', target: 'vllm/one', attempts: [], cost_nano_usd: '0', charged_nano_usd: '0', counted_messages: 0, prompt_tokens: 7, completion_tokens: 40, upstream_id: (JSON.parse(text(first)) as { id: string }).id,
    });
    const receipt = await stage.manage({ path: `/v1/requests/${again.headers['x-request-id'] ?? ''}` }) as unknown as Receipt;
    expect(receipt).toMatchObject({ basis: 'cached', payer: 'balance', transfers: [], messages: { counted_messages: 0 } });
    const hits = await stage.manage({ path: '/v1/requests?cache=hit' }) as unknown as { data: RequestRow[] };
    expect(hits.data.map(({ cache }) => cache)).toEqual(['hit', 'hit']);
    const metrics = text(await call(stage.server.url, { path: '/metrics' }));
    expect(metrics).toContain('interline_reply_cache_total{operation="createChatCompletion",state="hit"} 2');
    expect(metrics).toContain('interline_prompt_tokens_total{operation="createChatCompletion",provider="vllm",outcome="ok"} 7');
    expect((await askJson(stage.server, { path: '/v1/admin/ledger/check' }))).toMatchObject({ violations: [] });
  }, TEST_MS_MAX);

  test('has another answer for everything that is another question', async () => {
    const same = await stage.ask();
    await stage.hit(() => stage.ask());
    const others: Record<string, unknown>[] = [
      { max_tokens: 101 }, { temperature: 0 }, { temperature: 0.5 }, { messages: [{ role: 'user', content: 'hello ' }] }, { messages: [{ role: 'system', content: 'hello' }] },
      { model: 'm/two' }, { model: 'both' }, { user: 'somebody' }, { metadata: { a: 'b' } }, { stream: true }, { stream: true, stream_options: { include_usage: true } }, { seed: 1 },
    ];
    for (const other of others) expect([other, stateOf(await stage.ask(other))]).toEqual([other, 'miss']);
    expect(stateOf(await stage.ask({}, { headers: { 'x-interline-strict': 'true' } }))).toBe('miss');
    expect(stateOf(await stage.ask({}, { headers: { 'x-interline-target': 'vllm/one' } }))).toBe('miss');
    expect(text(await stage.ask())).toBe(text(same));
  }, TEST_MS_MAX);

  test('can be passed by, and written anew', async () => {
    const first = await stage.ask();
    await stage.hit(() => stage.ask());
    const passed = await stage.ask({}, { headers: { 'x-interline-cache': 'bypass' } });
    expect([stateOf(passed), text(passed) === text(first)]).toEqual(['bypass', false]);
    expect(text(await stage.ask())).toBe(text(first));
    expect((await stage.rowOf(passed)).cache).toBe('bypass');
    const fresh = await stage.ask({}, { headers: { 'x-interline-cache': 'refresh' } });
    expect([stateOf(fresh), text(fresh) === text(first)]).toEqual(['bypass', false]);
    await eventually(async () => (text(await stage.ask()) === text(fresh) ? true : null));
    for (const [name, value] of [['cache', 'perhaps'], ['cache-ttl', '0'], ['cache-ttl', '9999999'], ['cache-ttl', 'x']] as const) {
      expect([name, value, (await stage.ask({}, { headers: { [`x-interline-${name}`]: value } })).status]).toEqual([name, value, 400]);
    }
    expect((await stage.ask({ store: true })).headers['x-interline-cache']).toBe('bypass');
  }, TEST_MS_MAX);

  test('forgets what is too old, keeps nothing too large, and can be emptied', async () => {
    const first = await stage.ask();
    await stage.hit(() => stage.ask());
    await eventually(async () => (stateOf(await stage.ask({}, { headers: { 'x-interline-cache-ttl': '1' } })) === 'miss' ? true : null));
    await eventually(async () => (text(await stage.ask()) === text(first) ? null : true));
    await stage.set({ ttl_seconds: 1 });
    await eventually(async () => (stateOf(await stage.ask()) === 'miss' ? true : null));
    await stage.set({ ttl_seconds: 3600, reply_bytes_max: 50 });
    const before = stage.asked();
    for (let index = 0; index < 3; index++) expect(stateOf(await stage.ask({ seed: 2 }))).toBe('miss');
    expect(stage.asked()).toBe(before + 3);
    await stage.set({ reply_bytes_max: 10_000 });
    await stage.ask({ seed: 3 });
    await stage.hit(() => stage.ask({ seed: 3 }), { count: 2 });
    const path = `/v1/workspaces/${stage.me.workspace}/cache`;
    expect(Number((await stage.manage({ method: 'DELETE', path }))['count'])).toBeGreaterThan(0);
    expect(stateOf(await stage.ask({ seed: 3 }))).toBe('miss');
    await stage.set({ enabled: false });
    expect(stateOf(await stage.ask({ seed: 3 }))).toBeUndefined();
    expect((await stage.rowOf(await stage.ask({ seed: 3 }, { headers: { 'x-interline-cache': 'nonsense' } }))).cache).toBeNull();
  }, TEST_MS_MAX);

  test('gives the oldest away when there is no more room', async () => {
    await stage.ask({ seed: 1 });
    await stage.hit(() => stage.ask({ seed: 1 }));
    await stage.set({ bytes_max: 1000 });
    await stage.ask({ seed: 2 });
    await eventually(async () => (stateOf(await stage.ask({ seed: 2 })) === 'hit' ? true : null));
    expect(stateOf(await stage.ask({ seed: 1 }, { headers: { 'x-interline-cache': 'use' } }))).toBe('miss');
  }, TEST_MS_MAX);

  test('is nobody else’s: not another workspace’s, nor a key’s that may not call the model', async () => {
    const first = await stage.ask({ model: 'both' });
    await stage.hit(() => stage.ask({ model: 'both' }));
    await stage.ask();
    await stage.hit(() => stage.ask(), { count: 2 });
    const other = await stage.payer({ billing: 'balance', nanoUsd: GRANT });
    expect(stateOf(await stage.ask({}, { key: other.key }))).toBe('miss');
    expect(stateOf(await stage.ask({ model: 'both' }, { key: other.key }))).toBe('miss');
    const { secret } = await stage.manage({ path: '/v1/keys', body: { name: 'limited', models: ['m/two'] } }, { status: 201 });
    const refused = await stage.ask({}, { key: String(secret) });
    expect([refused.status, codeOf(refused)]).toEqual([403, 'model_not_allowed']);
    const route = await stage.ask({ model: 'both' }, { key: String(secret) });
    expect([stateOf(route), route.headers['x-interline-target'], text(route) === text(first)]).toEqual(['miss', 'vllm/two', false]);
  }, TEST_MS_MAX);

  test('gives no answer of yesterday’s model after a route was edited', async () => {
    const first = await stage.ask({ model: 'edited' });
    expect((await stage.hit(() => stage.ask({ model: 'edited' }))).headers).toMatchObject({ 'x-interline-route': 'edited', 'x-interline-target': 'vllm/one' });
    await askJson(stage.server, { method: 'PUT', path: '/v1/admin/routes/edited', body: { id: 'edited', description: 'edited', targets: ['m/two'] } });
    const edited = await stage.ask({ model: 'edited' });
    expect([stateOf(edited), edited.headers['x-interline-target'], text(edited) === text(first)]).toEqual(['miss', 'vllm/two', false]);
    await stage.hit(() => stage.ask({ model: 'edited' }), { count: 2 });
    await stage.manage({ method: 'PUT', path: '/v1/routes/edited', body: { id: 'edited', description: 'ours', targets: ['m/one'] } });
    await eventually(async () => ((await stage.ask({ model: 'edited' })).headers['x-interline-target'] === 'vllm/one' ? true : null));
  }, TEST_MS_MAX);

  test('plays a stream again as it was, usage for whoever asked for it', async () => {
    for (const options of [{}, { stream_options: { include_usage: true } }]) {
      const first = await stage.ask({ stream: true, ...options });
      const again = await stage.hit(() => stage.ask({ stream: true, ...options }), { count: 'stream_options' in options ? 2 : 1 });
      expect(again.headers['content-type']).toBe(first.headers['content-type']);
      expect(text(again)).toBe(text(first).replaceAll(/^:.*\n\n/gm, ''));
      expect(text(again).includes('"usage":{')).toBe('stream_options' in options);
      expect(text(again).endsWith('data: [DONE]\n\n')).toBe(true);
      expect(await stage.rowOf(again)).toMatchObject({ cache: 'hit', stream: true, completion_tokens: 40, first_byte_ms: expect.any(Number) as unknown });
    }
    expect(stage.asked()).toBe(2);
  }, TEST_MS_MAX);

  test.each([
    ['/v1/completions', { model: 'm/one', prompt: 'hello' }], ['/v1/completions', { model: 'm/one', prompt: 'hello', stream: true }],
    ['/v1/embeddings', { model: 'm/vectors', input: 'hello' }],
    ['/v1/responses', { model: 'm/one', input: 'hello', store: false }], ['/v1/responses', { model: 'm/one', input: 'hello', store: false, stream: true }],
  ])('answers %s %j again', async (path, body) => {
    const first = await call(stage.server.url, { path, key: stage.me.key, body });
    expect([first.status, stateOf(first)]).toEqual([200, 'miss']);
    expect(text(await stage.hit(() => call(stage.server.url, { path, key: stage.me.key, body })))).toBe(text(first));
    expect(stage.asked()).toBe(1);
  }, TEST_MS_MAX);

  test('leaves alone what is kept as a Response, or goes on from one', async () => {
    const first = await call(stage.server.url, { path: '/v1/responses', key: stage.me.key, body: { model: 'm/one', input: 'hello' } });
    const { id } = JSON.parse(text(first)) as { id: string };
    const more = await call(stage.server.url, { path: '/v1/responses', key: stage.me.key, body: { model: 'm/one', input: 'hello', store: false, previous_response_id: id } });
    expect([first, more].map(stateOf)).toEqual(['bypass', 'bypass']);
  }, TEST_MS_MAX);

  test('keeps no answer that failed, broke off, was filtered, or came from a lesser model', async () => {
    const failing: Replay = { status: 500, headers: { 'content-type': 'application/json' }, steps: [{ write: '{"error":{"message":"no","type":"server_error"}}' }] };
    stage.upstream.play('one', (body) => answerWith('content_filter', body));
    for (let index = 0; index < 2; index++) expect(stateOf(await stage.ask())).toBe('miss');
    stage.upstream.play('one', (body) => ({ ...answer(body), steps: answer(body).steps.slice(0, 2), ending: 'cut' }));
    for (let index = 0; index < 2; index++) expect(text(await stage.ask({ stream: true }))).toContain('upstream_stream_failed');
    stage.upstream.play('one', failing);
    const degraded = await stage.ask({ model: 'both' });
    expect([stateOf(degraded), degraded.headers['x-interline-degraded']]).toEqual(['miss', 'true']);
    const refused = await stage.ask({ model: 'm/one', seed: 5 });
    expect([refused.status, (await stage.rowOf(refused)).cache]).toEqual([502, 'miss']);
    stage.upstream.play('one', answer);
    await eventually(async () => ((await stage.ask({ model: 'both' })).headers['x-interline-target'] === 'vllm/one' ? true : null), 20_000);
    // One was kept after all the others were not.
    await stage.hit(() => stage.ask({ model: 'both' }));
    expect(await stage.kept()).toBe(1);
  }, TEST_MS_MAX);

  test('outlives a restart, and is one for all gateways of a store', async () => {
    const first = await stage.ask();
    await stage.hit(() => stage.ask());
    const other = await startServer({ env: stage.env, config, dataFolder: stage.server.dataFolder });
    expect(text(await call(other.url, { path: '/v1/chat/completions', key: stage.me.key, body: chatBody() }))).toBe(text(first));
    await other.kill();
    await stage.server.kill();
    stage.server = await stage.server.restart();
    const again = await stage.ask();
    expect([stateOf(again), text(again)]).toEqual(['hit', text(first)]);
  }, TEST_MS_MAX);
});
