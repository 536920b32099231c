/** This file holds what images ask for: that never less is set aside than they cost, and what is counted where nothing is told. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DepartureSignal } from '../foundation/departure.ts';
import { outlineJson } from '../foundation/json-outline.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { toNanoUsd } from '../foundation/money.ts';
import type { Call } from '../foundation/operation.ts';
import { sampleCaller } from '../foundation/sample-caller.ts';
import type { Price } from '../foundation/prices.ts';
import type { Target, Usage } from '../foundation/terms.ts';
import type { Counter } from '../metering/counter.ts';
import { priceUsage } from '../metering/price.ts';
import type { House } from './house.ts';
import { askImages } from './ask-images.ts';
import type { Ask } from './ask.ts';

const counter = { countText: (text: string) => Promise.resolve(Math.ceil(text.length / 4)) } as unknown as Counter;
const house = { media: null, limits: defaultLimits } as unknown as House;

function call(body: Partial<Call<'createImage'>['body']>): Call<'createImage'> {
  const whole = { model: 'm', prompt: 'A red bicycle', ...body };
  const bodyText = JSON.stringify(whole);
  return {
    operationId: 'createImage', requestId: 'req_1', path: {}, query: {}, headers: { host: 'h' }, caller: sampleCaller(), departure: new DepartureSignal(), receivedAt: 0,
    body: whole, bodyText, outline: outlineJson(bodyText, 8), files: [],
  };
}

const byToken: Price = { version: 't', input: toNanoUsd(5_000_000_000), output: toNanoUsd(30_000_000_000), media: { megaImageTokens: toNanoUsd(8_000_000_000) } };
const byImage: Price = { version: 't', input: toNanoUsd(0), output: toNanoUsd(0), media: { image: toNanoUsd(10_000_000), variants: { '1024x1024/high': { image: toNanoUsd(40_000_000) } } } };

function targetOf(price: Price): Target {
  const provider = { id: 'p', name: 'P', wire: 'openai-chat' as const, baseUrl: 'https://p.example', apiKey: null, headers: {}, quirks: {} };
  return { id: 'p/m', provider, upstreamModel: 'm', price, quirks: {}, options: {} };
}

function written(ask: Ask, price: Price): NonNullable<ReturnType<Ask['write']>> {
  const made = ask.write(targetOf(price), { requestId: 'req_1', nowSeconds: 7 });
  if (!made) throw new Error('nothing was written');
  return made;
}

/** What is counted of a reply of so many images that tells no usage. */
async function counted(ask: Ask, price: Price, images: number): Promise<Usage> {
  const { wire } = written(ask, price);
  wire.readReply(JSON.stringify({ data: Array.from({ length: images }, () => ({})) }));
  return ask.count(counter, { text: wire.readText(''), isWhole: true });
}

const sizes = fc.constantFrom('auto', '256x256', '1024x1024', '1536x1024', '3840x2160');
const qualities = fc.constantFrom('auto' as const, 'low' as const, 'medium' as const, 'high' as const);

describe('what is set aside', () => {
  test('is never less than what is counted costs, by the token and by the image', async () => {
    await fc.assert(fc.asyncProperty(sizes, qualities, fc.integer({ min: 1, max: 10 }), fc.integer({ min: 0, max: 3 }), fc.constantFrom(byToken, byImage), async (size, quality, n, partials, price) => {
      const ask = askImages(house, call({ size, quality, n, partial_images: partials }));
      const held = ask.size({ prices: [price, null], maxOutputTokens: null });
      const charge = priceUsage(await counted(ask, price, n), price);
      expect(held.nanoUsd >= charge.nanoUsd).toBe(true);
      expect(held.messages >= BigInt(charge.messages)).toBe(true);
    }));
  });

  test('is the dearest variant, since a model may answer with another than was asked for', () => {
    expect(askImages(house, call({ size: '1024x1024', quality: 'low', n: 3 })).size({ prices: [byImage], maxOutputTokens: null }).nanoUsd).toBe(120_000_000n);
  });
});

describe('what is counted', () => {
  test('is each image by the variant that was asked for', async () => {
    const usage = await counted(askImages(house, call({ size: '1024x1024', quality: 'high', n: 4 })), byImage, 2);
    expect(usage.media).toMatchObject({ images: 2, variant: '1024x1024/high' });
    expect(priceUsage(usage, byImage).nanoUsd).toBe(80_000_000n);
    expect((await counted(askImages(house, call({ quality: 'high' })), byImage, 1)).media?.variant).toBeNull();
  });

  test('of a stream is what is finished, and of none nothing but the prompt', async () => {
    const ask = askImages(house, call({ stream: true, size: '1024x1024', quality: 'low' }));
    const { wire, isStream } = written(ask, byToken);
    expect(isStream).toBe(true);
    const reader = wire.openStream({ context: { requestId: 'req_1', upstreamModel: 'm', nowSeconds: 7 }, wantsUsage: true, observedBytesMax: 1 });
    expect(await ask.count(counter, { text: reader.text(), isWhole: false })).toMatchObject({ promptTokens: 4, completionTokens: 0, media: { images: 0 } });
    expect(await ask.count(counter, { text: '1', isWhole: false })).toMatchObject({ completionTokens: 272, media: { images: 1 } });
  });
});
