/** This file shows how a legacy completion becomes a chat and its answer a completion, whole and as a stream. */
import { describe, expect, test } from '@jest/globals';
import type { CompletionRequest } from '../../generated/client/types.gen.ts';
import { decodeText, encodeText } from '../foundation/byte-text.ts';
import { Refusal } from '../foundation/errors.ts';
import { chatsOfCompletion, completionsDialect } from './completions.ts';

const request = (fields: Partial<CompletionRequest> & Record<string, unknown> = {}): CompletionRequest => ({ model: 'm', prompt: 'Say hi', ...fields });
const PROMPTS_MAX = 8;
const chatOf = (body: CompletionRequest): unknown => {
  const chats = chatsOfCompletion(body, PROMPTS_MAX);
  expect(chats).toHaveLength(1);
  return chats[0];
};
const refusalOf = (fields: Record<string, unknown>): unknown => {
  try {
    return chatsOfCompletion(request(fields), PROMPTS_MAX);
  } catch (thrown) {
    return thrown instanceof Refusal ? [thrown.code, thrown.options.param] : thrown;
  }
};
const completion = (choices: unknown[], more: object = {}) => JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', created: 7, model: 'up', choices, ...more });
const chunk = (choices: unknown[], more: object = {}) => encodeText(`data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 7, model: 'up', choices, ...more })}\n\n`);
const dataOf = (told: string | null): unknown[] => (told ?? '').split('\n\n').filter((event) => event.startsWith('data: ')).map((event) => JSON.parse(event.slice(6)) as unknown);

describe('a completions request', () => {
  test('is a chat of one message; what means the same goes along, unknown fields too, and nulls do not', () => {
    expect(chatOf(request({ prompt: ['Say hi'], max_tokens: 5, n: 2, best_of: 2, stop: ['x'], seed: 1, user: 'u', temperature: null, stream: true, stream_options: { include_usage: true }, min_p: 0.1, sandbox: { first_token_ms: 1 } })))
      .toEqual({ model: 'm', messages: [{ role: 'user', content: 'Say hi' }], max_tokens: 5, n: 2, stop: ['x'], seed: 1, user: 'u', stream: true, stream_options: { include_usage: true }, min_p: 0.1, sandbox: { first_token_ms: 1 } });
    expect(chatOf(request({ reasoning_effort: 'low', service_tier: 'flex', tools: null, messages: null }))).toMatchObject({ reasoning_effort: 'low', service_tier: 'flex', messages: [{ role: 'user', content: 'Say hi' }] });
    expect(chatOf(request({ logprobs: 0 }))).toMatchObject({ logprobs: true, top_logprobs: 0 });
    expect(chatOf(request({ suffix: '', best_of: 1, echo: true, logprobs: null }))).toEqual({ model: 'm', messages: [{ role: 'user', content: 'Say hi' }] });
    expect(chatOf(request({ max_tokens: null }))).not.toHaveProperty('max_tokens');
  });

  test.each<[string, Record<string, unknown>]>([
    ['suffix', { suffix: 'end' }], ['best_of', { best_of: 3 }], ['best_of', { best_of: 3, n: 2 }], ['echo', { echo: true, logprobs: 1 }],
    ['messages', { messages: [] }], ['tools', { tools: 'x' }], ['response_format', { response_format: { type: 'json_object' } }],
    ['max_completion_tokens', { max_completion_tokens: 1 }], ['top_logprobs', { top_logprobs: 2 }], ['reasoning_effort', { reasoning_effort: { a: 1 } }],
    ['prompt', { prompt: [1, 2] }], ['prompt', { prompt: [[1], [2]] }],
  ])('is refused by %s: %j', (param, fields) => {
    expect(refusalOf(fields)).toEqual(['unsupported_field', param]);
  });
});

test('several prompts are several chats, alike but for what they say', () => {
  expect(chatsOfCompletion(request({ prompt: ['a', 'b', 'a'], n: 2, max_tokens: 5, logprobs: 1 }), PROMPTS_MAX))
    .toEqual(['a', 'b', 'a'].map((content) => ({ model: 'm', n: 2, max_tokens: 5, messages: [{ role: 'user', content }], logprobs: true, top_logprobs: 1 })));
});

test.each<[string, Record<string, unknown>]>([
  ['best_of', { best_of: 1, n: 2 }], ['prompt', { prompt: Array.from({ length: 9 }, () => 'a') }], ['n', { prompt: Array.from({ length: 8 }, () => 'a'), n: 17 }], ['n', { n: 129 }],
])('%s is a mistake in %j', (param, fields) => {
  expect(refusalOf(fields)).toEqual(['invalid_request', param]);
});

test('there may be as many prompts, and as many completions, as is said', () => {
  expect(chatsOfCompletion(request({ prompt: Array.from({ length: 8 }, () => 'a'), n: 16 }), PROMPTS_MAX)).toHaveLength(8);
});

describe('a whole answer', () => {
  test('says which choice is which, whatever their order, and tells the texts of content in parts', () => {
    expect(JSON.parse(completionsDialect(request()).toReply(completion([
      { index: 1, message: { content: [{ type: 'thinking', thinking: [] }, { type: 'text', text: 'b' }, { type: 'text', text: 'c' }] }, finish_reason: 'stop' },
      { index: 0, message: { content: '', refusal: 'No.' }, finish_reason: 'stop' },
    ])))).toMatchObject({ choices: [{ index: 1, text: 'bc' }, { index: 0, text: 'No.' }] });
  });

  test('is told choice by choice, with its usage', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
    const reply = completionsDialect(request()).toReply(completion([
      { index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop', logprobs: null },
      { index: 1, message: { role: 'assistant', content: null, refusal: 'No.' }, finish_reason: 'content_filter' },
      { index: 2, message: { role: 'assistant', content: 'cut', reasoning_content: 'hm' }, finish_reason: 'length' },
      { index: 3, message: { role: 'assistant', content: null, tool_calls: [] }, finish_reason: 'tool_calls' },
    ], { usage, system_fingerprint: 'fp' }));
    expect(JSON.parse(reply)).toEqual({
      id: 'cmpl-1', object: 'text_completion', created: 7, model: 'up', system_fingerprint: 'fp', usage,
      choices: [['Hi', 'stop'], ['No.', 'content_filter'], ['cut', 'length'], ['', 'stop']].map(([text, finish], index) => ({ text, index, logprobs: null, finish_reason: finish })),
    });
  });

  test('repeats the prompt when asked to, and spells log probabilities the old way', () => {
    expect(JSON.parse(completionsDialect(request({ echo: true })).toReply(completion([{ index: 0, message: { content: ' hi' }, finish_reason: 'stop' }])))).toMatchObject({ choices: [{ text: 'Say hi hi' }] });
    const logprobs = { content: [{ token: '😀', logprob: -1, bytes: null, top_logprobs: [{ token: 'x', logprob: -2, bytes: null }] }, { token: 'b', logprob: -3, bytes: null, top_logprobs: [] }] };
    expect(JSON.parse(completionsDialect(request({ logprobs: 1 })).toReply(completion([{ index: 0, message: { content: '😀b' }, logprobs, finish_reason: 'stop' }])))).toMatchObject({
      choices: [{ logprobs: { tokens: ['😀', 'b'], token_logprobs: [-1, -3], top_logprobs: [{ x: -2 }, {}], text_offset: [0, 1] } }],
    });
  });
});

describe('several prompts', () => {
  const body = request({ prompt: ['A', 'B'], n: 2, echo: true });

  test('each choice repeats the prompt it answers, whole', () => {
    const choices = [0, 1, 2, 3].map((index) => ({ index, message: { content: String(index) }, finish_reason: 'stop' }));
    expect(JSON.parse(completionsDialect(body).toReply(completion(choices)))).toMatchObject({ choices: [{ index: 0, text: 'A0' }, { index: 1, text: 'A1' }, { index: 2, text: 'B2' }, { index: 3, text: 'B3' }] });
  });

  test('each choice repeats the prompt it answers, once in its stream', () => {
    const stream = completionsDialect(body).openStream();
    const said = (index: number, content: string) => dataOf(stream.read(chunk([{ index, delta: { content }, finish_reason: null }])));
    expect([said(3, 'x'), said(1, 'y'), said(3, 'z')].flat()).toMatchObject([{ choices: [{ index: 3, text: 'Bx' }] }, { choices: [{ index: 1, text: 'Ay' }] }, { choices: [{ index: 3, text: 'z' }] }]);
  });

  test('a choice no prompt asked for repeats none', () => {
    expect(JSON.parse(completionsDialect(body).toReply(completion([{ index: 9, message: { content: 'x' }, finish_reason: 'stop' }])))).toMatchObject({ choices: [{ text: 'x' }] });
  });
});

describe('a stream', () => {
  test('is told event by event: silent chunks are left out, several in one read are all told, usage comes last', () => {
    const stream = completionsDialect(request({ echo: true, stream: true })).openStream();
    expect(stream.read(encodeText(': keep-alive\n\n'))).toBe(': keep-alive\n\n');
    expect(dataOf(stream.read(chunk([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }])))).toMatchObject([{ id: 'cmpl-1', object: 'text_completion', choices: [{ text: 'Say hi', index: 0, finish_reason: null }] }]);
    const two = encodeText(decodeText(chunk([{ index: 0, delta: { content: 'a' }, finish_reason: null }])) + decodeText(chunk([{ index: 1, delta: { content: 'b' }, finish_reason: null }])));
    expect(dataOf(stream.read(two))).toMatchObject([{ choices: [{ text: 'a', index: 0 }] }, { choices: [{ text: 'Say hib', index: 1 }] }]);
    expect(stream.read(chunk([{ index: 0, delta: { reasoning_content: 'hm' }, finish_reason: null }]))).toBeNull();
    expect(dataOf(stream.read(chunk([{ index: 0, delta: {}, finish_reason: 'length' }])))).toMatchObject([{ choices: [{ text: '', index: 0, finish_reason: 'length' }] }]);
    expect(dataOf(stream.read(chunk([], { usage: { total_tokens: 3 } })))).toMatchObject([{ choices: [], usage: { total_tokens: 3 } }]);
    expect(stream.finish()).toBe('data: [DONE]\n\n');
  });

  test('counts where tokens stand from the beginning of each choice', () => {
    const stream = completionsDialect(request({ logprobs: 0, stream: true })).openStream();
    const token = (text: string) => chunk([{ index: 0, delta: { content: text }, logprobs: { content: [{ token: text, logprob: -1, top_logprobs: [] }] }, finish_reason: null }]);
    stream.read(token('日本'));
    expect(dataOf(stream.read(token('x')))).toMatchObject([{ choices: [{ logprobs: { text_offset: [2] } }] }]);
    // Half a character: it has a token, and no text yet.
    expect(dataOf(stream.read(token('')))).toMatchObject([{ choices: [{ text: '', logprobs: { tokens: [''], text_offset: [3] } }] }]);
  });

  test('that breaks ends with the error alone', () => {
    const error = { error: { message: 'm', type: 't', param: null, code: 'upstream_stream_failed', request_id: 'req_1' } };
    expect(dataOf(completionsDialect(request()).openStream().fail(error))).toEqual([error]);
  });
});
