import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { arrayAt, countAt, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import { openaiResponsesWire as wire } from './openai-responses.ts';
import { dataEvent } from '../foundation/sse.ts';

const OWN = new URL('./__fixtures__/openai-responses/', import.meta.url).pathname;
const SHARED = [new URL('../../../shared/fixtures/', import.meta.url).pathname].find(existsSync);
const FOLDERS = ['openai/responses', 'azure', 'xai/responses', 'open-responses/responses'];
const context = { requestId: 'req_1', upstreamModel: 'gpt-x', nowSeconds: 7 };

const filesIn = (folder: string): string[] => readdirSync(folder).filter((file) => file.endsWith('.json')).map((file) => join(folder, file));
const isResponse = (file: string): boolean => stringAt(parseJson(readFileSync(file, 'utf8')), 'object') === 'response';
const textsOf = (parts: readonly unknown[], key = 'text'): string[] => parts.flatMap((part) => stringAt(part, key) ?? []);

/** What a recording holds, against what the wire makes of it. */
function expectHeld(file: string): void {
  const text = readFileSync(file, 'utf8');
  const reply = parseJson(text);
  const items = arrayAt(reply, 'output');
  const of = (type: string) => items.filter((item) => stringAt(item, 'type') === type);
  const parts = of('message').flatMap((item) => arrayAt(item, 'content'));
  // xAI's own search comes as calls of custom tools that nobody gave it.
  const isSearched = arrayAt(reply, 'tools').some((tool) => stringAt(tool, 'type') === 'x_search');
  const calls = items.filter((item) => stringAt(item, 'type') === 'function_call' || (!isSearched && stringAt(item, 'type') === 'custom_tool_call'));
  const reasoning = of('reasoning').map((item) => textsOf([...arrayAt(item, 'summary'), ...arrayAt(item, 'content')]).join('\n\n')).filter((said) => said !== '').join('\n\n');
  const finish = calls.length > 0 ? 'tool_calls' : 'stop';
  const usage = objectAt(reply, 'usage');
  const counts = {
    promptTokens: countAt(usage, 'input_tokens'), completionTokens: countAt(usage, 'output_tokens'),
    cachedTokens: countAt(objectAt(usage, 'input_tokens_details'), 'cached_tokens'), cacheWriteTokens: countAt(objectAt(usage, 'input_tokens_details'), 'cache_write_tokens'),
    reasoningTokens: countAt(objectAt(usage, 'output_tokens_details'), 'reasoning_tokens'),
  };
  expect(wire.readReply(text)).toEqual({ usage: counts, upstreamId: stringAt(reply, 'id'), upstreamModel: stringAt(reply, 'model'), finishReason: finish });
  const completion = parseJson(wire.toReply?.(text, context) ?? '');
  const choice = arrayAt(completion, 'choices')[0];
  const message = objectAt(choice, 'message');
  const content = textsOf(parts).join('');
  expect(completion).toMatchObject({
    id: stringAt(reply, 'id'), object: 'chat.completion', model: stringAt(reply, 'model'),
    usage: { prompt_tokens: counts.promptTokens, completion_tokens: counts.completionTokens, total_tokens: counts.promptTokens + counts.completionTokens },
  });
  expect(choice).toMatchObject({ index: 0, finish_reason: finish });
  expect(message?.['content']).toBe(content === '' && (calls.length > 0 || textsOf(parts, 'refusal').length > 0) ? null : content);
  expect(stringAt(message, 'refusal') ?? '').toBe(textsOf(parts, 'refusal').join(''));
  expect(stringAt(message, 'reasoning_content') ?? '').toBe(reasoning);
  expect(arrayAt(message, 'reasoning_details').flatMap((detail) => stringAt(detail, 'data') ?? [])).toEqual(of('reasoning').flatMap((item) => stringAt(item, 'encrypted_content') ?? []));
  expect(arrayAt(message, 'tool_calls').map((call) => [stringAt(call, 'id'), stringAt(objectAt(call, 'function'), 'arguments') ?? stringAt(objectAt(call, 'custom'), 'input')]))
    .toEqual(calls.map((call) => [stringAt(call, 'call_id'), stringAt(call, 'arguments') ?? stringAt(call, 'input')]));
  expect(arrayAt(message, 'annotations').length).toBe(parts.flatMap((part) => arrayAt(part, 'annotations')).filter((said) => stringAt(said, 'type') === 'url_citation').length);
  expect(wire.readText(text)).toContain(content.slice(0, 20));
}

describe('a recorded reply', () => {
  test.each(filesIn(OWN))('%s becomes the chat completion it holds', expectHeld);
});

(SHARED === undefined ? describe.skip : describe)('a recorded reply of the shared fixtures', () => {
  const files = SHARED === undefined ? [] : FOLDERS.flatMap((folder) => filesIn(join(SHARED, folder)));
  const none = SHARED === undefined ? ['none'] : [];

  test('there are recordings to try', () => {
    expect(files.filter(isResponse).length).toBeGreaterThanOrEqual(44);
  });

  test.each([...none, ...files.filter(isResponse)])('%s becomes the chat completion it holds', expectHeld);

  test.each([...none, ...files.filter((file) => !isResponse(file))])('%s is no answer', (file) => {
    expect(() => wire.readReply(readFileSync(file, 'utf8'))).toThrow(SyntaxError);
  });

  test('an account without quota is tried elsewhere, and its stream too', () => {
    const body = readFileSync(join(SHARED ?? '', 'openai/responses/openai-error.1.json'), 'utf8');
    expect(wire.classify(429, {}, body)).toMatchObject({ code: 'upstream_rate_limited', isRetryable: true });
    const reader = wire.openStream({ context, wantsUsage: true, observedBytesMax: 4096 });
    const lines = readFileSync(join(SHARED ?? '', 'openai/responses/openai-error.1.chunks.txt'), 'utf8').split('\n').filter((line) => line !== '');
    for (const line of lines) expect(reader.read(dataEvent(line))).toBeNull();
    expect(reader).toMatchObject({ isFinished: false, failure: { code: 'upstream_rate_limited', isRetryable: true } });
  });

  test('a model that takes no temperature says so of the caller\'s own field', () => {
    const body = readFileSync(join(SHARED ?? '', 'openai/responses/reasoning-model-temperature-error.json'), 'utf8');
    expect(wire.classify(400, {}, body)).toMatchObject({ code: 'upstream_rejected', isRetryable: false, param: 'temperature' });
  });
});

describe('openaiResponsesWire', () => {
  const reply = (over: object): string => JSON.stringify({ id: 'resp_1', object: 'response', created_at: 5.7, status: 'completed', model: 'm', output: [], usage: null, ...over });
  const completionOf = (over: object): unknown => parseJson(wire.toReply?.(reply(over), context) ?? '');
  const messageOf = (over: object) => objectAt(arrayAt(completionOf(over), 'choices')[0], 'message');

  test.each([
    ['not JSON', 'no'], ['a list', '[]'], ['a chat completion', '{"choices":[]}'], ['an error in a 200', '{"error":{"message":"x"}}'],
    ['a failed response', reply({ status: 'failed', error: { code: 'server_error', message: 'x' } })], ['one in progress', reply({ status: 'in_progress' })],
    ['one that was cancelled', reply({ status: 'cancelled' })], ['one that waits', reply({ status: 'queued' })],
  ])('%s is no answer', (_name, text) => {
    expect(() => wire.readReply(text)).toThrow(SyntaxError);
  });

  test('an answer cut at its cap ends with length, a withheld one with content_filter', () => {
    for (const [reason, finish] of [['max_output_tokens', 'length'], ['max_tokens', 'length'], ['content_filter', 'content_filter']]) {
      const text = reply({ status: 'incomplete', incomplete_details: { reason }, output: [{ type: 'function_call', call_id: 'c', name: 'f', arguments: '{"a' }] });
      expect(wire.readReply(text).finishReason).toBe(finish);
    }
  });

  test('what the reply does not say of itself is filled in', () => {
    expect(parseJson(wire.toReply?.('{"output":[]}', context) ?? '')).toEqual({
      id: 'chatcmpl-req_1', object: 'chat.completion', created: 7, model: 'gpt-x',
      choices: [{ index: 0, message: { role: 'assistant', content: '', refusal: null }, logprobs: null, finish_reason: 'stop' }],
    });
    expect(completionOf({ service_tier: 'flex' })).toMatchObject({ created: 5, service_tier: 'flex' });
    expect(wire.readReply(reply({ usage: { input_tokens: 3 } })).usage).toBeNull();
  });

  test('thoughts counted beyond the answer are not counted', () => {
    expect(wire.readReply(reply({ usage: { input_tokens: 3, output_tokens: 4, output_tokens_details: { reasoning_tokens: 9 } } })).usage).toMatchObject({ completionTokens: 4, reasoningTokens: 4 });
  });

  test('log probabilities are those of a chat', () => {
    const logprobs = [{ token: 'a', logprob: -0.5, bytes: [97], top_logprobs: [{ token: 'b', logprob: -2, bytes: [98] }, { odd: true }] }, { token: 7 }];
    const said = completionOf({ output: [{ type: 'message', content: [{ type: 'output_text', text: 'a', logprobs }] }] });
    expect(arrayAt(said, 'choices')[0]).toMatchObject({ logprobs: { content: [{ token: 'a', logprob: -0.5, bytes: [97], top_logprobs: [{ token: 'b', logprob: -2, bytes: [98] }] }], refusal: null } });
  });

  test('what has an odd shape is left out', () => {
    expect(messageOf({ output: [null, 7, { type: 'message', content: [null, { type: 'output_text' }, { type: 'refusal' }] }, { type: 'reasoning', summary: 'x' }, { type: 'web_search_call' }, { type: 'image_generation_call', result: null }] }))
      .toEqual({ role: 'assistant', content: '', refusal: null });
  });

  test('a call without an id has one', () => {
    expect(arrayAt(messageOf({ output: [{ type: 'function_call' }] }), 'tool_calls')).toEqual([{ id: 'call_0', type: 'function', function: { name: '', arguments: '' } }]);
  });

  test.each([
    ['input[2].content[0].image_url', 'messages'], ['max_output_tokens', 'max_completion_tokens'], ['text.format.schema', 'response_format'], ['text.verbosity', 'verbosity'],
    ['reasoning.effort', 'reasoning_effort'], ['tools[0].parameters', 'tools[0].parameters'], ['inputs', 'inputs'],
  ])('an error about %s names %s', (param, name) => {
    expect(wire.classify(400, {}, JSON.stringify({ error: { message: 'No.', param, code: 'c', type: 't' } }))).toMatchObject({ param: name, upstream: { code: 'c', type: 't' } });
  });
});

test('a chat cites pages only, and always with a title and a place', () => {
  const annotations = [{ type: 'url_citation', url: 'https://x.ai/' }, { type: 'file_citation', file_id: 'file_1', filename: 'a.pdf', index: 3 }];
  const text = JSON.stringify({ object: 'response', status: 'completed', id: 'r', model: 'm', output: [{ type: 'message', content: [{ type: 'output_text', text: 'x', annotations }] }] });
  const message = objectAt(arrayAt(parseJson(wire.toReply?.(text, context) ?? ''), 'choices')[0], 'message');
  expect(arrayAt(message, 'annotations')).toEqual([{ type: 'url_citation', url_citation: { title: '', url: 'https://x.ai/', start_index: 0, end_index: 0 } }]);
});
