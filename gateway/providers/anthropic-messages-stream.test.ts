import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeText } from '../foundation/byte-text.ts';
import { arrayAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { NAMED_FRAMINGS, feed, repliesIn } from './__fixtures__/streams.ts';
import type { Recording } from './__fixtures__/streams.ts';
import { openMessageStream } from './anthropic-messages-stream.ts';
import { weaveThinking } from './anthropic-messages-thinking.ts';
import { createEventSplitter, eventPayload } from '../foundation/sse.ts';

const OWN = new URL('./__fixtures__/anthropic-messages/', import.meta.url).pathname;
const SHARED = [new URL('../../../shared/fixtures/anthropic/', import.meta.url).pathname].find(existsSync);

const KIND = { ends: new Set(['message_stop']) };

function recordingsIn(folder: string): Recording[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.chunks.txt'));
  return files.flatMap((file) => repliesIn(basename(file, '.chunks.txt'), readFileSync(join(folder, file), 'utf8'), KIND));
}

function own(name: string): readonly string[] {
  return recordingsIn(OWN).find((recording) => recording.name === `${name} #1`)?.payloads ?? [];
}

const FRAMINGS = NAMED_FRAMINGS;

interface Call { id: string | null; name: string | null; arguments: string }

function follow(pieces: readonly Buffer[], wantsUsage = true) {
  const reader = openMessageStream({ context: { requestId: 'req_1', upstreamModel: 'claude-x', nowSeconds: 7 }, wantsUsage, observedBytesMax: 4096 });
  const seen = { content: '', reasoning: '', refusal: '', details: [] as unknown[], calls: [] as Call[], finish: [] as string[], usage: null as unknown, chunks: [] as JsonObject[] };
  const inner = createEventSplitter();
  const ended = feed(reader, pieces, (forwarded) => {
    inner.push(Buffer.from(forwarded, 'latin1'), (one) => { addChunk(seen, parseJson(decodeText(eventPayload(one) ?? one))); });
  });
  expect(inner.pendingBytes).toBe(0);
  return { ...seen, ...ended };
}

function addChunk(seen: { content: string; reasoning: string; refusal: string; details: unknown[]; calls: Call[]; finish: string[]; usage: unknown; chunks: JsonObject[] }, chunk: unknown): void {
  if (!isJsonObject(chunk)) throw new Error('a chunk is no object');
  seen.chunks.push(chunk);
  if (isJsonObject(chunk['usage'])) seen.usage = chunk['usage'];
  for (const choice of arrayAt(chunk, 'choices')) {
    const delta = objectAt(choice, 'delta');
    seen.content += stringAt(delta, 'content') ?? '';
    seen.reasoning += stringAt(delta, 'reasoning_content') ?? '';
    seen.refusal += stringAt(delta, 'refusal') ?? '';
    seen.details.push(...arrayAt(delta, 'reasoning_details'));
    for (const piece of arrayAt(delta, 'tool_calls')) {
      const index = isJsonObject(piece) ? Number(piece['index']) : -1;
      const call = seen.calls[index] ??= { id: stringAt(piece, 'id'), name: stringAt(objectAt(piece, 'function'), 'name'), arguments: '' };
      call.arguments += stringAt(objectAt(piece, 'function'), 'arguments') ?? '';
    }
    const finish = stringAt(choice, 'finish_reason');
    if (finish !== null) seen.finish.push(finish);
  }
}

/** What a recording holds, read in another way than the wire does: block by block, from all deltas of an index. */
function held(payloads: readonly string[]) {
  const events = payloads.map((payload) => parseJson(payload));
  const message = objectAt(events[0], 'message');
  const starts = events.filter((event) => stringAt(event, 'type') === 'content_block_start');
  const deltas = (index: unknown, key: string): string => events
    .filter((event) => stringAt(event, 'type') === 'content_block_delta' && isJsonObject(event) && event['index'] === index)
    .map((event) => stringAt(objectAt(event, 'delta'), key) ?? '').join('');
  const blocks = [
    ...arrayAt(message, 'content').map((block) => ({ block, index: null })),
    ...starts.map((event) => ({ block: objectAt(event, 'content_block'), index: isJsonObject(event) ? event['index'] : null })),
  ];
  const of = (type: string) => blocks.filter(({ block }) => stringAt(block, 'type') === type);
  const last = events.filter((event) => stringAt(event, 'type') === 'message_delta').at(-1);
  return {
    content: of('text').map(({ block, index }) => (stringAt(block, 'text') ?? '') + deltas(index, 'text')).join(''),
    reasoning: of('thinking').map(({ block, index }) => (stringAt(block, 'thinking') ?? '') + deltas(index, 'thinking')).join(''),
    signatures: of('thinking').map(({ block, index }) => (stringAt(block, 'signature') ?? '') + deltas(index, 'signature')),
    calls: of('tool_use').map(({ block, index }) => ({
      id: stringAt(block, 'id'), name: stringAt(block, 'name'), input: parseJson(deltas(index, 'partial_json') || JSON.stringify(objectAt(block, 'input'))),
    })),
    stopReason: stringAt(objectAt(last, 'delta'), 'stop_reason') ?? stringAt(message, 'stop_reason'),
    usage: objectAt(last, 'usage') ?? objectAt(message, 'usage'),
    id: stringAt(message, 'id'),
    model: stringAt(message, 'model'),
  };
}

const FINISH: Readonly<Record<string, string>> = { end_turn: 'stop', tool_use: 'tool_calls', max_tokens: 'length', refusal: 'content_filter' };

function expectHeld({ name, payloads }: Recording, seen: ReturnType<typeof follow>): void {
  const expected = held(payloads);
  expect(seen.failure).toBeNull();
  expect(seen.content).toBe(expected.content);
  expect(seen.reasoning).toBe(expected.reasoning);
  expect(weaveThinking(seen.details, [], () => undefined).map((block) => block['signature'])).toEqual(expected.signatures);
  expect(seen.calls.map((call) => ({ id: call.id, name: call.name, input: parseJson(call.arguments) }))).toEqual(expected.calls);
  expect(seen.finish).toEqual([FINISH[expected.stopReason ?? '']]);
  expect(seen.facts).toMatchObject({ upstreamId: expected.id, upstreamModel: expected.model, finishReason: FINISH[expected.stopReason ?? ''] });
  const iterations = arrayAt(expected.usage, 'iterations');
  const compacted = iterations.some((one) => stringAt(one, 'type') === 'compaction') ? iterations : [expected.usage];
  const total = (key: string): number => compacted.reduce<number>((sum, one) => sum + Number((isJsonObject(one) && one[key]) || 0), 0);
  const prompt = total('input_tokens') + total('cache_read_input_tokens') + total('cache_creation_input_tokens');
  const start = objectAt(objectAt(parseJson(payloads[0] ?? ''), 'message'), 'usage');
  expect(seen.facts.usage).toMatchObject({
    promptTokens: prompt === 0 ? Number(start?.['input_tokens']) : prompt, completionTokens: total('output_tokens'),
    cachedTokens: total('cache_read_input_tokens'), cacheWriteTokens: total('cache_creation_input_tokens'),
  });
  expect(seen.usage).toMatchObject({ prompt_tokens: seen.facts.usage?.promptTokens, completion_tokens: seen.facts.usage?.completionTokens });
  expect({ name, isDone: seen.isDone, isFinished: seen.isFinished }).toEqual({ name, isDone: true, isFinished: true });
}

const isSpliced = ({ name }: Recording): boolean => name.startsWith('spliced');

/** A small generator of numbers, seeded, so that a failure comes again. */
function sampleCuts(length: number, count: number): number[] {
  let state = length;
  return Array.from({ length: count }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return 1 + state % (length - 1);
  });
}

function describeRecordings(recordings: readonly Recording[], { triesEveryCut }: { triesEveryCut: boolean }): void {
  test.each(recordings.filter((recording) => !isSpliced(recording)))('$name means what it holds, in every framing', (recording) => {
    const whole = follow([Buffer.from(recording.payloads.map(FRAMINGS.recorded).join(''))]);
    expectHeld(recording, whole);
    for (const frame of Object.values(FRAMINGS)) {
      const bytes = Buffer.from(recording.payloads.map(frame).join(''));
      expect(follow([bytes])).toEqual(whole);
    }
  });

  test.each(recordings)('$name means the same wherever it is cut', ({ payloads }) => {
    for (const frame of [FRAMINGS.crlf, FRAMINGS.comments]) {
      const bytes = Buffer.from(payloads.map(frame).join(''));
      const whole = follow([bytes]);
      if (bytes.length < 40_000) expect(follow(Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(whole);
      const cuts = triesEveryCut && bytes.length <= 1600 ? Array.from({ length: bytes.length - 1 }, (_, at) => at + 1) : sampleCuts(bytes.length, 12);
      for (const cut of cuts) expect(follow([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole);
    }
  });

  test.each(recordings)('$name without a wish for usage loses its usage and nothing else', ({ payloads }) => {
    const bytes = Buffer.from(payloads.map(FRAMINGS.recorded).join(''));
    const spared = follow([bytes], false);
    const asked = follow([bytes], true);
    expect(spared.usage).toBeNull();
    expect(spared).toEqual({ ...asked, usage: null, chunks: asked.chunks.filter((chunk) => arrayAt(chunk, 'choices').length > 0) });
  });
}

describe('a recorded stream of our own', () => {
  describeRecordings(recordingsIn(OWN), { triesEveryCut: true });
});

(SHARED === undefined ? describe.skip : describe)('a recorded stream of the shared fixtures', () => {
  const recordings = SHARED === undefined ? [{ name: 'none', payloads: [] }] : recordingsIn(SHARED);

  test('there are recordings to try', () => {
    expect(recordings.length).toBeGreaterThanOrEqual(30);
  });

  describeRecordings(recordings, { triesEveryCut: false });
});

describe('openMessageStream', () => {
  const frame = (payloads: readonly string[]): Buffer => Buffer.from(payloads.map(FRAMINGS.recorded).join(''));

  test('thinking comes with what is needed to send it back', () => {
    const seen = follow([frame(own('thinking'))]);
    expect(seen.reasoning).toBe('The previous result was 925. Now I need to divide that by 5.\n\n925 ÷ 5 = 185');
    expect(seen.content).toBe('925 ÷ 5 = 185');
    expect(weaveThinking(seen.details, [], () => undefined)).toEqual([{ type: 'thinking', thinking: seen.reasoning, signature: expect.stringMatching(/^EvQBCk.*7BgB$/) }]);
    expect(seen.text).toBe(seen.reasoning + seen.content);
    expect(seen.chunks[0]).toEqual({
      id: 'msg_01Y6V41gqPaKWEw7iPouH7iW', object: 'chat.completion.chunk', created: 7, model: 'claude-sonnet-4-5-20250929',
      choices: [{ index: 0, delta: { role: 'assistant', reasoning_content: 'The previous', reasoning_details: [{ type: 'reasoning.text', text: 'The previous', format: 'anthropic-claude-v1', index: 0 }] }, finish_reason: null }],
    });
    expect(seen.chunks.at(-1)).toEqual({
      id: 'msg_01Y6V41gqPaKWEw7iPouH7iW', object: 'chat.completion.chunk', created: 7, model: 'claude-sonnet-4-5-20250929', choices: [],
      usage: { prompt_tokens: 69, completion_tokens: 53, total_tokens: 122, prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 }, completion_tokens_details: { reasoning_tokens: 0 } },
    });
  });

  test('a tool without arguments is called with an empty object', () => {
    expect(follow([frame(own('tool-no-args'))]).calls).toEqual([{ id: 'toolu_01QE1WLsSVp5hy5Q3GmGTmjP', name: 'updateIssueList', arguments: '{}' }]);
  });

  test('parallel calls are numbered from 0 in the order they begin, whatever comes between', () => {
    const block = (index: number, content: object): string => JSON.stringify({ type: 'content_block_start', index, content_block: content });
    const json = (index: number, piece: string): string => JSON.stringify({ type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json: piece } });
    const seen = follow([frame([
      block(0, { type: 'redacted_thinking', data: 'R=' }), block(1, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }), json(1, '{"query":'), block(2, { type: 'tool_use', id: 'a', name: 'f', input: {} }),
      block(4, { type: 'tool_use', id: 'b', name: 'g', input: {} }), json(4, '{"x"'), json(2, '{"y":'), json(4, ':1}'), json(2, '2}'), '{"type":"content_block_stop","index":2}', '{"type":"content_block_stop","index":4}',
    ])]);
    expect(seen.calls).toEqual([{ id: 'a', name: 'f', arguments: '{"y":2}' }, { id: 'b', name: 'g', arguments: '{"x":1}' }]);
    expect(weaveThinking(seen.details, [], () => undefined)).toEqual([{ type: 'redacted_thinking', data: 'R=' }]);
    expect(seen.chunks[0]).toMatchObject({ id: 'chatcmpl-req_1', model: 'claude-x' });
  });

  test('thinking knows its place among calls', () => {
    const begin = (index: number, block: object): string => JSON.stringify({ type: 'content_block_start', index, content_block: block });
    const seen = follow([frame([begin(0, { type: 'thinking', thinking: 'a', signature: 'A' }), begin(1, { type: 'text', text: 'So' }), begin(2, { type: 'text', text: '.' }), begin(3, { type: 'tool_use', id: 'x', name: 'f', input: {} }), begin(4, { type: 'thinking', thinking: 'b', signature: 'B' })])]);
    expect(weaveThinking(seen.details, [{ type: 'text' }, { type: 'tool_use', id: 'x' }, { type: 'tool_use', id: 'y' }], () => undefined)).toEqual([
      { type: 'thinking', thinking: 'a', signature: 'A' }, { type: 'text' }, { type: 'tool_use', id: 'x' }, { type: 'thinking', thinking: 'b', signature: 'B' }, { type: 'tool_use', id: 'y' },
    ]);
  });

  test('a message that comes whole within its first event', () => {
    const message = { id: 'msg_1', model: 'm', content: [{ type: 'text', text: 'Now.' }, { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } }], stop_reason: 'tool_use', usage: { input_tokens: 3, output_tokens: 4 } };
    const seen = follow([frame([JSON.stringify({ type: 'message_start', message }), '{"type":"message_stop"}'])]);
    expect(seen).toMatchObject({ content: 'Now.', calls: [{ id: 'a', name: 'f', arguments: '{"x":1}' }], finish: ['tool_calls'], usage: { prompt_tokens: 3, completion_tokens: 4 }, isDone: true });
  });

  test('a refusal is told in the provider\'s words', () => {
    const seen = follow([frame(own('refusal'))]);
    expect(seen).toMatchObject({ finish: ['content_filter'], content: '', refusal: expect.stringContaining('Usage Policy') });
    expect(seen.chunks[0]).toMatchObject({ choices: [{ delta: { role: 'assistant' } }] });
  });

  test('usage that comes in parts is merged, and a null takes nothing back', () => {
    const seen = follow([frame([
      '{"type":"message_start","message":{"id":"msg_1","model":"m","content":[],"usage":{"input_tokens":10,"cache_read_input_tokens":100,"cache_creation_input_tokens":7,"output_tokens":1}}}',
      '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":30,"cache_read_input_tokens":null,"output_tokens_details":{"thinking_tokens":12}}}',
      '{"type":"message_delta","delta":{},"usage":{"input_tokens":null,"output_tokens":31}}',
      '{"type":"message_stop"}',
    ])]);
    expect(seen.facts.usage).toEqual({ promptTokens: 117, cachedTokens: 100, cacheWriteTokens: 7, completionTokens: 31, reasoningTokens: 12 });
    expect(seen.finish).toEqual(['stop']);
  });

  test('usage is unknown until the tokens generated are told: the first event counts only one', () => {
    const payloads = own('message-delta-input-tokens');
    expect(follow([frame(payloads.slice(0, 5))])).toMatchObject({ facts: { usage: null, upstreamModel: 'claude-opus-4-5-20251101' }, text: 'pong', isFinished: false });
    expect(follow([frame(payloads)]).facts.usage).toMatchObject({ promptTokens: 61, completionTokens: 2 });
  });

  test('another message within the message is a failure, the same one again is not', () => {
    const spliced = follow([frame(own('spliced-message-start'))]);
    expect(spliced.failure).toMatchObject({ code: 'upstream_bad_reply', isRetryable: true });
    expect(spliced.calls).toEqual([{ id: 'toolu_first', name: 'test-tool', arguments: '{"value":"Spark' }]);
    expect(spliced).toMatchObject({ finish: [], isDone: false });
    expect(follow([frame(own('duplicate-message-start'))])).toMatchObject({ failure: null, content: 'Hello, World!', facts: { usage: { promptTokens: 17, completionTokens: 227 } } });
  });

  test.each([
    ['overloaded_error', 'upstream_error', true, 'The provider failed: Too much.'],
    ['api_error', 'upstream_error', true, 'The provider failed: Too much.'],
    ['rate_limit_error', 'upstream_rate_limited', true, null],
    ['authentication_error', 'upstream_auth_failed', true, null],
    ['timeout_error', 'upstream_timeout', true, null],
    ['invalid_request_error', 'upstream_rejected', false, 'Too much.'],
  ])('an error event of type %s is a failure and is not forwarded', (type, code, isRetryable, message) => {
    const seen = follow([frame([...own('thinking').slice(0, 3), JSON.stringify({ type: 'error', error: { type, message: 'Too much.' } })])]);
    expect(seen.failure).toMatchObject({ code, isRetryable, message });
    expect(seen.failure?.detail).toContain('error inside the stream');
    expect(seen.chunks).toEqual([]);
  });

  test.each([['<html>'], ['{"type":"content_block_delta","ind'], ['[1]'], ['null'], ['{"id":"chatcmpl-1","choices":[]}']])('%s is a failure', (payload) => {
    expect(follow([Buffer.from(`data: ${payload}\n\n`)]).failure?.code).toBe('upstream_bad_reply');
  });

  test('a stream that breaks off is not finished', () => {
    const payloads = own('thinking');
    for (let length = 0; length < payloads.length - 2; length++) {
      expect(follow([frame(payloads.slice(0, length))])).toMatchObject({ isDone: false, isFinished: false, failure: null, finish: [] });
    }
  });

  test('nothing is forwarded after the end, and unknown events and blocks are passed over', () => {
    const payloads = own('thinking');
    const extra = ['{"type":"later_event","x":1}', '{"type":"content_block_start","index":9,"content_block":{"type":"later"}}', '{"type":"content_block_delta","index":9,"delta":{"type":"input_json_delta","partial_json":"{"}}', '{"type":"content_block_stop","index":9}'];
    expect(follow([frame([...payloads.slice(0, 2), ...extra, ...payloads.slice(2), ...payloads])])).toEqual(follow([frame(payloads)]));
  });

  test('random bytes never throw', () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), fc.constantFrom('', '{"type":"content_block_start","index":0,"content_block":', '{"type":"message_delta","usage":'), (pieces, before) => {
      follow(pieces.map((piece) => Buffer.concat([Buffer.from(`data: ${before}`), Buffer.from(piece), Buffer.from('\n\n')])));
    }), { numRuns: 300 });
    fc.assert(fc.property(fc.array(fc.record({ type: fc.constantFrom('message_start', 'content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta'), index: fc.nat(2), message: fc.json().map((json) => parseJson(json)), content_block: fc.json().map((json) => parseJson(json)), delta: fc.json().map((json) => parseJson(json)), usage: fc.json().map((json) => parseJson(json)) })), (events) => {
      follow([frame(events.map((event) => JSON.stringify(event)))]);
    }), { numRuns: 300 });
  });
});
