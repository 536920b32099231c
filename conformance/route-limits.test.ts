/** This file shows over real sockets that a route's limits hold: what one call may cost and how much it may say, as explain foretells. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { RouteExplanation } from '../generated/client/types.gen.ts';
import { jsonOf } from './native-stage.ts';
import { askJson, makePayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { call } from './raw-client.ts';
import type { RawReply } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const NAMES = ['dear', 'cheap', 'small'] as const;
const GRANT = 1_000_000_000n;
/** Nano-USD a token. */
const DEAR = 2000;
const CHEAP = 1000;

const model = (name: string, perToken: number, more: object = {}): object => ({
  id: `m/${name}`, name, tier: 'basic', context_window: 100_000, max_output_tokens: 8000, ...more,
  targets: [{ provider: 'vllm', model: name, price: { input: perToken * 1_000_000, output: perToken * 1_000_000 } }],
});
const route = (id: string, limits: object): object => ({ id, description: id, targets: ['m/dear', 'm/cheap', 'm/small'], limits });
const config = {
  models: [model('dear', DEAR), model('cheap', CHEAP), model('small', CHEAP, { max_output_tokens: 50 })],
  routes: [route('thrifty', { cost_max: 300_000 }), route('brief', { output_tokens_max: 60 }), route('both', { cost_max: 80_000, output_tokens_max: 60 })],
};

let upstream: ReplayUpstream;
let server: ServerUnderTest;

beforeAll(async () => {
  upstream = await startReplayUpstream();
  server = await startServer({ env: { VLLM_BASE_URL: upstream.url }, config });
}, 30_000);
beforeEach(() => {
  for (const name of NAMES) {
    upstream.forget(name);
    upstream.play(name, jsonOf({
      id: 'c', object: 'chat.completion', created: 1, model: name, choices: [{ index: 0, message: { role: 'assistant', content: name, refusal: null }, logprobs: null, finish_reason: 'stop' }],
      usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 },
    }));
  }
});
afterAll(async () => {
  await stopServers();
  await upstream.close();
});

const chat = (name: string, more: object = {}): object => ({ model: name, messages: [{ role: 'user', content: 'hello' }], ...more });
const ask = (body: object, { key = server.key, headers = {} }: { key?: string; headers?: Record<string, string> } = {}): Promise<RawReply> => call(server.url, { path: '/v1/chat/completions', key, headers, body });
const sent = (name: string): Record<string, unknown>[] => upstream.requests(name).map(({ body }) => JSON.parse(body) as Record<string, unknown>);
const explain = async (request: object): Promise<RouteExplanation> => await askJson(server, { path: '/v1/routes/explain', body: { operation: 'chat.completions', request } }) as unknown as RouteExplanation;
const errorOf = (reply: RawReply): Record<string, unknown> => ({ status: reply.status, ...(JSON.parse(reply.body.toString('utf8')) as { error: object }).error });

describe('what one call may cost', () => {
  test.each([
    ['little output: all may answer', { max_tokens: 100 }, 'vllm/dear', []],
    ['more: the dear one could cost too much', { max_tokens: 200 }, 'vllm/cheap', ['vllm/dear']],
    ['twice as many answers count twice', { max_tokens: 100, n: 2 }, 'vllm/cheap', ['vllm/dear']],
    ['as much as a model can give: the small one gives little', { max_tokens: 8000 }, 'vllm/small', ['vllm/dear', 'vllm/cheap']],
    ['none said: 4,096 tokens', {}, 'vllm/small', ['vllm/dear', 'vllm/cheap']],
  ])('%s', async (_what, more, target, dear) => {
    const said = await explain(chat('thrifty', more));
    expect(said.skipped).toEqual(dear.map((each) => expect.objectContaining({ target: each, reason: 'cost', detail: expect.stringMatching(/could cost \d+ nano-USD for this request, over the route's 300000/) })));
    const reply = await ask(chat('thrifty', more));
    expect([reply.status, reply.headers['x-interline-target'], reply.headers['x-interline-degraded']]).toEqual([200, target, undefined]);
    expect(said.order[0]).toBe(target);
  });

  test('when nobody is left the caller is told by how much, as explain has it; nobody is asked and nothing is held', async () => {
    const payer: Payer = await makePayer(server, { billing: 'balance', nanoUsd: GRANT });
    const long = chat('thrifty', { messages: [{ role: 'user', content: 'word '.repeat(2000) }] });
    const reply = await ask(long, payer);
    expect(errorOf(reply)).toMatchObject({ status: 400, code: 'invalid_request', param: 'model', message: expect.stringMatching(/No model of the route "thrifty" can answer this\. vllm\/dear could cost \d+ nano-USD/) });
    expect((await explain(long)).refusal).toMatchObject({ code: 'invalid_request', param: 'model', message: errorOf(reply)['message'] });
    expect(NAMES.flatMap(sent)).toEqual([]);
    expect(await askJson({ url: server.url, key: payer.key }, { path: '/v1/balance' })).toMatchObject({ available_nano_usd: String(GRANT) });
  });
});

describe('how much one call may say', () => {
  test('what is asked beyond is lowered, and said', async () => {
    const reply = await ask(chat('brief', { max_tokens: 500 }));
    expect([reply.status, reply.headers['x-interline-warnings']]).toEqual([200, 'max_tokens: sent as 60, the most the route allows']);
    expect(sent('dear')).toMatchObject([{ max_tokens: 60 }]);
  });

  test('what is within is sent as it came; nothing said is sent with the limit, without a warning', async () => {
    for (const more of [{ max_tokens: 60 }, { max_completion_tokens: 20 }, {}]) expect((await ask(chat('brief', more))).headers['x-interline-warnings']).toBeUndefined();
    expect(sent('dear').map((body) => body['max_tokens'] ?? body['max_completion_tokens'])).toEqual([60, 20, 60]);
  });

  test('a model that could not say more anyway is sent what came', async () => {
    await ask(chat('brief'), { headers: { 'x-interline-target': 'vllm/small' } });
    expect(sent('small')).toEqual([expect.not.objectContaining({ max_tokens: expect.anything() })]);
  });

  test('in strict mode it is refused, by its name', async () => {
    const reply = await ask(chat('brief', { max_completion_tokens: 500 }), { headers: { 'x-interline-strict': 'true' } });
    expect(errorOf(reply)).toMatchObject({ status: 400, code: 'unsupported_field', param: 'max_completion_tokens' });
    expect((await ask(chat('brief'), { headers: { 'x-interline-strict': 'true' } })).status).toBe(200);
  });

  test('responses and completions, too, and what is set aside is no more than that', async () => {
    const payer = await makePayer(server, { billing: 'balance', nanoUsd: BigInt(100 * DEAR) });
    const response = await call(server.url, { path: '/v1/responses', key: payer.key, body: { model: 'brief', input: 'hello', max_output_tokens: 5000 } });
    const completion = await call(server.url, { path: '/v1/completions', key: payer.key, body: { model: 'brief', prompt: 'hello', max_tokens: 5000 } });
    expect([response.status, completion.status]).toEqual([200, 200]);
    expect(sent('dear').map((body) => body['max_tokens'] ?? body['max_completion_tokens'])).toEqual([60, 60]);
    expect((await ask(chat('m/dear', { max_tokens: 5000 }), payer)).status).toBe(402);
  });

  test('with less output more of them fit into what a call may cost', async () => {
    expect((await ask(chat('both', { max_tokens: 5000 }))).headers['x-interline-target']).toBe('vllm/cheap');
    expect((await explain(chat('both'))).skipped).toMatchObject([{ target: 'vllm/dear', reason: 'cost' }]);
  });
});

test('a limit that is none is refused', async () => {
  for (const limits of [{ cost_max: -1 }, { output_tokens_max: 0 }, { tokens: 5 }]) {
    const reply = await call(server.url, { method: 'PUT', path: '/v1/routes/mine', key: server.key, body: { ...route('mine', limits) } });
    expect(errorOf(reply)).toMatchObject({ status: 400, code: 'invalid_request' });
  }
});
