import { describe, expect, test } from '@jest/globals';
import { isSoundChunk, repairChunk, repairReply } from './openai-chat-repair.ts';

const reply = (choice: object, more: object = {}): string => JSON.stringify({ id: 'c', object: 'chat.completion', ...more, choices: [choice] });
const chunk = (choice: object, more: object = {}): string => JSON.stringify({ id: 'c', object: 'chat.completion.chunk', ...more, choices: [choice] });
const repaired = (json: string): unknown => JSON.parse(repairChunk(json, new Map()));

describe('a whole reply', () => {
  const sound = { index: 0, logprobs: null, message: { role: 'assistant', content: 'hi', refusal: null }, finish_reason: 'stop' };

  test.each([
    ['that is sound', reply(sound)],
    ['that only looks odd', reply({ ...sound, message: { ...sound.message, tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }] } }, { service_tier: null })],
    ['with parts of a kind nobody knows', reply({ ...sound, message: { ...sound.message, content: [{ type: 'text', text: 'a' }, { type: 'reference', reference_ids: [1] }] } })],
  ])('%s is the same string', (_name, text) => {
    expect(repairReply(text)).toBe(text);
  });

  test.each([
    ['a field of a like name before the class', reply(sound, { pricing_tier: 'default', service_tier: 'on_demand' }), { service_tier: 'default' }],
    ['a space before a colon', reply(sound, { service_tier: 'on_demand' }).replace('"service_tier":', '"service_tier" :'), { service_tier: 'default' }],
    ['a list after a text', reply({ ...sound, message: { ...sound.message, reasoning_content: 'a', content: [{ type: 'text', text: 'b' }] } }), { choices: [{ message: { content: 'b' } }] }],
    ['a text that ends like a key', reply({ ...sound, message: { role: 'assistant', content: 'a refusal' } }), { choices: [{ message: { refusal: null } }] }],
  ])('is not taken for sound because of %s', (_name, text, wanted) => {
    expect(JSON.parse(repairReply(text))).toMatchObject(wanted);
  });

  test('is given what it lacks', () => {
    const said = reply({ message: { role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{}' } }] }, finish_reason: 'tool_calls' }, { service_tier: 'on_demand', object: 'x' });
    expect(JSON.parse(repairReply(said))).toEqual({
      id: 'c', object: 'chat.completion', service_tier: 'default',
      choices: [{
        index: 0, logprobs: null, finish_reason: 'tool_calls',
        message: { role: 'assistant', content: null, refusal: null, tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }] },
      }],
    });
    expect(JSON.parse(repairReply(reply({ ...sound, message: { ...sound.message, tool_calls: null } })))).toEqual(JSON.parse(reply(sound)));
  });

  test('in parts has their text and their reasoning', () => {
    const content = [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }, { type: 'text', text: '4' }];
    expect(JSON.parse(repairReply(reply({ ...sound, message: { ...sound.message, content } })))).toMatchObject({ choices: [{ message: { content: '4', reasoning_content: 'hm' } }] });
  });
});

describe('a chunk', () => {
  test('that is sound is known by a search', () => {
    expect(isSoundChunk(chunk({ index: 0, delta: { content: 'say "tool_calls"' }, finish_reason: null }, { service_tier: 'default' }))).toBe(true);
    expect(isSoundChunk(chunk({ index: 0, delta: { content: 'a' } }))).toBe(false);
    expect(isSoundChunk(chunk({ index: 0, delta: {}, finish_reason: null }, { service_tier: 'on_demand' }))).toBe(false);
  });

  test('is given what it lacks, and nothing else is touched', () => {
    expect(repaired('{"choices":[{"delta":{"content":"a"}}],"x":1}')).toEqual({ object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content: 'a' }, finish_reason: null }], x: 1 });
    const odd = chunk({ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: '1' } }] }, finish_reason: null });
    expect(repairChunk(odd, new Map())).toBe(odd);
    expect(repairChunk('{"x":1}', new Map())).toBe('{"x":1}');
  });

  test('of reasoning alone has no text', () => {
    expect(repaired(chunk({ index: 0, delta: { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] }, finish_reason: null })))
      .toMatchObject({ choices: [{ delta: { content: null, reasoning_content: 'hm' } }] });
  });
});

test('calls without an index are numbered by their ids, each choice by itself, and keep their numbers', () => {
  const numbers = new Map<string, number>();
  const call = (index: number, ...ids: (string | null)[]): unknown[] => {
    const json = chunk({ index, delta: { tool_calls: ids.map((id) => ({ ...(id === null ? {} : { id }), function: { arguments: '1' } })) }, finish_reason: null });
    const { choices } = JSON.parse(repairChunk(json, numbers)) as { choices: { delta: { tool_calls: { index: number; type?: string }[] } }[] };
    return choices.flatMap(({ delta }) => delta.tool_calls.map((each) => [each.index, each.type]));
  };
  expect(call(0, 'a', 'b')).toEqual([[0, 'function'], [1, 'function']]);
  expect(call(0, null)).toEqual([[1, undefined]]);
  expect(call(0, 'a')).toEqual([[0, 'function']]);
  expect(call(1, 'x')).toEqual([[0, 'function']]);
  expect(call(0, 'c')).toEqual([[2, 'function']]);
  expect(call(0, null)).toEqual([[2, undefined]]);
});
