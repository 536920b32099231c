/** This file shows that several exchanges are one to whoever began them: so many at once, one end, and one that fails takes the others with it. */
import { describe, expect, test } from '@jest/globals';
import { defaultLimits } from '../foundation/limits.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Target } from '../foundation/terms.ts';
import type { Exchange, ExchangeEvents } from '../providers/call.ts';
import { openaiChatWire } from '../providers/openai-chat.ts';
import { severalReplies } from '../providers/several-replies.ts';
import type { Part } from '../providers/several-replies.ts';
import type { HttpRequest, UpstreamFailure } from '../providers/wire.ts';
import { beginExchange } from './several-exchanges.ts';

const target: Target = {
  id: 'p/m', provider: { id: 'p', name: 'P', wire: 'openai-chat', baseUrl: 'http://localhost/v1', apiKey: null, headers: {}, quirks: {} },
  upstreamModel: 'm', price: null, quirks: {}, options: {},
};
const requestOf = (at: number): HttpRequest => ({ kind: 'http', method: 'POST', path: `/${at}`, headers: {}, body: '', warnings: [] });
const JSON_TYPE = { 'content-type': 'application/json' };
const SSE = { 'content-type': 'text/event-stream' };
const whole = (text: string) => JSON.stringify({ choices: [{ index: 0, message: { content: text }, finish_reason: 'stop' }] });
const chunk = (content: string, finish: string | null = null) => Buffer.from(`data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`);
const DONE = Buffer.from('data: [DONE]\n\n');
const away: UpstreamFailure = { code: 'upstream_unreachable', isRetryable: true, message: null, param: null, upstream: null, retryAfterSeconds: null, detail: 'away' };

interface Upstream extends ExchangeEvents { isAborted: boolean; resumed: number }

/** So many exchanges, whose upstreams are moved by hand. */
function begin(count: number, { isStream = false, limits = {} }: { isStream?: boolean; limits?: Partial<Limits> } = {}) {
  const opened: Upstream[] = [];
  const seen = { heads: [] as number[], data: '', ends: 0, failures: [] as UpstreamFailure[], canTake: true };
  const parts: Part[] = Array.from({ length: count }, (_, at) => ({ request: requestOf(at), side: openaiChatWire, isBegun: false, reply: null, stream: null }));
  if (isStream) severalReplies(parts, 1).openStream({ context: { requestId: 'r', upstreamModel: 'm', nowSeconds: 1 }, wantsUsage: false, observedBytesMax: 1000 });
  const openExchange = (_provider: unknown, request: unknown, events: ExchangeEvents): Exchange => {
    expect(request).toBe(parts[opened.length]?.request);
    const upstream: Upstream = {
      isAborted: false, resumed: 0, onHead: (...head) => { events.onHead(...head); }, onData: (bytes) => events.onData(bytes), onEnd: () => { events.onEnd(); }, onFailure: (failure) => { events.onFailure(failure); },
    };
    opened.push(upstream);
    return { abort() { upstream.isAborted = true; }, resume() { upstream.resumed++; } };
  };
  const exchange = beginExchange({ openExchange, limits: { ...defaultLimits, ...limits } }, { target, request: { kind: 'several', parts, isStream, warnings: [] } }, {
    onHead(status) { seen.heads.push(status); },
    onData(bytes) {
      const text = bytes.toString('utf8');
      seen.data += text;
      // What whoever began it does with an event: hands it to the reader, which then knows whether the stream is done.
      const [mark = '', ...rest] = text.split('\n');
      const part = parts[Number(mark.slice('id: '.length))];
      if (isStream) {
        part?.stream?.observe(Buffer.from(rest.join('\n')));
        part?.stream?.read(rest.join('\n') as never);
      }
      return seen.canTake;
    },
    onEnd() { seen.ends++; },
    onFailure(failure) { seen.failures.push(failure); },
  });
  const answer = (at: number, text: string, status = 200): void => {
    opened[at]?.onHead(status, JSON_TYPE);
    opened[at]?.onData(Buffer.from(text));
    opened[at]?.onEnd();
  };
  return { exchange, opened, parts, seen, answer };
}

describe('replies in one piece', () => {
  test('four go on at once, each that ends makes place for the next, and they are handed over together, in their order', () => {
    const { opened, parts, seen, answer } = begin(6);
    expect([opened.length, parts.map(({ isBegun }) => isBegun)]).toEqual([4, [true, true, true, true, false, false]]);
    for (const at of [2, 0, 1]) answer(at, whole(`é${at}`));
    expect(opened).toHaveLength(6);
    for (const at of [5, 4]) answer(at, whole(`é${at}`));
    expect(seen).toMatchObject({ heads: [], data: '', ends: 0 });
    answer(3, whole('é3'));
    expect(seen).toMatchObject({ heads: [200], ends: 1, failures: [], data: [0, 1, 2, 3, 4, 5].map((at) => whole(`é${at}`)).join('\u001e') });
  });

  test.each<[string, (made: ReturnType<typeof begin>) => void, object]>([
    ['can not be reached', ({ opened }) => { opened[1]?.onFailure(away); }, { code: 'upstream_unreachable' }],
    ['is refused', ({ answer }) => { answer(1, '{"error":{"message":"no","type":"invalid_request_error","param":"n","code":null}}', 400); }, { code: 'upstream_rejected', param: 'n', isRetryable: false }],
    ['is told to slow down', ({ answer }) => { answer(1, '{}', 429); }, { code: 'upstream_rate_limited', isRetryable: true }],
    ['is none', ({ answer }) => { answer(1, '{"choices":'); }, { code: 'upstream_bad_reply' }],
    ['is of another kind', ({ answer }) => { answer(1, '[]'); }, { code: 'upstream_bad_reply' }],
  ])('one that %s ends the others, and nothing more is begun or told', (_what, happen, failure) => {
    const made = begin(6);
    made.answer(0, whole('a'));
    happen(made);
    expect(made.seen.failures).toMatchObject([failure]);
    expect(made.opened.slice(2).map(({ isAborted }) => isAborted)).toEqual([true, true, true]);
    for (const at of [2, 3, 4]) made.answer(at, whole('late'));
    expect([made.opened.length, made.parts.filter(({ isBegun }) => isBegun).length, made.seen.ends, made.seen.failures.length]).toEqual([5, 5, 0, 1]);
  });

  test('together they may be as large as one reply', () => {
    const text = whole('a');
    const { seen, answer } = begin(2, { limits: { upstreamReplyBytesMax: 2 * text.length - 1 } });
    answer(0, text);
    expect(seen.failures).toEqual([]);
    answer(1, text);
    expect(seen).toMatchObject({ ends: 0, failures: [{ code: 'upstream_bad_reply' }] });
  });

  test('who aborts hears nothing more', () => {
    const { exchange, opened, seen, answer } = begin(5);
    answer(0, whole('a'));
    exchange.abort();
    expect(opened.map(({ isAborted }) => isAborted)).toEqual([false, true, true, true, true]);
    for (const at of [1, 2, 3, 4]) answer(at, whole('late'));
    opened[1]?.onFailure(away);
    expect(seen).toMatchObject({ heads: [], data: '', ends: 0, failures: [] });
  });
});

describe('streams', () => {
  const play = (upstream: Upstream | undefined, ...chunks: Buffer[]): void => { for (const bytes of chunks) upstream?.onData(bytes); };

  test('events come when they come, marked with whose they are, and the end comes once all have ended', () => {
    const { opened, seen } = begin(5, { isStream: true });
    for (const upstream of opened) upstream.onHead(200, SSE);
    const split = chunk('é');
    play(opened[3], split.subarray(0, 30));
    play(opened[1], chunk('b'));
    play(opened[3], split.subarray(30));
    expect(seen.data).toBe(`id: 1\n${chunk('b').toString('utf8')}id: 3\n${chunk('é').toString('utf8')}`);
    // One that says it is done has ended, whether or not its connection does.
    play(opened[3], chunk('', 'stop'), DONE, chunk('after'));
    expect(opened).toHaveLength(5);
    opened[4]?.onHead(200, SSE);
    for (const at of [0, 1, 2, 4]) play(opened[at], chunk('x', 'stop'));
    for (const at of [0, 1, 2]) opened[at]?.onEnd();
    expect(seen.ends).toBe(0);
    play(opened[4], DONE);
    expect(seen).toMatchObject({ heads: [200], ends: 1, failures: [] });
    expect(seen.data).not.toContain('after');
    expect(seen.data.endsWith('id: all\ndata: [DONE]\n\n')).toBe(true);
  });

  test('nothing is handed on before all that are begun at once are answered: until then one that is refused refuses all', async () => {
    const { opened, seen } = begin(5, { isStream: true });
    for (const upstream of opened.slice(0, 3)) upstream.onHead(200, SSE);
    expect([opened[1]?.onData(chunk('b')), opened[0]?.onData(chunk('a', 'stop'))]).toEqual([false, false]);
    opened[0]?.onEnd();
    expect([seen.heads, seen.data, opened.length]).toEqual([[], '', 4]);
    opened[3]?.onHead(200, SSE);
    expect([seen.heads, seen.data]).toEqual([[200], '']);
    await Promise.resolve();
    expect(seen.data).toBe(`id: 1\n${chunk('b').toString('utf8')}id: 0\n${chunk('a', 'stop').toString('utf8')}`);
    // The one that had ended has made place for the fifth, which holds nobody up any more.
    expect([opened.length, opened.map(({ resumed }) => resumed)]).toEqual([5, [1, 1, 1, 1, 0]]);
    expect(opened[2]?.onData(chunk('c'))).toBe(true);
    const other = begin(4, { isStream: true });
    for (const upstream of other.opened.slice(0, 3)) upstream.onHead(200, SSE);
    other.opened[0]?.onData(chunk('a'));
    other.opened[3]?.onHead(429, JSON_TYPE);
    other.opened[3]?.onEnd();
    expect(other.seen).toMatchObject({ heads: [], data: '', failures: [{ code: 'upstream_rate_limited', isRetryable: true }] });
  });

  test.each<[string, (made: ReturnType<typeof begin>) => void, object]>([
    ['breaks off', ({ opened }) => { opened[1]?.onEnd(); }, { code: 'upstream_bad_reply' }],
    ['is done before it began', ({ opened }) => { opened[1]?.onData(DONE); }, { code: 'upstream_bad_reply' }],
    ['loses its connection', ({ opened }) => { opened[1]?.onFailure(away); }, { code: 'upstream_unreachable' }],
    ['sends an event without end', ({ opened }) => { opened[1]?.onData(Buffer.alloc(defaultLimits.upstreamEventBytesMax + 1, 'x')); }, { code: 'upstream_bad_reply' }],
  ])('one that %s ends the others', (_what, happen, failure) => {
    const made = begin(3, { isStream: true });
    for (const upstream of made.opened) upstream.onHead(200, SSE);
    play(made.opened[0], chunk('a'));
    happen(made);
    expect(made.seen).toMatchObject({ ends: 0, failures: [failure] });
    expect(made.opened.map(({ isAborted }) => isAborted)).toEqual([true, true, true]);
  });

  test.each<[string, number, Record<string, string>, string, object]>([
    ['is refused', 400, JSON_TYPE, '{"error":{"message":"no","type":"t","param":"n","code":null}}', { code: 'upstream_rejected', param: 'n' }],
    ['answers with no stream', 200, JSON_TYPE, '{}', { code: 'upstream_bad_reply' }],
  ])('one that %s ends the others', (_what, status, headers, body, failure) => {
    const { opened, seen } = begin(2, { isStream: true });
    opened[0]?.onHead(200, SSE);
    opened[1]?.onHead(status, headers);
    opened[1]?.onData(Buffer.from(body));
    opened[1]?.onEnd();
    expect(seen).toMatchObject({ failures: [failure] });
    expect(opened[0]?.isAborted).toBe(true);
  });

  test('a slow reader holds up those that send, and lets all of them go on', () => {
    const { exchange, opened, seen } = begin(3, { isStream: true });
    for (const upstream of opened) upstream.onHead(200, SSE);
    seen.canTake = false;
    expect([opened[0]?.onData(chunk('a')), opened[1]?.onData(chunk('b'))]).toEqual([false, false]);
    // Its last event is not waited for: nothing more of it is taken.
    expect(opened[2]?.onData(Buffer.concat([chunk('c', 'stop'), DONE]))).toBe(true);
    seen.canTake = true;
    exchange.resume();
    expect(opened.map(({ resumed }) => resumed)).toEqual([1, 1, 0]);
    expect(opened[0]?.onData(chunk('a'))).toBe(true);
  });
});

test('one exchange is opened as it is', () => {
  const request = requestOf(0);
  const made = { abort: () => undefined, resume: () => undefined };
  const events = { onHead: () => undefined, onData: () => true, onEnd: () => undefined, onFailure: () => undefined };
  const openExchange = (...asked: unknown[]): Exchange => {
    expect(asked).toEqual([target.provider, request, events]);
    return made;
  };
  expect(beginExchange({ openExchange, limits: defaultLimits }, { target, request }, events)).toBe(made);
});
