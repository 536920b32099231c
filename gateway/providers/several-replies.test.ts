/** This file shows how the replies to several chats become one: which choice is whose, what they used together, and what breaks them. */
import { describe, expect, test } from '@jest/globals';
import { decodeText, encodeText } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import type { StreamReader } from './wire.ts';
import { anthropicMessagesWire } from './anthropic-messages.ts';
import { openaiChatWire } from './openai-chat.ts';
import { ALL_ENDED, hasEnded, markEvent, seenOf, sequenceOf, severalReplies } from './several-replies.ts';
import type { Part } from './several-replies.ts';

const request = { kind: 'http', method: 'POST', path: '', headers: {}, body: '', warnings: [] } as const;
const context = { requestId: 'req_1', upstreamModel: 'm', nowSeconds: 7 };
const partsOf = (...replies: (string | null)[]): Part[] => replies.map((reply) => ({ request, side: openaiChatWire, isBegun: true, reply, stream: null }));
const usageOf = (prompt: number, completion: number) => ({ prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion });
const choice = (index: number, content: string, finish: string | null = 'stop') => ({ index, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: finish });
const reply = (choices: unknown[], more: object = {}) => JSON.stringify({ id: 'one', object: 'chat.completion', created: 1, model: 'up', choices, ...more });

describe('whole replies', () => {
  test('choices are counted prompt by prompt, and the usage is the sum', () => {
    const parts = partsOf(
      reply([choice(1, 'a1'), choice(0, 'a0')], { usage: { ...usageOf(3, 2), prompt_tokens_details: { cached_tokens: 1 }, completion_tokens_details: { reasoning_tokens: 1 } } }),
      reply([choice(0, 'b0', 'length')], { id: 'two', usage: { ...usageOf(5, 7), completion_tokens_details: { reasoning_tokens: 4 } } }),
    );
    const side = severalReplies(parts, 2);
    const text = sequenceOf(parts);
    expect(side.readReply(text)).toEqual({
      usage: { promptTokens: 8, cachedTokens: 1, cacheWriteTokens: 0, completionTokens: 9, reasoningTokens: 5 }, upstreamId: 'one', upstreamModel: 'up', finishReason: 'stop',
    });
    expect(side.readText(text)).toBe('a1\na0b0');
    expect(JSON.parse(side.toReply?.(text, context) ?? '')).toEqual({
      id: 'one', object: 'chat.completion', created: 1, model: 'up', choices: [choice(1, 'a1'), choice(0, 'a0'), choice(2, 'b0', 'length')],
      usage: { ...usageOf(8, 9), prompt_tokens_details: { cached_tokens: 1 }, completion_tokens_details: { reasoning_tokens: 5 } },
    });
  });

  test('a usage that one of them does not tell is not told at all', () => {
    const parts = partsOf(reply([choice(0, 'a')], { usage: usageOf(3, 2) }), reply([choice(0, 'b')]));
    const side = severalReplies(parts, 1);
    expect(side.readReply(sequenceOf(parts)).usage).toBeNull();
    expect(JSON.parse(side.toReply?.(sequenceOf(parts), context) ?? '')).not.toHaveProperty('usage');
    expect(parts.map(seenOf)).toMatchObject([{ usage: { promptTokens: 3, completionTokens: 2 }, text: 'a' }, { usage: null, text: 'b' }]);
  });

  test('a choice nobody asked for does not take the place of another', () => {
    const parts = partsOf(reply([choice(0, 'a'), choice(1, 'too many')]), reply([choice(0, 'b')]));
    expect(JSON.parse(severalReplies(parts, 1).toReply?.(sequenceOf(parts), context) ?? '')).toMatchObject({ choices: [{ index: 0, message: { content: 'a' } }, { index: 1, message: { content: 'b' } }] });
  });

  test('those of another wire are told in the words of a chat first', () => {
    const said = (text: string) => JSON.stringify({ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', content: [{ type: 'text', text }], stop_reason: 'end_turn', usage: { input_tokens: 3, output_tokens: 2 } });
    const parts = partsOf(said('a'), said('b')).map((part) => ({ ...part, side: anthropicMessagesWire }));
    expect(JSON.parse(severalReplies(parts, 1).toReply?.(sequenceOf(parts), context) ?? '')).toMatchObject({ choices: [{ index: 0, message: { content: 'a' } }, { index: 1, message: { content: 'b' } }], usage: { prompt_tokens: 6, completion_tokens: 4 } });
  });

  test.each([['too few', 1], ['too many', 3]])('%s are no reply', (_what, count) => {
    const one = reply([choice(0, 'a')]);
    expect(() => severalReplies(partsOf(one, one), 1).readReply(sequenceOf(partsOf(...Array.from({ length: count }, () => one))))).toThrow(SyntaxError);
  });
});

describe('streams', () => {
  const event = (choices: unknown[], more: object = {}): ByteText => encodeText(`data: ${JSON.stringify({ id: 'one', object: 'chat.completion.chunk', created: 1, model: 'up', choices, ...more })}\n\n`);
  const delta = (index: number, content: string, finish: string | null = null) => ({ index, delta: { content }, finish_reason: finish });
  const DONE = encodeText('data: [DONE]\n\n');
  const open = (wantsUsage: boolean, choices = 1): { parts: Part[]; reader: StreamReader; read: (event: ByteText, at: number) => unknown } => {
    const parts = partsOf(null, null);
    const reader = severalReplies(parts, choices).openStream({ context, wantsUsage, observedBytesMax: 16 });
    return { parts, reader, read: (said, at) => told(reader.read(markEvent(said, at))) };
  };
  const told = (said: ByteText | null): unknown => (said === null ? null : JSON.parse(decodeText(said).slice('data: '.length)));

  test('events come as they come, each with its place, and the usage of all is told at the end', () => {
    const { parts, reader, read } = open(true, 2);
    expect(read(event([delta(0, 'é')]), 1)).toEqual({ id: 'one', object: 'chat.completion.chunk', created: 1, model: 'up', choices: [delta(2, 'é')] });
    expect(read(event([delta(1, 'b')], { id: 'two', system_fingerprint: 'x' }), 0)).toMatchObject({ id: 'one', choices: [delta(1, 'b')] });
    expect(read(event([delta(0, '', 'length')]), 0)).toMatchObject({ choices: [delta(0, '', 'length')] });
    expect(reader.isFinished).toBe(false);
    expect(read(event([], { usage: usageOf(3, 2) }), 0)).toBeNull();
    expect(read(DONE, 0)).toBeNull();
    expect(reader.facts().usage).toBeNull();
    // Usage that rides on the last chunk is told once, with that of the others.
    expect(read(event([delta(0, '', 'stop')], { usage: usageOf(5, 7) }), 1)).toEqual({ id: 'one', object: 'chat.completion.chunk', created: 1, model: 'up', choices: [delta(2, '', 'stop')] });
    expect([reader.isFinished, reader.isDone, reader.failure]).toEqual([true, false, null]);
    expect(told(reader.read(ALL_ENDED))).toMatchObject({ id: 'one', choices: [], usage: usageOf(8, 9) });
    expect(reader.facts()).toMatchObject({ usage: { promptTokens: 8, completionTokens: 9 }, upstreamId: 'two', finishReason: 'length' });
    expect([reader.text(), ...parts.map((part) => seenOf(part).text)]).toEqual(['bé', 'b', 'é']);
  });

  test('usage nobody asked for, or that one of them did not tell, is not told', () => {
    for (const [wantsUsage, usage] of [[false, usageOf(1, 1)], [true, null]] as const) {
      const { reader, read } = open(wantsUsage);
      read(event([delta(0, 'a', 'stop')], { usage }), 0);
      read(event([delta(0, 'b', 'stop')], { usage: usageOf(1, 1) }), 1);
      expect(reader.read(ALL_ENDED)).toBeNull();
    }
  });

  test('comments keep the connection alive, and a failure of one is the failure of all', () => {
    const { reader, read } = open(false);
    expect(reader.read(markEvent(encodeText(': wait\n\n'), 1))).toBe(': wait\n\n');
    expect(read(encodeText('data: {"error":{"message":"no","code":"overloaded","type":"server_error"}}\n\n'), 1)).toBeNull();
    expect(reader.failure).not.toBeNull();
  });

  test('one that is done before it has said anything has not ended', () => {
    const { parts, read } = open(false);
    read(DONE, 0);
    read(event([delta(0, 'b')]), 1);
    expect(parts.map(({ stream }) => stream && hasEnded(stream))).toEqual([false, false]);
    read(DONE, 1);
    expect(parts.map(({ stream }) => stream && hasEnded(stream))).toEqual([false, true]);
  });
});
