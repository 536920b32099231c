/** This file shows over real sockets that an answer a filter has emptied, or a refusal, is passed to the next model where the route says so, and only then. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Receipt } from '../generated/client/types.gen.ts';
import { jsonOf } from './native-stage.ts';
import { askJson, balanceOf, makePayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { call } from './raw-client.ts';
import type { RawReply } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { Replay, ReplayUpstream } from './replay-upstream.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const GRANT = 1_000_000_000n;
/** Nano-USD a token. */
const DEAR = 2000n;
const CHEAP = 1000n;
const COMMIT_MS = 300;
const TOKENS = 12n;

const price = (perToken: bigint): object => ({ input: Number(perToken) * 1_000_000, output: Number(perToken) * 1_000_000 });
const model = (id: string, provider: string, perToken: bigint): object => ({
  id: `m/${id}`, name: id, tier: 'basic', context_window: 100_000, max_output_tokens: 8000, targets: [{ provider, model: id, price: price(perToken) }],
});
const route = (id: string, on: object, targets = ['m/first', 'm/second']): object => ({ id, description: id, targets, fallback: { on } });
const config = {
  models: [model('first', 'vllm', DEAR), model('second', 'vllm', CHEAP), model('claude', 'anthropic', DEAR)],
  routes: [
    route('passes', { content_filter: ['degrade'], refusal: ['degrade'] }), route('filters', { content_filter: ['degrade'] }), route('stays', {}),
    route('from-claude', { content_filter: ['degrade'] }, ['m/claude', 'm/second']),
  ],
};

interface Said {
  readonly content?: string;
  readonly refusal?: string;
  readonly finish?: string;
}

const USAGE = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };
const about = { id: 'c', created: 1, model: 'm' };
const whole = ({ content = '', refusal, finish = 'stop' }: Said): Replay => jsonOf({
  ...about, object: 'chat.completion', usage: USAGE, choices: [{ index: 0, logprobs: null, finish_reason: finish, message: { role: 'assistant', content: refusal === undefined ? content : null, refusal: refusal ?? null } }],
});
const chunk = (delta: object, finish: string | null = null): string => `data: ${JSON.stringify({ ...about, object: 'chat.completion.chunk', choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] })}\n\n`;
const streamed = ({ content = '', refusal, finish = 'stop' }: Said): Replay => ({
  steps: [
    { write: chunk({ role: 'assistant', content: '', refusal: null }) },
    ...(refusal === undefined ? [] : [{ write: chunk({ refusal }) }]), ...(content === '' ? [] : [{ write: chunk({ content }) }]),
    { write: chunk({}, finish) }, { write: `data: ${JSON.stringify({ ...about, object: 'chat.completion.chunk', choices: [], usage: USAGE })}\n\n` }, { write: 'data: [DONE]\n\n' },
  ],
});
const saying = (said: Said) => (body: string): Replay => (body.includes('"stream":true') ? streamed(said) : whole(said));
const FILTERED: Said = { finish: 'content_filter' };
const REFUSED: Said = { refusal: 'I can not help with that.' };
const WELL: Said = { content: 'well said' };

let upstream: ReplayUpstream;
let server: ServerUnderTest;
let payer: Payer;

beforeAll(async () => {
  upstream = await startReplayUpstream();
  server = await startServer({ env: { VLLM_BASE_URL: upstream.url, ANTHROPIC_BASE_URL: upstream.url, ANTHROPIC_API_KEY: 'key-of-anthropic' }, config, limits: { streamCommitMs: COMMIT_MS } });
}, 30_000);
beforeEach(async () => {
  for (const name of ['first', 'second', 'claude']) upstream.forget(name);
  upstream.play('second', saying(WELL));
  payer = await makePayer(server, { billing: 'balance', nanoUsd: GRANT });
});
afterAll(async () => {
  await stopServers();
  await upstream.close();
});

const ask = (name: string, stream: boolean): Promise<RawReply> => call(server.url, {
  path: '/v1/chat/completions', key: payer.key, body: { model: name, max_tokens: 100, messages: [{ role: 'user', content: 'hello' }], ...(stream ? { stream } : {}) },
});
const text = ({ body }: RawReply): string => body.toString('utf8');
const asked = (): number[] => ['first', 'second'].map((name) => upstream.requests(name).length);
const codes = async ({ headers }: RawReply): Promise<(string | null)[]> => {
  const receipt = await askJson({ url: server.url, key: payer.key }, { path: `/v1/requests/${headers['x-request-id'] ?? ''}` }) as unknown as Receipt;
  return receipt.attempts.map(({ code }) => code);
};
const paid = (): Promise<bigint> => eventually(async () => { const left = await balanceOf(server, payer.key); return left === GRANT ? null : GRANT - left; });

describe.each([['in one piece', false], ['streamed', true]])('%s', (_how, stream) => {
  test.each([['filtered', FILTERED], ['a refusal', REFUSED]])('an answer that is %s goes to the next model: recorded, marked, and only the answer is paid', async (_what, said) => {
    upstream.play('first', saying(said));
    const reply = await ask('passes', stream);
    expect([reply.status, reply.headers['x-interline-target'], reply.headers['x-interline-attempts'], reply.headers['x-interline-degraded']]).toEqual([200, 'vllm/second', '2', 'true']);
    expect(text(reply)).toContain('well said');
    expect(text(reply)).not.toMatch(/content_filter|I can not help/);
    expect(await codes(reply)).toEqual(['upstream_rejected', null]);
    expect(await paid()).toBe(TOKENS * CHEAP);
  });

  test.each([
    ['where the route does not say so', 'stays', FILTERED], ['nor a refusal', 'stays', REFUSED], ['a refusal where only filters are passed', 'filters', REFUSED],
    ['where a model was named', 'm/first', FILTERED],
  ])('it is handed out as it came %s', async (_where, name, said) => {
    upstream.play('first', saying(said));
    const reply = await ask(name, stream);
    expect([reply.status, reply.headers['x-interline-attempts'], asked()]).toEqual([200, '1', [1, 0]]);
    expect(text(reply)).toContain(said.refusal ?? '"finish_reason":"content_filter"');
  });

  test('it is handed out as it came when nobody else is left, and is the attempt that counts', async () => {
    for (const name of ['first', 'second']) upstream.play(name, saying(FILTERED));
    const reply = await ask('passes', stream);
    expect([reply.status, reply.headers['x-interline-target'], asked()]).toEqual([200, 'vllm/second', [1, 1]]);
    expect(text(reply)).toContain('"finish_reason":"content_filter"');
    if (stream) expect(text(reply).endsWith('data: [DONE]\n\n')).toBe(true);
    expect(await codes(reply)).toEqual(['upstream_rejected', null]);
    expect(await paid()).toBe(TOKENS * CHEAP);
    expect(await askJson(server, { path: '/v1/admin/ledger/check' })).toMatchObject({ violations: [] });
  });

  test('what has said something is handed out, however it ends', async () => {
    upstream.play('first', saying({ content: 'half of', finish: 'content_filter' }));
    const reply = await ask('passes', stream);
    expect([reply.status, reply.headers['x-interline-target'], asked()]).toEqual([200, 'vllm/first', [1, 0]]);
    expect(text(reply)).toContain('half of');
    expect(await paid()).toBe(TOKENS * DEAR);
  });

  test('an answer that was not filtered comes whole', async () => {
    upstream.play('first', saying(WELL));
    const reply = await ask('passes', stream);
    expect([reply.status, reply.headers['x-interline-target'], text(reply).split('well said').length]).toEqual([200, 'vllm/first', 2]);
    if (stream) expect(text(reply)).toMatch(/^data: \{.*"role":"assistant"/);
    expect(await codes(reply)).toEqual([null]);
  });

  test('Claude’s stop reason `refusal` is such a filter', async () => {
    const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', content: [], stop_sequence: null, usage: { input_tokens: 7, output_tokens: 1 } };
    const event = (type: string, data: object): { write: string } => ({ write: `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n` });
    upstream.play('claude', stream ? { steps: [
      event('message_start', { message: { ...message, stop_reason: null } }), event('message_delta', { delta: { stop_reason: 'refusal', stop_sequence: null }, usage: { output_tokens: 1 } }), event('message_stop', {}),
    ] } : jsonOf({ ...message, stop_reason: 'refusal' }));
    const reply = await ask('from-claude', stream);
    expect([reply.status, reply.headers['x-interline-target'], reply.headers['x-interline-attempts']]).toEqual([200, 'vllm/second', '2']);
    expect(text(reply)).toContain('well said');
  });
});

test('a response, too, streamed and in one piece', async () => {
  upstream.play('first', saying(FILTERED));
  for (const stream of [false, true]) {
    const reply = await call(server.url, { path: '/v1/responses', key: payer.key, body: { model: 'passes', input: 'hello', stream } });
    expect([reply.status, reply.headers['x-interline-target']]).toEqual([200, 'vllm/second']);
    expect(text(reply)).toContain('well said');
  }
});

test('a stream that has begun for its caller is never passed on', async () => {
  upstream.play('first', { steps: [{ write: chunk({ role: 'assistant', content: '' }) }, { waitMs: COMMIT_MS * 4 }, { write: chunk({}, 'content_filter') }, { write: 'data: [DONE]\n\n' }] });
  const reply = await ask('passes', true);
  expect([reply.status, reply.headers['x-interline-target'], asked()]).toEqual([200, 'vllm/first', [1, 0]]);
  expect(text(reply)).toContain('"finish_reason":"content_filter"');
});

test('one that breaks off before it has said anything is asked of the next', async () => {
  upstream.play('first', { steps: [{ write: chunk({ role: 'assistant', content: '' }) }], ending: 'cut' });
  const reply = await ask('passes', true);
  expect([reply.status, reply.headers['x-interline-target']]).toEqual([200, 'vllm/second']);
  expect(await paid()).toBe(TOKENS * CHEAP);
});
