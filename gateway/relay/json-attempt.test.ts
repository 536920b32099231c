/** This file shows that a reply in one piece is answered and recorded once, whether or not its tokens could be counted. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { bytesOf } from '../foundation/byte-text.ts';
import { createManualClock, systemClock } from '../foundation/clock.ts';
import { DepartureSignal } from '../foundation/departure.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { createLog } from '../foundation/log.ts';
import { createMetrics } from '../foundation/metrics.ts';
import type { BytesReply, Call } from '../foundation/operation.ts';
import { sampleCaller } from '../foundation/sample-caller.ts';
import type { RequestRecord, Target } from '../foundation/terms.ts';
import { createCounter } from '../metering/counter.ts';
import type { Counter } from '../metering/counter.ts';
import type { Placing, Settlement } from '../metering/ledger.ts';
import type { ExchangeEvents } from '../providers/call.ts';
import { openaiChatWire } from '../providers/openai-chat.ts';
import { askChat } from './ask-chat.ts';
import { createHealth } from '../routing/health.ts';
import type { House } from './house.ts';
import { JsonAttempt } from './json-attempt.ts';
import { createPulse } from './pulse.ts';
import { createStoreGate } from './store-gate.ts';
import { Trail } from './trail.ts';

const target: Target = {
  id: 'p/m',
  provider: { id: 'p', name: 'P', wire: 'openai-chat', baseUrl: 'http://localhost/v1', apiKey: null, headers: {}, quirks: {} },
  upstreamModel: 'm', price: null, quirks: {}, options: {},
};
const realCounter = createCounter({ clock: systemClock, log: createLog('silent') });
afterAll(() => realCounter.close());
/** What no real counter does; the caller must not depend on it. */
const brokenCounter: Counter = {
  countPrompt: () => Promise.reject(new Error('broken')), countText: () => Promise.reject(new Error('broken')),
  countTexts: () => Promise.reject(new Error('broken')), close: () => Promise.resolve(),
};
const completion = (usage?: object): string => JSON.stringify({
  id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, logprobs: null, message: { role: 'assistant', content: 'hello world', refusal: null }, finish_reason: 'stop' }], ...(usage ? { usage } : {}),
});

/** One attempt whose upstream is moved by hand. */
function setUp(counter: Counter = realCounter) {
  const clock = createManualClock();
  const records: RequestRecord[] = [];
  const state = { isAborted: false };
  let upstream: ExchangeEvents | null = null;
  const house = {
    clock, counter, limits: defaultLimits, pulse: createPulse(clock), log: createLog('silent'), metrics: createMetrics(() => 0, () => []), health: createHealth({ clock, onOpen: () => undefined }), storeGate: createStoreGate(),
    openExchange(_provider: unknown, _request: unknown, events: ExchangeEvents) {
      upstream = events;
      return { abort() { state.isAborted = true; }, resume() { /* nothing waits */ } };
    },
    ledger: { settle(_placing: Placing, { record }: Settlement, done: (failure: Error | null) => void) { records.push(record); done(null); } },
  } as unknown as House;
  const departure = new DepartureSignal();
  const call = {
    operationId: 'createChatCompletion', requestId: 'req_1', departure, receivedAt: clock.monotonic(),
    body: { model: 'm', messages: [{ role: 'user', content: 'hello' }] }, bodyText: '', headers: {}, path: {}, query: {}, caller: null,
  } as unknown as Call<'createChatCompletion'>;
  const caller = sampleCaller();
  const trail = new Trail(house, call, { caller, model: 'm', isStream: false });
  trail.target = target;
  const request = { kind: 'http', method: 'POST', path: '', headers: {}, body: '', warnings: [] } as const;
  const reply = new Promise<BytesReply>((resolve, reject) => {
    new JsonAttempt({ house, call, ask: askChat(call), trail, isStrict: false, warnings: [] }, { target, visit: null, wire: openaiChatWire, request }, { resolve, reject }).start();
  });
  if (!upstream) throw new Error('the attempt opened no exchange');
  const answer = (text: string): void => {
    const events = upstream as unknown as ExchangeEvents;
    events.onHead(200, { 'content-type': 'application/json' });
    events.onData(Buffer.from(text));
    events.onEnd();
  };
  return { records, state, departure, reply, answer };
}

describe('200', () => {
  test('an upstream that reports usage is believed and its reply handed on byte for byte', async () => {
    const { answer, reply, records } = setUp();
    const text = completion({ prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 });
    answer(text);
    expect((await reply).bytes).toEqual(bytesOf(Buffer.from(text)));
    expect(records).toMatchObject([{ outcome: 'ok', basis: 'provider', usage: { promptTokens: 9, completionTokens: 3 } }]);
  });

  test('an upstream that reports none has prompt and reply counted', async () => {
    const { answer, reply, records } = setUp();
    answer(completion());
    expect((await reply).status).toBe(200);
    // 3 to open the reply, 3 for the message, its role and its text; two words of reply.
    expect(records).toMatchObject([{ outcome: 'ok', basis: 'counted', usage: { promptTokens: 8, completionTokens: 2 } }]);
  });

  test('a failure to count neither keeps the caller waiting nor loses the row', async () => {
    const { answer, reply, records } = setUp(brokenCounter);
    answer(completion());
    expect((await reply).status).toBe(200);
    expect(records).toMatchObject([{ outcome: 'ok', basis: 'none' }]);
  });
});

describe('499', () => {
  test('the caller who leaves lets go of the upstream at once and has the prompt counted', async () => {
    const { departure, reply, records, state } = setUp();
    departure.depart('client_gone');
    expect(state.isAborted).toBe(true);
    await expect(reply).rejects.toBeInstanceOf(Error);
    expect(records).toMatchObject([{ outcome: 'client_gone', status: 499, errorCode: null, basis: 'observed', usage: { promptTokens: 8, completionTokens: 0 } }]);
  });
});

describe('503', () => {
  test('a call ended by a shutdown says so in its row', async () => {
    const { departure, reply, records } = setUp();
    departure.depart('shutdown');
    await expect(reply).rejects.toMatchObject({ code: 'shutting_down' });
    expect(records).toMatchObject([{ outcome: 'shutdown', status: 503, errorCode: 'shutting_down', basis: 'observed' }]);
  });
});
