/** This file makes a video at each vendor through the gateway: as it should be, lost, refused, failed and broken off, and never twice. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { askJson, balanceOf, makePayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { call } from './raw-client.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import { startVideoUpstream } from './video-upstreams.ts';
import type { VideoPlan, VideoUpstream } from './video-upstreams.ts';
import type { VideoVendorName } from './video-vendors.ts';

interface Lane {
  readonly vendor: VideoVendorName;
  readonly model: string;
  readonly env: Readonly<Record<string, string>>;
  readonly baseUrlEnv: string;
  /** Whether it can be asked for a job whose start had no answer. */
  readonly canFind?: boolean;
}

const KEY = 'sk-vendor-0123456789';
const lanes: readonly Lane[] = [
  { vendor: 'openai', model: 'mapped/sora', env: { OPENAI_API_KEY: KEY }, baseUrlEnv: 'OPENAI_BASE_URL' },
  { vendor: 'gemini', model: 'veo-3.1-generate-preview', env: { GEMINI_API_KEY: KEY }, baseUrlEnv: 'GEMINI_BASE_URL' },
  { vendor: 'openrouter', model: 'mapped/openrouter', env: { OPENROUTER_API_KEY: KEY }, baseUrlEnv: 'OPENROUTER_BASE_URL' },
  { vendor: 'kling', model: 'kling-3.0', env: { KLING_API_KEY: KEY }, baseUrlEnv: 'KLING_BASE_URL', canFind: true },
  { vendor: 'seedance', model: 'seedance-2.0', env: { ARK_API_KEY: KEY }, baseUrlEnv: 'ARK_BASE_URL' },
  { vendor: 'pixverse', model: 'pixverse-5.5', env: { PIXVERSE_API_KEY: KEY }, baseUrlEnv: 'PIXVERSE_BASE_URL' },
];
const mapped = (id: string, provider: string, model: string): object => ({
  id, name: id, tier: 'basic', context_window: 0, max_output_tokens: null, kinds: ['video'], output_modalities: ['video'],
  targets: [{ provider, model, price: { input: 0, output: 0, media: { video_second: 100_000_000 } } }],
});
const START_MS_MAX = 60_000;
const TEST_MS_MAX = 20_000;
const GRANT = 1_000_000_000_000n;

describe.each(lanes)('a video by $vendor', ({ vendor, model, env, baseUrlEnv, canFind }) => {
  let upstream: VideoUpstream;
  let server: ServerUnderTest;
  let payer: Payer;
  beforeAll(async () => {
    upstream = await startVideoUpstream(vendor, { key: KEY });
    server = await startServer({
      env: { ...env, [baseUrlEnv]: upstream.url }, limits: { videoPollMs: 20, jobLookMs: 50 },
      // What the vendors' links lead to is this machine.
      config: { guard: { allow: ['127.0.0.1', 'localhost'] }, models: [mapped('mapped/sora', 'openai', 'sora-2'), mapped('mapped/openrouter', 'openrouter', 'kwaivgi/kling-v3.0-std')] },
    });
    payer = await makePayer(server, { billing: 'balance', nanoUsd: GRANT });
  }, START_MS_MAX);
  afterAll(async () => {
    await stopServers();
    await upstream.close();
  });

  const make = async (prompt: string, plan: VideoPlan): Promise<{ video: Record<string, unknown>; cost: bigint }> => {
    upstream.plan(prompt, plan);
    const before = await balanceOf(server, payer.key);
    const as = { url: server.url, key: payer.key };
    const { id } = await askJson(as, { path: '/v1/videos', body: { model, prompt } });
    const video = await eventually(async () => {
      const now = await askJson(as, { path: `/v1/videos/${String(id)}` });
      return now['status'] === 'completed' || now['status'] === 'failed' ? now : null;
    }, TEST_MS_MAX);
    return { video, cost: before - await balanceOf(server, payer.key) };
  };
  const taken = (prompt: string): number => upstream.jobs.filter((job) => job.prompt === prompt).length;

  test.each<[string, VideoPlan]>([
    ['is made and paid', { polls: 3 }], ['is made though polls fail', { polls: 1, brokenPolls: 2 }], ['is made though a download breaks off', { brokenDownloads: 1 }],
    ['is made and fetched from elsewhere, without the key', { redirects: true }],
  ])('%s', async (prompt, plan) => {
    const { video, cost } = await make(prompt, plan);
    expect(video).toMatchObject({ status: 'completed', progress: 100 });
    expect(cost).toBeGreaterThan(0n);
    expect(taken(prompt)).toBe(1);
    const content = await call(server.url, { path: `/v1/videos/${String(video['id'])}/content`, key: payer.key });
    expect({ status: content.status, type: content.headers['content-type'], head: content.body.subarray(4, 8).toString() }).toEqual({ status: 200, type: 'video/mp4', head: 'ftyp' });
    expect(upstream.leaks).toEqual([]);
  }, TEST_MS_MAX);

  test.each<[string, VideoPlan]>([
    ['refused', { submit: 'refuse' }], ['refused for what it would show', { submit: 'moderate' }], ['failed', { ending: 'failed' }], ['moderated', { ending: 'moderated' }],
    ['answered with an error of the server', { submit: 'break' }], ['dropped', { submit: 'drop' }],
  ])('that is %s costs nothing', async (prompt, plan) => {
    const { video, cost } = await make(prompt, plan);
    expect(video).toMatchObject({ status: 'failed', error: { message: expect.stringMatching(/./) } });
    expect(cost).toBe(0n);
    expect(taken(prompt)).toBeLessThanOrEqual(1);
  }, TEST_MS_MAX);

  test.each<[string, VideoPlan]>([['lost', { submit: 'lose' }], ['garbled', { submit: 'garble' }]])('whose start is %s is found again where the vendor can be asked, else free; and never submitted twice', async (prompt, plan) => {
    const { video, cost } = await make(prompt, plan);
    expect(video['status']).toBe(canFind === true ? 'completed' : 'failed');
    expect(cost > 0n).toBe(canFind === true);
    expect(taken(prompt)).toBe(1);
  }, TEST_MS_MAX);
});
