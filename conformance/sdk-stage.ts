/** This file starts the gateways of the matrix, whose providers are replaying upstreams, each with a proxy in front that judges every reply. */
import { startJudgingProxy } from './judging-proxy.ts';
import type { Judged, JudgingProxy } from './judging-proxy.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import { mediaScenery } from './sdk-media-scenes.ts';
import { chatScenery } from './sdk-scenes.ts';
import type { Scene, Scenery } from './sdk-scenes.ts';
import { startServer } from './server-under-test.ts';
import type { ServerOptions, ServerUnderTest } from './server-under-test.ts';
import { startVideoUpstream } from './video-upstreams.ts';
import type { VideoVendorName } from './video-vendors.ts';

/** A gateway and the proxy in front of it. */
export interface SdkLane {
  readonly server: ServerUnderTest;
  readonly proxy: JudgingProxy;
}

export interface SdkStage {
  readonly lanes: readonly SdkLane[];
  laneOf(scene: Scene): SdkLane;
  close(): Promise<void>;
}

/** Every scene of the matrix. */
export const scenery: Scenery = [chatScenery(), mediaScenery()].reduce((left, right) => ({ scenes: [...left.scenes, ...right.scenes], upstreams: [...left.upstreams, ...right.upstreams] }));

/** What is wrong with a reply by either contract; null when nothing is. */
export function faultOf({ fault, openAiFault }: Judged): string | null {
  return fault ?? openAiFault;
}

/** What is wrong with all that was judged, whoever asked for it. */
export function faultsOfAll(judged: readonly Judged[]): string[] {
  return judged.flatMap((one) => {
    const fault = faultOf(one);
    return fault === null ? [] : [`${one.operation} of ${one.model}: ${fault}`];
  });
}

/** Starts it all. */
export async function openSdkStage(): Promise<SdkStage> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => { for (const step of closing.reverse()) await step(); };
  try {
    const upstream = await startReplayUpstream();
    closing.push(() => upstream.close());
    for (const { upstreamModel, replay } of scenery.upstreams) upstream.play(upstreamModel, replay);
    const main = await openLane(closing, {
      env: {
        VLLM_BASE_URL: upstream.url, OPENAI_API_KEY: KEY, OPENAI_BASE_URL: upstream.url, ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: upstream.url, GEMINI_API_KEY: KEY, GEMINI_BASE_URL: upstream.url,
      },
      config: { models: scenery.upstreams.flatMap(({ rows }) => rows) },
    });
    const videos = await openLane(closing, await videoOptions(closing));
    return { lanes: [main, videos], laneOf: ({ endpoint }) => (endpoint === 'videos' ? videos : main), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openLane(closing: (() => Promise<unknown>)[], options: ServerOptions): Promise<SdkLane> {
  const server = await startServer(options);
  closing.push(() => server.stop());
  const proxy = await startJudgingProxy(server.url);
  closing.push(() => proxy.close());
  return { server, proxy };
}

/** A gateway whose every vendor of videos is an upstream of its own. */
async function videoOptions(closing: (() => Promise<unknown>)[]): Promise<ServerOptions> {
  const env: Record<string, string> = {};
  for (const [vendor, name] of VENDORS) {
    const upstream = await startVideoUpstream(vendor, { key: KEY });
    closing.push(() => upstream.close());
    Object.assign(env, { [`${name}_API_KEY`]: KEY, [`${name}_BASE_URL`]: upstream.url });
  }
  const mapped = (id: string, provider: string, model: string): object => ({
    id, name: id, tier: 'basic', context_window: 0, max_output_tokens: null, kinds: ['video'], output_modalities: ['video'], targets: [{ provider, model, unpriced: true }],
  });
  return {
    env, limits: { videoPollMs: 20, jobLookMs: 50 },
    // What the vendors' links lead to is this machine.
    config: { guard: { allow: ['127.0.0.1', 'localhost'] }, models: [mapped('mapped/sora', 'openai', 'sora-2'), mapped('mapped/openrouter', 'openrouter', 'kwaivgi/kling-v3.0-std')] },
  };
}

const KEY = 'sk-matrix-0123456789';
const VENDORS: readonly (readonly [VideoVendorName, string])[] = [['openai', 'OPENAI'], ['gemini', 'GEMINI'], ['openrouter', 'OPENROUTER'], ['kling', 'KLING'], ['seedance', 'ARK'], ['pixverse', 'PIXVERSE']];
