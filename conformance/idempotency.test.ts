/** This file holds Idempotency-Key to its promise: asked twice, done once, charged once. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { askJson, balanceOf, makePayer, pricedModel } from './payer.ts';
import type { Payer } from './payer.ts';
import { begin, call } from './raw-client.ts';
import type { RawReply } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { Replay, ReplayUpstream } from './replay-upstream.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const GRANT = 10_000_000_000n;
/** 7 tokens in, 40 out, a thousand nano-USD each. */
const CHARGE = 47_000n;
const PRICE = { input: 1_000_000_000, output: 1_000_000_000 };
const USAGE = { prompt_tokens: 7, completion_tokens: 40, total_tokens: 47 };
const COMPLETION = JSON.stringify({
  id: 'c', object: 'chat.completion', created: 1, model: 'm', usage: USAGE,
  choices: [{ index: 0, message: { role: 'assistant', content: 'Grüße ✓', refusal: null }, logprobs: null, finish_reason: 'stop' }],
});
const chunk = (more: object): string => `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], ...more })}\n\n`;
const delta = (content: string, finish: string | null = null): string => chunk({ choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: finish }] });

let upstream: ReplayUpstream;
let server: ServerUnderTest;
let payer: Payer;

beforeAll(async () => {
  upstream = await startReplayUpstream();
  const names = ['whole', 'stream', 'slow', 'leaves', 'fails', 'large', 'dear', 'crash'];
  server = await startServer({
    env: { VLLM_BASE_URL: upstream.url },
    limits: { keptReplyBytesMax: 10_000 },
    config: { models: names.map((name) => pricedModel(`idem/${name}`, name, name === 'dear' ? { input: 0, output: 9_000_000_000_000_000 } : PRICE)) },
  });
  payer = await makePayer(server, { billing: 'balance', nanoUsd: GRANT });
  upstream.play('whole', json(COMPLETION));
  upstream.play('stream', { steps: [{ write: delta('Grüße ') }, { write: delta('✓', 'stop') }, { write: chunk({ usage: USAGE }) }, { write: 'data: [DONE]\n\n' }] });
}, 30_000);

afterAll(async () => {
  await upstream.close();
  await stopServers();
});

function json(text: string, status = 200): Replay {
  return { status, headers: { 'content-type': 'application/json' }, steps: [{ write: text }] };
}

function body(model: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { model: `idem/${model}`, max_tokens: 100, messages: [{ role: 'user', content: 'hello' }], ...more };
}

function ask(key: string, request: Readonly<Record<string, unknown>>, who = payer): Promise<RawReply> {
  return call(server.url, { path: '/v1/chat/completions', key: who.key, body: request, headers: { 'idempotency-key': key } });
}

function codeOf(reply: RawReply): unknown {
  return (JSON.parse(reply.body.toString('utf8')) as { error?: { code?: unknown } }).error?.code;
}

async function spentBy(work: () => Promise<void>): Promise<bigint> {
  const before = await balanceOf(server, payer.key);
  await work();
  return before - await balanceOf(server, payer.key);
}

test('a repeated request is answered with the same bytes, and charged once', async () => {
  const spent = await spentBy(async () => {
    const first = await ask('same', body('whole'));
    const second = await ask('same', body('whole'));
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body.equals(first.body)).toBe(true);
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
  });
  expect(spent).toBe(CHARGE);
  expect(upstream.requests('whole')).toHaveLength(1);
});

test('a repeated stream comes in one burst with the same events, and is charged once', async () => {
  const spent = await spentBy(async () => {
    const first = await ask('events', body('stream', { stream: true }));
    const second = await ask('events', body('stream', { stream: true }));
    expect(second.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect(second.body.toString('utf8')).toBe(first.body.toString('utf8'));
    expect(second.body.toString('utf8').endsWith('data: [DONE]\n\n')).toBe(true);
  });
  expect(spent).toBe(CHARGE);
});

test('a request that is still being answered is a 409 with Retry-After', async () => {
  upstream.play('slow', { ...json(COMPLETION), before: [{ waitFor: 'slow' }] });
  const first = ask('open', body('slow'));
  await eventually(() => (upstream.requests('slow').length > 0 ? true : null));
  const second = await ask('open', body('slow'));
  upstream.release('slow');
  expect({ status: second.status, code: codeOf(second) }).toEqual({ status: 409, code: 'idempotency_key_in_use' });
  expect(Number(second.headers['retry-after'])).toBeGreaterThan(0);
  expect((await first).status).toBe(200);
});

test('another body with the same key is a 422, and nothing is bought', async () => {
  await ask('body', body('whole'));
  const spent = await spentBy(async () => {
    const other = await ask('body', body('whole', { temperature: 0.5 }));
    expect({ status: other.status, code: codeOf(other) }).toEqual({ status: 422, code: 'idempotency_key_reused' });
  });
  expect(spent).toBe(0n);
});

test('the same key in another workspace is another key', async () => {
  const other = await makePayer(server, { billing: 'balance', nanoUsd: GRANT });
  await ask('shared', body('whole'));
  const reply = await ask('shared', body('whole', { temperature: 1 }), other);
  expect(reply.status).toBe(200);
});

test('a failure of the upstream is replayed too, and costs nothing', async () => {
  upstream.play('fails', json('{"error":{"message":"boom"}}', 500));
  const spent = await spentBy(async () => {
    const first = await ask('failed', body('fails'));
    const second = await ask('failed', body('fails'));
    expect([first.status, second.status]).toEqual([502, 502]);
    expect(second.headers['idempotency-replayed']).toBe('true');
  });
  expect(spent).toBe(0n);
  expect(upstream.requests('fails')).toHaveLength(1);
});

test('what was refused before anything was bought leaves the key free', async () => {
  const refused = await ask('free', body('dear'));
  expect({ status: refused.status, code: codeOf(refused) }).toEqual({ status: 402, code: 'insufficient_balance' });
  expect((await ask('free', body('whole'))).status).toBe(200);
  expect((await ask('free2', body('nobody'))).status).toBe(404);
  expect((await ask('free2', body('whole'))).status).toBe(200);
});

test.each([false, true])('a caller who leaves and asks again is given what the first request came to (stream %s)', async (stream) => {
  const name = `gone-${String(stream)}`;
  upstream.play('leaves', stream
    ? { steps: [{ write: delta('Grüße ') }, { waitFor: name }, { write: delta('✓', 'stop') }, { write: chunk({ usage: USAGE }) }, { write: 'data: [DONE]\n\n' }] }
    : { ...json(COMPLETION), before: [{ waitFor: name }] });
  const spent = await spentBy(async () => {
    const request = body('leaves', { stream });
    const first = await begin(server.url, { path: '/v1/chat/completions', key: payer.key, body: request, headers: { 'idempotency-key': name } });
    if (stream) await first.head();
    const asked = upstream.requests('leaves').length;
    await eventually(() => (upstream.requests('leaves').length >= Math.max(asked, stream ? 2 : 1) ? true : null));
    first.leave();
    expect((await ask(name, request)).status).toBe(409);
    upstream.release(name);
    const second = await eventually(async () => {
      const reply = await ask(name, request);
      return reply.status === 409 ? null : reply;
    });
    expect({ status: second.status, replayed: second.headers['idempotency-replayed'] }).toEqual({ status: 200, replayed: 'true' });
    expect(second.body.toString('utf8')).toContain('✓');
  });
  expect(spent).toBe(CHARGE);
});

test('a reply too large to keep is not given twice, nor charged twice', async () => {
  upstream.play('large', json(COMPLETION.replace('Grüße', 'x'.repeat(20_000))));
  const spent = await spentBy(async () => {
    expect((await ask('large', body('large'))).status).toBe(200);
    const second = await ask('large', body('large'));
    expect({ status: second.status, code: codeOf(second) }).toEqual({ status: 409, code: 'idempotency_reply_not_kept' });
  });
  expect(spent).toBe(CHARGE);
});

test.each(['', 'x'.repeat(256), 'two words'])('a key that can’t be one is a 400 (%#)', async (key) => {
  const reply = await call(server.url, { path: '/v1/chat/completions', key: payer.key, body: body('whole'), headers: { 'idempotency-key': `${key} ` } });
  // An empty header value is still a header.
  expect(reply.status).toBe(400);
  expect((JSON.parse(reply.body.toString('utf8')) as { error: { param: unknown } }).error.param).toBe('idempotency-key');
});

test('a gateway killed with the request open costs nothing for it: the repeated request pays', async () => {
  const other = await startServer({ env: { VLLM_BASE_URL: upstream.url }, config: { models: [pricedModel('idem/crash', 'crash', PRICE)] } });
  const who = await makePayer(other, { billing: 'balance', nanoUsd: GRANT });
  upstream.play('crash', { ...json(COMPLETION), before: [{ waitFor: 'never' }] });
  const parts = { path: '/v1/chat/completions', key: who.key, body: body('crash'), headers: { 'idempotency-key': 'crash' } };
  const first = await begin(other.url, parts);
  await eventually(() => (upstream.requests('crash').length > 0 ? true : null));
  await other.kill();
  first.leave();
  upstream.play('crash', json(COMPLETION));
  const next = await other.restart();
  const reply = await eventually(async () => {
    const answer = await call(next.url, parts);
    return answer.status === 409 ? null : answer;
  });
  expect({ status: reply.status, replayed: reply.headers['idempotency-replayed'] }).toEqual({ status: 200, replayed: undefined });
  expect(await balanceOf(next, who.key)).toBe(GRANT - CHARGE);
  const check = await askJson(next, { path: '/v1/admin/ledger/check' });
  expect(check['violations']).toEqual([]);
}, 20_000);
