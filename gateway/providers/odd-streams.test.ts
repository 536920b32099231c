/** This file holds the wires to what mutated streams have found: values no upstream should send are neither thrown over nor told. */
import { describe, expect, test } from '@jest/globals';
import { decodeText, encodeText } from '../foundation/byte-text.ts';
import { parseJson } from '../foundation/json-value.ts';
import { dataEvent, eventPayload } from '../foundation/sse.ts';
import { readMessageUsage, readMessage } from './anthropic-messages-reply.ts';
import { anthropicMessagesWire } from './anthropic-messages.ts';
import { geminiContentWire } from './gemini-content.ts';
import { readGeminiReply } from './gemini-content-reply.ts';
import { openaiChatWire } from './openai-chat.ts';
import { openaiResponsesWire } from './openai-responses.ts';
import { toLogprobs } from './openai-responses-items.ts';
import { transcriptionReplies } from './openai-transcriptions.ts';
import type { Wire } from './wire.ts';

const options = { context: { requestId: 'req_1', upstreamModel: 'm', nowSeconds: 7 }, wantsUsage: false, observedBytesMax: 1000 };
const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;

describe('an event that nests too deep to be written again', () => {
  test.each<[string, Wire, string]>([
    ['anthropic-messages', anthropicMessagesWire, `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{"a":${deep}}}}`],
    ['anthropic-messages, an error', anthropicMessagesWire, `{"type":"error","error":{"type":"x","message":${deep}}}`],
    ['gemini-content', geminiContentWire, `{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"a":${deep}}}}]}}]}`],
    ['openai-responses', openaiResponsesWire, `{"type":"response.output_text.annotation.added","output_index":0,"annotation":{"type":"x","a":${deep}}}`],
    ['openai-chat', openaiChatWire, `{"error":{"message":"x","a":${deep}}}`],
  ])('fails as one the upstream got wrong: %s', (_name, wire, json) => {
    const reader = wire.openStream(options);
    expect(reader.read(dataEvent(json))).toBeNull();
    expect(reader.failure).toMatchObject({ code: 'upstream_bad_reply' });
  });

  test('is no whole reply either', () => {
    expect(() => readMessage(`{"content":[{"type":"tool_use","input":{"a":${deep}}}]}`)).toThrow(SyntaxError);
    expect(() => readGeminiReply(`{"candidates":[{"a":${deep}}]}`)).toThrow(SyntaxError);
    expect(() => openaiResponsesWire.readReply(`{"output":[${deep}]}`)).toThrow(SyntaxError);
    expect(() => openaiChatWire.readReply(`{"choices":[${deep}]}`)).toThrow(SyntaxError);
  });
});

test('a usage stripped from an event of several data lines leaves one event of one', () => {
  const event = encodeText('data: {"id":"c","choices":[{"index":0,\ndata: "delta":{"content":"a"}}],\ndata: "usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n');
  const told = openaiChatWire.openStream(options).read(event);
  expect(told).toMatch(/^data: [^\n]+\n\n$/);
  expect(parseJson(decodeText(eventPayload(told ?? encodeText('')) ?? encodeText('')))).toEqual({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, finish_reason: null, delta: { content: 'a' } }] });
});

test('the place of a Responses part may be anything', () => {
  const reader = openaiResponsesWire.openStream(options);
  const told = reader.read(dataEvent('{"type":"response.output_text.delta","output_index":{"toString":1,"valueOf":1},"content_index":{"toString":null},"delta":"Hi"}'));
  expect([reader.failure, told?.includes('"content":"Hi"')]).toEqual([null, true]);
});

test('log probabilities that cannot be written are left out', () => {
  expect(toLogprobs([{ token: 'a', logprob: Number.NEGATIVE_INFINITY }, { token: 'b', logprob: -1, bytes: [256] }, { token: 'c', logprob: -1, bytes: [99] }])).toEqual([
    { token: 'b', logprob: -1, bytes: null, top_logprobs: [] }, { token: 'c', logprob: -1, bytes: [99], top_logprobs: [] },
  ]);
});

test('Gemini\'s events without data are not handed on: a lone CR would make data of them', () => {
  expect(geminiContentWire.openStream(options).read(encodeText('x\rdata: {"candidates":[]}\n\n'))).toBeNull();
});

test('sums of counts stay exact', () => {
  const most = Number.MAX_SAFE_INTEGER;
  expect(readMessageUsage({ input_tokens: most, cache_read_input_tokens: most, output_tokens: 1 })?.promptTokens).toBe(most);
  const gemini = readGeminiReply(`{"candidates":[{}],"usageMetadata":{"promptTokenCount":${most},"toolUsePromptTokenCount":${most},"candidatesTokenCount":${most},"thoughtsTokenCount":1}}`);
  expect(gemini.usage).toMatchObject({ promptTokens: most, completionTokens: most });
});

describe('the usage of a transcription', () => {
  const usageOf = (usage: string) => {
    const reader = transcriptionReplies({ isText: false, audioMs: 1500 }).side.openStream(options);
    reader.read(dataEvent(`{"type":"transcript.text.done","text":"Hi","usage":${usage}}`));
    return reader.facts().usage;
  };

  test.each(['{"input_tokens":-79,"output_tokens":1.5}', '{"input_tokens":9007199254740992}', '{"seconds":1e308}', '{"seconds":-3}', '{"seconds":1e400}'])('that can\'t be is none, so that it is counted: %s', (usage) => {
    expect(usageOf(usage)).toBeNull();
  });

  test('is whole, in milliseconds too', () => {
    expect(usageOf('{"seconds":2.2}')?.media?.audioMs).toBe(2200);
    expect(usageOf('{"input_tokens":4,"output_tokens":-1,"seconds":-1}')).toMatchObject({ promptTokens: 4, completionTokens: 0, media: { audioMs: 1500 } });
  });
});
