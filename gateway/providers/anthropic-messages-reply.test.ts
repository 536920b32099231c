import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { arrayAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import { anthropicMessagesWire as wire } from './anthropic-messages.ts';
import { weaveThinking } from './anthropic-messages-thinking.ts';

const OWN = new URL('./__fixtures__/anthropic-messages/', import.meta.url).pathname;
const SHARED = [new URL('../../../shared/fixtures/anthropic/', import.meta.url).pathname].find(existsSync);
const CONTEXT = { requestId: 'req_1', upstreamModel: 'claude-x', nowSeconds: 7 };
const FINISH: Readonly<Record<string, string>> = { end_turn: 'stop', tool_use: 'tool_calls', max_tokens: 'length', refusal: 'content_filter' };

function recordingsIn(folder: string): { name: string; json: string }[] {
  return readdirSync(folder).filter((file) => file.endsWith('.json')).map((name) => ({ name, json: readFileSync(join(folder, name), 'utf8') }));
}

function own(name: string): string {
  return readFileSync(join(OWN, `${name}.json`), 'utf8');
}

function reply(json: string) {
  const completion = parseJson((wire.toReply ?? String)(json, CONTEXT));
  const choice = arrayAt(completion, 'choices')[0];
  return { completion, choice, message: objectAt(choice, 'message') };
}

function describeRecordings(recordings: readonly { name: string; json: string }[]): void {
  test.each(recordings)('$name means what it holds', ({ json }) => {
    const native = parseJson(json);
    const blocks = (type: string) => arrayAt(native, 'content').filter((block) => stringAt(block, 'type') === type);
    const { completion, choice, message } = reply(json);
    const text = blocks('text').map((block) => stringAt(block, 'text')).join('');
    expect(message?.['content'] ?? '').toBe(text);
    expect(message?.['reasoning_content'] ?? '').toBe(blocks('thinking').map((block) => stringAt(block, 'thinking')).join(''));
    expect(weaveThinking(arrayAt(message, 'reasoning_details'), [], () => undefined)).toEqual(blocks('thinking'));
    const calls = blocks('tool_use');
    expect(arrayAt(message, 'tool_calls').map((call) => [stringAt(call, 'id'), stringAt(objectAt(call, 'function'), 'name'), parseJson(stringAt(objectAt(call, 'function'), 'arguments') ?? '')]))
      .toEqual(calls.map((block) => [stringAt(block, 'id'), stringAt(block, 'name'), objectAt(block, 'input')]));
    const finishReason = FINISH[stringAt(native, 'stop_reason') ?? ''];
    expect(choice).toMatchObject({ index: 0, finish_reason: finishReason });
    expect(completion).toMatchObject({ object: 'chat.completion', created: 7, id: stringAt(native, 'id'), model: stringAt(native, 'model') });
    const facts = wire.readReply(json);
    expect(facts).toMatchObject({ upstreamId: stringAt(native, 'id'), upstreamModel: stringAt(native, 'model'), finishReason });
    expect(objectAt(completion, 'usage')).toMatchObject({ prompt_tokens: facts.usage?.promptTokens, completion_tokens: facts.usage?.completionTokens });
    const usage = objectAt(native, 'usage');
    const isCompacted = arrayAt(usage, 'iterations').some((one) => stringAt(one, 'type') === 'compaction');
    if (!isCompacted) expect(facts.usage?.completionTokens).toBe(usage?.['output_tokens']);
    const count = (key: string): number => Number(usage?.[key] ?? 0);
    if (!isCompacted) expect(facts.usage?.promptTokens).toBe(count('input_tokens') + count('cache_read_input_tokens') + count('cache_creation_input_tokens'));
    if (text !== '') expect(wire.readText(json)).toContain(stringAt(blocks('text')[0], 'text'));
  });
}

describe('a recorded reply of our own', () => {
  describeRecordings(recordingsIn(OWN));
});

(SHARED === undefined ? describe.skip : describe)('a recorded reply of the shared fixtures', () => {
  const recordings = SHARED === undefined ? [{ name: 'none', json: '{}' }] : recordingsIn(SHARED);

  test('there are recordings to try', () => {
    expect(recordings.length).toBeGreaterThanOrEqual(25);
  });

  describeRecordings(recordings);
});

describe('anthropic-messages replies', () => {
  test('thinking is text, and can be sent back', () => {
    const { message } = reply(own('thinking'));
    expect(message).toEqual({
      role: 'assistant', content: '925 ÷ 5 = 185', refusal: null, reasoning_content: '925 divided by 5 = 185',
      reasoning_details: [{ type: 'reasoning.text', text: '925 divided by 5 = 185', signature: expect.stringMatching(/^Er4BC.*RgB$/), format: 'anthropic-claude-v1', index: 0 }],
    });
  });

  test('tools the provider runs say nothing, what it says about them does', () => {
    expect(reply(own('server-tool')).message).toEqual({ role: 'assistant', content: expect.stringContaining('**"hello world"**'), refusal: null });
  });

  test('a refusal is told in the provider\'s words', () => {
    expect(reply(own('refusal')).choice).toMatchObject({ finish_reason: 'content_filter', message: { content: null, refusal: expect.stringContaining('Usage Policy') } });
  });

  test('redacted thinking and a reply of nothing but calls', () => {
    const json = JSON.stringify({ content: [{ type: 'redacted_thinking', data: 'AbC=' }, { type: 'tool_use', id: 'toolu_1', name: 'add', input: { a: 1 } }], stop_reason: 'tool_use' });
    const { completion, message } = reply(json);
    expect(message).toEqual({
      role: 'assistant', content: null, refusal: null, reasoning_details: [{ type: 'reasoning.encrypted', data: 'AbC=', format: 'anthropic-claude-v1', index: 0 }],
      tool_calls: [{ id: 'toolu_1', type: 'function', function: { name: 'add', arguments: '{"a":1}' } }],
    });
    expect(completion).toMatchObject({ id: 'chatcmpl-req_1', model: 'claude-x' });
    expect(completion).not.toHaveProperty('usage');
    expect(wire.readReply(json).usage).toBeNull();
    expect(wire.readText(json)).toBe('add{"a":1}');
  });

  test.each([
    ['cached and written tokens are part of the prompt', { input_tokens: 5, cache_read_input_tokens: 90, cache_creation_input_tokens: 10, output_tokens: 40, output_tokens_details: { thinking_tokens: 30 } },
      { promptTokens: 105, cachedTokens: 90, cacheWriteTokens: 10, completionTokens: 40, reasoningTokens: 30 }],
    ['nulls count as none', { input_tokens: 5, cache_read_input_tokens: null, cache_creation_input_tokens: null, output_tokens: 4 },
      { promptTokens: 5, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: 4, reasoningTokens: 0 }],
    ['a compaction is charged beside what is told on top', { input_tokens: 600, output_tokens: 20, iterations: [{ type: 'compaction', input_tokens: 6000, output_tokens: 50, cache_read_input_tokens: 7 }, { type: 'message', input_tokens: 600, output_tokens: 20 }, { type: 'advisor_message', input_tokens: 9, output_tokens: 9 }] },
      { promptTokens: 6607, cachedTokens: 7, cacheWriteTokens: 0, completionTokens: 70, reasoningTokens: 0 }],
    ['hostile numbers count as none', { input_tokens: -5, output_tokens: 1e300 }, { promptTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: 0, reasoningTokens: 0 }],
  ])('%s', (_, usage, expected) => {
    expect(wire.readReply(JSON.stringify({ content: [], usage })).usage).toEqual(expected);
  });

  test.each([['<html>'], ['null'], ['[]'], ['{}'], ['{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'], ['{"content":"text"}'], ['{"content":[']])('%s is no reply', (text) => {
    expect(() => wire.readReply(text)).toThrow(SyntaxError);
  });

  test('any content that is a list is taken without a crash', () => {
    fc.assert(fc.property(fc.array(fc.json().map((json) => parseJson(json))), fc.constantFrom('text', 'thinking', 'tool_use', 'redacted_thinking', null), (blocks, type) => {
      const json = JSON.stringify({ content: blocks.map((block) => (type === null ? block : { type, ...(isJsonObject(block) ? block : { text: block, input: block, thinking: block }) })), usage: blocks[0] });
      wire.readReply(json);
      wire.readText(json);
      reply(json);
    }), { numRuns: 300 });
  });
});

describe('anthropic-messages errors', () => {
  const body = (type: string, message: string): string => JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_x' });

  test.each([
    [400, 'invalid_request_error', 'max_tokens: too large', 'upstream_rejected', false, 'max_tokens: too large'],
    [400, 'invalid_request_error', 'Your credit balance is too low to access the Anthropic API.', 'upstream_auth_failed', true, null],
    [401, 'authentication_error', 'invalid x-api-key', 'upstream_auth_failed', true, null],
    [403, 'permission_error', 'no', 'upstream_auth_failed', true, null],
    [404, 'not_found_error', 'model: claude-x', 'upstream_rejected', false, 'model: claude-x'],
    [413, 'request_too_large', 'Request exceeds the maximum size', 'upstream_rejected', false, 'Request exceeds the maximum size'],
    [429, 'rate_limit_error', 'slow down', 'upstream_rate_limited', true, null],
    [500, 'api_error', 'oops', 'upstream_error', true, null],
    [529, 'overloaded_error', 'Overloaded', 'upstream_error', true, null],
  ])('%i %s: %s', (status, type, message, code, isRetryable, said) => {
    expect(wire.classify(status, { 'retry-after': '3' }, body(type, message))).toMatchObject({ code, isRetryable, message: said, retryAfterSeconds: 3, detail: expect.stringContaining(`upstream status ${status}`) });
  });

  test('the caller is told the type of what it did wrong', () => {
    expect(wire.classify(400, {}, body('invalid_request_error', 'no'))).toMatchObject({ upstream: { type: 'invalid_request_error', code: null } });
  });
});
