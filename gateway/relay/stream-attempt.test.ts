import { afterAll, describe, expect, test } from '@jest/globals';
import { decodeText } from '../foundation/byte-text.ts';
import { createManualClock, systemClock } from '../foundation/clock.ts';
import { DepartureSignal } from '../foundation/departure.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { createLog } from '../foundation/log.ts';
import { createMetrics } from '../foundation/metrics.ts';
import type { Call, EventSink, EventsReply } from '../foundation/operation.ts';
import { sampleCaller } from '../foundation/sample-caller.ts';
import type { RequestRecord, Target } from '../foundation/terms.ts';
import { createCounter } from '../metering/counter.ts';
import type { Placing, Settlement } from '../metering/ledger.ts';
import type { ExchangeEvents } from '../providers/call.ts';
import { openaiChatWire } from '../providers/openai-chat.ts';
import { AttemptFailed } from './attempt-outcome.ts';
import { askChat } from './ask-chat.ts';
import { createHealth } from '../routing/health.ts';
import type { House } from './house.ts';
import { createPulse } from './pulse.ts';
import { createStoreGate } from './store-gate.ts';
import { StreamAttempt } from './stream-attempt.ts';
import { Trail } from './trail.ts';

const target: Target = {
  id: 'p/m',
  provider: { id: 'p', name: 'P', wire: 'openai-chat', baseUrl: 'http://localhost/v1', apiKey: null, headers: {}, quirks: {} },
  upstreamModel: 'm', price: null, quirks: {}, options: {},
};
const counter = createCounter({ clock: systemClock, log: createLog('silent') });
afterAll(() => counter.close());
const SSE = { 'content-type': 'text/event-stream' };
const chunk = (delta: object, finish: string | null = null): Buffer =>
  Buffer.from(`data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`);

/** One attempt whose upstream, clock and store are moved by hand. */
function setUp(options: { storeFails?: boolean } = {}) {
  const clock = createManualClock();
  const records: RequestRecord[] = [];
  const written: string[] = [];
  const state = { isAborted: false, isEnded: false, commit: (): void => undefined };
  let upstream: ExchangeEvents | null = null;
  const house = {
    clock, counter, limits: defaultLimits, storeGate: createStoreGate(), pulse: createPulse(clock), log: createLog('silent'), metrics: createMetrics(() => 0, () => []), health: createHealth({ clock, onOpen: () => undefined }),
    openExchange(_provider: unknown, _request: unknown, events: ExchangeEvents) {
      upstream = events;
      return { abort() { state.isAborted = true; }, resume() { /* nothing waits */ } };
    },
    ledger: {
      settle(_placing: Placing, { record }: Settlement, done: (failure: Error | null) => void) {
        records.push(record);
        state.commit = () => { done(options.storeFails ? new Error('disk full') : null); };
      },
    },
  } as unknown as House;
  const departure = new DepartureSignal();
  const call = {
    operationId: 'createChatCompletion', requestId: 'req_1', departure, receivedAt: clock.monotonic(),
    body: { model: 'm', stream: true, messages: [{ role: 'user', content: 'hello' }] }, bodyText: '', headers: {}, path: {}, query: {}, caller: null,
  } as unknown as Call<'createChatCompletion'>;
  const caller = sampleCaller();
  const trail = new Trail(house, call, { caller, model: 'm', isStream: true });
  trail.target = target;
  const request = { kind: 'http', method: 'POST', path: '', headers: {}, body: '', warnings: [] } as const;
  const reply = new Promise<EventsReply>((resolve, reject) => {
    new StreamAttempt({ house, call, ask: askChat(call), trail, isStrict: false, warnings: [] }, { target, visit: null, wire: openaiChatWire, request }, { resolve: (made) => { if ('events' in made) resolve(made); }, reject }).start();
  });
  const sink: EventSink = {
    write(event) { written.push(decodeText(event)); return true; },
    cork() { /* nothing is held back */ },
    uncork() { /* nothing was held back */ },
    onDrain() { /* never full */ },
    end(event) { if (event !== undefined) written.push(decodeText(event)); state.isEnded = true; },
  };
  if (!upstream) throw new Error('the attempt opened no exchange');
  return { clock, records, written, state, departure, reply, sink, upstream: upstream as ExchangeEvents };
}

/** Lets promises settle; counting starts a process, so turns are taken until the row is there. */
async function recorded(records: RequestRecord[]): Promise<RequestRecord> {
  for (;;) {
    const [record] = records;
    if (record) return record;
    await new Promise((resolve) => { setImmediate(resolve); });
  }
}

describe('200', () => {
  test('[DONE] is written only after the row is durable', async () => {
    const { upstream, reply, sink, written, state, records } = setUp();
    upstream.onHead(200, SSE);
    upstream.onData(Buffer.concat([chunk({ content: 'hi' }), chunk({}, 'stop')]));
    upstream.onData(Buffer.from('data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}\n\ndata: [DONE]\n\n'));
    (await reply).events.start(sink);
    expect(written).toHaveLength(2);
    expect(records[0]).toMatchObject({ outcome: 'ok', basis: 'provider', usage: { promptTokens: 3, completionTokens: 1 }, finishReason: 'stop' });
    state.commit();
    expect(written.at(-1)).toBe('data: [DONE]\n\n');
    expect(state.isEnded).toBe(true);
  });

  test('a stream whose row could not be written ends in a typed error, not in [DONE]', async () => {
    const { upstream, reply, sink, written, state } = setUp({ storeFails: true });
    upstream.onHead(200, SSE);
    upstream.onData(Buffer.concat([chunk({}, 'stop'), Buffer.from('data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}\n\ndata: [DONE]\n\n')]));
    (await reply).events.start(sink);
    state.commit();
    expect(written.at(-1)).toContain('"code":"store_unavailable"');
    expect(written.join('')).not.toContain('[DONE]');
  });

  test('an upstream that forgets [DONE] after its finish reason has finished', async () => {
    const { upstream, reply, sink, written, records, state } = setUp();
    upstream.onHead(200, SSE);
    upstream.onData(Buffer.concat([chunk({ content: 'hello world' }), chunk({}, 'stop')]));
    upstream.onEnd();
    (await reply).events.start(sink);
    expect(await recorded(records)).toMatchObject({ outcome: 'ok', basis: 'counted', usage: { completionTokens: 2 } });
    state.commit();
    expect(written.at(-1)).toBe('data: [DONE]\n\n');
  });

  test('a stream that dies ends in a typed error event and is charged for what was seen', async () => {
    const { upstream, reply, sink, written, records, state } = setUp();
    upstream.onHead(200, SSE);
    upstream.onData(chunk({ content: 'hello world' }));
    upstream.onEnd();
    (await reply).events.start(sink);
    expect(await recorded(records)).toMatchObject({ outcome: 'upstream_error', errorCode: 'upstream_stream_failed', basis: 'observed', usage: { completionTokens: 2 } });
    state.commit();
    expect(written.at(-1)).toContain('"code":"upstream_stream_failed"');
    expect(written.join('')).not.toContain('[DONE]');
  });

  test('while the upstream thinks after its head, comments keep the connection and its silence is no commitment before', async () => {
    const { upstream, reply, sink, written, clock } = setUp();
    upstream.onHead(200, SSE);
    upstream.onData(Buffer.from(': PROCESSING\n\n'));
    clock.advance(defaultLimits.streamCommitMs + 500);
    (await reply).events.start(sink);
    clock.advance(defaultLimits.keepAliveCommentMs * 2);
    expect(written.filter((event) => event === ': keep-alive\n\n').length).toBeGreaterThanOrEqual(2);
  });

  test('the caller who leaves lets go of the upstream at once and pays for what was generated', async () => {
    const { upstream, reply, sink, departure, state, records } = setUp();
    upstream.onHead(200, SSE);
    upstream.onData(chunk({ content: 'hello world' }));
    (await reply).events.start(sink);
    departure.depart('client_gone');
    expect(state.isAborted).toBe(true);
    expect(await recorded(records)).toMatchObject({ outcome: 'client_gone', basis: 'observed', usage: { completionTokens: 2 } });
  });

  test('a stream past its total deadline ends in a typed timeout', async () => {
    const { upstream, reply, sink, clock, records, state, written } = setUp();
    upstream.onHead(200, SSE);
    upstream.onData(chunk({ content: 'x' }));
    (await reply).events.start(sink);
    clock.advance(defaultLimits.upstreamTotalMs + 500);
    expect(state.isAborted).toBe(true);
    expect(await recorded(records)).toMatchObject({ outcome: 'timeout' });
    state.commit();
    expect(written.at(-1)).toContain('"code":"upstream_timeout"');
  });
});

describe('an error before the first byte keeps its HTTP status', () => {
  test('an error status within the silence', async () => {
    const { upstream, reply, clock } = setUp();
    clock.advance(defaultLimits.streamCommitMs - 1000);
    upstream.onHead(429, { 'retry-after': '7' });
    upstream.onData(Buffer.from('{"error":{"message":"slow down"}}'));
    upstream.onEnd();
    await expect(reply).rejects.toMatchObject({ failure: { code: 'upstream_rate_limited', retryAfterSeconds: 7 } });
    await expect(reply).rejects.toBeInstanceOf(AttemptFailed);
  });

  test('an error event that comes first', async () => {
    const { upstream, reply } = setUp();
    upstream.onHead(200, SSE);
    upstream.onData(Buffer.from('data: {"error":{"message":"no capacity"}}\n\n'));
    await expect(reply).rejects.toMatchObject({ failure: { code: 'upstream_error' } });
  });

  test('a 200 that is no stream', async () => {
    const { upstream, reply } = setUp();
    upstream.onHead(200, { 'content-type': 'text/html' });
    upstream.onData(Buffer.from('<html>'));
    upstream.onEnd();
    await expect(reply).rejects.toMatchObject({ failure: { code: 'upstream_bad_reply' } });
  });
});
