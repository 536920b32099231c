import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { jsonOf } from './native-stage.ts';
import { askJson } from './payer.ts';
import { call } from './raw-client.ts';
import type { RawReply } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const FIRST_BYTE_MS = 400;
const answer = jsonOf({ id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }], usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 } });
const failing = jsonOf({ error: { message: 'broken' } }, { status: 500 });

let upstream: ReplayUpstream;
let server: ServerUnderTest;
let other: ServerUnderTest;

/** A model with a target at each of two providers. */
function model(name: string): object {
  const targets = [{ provider: 'vllm', model: `${name}-first`, unpriced: true }, { provider: 'together', model: `${name}-second`, unpriced: true }];
  return { id: `local/${name}`, name, tier: 'basic', context_window: 1000, max_output_tokens: 100, targets };
}

function alone(name: string): object {
  return { id: `local/${name}`, name, tier: 'basic', context_window: 1000, max_output_tokens: 100, targets: [{ provider: 'together', model: name, unpriced: true }] };
}

beforeAll(async () => {
  upstream = await startReplayUpstream();
  const options = {
    env: { VLLM_BASE_URL: upstream.url, TOGETHER_BASE_URL: upstream.url, TOGETHER_API_KEY: 'key-number-one, key-number-two' },
    config: { models: [model('broken'), model('told'), alone('keys'), alone('hung'), alone('sick')] }, limits: { upstreamFirstByteMs: FIRST_BYTE_MS },
  };
  server = await startServer(options);
  other = await startServer({ ...options, dataFolder: server.dataFolder });
}, 30_000);
afterAll(async () => {
  await stopServers();
  await upstream.close();
});

function ask(name: string, at: ServerUnderTest = server): Promise<RawReply> {
  return call(at.url, { path: '/v1/chat/completions', key: server.key, body: { model: `local/${name}`, messages: [{ role: 'user', content: 'hi' }] } });
}

async function targets(at: ServerUnderTest, target: string): Promise<Record<string, unknown>[]> {
  const { data } = await askJson(at, { path: '/v1/admin/targets', key: server.key }) as { data: Record<string, unknown>[] };
  return data.filter((each) => each['target'] === target);
}

test('a target that fails again and again is left alone, the next one answers at once, and an operator sees why', async () => {
  upstream.play('broken-first', failing);
  upstream.play('broken-second', answer);
  for (let index = 0; index < 12; index++) expect((await ask('broken')).status).toBe(200);
  expect(upstream.requests('broken-first')).toHaveLength(5);
  expect(await targets(server, 'vllm/broken-first')).toMatchObject([{ state: 'open', reason: 'failing', models: ['local/broken'], last_failure: 'upstream_error', waiting: 0 }]);
  const [open] = await askJson(server, { path: '/v1/admin/targets?state=open' }).then(({ data }) => data as Record<string, unknown>[]);
  expect(open).toMatchObject({ target: 'vllm/broken-first' });
  const metrics = await call(server.url, { path: '/metrics', key: server.key });
  expect(metrics.body.toString('utf8')).toContain('interline_target_state{target="vllm/broken-first"} 2');
});

test('what one gateway has seen the other on the same store knows', async () => {
  upstream.play('told-first', jsonOf({ error: { message: 'wait' } }, { status: 429, headers: { 'content-type': 'application/json', 'retry-after': '30' } }));
  upstream.play('told-second', answer);
  expect((await ask('told')).status).toBe(200);
  expect(upstream.requests('told-first')).toHaveLength(1);
  for (;;) {
    const [known] = await targets(other, 'vllm/told-first');
    if (known?.['state'] === 'open') break;
  }
  expect((await ask('told', other)).status).toBe(200);
  expect(upstream.requests('told-first')).toHaveLength(1);
});

test('of several credentials each rests by itself, and another is tried in its place', async () => {
  upstream.play('keys', answer);
  for (let index = 0; index < 4; index++) await ask('keys');
  const credentials = (): (string | undefined)[] => upstream.requests('keys').map(({ headers }) => headers.authorization);
  expect(credentials()).toEqual(['Bearer key-number-one', 'Bearer key-number-two', 'Bearer key-number-one', 'Bearer key-number-two']);
  let isRefused = true;
  upstream.play('keys', () => {
    if (!isRefused) return answer;
    isRefused = false;
    return jsonOf({ error: { message: 'key-number-one has been revoked' } }, { status: 401 });
  });
  const reply = await ask('keys');
  expect(reply.status).toBe(200);
  await ask('keys');
  expect(credentials().slice(4)).toEqual(['Bearer key-number-one', 'Bearer key-number-two', 'Bearer key-number-two']);
  expect(await targets(server, 'together/keys')).toMatchObject([{ credential: 1, state: 'open', reason: 'credential' }, { credential: 2, state: 'closed' }]);
});

test('an upstream that hangs costs its deadline once, not for every caller', async () => {
  upstream.play('hung', { before: [{ waitFor: 'never' }], steps: [] });
  const first = await ask('hung');
  expect(first.status).toBe(504);
  const next = await Promise.all(Array.from({ length: 10 }, () => ask('hung')));
  expect(next.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 504));
  // The second credential found out for itself.
  expect(upstream.requests('hung').length).toBeLessThanOrEqual(11);
  const last = await ask('hung');
  expect(last.headers['retry-after']).toMatch(/^\d+$/);
  expect(JSON.parse(last.body.toString('utf8'))).toMatchObject({ error: { code: 'upstream_timeout', message: expect.stringContaining('is left alone for') } });
  expect(upstream.requests('hung').length).toBeLessThanOrEqual(11);
}, 20_000);

test('a target that only answers with errors, and has no other beside it, is asked nevertheless', async () => {
  upstream.play('sick', failing);
  for (let index = 0; index < 12; index++) expect((await ask('sick')).status).toBe(502);
  expect(upstream.requests('sick')).toHaveLength(12);
  upstream.play('sick', answer);
  expect((await ask('sick')).status).toBe(200);
});
