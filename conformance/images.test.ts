/** This file drives the unmodified official `openai` package through images, directly and through a second gateway, and looks at what is kept and paid. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import OpenAI, { APIError, toFile } from 'openai';
import { PIXEL, PRICED_IMAGE, edit, image } from './image-requests.ts';
import { faultByOpenAi, faultOfReply } from './judges.ts';
import { askJson, balanceOf, makePayer } from './payer.ts';
import { call } from './raw-client.ts';
import type { RawReply } from './raw-client.ts';
import { payloadsOf } from './recorded-streams.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const START_MS_MAX = 60_000;
const PROMPT = 'A red bicycle in the rain';

let upstream: ReplayUpstream;
let sandboxed: ServerUnderTest;
let chained: ServerUnderTest;

beforeAll(async () => {
  upstream = await startReplayUpstream();
  const google = { GEMINI_API_KEY: 'gm-0123456789', GEMINI_BASE_URL: upstream.url };
  sandboxed = await startServer({ config: { models: [PRICED_IMAGE] }, env: { VLLM_BASE_URL: upstream.url, ...google } });
  chained = await startServer({ env: { VLLM_BASE_URL: `${sandboxed.url}/v1`, VLLM_API_KEY: sandboxed.key } });
  // What OpenAI's contract says of images takes longer to compile than a test may, on a busy machine.
  faultByOpenAi('ImagesResponse', {});
}, START_MS_MAX);
afterAll(async () => {
  await upstream.close();
  await stopServers();
}, START_MS_MAX);

/** Width, height and how many bytes of pixels there are, by Node's own zlib. */
function look(png: Buffer): { width: number; height: number; bytes: number } {
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  const at = png.indexOf('IDAT');
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20), bytes: inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4))).length };
}

const json = (reply: RawReply): Record<string, unknown> => JSON.parse(reply.body.toString('utf8')) as Record<string, unknown>;
const lanes = [['directly', '', () => sandboxed], ['through a second Interline', 'vllm/', () => chained]] as const;

describe.each(lanes)('the openai package %s', (_lane, prefix, server) => {
  const model = `${prefix}sandbox/image`;
  const client = (): OpenAI => new OpenAI({ baseURL: `${server().url}/v1`, apiKey: server().key, maxRetries: 0 });

  test('is given base64, which is a PNG of the size it asked for, the same each time', async () => {
    const made = await client().images.generate({ model, prompt: PROMPT, size: '1024x1024', quality: 'low' });
    expect(faultByOpenAi('ImagesResponse', made)).toBeNull();
    const png = Buffer.from(made.data?.[0]?.b64_json ?? '', 'base64');
    expect(look(png)).toEqual({ width: 1024, height: 1024, bytes: 257 * 1024 });
    const again = await client().images.generate({ model, prompt: PROMPT, size: '1024x1024', quality: 'low', n: 2 });
    expect(again.data?.map(({ b64_json: base64 }) => base64 === png.toString('base64'))).toEqual([true, false]);
    expect(made.usage).toMatchObject({ output_tokens: 272, input_tokens_details: { image_tokens: 0 } });
  });

  test('is given URLs, which its key can fetch and no other', async () => {
    const made = await client().images.generate({ model, prompt: PROMPT, size: '256x256', response_format: 'url' });
    const url = made.data?.[0]?.url ?? '';
    expect(url).toMatch(new RegExp(`^${server().url}/v1/images/img_[0-9a-f]{32}/content$`));
    const path = new URL(url).pathname;
    const whole = await call(server().url, { path, key: server().key });
    expect(whole.headers).toMatchObject({ 'content-type': 'image/png', 'accept-ranges': 'bytes', etag: `"${createHash('sha256').update(whole.body).digest('hex')}"` });
    expect(look(whole.body)).toMatchObject({ width: 256, height: 256 });
    const stranger = await makePayer(server(), { billing: 'plan' });
    const foreign = await call(server().url, { path, key: stranger.key });
    const unknown = await call(server().url, { path: `/v1/images/img_${'0'.repeat(32)}/content`, key: server().key });
    for (const reply of [foreign, unknown]) expect({ status: reply.status, ...(json(reply)['error'] as object), request_id: '' }).toEqual({ ...(json(unknown)['error'] as object), status: 404, code: 'image_not_found', request_id: '' });
    const part = await call(server().url, { path, key: server().key, headers: { range: 'bytes=1-3' } });
    expect([part.status, part.body.toString(), part.headers['content-range']]).toEqual([206, 'PNG', `bytes 1-3/${whole.body.length}`]);
    const beyond = await call(server().url, { path, key: server().key, headers: { range: `bytes=${whole.body.length}-` } });
    expect([beyond.status, beyond.headers['content-range'], beyond.headers['content-type']]).toEqual([416, `bytes */${whole.body.length}`, 'application/json']);
    const known = await call(server().url, { path, key: server().key, headers: { 'if-none-match': whole.headers['etag'] ?? '' } });
    expect([known.status, known.body.length]).toEqual([304, 0]);
  });

  test('sees an image come into being, and can fetch it by its id afterwards', async () => {
    const stream = await client().images.generate({ model, prompt: PROMPT, size: '1024x1024', quality: 'low', stream: true, partial_images: 2 });
    const events: OpenAI.ImageGenStreamEvent[] = [];
    for await (const event of stream) events.push(event);
    expect(events.map((event) => [event.type, 'partial_image_index' in event ? event.partial_image_index : null])).toEqual([
      ['image_generation.partial_image', 0], ['image_generation.partial_image', 1], ['image_generation.completed', null],
    ]);
    for (const event of events) expect(faultByOpenAi('ImageGenStreamEvent', event)).toBeNull();
    const last = events.at(-1) as unknown as { id: string; b64_json: string };
    const kept = await call(server().url, { path: `/v1/images/${last.id}/content`, key: server().key });
    expect(kept.body.toString('base64')).toBe(last.b64_json);
  });

  test('has images edited, one or several, with a mask, and as a stream', async () => {
    const pixel = (): Promise<File> => toFile(PIXEL, 'pixel.png', { type: 'image/png' });
    const one = await client().images.edit({ model, prompt: PROMPT, image: await pixel(), mask: await pixel(), size: '256x256' });
    const two = await client().images.edit({ model, prompt: PROMPT, image: [await pixel(), await pixel(), await pixel()], size: '256x256', n: 2 });
    expect([one.data?.length, two.data?.length, one.data?.[0]?.b64_json === two.data?.[0]?.b64_json]).toEqual([1, 2, false]);
    expect(two.usage?.input_tokens_details.image_tokens).toBeGreaterThan(one.usage?.input_tokens_details.image_tokens ?? 0);
    const types: string[] = [];
    for await (const event of await client().images.edit({ model, prompt: PROMPT, image: await pixel(), stream: true, partial_images: 1 })) types.push(event.type);
    expect(types).toEqual(['image_edit.partial_image', 'image_edit.completed']);
  });

  test.each<[string, Partial<OpenAI.ImageGenerateParamsNonStreaming>, string]>([
    ['a format it does not draw', { output_format: 'webp' }, 'output_format'], ['a size that is none', { size: 'huge' }, 'size'], ['a size it does not draw', { size: '8x8' }, 'size'], ['too many', { n: 11 }, 'n'], ['no prompt', { prompt: '' }, 'prompt'],
  ])('is told clearly of %s', async (_what, fields, param) => {
    const error: unknown = await client().images.generate({ model, prompt: PROMPT, ...fields }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ status: 400, param });
  });
});

describe('what a caller uploads', () => {
  const png = (width: number, height: number): Buffer => {
    const bytes = Buffer.from(PIXEL);
    bytes.writeUInt32BE(width, 16);
    bytes.writeUInt32BE(height, 20);
    return bytes;
  };
  const file = (value: Buffer, type = 'image/png', name = 'image') => ({ name, value, fileName: 'a.png', type });
  test.each([
    ['a page that says it is an image', [file(Buffer.from('<html>'))], 'image', 'no image'],
    ['a JPEG that is a PNG', [file(PIXEL, 'image/jpeg')], 'image', 'its bytes are image/png'],
    ['an image that would unpack to gigabytes', [file(png(65_000, 65_000))], 'image', 'at most 16384'],
    ['a header that is cut off', [file(PIXEL.subarray(0, 20))], 'image', 'broken'],
    ['a mask of another size', [file(PIXEL), file(png(2, 2), 'image/png', 'mask')], 'mask', 'as large as the first image'],
    ['a mask that is no PNG', [file(PIXEL), file(Buffer.from([0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0]), 'image/jpeg', 'mask')], 'mask', 'must be a PNG'],
  ])('%s is refused before any model is asked', async (_what, files, param, message) => {
    const reply = await call(sandboxed.url, { ...edit({}, files), key: sandboxed.key });
    expect(faultOfReply('createImageEdit', reply)).toBeNull();
    expect(json(reply)).toMatchObject({ error: { code: 'invalid_request', param, message: expect.stringContaining(message) as unknown } });
    expect(reply.status).toBe(400);
  });

  test.each([['a file of bytes', 'application/octet-stream'], ['a text', 'text/plain'], ['nothing', undefined]])('a PNG that is sent as %s is taken for what it is', async (_what, type) => {
    const reply = await call(sandboxed.url, { ...edit({}, [{ name: 'image', value: PIXEL, fileName: 'a', ...(type === undefined ? {} : { type }) }]), key: sandboxed.key });
    expect({ status: reply.status, fault: faultOfReply('createImageEdit', reply) }).toEqual({ status: 200, fault: null });
  });

  test('50 MB, and a data URL of 10 MB where a word belongs, are refused', async () => {
    const large = await call(sandboxed.url, { ...edit({}, [file(Buffer.concat([PIXEL, Buffer.alloc(50 * 1024 * 1024)]))]), key: sandboxed.key });
    expect(large.status).toBe(413);
    const url = await call(sandboxed.url, { ...image({ prompt: `data:image/png;base64,${'A'.repeat(10 * 1024 * 1024)}` }), key: sandboxed.key });
    expect([url.status, (json(url)['error'] as { param: string }).param]).toEqual([400, 'prompt']);
  });
});

describe('what is paid', () => {
  test('an image costs what its variant does, two cost twice, and one that was refused nothing', async () => {
    const payer = await makePayer(sandboxed, { billing: 'balance', nanoUsd: 1_000_000_000n });
    const before = await balanceOf(sandboxed, payer.key);
    const pay = async (fields: Readonly<Record<string, unknown>>): Promise<RawReply> => call(sandboxed.url, { ...image({ model: PRICED_IMAGE.id, size: '64x64', sandbox: { omit_usage: true }, ...fields }), key: payer.key });
    await pay({ quality: 'low' });
    expect(before - await balanceOf(sandboxed, payer.key)).toBe(10_000_000n);
    const made = await pay({ quality: 'high', n: 2 });
    expect(before - await balanceOf(sandboxed, payer.key)).toBe(50_000_000n);
    await pay({ quality: 'low', output_format: 'webp' });
    await pay({ quality: 'low', sandbox: { fail_status: 500 } });
    expect(before - await balanceOf(sandboxed, payer.key)).toBe(50_000_000n);
    const receipt = await askJson(sandboxed, { path: `/v1/requests/${made.headers['x-request-id'] ?? ''}`, key: payer.key });
    expect(receipt).toMatchObject({ basis: 'counted', media: { images: 2, variant: '64x64/high' } });
  });

  test('a balance for one image does not start five', async () => {
    const payer = await makePayer(sandboxed, { billing: 'balance', nanoUsd: 25_000_000n });
    const reply = await call(sandboxed.url, { ...image({ model: PRICED_IMAGE.id, size: '64x64', n: 5 }), key: payer.key });
    expect([reply.status, (json(reply)['error'] as { code: string }).code]).toEqual([402, 'insufficient_balance']);
  });
});

describe('an upstream', () => {
  const ask = (name: string, replay: Parameters<ReplayUpstream['play']>[1], fields: Readonly<Record<string, unknown>> = {}): Promise<RawReply> => {
    upstream.play(name, replay);
    return call(sandboxed.url, { ...image({ model: `vllm/${name}`, ...fields }), key: sandboxed.key });
  };
  const whole = (body: unknown) => ({ headers: { 'content-type': 'application/json' }, steps: [{ write: JSON.stringify(body) }] });

  test('that sends a data URL has its image kept like any other, and fields nobody knows stay', async () => {
    const reply = await ask('data-url', whole({ created: 1, data: [{ url: `data:image/png;base64,${PIXEL.toString('base64')}`, revised_prompt: 'Größer' }], vendor: 7 }), { response_format: 'url', aspect_ratio: '1:1' });
    expect(reply.status).toBe(200);
    const { data, vendor } = json(reply) as { data: { id: string; revised_prompt: string; b64_json?: string }[]; vendor: number };
    expect([data[0]?.revised_prompt, vendor, data[0]?.b64_json]).toEqual(['Größer', 7, undefined]);
    const kept = await call(sandboxed.url, { path: `/v1/images/${data[0]?.id ?? ''}/content`, key: sandboxed.key });
    expect(kept.body).toEqual(PIXEL);
    expect(JSON.parse(upstream.requests('data-url')[0]?.body ?? '{}')).toMatchObject({ model: 'data-url', response_format: 'b64_json', aspect_ratio: '1:1' });
  });

  test.each([
    ['points into our own network', [{ url: 'http://169.254.169.254/latest/meta-data' }]], ['points to a file', [{ url: 'file:///etc/passwd' }]], ['sends a page as an image', [{ b64_json: 'PGh0bWw+' }]], ['sends nothing at all', [{}]],
  ])('that %s gives a 502, and nothing is kept', async (what, data) => {
    const reply = await ask(`bad-${what.replaceAll(' ', '-')}`, whole({ created: 1, data }));
    expect([reply.status, (json(reply)['error'] as { code: string }).code]).toEqual([502, 'upstream_bad_reply']);
  });

  test('that makes no image is a refusal of the prompt', async () => {
    const reply = await ask('moderates', whole({ created: 1, data: [] }));
    expect(reply.status).toBe(400);
    expect(json(reply)).toMatchObject({ error: { code: 'moderation_blocked', param: 'prompt' } });
  });

  test('Gemini is asked in its own words, told whole or in events, and what it does not take is named', async () => {
    const usageMetadata = { promptTokenCount: 9, candidatesTokenCount: 1130, thoughtsTokenCount: 20, promptTokensDetails: [{ modality: 'TEXT', tokenCount: 9 }], candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1120 }] };
    const answer = whole({ candidates: [{ content: { parts: [{ text: 'Here it is.' }, { inlineData: { mimeType: 'image/png', data: PIXEL.toString('base64') } }] }, finishReason: 'STOP' }], usageMetadata });
    upstream.play('gemini-3.1-flash-image', answer);
    const model = 'google/gemini-3.1-flash-image';
    const reply = await call(sandboxed.url, { ...image({ model, size: '1536x1024' }), key: sandboxed.key });
    expect({ status: reply.status, fault: faultOfReply('createImage', reply) }).toEqual({ status: 200, fault: null });
    expect(reply.headers['x-interline-warnings']).toContain('quality: dropped');
    expect(json(reply)).toMatchObject({ data: [{ b64_json: PIXEL.toString('base64') }], size: '1x1', usage: { input_tokens: 9, output_tokens: 1150 } });
    const sent = JSON.parse(upstream.requests('gemini-3.1-flash-image')[0]?.body ?? '{}') as unknown;
    expect(sent).toMatchObject({ contents: [{ parts: [{ text: 'Hello from Interline' }] }], generationConfig: { responseModalities: ['IMAGE'], imageConfig: { aspectRatio: '3:2' } } });
    const receipt = await askJson(sandboxed, { path: `/v1/requests/${reply.headers['x-request-id'] ?? ''}` });
    expect(receipt).toMatchObject({ basis: 'provider', tokens: { prompt: 9, completion: 1150, reasoning: 30 } });
    const streamed = await call(sandboxed.url, { ...edit({ model, stream: true }), key: sandboxed.key });
    expect(faultOfReply('createImageEdit', streamed)).toBeNull();
    expect(payloadsOf(streamed.body.toString('utf8')).map((payload) => (JSON.parse(payload) as { type: string }).type)).toEqual(['image_edit.completed']);
    const many = await call(sandboxed.url, { ...image({ model, n: 2 }), key: sandboxed.key });
    expect([many.status, (json(many)['error'] as { param: string }).param]).toEqual([400, 'n']);
  });
});
