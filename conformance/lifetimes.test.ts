/** This file holds open streams to their promises when readers stall, keys are revoked and the gateway closes. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { UsageRow } from '../generated/client/types.gen.ts';
import { faultOfEvents } from './judges.ts';
import { begin, call } from './raw-client.ts';
import type { RawConnection } from './raw-client.ts';
import { payloadsOf } from './recorded-streams.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import { createKey, hello } from './good-requests.ts';
import { patchKey } from './stage.ts';

const REVOKED_WITHIN_MS = 1000;
const MEGABYTE = 1024 * 1024;

let upstream: ReplayUpstream;
beforeAll(async () => { upstream = await startReplayUpstream(); });
afterAll(async () => {
  await upstream.close();
  await stopServers();
});

const chunkOf = (content: string, finish_reason: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason }] })}\n\n`;

function beginStream(server: ServerUnderTest, model: string, key = server.key): Promise<RawConnection> {
  return begin(server.url, { path: '/v1/chat/completions', key, body: hello({ model, stream: true }) });
}

/** All the rest of a stream, as text. */
async function rest(stream: RawConnection): Promise<string> {
  let text = '';
  for (let chunk = await stream.chunk(); chunk; chunk = await stream.chunk()) text += chunk.toString('utf8');
  return text;
}

/** The code of the error event a stream ended with; it must end with one. */
function lastCode(text: string): unknown {
  expect(faultOfEvents(text)).toBeNull();
  expect(text).not.toContain('[DONE]');
  return (JSON.parse(payloadsOf(text).at(-1) ?? 'null') as { error: { code: unknown } }).error.code;
}

/** The newest row of a model, once there is one. */
function rowOf(server: ServerUnderTest, model: string): Promise<UsageRow> {
  return eventually(async () => {
    const reply = await call(server.url, { path: '/v1/usage?limit=50', key: server.key });
    const { data } = JSON.parse(reply.body.toString('utf8')) as { data: UsageRow[] };
    return data.find((row) => row.model === model) ?? null;
  });
}

/** Resident memory of a process in bytes, where the system tells it. */
function residentBytes(pid: number): number | null {
  const file = `/proc/${pid}/status`;
  const kilobytes = existsSync(file) ? /VmRSS:\s+(\d+) kB/.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

describe('a reader that stops', () => {
  let server: ServerUnderTest;
  beforeAll(async () => { server = await startServer({ limits: { stalledWriteMs: 1500 }, env: { VLLM_BASE_URL: upstream.url } }); }, 20_000);

  test('pauses the upstream, costs no memory, and goes on where it stopped', async () => {
    const piece = chunkOf('x'.repeat(16_000));
    upstream.play('flood', { steps: [{ flood: Buffer.from(piece) }] });
    const stream = await beginStream(server, 'vllm/flood');
    await stream.head();
    await stream.chunk();
    stream.socket.pause();
    const entry = upstream.requests('flood')[0];
    const before = residentBytes(server.pid);
    // Blocked at the same byte for ten looks in a row: nothing moves any more.
    let looks = 0;
    let last = 0;
    const blockedAt = await eventually(() => {
      looks = entry?.isBlocked && entry.bytesWritten === last ? looks + 1 : 0;
      last = entry?.bytesWritten ?? 0;
      return looks >= 10 ? last : null;
    });
    // What the two sockets' buffers hold, and no more.
    expect(blockedAt).toBeLessThan(40 * MEGABYTE);
    const after = residentBytes(server.pid);
    if (before !== null && after !== null) expect(after - before).toBeLessThan(40 * MEGABYTE);
    stream.socket.resume();
    await eventually(() => ((entry?.bytesWritten ?? 0) > blockedAt + 50 * MEGABYTE ? true : null), 10_000);
    for (let index = 0; index < 100; index++) expect(String(await stream.chunk())).toBe(piece);
    stream.leave();
    await entry?.left;
    expect(await rowOf(server, 'vllm/flood')).toMatchObject({ outcome: 'client_gone' });
  }, 20_000);

  test('is cut when it takes nothing for too long, and the upstream with it', async () => {
    upstream.play('stalled', { steps: [{ flood: Buffer.from(chunkOf('x'.repeat(16_000))) }] });
    const stream = await beginStream(server, 'vllm/stalled');
    await stream.head();
    stream.socket.pause();
    await upstream.requests('stalled')[0]?.left;
    expect(await rowOf(server, 'vllm/stalled')).toMatchObject({ outcome: 'client_gone', status: 200 });
    stream.leave();
  }, 20_000);
});

describe('a revoked key', () => {
  let first: ServerUnderTest;
  let second: ServerUnderTest;
  beforeAll(async () => {
    first = await startServer({ env: { VLLM_BASE_URL: upstream.url } });
    second = await startServer({ dataFolder: first.dataFolder, env: { VLLM_BASE_URL: upstream.url } });
  }, 20_000);

  test.each([
    ['revoked', 'in the same process', () => first, { revoked: true }],
    ['revoked', 'in another process on the same store', () => second, { revoked: true }],
    ['deleted', 'in the same process', () => first, null],
    ['deleted', 'in another process on the same store', () => second, null],
  ] as const)('%s %s, ends its open stream within a second, with a typed error', async (how, _where, serverOf, change) => {
    const server = serverOf();
    const model = `held-${how}-${server === first ? 'first' : 'second'}`;
    upstream.play(model, { steps: [{ write: chunkOf('Hello') }], ending: 'hang' });
    const key = await createKey(first, { name: 'to be revoked' });
    const stream = await beginStream(server, `vllm/${model}`, key.secret);
    expect((await stream.head()).status).toBe(200);
    await stream.chunk();
    if (change) await patchKey(first, key.id, change);
    else await call(first.url, { method: 'DELETE', path: `/v1/keys/${key.id}`, key: first.key });
    const changedAt = performance.now();
    const text = await rest(stream);
    expect(performance.now() - changedAt).toBeLessThan(REVOKED_WITHIN_MS);
    expect(lastCode(text)).toBe('revoked_api_key');
    await upstream.requests(model)[0]?.left;
    expect(await rowOf(first, `vllm/${model}`)).toMatchObject({ outcome: 'revoked', key: key.id, basis: 'observed', completion_tokens: 1 });
    const refused = await call(server.url, { path: '/v1/models', key: key.secret });
    expect(refused.status).toBe(401);
  }, 15_000);

  test('limited to fewer models or scopes, its next call already feels it, in the other process within a second', async () => {
    const key = await createKey(first, { name: 'to be limited', scopes: ['inference', 'management'] });
    expect((await call(second.url, { path: '/v1/keys', key: key.secret })).status).toBe(200);
    await patchKey(first, key.id, { scopes: ['inference'], models: ['sandbox/*'] });
    expect((await call(first.url, { path: '/v1/keys', key: key.secret })).status).toBe(403);
    await eventually(async () => ((await call(second.url, { path: '/v1/keys', key: key.secret })).status === 403 ? true : null), REVOKED_WITHIN_MS);
    expect((await call(second.url, { path: '/v1/chat/completions', key: key.secret, body: hello({ model: 'vllm/any' }) })).status).toBe(403);
  });
});

describe('SIGTERM', () => {
  test('to npm start reaches the gateway behind it, which drains', async () => {
    const dataFolder = mkdtempSync(join(tmpdir(), 'interline-npm-'));
    const npm = spawn('npm', ['start'], { cwd: new URL('..', import.meta.url).pathname, env: { PATH: process.env['PATH'], HOME: dataFolder, PORT: '0', INTERLINE_DATA: dataFolder }, stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    const closed = new Promise<void>((resolve) => { npm.stdout.on('close', () => { resolve(); }); });
    npm.stdout.on('data', (chunk) => { output += String(chunk); });
    await eventually(() => Promise.resolve(output.includes('"msg":"listening"') ? true : null));
    npm.kill('SIGTERM');
    await closed;
    expect(output).toContain('"msg":"stopped"');
    rmSync(dataFolder, { recursive: true, force: true });
  }, 20_000);

  test('lets open streams finish, answers 503 meanwhile, and exits with 0', async () => {
    const server = await startServer({ env: { VLLM_BASE_URL: upstream.url } });
    upstream.play('finishing', { steps: [{ write: chunkOf('Hello') }, { waitFor: 'sigterm' }, { write: `${chunkOf('', 'stop')}data: [DONE]\n\n` }] });
    const stream = await beginStream(server, 'vllm/finishing');
    await stream.head();
    await stream.chunk();
    server.terminate();
    await eventually(async () => ((await call(server.url, { path: '/readyz' })).status === 503 ? true : null));
    const refused = await call(server.url, { path: '/v1/chat/completions', key: server.key, body: hello() });
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toMatch(/^\d+$/);
    upstream.release('sigterm');
    expect(await rest(stream)).toMatch(/"finish_reason":"stop".*\n\ndata: \[DONE\]\n\n$/s);
    expect(await server.exited).toBe(0);
    const again = await server.restart();
    expect(await rowOf(again, 'vllm/finishing')).toMatchObject({ outcome: 'ok', finish_reason: 'stop' });
  }, 20_000);

  test('cuts what does not finish in time, with a typed event and its row, and still exits with 0', async () => {
    const server = await startServer({ limits: { drainMs: 300 }, env: { VLLM_BASE_URL: upstream.url } });
    upstream.play('endless', { steps: [{ write: chunkOf('Hello') }], ending: 'hang' });
    const stream = await beginStream(server, 'vllm/endless');
    await stream.head();
    await stream.chunk();
    server.terminate();
    expect(lastCode(await rest(stream))).toBe('shutting_down');
    expect(await server.exited).toBe(0);
    const again = await server.restart();
    expect(await rowOf(again, 'vllm/endless')).toMatchObject({ outcome: 'shutdown', basis: 'observed', completion_tokens: 1 });
  }, 20_000);

  test('with nothing open it exits at once, and idle connections do not hold it', async () => {
    const server = await startServer();
    const idle = await begin(server.url, { path: '/v1/models', key: server.key });
    await idle.reply();
    const askedAt = performance.now();
    expect(await server.stop()).toBe(0);
    expect(performance.now() - askedAt).toBeLessThan(2000);
  }, 20_000);
});
