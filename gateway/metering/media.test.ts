/** This file shows that what has no tokens is charged exactly, held for at its dearest, and counted as messages. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toNanoUsd } from '../foundation/money.ts';
import type { MediaPrice, Price } from '../foundation/prices.ts';
import type { MediaUsage } from '../foundation/terms.ts';
import { boundMedia, mediaCost, mediaCostMost, mediaMessages } from './media.ts';
import { priceUsage } from './price.ts';
import { NO_USAGE } from './settle.ts';
import { affordableOutput, sizeCall } from './size.ts';

const usd = (amount: number) => toNanoUsd(Math.round(amount * 1e9));
const mediaOf = (parts: Partial<MediaUsage>): MediaUsage => ({ images: 0, audioMs: 0, videoMs: 0, characters: 0, variant: null, ...parts });
const priceOf = (media: MediaPrice): Price => ({ version: 'test@1', input: toNanoUsd(0), output: toNanoUsd(0), media });
const charge = (media: Partial<MediaUsage>, price: MediaPrice) => priceUsage({ ...NO_USAGE, media: mediaOf(media) }, priceOf(price));

describe('what has no tokens', () => {
  test.each<[string, Partial<MediaUsage>, MediaPrice, bigint]>([
    ['three images at 4 cents', { images: 3 }, { image: usd(0.04) }, 120_000_000n],
    ['a variant with its own price', { images: 1, variant: '1024x1024/high' }, { image: usd(0.04), variants: { '1024x1024/high': { image: usd(0.17) } } }, 170_000_000n],
    ['a variant without one', { images: 1, variant: 'huge' }, { image: usd(0.04), variants: { '1024x1024/high': { image: usd(0.17) } } }, 40_000_000n],
    ['eight seconds of video in 1080p', { videoMs: 8000, variant: '1080p' }, { videoSecond: usd(0.1), variants: { '1080p': { videoSecond: usd(0.5) } } }, 4_000_000_000n],
    ['a millisecond of audio at 0.006 USD a minute, rounded up', { audioMs: 1 }, { audioSecond: usd(0.0001) }, 100n],
    ['one character at 15 USD a million', { characters: 1 }, { megaCharacters: usd(15) }, 15_000n],
    ['what has no price', { images: 5, audioMs: 5, videoMs: 5, characters: 5 }, {}, 0n],
  ])('%s', (_name, media, price, nanoUsd) => {
    expect(charge(media, price).nanoUsd).toBe(nanoUsd);
  });

  test('tokens of audio cost what audio does, and as any other where it has no price', () => {
    const usage = { ...NO_USAGE, promptTokens: 110, completionTokens: 20, media: mediaOf({ audioTokens: 100 }) };
    const plain: Price = { version: 'test@1', input: usd(2.5), output: usd(10) };
    expect(priceUsage(usage, { ...plain, media: { megaAudioTokens: usd(6) } }).nanoUsd).toBe(10n * 2500n + 100n * 6000n + 20n * 10_000n);
    expect(priceUsage(usage, plain).nanoUsd).toBe(110n * 2500n + 20n * 10_000n);
    expect(priceUsage({ ...usage, media: mediaOf({ audioTokens: 999 }) }, { ...plain, media: { megaAudioTokens: usd(6) } }).nanoUsd).toBe(110n * 6000n + 20n * 10_000n);
    expect(boundMedia(mediaOf({ audioTokens: Number.NaN }))).toEqual(mediaOf({ audioTokens: 0 }));
    const size = sizeCall({ promptTokens: 100, promptTokensAtLeast: 0, outputTokens: 0, choices: 1, prices: [{ ...plain, media: { megaAudioTokens: usd(6) } }] });
    expect(size.nanoUsd).toBe(110n * 6000n);
  });

  test('tokens of images cost what images do, beside those of audio, and never more than there are', () => {
    const usage = { ...NO_USAGE, promptTokens: 110, cachedTokens: 10, completionTokens: 20, media: mediaOf({ imageTokens: 60, audioTokens: 30 }) };
    const plain: Price = { version: 'test@1', input: usd(5), output: usd(30), cacheRead: usd(1) };
    const price: Price = { ...plain, media: { megaImageTokens: usd(8), megaAudioTokens: usd(6) } };
    expect(priceUsage(usage, price).nanoUsd).toBe(10n * 5000n + 60n * 8000n + 30n * 6000n + 10n * 1000n + 20n * 30_000n);
    expect(priceUsage({ ...usage, media: mediaOf({ imageTokens: 999 }) }, price).nanoUsd).toBe(100n * 8000n + 10n * 1000n + 20n * 30_000n);
    expect(priceUsage(usage, plain).nanoUsd).toBe(100n * 5000n + 10n * 1000n + 20n * 30_000n);
    expect(boundMedia(mediaOf({ imageTokens: -1 }))).toEqual(mediaOf({ imageTokens: 0 }));
    expect(sizeCall({ promptTokens: 100, promptTokensAtLeast: 0, outputTokens: 0, choices: 1, prices: [price] }).nanoUsd).toBe(110n * 8000n);
  });

  test('is charged beside tokens with one rounding, up', () => {
    const price: Price = { ...priceOf({ audioSecond: toNanoUsd(1) }), input: toNanoUsd(1) };
    expect(priceUsage({ ...NO_USAGE, promptTokens: 1, media: mediaOf({ audioMs: 1 }) }, price).nanoUsd).toBe(1n);
  });

  test('counts as a message an image, a second of video, a minute of audio, and never as fewer than its tokens', () => {
    expect(mediaMessages(mediaOf({ images: 4 }))).toBe(4);
    expect(mediaMessages(mediaOf({ videoMs: 4001 }))).toBe(5);
    expect(mediaMessages(mediaOf({ audioMs: 60_001 }))).toBe(2);
    expect(charge({}, {}).messages).toBe(1);
    expect(priceUsage({ ...NO_USAGE, promptTokens: 33_000, media: mediaOf({ images: 2 }) }, null).messages).toBe(3);
    expect(priceUsage({ ...NO_USAGE, promptTokens: 10, media: mediaOf({ images: 2 }) }, null).messages).toBe(2);
  });

  test('hostile numbers count as nothing, or as the most there is', () => {
    expect(boundMedia({ images: Number.NaN, audioMs: -1, videoMs: Number.POSITIVE_INFINITY, characters: 1.5, variant: 'x' }))
      .toEqual({ images: 0, audioMs: 0, videoMs: 1e12, characters: 2, variant: 'x' });
  });

  test('what is set aside is never less than any variant costs', () => {
    const rate = fc.bigInt(0n, 10n ** 12n).map(toNanoUsd);
    const variant = fc.record({ image: rate, videoSecond: rate }, { requiredKeys: [] });
    const prices = fc.record({ image: rate, audioSecond: rate, videoSecond: rate, megaCharacters: rate, variants: fc.dictionary(fc.constantFrom('a', 'b', 'c'), variant) }, { requiredKeys: [] });
    const amounts = fc.record({ images: fc.nat(100), audioMs: fc.nat(1e7), videoMs: fc.nat(1e6), characters: fc.nat(1e5) });
    fc.assert(fc.property(prices, amounts, fc.constantFrom('a', 'b', 'c', 'd', null), (price, amount, name) => {
      expect(mediaCost({ ...amount, variant: name }, price)).toBeLessThanOrEqual(mediaCostMost({ ...amount, variant: null }, price));
      expect(mediaCostMost({ ...amount, variant: name }, price)).toBe(name === null ? mediaCostMost({ ...amount, variant: null }, price) : mediaCost({ ...amount, variant: name }, price));
      const size = sizeCall({ promptTokens: 7, promptTokensAtLeast: 0, outputTokens: 0, choices: 1, media: { ...amount, variant: null }, prices: [null, priceOf(price)] });
      const charged = priceUsage({ ...NO_USAGE, promptTokens: 7, media: { ...amount, variant: name } }, priceOf(price));
      expect(charged.nanoUsd).toBeLessThanOrEqual(size.nanoUsd);
      expect(BigInt(charged.messages)).toBeLessThanOrEqual(size.messages);
      expect(affordableOutput(size, 'nusd', 10n ** 18n)).toBe(0);
    }));
  });
});
