/** This file holds what audio asks for: that never less is set aside than it costs, and what is counted where nothing is told. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bytesOf } from '../foundation/byte-text.ts';
import { DepartureSignal } from '../foundation/departure.ts';
import { Refusal } from '../foundation/errors.ts';
import { outlineJson } from '../foundation/json-outline.ts';
import { toNanoUsd } from '../foundation/money.ts';
import type { Call } from '../foundation/operation.ts';
import { sampleFlac, sampleMp3, sampleOpus, sampleWav, sampleWebm } from '../foundation/sample-audio.ts';
import { sampleCaller } from '../foundation/sample-caller.ts';
import type { Price } from '../foundation/prices.ts';
import type { Target } from '../foundation/terms.ts';
import type { Counter } from '../metering/counter.ts';
import { priceUsage } from '../metering/price.ts';
import type { Ask } from './ask.ts';
import { askSpeech } from './ask-speech.ts';
import { askTranscription } from './ask-transcription.ts';

const rest = { requestId: 'req_1', path: {}, query: {}, headers: {}, caller: sampleCaller(), departure: new DepartureSignal(), receivedAt: 0 };

function transcription(bytes: Buffer, body: Partial<Call<'createTranscription'>['body']> = {}, contentType = 'audio/wav'): Call<'createTranscription'> {
  const whole = { file: 'a.wav', model: 'm', ...body };
  const bodyText = JSON.stringify(whole);
  return { ...rest, operationId: 'createTranscription', body: whole, bodyText, outline: outlineJson(bodyText, 8), files: [{ field: 'file', name: 'a.wav', contentType, bytes }] };
}

function speech(body: Partial<Call<'createSpeech'>['body']> = {}): Call<'createSpeech'> {
  const whole = { model: 'm', input: 'Hello', voice: 'alloy', ...body };
  const bodyText = JSON.stringify(whole);
  return { ...rest, operationId: 'createSpeech', body: whole, bodyText, outline: outlineJson(bodyText, 8), files: [] };
}

const counter: Counter = { countPrompt: () => Promise.resolve(0), countText: (text) => Promise.resolve(text.length), countTexts: (texts) => Promise.resolve(texts.join('').length), close: () => Promise.resolve() };
const price = (parts: { input?: number; output?: number; media?: Price['media'] }): Price => ({ version: 'test', input: toNanoUsd(parts.input ?? 0), output: toNanoUsd(parts.output ?? 0), ...(parts.media ? { media: parts.media } : {}) });
const target = (its: Price | null, wire: Target['provider']['wire'] = 'openai-chat', quirks: Target['quirks'] = {}): Target => ({
  id: 'p/m', upstreamModel: 'm', price: its, quirks, options: {},
  provider: { id: 'p', name: 'P', wire, baseUrl: 'https://a.example', apiKey: null, headers: {}, quirks: {} },
});
const write = (ask: Ask, to: Target) => ask.write(to, { requestId: 'req_1', nowSeconds: 0 });

function refusalOf(make: () => unknown): { code: string; param: string | null | undefined } {
  try {
    make();
  } catch (thrown) {
    if (thrown instanceof Refusal) return { code: thrown.code, param: thrown.options.param };
  }
  throw new Error('not refused');
}

const BY_SECOND = price({ media: { audioSecond: toNanoUsd(100_000) } });
const BY_TOKEN = price({ input: 2_500_000_000, output: 10_000_000_000, media: { megaAudioTokens: toNanoUsd(6_000_000_000) } });
const BY_CHARACTER = price({ media: { megaCharacters: toNanoUsd(15_000_000_000) } });

describe('what is set aside for a transcription', () => {
  test('is its length, up to a whole second, at the price of a second', () => {
    expect(askTranscription(transcription(sampleWav(2.2))).size({ prices: [BY_SECOND], maxOutputTokens: null }).nanoUsd).toBe(300_000n);
    expect(askTranscription(transcription(sampleWav(61))).size({ prices: [BY_SECOND], maxOutputTokens: null }).messages).toBe(2n);
  });

  test('is as long as its bytes can be where the headers can not be right', () => {
    const bytes = Buffer.concat([sampleOpus(0.001), Buffer.alloc(75_000)]);
    expect(askTranscription(transcription(bytes)).size({ prices: [BY_SECOND], maxOutputTokens: null }).nanoUsd).toBe(101n * 100_000n);
  });

  test('is never less than it costs, by the second or by the token', () => {
    const made = fc.constantFrom(sampleWav, sampleMp3, sampleOpus, sampleWebm, (seconds: number) => Buffer.concat([sampleFlac(seconds), Buffer.alloc(Math.round(seconds * 8000))]));
    fc.assert(fc.property(made, fc.integer({ min: 1, max: 60 }), fc.string({ maxLength: 200 }), (make, seconds, prompt) => {
      const ask = askTranscription(transcription(make(seconds), { prompt }));
      const heard = seconds * 10;
      const usage = {
        promptTokens: heard + Buffer.byteLength(prompt), cachedTokens: 0, cacheWriteTokens: 0, completionTokens: seconds * 6, reasoningTokens: 0,
        media: { images: 0, audioMs: seconds * 1000, videoMs: 0, characters: 0, variant: null, audioTokens: heard },
      };
      for (const its of [BY_SECOND, BY_TOKEN]) {
        const size = ask.size({ prices: [its, null], maxOutputTokens: null });
        const charge = priceUsage(usage, its);
        expect(charge.nanoUsd).toBeLessThanOrEqual(size.nanoUsd);
        expect(BigInt(charge.messages)).toBeLessThanOrEqual(size.messages);
      }
    }), { numRuns: 100 });
  });
});

describe('a transcription', () => {
  test.each([['no audio', Buffer.from('hello'), 'audio/wav'], ['audio said to be a picture', sampleWav(1), 'image/png'], ['audio said to be JSON', sampleWav(1), 'application/json']])('of %s is refused with its param', (_name, bytes, type) => {
    expect(refusalOf(() => askTranscription(transcription(bytes, {}, type)))).toEqual({ code: 'invalid_request', param: 'file' });
  });

  test.each(['audio/wav', 'application/octet-stream', 'text/plain', 'video/webm', 'audio/mpeg'])('said to be %s is taken, and sent on as what it is', (type) => {
    const written = write(askTranscription(transcription(sampleWav(1), {}, type)), target(null));
    expect(written?.request.kind === 'http' && Buffer.from(written.request.body).toString('latin1')).toContain('content-type: audio/wav');
  });

  test('streams where the target does', () => {
    const ask = askTranscription(transcription(sampleWav(1), { stream: true }));
    expect([ask.isStream, write(ask, target(null))?.isStream, write(ask, target(null, 'openai-chat', { dropFields: ['stream'] }))?.isStream]).toEqual([true, true, false]);
  });

  test('can not be asked of a wire that has none', () => {
    expect(write(askTranscription(transcription(sampleWav(1))), target(null, 'anthropic-messages'))).toBeNull();
    expect(write(askSpeech(speech()), target(null, 'gemini-content'))).toBeNull();
  });

  test('is counted by its length, and in tokens only where they cost something', async () => {
    const ask = askTranscription(transcription(sampleWav(2.5), { prompt: 'abc' }));
    write(ask, target(BY_SECOND));
    expect(await ask.count(counter, { text: 'hello', isWhole: true })).toMatchObject({ promptTokens: 0, completionTokens: 0, media: { audioMs: 2500 } });
    write(ask, target(BY_TOKEN));
    expect(await ask.count(counter, { text: 'hello', isWhole: true })).toMatchObject({ promptTokens: 28, completionTokens: 5, media: { audioMs: 2500, audioTokens: 25 } });
  });

  test('ends a stream with nothing before one was read', () => {
    expect(askTranscription(transcription(sampleWav(1))).doneEvent).toBe('');
    expect(askSpeech(speech()).doneEvent).toBe('');
  });
});

describe('a speech', () => {
  test('sets aside every character, and more sound than can be made of it', () => {
    const { nanoUsd } = askSpeech(speech({ input: 'Grüße 👋' })).size({ prices: [BY_CHARACTER], maxOutputTokens: null });
    expect(nanoUsd).toBe(7n * 15_000n);
    const size = (more: object) => askSpeech(speech({ input: 'a'.repeat(100), ...more })).size({ prices: [price({ output: 12_000_000_000 })], maxOutputTokens: null }).outputTokens;
    expect([size({}), size({ speed: 0.25 }), size({ speed: 4 }), size({ speed: null })]).toEqual([756, 2256, 756, 756]);
  });

  test('is counted by its characters, and by the length of its sound', async () => {
    const ask = askSpeech(speech({ input: 'Hello', instructions: 'Slow', response_format: 'wav' }));
    write(ask, target(BY_CHARACTER));
    const whole = { text: bytesOf(sampleWav(2)), isWhole: true };
    expect(await ask.count(counter, whole)).toMatchObject({ promptTokens: 0, completionTokens: 0, media: { characters: 5, audioMs: 2000 } });
    write(ask, target(price({ output: 1 })));
    expect(await ask.count(counter, whole)).toMatchObject({ promptTokens: 9, completionTokens: 40, media: { characters: 5, audioMs: 2000 } });
    expect(await ask.count(counter, { text: '', isWhole: false })).toMatchObject({ promptTokens: 9, completionTokens: 0, media: { characters: 5, audioMs: 0 } });
  });

  test('of raw samples is as long as they are', async () => {
    const ask = askSpeech(speech({ response_format: 'pcm' }));
    write(ask, target(BY_CHARACTER));
    expect((await ask.count(counter, { text: bytesOf(Buffer.alloc(48_000)), isWhole: true })).media?.audioMs).toBe(1000);
  });

  test('that was cut in a stream is as long as what came', async () => {
    const ask = askSpeech(speech({ response_format: 'pcm', stream_format: 'sse' }));
    const reader = write(ask, target(BY_CHARACTER))?.wire.openStream({ context: { requestId: 'req_1', upstreamModel: 'm', nowSeconds: 0 }, wantsUsage: true, observedBytesMax: 1 });
    const event = bytesOf(Buffer.from(`data: {"type":"speech.audio.delta","audio":"${Buffer.alloc(240_000).toString('base64')}"}\n\n`));
    for (let count = 0; count < 3; count++) reader?.read(event);
    expect((await ask.count(counter, { text: '', isWhole: false })).media?.audioMs).toBe(15_000);
  });
});
