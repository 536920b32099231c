import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeText } from '../foundation/byte-text.ts';
import { arrayAt, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import { feed } from './__fixtures__/streams.ts';
import { geminiContentWire as wire } from './gemini-content.ts';
import { createEventSplitter, eventPayload } from '../foundation/sse.ts';

const OWN = new URL('./__fixtures__/gemini-content/', import.meta.url).pathname;
const RECORDED = new URL('../../../shared/fixtures/google/', import.meta.url).pathname;
const SHARED = existsSync(RECORDED) ? RECORDED : null;
const context = { requestId: 'req_1', upstreamModel: 'gemini-asked', nowSeconds: 7 };

interface Call { id: string; name: string; arguments: unknown; signature: string | null }
interface Told { text: string; reasoning: string; calls: Call[]; refusal: string | null; finish: string | null; signature: string | null; thinkingSignature: string | null }

const FRAMINGS = {
  lf: (payload: string) => `data: ${payload}\n\n`,
  crlf: (payload: string) => `data: ${payload}\r\n\r\n`,
  comments: (payload: string) => `: thinking\n\ndata: ${payload}\n\n: still\n\n`,
  'comment within': (payload: string) => `: note\nid: 7\ndata: ${payload}\n\n`,
} as const;

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').filter((line) => line.trim() !== '');
}

/** Feeds a stream in pieces and gathers what a client would. */
function follow(pieces: readonly Buffer[], wantsUsage = true) {
  const reader = wire.openStream({ context, wantsUsage, observedBytesMax: 4096 });
  const payloads: string[] = [];
  const ended = feed(reader, pieces, (forwarded) => {
    createEventSplitter().push(Buffer.from(forwarded, 'latin1'), (one) => {
      const payload = eventPayload(one);
      if (payload !== null) payloads.push(decodeText(payload));
    });
  });
  return { payloads, ...ended, failure: ended.failure?.code ?? null };
}

const EMPTY: Told = { text: '', reasoning: '', calls: [], refusal: null, finish: null, signature: null, thinkingSignature: null };

function addMessage(told: Told, message: unknown): void {
  told.text += stringAt(message, 'content') ?? '';
  told.reasoning += stringAt(message, 'reasoning_content') ?? '';
  const refusal = stringAt(message, 'refusal');
  if (refusal !== null) told.refusal = (told.refusal ?? '') + refusal;
  for (const call of arrayAt(message, 'tool_calls')) {
    const called = objectAt(call, 'function');
    const google = objectAt(objectAt(call, 'extra_content'), 'google');
    told.calls.push({ id: stringAt(call, 'id') ?? '', name: stringAt(called, 'name') ?? '', arguments: parseJson(stringAt(called, 'arguments') ?? ''), signature: stringAt(google, 'thought_signature') });
  }
  const google = objectAt(objectAt(message, 'extra_content'), 'google');
  told.signature = stringAt(google, 'thought_signature') ?? told.signature;
  told.thinkingSignature = stringAt(google, 'thinking_signature') ?? told.thinkingSignature;
}

function gather(payloads: readonly string[], index = 0): Told {
  const told: Told = { ...EMPTY, calls: [] };
  for (const payload of payloads) {
    for (const choice of arrayAt(parseJson(payload), 'choices')) {
      if (objectAt({ choice }, 'choice')?.['index'] !== index) continue;
      addMessage(told, objectAt(choice, 'delta') ?? objectAt(choice, 'message'));
      told.finish = stringAt(choice, 'finish_reason') ?? told.finish;
    }
  }
  return told;
}

/** What a recording holds, read in the plainest way: whole calls only, for the pieces of arguments see EXPECTED. */
function held(replies: readonly unknown[]): { text: string; reasoning: string; signatures: string[]; names: string[] } {
  const parts = replies.flatMap((reply) => arrayAt(objectAt(arrayAt(reply, 'candidates')[0], 'content'), 'parts'));
  const texts = (isThought: boolean) => parts.filter((part) => (objectAt({ part }, 'part')?.['thought'] === true) === isThought).map((part) => stringAt(part, 'text') ?? '').join('');
  return {
    text: texts(false), reasoning: texts(true),
    signatures: parts.flatMap((part) => stringAt(part, 'thoughtSignature') ?? []),
    names: parts.flatMap((part) => stringAt(objectAt(part, 'functionCall'), 'name') ?? []),
  };
}

function usage(promptTokens: number, completionTokens: number, reasoningTokens: number) {
  return { promptTokens, cachedTokens: 0, cacheWriteTokens: 0, completionTokens, reasoningTokens };
}

const SF = { location: 'San Francisco' };
/** Usage, finish reason and arguments of every recording, read off it by hand. */
const EXPECTED: Record<string, { usage: ReturnType<typeof usage>; finish: string; args?: unknown[] }> = {
  'google-reasoning-gemini3.json': { usage: usage(9, 287, 258), finish: 'stop' },
  'google-reasoning.json': { usage: usage(9, 311, 282), finish: 'stop' },
  'google-text.json': { usage: usage(9, 272, 244), finish: 'stop' },
  'google-tool-call-gemini3.json': { usage: usage(29, 1816, 1801), finish: 'tool_calls', args: [SF] },
  'google-tool-call.json': { usage: usage(29, 908, 893), finish: 'tool_calls', args: [SF] },
  'google-reasoning-gemini3.chunks.txt': { usage: usage(9, 325, 302), finish: 'stop' },
  'google-reasoning.chunks.txt': { usage: usage(9, 285, 256), finish: 'stop' },
  'google-text.chunks.txt': { usage: usage(9, 208, 185), finish: 'stop' },
  'google-tool-call-gemini3.chunks.txt': { usage: usage(29, 819, 804), finish: 'tool_calls', args: [SF] },
  'google-tool-call.chunks.txt': { usage: usage(29, 60, 45), finish: 'tool_calls', args: [SF] },
  'google-stream-no-args-tool-call.chunks.txt': { usage: usage(249, 241, 183), finish: 'tool_calls', args: [{}, { id: 'A' }, { id: 'B' }, { id: 'C' }] },
  'google-stream-tool-call-arguments.chunks.txt': { usage: usage(26, 155, 132), finish: 'tool_calls', args: [{ location: 'Boston' }, SF] },
  'google-stream-tool-call-array-arguments-missing-terminal-function-call.chunks.txt': {
    usage: usage(54, 195, 121), finish: 'tool_calls',
    args: [{ operations: [
      { action: 'add', description: 'Fresh red apple', itemid: 'apple_001', price: 0.5 },
      { action: 'add', description: 'Ripe yellow banana', itemid: 'banana_001', price: 0.3 },
    ] }],
  },
  'google-vertex-stream-tool-call-arguments-nested.1.chunks.txt': {
    usage: usage(31, 1710, 1026), finish: 'tool_calls',
    args: [{ recipe: {
      ingredients: [
        { amount: '16 oz', name: 'Lasagna noodles' }, { amount: '1 lb', name: 'Ground beef' }, { amount: '15 oz', name: 'Ricotta cheese' }, { amount: '3 cups', name: 'Mozzarella cheese' },
        { amount: '1/2 cup', name: 'Parmesan cheese' }, { amount: '24 oz', name: 'Tomato sauce' }, { amount: '1', name: 'Egg' }, { amount: '2 cloves', name: 'Garlic' },
        { amount: '1 tsp', name: 'Salt' }, { amount: '1/2 tsp', name: 'Pepper' },
      ],
      name: 'Lasagna',
      steps: [
        'Preheat oven to 375°F (190°C).', 'Cook lasagna noodles according to package directions, drain and set aside.',
        'Brown ground beef with minced garlic in a skillet. Drain fat and stir in tomato sauce. Simmer for 10 minutes.',
        'In a bowl, mix ricotta cheese, egg, salt, pepper, and Parmesan cheese.', 'In a 9x13 baking dish, spread a thin layer of meat sauce.',
        'Layer noodles, ricotta mixture, mozzarella, and meat sauce. Repeat.', 'Top with remaining mozzarella cheese.', 'Cover with foil and bake for 25 minutes.',
        'Remove foil and bake for another 25 minutes until golden.', 'Let stand for 15 minutes before serving.',
      ],
    } }],
  },
};

function check(name: string, told: Told, replies: readonly unknown[]): void {
  const expected = EXPECTED[name];
  const { text, reasoning, signatures, names } = held(replies);
  expect(told).toMatchObject({ text, reasoning, finish: expected?.finish, refusal: null });
  expect(told.calls.map((call) => call.name)).toEqual(names);
  expect(told.calls.map((call) => call.arguments)).toEqual(expected?.args ?? []);
  expect([...told.calls.map((call) => call.signature), told.thinkingSignature, told.signature].filter((signature) => signature !== null)).toEqual(signatures);
  expect(new Set(told.calls.map((call) => call.id)).size).toBe(told.calls.length);
}

const files = SHARED === null ? [] : readdirSync(SHARED).filter((file) => /\.json$|\.txt$/.test(file) && !file.includes('429'));
const described = SHARED === null ? describe.skip : describe;
const title = SHARED === null ? 'recorded exchanges (skipped: the folder of recordings is not here)' : 'a recorded exchange';

described(title, () => {
  const open = (file: string) => join(SHARED ?? '', file);
  const streams = files.filter((file) => file.endsWith('.txt'));

  test('all of them are known', () => {
    expect(files.sort()).toEqual(Object.keys(EXPECTED).sort());
  });

  test.each(files.filter((file) => file.endsWith('.json')).concat(SHARED === null ? ['none'] : []))('%s becomes the chat completion it holds', (file) => {
    const text = readFileSync(open(file), 'utf8');
    const reply = parseJson(text);
    expect(wire.readReply(text)).toEqual({ usage: EXPECTED[file]?.usage, upstreamId: stringAt(reply, 'responseId'), upstreamModel: stringAt(reply, 'modelVersion'), finishReason: EXPECTED[file]?.finish });
    const completion = wire.toReply?.(text, context) ?? '';
    check(file, gather([completion]), [reply]);
    const { promptTokens, completionTokens, reasoningTokens } = EXPECTED[file]?.usage ?? usage(0, 0, 0);
    expect(parseJson(completion)).toMatchObject({
      object: 'chat.completion', created: 7, id: stringAt(reply, 'responseId'), model: 'gemini-3-pro-preview',
      usage: { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens, completion_tokens_details: { reasoning_tokens: reasoningTokens } },
    });
  });

  test.each(streams.concat(SHARED === null ? ['none'] : []))('%s becomes the chunks it holds, in every framing, whole and byte by byte', (file) => {
    const payloads = linesOf(open(file));
    const replies = payloads.map(parseJson);
    const reference = follow([Buffer.from(payloads.map(FRAMINGS.lf).join(''))]);
    check(file, gather(reference.payloads), replies);
    expect(reference).toMatchObject({ isDone: false, isFinished: true, failure: null });
    expect(reference.facts).toEqual({
      usage: EXPECTED[file]?.usage, upstreamId: stringAt(replies[0], 'responseId'), upstreamModel: stringAt(replies[0], 'modelVersion'), finishReason: EXPECTED[file]?.finish,
    });
    for (const frame of Object.values(FRAMINGS)) {
      const bytes = Buffer.from(payloads.map(frame).join(''));
      expect(follow([bytes])).toEqual(reference);
      expect(follow(Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(reference);
    }
  });

  test.each(streams.concat(SHARED === null ? ['none'] : []))('%s means the same wherever it is cut', (file) => {
    const payloads = linesOf(open(file));
    const bytes = Buffer.from(payloads.map(FRAMINGS.crlf).join(''));
    const reference = JSON.stringify(follow([bytes]));
    // Short ones at every byte; of long ones a seeded sample of places, as many as take a moment.
    const cuts = bytes.length < 2600 ? Array.from({ length: bytes.length - 1 }, (_, index) => index + 1) : fc.sample(fc.integer({ min: 1, max: bytes.length - 1 }), { numRuns: 300, seed: 42 });
    for (const cut of cuts) expect(JSON.stringify(follow([bytes.subarray(0, cut), bytes.subarray(cut)]))).toBe(reference);
  });

  test.each(streams.concat(SHARED === null ? ['none'] : []))('%s without a wish for usage loses its usage chunk and nothing else', (file) => {
    const bytes = Buffer.from(linesOf(open(file)).map(FRAMINGS.lf).join(''));
    const asked = follow([bytes]);
    const spared = follow([bytes], false);
    expect(spared.facts).toEqual(asked.facts);
    expect(spared.payloads).toEqual(asked.payloads.filter((payload) => !payload.includes('"usage"')));
    expect(asked.payloads.filter((payload) => payload.includes('"usage"'))).toHaveLength(1);
    expect(parseJson(asked.payloads.at(-1) ?? '')).toMatchObject({ choices: [], usage: { completion_tokens: EXPECTED[file]?.usage.completionTokens } });
  });

  test.each(streams.concat(SHARED === null ? ['none'] : []))('%s broken off is not finished, and broken within is a typed failure', (file) => {
    const payloads = linesOf(open(file));
    const cut = follow([Buffer.from(payloads.slice(0, -1).map(FRAMINGS.lf).join(''))]);
    expect(cut).toMatchObject({ isFinished: false, failure: null });
    const broken = payloads.map((payload, index) => FRAMINGS.lf(index === 1 ? payload.slice(0, payload.length / 2) : payload)).join('');
    expect(follow([Buffer.from(broken)]).failure).toBe('upstream_bad_reply');
  });

  test('a 429 is retryable and says when to come back', () => {
    const failure = wire.classify(429, {}, readFileSync(open('google-429-retry-info.json'), 'utf8'));
    expect(failure).toMatchObject({ code: 'upstream_rate_limited', isRetryable: true, retryAfterSeconds: 35 });
  });
});

describe('own streams', () => {
  const bytesOf = (name: string, frame = FRAMINGS.lf) => Buffer.from(linesOf(join(OWN, name)).map(frame).join(''));

  test.each(readdirSync(OWN).filter((file) => file.endsWith('.txt')).map((file) => basename(file)))('%s means the same at every cut', (name) => {
    for (const frame of Object.values(FRAMINGS)) {
      const bytes = bytesOf(name, frame);
      const reference = JSON.stringify(follow([bytesOf(name)]));
      for (let cut = 1; cut < bytes.length; cut++) if (JSON.stringify(follow([bytes.subarray(0, cut), bytes.subarray(cut)])) !== reference) throw new Error(`cut at ${cut}`);
    }
  });

  test('thoughts, signatures, parallel calls and merged usage', () => {
    const seen = follow([bytesOf('thinking-and-calls.chunks.txt')]);
    expect(gather(seen.payloads)).toEqual({
      text: 'Grüße 世界 🙂 "finishReason": ', reasoning: 'The user wants the weather.', refusal: null, finish: 'tool_calls', signature: 'c2lnLXRleHQ=', thinkingSignature: 'c2lnLXRob3VnaHQ=',
      calls: [
        { id: 'fc-1', name: 'get_weather', arguments: { city: 'Köln' }, signature: 'c2lnLWNhbGw=' },
        { id: 'call_1_0_1', name: 'get_time', arguments: {}, signature: null },
      ],
    });
    expect(seen.facts.usage).toEqual({ promptTokens: 47, cachedTokens: 16, cacheWriteTokens: 0, completionTokens: 50, reasoningTokens: 20 });
    expect(seen.text).toBe('The user wants the weather.Grüße 世界 🙂 "finishReason": get_weather{"city":"Köln"}get_time{}');
    expect(parseJson(seen.payloads[0] ?? '')).toEqual({
      id: 'resp-1', object: 'chat.completion.chunk', created: 7, model: 'gemini-3-flash',
      choices: [{ index: 0, delta: { role: 'assistant', reasoning_content: 'The user wants ' }, finish_reason: null }],
    });
    expect(parseJson(seen.payloads.at(-1) ?? '')).toMatchObject({
      choices: [], usage: { prompt_tokens: 47, completion_tokens: 50, total_tokens: 97, prompt_tokens_details: { cached_tokens: 16 }, completion_tokens_details: { reasoning_tokens: 20 } },
    });
  });

  test('a stream that breaks off keeps the usage it was told, even where later events tell none', () => {
    const lines = linesOf(join(OWN, 'thinking-and-calls.chunks.txt')).slice(0, 3);
    const seen = follow([Buffer.from(lines.map(FRAMINGS.lf).join(''))]);
    expect(seen).toMatchObject({ isFinished: false, facts: { usage: { promptTokens: 40, cachedTokens: 16, completionTokens: 25, reasoningTokens: 20 } } });
  });

  test('a blocked prompt is a refusal, not an error, and generates nothing', () => {
    const seen = follow([bytesOf('prompt-blocked.chunks.txt')]);
    expect(gather(seen.payloads)).toMatchObject({ refusal: 'The provider refused the prompt (PROHIBITED_CONTENT).', finish: 'content_filter', text: '' });
    expect(seen).toMatchObject({ isFinished: true, failure: null, text: '', facts: { finishReason: 'content_filter', usage: { promptTokens: 9, completionTokens: 0 } } });
    const [whole = ''] = linesOf(join(OWN, 'prompt-blocked.chunks.txt'));
    expect(wire.readReply(whole)).toMatchObject({ finishReason: 'content_filter' });
    expect(wire.readText(whole)).toBe('');
    expect(gather([wire.toReply?.(whole, context) ?? ''])).toMatchObject({ refusal: 'The provider refused the prompt (PROHIBITED_CONTENT).', finish: 'content_filter' });
  });

  test('candidates are choices, and one withheld does not silence the other', () => {
    const seen = follow([bytesOf('two-candidates.chunks.txt')]);
    expect(gather(seen.payloads, 0)).toMatchObject({ text: 'One.', finish: 'stop' });
    expect(gather(seen.payloads, 1)).toMatchObject({ text: 'Eins', finish: 'content_filter', refusal: null });
    expect(seen.payloads.filter((payload) => payload.includes('"usage"'))).toHaveLength(1);
    expect(seen.facts).toMatchObject({ finishReason: 'stop', usage: { completionTokens: 4 } });
  });

  test('pieces of arguments make one call, also when its end is missing', () => {
    const [call] = gather(follow([bytesOf('partial-arguments.chunks.txt')]).payloads).calls;
    expect(JSON.stringify(call?.arguments)).toBe('{"items":[{"name":"apple","price":0.5},{"sold":true}],"__proto__":{"odd":null}}');
    expect(call).toMatchObject({ name: 'write_items', signature: 'c2ln' });
  });

  test.each([
    ['an error that says its status', '{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}', 'upstream_error'],
    ['a limit', '{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}}', 'upstream_rate_limited'],
    ['an error that says nothing', '{"error":"no"}', 'upstream_error'],
    ['no JSON', '<html>', 'upstream_bad_reply'],
    ['no object', '[1]', 'upstream_bad_reply'],
  ])('%s inside the stream is a failure and is not forwarded', (_, payload, code) => {
    const [first = ''] = linesOf(join(OWN, 'thinking-and-calls.chunks.txt'));
    const seen = follow([Buffer.from(FRAMINGS.lf(first) + FRAMINGS.lf(payload))]);
    expect(seen.failure).toBe(code);
    expect(seen.payloads).toHaveLength(1);
  });

  test('a candidate withheld before it said anything is a refusal; comments go through; [DONE] ends', () => {
    const seen = follow([Buffer.from(FRAMINGS.lf('{"candidates":[{"finishReason":"SAFETY","index":0}]}') + FRAMINGS.lf('[DONE]'))]);
    expect(gather(seen.payloads)).toMatchObject({ refusal: 'The provider withheld the answer (SAFETY).', finish: 'content_filter' });
    expect(seen).toMatchObject({ isDone: true, facts: { usage: null } });
    expect(parseJson(seen.payloads[0] ?? '')).toMatchObject({ id: 'chatcmpl-req_1', model: 'gemini-asked' });
  });

  test('random bytes and odd objects never throw', () => {
    const odd = fc.jsonValue().map((value) => JSON.stringify({ candidates: [{ content: { parts: [{ functionCall: { name: 'f', partialArgs: [value] } }, value] }, finishReason: 'STOP' }, value], usageMetadata: value }));
    fc.assert(fc.property(fc.array(fc.oneof(odd, fc.string())), (payloads) => {
      follow(payloads.map((payload) => Buffer.from(FRAMINGS.lf(payload))));
      follow(payloads.map((payload) => Buffer.from(payload)));
    }), { numRuns: 300 });
  });
});

describe('a whole reply', () => {
  const text = readFileSync(join(OWN, 'call.json'), 'utf8');

  test('carries text, thoughts, calls and signatures', () => {
    expect(parseJson(wire.toReply?.(text, context) ?? '')).toEqual({
      id: 'resp-5', object: 'chat.completion', created: 7, model: 'gemini-3-pro-preview',
      choices: [{
        index: 0, logprobs: null, finish_reason: 'tool_calls',
        message: {
          role: 'assistant', content: 'Looking.', refusal: null, reasoning_content: 'Hm.',
          tool_calls: [{ id: 'call_1_0_0', type: 'function', function: { name: 'weather', arguments: '{"location":"San Francisco"}' }, extra_content: { google: { thought_signature: 'c2lnLWNhbGw=' } } }],
          extra_content: { google: { thought_signature: 'c2lnLXRleHQ=', thinking_signature: 'c2lnLXRob3VnaHQ=' } },
        },
      }],
      usage: { prompt_tokens: 29, completion_tokens: 1816, total_tokens: 1845, prompt_tokens_details: { cached_tokens: 8 }, completion_tokens_details: { reasoning_tokens: 1801 } },
    });
    expect(wire.readText(text)).toBe('Hm.Looking.weather{"location":"San Francisco"}');
  });

  test.each(['{}', '[]', '"text"', 'not JSON', '{"candidates":[]}', '{"usageMetadata":{"promptTokenCount":3}}', '{"error":{"code":500}}'])('%s is no reply', (body) => {
    expect(() => wire.readReply(body)).toThrow(SyntaxError);
  });

  test('images and log probabilities', () => {
    const body = JSON.stringify({ candidates: [{
      content: { parts: [{ inlineData: { mimeType: 'image/png', data: 'aGk=' }, thoughtSignature: 's' }] }, finishReason: 'MAX_TOKENS',
      logprobsResult: { chosenCandidates: [{ token: 'é', logProbability: -0.5 }], topCandidates: [{ candidates: [{ token: 'é', logProbability: -0.5 }] }] },
    }] });
    const top = { token: 'é', logprob: -0.5, bytes: [195, 169] };
    expect(parseJson(wire.toReply?.(body, context) ?? '')).toMatchObject({ choices: [{
      finish_reason: 'length', logprobs: { content: [{ ...top, top_logprobs: [top] }] },
      message: { images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' }, extra_content: { google: { thought_signature: 's' } } }] },
    }] });
  });
});

describe('an error status', () => {
  const said = (code: number, status: string, extra = {}) => JSON.stringify([{ error: { code, message: 'What it says.', status, ...extra } }]);

  test.each([
    [400, said(400, 'INVALID_ARGUMENT'), { code: 'upstream_rejected', isRetryable: false, message: 'What it says.', upstream: { code: 'INVALID_ARGUMENT', type: null } }],
    [400, said(400, 'INVALID_ARGUMENT', { details: [{ reason: 'API_KEY_INVALID' }] }), { code: 'upstream_auth_failed', isRetryable: true, message: null, upstream: null }],
    [400, said(400, 'FAILED_PRECONDITION'), { code: 'upstream_auth_failed', isRetryable: true, message: null }],
    [403, said(403, 'PERMISSION_DENIED'), { code: 'upstream_auth_failed', isRetryable: true, message: null }],
    [404, said(404, 'NOT_FOUND'), { code: 'upstream_rejected', message: 'What it says.' }],
    [500, said(500, 'INTERNAL'), { code: 'upstream_error', isRetryable: true, message: null }],
    [503, '<html>', { code: 'upstream_error', isRetryable: true }],
    [504, said(504, 'DEADLINE_EXCEEDED'), { code: 'upstream_timeout', isRetryable: true }],
  ])('%i with %s', (status, body, expected) => {
    expect(wire.classify(status, {}, body)).toMatchObject(expected);
  });
});
