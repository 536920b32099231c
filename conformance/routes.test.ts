/** This file shows what a route promises over real sockets: who is asked in which order, when it stops, what is said of it and who is charged. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { LimitList, Receipt, UsageRow } from '../generated/client/types.gen.ts';
import { askJson, balanceOf, makePayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { call } from './raw-client.ts';
import type { RawReply } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { Replay, ReplayUpstream } from './replay-upstream.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const TEST_MS_MAX = 30_000;
/** Nano-USD a token. */
const DEAR = 2000n;
const CHEAP = 1000n;
const GRANT = 1_000_000_000n;
const USAGE = { prompt_tokens: 7, completion_tokens: 40, total_tokens: 47 };
const TOKENS = 47n;

const chunk = (content: string, finish: string | null = null): string => `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: finish }] })}\n\n`;
const error = (message: string, code: string | null = null): string => JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code } });
const failing = (status: number, body = error('no'), headers: Readonly<Record<string, string>> = {}): Replay => ({ status, headers: { 'content-type': 'application/json', ...headers }, steps: [{ write: body }] });
const whole = (name: string): Replay => ({
  headers: { 'content-type': 'application/json' },
  steps: [{ write: JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: name, choices: [{ index: 0, message: { role: 'assistant', content: name, refusal: null }, logprobs: null, finish_reason: 'stop' }], usage: USAGE }) }],
});
const streamed = (name: string): Replay => ({ steps: [{ write: chunk(name) }, { write: chunk('', 'stop') }, { write: `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: name, choices: [], usage: USAGE })}\n\n` }, { write: 'data: [DONE]\n\n' }] });
const answering = (name: string) => (body: string): Replay => (body.includes('"stream":true') ? streamed(name) : whole(name));
/** Answers otherwise the first time. */
const first = (once: Replay, name: string): ((body: string) => Replay) => {
  let isFirst = true;
  return (body) => {
    const replay = isFirst ? once : answering(name)(body);
    isFirst = false;
    return replay;
  };
};
const hanging: Replay = { before: [{ waitFor: 'never' }], steps: [] };

const price = (perToken: bigint): object => ({ input: Number(perToken) * 1_000_000, output: Number(perToken) * 1_000_000 });
const model = (id: string, upstreams: readonly string[], more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  id, name: id, tier: 'basic', context_window: 100_000, max_output_tokens: 8000, ...more,
  targets: upstreams.map((upstream) => ({ provider: 'vllm', model: upstream, price: price(more['tier'] === 'pro' ? DEAR : CHEAP) })),
});
const route = (id: string, targets: readonly unknown[], more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({ id, description: id, targets, ...more });

const config = {
  models: [
    model('m/dear', ['dear-1', 'dear-2'], { tier: 'pro' }), model('m/cheap', ['cheap']), model('m/long', ['long'], { context_window: 1_000_000 }),
    model('m/tools', ['tools']), model('m/plain', ['plain'], { tools: false }), model('m/eyes', ['eyes'], { input_modalities: ['text', 'image'] }),
  ],
  routes: [
    route('degrades', ['m/dear', 'm/cheap']),
    route('unmarked', ['m/dear', 'm/cheap'], { fallback: { mark_degraded: false } }),
    route('stops', ['m/dear', 'm/cheap'], { fallback: { on: { server_error: ['stop'] } } }),
    route('switches', ['m/dear', 'm/cheap'], { fallback: { on: { server_error: ['switch_provider'] } } }),
    route('retries', ['m/dear', 'm/cheap'], { fallback: { on: { rate_limited: ['retry', 'degrade'] }, seconds: 5 } }),
    route('lengthens', ['m/cheap', 'm/long'], { fallback: { on: { content_filter: ['degrade'] } } }),
    route('brief', ['m/dear', 'm/cheap'], { fallback: { attempt_seconds: 1, seconds: 20 } }),
    route('abrupt', ['m/dear', 'm/cheap'], { fallback: { seconds: 1 } }),
    route('able', ['m/plain', 'm/tools', 'm/eyes']),
    route('limited', ['m/dear', 'm/cheap'], { limits: { output_price_max: Number(CHEAP) * 1_000_000 } }),
    route('weighted', [{ model: 'm/dear', weight: 1 }, { model: 'm/cheap', weight: 3 }], { objective: 'weighted' }),
  ],
};

let upstream: ReplayUpstream;
let server: ServerUnderTest;

beforeAll(async () => { upstream = await startReplayUpstream(); });
// What failed in one test would rest in the next.
beforeEach(async () => { server = await startServer({ env: { VLLM_BASE_URL: upstream.url }, config }); }, TEST_MS_MAX);
afterEach(async () => { await server.kill(); });
afterAll(async () => {
  await upstream.close();
  await stopServers();
});

/** Says what each upstream does from now on; those that are not named answer. */
function play(replays: Readonly<Record<string, Replay | ((body: string) => Replay)>> = {}): void {
  for (const name of ['dear-1', 'dear-2', 'cheap', 'long', 'tools', 'plain', 'eyes']) {
    upstream.forget(name);
    upstream.play(name, replays[name] ?? answering(name));
  }
}
const asked = (): string[] => ['dear-1', 'dear-2', 'cheap', 'long', 'tools', 'plain', 'eyes'].flatMap((name) => upstream.requests(name).map(() => name));

type More = Readonly<Record<string, unknown>>;
function ask(name: string, more: More = {}, parts: { readonly key?: string; readonly headers?: Readonly<Record<string, string>> } = {}): Promise<RawReply> {
  return call(server.url, { path: '/v1/chat/completions', key: parts.key ?? server.key, headers: parts.headers ?? {}, body: { model: name, max_tokens: 100, messages: [{ role: 'user', content: 'hello' }], ...more } });
}
const text = (reply: RawReply): string => reply.body.toString('utf8');
const who = ({ headers }: RawReply): Readonly<Record<string, string | undefined>> => ({
  route: headers['x-interline-route'], target: headers['x-interline-target'], attempts: headers['x-interline-attempts'], degraded: headers['x-interline-degraded'],
});
const receipt = async (reply: RawReply): Promise<Receipt> => await askJson(server, { path: `/v1/requests/${reply.headers['x-request-id'] ?? ''}` }) as unknown as Receipt;

describe('a route whose first target fails', () => {
  test('switches the provider of the same model first, and that is not degraded', async () => {
    play({ 'dear-1': failing(500) });
    const reply = await ask('degrades');
    expect([reply.status, who(reply)]).toEqual([200, { route: 'degrades', target: 'vllm/dear-2', attempts: '2', degraded: undefined }]);
    expect(text(reply)).toContain('"model":"dear-2"');
  });

  test('then degrades to the next model, and says so', async () => {
    play({ 'dear-1': failing(500), 'dear-2': failing(503) });
    const reply = await ask('degrades');
    expect([reply.status, who(reply)]).toEqual([200, { route: 'degrades', target: 'vllm/cheap', attempts: '3', degraded: 'true' }]);
    expect(reply.headers['x-interline-warnings']).toContain('degraded: m/cheap answered in place of m/dear');
    expect(await receipt(reply)).toMatchObject({
      model: 'm/cheap', attempts: [{ target: 'vllm/dear-1', code: 'upstream_error' }, { target: 'vllm/dear-2', code: 'upstream_error' }, { target: 'vllm/cheap', code: null }],
    });
  });

  test('does not say so where it need not', async () => {
    play({ 'dear-1': failing(500), 'dear-2': failing(503) });
    expect(who(await ask('unmarked'))).toMatchObject({ target: 'vllm/cheap', degraded: undefined });
  });

  test('stops where its policy stops', async () => {
    play({ 'dear-1': failing(500) });
    const reply = await ask('stops');
    expect([reply.status, who(reply), asked()]).toEqual([502, { route: 'stops', target: 'vllm/dear-1', attempts: '1', degraded: undefined }, ['dear-1']]);
  });

  test('goes no further than the same model where its policy only switches', async () => {
    play({ 'dear-1': failing(500), 'dear-2': failing(500) });
    const reply = await ask('switches');
    expect([reply.status, who(reply).attempts, asked()]).toEqual([502, '2', ['dear-1', 'dear-2']]);
  });

  test('a stream falls back before its first byte', async () => {
    play({ 'dear-1': failing(500), 'dear-2': { steps: [], ending: 'drop' } });
    const reply = await ask('degrades', { stream: true });
    expect([reply.status, who(reply).target, who(reply).degraded, text(reply).endsWith('data: [DONE]\n\n')]).toEqual([200, 'vllm/cheap', 'true', true]);
  });

  test('nothing falls back after a byte', async () => {
    play({ 'dear-1': { steps: [{ write: chunk('half') }], ending: 'cut' } });
    const reply = await ask('degrades', { stream: true });
    expect([reply.status, who(reply).target, asked(), text(reply).includes('upstream_stream_failed'), text(reply).includes('[DONE]')]).toEqual([200, 'vllm/dear-1', ['dear-1'], true, false]);
  });
});

describe('a rate-limited target', () => {
  test('is asked again after its Retry-After, where the policy says so', async () => {
    play({ 'dear-1': first(failing(429, error('slow down'), { 'retry-after': '1' }), 'dear-1') });
    const begun = performance.now();
    const reply = await ask('retries');
    expect([reply.status, who(reply).target, who(reply).attempts, who(reply).degraded]).toEqual([200, 'vllm/dear-1', '2', undefined]);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(1000);
  });

  test('is not waited for past the seconds of the policy', async () => {
    play({ 'dear-1': failing(429, error('slow down'), { 'retry-after': '6' }) });
    expect(who(await ask('retries'))).toMatchObject({ target: 'vllm/cheap', attempts: '2', degraded: 'true' });
  });
});

describe('a refused prompt', () => {
  test.each([
    ['too long, by OpenAI\'s code', failing(400, error('too long', 'context_length_exceeded'))],
    ['too long, in Anthropic\'s words', failing(400, error('prompt is too long: 250000 tokens > 200000 maximum'))],
    ['filtered', failing(400, error('no', 'content_policy_violation'))],
  ])('%s, is answered by the next model', async (_what, replay) => {
    play({ cheap: replay });
    expect(who(await ask('lengthens'))).toMatchObject({ target: 'vllm/long', attempts: '2', degraded: 'true' });
  });

  test('for what is wrong with it is refused everywhere, so nobody else is asked', async () => {
    play({ cheap: failing(400, error('no such field', 'unknown_parameter')) });
    const reply = await ask('lengthens');
    expect([reply.status, asked(), JSON.parse(text(reply))]).toMatchObject([400, ['cheap'], { error: { code: 'unknown_parameter' } }]);
  });
});

describe('time', () => {
  test('a hanging target costs its own seconds', async () => {
    play({ 'dear-1': hanging, 'dear-2': hanging });
    const begun = performance.now();
    expect(who(await ask('brief'))).toMatchObject({ target: 'vllm/cheap', attempts: '3', degraded: 'true' });
    expect(performance.now() - begun).toBeLessThan(5000);
  }, TEST_MS_MAX);

  test.each([false, true])('all attempts together take no longer than the policy\'s seconds (stream: %s)', async (stream) => {
    play({ 'dear-1': hanging });
    const reply = await ask('abrupt', { stream });
    expect([reply.status, asked()]).toEqual([504, ['dear-1']]);
  }, TEST_MS_MAX);
});

describe('filters and limits', () => {
  test('a model that lacks what the request needs is not asked', async () => {
    play();
    const tools = [{ type: 'function', function: { name: 'f' } }];
    const image = { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.org/a.png' } }] }] };
    expect([who(await ask('able')).target, who(await ask('able', { tools })).target, who(await ask('able', image)).target]).toEqual(['vllm/plain', 'vllm/tools', 'vllm/eyes']);
    expect(who(await ask('able', { tools })).degraded).toBeUndefined();
  });

  test('a request that no model of the route can take is told why', async () => {
    const reply = await ask('able', { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }] }] });
    expect([reply.status, text(reply)]).toEqual([400, expect.stringContaining('m/plain hears no audio.')]);
    expect(JSON.parse(text(reply))).toMatchObject({ error: { code: 'unsupported_model', param: 'model' } });
  });

  test('a target over the price of the route is not asked', async () => {
    play();
    expect(who(await ask('limited'))).toMatchObject({ target: 'vllm/cheap', degraded: undefined });
  });

  test('a draw by weight is the same for the same conversation, and every part gets its share', async () => {
    play();
    const targets = await Promise.all(Array.from({ length: 200 }, async (_, user) => who(await ask('weighted', { user: `user ${user}` })).target));
    const again = await Promise.all(Array.from({ length: 20 }, async (_, user) => who(await ask('weighted', { user: `user ${user}`, messages: [{ role: 'user', content: 'other' }] })).target));
    expect(again).toEqual(targets.slice(0, 20));
    const share = targets.filter((target) => target === 'vllm/cheap').length / targets.length;
    // Three of four, and three standard deviations of 200 draws.
    expect(Math.abs(share - 0.75)).toBeLessThan(0.092);
  }, TEST_MS_MAX);
});

describe('headers that steer', () => {
  test('a route, whatever the model', async () => {
    play();
    expect(who(await ask('m/cheap', {}, { headers: { 'x-interline-route': 'degrades' } }))).toMatchObject({ route: 'degrades', target: 'vllm/dear-1' });
  });

  test('one target, of a model or of a route; nothing falls back', async () => {
    play({ 'dear-2': failing(500) });
    const one = await ask('m/dear', {}, { headers: { 'x-interline-target': 'vllm/dear-2' } });
    const two = await ask('degrades', {}, { headers: { 'x-interline-target': 'vllm/cheap' } });
    expect([one.status, who(one).attempts, who(two).target, who(two).degraded]).toEqual([502, '1', 'vllm/cheap', undefined]);
  });

  test.each([
    [{ 'x-interline-route': 'nobody' }, 404, 'route_not_found'], [{ 'x-interline-route': 'm/cheap' }, 404, 'route_not_found'],
    [{ 'x-interline-target': 'vllm/long' }, 400, 'invalid_request'], [{ 'x-interline-target': 'x'.repeat(300) }, 400, 'invalid_request'],
  ])('%j is refused', async (headers, status, code) => {
    const reply = await ask('m/cheap', {}, { headers });
    expect([reply.status, JSON.parse(text(reply))]).toMatchObject([status, { error: { code, param: Object.keys(headers)[0] } }]);
  });

  test('open no model that the key may not call', async () => {
    const { secret } = await askJson(server, { path: '/v1/keys', body: { name: 'cheap only', models: ['m/cheap'] } }, 201);
    play();
    expect(who(await ask('degrades', {}, { key: String(secret) })).target).toBe('vllm/cheap');
    const reply = await ask('degrades', {}, { key: String(secret), headers: { 'x-interline-target': 'vllm/dear-1' } });
    expect([reply.status, asked()]).toEqual([403, ['cheap']]);
  });
});

describe('money', () => {
  test('the balance holds for the dearest and pays the price of the target that answered', async () => {
    const payer = await makePayer(server, { billing: 'balance', nanoUsd: GRANT });
    play({ 'dear-1': failing(500), 'dear-2': failing(500) });
    await ask('degrades', {}, payer);
    expect(await balanceOf(server, payer.key)).toBe(GRANT - TOKENS * CHEAP);
    play();
    await ask('degrades', { stream: true }, payer);
    expect(await eventually(async () => { const left = await balanceOf(server, payer.key); return left === GRANT - TOKENS * CHEAP ? null : left; })).toBe(GRANT - TOKENS * (CHEAP + DEAR));
    // Enough for the cheap model, not for the dear one.
    const poor = await makePayer(server, { billing: 'balance', nanoUsd: 150n * CHEAP });
    const refused = await ask('degrades', {}, poor);
    expect([refused.status, (await ask('m/cheap', {}, poor)).status]).toEqual([402, 200]);
  });

  test('of a plan, the messages of the tier that answered are used, and no others', async () => {
    const payer = await makeTiered({ basic: 5, pro: 5 });
    play({ 'dear-1': failing(500), 'dear-2': failing(500) });
    expect((await ask('degrades', {}, payer)).status).toBe(200);
    expect(await quotas(payer)).toEqual({ basic: [1, 0], pro: [0, 0] });
    play();
    expect((await ask('degrades', {}, payer)).status).toBe(200);
    expect((await ask('degrades', { stream: true }, payer)).status).toBe(200);
    expect(await eventually(async () => { const now = await quotas(payer); return now['pro']?.[0] === 2 ? now : null; })).toEqual({ basic: [1, 0], pro: [2, 0] });
    expect(await askJson(server, { path: '/v1/admin/ledger/check' })).toMatchObject({ violations: [] });
  });

  test('a tier that is used up is passed over, and the answer is degraded', async () => {
    const payer = await makeTiered({ basic: 5, pro: 1 });
    play();
    expect(who(await ask('degrades', {}, payer)).target).toBe('vllm/dear-1');
    expect(who(await ask('degrades', {}, payer))).toMatchObject({ target: 'vllm/cheap', attempts: '1', degraded: 'true' });
    expect(await quotas(payer)).toEqual({ basic: [1, 0], pro: [1, 0] });
  });

  test('a tier the plan does not have is no part of it', async () => {
    const payer = await makeTiered({ basic: 5, pro: 0 });
    play();
    expect(who(await ask('degrades', {}, payer))).toMatchObject({ target: 'vllm/cheap', degraded: undefined });
  });

  test('at the last of all tiers the caller is told what is used up', async () => {
    const payer = await makeTiered({ basic: 1, pro: 1 });
    play();
    await ask('degrades', {}, payer);
    await ask('degrades', {}, payer);
    const reply = await ask('degrades', {}, payer);
    expect([reply.status, JSON.parse(text(reply))]).toMatchObject([429, { error: { code: 'quota_exceeded' } }]);
  });
});

let plans = 0;
async function makeTiered(messages: { readonly basic: number; readonly pro: number }): Promise<Payer> {
  const plan = `routes-${plans++}`;
  const tier = (count: number): object => ({ allowed: count > 0, messages_per_day: count });
  await askJson(server, { method: 'PUT', path: `/v1/admin/plans/${plan}`, body: { name: plan, tiers: { basic: tier(messages.basic), pro: tier(messages.pro), ultimate: tier(0) } } });
  return makePayer(server, { plan });
}

/** Used and held of each tier. */
async function quotas({ key }: Payer): Promise<Record<string, readonly [number, number]>> {
  const { data } = await askJson({ url: server.url, key }, { path: '/v1/limits' }) as unknown as LimitList;
  return Object.fromEntries(data.filter((limit) => limit.kind === 'tier' && limit.subject !== 'ultimate').map((limit) => [limit.subject, [Number(limit.used), Number(limit.held)]]));
}

test('usage names the model that answered', async () => {
  play({ 'dear-1': failing(500), 'dear-2': failing(500) });
  const reply = await ask('degrades');
  const { data } = await askJson(server, { path: '/v1/usage?limit=5' }) as { data?: UsageRow[] };
  expect(data?.find(({ id }) => id === reply.headers['x-request-id'])).toMatchObject({ model_asked: 'degrades', model: 'm/cheap', target: 'vllm/cheap', attempts: 3 });
});
