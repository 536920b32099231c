/** This file shows that what is set aside for a call is enough for the dearest way it may go, and how small it must be to fit. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ChatCompletionRequest } from '../../generated/client/types.gen.ts';
import { toNanoUsd } from '../foundation/money.ts';
import type { Price } from '../foundation/prices.ts';
import { priceUsage } from './price.ts';
import { affordableOutput, longPromptsFrom, sizeChat, sizeTogether } from './size.ts';

const body = (parts: Partial<ChatCompletionRequest> = {}): ChatCompletionRequest => ({ model: 'm', messages: [{ role: 'user', content: 'x'.repeat(400) }], ...parts });
const cheap: Price = { version: 'cheap', input: toNanoUsd(100_000_000), output: toNanoUsd(400_000_000) };
const dear: Price = { version: 'dear', input: toNanoUsd(3_000_000_000), output: toNanoUsd(15_000_000_000) };

const amount = fc.bigInt(0n, 100_000_000_000n).map(toNanoUsd);
const rates = { input: amount, output: amount, cacheRead: amount, cacheWrite: amount, reasoning: amount };
const prices = fc.array(fc.option(fc.record({ version: fc.constant('p'), ...rates }, { requiredKeys: ['version', 'input', 'output'] })), { minLength: 1, maxLength: 3 });
const bodies = fc.record({
  text: fc.string({ maxLength: 3_000 }), maxTokens: fc.option(fc.integer({ min: 1, max: 300_000 }), { nil: undefined }), choices: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
}).map(({ text, maxTokens, choices }) => body({
  messages: [{ role: 'user', content: text }], ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }), ...(choices === undefined ? {} : { n: choices }),
}));

describe('sizeChat', () => {
  test('a limit of the route bounds the output, and stands for what a call does not say', () => {
    const outputOf = (asked: object, outputTokensMax: number, maxOutputTokens: number | null = null): number => sizeChat({ body: body(asked), prices: [], maxOutputTokens, outputTokensMax }).outputTokens;
    expect([outputOf({ max_tokens: 50 }, 40), outputOf({ max_tokens: 30 }, 40), outputOf({ max_tokens: undefined }, 40), outputOf({ max_tokens: undefined }, 9000), outputOf({ max_tokens: undefined }, 9000, 8000)]).toEqual([40, 30, 40, 9000, 8000]);
  });

  test('a call is worth its prompt and a tenth, and the output it allows, at the dearest price', () => {
    // 3 for the reply, 3 for the message, 1 for the role, 100 for the text; ceil(107 × 1.1) = 118
    const size = sizeChat({ body: body({ max_tokens: 50 }), prices: [cheap, dear, null], maxOutputTokens: null });
    expect(size).toMatchObject({ promptTokens: 107, promptTokensMost: 118, outputTokens: 50, choices: 1, messages: 1n });
    expect(size.nanoUsd).toBe(118n * 3_000n + 50n * 15_000n);
  });

  test('what is certain of a prompt is three tokens a message and something for its text, and never more than the guess', () => {
    const one = sizeChat({ body: body(), prices: [], maxOutputTokens: null });
    const two = sizeChat({ body: body({ messages: [...body().messages, ...body().messages] }), prices: [], maxOutputTokens: null });
    expect(sizeChat({ body: body({ messages: [{ role: 'user', content: '' }, { role: 'user', content: '' }] }), prices: [], maxOutputTokens: null }).promptTokensAtLeast).toBe(6);
    expect(one.promptTokensAtLeast).toBeGreaterThan(3);
    expect(two.promptTokensAtLeast).toBe(2 * one.promptTokensAtLeast);
    expect(two.promptTokensAtLeast).toBeLessThanOrEqual(two.promptTokens);
  });

  test('a call that says nothing about its output may generate 4,096 tokens, or as much as its model can', () => {
    expect(sizeChat({ body: body(), prices: [], maxOutputTokens: null }).outputTokens).toBe(4_096);
    expect(sizeChat({ body: body(), prices: [], maxOutputTokens: 1_000 }).outputTokens).toBe(1_000);
    expect(sizeChat({ body: body(), prices: [], maxOutputTokens: 64_000 }).outputTokens).toBe(4_096);
  });

  test('both names of the cap count, the larger of them, up to what the model can', () => {
    expect(sizeChat({ body: body({ max_tokens: 10, max_completion_tokens: 500 }), prices: [], maxOutputTokens: null }).outputTokens).toBe(500);
    expect(sizeChat({ body: body({ max_tokens: 10_000 }), prices: [], maxOutputTokens: 8_192 }).outputTokens).toBe(8_192);
  });

  test.each([Number.MAX_SAFE_INTEGER, 1e300, Infinity, Number.NaN, -5, 0, 0.4])('a hostile cap of %d is bounded', (hostile) => {
    const size = sizeChat({ body: body({ max_tokens: hostile, n: hostile }), prices: [dear], maxOutputTokens: null });
    expect(size.outputTokens).toBeGreaterThanOrEqual(1);
    expect(size.outputTokens).toBeLessThanOrEqual(262_144);
    expect(size.choices).toBeLessThanOrEqual(128);
  });

  test('every choice costs its output, and up to one message of it', () => {
    const size = sizeChat({ body: body({ max_tokens: 20_000, n: 3 }), prices: [dear], maxOutputTokens: null });
    expect(size.nanoUsd).toBe(118n * 3_000n + 60_000n * 15_000n);
    expect(size.messages).toBe(4n);
  });

  test.each([[15_882, 1n], [15_883, 2n], [1_000_000, 2n]])('118 prompt tokens and %d of output are %d messages at most', (maxTokens, messages) => {
    expect(sizeChat({ body: body({ max_tokens: maxTokens }), prices: [], maxOutputTokens: null }).messages).toBe(messages);
  });

  test('an image counts as an image, however long its data is', () => {
    const image = (bytes: number): ChatCompletionRequest => body({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(bytes)}` } }] }] });
    expect(sizeChat({ body: image(4_000_000), prices: [dear], maxOutputTokens: null }).promptTokens).toBe(sizeChat({ body: image(4), prices: [dear], maxOutputTokens: null }).promptTokens);
  });

  test('a long prompt is set aside for at the long rates', () => {
    const long: Price = { ...cheap, longPrompts: [{ abovePromptTokens: 117, input: toNanoUsd(1_000_000_000), output: toNanoUsd(2_000_000_000) }] };
    expect(sizeChat({ body: body({ max_tokens: 1 }), prices: [long], maxOutputTokens: null }).nanoUsd).toBe(118_000n + 2_000n);
  });

  test('no usage within the sizes costs more than was set aside, whichever target answers and however its prompt was cached', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(fc.property(bodies, prices, fc.tuple(share, share, share, share), (request, targets, [cached, written, generated, thought]) => {
      const size = sizeChat({ body: request, prices: targets, maxOutputTokens: null });
      const promptTokens = size.promptTokensMost;
      const cachedTokens = Math.floor(promptTokens * cached);
      const completionTokens = Math.floor(size.outputTokens * size.choices * generated);
      const usage = {
        promptTokens, cachedTokens, cacheWriteTokens: Math.floor((promptTokens - cachedTokens) * written), completionTokens, reasoningTokens: Math.floor(completionTokens * thought),
      };
      for (const price of targets) {
        const charge = priceUsage(usage, price);
        expect(charge.nanoUsd <= size.nanoUsd).toBe(true);
        if (size.outputTokens <= 16_000) expect(BigInt(charge.messages) <= size.messages).toBe(true);
      }
    }), { numRuns: 1_000 });
  });
});

describe('affordableOutput', () => {
  test('with that cap the call fits into the room, and with one token more it does not', () => {
    fc.assert(fc.property(bodies, prices, fc.bigInt(0n, 100_000_000_000n), (request, targets, room) => {
      const size = sizeChat({ body: request, prices: targets, maxOutputTokens: null });
      const affordable = affordableOutput(size, 'nusd', room);
      const costOf = (maxTokens: number): bigint => sizeChat({ body: { ...request, max_tokens: maxTokens }, prices: targets, maxOutputTokens: null }).nanoUsd;
      if (affordable >= 1) expect(costOf(Math.min(affordable, 262_144)) <= room).toBe(true);
      if (affordable < 262_144) expect(costOf(affordable + 1) > room).toBe(true);
    }), { numRuns: 1_000 });
  });

  test('the same for messages', () => {
    fc.assert(fc.property(bodies, fc.bigInt(0n, 6n), (request, room) => {
      const size = sizeChat({ body: request, prices: [], maxOutputTokens: null });
      const affordable = affordableOutput(size, 'msg', room);
      const messagesOf = (maxTokens: number): bigint => sizeChat({ body: { ...request, max_tokens: maxTokens }, prices: [], maxOutputTokens: null }).messages;
      if (affordable >= 1) expect(messagesOf(affordable) <= room).toBe(true);
      if (affordable < 16_000) expect(messagesOf(affordable + 1) > room).toBe(true);
    }), { numRuns: 1_000 });
  });

  test('no output is affordable where the prompt alone is too dear, and any where nothing costs', () => {
    const size = sizeChat({ body: body(), prices: [dear], maxOutputTokens: null });
    expect(affordableOutput(size, 'nusd', 118n * 3_000n - 1n)).toBe(0);
    expect(affordableOutput(size, 'nusd', 118n * 3_000n)).toBe(0);
    expect(affordableOutput(size, 'nusd', -5n)).toBe(0);
    expect(affordableOutput({ ...size, prices: [null] }, 'nusd', 0n)).toBe(Infinity);
    expect(affordableOutput(size, 'msg', 0n)).toBe(0);
    expect(affordableOutput({ ...size, promptTokensMost: 16_001 }, 'msg', 1n)).toBe(0);
    expect(affordableOutput(size, 'msg', -1n)).toBe(0);
  });
});

describe('sizeTogether', () => {
  const sizesOf = (counts: readonly number[], n = 1) => counts.map((chars) => sizeChat({ body: body({ messages: [{ role: 'user', content: 'x'.repeat(chars) }], n, max_tokens: 50 }), prices: [cheap, null], maxOutputTokens: null }));

  test('is the sum of all: prompts, choices and what they cost, and what fits into a room is for each choice', () => {
    const sizes = sizesOf([400, 40, 4000], 2);
    const together = sizeTogether(sizes, 4);
    const sum = sizes.reduce((total, { promptTokens }) => total + promptTokens, 0);
    expect(together).toMatchObject({ promptTokens: sum, promptTokensMost: Math.ceil(sum * 1.1), outputTokens: 50, choices: 6 });
    expect(together.nanoUsd).toBe(BigInt(together.promptTokensMost) * 100n + 300n * 400n);
    expect(affordableOutput(together, 'nusd', together.nanoUsd)).toBe(50);
  });

  test('only those sent at once are certain to have been read', () => {
    const sizes = sizesOf([400, 400, 400]);
    expect([1, 2, 3, 9].map((atOnce) => sizeTogether(sizes, atOnce).promptTokensAtLeast / (sizes[0]?.promptTokensAtLeast ?? 0))).toEqual([1, 2, 3, 3]);
  });

  test('many small calls are one message together, as one call is', () => {
    expect([sizeTogether(sizesOf([4, 4, 4]), 4).messages, sizeTogether(sizesOf(Array.from({ length: 5 }, () => 16_000)), 4).messages]).toEqual([1n, 2n]);
  });
});

test('a price changes from its lowest threshold on, of all that may hold', () => {
  const long = (...above: number[]): Price => ({ ...cheap, longPrompts: above.map((abovePromptTokens) => ({ ...dear, abovePromptTokens })) });
  expect([[], [null, cheap], [long(200, 500), null, long(300)]].map(longPromptsFrom)).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 200]);
});
