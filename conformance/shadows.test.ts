/** This file shows over real sockets that what a candidate is asked in the shadow of callers delays none of them, costs none of them anything, and has its bounds. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { RequestBodies, Rollout, RolloutComparison } from '../generated/client/types.gen.ts';
import { askJson, makePayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { call } from './raw-client.ts';
import type { RawReply } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { Replay, ReplayUpstream } from './replay-upstream.ts';
import { OLD_PRICE, playing, rolloutConfig, TOKENS } from './rollout-upstreams.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerOptions, ServerUnderTest } from './server-under-test.ts';

const TEST_MS_MAX = 30_000;
const GRANT = 1_000_000_000n;
const SHADOWS_MAX = 6;
const HANGING = 'until it is let go';
const hanging: Replay = { before: [{ waitFor: HANGING }], steps: [] };

let upstream: ReplayUpstream;
let options: ServerOptions;
let server: ServerUnderTest;
let rollout: Rollout;

beforeAll(async () => {
  upstream = await startReplayUpstream();
  options = { env: { VLLM_BASE_URL: upstream.url }, config: rolloutConfig, limits: { shadowCallsMax: SHADOWS_MAX } };
  server = await startServer(options);
}, TEST_MS_MAX);
afterAll(async () => {
  await upstream.close();
  await stopServers();
}, TEST_MS_MAX);
beforeEach(async () => {
  if (rollout as Rollout | undefined) await askJson(server, { method: 'DELETE', path: `/v1/admin/rollouts/${rollout.id}` });
  rollout = await begin({ percentage: 100 });
});

const begin = async (shadow: object, at = server): Promise<Rollout> => await askJson(at, { path: '/v1/admin/rollouts', body: { model: 'm/old', candidate: 'm/new', shadow } }, 201) as unknown as Rollout;
const chat = (key: string, more: object = {}, at = server): Promise<RawReply> =>
  call(at.url, { path: '/v1/chat/completions', key, body: { model: 'm/old', max_tokens: 100, messages: [{ role: 'user', content: 'hello' }], ...more } });
const compared = async (id = rollout.id, at = server): Promise<RolloutComparison> => await askJson(at, { path: `/v1/admin/rollouts/${id}/comparison` }) as unknown as RolloutComparison;
const shadowed = (count: number): Promise<RolloutComparison> => eventually(async () => {
  const seen = await compared();
  return seen.shadow.requests >= count ? seen : null;
});
const asked = (): number => upstream.requests('new').length;

/** All that a workspace is told of what it has used and paid, but for ids and times. */
async function bookOf({ key }: Payer): Promise<unknown> {
  const get = (path: string): Promise<Record<string, unknown>> => askJson({ url: server.url, key }, { path });
  const rows = (page: Record<string, unknown>): Record<string, unknown>[] => page['data'] as Record<string, unknown>[];
  const usage = await get('/v1/usage?limit=100');
  const limits = await get('/v1/limits');
  return {
    balance: (await get('/v1/balance'))['balance_nano_usd'],
    totals: usage['totals'],
    usage: rows(usage).map((row) => ({ model: row['model'], cost: row['cost_nano_usd'], charged: row['charged_nano_usd'], tokens: row['completion_tokens'] })),
    ledger: rows(await get('/v1/ledger?limit=100')).map(({ kind, amount_nano_usd: amount }) => ({ kind, amount })),
    requests: rows(await get('/v1/requests?limit=100')).map(({ model, target, status }) => ({ model, target, status })),
    limits: JSON.stringify(limits).replace(/"(resets|renews)_at":\d+|"ws_\w+"/g, ''),
  };
}

async function askMany(payer: Payer): Promise<RawReply[]> {
  const replies: RawReply[] = [];
  for (const more of [{}, { stream: true, stream_options: { include_usage: true } }, { messages: [{ role: 'user', content: 'again' }] }]) replies.push(await chat(payer.key, more));
  replies.push(await call(server.url, { path: '/v1/responses', key: payer.key, body: { model: 'm/old', input: 'hello', max_output_tokens: 100 } }));
  return replies;
}

describe('shadow traffic', () => {
  test('is billed to nobody: ledger, balance, usage and limits are as without it', async () => {
    playing(upstream, {});
    const [plain, beside] = [await makePayer(server, { billing: 'balance', nanoUsd: GRANT }), await makePayer(server, { billing: 'balance', nanoUsd: GRANT })];
    await askJson(server, { method: 'PATCH', path: `/v1/admin/rollouts/${rollout.id}`, body: { shadow: { percentage: 0 } } });
    await askMany(plain);
    expect(asked()).toBe(0);
    await askJson(server, { method: 'PATCH', path: `/v1/admin/rollouts/${rollout.id}`, body: { shadow: { percentage: 100 } } });
    const replies = await askMany(beside);
    expect(replies.map(({ status, headers }) => [status, headers['x-interline-target'], headers['x-interline-rollout']])).toEqual(replies.map(() => [200, 'vllm/old', 'baseline']));
    const seen = await shadowed(replies.length);
    expect([asked(), seen.shadow]).toMatchObject([replies.length, { successes: replies.length, cost_nano_usd: String(BigInt(replies.length) * TOKENS * 2n * OLD_PRICE), prompt_tokens: 28, errors: [] }]);
    expect(await bookOf(beside)).toEqual(await bookOf(plain));
    expect(await askJson(server, { path: '/v1/admin/ledger/check' })).toMatchObject({ ok: true });
  }, TEST_MS_MAX);

  test('delays nobody: while every shadow hangs, callers are answered, whole and in events, and those beyond its bound have none', async () => {
    playing(upstream, { new: hanging });
    const { key } = await makePayer(server);
    const before = (await compared()).shadow_dropped;
    const replies = await Promise.all(Array.from({ length: SHADOWS_MAX + 4 }, (_, at) => chat(key, at % 2 === 0 ? {} : { stream: true })));
    expect(replies.map(({ status, isWhole }) => [status, isWhole])).toEqual(replies.map(() => [200, true]));
    await eventually(() => (asked() === SHADOWS_MAX ? true : null));
    // They hang still, and the next caller is answered all the same.
    expect((await chat(key)).status).toBe(200);
    expect(upstream.requests('new').map(({ leftAt }) => leftAt)).toEqual(Array.from({ length: SHADOWS_MAX }, () => null));
    expect((await compared()).shadow_dropped - before).toBe(5);
    // A candidate that hangs for its shadows is no reason to leave it alone for callers.
    expect(await askJson(server, { path: '/v1/admin/targets?state=open' })).toMatchObject({ data: [] });
    upstream.release(HANGING);
    expect((await shadowed(SHADOWS_MAX)).shadow.successes).toBe(0);
  }, TEST_MS_MAX);

  test('is cut off when the gateway closes, and written down', async () => {
    playing(upstream, { new: { before: [{ waitFor: 'never' }], steps: [] } });
    const other = await startServer(options);
    const { id } = await begin({ percentage: 100 }, other);
    const reply = await chat(other.key, {}, other);
    expect(reply.status).toBe(200);
    await eventually(() => (asked() === 1 ? true : null));
    const startedAt = performance.now();
    expect(await other.stop()).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(upstream.requests('new')[0]?.leftAt).not.toBeNull();
    const again = await other.restart();
    expect((await compared(id, again)).shadow).toMatchObject({ requests: 1, successes: 0, success_rate: null, errors: [{ code: 'shutting_down', count: 1 }] });
    await again.stop();
  }, TEST_MS_MAX);

  test('costs the operator no more than a day’s limit', async () => {
    playing(upstream, {});
    const { key } = await makePayer(server);
    // At most 100 tokens of an answer, and some of the prompt.
    const limit = 250n * 2n * OLD_PRICE;
    await askJson(server, { method: 'PATCH', path: `/v1/admin/rollouts/${rollout.id}`, body: { shadow: { daily_limit_nano_usd: String(limit) } } });
    for (let at = 0; at < 8; at++) {
      const dropped = (await compared()).shadow_dropped;
      await chat(key);
      // One after the other, so that what one did not cost is there for the next.
      await eventually(async () => {
        const seen = await compared();
        return seen.shadow.requests + seen.shadow_dropped > at || seen.shadow_dropped > dropped ? true : null;
      });
    }
    const { shadow, shadow_dropped: dropped } = await compared();
    expect(BigInt(shadow.cost_nano_usd)).toBeLessThanOrEqual(limit);
    expect([shadow.requests > 0, dropped > 0]).toEqual([true, true]);
    await askJson(server, { method: 'PATCH', path: `/v1/admin/rollouts/${rollout.id}`, body: { shadow: { daily_limit_nano_usd: '0' } } });
    const before = asked();
    await chat(key);
    await eventually(async () => ((await compared()).shadow_dropped > dropped ? true : null));
    expect(asked()).toBe(before);
  }, TEST_MS_MAX);

  test('is no reason for a candidate’s failure to be told, and its answer is kept only where bodies are', async () => {
    playing(upstream, {});
    const payer = await makePayer(server);
    const as = { url: server.url, key: payer.key };
    const bodies = (id: string | undefined): Promise<RequestBodies> => askJson(as, { path: `/v1/requests/${id ?? ''}/body` }) as unknown as Promise<RequestBodies>;
    const unkept = await chat(payer.key);
    await askJson(as, { method: 'PATCH', path: `/v1/workspaces/${payer.workspace}`, body: { request_bodies: { keep: 'redacted', days: 3 } } });
    const hidden = await chat(payer.key);
    await askJson(as, { method: 'PATCH', path: `/v1/workspaces/${payer.workspace}`, body: { request_bodies: { keep: 'full', days: 3 } } });
    const kept = await call(server.url, { path: '/v1/responses', key: payer.key, body: { model: 'm/old', input: 'hello', stream: true } });
    await shadowed(3);
    const seen = await eventually(async () => {
      const found = await bodies(kept.headers['x-request-id']);
      return found.shadow ? found : null;
    });
    expect([seen.reply?.text, seen.shadow?.text]).toMatchObject([expect.stringContaining('old'), expect.stringContaining('"content":"new"')]);
    expect((await bodies(hidden.headers['x-request-id'])).shadow?.text).toContain('"content":"[redacted]"');
    expect((await call(server.url, { path: `/v1/requests/${unkept.headers['x-request-id'] ?? ''}/body`, key: payer.key })).status).toBe(404);
    playing(upstream, { new: { status: 500, headers: {}, steps: [] } });
    expect((await chat(payer.key)).status).toBe(200);
    expect((await shadowed(4)).shadow).toMatchObject({ successes: 3, errors: [{ code: 'upstream_error', count: 1 }] });
  }, TEST_MS_MAX);
});
