/** This file shows that a charge is exact to the nano-USD, rounded up once, and never a guess. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toNanoUsd } from '../foundation/money.ts';
import type { Price } from '../foundation/prices.ts';
import type { Usage } from '../foundation/terms.ts';
import { boundUsage, hasTokenPrice, priceLessVideo, priceUsage, UNPRICED } from './price.ts';

const price: Price = {
  version: 'test@1', input: toNanoUsd(3_000_000_000), output: toNanoUsd(15_000_000_000), cacheRead: toNanoUsd(300_000_000), cacheWrite: toNanoUsd(3_750_000_000),
};
const usageOf = (parts: Partial<Usage>): Usage => ({ promptTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: 0, reasoningTokens: 0, ...parts });

const tokens = fc.nat(3_000_000);
const usages = fc.record({ fresh: tokens, cachedTokens: tokens, cacheWriteTokens: tokens, visible: tokens, reasoningTokens: tokens })
  .map(({ fresh, cachedTokens, cacheWriteTokens, visible, reasoningTokens }): Usage => ({
    promptTokens: fresh + cachedTokens + cacheWriteTokens, cachedTokens, cacheWriteTokens, completionTokens: visible + reasoningTokens, reasoningTokens,
  }));
const amount = fc.bigInt(0n, 200_000_000_000n).map(toNanoUsd);
const rates = { input: amount, output: amount, cacheRead: amount, cacheWrite: amount, reasoning: amount };
const longPrompts = fc.uniqueArray(fc.record({ abovePromptTokens: fc.nat(9_000_000), ...rates }, { requiredKeys: ['abovePromptTokens', 'input', 'output'] }), {
  selector: (long) => long.abovePromptTokens, maxLength: 4,
}).map((list) => list.sort((a, b) => a.abovePromptTokens - b.abovePromptTokens));
const prices = fc.record({ version: fc.constant('p'), ...rates, longPrompts }, { requiredKeys: ['version', 'input', 'output'] });

/** An independent way to the same sum, in millionths of a nano-USD: every threshold is walked, every kind of token is a row. */
function referenceCost(usage: Usage, anyPrice: Price): bigint {
  let held: Omit<Price, 'version'> = anyPrice;
  for (const long of anyPrice.longPrompts ?? []) if (usage.promptTokens - long.abovePromptTokens >= 1) held = long;
  const parts: [number, bigint][] = [
    [usage.promptTokens - usage.cachedTokens - usage.cacheWriteTokens, held.input],
    [usage.cachedTokens, held.cacheRead ?? held.input],
    [usage.cacheWriteTokens, held.cacheWrite ?? held.input],
    [usage.completionTokens - usage.reasoningTokens, held.output],
    [usage.reasoningTokens, held.reasoning ?? held.output],
  ];
  return parts.reduce((sum, [count, rate]) => sum + BigInt(count) * rate, 0n);
}

describe('priceUsage', () => {
  test('charges fresh, cached and written prompt tokens and generated tokens each at its own price', () => {
    const usage = usageOf({ promptTokens: 1_000, cachedTokens: 600, cacheWriteTokens: 100, completionTokens: 50, reasoningTokens: 20 });
    // 300 × 3000 + 600 × 300 + 100 × 3750 + 50 × 15000, in nano-USD a token
    expect(priceUsage(usage, price)).toEqual({ messages: 1, nanoUsd: 900_000n + 180_000n + 375_000n + 750_000n, priceVersion: 'test@1', isUnpriced: false });
  });

  test('what the model thought with is charged at its own price where there is one, and as output where there is none', () => {
    const usage = usageOf({ completionTokens: 50, reasoningTokens: 20 });
    expect(priceUsage(usage, price).nanoUsd).toBe(750_000n);
    expect(priceUsage(usage, { ...price, reasoning: toNanoUsd(2_000_000_000) }).nanoUsd).toBe(30n * 15_000n + 20n * 2_000n);
  });

  test('a price without cache rates charges cached tokens as fresh ones', () => {
    const plain: Price = { version: 'p', input: price.input, output: price.output };
    const whole = priceUsage(usageOf({ promptTokens: 1_000 }), plain);
    expect(priceUsage(usageOf({ promptTokens: 1_000, cachedTokens: 600, cacheWriteTokens: 100 }), plain).nanoUsd).toBe(whole.nanoUsd);
  });

  test('the sum is rounded up once, not each part', () => {
    const cheap: Price = { version: 'p', input: toNanoUsd(400_000), output: toNanoUsd(400_000) };
    expect(priceUsage(usageOf({ promptTokens: 1, completionTokens: 1 }), cheap).nanoUsd).toBe(1n);
    expect(priceUsage(usageOf({ promptTokens: 2, completionTokens: 1 }), cheap).nanoUsd).toBe(2n);
    expect(priceUsage(usageOf({}), cheap).nanoUsd).toBe(0n);
  });

  test('a target without a price is unpriced, and its messages still count', () => {
    expect(priceUsage(usageOf({ promptTokens: 20_000 }), null)).toEqual({ messages: 2, nanoUsd: 0n, priceVersion: UNPRICED, isUnpriced: true });
  });

  test('is never below the exact cost and less than one nano-USD above it', () => {
    fc.assert(fc.property(usages, prices, (usage, anyPrice) => {
      const millionths = referenceCost(usage, anyPrice);
      const charged: bigint = priceUsage(usage, anyPrice).nanoUsd * 1_000_000n;
      expect(charged >= millionths && charged - millionths < 1_000_000n).toBe(true);
    }), { numRuns: 1_000 });
  });
});

describe('long prompts', () => {
  // Gemini 2.5 Pro, USD a million tokens (ai.google.dev/gemini-api/docs/pricing): 1.25 in, 10 out, 0.125 cached; above 200,000 prompt tokens 2.50, 15 and 0.25.
  const gemini: Price = {
    version: 'gemini', input: toNanoUsd(1_250_000_000), output: toNanoUsd(10_000_000_000), cacheRead: toNanoUsd(125_000_000),
    longPrompts: [{ abovePromptTokens: 200_000, input: toNanoUsd(2_500_000_000), output: toNanoUsd(15_000_000_000), cacheRead: toNanoUsd(250_000_000) }],
  };

  test('a prompt of exactly the threshold is at the plain rates', () => {
    // 0.25 USD in, 0.01 USD out
    expect(priceUsage(usageOf({ promptTokens: 200_000, completionTokens: 1_000 }), gemini).nanoUsd).toBe(260_000_000n);
  });

  test('one token more puts every token of the request, generated ones too, at the other rates', () => {
    // 200,001 × 2500 nano-USD in, 1,000 × 15,000 out
    expect(priceUsage(usageOf({ promptTokens: 200_001, completionTokens: 1_000 }), gemini).nanoUsd).toBe(500_002_500n + 15_000_000n);
  });

  test('cached tokens make a prompt long, and are charged at the long rate', () => {
    // 50,000 × 2500 fresh, 200,000 × 250 cached
    expect(priceUsage(usageOf({ promptTokens: 250_000, cachedTokens: 200_000 }), gemini).nanoUsd).toBe(125_000_000n + 50_000_000n);
  });

  test('generated tokens do not make a prompt long', () => {
    expect(priceUsage(usageOf({ promptTokens: 10, completionTokens: 300_000 }), gemini).nanoUsd).toBe(12_500n + 3_000_000_000n);
  });

  test('of several thresholds the last one exceeded holds; a cache rate it lacks is its own input rate', () => {
    const steps: Price = {
      ...gemini,
      longPrompts: [...gemini.longPrompts ?? [], { abovePromptTokens: 500_000, input: toNanoUsd(4_000_000_000), output: toNanoUsd(20_000_000_000) }],
    };
    const cached = (promptTokens: number): bigint => priceUsage(usageOf({ promptTokens, cachedTokens: promptTokens }), steps).nanoUsd;
    expect([cached(200_000), cached(500_000), cached(500_001)]).toEqual([25_000_000n, 125_000_000n, 2_000_004_000n]);
  });
});

describe('hasTokenPrice', () => {
  test('is so where either side of an answer costs something, and not where only media do, or nothing has a price', () => {
    const price: Price = { version: 'v', input: toNanoUsd(0), output: toNanoUsd(0), media: { image: toNanoUsd(10) } };
    expect([price, { ...price, input: toNanoUsd(1) }, { ...price, output: toNanoUsd(1) }, null, undefined].map(hasTokenPrice)).toEqual([false, true, true, false, false]);
  });
});

describe('boundUsage', () => {
  test('a usage that adds up is returned as it is', () => {
    fc.assert(fc.property(usages, (usage) => { expect(boundUsage(usage)).toBe(usage); }));
  });

  test('a usage that does not add up is bounded: cached before written, both within the prompt', () => {
    expect(boundUsage(usageOf({ promptTokens: 100, cachedTokens: 80, cacheWriteTokens: 50, completionTokens: 5, reasoningTokens: 9 })))
      .toEqual({ promptTokens: 100, cachedTokens: 80, cacheWriteTokens: 20, completionTokens: 5, reasoningTokens: 5 });
    expect(boundUsage(usageOf({ promptTokens: 10, cachedTokens: 4_000 })).cachedTokens).toBe(10);
  });

  test('whatever an upstream sends, the result adds up, is stable, and can be charged', () => {
    const anything = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(Number.NaN, Infinity, -Infinity, -0, 1.5, 2 ** 60));
    const wild = fc.record({ promptTokens: anything, cachedTokens: anything, cacheWriteTokens: anything, completionTokens: anything, reasoningTokens: anything });
    fc.assert(fc.property(wild, (usage) => {
      const bounded = boundUsage(usage);
      for (const count of Object.values(bounded)) expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
      expect(bounded.cachedTokens + bounded.cacheWriteTokens <= bounded.promptTokens).toBe(true);
      expect(bounded.reasoningTokens <= bounded.completionTokens).toBe(true);
      expect(boundUsage(bounded)).toEqual(bounded);
      expect(priceUsage(usage, price)).toEqual(priceUsage(bounded, price));
    }), { numRuns: 1_000 });
  });
});

describe('priceLessVideo', () => {
  const video = (videoMs: number): Usage => usageOf({ media: { images: 0, audioMs: 0, videoMs, characters: 0, variant: '720p/video' } });
  const perSecond = (rate: number): Price => ({ version: 'v', input: toNanoUsd(0), output: toNanoUsd(0), media: { variants: { '720p/video': { videoSecond: toNanoUsd(rate) } } } });

  test('is what that much costs at the price it was reckoned with, whatever was reckoned with', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 0, max: 1_000_000_000 }), (seconds, ms, rate) => {
      const held = { usage: video(seconds * 1000), charge: priceUsage(video(seconds * 1000), perSecond(rate)) };
      const less = video(Math.min(ms, seconds * 1000));
      expect(priceLessVideo(held, ms)).toEqual({ usage: less, charge: priceUsage(less, perSecond(rate)) });
    }));
  });

  test('leaves alone what has no video', () => {
    const held = { usage: usageOf({}), charge: priceUsage(usageOf({}), perSecond(1)) };
    expect(priceLessVideo(held, 5)).toEqual(held);
  });
});
