/** This file holds streams to their promises with real bytes: recorded ones however they are cut, and those that die. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { faultOfEvents, faultOfSchema } from './judges.ts';
import { begin, call } from './raw-client.ts';
import type { RawReply } from './raw-client.ts';
import { framedBytes, framings, hasRecordings, payloadsOf, recordedStreams, seededRandom } from './recorded-streams.ts';
import type { Framing } from './recorded-streams.ts';
import { everyNth, faultOfPlaying, usageRow } from './replayed.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { Replay, ReplayUpstream } from './replay-upstream.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import { hello } from './good-requests.ts';

/** Streams up to this size are also sent byte by byte. */
const BYTE_BY_BYTE_MAX = 100_000;
const SHORT = { upstreamFirstByteMs: 400, upstreamIdleMs: 400, upstreamEventBytesMax: 20_000 };

let upstream: ReplayUpstream;
let server: ServerUnderTest;
beforeAll(async () => {
  upstream = await startReplayUpstream();
  server = await startServer({ limits: SHORT, env: { VLLM_BASE_URL: upstream.url, OLLAMA_BASE_URL: 'http://127.0.0.1:1/v1' } });
}, 30_000);
afterAll(async () => {
  await upstream.close();
  await stopServers();
});

const chunkOf = (delta: unknown, more: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, logprobs: null, finish_reason: null, ...more }] });
const PAYLOADS = [chunkOf({ role: 'assistant', content: '' }), chunkOf({ content: 'Hello' }), chunkOf({ content: ' wörld' }), chunkOf({}, { finish_reason: 'stop' })];
const EVENTS = PAYLOADS.map(framings.lf);
const [FIRST = '', SECOND = '', THIRD = '', LAST = ''] = EVENTS;

let named = 0;
function play(replay: Replay): string {
  const name = `made-${named++}`;
  upstream.play(name, replay);
  return name;
}

function ask(name: string, more: Readonly<Record<string, unknown>> = {}): Promise<RawReply> {
  return call(server.url, { path: '/v1/chat/completions', key: server.key, body: hello({ model: `vllm/${name}`, stream: true, ...more }) });
}

function errorCode(json: string | undefined): unknown {
  const value = JSON.parse(json ?? 'null') as { error?: { code?: unknown } } | null;
  expect(faultOfSchema('ErrorResponse', value)).toBeNull();
  return value?.error?.code;
}

/** The code a failed stream ended with, and that it ended well for a failed one. */
function lateCode(reply: RawReply): unknown {
  const text = reply.body.toString('utf8');
  expect({ status: reply.status, isWhole: reply.isWhole, fault: faultOfEvents(text) }).toEqual({ status: 200, isWhole: true, fault: null });
  expect(text).not.toContain('[DONE]');
  return errorCode(payloadsOf(text).at(-1));
}

describe('a recorded stream arrives unchanged, one event a chunk, and is counted as its provider counted it', () => {
  const streams = recordedStreams();
  const kinds = Object.keys(framings) as Framing[];

  test('the recordings are read where they are at hand', () => {
    expect(streams.length).toBeGreaterThanOrEqual(hasRecordings ? 24 : 0);
  });

  (hasRecordings ? test.each(streams) : test.skip.each([{ name: 'none at hand', payloads: [], usage: null, finishReason: null }]))('$name', async (stream) => {
    const random = seededRandom(stream.payloads.length);
    for (const [index, framing] of kinds.entries()) {
      const { length } = framedBytes(stream, framing);
      const cuts = [...everyNth(length, 1, 1)].filter(() => random() < 0.03);
      expect(await faultOfPlaying({ url: server.url, key: server.key, upstream }, { stream, framing, cuts, wantsUsage: index % 2 === 0 })).toBeNull();
      if (length > BYTE_BY_BYTE_MAX || index > 1) continue;
      expect(await faultOfPlaying({ url: server.url, key: server.key, upstream }, { stream, framing, cuts: everyNth(length, 1, 1), wantsUsage: index % 2 === 1 })).toBeNull();
    }
  }, 30_000);

  test('a stream without usage is counted', async () => {
    const reply = await ask(play({ steps: [{ write: [...EVENTS, 'data: [DONE]\n\n'].join('') }] }));
    expect(await usageRow(server, reply.headers['x-request-id'] ?? '')).toMatchObject({ outcome: 'ok', basis: 'counted', completion_tokens: 4, finish_reason: 'stop' });
  });

  test('a stream that is finished but says no [DONE] gets one', async () => {
    const reply = await ask(play({ steps: [{ write: EVENTS.join('') }] }));
    expect(payloadsOf(reply.body.toString('utf8'))).toEqual([...PAYLOADS, '[DONE]']);
  });

  test.each([[-3, 2.5], [1e30, '7'], [Number.MAX_SAFE_INTEGER, null]])('usage of %p and %p harms nobody', async (prompt_tokens, completion_tokens) => {
    const usage = framings.lf(JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage: { prompt_tokens, completion_tokens } }));
    const reply = await ask(play({ steps: [{ write: [...EVENTS, usage, 'data: [DONE]\n\n'].join('') }] }));
    expect(payloadsOf(reply.body.toString('utf8')).at(-1)).toBe('[DONE]');
    expect(await usageRow(server, reply.headers['x-request-id'] ?? '')).toMatchObject({ outcome: 'ok' });
  });
});

describe('a stream that dies is told by its HTTP status while that can be, by a typed error event after, and never ends in [DONE]', () => {
  const early: [string, Replay, number, string][] = [
    ['no answer at all', { steps: [], ending: 'drop' }, 502, 'upstream_unreachable'],
    ['an empty stream', { steps: [] }, 502, 'upstream_bad_reply'],
    ['only [DONE]', { steps: [{ write: 'data: [DONE]\n\n' }] }, 502, 'upstream_bad_reply'],
    ['a page', { headers: { 'content-type': 'text/html' }, steps: [{ write: '<html></html>' }] }, 502, 'upstream_bad_reply'],
    ['a whole reply where a stream was asked for', { headers: { 'content-type': 'application/json' }, steps: [{ write: '{"id":"c","choices":[]}' }] }, 502, 'upstream_bad_reply'],
    ['garbage', { steps: [{ write: 'data: {"id":\n\n' }] }, 502, 'upstream_bad_reply'],
    ['an array', { steps: [{ write: 'data: [1,2]\n\n' }] }, 502, 'upstream_bad_reply'],
    ['an endless line', { steps: [{ write: 'x'.repeat(50_000) }], ending: 'hang' }, 502, 'upstream_bad_reply'],
    ['an error event first', { steps: [{ write: 'data: {"error":{"message":"overloaded","type":"x"}}\n\n' }] }, 502, 'upstream_error'],
    ['comments, then an error event', { steps: [{ write: ': thinking\n\n: thinking\n\ndata: {"error":{"message":"overloaded"}}\n\n' }] }, 502, 'upstream_error'],
    ['silence before the headers', { before: [{ waitFor: 'never' }], steps: [] }, 504, 'upstream_timeout'],
    ['silence after the headers', { steps: [], ending: 'hang' }, 504, 'upstream_timeout'],
    ['429 with Retry-After', { status: 429, headers: { 'content-type': 'application/json', 'retry-after': '3' }, steps: [{ write: '{}' }] }, 429, 'upstream_rate_limited'],
    ['500', { status: 500, steps: [{ write: 'data: {}\n\n' }] }, 502, 'upstream_error'],
    ['401', { status: 401, steps: [{ write: 'no' }] }, 502, 'upstream_auth_failed'],
  ];

  test.each(early)('%s', async (_name, replay, status, code) => {
    const reply = await ask(play(replay));
    expect({ status: reply.status, code: errorCode(reply.body.toString('utf8')) }).toEqual({ status, code });
    expect(reply.headers['retry-after']).toBe(status === 429 ? '3' : undefined);
    expect(await usageRow(server, reply.headers['x-request-id'] ?? '')).toMatchObject({ status, error_code: code, stream: true, completion_tokens: 0 });
  });

  test('nobody listens', async () => {
    const reply = await call(server.url, { path: '/v1/chat/completions', key: server.key, body: hello({ model: 'ollama/any', stream: true }) });
    expect({ status: reply.status, code: errorCode(reply.body.toString('utf8')) }).toEqual({ status: 502, code: 'upstream_unreachable' });
  });

  const late: [string, Replay, string, string][] = [
    ['an end without a finish', { steps: [{ write: FIRST + SECOND }] }, 'upstream_stream_failed', 'upstream_error'],
    ['a cut between events', { steps: [{ write: FIRST + SECOND }], ending: 'cut' }, 'upstream_stream_failed', 'upstream_error'],
    ['a cut within an event', { steps: [{ write: FIRST + SECOND + THIRD.slice(0, 30) }], ending: 'cut' }, 'upstream_stream_failed', 'upstream_error'],
    ['half an event at the end', { steps: [{ write: FIRST + SECOND + THIRD.slice(0, 30) }] }, 'upstream_stream_failed', 'upstream_error'],
    ['an error event', { steps: [{ write: `${FIRST}${SECOND}data: {"error":{"message":"overloaded"}}\n\n` }] }, 'upstream_stream_failed', 'upstream_error'],
    ['garbage', { steps: [{ write: `${FIRST}${SECOND}data: <html>\n\n${LAST}data: [DONE]\n\n` }] }, 'upstream_stream_failed', 'upstream_error'],
    ['silence', { steps: [{ write: FIRST + SECOND }], ending: 'hang' }, 'upstream_timeout', 'timeout'],
    ['an endless line', { steps: [{ write: FIRST + SECOND }, { write: `data: {"${'x'.repeat(50_000)}` }], ending: 'hang' }, 'upstream_stream_failed', 'upstream_error'],
  ];

  test.each(late)('%s after the first events', async (_name, replay, code, outcome) => {
    const reply = await ask(play(replay));
    expect(lateCode(reply)).toBe(code);
    expect(payloadsOf(reply.body.toString('utf8')).slice(0, -1)).toEqual(PAYLOADS.slice(0, 2));
    expect(await usageRow(server, reply.headers['x-request-id'] ?? '')).toMatchObject({ status: 200, outcome, error_code: code, basis: 'observed', completion_tokens: 1 });
  });

  test.each(['cut', 'reset'] as const)('a connection %s at any byte before the finish', async (ending) => {
    const bytes = Buffer.from(EVENTS.slice(0, 3).join(''));
    for (let size = 0; size <= bytes.length; size += 7) {
      const reply = await ask(play({ steps: [{ write: bytes.subarray(0, size) }], ending }));
      const text = reply.body.toString('utf8');
      const code = reply.status === 200 ? lateCode(reply) : errorCode(text);
      expect(['upstream_stream_failed', 'upstream_bad_reply', 'upstream_unreachable']).toContain(code);
      const got = reply.status === 200 ? payloadsOf(text).slice(0, -1) : [];
      expect(got).toEqual(PAYLOADS.slice(0, got.length));
      expect([200, 502]).toContain(reply.status);
    }
  }, 20_000);
});

describe('while the upstream thinks', () => {
  const limits = { streamCommitMs: 300, keepAliveCommentMs: 200 };
  let patient: ServerUnderTest;
  beforeAll(async () => { patient = await startServer({ limits, env: { VLLM_BASE_URL: upstream.url } }); }, 20_000);
  const think = (name: string) => begin(patient.url, { path: '/v1/chat/completions', key: patient.key, body: hello({ model: `vllm/${name}`, stream: true }) });

  test('the caller gets comments after a while, and then the answer', async () => {
    const name = play({ before: [{ waitFor: 'thought' }], steps: [{ write: [...EVENTS, 'data: [DONE]\n\n'].join('') }] });
    const stream = await think(name);
    expect((await stream.head()).status).toBe(200);
    const comments = [await stream.chunk(), await stream.chunk()].map(String);
    expect(comments).toEqual([': keep-alive\n\n', ': keep-alive\n\n']);
    upstream.release('thought');
    let text = '';
    for (let chunk = await stream.chunk(); chunk; chunk = await stream.chunk()) text += chunk.toString('utf8');
    expect(payloadsOf(text)).toEqual([...PAYLOADS, '[DONE]']);
    stream.leave();
  });

  test('an error that comes before then still has its HTTP status', async () => {
    const limited = play({ before: [{ waitMs: 150 }], status: 429, headers: { 'content-type': 'application/json', 'retry-after': '9' }, steps: [{ write: '{}' }] });
    const stream = await think(limited);
    const reply = await stream.reply();
    expect({ status: reply.status, after: reply.headers['retry-after'] }).toEqual({ status: 429, after: '9' });
    const commented = await think(play({ steps: [{ write: ': thinking\n\n' }, { waitMs: 150 }, { write: 'data: {"error":{"message":"no"}}\n\n' }] }));
    expect((await commented.reply()).status).toBe(502);
  });

  test('an error that comes after it is an event', async () => {
    const stream = await think(play({ before: [{ waitFor: 'committed' }], status: 500, steps: [] }));
    await stream.head();
    upstream.release('committed');
    const text = String(Buffer.concat(await rest(stream)));
    expect(errorCode(payloadsOf(text).at(-1))).toBe('upstream_error');
    expect(text).not.toContain('[DONE]');
  });
});

async function rest(stream: { chunk(): Promise<Buffer | null> }): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for (let chunk = await stream.chunk(); chunk; chunk = await stream.chunk()) chunks.push(chunk);
  return chunks;
}

describe('when the caller leaves', () => {
  const LEAVES = 20;
  let lasting: ServerUnderTest;
  beforeAll(async () => { lasting = await startServer({ env: { VLLM_BASE_URL: upstream.url } }); }, 20_000);

  const leaves: [string, boolean, Replay][] = [
    ['in the middle of a stream', true, { steps: [{ write: FIRST + SECOND }], ending: 'hang' }],
    ['before a stream has begun', true, { before: [{ waitFor: 'never' }], steps: [] }],
    ['before a whole reply', false, { before: [{ waitFor: 'never' }], steps: [] }],
  ];

  test.each(leaves)('%s, the upstream is let go within 50 ms and what was seen is counted', async (_name, stream, replay) => {
    const lateness: number[] = [];
    for (let turn = 0; turn < LEAVES; turn++) {
      const name = play(replay);
      const caller = await begin(lasting.url, { path: '/v1/chat/completions', key: lasting.key, body: hello({ model: `vllm/${name}`, stream }) });
      if (replay.before) await eventually(() => upstream.requests(name)[0] ?? null);
      else {
        await caller.head();
        await caller.chunk();
        await caller.chunk();
      }
      const leftAt = performance.now();
      caller.leave();
      const closedAt = await upstream.requests(name)[0]?.left ?? Number.POSITIVE_INFINITY;
      lateness.push(closedAt - leftAt);
      if (turn > 0) continue;
      const row = await eventually(async () => {
        const reply = await call(lasting.url, { path: '/v1/usage?limit=1', key: lasting.key });
        const { data } = JSON.parse(reply.body.toString('utf8')) as { data: { model: string; outcome: string }[] };
        return data.find((each) => each.model === `vllm/${name}`) ?? null;
      });
      expect(row).toMatchObject({ outcome: 'client_gone', status: replay.before ? 499 : 200, completion_tokens: replay.before ? 0 : 1, basis: 'observed', error_code: null });
      expect(row).toHaveProperty('prompt_tokens', expect.any(Number));
    }
    // One or two may meet a pause of a busy machine.
    expect(lateness.filter((ms) => ms <= 50).length).toBeGreaterThanOrEqual(LEAVES - 2);
  }, 20_000);
});
