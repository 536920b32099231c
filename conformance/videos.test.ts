/** This file makes videos: with the official package, through a second gateway, from providers that fail, and across kills; and looks at what was paid. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI, { toFile } from 'openai';
import { startVideoUpstream, videoBytes } from '../scripts/money/video-upstream.ts';
import type { Fate, VideoUpstream } from '../scripts/money/video-upstream.ts';
import { askJson, balanceOf, makePayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { call } from './raw-client.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerOptions, ServerUnderTest } from './server-under-test.ts';

const NANO_PER_SECOND = 100_000_000n;
const GRANT = 10_000_000_000n;
const START_MS_MAX = 60_000;
const TEST_MS_MAX = 30_000;
const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(64)]);

const model = (id: string, changes: object = {}): object => ({
  id, name: id, tier: 'pro', context_window: 0, max_output_tokens: null, kinds: ['video'], output_modalities: ['video'],
  video: { sizes: ['1280x720', '720x1280'], seconds: [4, 8], default_seconds: 4, input_reference: true, audio: 'never', deadline_seconds: 60 },
  targets: [{ provider: 'vllm', model: 'video', price: { input: 0, output: 0, media: { video_second: Number(NANO_PER_SECOND) } } }], ...changes,
});
const fates = new Map<string, Fate>();
const fate = (prompt: string, changes: Partial<Fate> = {}): string => {
  fates.set(prompt, { startMs: 0, workMs: 300, end: 'complete', ...changes });
  return prompt;
};
const limits = { videoPollMs: 50, jobLookMs: 50, jobLeaseMs: 800 };

let upstream: VideoUpstream;
let server: ServerUnderTest;
let chained: ServerUnderTest;
let options: ServerOptions;
let payer: Payer;

beforeAll(async () => {
  upstream = await startVideoUpstream((prompt) => fates.get(prompt) ?? { startMs: 0, workMs: 100, end: 'complete' });
  options = { env: { VLLM_BASE_URL: upstream.url }, limits, config: { models: [model('test/video'), model('test/brief', { video: { sizes: ['1280x720'], seconds: [4], default_seconds: 4, deadline_seconds: 10 } })] } };
  server = await startServer(options);
  chained = await startServer({
    env: { VLLM_BASE_URL: `${server.url}/v1`, VLLM_API_KEY: server.key }, limits,
    config: { models: [model('chained/video', { targets: [{ provider: 'vllm', model: 'sandbox/video', unpriced: true }], video: { sizes: [], seconds: [4], default_seconds: 4, input_reference: true, deadline_seconds: 60 } })] },
  });
}, START_MS_MAX);
afterAll(async () => {
  await stopServers();
  await upstream.close();
}, START_MS_MAX);

const as = (key: string): Pick<ServerUnderTest, 'url' | 'key'> => ({ url: server.url, key });
const create = async (body: object, headers: Readonly<Record<string, string>> = {}): Promise<Record<string, unknown>> => askJson(as(payer.key), { path: '/v1/videos', body: { model: 'test/video', ...body }, headers });
const ended = (id: unknown): Promise<Record<string, unknown>> => eventually(async () => {
  const video = await askJson(as(payer.key), { path: `/v1/videos/${String(id)}` });
  return video['status'] === 'completed' || video['status'] === 'failed' ? video : null;
}, 20_000);
const refused = async (body: object): Promise<Record<string, unknown>> => {
  const reply = await call(server.url, { path: '/v1/videos', key: payer.key, body: { model: 'test/video', prompt: 'a boat', ...body } });
  return { status: reply.status, ...(JSON.parse(reply.body.toString('utf8')) as { error: Record<string, unknown> }).error };
};

describe.each([['directly', () => server, 'sandbox/video'], ['through a second Interline as its upstream', () => chained, 'chained/video']] as const)('the openai package %s', (_lane, gateway, name) => {
  const client = (): OpenAI => new OpenAI({ baseURL: `${gateway().url}/v1`, apiKey: gateway().key, maxRetries: 0 });

  test('makes a video from a picture, follows it, fetches it and its pictures, lists and deletes it', async () => {
    const made = await client().videos.create({ model: name, prompt: 'A paper boat', seconds: '4', input_reference: await toFile(PNG, 'frame.png', { type: 'image/png' }) });
    expect(made).toMatchObject({ object: 'video', status: 'queued', model: name, seconds: '4', prompt: 'A paper boat' });
    const seen: number[] = [];
    const video = await eventually(async () => {
      const now = await client().videos.retrieve(made.id);
      seen.push(now.progress);
      return now.status === 'completed' ? now : null;
    }, 20_000);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(new Set(seen).size).toBeGreaterThan(2);
    expect(video).toMatchObject({ progress: 100, error: null });
    const variants = { video: /^video\/mp4/, thumbnail: /^image\//, spritesheet: /^image\// } as const;
    for (const [variant, type] of Object.entries(variants) as [keyof typeof variants, RegExp][]) {
      const content = await client().videos.downloadContent(made.id, { variant });
      expect(content.headers.get('content-type')).toMatch(type);
      expect((await content.arrayBuffer()).byteLength).toBeGreaterThan(100);
    }
    expect((await client().videos.list()).data.map(({ id }) => id)).toContain(made.id);
    expect(await client().videos.delete(made.id)).toMatchObject({ deleted: true });
    await expect(client().videos.retrieve(made.id)).rejects.toMatchObject({ status: 404, code: 'video_not_found' });
  }, TEST_MS_MAX);
});

describe('a video', () => {
  beforeAll(async () => { payer = await makePayer(server, { billing: 'balance', nanoUsd: GRANT }); });

  test('is held when it is created, charged by the second when it is made, and served whole, by range and by tag', async () => {
    const before = await balanceOf(server, payer.key);
    const { id } = await create({ prompt: fate('a paid boat', { workMs: 800 }), seconds: 8 });
    const held = await askJson(as(payer.key), { path: '/v1/balance' });
    expect(JSON.stringify(held)).toContain(String(8n * NANO_PER_SECOND));
    expect(await ended(id)).toMatchObject({ status: 'completed', seconds: '8', size: '1280x720' });
    expect(before - await balanceOf(server, payer.key)).toBe(8n * NANO_PER_SECOND);
    const get = (headers: Readonly<Record<string, string>>): ReturnType<typeof call> => call(server.url, { path: `/v1/videos/${String(id)}/content`, key: payer.key, headers });
    const whole = await get({});
    const bytes = videoBytes('a paid boat');
    expect(whole.body.equals(bytes)).toBe(true);
    expect((await get({ range: 'bytes=4-11' })).body.toString('latin1')).toBe('ftypisom');
    expect(await get({ range: 'bytes=-5' })).toMatchObject({ status: 206, headers: { 'content-range': `bytes ${bytes.length - 5}-${bytes.length - 1}/${bytes.length}` } });
    expect(await get({ range: `bytes=${bytes.length}-` })).toMatchObject({ status: 416, headers: { 'content-range': `bytes */${bytes.length}` } });
    expect((await get({ 'if-none-match': whole.headers['etag'] ?? '' })).status).toBe(304);
    const { data } = await askJson(as(payer.key), { path: '/v1/usage' }) as { data?: unknown[] };
    expect(data?.[0]).toMatchObject({ operation: 'createVideo', outcome: 'ok', charged_nano_usd: String(8n * NANO_PER_SECOND), counted_messages: 8 });
  }, TEST_MS_MAX);

  test.each([
    ['the provider refuses', { end: 'refuse' }, 'moderation_blocked', 'refused'],
    ['it fails while it is made', { end: 'fail' }, 'generation_failed', 'upstream_error'],
    ['its connection breaks while it is handed over', { end: 'vanish' }, 'upstream_error', 'upstream_error'],
  ] as const)('costs nothing when %s', async (why, changes, code, outcome) => {
    const before = await balanceOf(server, payer.key);
    const { id } = await create({ prompt: fate(why, changes) });
    expect(await ended(id)).toMatchObject({ status: 'failed', error: { code } });
    expect(await balanceOf(server, payer.key)).toBe(before);
    expect(upstream.submitted.get(why)).toBe(1);
    const { data } = await askJson(as(payer.key), { path: '/v1/usage' }) as { data?: unknown[] };
    expect(data?.[0]).toMatchObject({ outcome, error_code: code, charged_nano_usd: '0', counted_messages: 0 });
    const reply = await call(server.url, { path: `/v1/videos/${String(id)}/content`, key: payer.key });
    expect(reply.status).toBe(409);
  }, TEST_MS_MAX);

  test('that takes too long is given up at its model’s deadline, told so to the provider, and costs nothing', async () => {
    const before = await balanceOf(server, payer.key);
    const { id } = await create({ model: 'test/brief', prompt: fate('an endless boat', { workMs: 10_000_000 }) });
    expect(await ended(id)).toMatchObject({ status: 'failed', error: { code: 'upstream_timeout' } });
    expect(await balanceOf(server, payer.key)).toBe(before);
    expect(upstream.removed).toHaveLength(1);
  }, TEST_MS_MAX);

  test('asked for twice with one idempotency key is one video, submitted once', async () => {
    const body = { prompt: fate('one boat') };
    const [first, second] = await Promise.all([create(body, { 'idempotency-key': 'boat-1' }), create(body, { 'idempotency-key': 'boat-1' })]);
    expect(second['id']).toBe(first['id']);
    await ended(first['id']);
    expect((await create(body, { 'idempotency-key': 'boat-1' }))['id']).toBe(first['id']);
    expect(upstream.submitted.get('one boat')).toBe(1);
  }, TEST_MS_MAX);

  test('deleted while it is made is gone at once, and charged when the provider has made it', async () => {
    const before = await balanceOf(server, payer.key);
    const { id } = await create({ prompt: fate('a deleted boat', { workMs: 600 }) });
    await eventually(() => Promise.resolve(upstream.submitted.get('a deleted boat') ?? null));
    expect(await askJson(as(payer.key), { method: 'DELETE', path: `/v1/videos/${String(id)}` })).toMatchObject({ deleted: true });
    await askJson(as(payer.key), { path: `/v1/videos/${String(id)}` }, 404);
    await eventually(async () => (before - await balanceOf(server, payer.key) === 4n * NANO_PER_SECOND ? true : null));
  }, TEST_MS_MAX);

  test('goes on after its gateway was killed, and is fetched from what another process has kept', async () => {
    const { id } = await create({ prompt: fate('a surviving boat', { workMs: 1500 }) });
    await eventually(() => Promise.resolve(upstream.submitted.get('a surviving boat') ?? null));
    await eventually(async () => ((await askJson(as(payer.key), { path: `/v1/videos/${String(id)}` }))['status'] === 'in_progress' ? true : null));
    await server.kill();
    server = await server.restart();
    expect(await ended(id)).toMatchObject({ status: 'completed' });
    expect(upstream.submitted.get('a surviving boat')).toBe(1);
    expect((await call(server.url, { path: `/v1/videos/${String(id)}/content`, key: payer.key })).body.equals(videoBytes('a surviving boat'))).toBe(true);
    expect(await askJson(server, { path: '/v1/admin/ledger/check' })).toMatchObject({ ok: true });
  }, TEST_MS_MAX);

  test.each([
    ['size', '1280x720 or 720x1280', { size: '64x64' }], ['seconds', '4 or 8', { seconds: '5' }], ['endFrame', 'does not end in a picture', { endFrame: 'https://example.com/a.png' }],
    ['audioEnabled', 'without sound', { audioEnabled: true }], ['generateAudio', 'must agree', { audioEnabled: true, generateAudio: false }],
    ['referenceImages', 'takes no referenceImages', { referenceImages: ['https://example.com/a.png'] }], ['referenceVideos', 'takes no', { referenceVideos: ['https://example.com/a.mp4'] }],
    ['motionControl', 'takes no motionControl', { motionControl: { camera: 'left' } }], ['inputReference', 'must be an image', { inputReference: 'data:image/png;base64,aGVsbG8=' }],
    ['input_reference', 'base64', { input_reference: { image_url: 'data:image/png,plain' } }], ['prompt', '3', { prompt: 'no' }], ['prompt', '5000', { prompt: 'x'.repeat(5001) }],
  ])('that a model can’t make is a 400 that names %s and what goes: %s', async (param, words, body) => {
    expect(await refused(body)).toMatchObject({ status: 400, code: 'invalid_request', param, message: expect.stringContaining(words) });
  });

  test.each([['sora-2', '2026-09-24', 'seedance-2.0'], ['sora-2-pro', '2026-09-24', 'seedance-2.0']])('by %s is refused with the day it was shut down and what to use', async (retired, day, instead) => {
    expect(await refused({ model: retired })).toMatchObject({ status: 404, code: 'model_not_available', message: expect.stringMatching(`${day}.*${instead}`) });
  });

  test('of a retired model is made where an operator has mapped it', async () => {
    const mapped = await startServer({ ...options, config: { models: [model('sora-2', { status: 'active' })] } });
    const made = await askJson(mapped, { path: '/v1/videos', body: { prompt: 'a boat of old' } });
    expect(made).toMatchObject({ model: 'sora-2', status: 'queued' });
  }, TEST_MS_MAX);
});
