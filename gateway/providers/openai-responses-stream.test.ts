import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { decodeText } from '../foundation/byte-text.ts';
import { arrayAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { NAMED_FRAMINGS, feed, repliesIn, typeOf } from './__fixtures__/streams.ts';
import type { Recording } from './__fixtures__/streams.ts';
import { weaveReasoning } from './openai-responses-reasoning.ts';
import { openaiResponsesWire as wire } from './openai-responses.ts';
import { createEventSplitter, eventPayload } from '../foundation/sse.ts';

const OWN = new URL('./__fixtures__/openai-responses/', import.meta.url).pathname;
const SHARED = [new URL('../../../shared/fixtures/', import.meta.url).pathname].find(existsSync);
const FOLDERS = ['openai/responses', 'azure', 'xai/responses', 'open-responses/responses'];
const context = { requestId: 'req_1', upstreamModel: 'gpt-x', nowSeconds: 7 };

const KIND = { ends: new Set(['response.completed', 'response.incomplete', 'response.failed']), begins: 'response.' };

function recordingsIn(folder: string): Recording[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.chunks.txt'));
  return files.flatMap((file) => repliesIn(basename(file, '.chunks.txt'), readFileSync(join(folder, file), 'utf8'), KIND));
}

function own(name: string): readonly string[] {
  return recordingsIn(OWN).find((recording) => recording.name === `${name} #1`)?.payloads ?? [];
}

const FRAMINGS = NAMED_FRAMINGS;

interface Call { id: string | null; name: string | null; type: string | null; text: string }
interface Seen { content: string; reasoning: string; refusal: string; details: unknown[]; calls: Call[]; annotations: unknown[]; images: unknown[]; logprobs: unknown[]; finish: string[]; usage: unknown; chunks: JsonObject[] }

function follow(pieces: readonly Buffer[], wantsUsage = true) {
  const reader = wire.openStream({ context, wantsUsage, observedBytesMax: 4096 });
  const inner = createEventSplitter();
  const seen: Seen = { content: '', reasoning: '', refusal: '', details: [], calls: [], annotations: [], images: [], logprobs: [], finish: [], usage: null, chunks: [] };
  const ended = feed(reader, pieces, (forwarded) => {
    inner.push(Buffer.from(forwarded, 'latin1'), (one) => { addChunk(seen, parseJson(decodeText(eventPayload(one) ?? one))); });
  });
  expect(inner.pendingBytes).toBe(0);
  return { ...seen, ...ended };
}

function addChunk(seen: Seen, chunk: unknown): void {
  if (!isJsonObject(chunk)) throw new Error('a chunk is no object');
  seen.chunks.push(chunk);
  if (isJsonObject(chunk['usage'])) seen.usage = chunk['usage'];
  for (const choice of arrayAt(chunk, 'choices')) {
    const delta = objectAt(choice, 'delta');
    seen.content += stringAt(delta, 'content') ?? '';
    seen.reasoning += stringAt(delta, 'reasoning_content') ?? '';
    seen.refusal += stringAt(delta, 'refusal') ?? '';
    seen.details.push(...arrayAt(delta, 'reasoning_details'));
    seen.annotations.push(...arrayAt(delta, 'annotations'));
    seen.images.push(...arrayAt(delta, 'images'));
    seen.logprobs.push(...arrayAt(objectAt(choice, 'logprobs'), 'content'));
    for (const piece of arrayAt(delta, 'tool_calls')) addCall(seen.calls, piece);
    const finish = stringAt(choice, 'finish_reason');
    if (finish !== null) seen.finish.push(finish);
  }
}

function addCall(calls: Call[], piece: unknown): void {
  const index = isJsonObject(piece) ? Number(piece['index']) : -1;
  const named = objectAt(piece, 'function') ?? objectAt(piece, 'custom');
  const call = calls[index] ??= { id: stringAt(piece, 'id'), name: stringAt(named, 'name'), type: stringAt(piece, 'type'), text: '' };
  call.text += stringAt(named, 'arguments') ?? stringAt(named, 'input') ?? '';
}

/** What a recording holds, read in another way than the wire does: the items as they were when they were done. */
function held(items: readonly unknown[], tools: readonly unknown[]) {
  const of = (type: string) => items.filter((item) => stringAt(item, 'type') === type);
  const parts = of('message').flatMap((item) => arrayAt(item, 'content'));
  const hosted = tools.some((tool) => stringAt(tool, 'type') === 'x_search');
  return {
    content: parts.map((part) => stringAt(part, 'text') ?? '').join(''),
    refusal: parts.map((part) => stringAt(part, 'refusal') ?? '').join(''),
    reasoning: of('reasoning').map((item) => [...arrayAt(item, 'summary'), ...arrayAt(item, 'content')].map((part) => stringAt(part, 'text') ?? '').join('\n\n')).filter((text) => text !== '').join('\n\n'),
    encrypted: of('reasoning').flatMap((item) => stringAt(item, 'encrypted_content') ?? []).filter((data) => data !== ''),
    calls: [...of('function_call'), ...(hosted ? [] : of('custom_tool_call'))].map((item) => ({ id: stringAt(item, 'call_id'), name: stringAt(item, 'name'), text: stringAt(item, 'arguments') ?? stringAt(item, 'input') })),
    annotations: parts.flatMap((part) => arrayAt(part, 'annotations').map((annotation) => stringAt(annotation, 'type'))).filter((type) => type === 'url_citation'),
    images: of('image_generation_call').map((item) => stringAt(item, 'result')).filter((result) => result !== null && result !== ''),
  };
}

function usageIn(reply: JsonObject | null) {
  const usage = objectAt(reply, 'usage');
  if (!usage) return null;
  const input = objectAt(usage, 'input_tokens_details');
  return {
    promptTokens: usage['input_tokens'], completionTokens: usage['output_tokens'], cachedTokens: input?.['cached_tokens'] ?? 0,
    cacheWriteTokens: input?.['cache_write_tokens'] ?? 0, reasoningTokens: objectAt(usage, 'output_tokens_details')?.['reasoning_tokens'] ?? 0,
  };
}

function itemsOf(payloads: readonly string[]): readonly unknown[] {
  const done = payloads.map((payload) => parseJson(payload)).filter((event) => stringAt(event, 'type') === 'response.output_item.done');
  if (done.length === 0) return arrayAt(objectAt(parseJson(payloads.at(-1) ?? ''), 'response'), 'output');
  return done.sort((a, b) => Number(isJsonObject(a) && a['output_index']) - Number(isJsonObject(b) && b['output_index'])).map((event) => objectAt(event, 'item'));
}

function finishIn(reply: unknown, hasCalls: boolean): string {
  if (stringAt(reply, 'status') === 'incomplete') return stringAt(objectAt(reply, 'incomplete_details'), 'reason') === 'content_filter' ? 'content_filter' : 'length';
  return hasCalls ? 'tool_calls' : 'stop';
}

/** Shortened by hand: its pieces say another text than its finished item. */
const isShortened = ({ name }: Recording): boolean => name.startsWith('openai-shell-container.1');
const isBroken = ({ payloads }: Recording): boolean => payloads.some((payload) => ['error', 'response.failed'].includes(typeOf(payload)));

function expectHeld({ name, payloads }: Recording, seen: ReturnType<typeof follow>): void {
  const first = objectAt(parseJson(payloads[0] ?? ''), 'response');
  const last = objectAt(parseJson(payloads.at(-1) ?? ''), 'response');
  const deltas = payloads.map((payload) => parseJson(payload)).filter((said) => stringAt(said, 'type') === 'response.output_text.delta');
  const expected = { ...held(itemsOf(payloads), arrayAt(last, 'tools')), ...(isShortened({ name, payloads }) ? { content: deltas.map((said) => stringAt(said, 'delta')).join('') } : {}) };
  expect(seen.failure).toBeNull();
  const { content, refusal, reasoning } = seen;
  expect({ content, refusal, reasoning }).toEqual({ content: expected.content, refusal: expected.refusal, reasoning: expected.reasoning });
  expect(seen.calls.map(({ id, name: called, text }) => ({ id, name: called, text }))).toEqual(expected.calls);
  expect(seen.annotations.map((annotation) => stringAt(annotation, 'type'))).toEqual(expected.annotations);
  expect(seen.images.map((image) => stringAt(objectAt(image, 'image_url'), 'url')?.replace(/^data:[^,]*,/, ''))).toEqual(expected.images);
  const back = weaveReasoning(seen.details, [{ type: 'message' }], () => undefined);
  expect(back.flatMap((item) => stringAt(item, 'encrypted_content') ?? [])).toEqual(expected.encrypted);
  const finish = finishIn(last, expected.calls.length > 0);
  expect(seen.finish).toEqual([finish]);
  expect(seen.facts).toEqual({ usage: usageIn(last), upstreamId: first?.['id'], upstreamModel: first?.['model'], finishReason: finish });
  expect(seen.usage).toMatchObject({ prompt_tokens: seen.facts.usage?.promptTokens, completion_tokens: seen.facts.usage?.completionTokens });
  expect({ name, isDone: seen.isDone, isFinished: seen.isFinished }).toEqual({ name, isDone: false, isFinished: true });
}

/** A small generator of numbers, seeded, so that a failure comes again. */
function sampleCuts(length: number, count: number): number[] {
  let state = length;
  return Array.from({ length: count }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return 1 + state % (length - 1);
  });
}

function describeRecordings(recordings: readonly Recording[], { triesEveryCut }: { triesEveryCut: boolean }): void {
  const sound = recordings.filter((recording) => !isBroken(recording));

  test.each(sound)('$name means what it holds, in every framing', (recording) => {
    const whole = follow([Buffer.from(recording.payloads.map(FRAMINGS.recorded).join(''))]);
    expectHeld(recording, whole);
    for (const frame of Object.values(FRAMINGS)) expect(JSON.stringify(follow([Buffer.from(recording.payloads.map(frame).join(''))]))).toBe(JSON.stringify(whole));
  });

  test.each(recordings)('$name means the same wherever it is cut', ({ payloads }) => {
    for (const frame of [FRAMINGS.crlf, FRAMINGS.comments]) {
      const bytes = Buffer.from(payloads.map(frame).join(''));
      // Compared as text: of the long ones there are thousands of chunks.
      const told = (pieces: readonly Buffer[]): string => JSON.stringify(follow(pieces));
      const whole = told([bytes]);
      if (bytes.length < 40_000) expect(told(Array.from(bytes, (byte) => Buffer.from([byte])))).toBe(whole);
      const cuts = triesEveryCut && bytes.length <= 2600 ? Array.from({ length: bytes.length - 1 }, (_, at) => at + 1) : sampleCuts(bytes.length, bytes.length < 100_000 ? 12 : 4);
      for (const cut of cuts) expect(told([bytes.subarray(0, cut), bytes.subarray(cut)])).toBe(whole);
    }
  });

  test.each(sound)('$name without a wish for usage loses its usage and nothing else', ({ payloads }) => {
    const bytes = Buffer.from(payloads.map(FRAMINGS.recorded).join(''));
    const spared = follow([bytes], false);
    const asked = follow([bytes], true);
    expect(spared).toEqual({ ...asked, usage: null, chunks: asked.chunks.filter((chunk) => arrayAt(chunk, 'choices').length > 0) });
  });

  test.each(sound.filter((recording) => !isShortened(recording)))('$name as a whole reply says what its stream said', ({ payloads }) => {
    const reply = JSON.stringify({ ...objectAt(parseJson(payloads.at(-1) ?? ''), 'response'), output: itemsOf(payloads) });
    const seen = follow([Buffer.from(payloads.map(FRAMINGS.recorded).join(''))]);
    const choice = arrayAt(parseJson(wire.toReply?.(reply, context) ?? ''), 'choices')[0];
    const message = objectAt(choice, 'message');
    expect({ content: stringAt(message, 'content') ?? '', reasoning: stringAt(message, 'reasoning_content') ?? '', refusal: stringAt(message, 'refusal') ?? '' })
      .toEqual({ content: seen.content, reasoning: seen.reasoning, refusal: seen.refusal });
    const others = [{ type: 'message' }, { type: 'function_call' }, { type: 'function_call' }];
    expect(weaveReasoning(seen.details, others, () => undefined)).toEqual(weaveReasoning(arrayAt(message, 'reasoning_details'), others, () => undefined));
    expect(arrayAt(message, 'annotations')).toEqual(seen.annotations);
    expect(arrayAt(message, 'tool_calls').length).toBe(seen.calls.length);
    expect(seen.finish).toEqual([stringAt(choice, 'finish_reason')]);
  });

  test.each(sound)('$name broken off is not finished, and broken within is a typed failure', ({ payloads }) => {
    const cut = follow([Buffer.from(payloads.slice(0, -1).map(FRAMINGS.recorded).join(''))]);
    expect({ isFinished: cut.isFinished, failure: cut.failure, finish: cut.finish }).toEqual({ isFinished: false, failure: null, finish: [] });
    const middle = Math.floor(payloads.length / 2);
    const broken = payloads.map((payload, index) => FRAMINGS['data only'](index === middle ? payload.slice(0, payload.length / 2) : payload)).join('');
    expect(follow([Buffer.from(broken)]).failure).toMatchObject({ code: 'upstream_bad_reply', isRetryable: true });
  });
}

describe('a recorded stream of our own', () => {
  describeRecordings(recordingsIn(OWN), { triesEveryCut: true });
});

(SHARED === undefined ? describe.skip : describe)('a recorded stream of the shared fixtures', () => {
  const recordings = SHARED === undefined ? [{ name: 'none', payloads: [] }] : FOLDERS.flatMap((folder) => recordingsIn(join(SHARED, folder)));

  test('there are recordings to try', () => {
    expect(recordings.length).toBeGreaterThanOrEqual(50);
  });

  describeRecordings(recordings, { triesEveryCut: false });
});

describe('openResponseStream', () => {
  const frame = (payloads: readonly string[]): Buffer => Buffer.from(payloads.map(FRAMINGS.recorded).join(''));
  const event = (value: unknown): string => JSON.stringify(value);

  test('calls that come interleaved keep their places and ids', () => {
    const seen = follow([frame(own('reasoning-and-calls'))]);
    expect(seen.calls).toEqual([
      { id: 'call_a', name: 'get_weather', type: 'function', text: '{"city":"Paris"}' },
      { id: 'call_b', name: 'get_weather', type: 'function', text: '{"city":"Łódź"}' },
      { id: 'call_c', name: 'write_sql', type: 'custom', text: 'SELECT 1' },
    ]);
    expect(seen.text).toBe('**Plan** 🙂\n\nTwo cities.Ich prüfe 世界 🙂.get_weather{"city":get_weather{"city":"Ł"Paris"}ódź"}write_sqlSELECT 1');
  });

  test('reasoning comes with what is needed to send it back where it was', () => {
    const seen = follow([frame(own('reasoning-and-calls'))]);
    expect(weaveReasoning(seen.details, [{ type: 'a' }, { type: 'b' }], () => undefined)).toEqual([
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: '**Plan** 🙂\n\nTwo cities.' }], encrypted_content: 'gAAAAABnEnc-1' }, { type: 'a' }, { type: 'b' },
    ]);
  });

  test('every chunk has the id, the time and the model of the reply, the first its role, the last its tier', () => {
    const { chunks } = follow([frame(own('reasoning'))]);
    expect(chunks.every((chunk) => chunk['id'] === 'resp_9' && chunk['created'] === 1_795_219_200 && chunk['model'] === 'gpt-5.2-2025-12-11')).toBe(true);
    expect(chunks.map((chunk) => objectAt(arrayAt(chunk, 'choices')[0], 'delta')?.['role'])).toEqual(['assistant', undefined, undefined, undefined, undefined, undefined]);
    expect(chunks.at(-2)).toMatchObject({ service_tier: 'default', choices: [{ finish_reason: 'stop' }] });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 69, completion_tokens: 33, total_tokens: 102, completion_tokens_details: { reasoning_tokens: 12 } } });
  });

  test('log probabilities come with the text they belong to', () => {
    expect(follow([frame(own('reasoning'))]).logprobs).toEqual([{ token: '925 ÷ 5', logprob: -0.1, bytes: null, top_logprobs: [{ token: '925', logprob: -1.5, bytes: null }] }]);
  });

  test('a server that says everything at once is understood, and places in the text are those of all of it', () => {
    for (const name of ['whole-items', 'last-word']) {
      const seen = follow([frame(own(name))]);
      expect(seen).toMatchObject({
        content: '🙂 one. Two.', reasoning: 'Hmm.\n\nWell.', finish: ['tool_calls'], calls: [{ id: 'call_z', name: 'now', text: '{}' }],
        images: [{ type: 'image_url', image_url: { url: 'data:image/webp;base64,UklGRg==' } }],
        annotations: [{ type: 'url_citation', url_citation: { url: 'https://www.example.org/', title: 'Example', start_index: 7, end_index: 10 } }],
      });
      expect(weaveReasoning(seen.details, [{ type: 'message' }], () => undefined)[0]).toEqual({
        type: 'reasoning', id: 'rs_8', summary: [], content: [{ type: 'reasoning_text', text: 'Hmm.\n\nWell.' }],
      });
    }
  });

  test('a stream cut at its cap is finished with length, whatever the server calls the cap', () => {
    expect(follow([frame(own('incomplete'))])).toMatchObject({ content: 'Once upon', finish: ['length'], isFinished: true });
    const [, ...rest] = own('incomplete').toReversed();
    const end = (reason: string) => event({ type: 'response.incomplete', response: { incomplete_details: { reason } } });
    expect(follow([frame([...rest.toReversed(), end('max_tokens')])]).finish).toEqual(['length']);
    expect(follow([frame([...rest.toReversed(), end('content_filter')])]).finish).toEqual(['content_filter']);
  });

  test('what comes after the end says that it is over', () => {
    const done = Buffer.concat([frame(own('reasoning')), Buffer.from('data: [DONE]\n\n')]);
    expect(follow([done])).toMatchObject({ content: '925 ÷ 5 = 185', isDone: true, isFinished: true, failure: null });
    expect(follow([frame([...own('reasoning'), ...own('refusal')])])).toMatchObject({ content: '925 ÷ 5 = 185', refusal: '', isDone: true });
  });

  test.each([
    ['an error event with its fields within', { type: 'error', error: { type: 'insufficient_quota', code: 'insufficient_quota', message: 'You exceeded your quota.', param: null } }, 'upstream_rate_limited', true],
    ['an error event with its fields on itself', { type: 'error', code: 'rate_limit_exceeded', message: 'Slow down.', param: null, sequence_number: 3 }, 'upstream_rate_limited', true],
    ['an error without a type', { error: { code: 'server_error', message: 'Something broke.' } }, 'upstream_error', true],
    ['a response that failed', { type: 'response.failed', response: { status: 'failed', error: { code: 'server_error', message: 'Something broke.' } } }, 'upstream_error', true],
    ['a response that failed for its prompt', { type: 'response.failed', response: { status: 'failed', error: { code: 'invalid_prompt', message: 'Your prompt was flagged.' } } }, 'upstream_rejected', false],
    ['a response that failed for an image', { type: 'response.failed', response: { status: 'failed', error: { code: 'invalid_image_url', message: 'No image there.', param: 'input[0].content[1]' } } }, 'upstream_rejected', false],
    ['a key that is refused', { type: 'error', error: { code: 'invalid_api_key', message: 'No.' } }, 'upstream_auth_failed', true],
    ['a time that ran out', { type: 'response.failed', response: { error: { code: 'vector_store_timeout', message: 'Too slow.' } } }, 'upstream_timeout', true],
    ['an error nobody knows', { type: 'error', code: 'toString', message: 'Odd.' }, 'upstream_error', true],
    ['an error that says nothing', { type: 'error' }, 'upstream_error', true],
  ])('%s is a typed failure', (_name, said, code, isRetryable) => {
    const seen = follow([frame([...own('reasoning').slice(0, 4), event(said)])]);
    expect(seen.failure).toMatchObject({ code, isRetryable });
    expect(seen).toMatchObject({ isFinished: false, finish: [], reasoning: '925 is 5 times 185.' });
  });

  test('a failure names the caller\'s own field, and keeps the usage it told', () => {
    const failed = { type: 'response.failed', response: { status: 'failed', usage: { input_tokens: 5, output_tokens: 2 }, error: { code: 'invalid_image', message: 'Bad.', param: 'input[0]' } } };
    const seen = follow([frame([...own('reasoning').slice(0, 2), event(failed)])]);
    expect(seen.failure).toMatchObject({ param: 'messages', message: 'Bad.' });
    expect(seen.facts.usage).toMatchObject({ promptTokens: 5, completionTokens: 2 });
  });

  test.each(['[]', 'null', '7', '"text"', '{"a":1}', '{"id":"c","object":"chat.completion.chunk","choices":[]}', '{"type":7}', 'plain'])('%s is no event of a response', (payload) => {
    expect(follow([Buffer.from(`data: ${payload}\n\n`)]).failure?.code).toBe('upstream_bad_reply');
  });

  test('events of a wrong shape and of unknown kinds are passed over', () => {
    const odd = [{ type: 'response.output_text.delta', delta: 7 }, { type: 'response.output_item.added', output_index: 9 }, { type: 'response.output_item.done', output_index: 9 },
      { type: 'response.function_call_arguments.delta', output_index: 44, delta: '{}' }, { type: 'response.future.event', delta: 'x' }, { type: 'response.output_text.annotation.added', output_index: 1 }, { type: 'response.in_progress' }];
    const [first = '', ...rest] = own('reasoning');
    expect(follow([frame([first, ...odd.map(event), ...rest])])).toEqual(follow([frame(own('reasoning'))]));
  });
});
