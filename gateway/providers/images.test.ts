/** This file tests the wires of images: what is sent, what is read of it, and that a sandbox's image is one. */
import { describe, expect, test } from '@jest/globals';
import { inflateSync } from 'node:zlib';
import { readImageSize } from '../foundation/image-size.ts';
import { outlineJson } from '../foundation/json-outline.ts';
import { bytesOf } from '../foundation/byte-text.ts';
import { dataEvent } from '../foundation/sse.ts';
import type { UploadedFile } from '../foundation/operation.ts';
import type { Target } from '../foundation/terms.ts';
import { geminiImagesWire } from './gemini-images.ts';
import { imageTokens, imageTokensMost } from './image-tokens.ts';
import { ImageStream, factsOf, parseImages } from './images.ts';
import type { ImageRequest, ImagesWire } from './images.ts';
import { openaiImagesWire } from './openai-images.ts';
import { draw } from './sandbox-drawing.ts';
import { sandboxImagesWire } from './sandbox-images.ts';
import type { HttpRequest, ScriptedReply } from './wire.ts';

const drawing = { prompt: 'Ein Hund', seed: '0', isTransparent: false, share: 1 };
const PNG = draw({ ...drawing, width: 40, height: 24 });
const file: UploadedFile = { field: 'image', name: 'blob', contentType: 'image/png', bytes: PNG };

function target(upstreamModel: string, more: Partial<Target> = {}): Target {
  const provider = { id: 'p', name: 'P', wire: 'openai-chat' as const, baseUrl: 'https://p.example', apiKey: 'secret-key', headers: {}, quirks: {} };
  return { id: `p/${upstreamModel}`, provider, upstreamModel, price: null, quirks: {}, options: {}, ...more };
}

function send(wire: ImagesWire, body: ImageRequest, { to = target('m'), files = [] as readonly UploadedFile[], isStream = false } = {}): HttpRequest | ScriptedReply {
  const bodyText = JSON.stringify(body);
  return wire.encode({ target: to, body, bodyText, outline: outlineJson(bodyText, 8), files, isStream, requestId: 'req_1', nowSeconds: 7 });
}

function sent(...parameters: Parameters<typeof send>): HttpRequest & { readonly json: Record<string, unknown> } {
  const request = send(...parameters);
  if (request.kind !== 'http') throw new Error('a script');
  return { ...request, json: typeof request.body === 'string' ? JSON.parse(request.body) as Record<string, unknown> : {} };
}

function played(request: HttpRequest | ScriptedReply): { status: number; text: string } {
  if (request.kind !== 'script') throw new Error('not a script');
  return { status: request.status, text: [...request.steps].map(({ bytes }) => String(bytes)).join('') };
}

describe('OpenAI is sent', () => {
  const body = { model: 'asked', prompt: 'x', response_format: 'url' as const, vendor: { deep: [1] } };

  test('what the caller wrote, fields nobody knows too, but for the model; and base64 is asked of who needs to be asked', () => {
    expect(sent(openaiImagesWire, body).json).toEqual({ model: 'm', prompt: 'x', response_format: 'b64_json', vendor: { deep: [1] } });
    const request = sent(openaiImagesWire, body, { to: target('gpt-image-2.6-sunburst') });
    expect(request.json).toEqual({ model: 'gpt-image-2.6-sunburst', prompt: 'x', vendor: { deep: [1] } });
    expect(request).toMatchObject({ path: '/images/generations', isSlow: true, warnings: [], headers: { authorization: 'Bearer secret-key' } });
  });

  test('nothing a model does not take, which is said', () => {
    const request = sent(openaiImagesWire, { ...body, size: '1024x1024', stream: true }, { to: target('grok', { quirks: { dropFields: ['size', 'stream'] } }) });
    expect(request.json).toEqual({ model: 'grok', prompt: 'x', response_format: 'b64_json', vendor: { deep: [1] } });
    expect(request.warnings).toEqual(['size: dropped, p/grok does not take it']);
    expect(openaiImagesWire.isStreaming(target('grok', { quirks: { dropFields: ['stream'] } }))).toBe(false);
  });

  test('an edit as a form of its own', () => {
    const { path, headers, body: form } = sent(openaiImagesWire, { image: ['a', 'b'], model: 'asked', prompt: 'x', n: 2, mask: 'm' }, { files: [file, file, { ...file, field: 'mask' }] });
    const text = bytesOf(Buffer.from(form));
    expect([path, headers['content-type']]).toEqual(['/images/edits', 'multipart/form-data; boundary=interline-req_1']);
    expect(text.match(/name="[^"]+"(?:; filename="[^"]+")?/g)).toEqual(['name="model"', 'name="prompt"', 'name="n"', 'name="response_format"', 'name="image[]"; filename="blob.png"', 'name="image[]"; filename="blob.png"', 'name="mask"; filename="blob.png"']);
  });
});

describe('a reply', () => {
  const usage = { input_tokens: 373, output_tokens: 300, total_tokens: 673, input_tokens_details: { text_tokens: 50, image_tokens: 323, cached_tokens: 10 }, output_tokens_details: { image_tokens: 272, text_tokens: 28 } };

  test('tells its tokens, those of images and what was written apart, and which variant it is', () => {
    const { usage: read } = factsOf(parseImages(JSON.stringify({ created: 1, data: [{}, {}], size: '1024x1024', quality: 'low', usage })), { variant: 'asked/high' });
    expect(read).toEqual({ promptTokens: 373, cachedTokens: 10, cacheWriteTokens: 0, completionTokens: 300, reasoningTokens: 28, media: { images: 2, audioMs: 0, videoMs: 0, characters: 0, variant: '1024x1024/low', imageTokens: 323 } });
    expect(factsOf({ data: [{}] }, { variant: null }).usage).toBeNull();
  });

  test.each(['null', '[]', '{"data":{}}', '{}', 'oops'])('%s is none', (text) => {
    expect(() => parseImages(text)).toThrow(SyntaxError);
  });

  test('in events forwards images on the way and holds back those that are finished', () => {
    const stream = new ImageStream({ variant: null }, 1000);
    const partial = dataEvent(JSON.stringify({ type: 'image_generation.partial_image', b64_json: 'x' }));
    expect(stream.read(partial)).toBe(partial);
    expect(stream.isFinished).toBe(false);
    for (const images of [1, 2]) {
      expect(stream.read(dataEvent(JSON.stringify({ type: 'image_generation.completed', b64_json: 'x', usage })))).toBeNull();
      expect([stream.isFinished, stream.text(), stream.facts().usage?.completionTokens, stream.facts().usage?.media?.images]).toEqual([true, String(images), 300 * images, images]);
    }
    expect(stream.read(dataEvent('{"error":{"message":"no"}}'))).toBeNull();
    expect(stream.failure).toMatchObject({ code: 'upstream_error' });
    stream.drop();
    expect([stream.completed, stream.text(), stream.facts().usage]).toEqual([[], '0', null]);
    const broken = new ImageStream({ variant: null }, 1000);
    broken.read(dataEvent('{'));
    expect(broken.failure).toMatchObject({ code: 'upstream_bad_reply' });
  });

  test('sums of what the images of a stream tell stay exact', () => {
    const stream = new ImageStream({ variant: null }, 1000);
    const most = Number.MAX_SAFE_INTEGER;
    for (let images = 0; images < 2; images++) stream.read(dataEvent(JSON.stringify({ type: 'image_generation.completed', usage: { input_tokens: most, output_tokens: most, input_tokens_details: { image_tokens: most } } })));
    expect(stream.facts().usage).toMatchObject({ promptTokens: most, completionTokens: most, media: { images: 2, imageTokens: most } });
  });

  test('in events are held back up to what a whole reply may have, and no event of a name of its own is one', () => {
    const stream = new ImageStream({ variant: null }, 1000);
    const own = dataEvent(JSON.stringify({ type: 'x\n.completed', b64_json: 'x' }));
    expect(stream.read(own)).toBe(own);
    const image = dataEvent(JSON.stringify({ type: 'image_edit.completed', b64_json: 'x'.repeat(600) }));
    expect([stream.read(image), stream.failure]).toEqual([null, null]);
    expect([stream.read(image), stream.failure?.code, stream.completed.length]).toEqual([null, 'upstream_bad_reply', 1]);
  });
});

describe('Gemini', () => {
  const ask = (fields: Partial<ImageRequest>, files: readonly UploadedFile[] = []) => send(geminiImagesWire, { model: 'asked', prompt: 'x', ...fields }, { files });

  test.each([['1024x1024', { aspectRatio: '1:1' }], ['1792x1024', { aspectRatio: '16:9' }], ['2048x2048', { aspectRatio: '1:1', imageSize: '2K' }], ['2160x3840', { aspectRatio: '9:16', imageSize: '4K' }], ['auto', undefined]])('is asked for the shape next to %s', (size, imageConfig) => {
    expect(sent(geminiImagesWire, { model: 'a', prompt: 'x', size }).json['generationConfig']).toEqual({ responseModalities: ['IMAGE'], ...(imageConfig ? { imageConfig } : {}) });
  });

  test('is given images, and refuses what it can not do', () => {
    expect(sent(geminiImagesWire, { image: 'a', model: 'a', prompt: 'x', quality: 'high', user: 'u' }, { files: [file] })).toMatchObject({
      json: { contents: [{ role: 'user', parts: [{ text: 'x' }, { inlineData: { mimeType: 'image/png', data: PNG.toString('base64') } }] }] },
      warnings: ['quality: dropped, p/m does not take it', 'user: dropped, p/m does not take it'],
    });
    expect(played(ask({ n: 2 }))).toMatchObject({ status: 400, text: expect.stringContaining('unsupported_field') as unknown });
    expect(played(ask({}, [file, { ...file, field: 'mask' }])).text).toContain('takes no mask');
  });

  test('that makes none says why', () => {
    const read = (reply: unknown) => geminiImagesWire.toImages?.(JSON.stringify(reply), 7);
    expect(read({ promptFeedback: { blockReason: 'SAFETY' } })).toMatchObject({ created: 7, data: [], refusal: 'It ended with SAFETY.' });
    expect(read({ candidates: [{ content: { parts: [{ text: 'I would rather not.' }] }, finishReason: 'IMAGE_SAFETY' }] })).toMatchObject({ data: [], refusal: 'I would rather not.' });
    expect(read({ candidates: [{ content: { parts: [{ thought: true, inlineData: { data: 'draft' } }, { inlineData: { data: PNG.toString('base64') } }] } }] })).toMatchObject({ data: [{ b64_json: PNG.toString('base64') }], size: '40x24', output_format: 'png' });
    expect(() => read({ error: 'x' })).toThrow(SyntaxError);
  });
});

describe('the sandbox', () => {
  test.each([[1024, 1024], [40, 24], [17, 33], [2048, 16]])('draws %s by %s pixels that zlib can read', (width, height) => {
    const png = draw({ ...drawing, width, height, isTransparent: true });
    expect(readImageSize(png)).toEqual({ width, height });
    const at = png.indexOf('IDAT');
    expect(inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4))).length).toBe((Math.ceil(width / 4) + 1) * height);
    expect(png.includes('tRNS')).toBe(true);
  });

  test('draws another image for another prompt, another place in a list and a part of it', () => {
    const size = { width: 64, height: 64 };
    const images = [draw({ ...drawing, ...size }), draw({ ...drawing, ...size, prompt: 'Eine Katze' }), draw({ ...drawing, ...size, seed: '1' }), draw({ ...drawing, ...size, share: 0.3 })];
    expect(new Set(images.map((image) => image.toString('base64'))).size).toBe(4);
    expect(draw({ ...drawing, ...size })).toEqual(images[0]);
    expect(draw({ ...drawing, ...size, prompt: '漢字 🙂 ~'.repeat(4000) })).toHaveLength(images[0]?.length ?? 0);
  });

  test('breaks as it is told', () => {
    const body = (sandbox: object) => ({ model: 'sandbox/image', prompt: 'x', size: '16x16', partial_images: 2, sandbox });
    expect(played(send(sandboxImagesWire, body({ fail_status: 503 }))).status).toBe(503);
    expect(() => { JSON.parse(played(send(sandboxImagesWire, body({ malformed: true }))).text); }).toThrow(SyntaxError);
    expect(send(sandboxImagesWire, body({ die_after_events: 1 }), { isStream: true })).toMatchObject({ ending: 'reset' });
    expect(played(send(sandboxImagesWire, body({ die_after_events: 1 }), { isStream: true })).text.match(/^data:/gm)).toHaveLength(1);
    expect(played(send(sandboxImagesWire, body({}), { isStream: true })).text.match(/^event: .*/gm)).toEqual(['event: image_generation.partial_image', 'event: image_generation.partial_image', 'event: image_generation.completed']);
  });
});

test('what is set aside for an image is more than what is counted for one', () => {
  for (const size of ['auto', '256x256', '1024x1024', '3840x2160']) {
    for (const quality of ['auto', 'low', 'medium', 'high', 'hd']) expect(imageTokensMost({ size, quality })).toBeGreaterThan(imageTokens({ size, quality }));
  }
  expect(imageTokens({ size: '1024x1024', quality: 'low' })).toBe(272);
});
