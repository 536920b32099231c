/** This file makes videos from other videos and from pictures of people and things, at vendors that are played: what they are sent, and what is held and charged. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PIXEL } from './image-requests.ts';
import { askJson, balanceOf, makePayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import { startVideoUpstream } from './video-upstreams.ts';
import type { TakenVideo, VideoPlan, VideoUpstream } from './video-upstreams.ts';

const KEY = 'sk-vendor-0123456789';
const START_MS_MAX = 60_000;
const TEST_MS_MAX = 20_000;
const GRANT = 1_000_000_000_000n;
const CLIP = 'https://example.com/clip.mp4';
const PICTURE = 'https://example.com/dog.png';
const INLINE_CLIP = `data:video/mp4;base64,${Buffer.from('\0\0\0\x18ftypisom\0\0\x02\0isommp42', 'latin1').toString('base64')}`;

let seedance: VideoUpstream;
let kling: VideoUpstream;
let pixverse: VideoUpstream;
let server: ServerUnderTest;
let payer: Payer;

beforeAll(async () => {
  const options = { key: KEY };
  [seedance, kling, pixverse] = await Promise.all([startVideoUpstream('seedance', options), startVideoUpstream('kling', options), startVideoUpstream('pixverse', options)]);
  server = await startServer({
    env: { ARK_API_KEY: KEY, ARK_BASE_URL: seedance.url, KLING_API_KEY: KEY, KLING_BASE_URL: kling.url, PIXVERSE_API_KEY: KEY, PIXVERSE_BASE_URL: pixverse.url },
    limits: { videoPollMs: 20, jobLookMs: 50 }, config: { guard: { allow: ['127.0.0.1', 'localhost'] } },
  });
  payer = await makePayer(server, { billing: 'balance', nanoUsd: GRANT });
}, START_MS_MAX);
afterAll(async () => {
  await stopServers();
  await Promise.all([seedance, kling, pixverse].map((upstream) => upstream.close()));
});

interface Made {
  readonly cost: bigint;
  readonly receipt: Record<string, unknown>;
  readonly sent: TakenVideo;
  readonly body: Record<string, unknown>;
}

/** Makes one, and says what it cost and what its vendor was asked. */
async function make(upstream: VideoUpstream, asked: Readonly<Record<string, unknown>>, plan: VideoPlan = {}): Promise<Made> {
  const as = { url: server.url, key: payer.key };
  upstream.plan(String(asked['prompt']), plan);
  const before = await balanceOf(server, payer.key);
  const { id } = await askJson(as, { path: '/v1/videos', body: asked });
  const video = await eventually(async () => {
    const now = await askJson(as, { path: `/v1/videos/${String(id)}` });
    return now['status'] === 'completed' || now['status'] === 'failed' ? now : null;
  }, TEST_MS_MAX);
  expect(video).toMatchObject({ status: 'completed', error: null });
  const { data } = await askJson(as, { path: '/v1/usage?limit=1' }) as { data: { id: string }[] };
  const [sent] = upstream.jobs.slice(-1);
  if (!sent) throw new Error('nothing was sent');
  return {
    cost: before - await balanceOf(server, payer.key), sent, body: JSON.parse(sent.body) as Record<string, unknown>,
    receipt: await askJson(as, { path: `/v1/requests/${data[0]?.id ?? ''}` }),
  };
}

const refused = (asked: Readonly<Record<string, unknown>>, at = server, key = payer.key): Promise<unknown> => askJson({ url: at.url, key }, { path: '/v1/videos', body: { prompt: 'a dog surfs', ...asked } }, 400).then(({ error }) => error);

describe('Seedance', () => {
  const model = 'seedance-2.0';
  /** Nano-USD a second at 720p with a reference video: 21,600 tokens at 4.30 USD a million. */
  const SECOND = 92_880_000n;
  const MS = 1000n;

  test('is sent videos and pictures by their roles; what it counted is charged: read and made', async () => {
    // As measured of a video of 4 s with 4 s read: 193 frames of 900 tokens.
    const { cost, body, receipt } = await make(seedance, { model, prompt: 'read four', seconds: '4', referenceVideos: [CLIP], referenceImages: [PICTURE] }, { tokens: 173_700 });
    expect(body['content']).toEqual([
      { type: 'text', text: 'read four' }, { type: 'image_url', image_url: { url: PICTURE }, role: 'reference_image' }, { type: 'video_url', video_url: { url: CLIP }, role: 'reference_video' },
    ]);
    expect(cost).toBe((8042n * SECOND + MS - 1n) / MS);
    expect(receipt).toMatchObject({ basis: 'provider', media: { video_ms: 8042, variant: '720p/video' }, messages: { counted_messages: 9 }, charged_nano_usd: String(cost) });
  }, TEST_MS_MAX);

  test.each<[string, VideoPlan, bigint]>([['that says nothing is paid what was made', { tokens: null }, 4n], ['that counts more than there can be is paid what was held', { tokens: 9_999_999 }, 19n]])('%s', async (prompt, plan, seconds) => {
    expect((await make(seedance, { model, prompt, seconds: '4', referenceVideos: [CLIP, CLIP, CLIP] }, plan)).cost).toBe(seconds * SECOND);
  }, TEST_MS_MAX);

  test('without a reference video costs its own length at its own price, whatever is counted', async () => {
    const { cost, receipt } = await make(seedance, { model, prompt: 'plain', seconds: '4', referenceImages: [PICTURE] }, { tokens: 87_300 });
    expect(cost).toBe(4n * 151_200_000n);
    expect(receipt).toMatchObject({ basis: 'counted', media: { video_ms: 4000, variant: '720p' } });
  }, TEST_MS_MAX);

  test('must be affordable with all that may be read', async () => {
    const held = 19n * SECOND;
    const ask = async (nanoUsd: bigint, status: number): Promise<unknown> => {
      const { key } = await makePayer(server, { billing: 'balance', nanoUsd });
      return askJson({ url: server.url, key }, { path: '/v1/videos', body: { model, prompt: 'dear', seconds: '4', referenceVideos: [CLIP] } }, status);
    };
    expect(await ask(held - 1n, 402)).toMatchObject({ error: { code: 'insufficient_balance' } });
    expect(await ask(held, 200)).toMatchObject({ status: 'queued' });
  }, TEST_MS_MAX);

  test.each<[string, string, object]>([
    ['referenceVideos', 'at most 3', { referenceVideos: [CLIP, CLIP, CLIP, CLIP] }], ['referenceVideos.1', 'by their address', { referenceVideos: [CLIP, INLINE_CLIP] }],
    ['referenceVideos', 'not both', { referenceVideos: [CLIP], inputReference: PICTURE }],
  ])('takes no %s: %s', async (param, words, asked) => {
    expect(await refused({ model, ...asked })).toMatchObject({ code: 'invalid_request', param, message: expect.stringContaining(words) });
  });

  test('through a provider that does not say what it charged for them takes none', async () => {
    const other = await startServer({ env: { OPENROUTER_API_KEY: KEY, OPENROUTER_BASE_URL: seedance.url } });
    expect(await refused({ model, referenceVideos: [CLIP] }, other, other.key)).toMatchObject({ code: 'invalid_request', param: 'referenceVideos' });
  }, TEST_MS_MAX);
});

describe('Kling O1', () => {
  const model = 'kling-01';

  test('follows one video, beside pictures, at a price of its own', async () => {
    const { cost, sent, body, receipt } = await make(kling, { model, prompt: 'dance like that', size: '1920x1080', referenceVideos: [CLIP], referenceImages: [PICTURE] });
    expect(sent.path).toBe('/v1/videos/omni-video');
    expect(body).toMatchObject({ video_list: [{ video_url: CLIP, refer_type: 'feature', keep_original_sound: 'no' }], image_list: [{ image_url: PICTURE }], mode: 'pro', duration: '5' });
    expect(cost).toBe(5n * 168_000_000n);
    expect(receipt).toMatchObject({ basis: 'counted', media: { video_ms: 5000, variant: '1080p/video' } });
    expect((await make(kling, { model, prompt: 'plain', size: '1920x1080', referenceImages: [PICTURE] })).cost).toBe(5n * 112_000_000n);
  }, TEST_MS_MAX);

  test.each<[string, string, object]>([
    ['referenceVideos', 'at most 1', { referenceVideos: [CLIP, CLIP] }], ['referenceVideos.0', 'by their address', { referenceVideos: [INLINE_CLIP] }],
    ['referenceVideos', 'at most 4 pictures', { referenceVideos: [CLIP], inputReference: PICTURE, referenceImages: [PICTURE, PICTURE, PICTURE, PICTURE] }],
  ])('takes no %s: %s', async (param, words, asked) => {
    expect(await refused({ model, ...asked })).toMatchObject({ code: 'invalid_request', param, message: expect.stringContaining(words) });
  });
});

describe('PixVerse', () => {
  const model = 'pixverse-5.5';

  test('is sent pictures of people and things, uploaded and named for the prompt', async () => {
    const pixel = `data:image/png;base64,${PIXEL.toString('base64')}`;
    const { cost, sent, body } = await make(pixverse, { model, prompt: '@image1 plays with @image2.', size: '720x1280', seconds: '8', referenceImages: [PICTURE, pixel], audioEnabled: false });
    expect(sent.path).toBe('/openapi/v2/video/fusion/generate');
    expect(body).toEqual({ model: 'v5.5', prompt: '@image1 plays with @image2 .', duration: 8, quality: '720p', aspect_ratio: '9:16', image_references: expect.anything() });
    expect(sent.body).toContain('"image_references":[{"type":"subject","img_id":9223372036854700001,"ref_name":"image1"},{"type":"subject","img_id":9223372036854700002,"ref_name":"image2"}]');
    expect(cost).toBe(8n * 150_000_000n);
  }, TEST_MS_MAX);

  test.each<[string, string, object]>([
    ['referenceImages', 'at most 7', { referenceImages: Array.from({ length: 8 }, () => PICTURE) }], ['referenceImages', 'not both', { referenceImages: [PICTURE], inputReference: PICTURE }],
    ['audioEnabled', 'no sound with references', { referenceImages: [PICTURE], audioEnabled: true }], ['referenceVideos', 'takes no referenceVideos', { referenceVideos: [CLIP] }],
  ])('takes no %s: %s', async (param, words, asked) => {
    expect(await refused({ model, ...asked })).toMatchObject({ code: 'invalid_request', param, message: expect.stringContaining(words) });
  });
});
