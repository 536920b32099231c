/** This file holds the front door to its promises: order of refusals, methods, browsers, bounds, bytes and secrets. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { operations } from '../generated/operations.ts';
import { faultOfSchema } from './judges.ts';
import { begin, call, open, requestBytes } from './raw-client.ts';
import type { RawReply, RequestParts } from './raw-client.ts';
import { payloadsOf } from './recorded-streams.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import { hello } from './good-requests.ts';

const BASES = ['/v1', '/api/openai/v1'];
const COMPLETION = '{"id":"c",  "object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi \\u00e9 é","refusal":null},"logprobs":null,"finish_reason":"stop","vendor":{"score":1.50}}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5},"vendor_note":12345678901234567890}';

let server: ServerUnderTest;
let upstream: ReplayUpstream;
beforeAll(async () => {
  upstream = await startReplayUpstream();
  server = await startServer({ env: { VLLM_BASE_URL: upstream.url } });
}, 30_000);
afterAll(async () => {
  await upstream.close();
  await stopServers();
});

const ask = (parts: RequestParts): Promise<RawReply> => call(server.url, { key: server.key, ...parts });
const chat = (body: unknown, headers: Record<string, string> = {}): Promise<RawReply> => ask({ path: '/v1/chat/completions', body, headers });

interface ErrorText { readonly code: string; readonly message: string; readonly param: string | null; readonly request_id: string }

function errorOf(reply: RawReply): ErrorText {
  const body = JSON.parse(reply.body.toString('utf8')) as { error: ErrorText };
  expect(faultOfSchema('ErrorResponse', body)).toBeNull();
  expect(body.error.request_id).toBe(reply.headers['x-request-id']);
  expect(reply.headers['content-type']).toBe('application/json');
  return body.error;
}

async function expectError(reply: Promise<RawReply> | RawReply, status: number, code: string): Promise<ErrorText> {
  const got = await reply;
  const error = errorOf(got);
  expect({ status: got.status, code: error.code }).toEqual({ status, code });
  return error;
}

describe('the order of refusals', () => {
  test('404 comes before 405 and 401', async () => {
    await expectError(ask({ method: 'DELETE', path: '/v1/nowhere', key: null }), 404, 'unknown_url');
    await expectError(ask({ path: '/v1/models/', key: null }), 404, 'unknown_url');
    await expectError(ask({ path: '/v2/models', key: null }), 404, 'unknown_url');
  });

  test('405 comes before 401 and names the methods that are served', async () => {
    const reply = await ask({ method: 'PUT', path: '/v1/keys', key: null });
    await expectError(reply, 405, 'method_not_allowed');
    expect(reply.headers['allow']).toBe('GET, HEAD, OPTIONS, POST');
  });

  test('401 comes before 400, 413 and 415, and a body is not even waited for', async () => {
    const noKey = { path: '/v1/chat/completions', key: null };
    await expectError(ask({ ...noKey, body: '{"broken' }), 401, 'missing_api_key');
    await expectError(ask({ ...noKey, body: 'x', headers: { 'content-type': 'text/plain' } }), 401, 'missing_api_key');
    const connection = await begin(server.url, { ...noKey, body: '{', headers: { 'content-length': '40000000' } });
    await expectError(connection.reply(), 401, 'missing_api_key');
    connection.leave();
  });

  test('403 comes before 400', async () => {
    const made = await ask({ path: '/v1/keys', body: { name: 'management only', scopes: ['management'] } });
    const { secret } = JSON.parse(made.body.toString('utf8')) as { secret: string };
    await expectError(ask({ path: '/v1/chat/completions', body: '{"broken', key: secret }), 403, 'insufficient_scope');
  });

  test.each(['Basic abc', 'Bearer', 'wm_v2.x', 'Bearer  '])('authorization "%s" is no key', async (authorization) => {
    await expectError(ask({ path: '/v1/models', key: null, headers: { authorization } }), 401, 'missing_api_key');
  });

  test('the scheme is read in any case', async () => {
    expect((await ask({ path: '/v1/models', key: null, headers: { authorization: `bearer ${server.key}` } })).status).toBe(200);
  });
});

describe('methods', () => {
  const gets = Object.values(operations).filter((operation) => operation.method === 'get' && !operation.path.includes('{')).map((operation) => operation.path);

  test.each([...gets, '/models/sandbox/echo'])('HEAD %s answers as GET does, without a body', async (path) => {
    const [head, get] = [await ask({ method: 'HEAD', path: `/v1${path}` }), await ask({ path: `/v1${path}` })];
    expect({ status: head.status, type: head.headers['content-type'], body: head.body.length }).toEqual({ status: 200, type: get.headers['content-type'], body: 0 });
    // What is sent as it is read has no length beforehand.
    expect(head.headers['content-length']).toBe(path === '/requests/export' ? undefined : String(get.body.length));
    expect(head.headers['x-request-id']).toMatch(/^req_/);
  });

  test('HEAD is refused as GET is', async () => {
    expect((await ask({ method: 'HEAD', path: '/v1/models', key: null })).status).toBe(401);
    expect((await ask({ method: 'HEAD', path: '/v1/chat/completions' })).status).toBe(405);
  });
});

describe('browsers', () => {
  const origin = { origin: 'https://app.example' };

  test.each(BASES)('a preflight below %s allows the method and headers it asks for, without a key', async (base) => {
    const headers = { ...origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type,x-stainless-os' };
    const reply = await ask({ method: 'OPTIONS', path: `${base}/chat/completions`, key: null, headers });
    expect({ status: reply.status, body: reply.body.length, allowed: reply.headers['access-control-allow-origin'] }).toEqual({ status: 204, body: 0, allowed: '*' });
    expect(reply.headers['access-control-allow-methods']).toContain('POST');
    expect(reply.headers['access-control-allow-headers']).toContain('x-stainless-os');
  });

  test.each([['a reply', {}], ['a refusal', { key: null }]])('%s may be read by a browser, with the headers that matter', async (_name, more) => {
    const reply = await ask({ path: '/v1/models', headers: origin, ...more });
    expect(reply.headers['access-control-allow-origin']).toBe('*');
    expect(reply.headers['access-control-expose-headers']).toMatch(/x-request-id/);
    expect(reply.headers['access-control-expose-headers']).toMatch(/retry-after/);
  });
});

describe('paths', () => {
  test.each(BASES)('the whole contract answers below %s', async (base) => {
    expect((await ask({ path: `${base}/models` })).status).toBe(200);
    expect((await ask({ path: `${base}/chat/completions`, body: hello() })).status).toBe(200);
    expect((await ask({ path: `${base}/openapi.json`, key: null })).status).toBe(200);
  });

  test.each(['google/gemini-2.5-flash', 'groq/openai/gpt-oss-120b'])('%s is found raw and percent-encoded', async (id) => {
    const raw = await ask({ path: `/v1/models/${id}` });
    const encoded = await ask({ path: `/v1/models/${encodeURIComponent(id)}` });
    expect([raw.status, encoded.status]).toEqual([200, 200]);
    expect(raw.body.equals(encoded.body)).toBe(true);
    expect(JSON.parse(raw.body.toString('utf8'))).toMatchObject({ id, capabilities: { tools: true }, pricing: expect.objectContaining({}) as object });
  });

  test('a target in absolute form is served by its path alone, and one without a path is unknown', async () => {
    expect((await ask({ path: 'http://elsewhere.example/v1/models' })).status).toBe(200);
    expect((await ask({ path: 'http://elsewhere.example/v1/models', key: null })).status).toBe(401);
    for (const path of ['http:///v1', '*']) await expectError(ask({ method: 'POST', path }), 404, 'unknown_url');
  });

  test('a path parameter that is not percent-encoding is a 400', async () => {
    await expectError(ask({ path: '/v1/models/%E0%A4%A' }), 400, 'invalid_request');
  });

  test('a model that can not be called says which key is missing', async () => {
    const error = await expectError(chat(hello({ model: 'openai/gpt-5-mini' })), 404, 'model_not_available');
    expect(error.message).toContain('OPENAI_API_KEY');
    expect((await ask({ path: '/v1/models/openai/gpt-5-mini' })).body.toString('utf8')).toContain('OPENAI_API_KEY');
  });

  test.each(['/healthz', '/readyz', '/metrics', '/docs', '/redoc', '/', '/nowhere'])('%s carries a request id', async (path) => {
    const reply = await ask({ path, key: null });
    expect(reply.headers['x-request-id']).toMatch(/^req_[0-9a-f]{32}$/);
    expect(reply.status).toBe(path === '/nowhere' ? 404 : 200);
    if (reply.status === 404) errorOf(reply);
  });
});

describe('bytes go through', () => {
  const text = (model: string): string => `{ "messages" : [ {"role":"user","content":"caf\\u00e9 é 😀"} ],\n "model":"${model}", "seed":12345678901234567890, "temperature":1.0, "vendor_field":{"deep":[1.50,null]} ,"stop":null}`;

  test('a request reaches its upstream unchanged but for the model name', async () => {
    upstream.play('bytes', { headers: { 'content-type': 'application/json' }, steps: [{ write: COMPLETION }] });
    const reply = await chat(text('vllm/bytes'));
    expect(reply.status).toBe(200);
    expect(upstream.requests('bytes').at(-1)?.body).toBe(text('bytes'));
  });

  test('a reply reaches its caller byte for byte', async () => {
    upstream.play('bytes', { headers: { 'content-type': 'application/json' }, steps: [{ write: COMPLETION }] });
    expect((await chat(text('vllm/bytes'))).body.toString('utf8')).toBe(COMPLETION);
  });

  test('a stream’s request gets stream_options spliced in, and nothing else', async () => {
    upstream.play('spliced', { steps: [{ write: 'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n' }] });
    await chat(text('vllm/spliced').replace('"stop":null', '"stream":true'));
    const sent = upstream.requests('spliced').at(-1)?.body ?? '';
    expect(sent.replace('"stream_options":{"include_usage":true},', '')).toBe(text('spliced').replace('"stop":null', '"stream":true'));
    expect(JSON.parse(sent)).toMatchObject({ stream_options: { include_usage: true } });
  });

  test('nothing of the caller’s headers goes to the upstream', async () => {
    upstream.play('headers', { headers: { 'content-type': 'application/json' }, steps: [{ write: COMPLETION }] });
    await chat(hello({ model: 'vllm/headers' }), { cookie: 'a=b', 'x-private': 'secret', 'openai-organization': 'org-1', 'x-forwarded-for': '10.0.0.1' });
    const headers = upstream.requests('headers').at(-1)?.headers ?? {};
    expect(Object.keys(headers).sort()).toEqual(['accept', 'accept-encoding', 'connection', 'content-length', 'content-type', 'host']);
    expect(headers['accept-encoding']).toBe('identity');
  });

  test('a key written twice means one thing to both sides', async () => {
    upstream.play('last', { headers: { 'content-type': 'application/json' }, steps: [{ write: COMPLETION }] });
    const reply = await chat('{"model":"vllm/first","messages":[{"role":"user","content":"x"}],"mod\\u0065l":"vllm/last"}');
    expect(reply.status).toBe(200);
    expect(upstream.requests('first')).toHaveLength(0);
    expect(upstream.requests('last').at(-1)?.body).not.toContain('vllm/');
    expect(JSON.parse(upstream.requests('last').at(-1)?.body ?? '')).toEqual({ model: 'last', messages: [{ role: 'user', content: 'x' }] });
  });

  test('__proto__ is a field like any other, and changes nothing here', async () => {
    upstream.play('proto', { headers: { 'content-type': 'application/json' }, steps: [{ write: COMPLETION }] });
    const body = (model: string): string => `{"__proto__":{"model":"x","polluted":true},"constructor":{"prototype":{"polluted":true}},"model":"${model}","messages":[{"role":"user","content":"x","__proto__":{"a":1}}]}`;
    expect((await chat(body('vllm/proto'))).status).toBe(200);
    expect(upstream.requests('proto').at(-1)?.body).toBe(body('proto'));
    await expectError(chat('{"__proto__":{"model":"sandbox/echo","messages":[]}}'), 400, 'invalid_request');
  });
});

describe('bodies that are refused', () => {
  const nested = (depth: number): string => `{"model":"sandbox/echo","messages":[{"role":"user","content":"x"}],"deep":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;

  test('64 levels are taken, 65 are not', async () => {
    expect((await chat(nested(64))).status).toBe(200);
    await expectError(chat(nested(65)), 400, 'json_too_deep');
    await expectError(chat('['.repeat(900_000)), 400, 'json_too_deep');
  });

  test('33 MB are too large, said before and said while they come', async () => {
    const large = Buffer.alloc(33 * 1024 * 1024, 0x20);
    await expectError(chat(large), 413, 'body_too_large');
    const chunked = Buffer.concat([requestBytes({ path: '/v1/keys', key: server.key, method: 'POST', headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' } }), Buffer.from(`${(2 * 1024 * 1024).toString(16)}\r\n`), Buffer.alloc(2 * 1024 * 1024, 0x20), Buffer.from('\r\n0\r\n\r\n')]);
    const connection = await open(server.url);
    connection.send(chunked);
    await expectError(connection.reply(), 413, 'body_too_large');
    connection.leave();
  });

  test('compressed bodies and other media types are a 415', async () => {
    await expectError(chat(gzipSync(JSON.stringify(hello())), { 'content-encoding': 'gzip' }), 415, 'unsupported_media_type');
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', 'application/jsonp']) {
      await expectError(chat(hello(), { 'content-type': type }), 415, 'unsupported_media_type');
    }
    expect((await chat(hello(), { 'content-type': 'Application/JSON; Charset="UTF-8"' })).status).toBe(200);
  });

  test.each([['nothing', ''], ['half of it', '{"model":'], ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])], ['NaN', '{"a":NaN}'], ['two values', '{} {}']])('%s is not JSON', async (_name, body) => {
    await expectError(chat(body), 400, 'invalid_json');
  });

  test.each([['null'], ['[]'], ['"text"'], ['7']])('%s is no request', async (body) => {
    await expectError(chat(body), 400, 'invalid_request');
  });

  test('a byte order mark is no reason to refuse', async () => {
    expect((await chat(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(JSON.stringify(hello()))]))).status).toBe(200);
  });

  test('a refused field is named, with what was expected', async () => {
    const error = await expectError(chat({ model: 'sandbox/echo', messages: [{ role: 'user', content: 7 }] }), 400, 'invalid_request');
    expect(error.param).toBe('messages[0].content');
    expect(error.message).not.toContain('\n');
    expect((await expectError(chat({ model: 'sandbox/echo' }), 400, 'invalid_request')).param).toBe('messages');
    expect((await expectError(ask({ path: '/v1/usage?limit=none' }), 400, 'invalid_request')).param).toBe('limit');
  });

  test('large headers are a 431, and so are many', async () => {
    await expectError(ask({ path: '/v1/models', headers: { 'x-large': 'x'.repeat(20 * 1024) } }), 431, 'headers_too_large');
    await expectError(ask({ path: `/v1/models?${'x'.repeat(20 * 1024)}` }), 431, 'headers_too_large');
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`x-${index}`, '1']));
    await expectError(ask({ path: '/v1/models', headers: many }), 431, 'headers_too_large');
  });

  test('what is not HTTP gets an error all the same', async () => {
    const connection = await open(server.url);
    connection.send('HELLO\r\n\r\n');
    await expectError(connection.reply(), 400, 'invalid_request');
    connection.leave();
  });
});

describe('connections', () => {
  const stream = (more: Record<string, unknown> = {}): Record<string, unknown> => hello({ stream: true, ...more });
  const payloads = (reply: RawReply): string[] => payloadsOf(reply.body.toString('utf8'));

  test('requests sent one behind the other are answered whole and in order', async () => {
    const connection = await open(server.url);
    const bodies = [stream({ sandbox: { token_ms: 20 } }), hello(), stream(), hello({ model: 'nobody' }), stream({ sandbox: { first_token_ms: 50 } })];
    connection.send(Buffer.concat(bodies.map((body) => requestBytes({ path: '/v1/chat/completions', key: server.key, body }))));
    const replies: RawReply[] = [];
    while (replies.length < bodies.length) replies.push(await connection.reply());
    expect(replies.map((reply) => [reply.status, reply.isWhole, reply.headers['content-type']?.split(';')[0]])).toEqual([
      [200, true, 'text/event-stream'], [200, true, 'application/json'], [200, true, 'text/event-stream'], [404, true, 'application/json'], [200, true, 'text/event-stream'],
    ]);
    for (const index of [0, 2, 4]) expect(payloads(replies[index] as RawReply).at(-1)).toBe('[DONE]');
    connection.leave();
  });

  test('a caller of HTTP/1.0 gets its stream unframed', async () => {
    const connection = await open(server.url);
    connection.send(requestBytes({ path: '/v1/chat/completions', key: server.key, body: stream() }).toString('latin1').replace('HTTP/1.1', 'HTTP/1.0'));
    const reply = await connection.reply();
    expect(reply.headers['transfer-encoding']).toBeUndefined();
    expect(reply.body.toString('utf8')).toMatch(/^data: \{/);
    expect(payloads(reply).at(-1)).toBe('[DONE]');
    connection.leave();
  });

  test('garbage sent behind a request puts no second answer into an open stream', async () => {
    const connection = await begin(server.url, { path: '/v1/chat/completions', key: server.key, body: stream({ sandbox: { hang_after_events: 2 } }) });
    await connection.head();
    await connection.chunk();
    connection.send('GARBAGE\r\n\r\n');
    let text = '';
    for (let chunk = await connection.chunk(); chunk; chunk = await connection.chunk()) text += chunk.toString('utf8');
    await connection.closed;
    expect(text).not.toContain('HTTP/1.1');
    expect(connection.unread()).not.toContain('HTTP/1.1');
  });
});

describe('slow callers', () => {
  const limits = { clientHeadersTimeoutMs: 200, clientRequestTimeoutMs: 400, connectionsCheckingIntervalMs: 50 };
  let impatient: ServerUnderTest;
  beforeAll(async () => { impatient = await startServer({ limits }); }, 20_000);

  test('headers that do not come are cut with a 408', async () => {
    const connection = await open(impatient.url);
    connection.send('GET /v1/models HTTP/1.1\r\nhost: x\r\n');
    await expectError(connection.reply(), 408, 'request_timeout');
    await connection.closed;
  });

  test('a body that does not come is cut with a 408', async () => {
    const bytes = requestBytes({ path: '/v1/chat/completions', key: impatient.key, body: hello() });
    const connection = await open(impatient.url);
    connection.send(bytes.subarray(0, bytes.length - 1));
    await expectError(connection.reply(), 408, 'request_timeout');
    await connection.closed;
  });

  test('a reply that takes longer than a request may is not cut', async () => {
    const reply = await call(impatient.url, { path: '/v1/chat/completions', key: impatient.key, body: hello({ stream: true, sandbox: { first_token_ms: 700 } }) });
    expect(reply.isWhole).toBe(true);
    expect(reply.body.toString('utf8')).toMatch(/data: \[DONE\]\n\n$/);
  });
});

describe('secrets', () => {
  const providerKeys = { VLLM_API_KEY: 'plain-canary-8f3c2d1e', OPENAI_API_KEY: 'sk-canary-0123456789abcdef' };
  const text = (file: string): string => readFileSync(file, 'latin1');

  test('neither provider keys nor developer keys reach the log, a caller or the store', async () => {
    const first = await startServer({ env: { VLLM_BASE_URL: upstream.url, OPENAI_BASE_URL: upstream.url, ...providerKeys, LOG_LEVEL: 'debug' } });
    await first.stop();
    const guarded = await first.restart();
    const { key } = guarded;
    const secret = key.split('.')[2] ?? '';
    const replies: RawReply[] = [];
    const send = async (parts: RequestParts): Promise<void> => { replies.push(await call(guarded.url, { key, ...parts })); };
    const echo = (status: number) => ({
      status, headers: { 'content-type': 'application/json' },
      steps: [{ write: JSON.stringify({ error: { message: `Incorrect API key provided: ${providerKeys.VLLM_API_KEY} or ${providerKeys.OPENAI_API_KEY}, Bearer ${providerKeys.VLLM_API_KEY}`, type: 't', param: null, code: 'c' } }) }],
    });
    for (const status of [400, 401, 429, 500]) {
      upstream.play('leaks', echo(status));
      await send({ path: '/v1/chat/completions', body: hello({ model: 'vllm/leaks' }) });
      await send({ path: '/v1/chat/completions', body: hello({ model: 'vllm/leaks', stream: true }) });
    }
    expect(upstream.requests('leaks').at(-1)?.headers.authorization).toBe(`Bearer ${providerKeys.VLLM_API_KEY}`);
    const error = `data: {"error":{"message":"your key ${providerKeys.VLLM_API_KEY} ${providerKeys.OPENAI_API_KEY}"}}\n\n`;
    upstream.play('leaks', { steps: [{ write: error }] });
    await send({ path: '/v1/chat/completions', body: hello({ model: 'vllm/leaks', stream: true }) });
    upstream.play('leaks', { steps: [{ write: `data: not JSON ${providerKeys.VLLM_API_KEY} ${providerKeys.OPENAI_API_KEY}\n\n` }] });
    await send({ path: '/v1/chat/completions', body: hello({ model: 'vllm/leaks', stream: true }) });
    expect(replies.map((reply) => reply.body.toString('utf8')).filter((body) => Object.values(providerKeys).some((canary) => body.includes(canary)))).toEqual([]);

    await send({ path: `/v1/models?api_key=${key}` });
    await send({ path: `/v1/nowhere/${key}` });
    await send({ path: `/${key}`, key: null });
    await send({ path: '/v1/chat/completions', body: `{"broken ${key}` });
    await send({ path: '/v1/chat/completions', body: { model: 7, messages: key } });
    await send({ path: '/v1/chat/completions', body: hello({ messages: [{ role: 'user', content: key }] }) });
    await send({ path: '/v1/models', key: `${key.slice(0, -1)}_` });
    await send({ path: '/v1/models', headers: { 'content-type': key, 'x-key': key } });
    await send({ path: '/v1/keys', body: { name: 'x' }, headers: { 'content-encoding': key } });
    const connection = await open(guarded.url);
    connection.send(`GARBAGE ${key}\r\n\r\n`);
    await connection.reply();
    connection.leave();
    await guarded.stop();

    const canaries = [...Object.values(providerKeys), key, secret];
    expect(guarded.output().length).toBeGreaterThan(100);
    expect(canaries.filter((canary) => guarded.output().includes(canary))).toEqual([]);
    const kept = readdirSync(guarded.dataFolder).filter((file) => file.startsWith('interline.db')).map((file) => text(join(guarded.dataFolder, file))).join('');
    expect(kept.length).toBeGreaterThan(1000);
    expect(canaries.filter((canary) => kept.includes(canary))).toEqual([]);
  }, 20_000);

  test('a first key is readable by its owner alone', () => {
    expect(statSync(join(server.dataFolder, 'first-key')).mode & 0o777).toBe(0o600);
    expect(statSync(join(server.dataFolder, 'interline.db')).mode & 0o777).toBe(0o600);
  });
});
