/** This file holds what the tests of the wires for videos share: the wires, targets, requests, and what a state must be. */
import { signHs256 } from '../foundation/hmac.ts';
import type { Provider, Target } from '../foundation/terms.ts';
import { geminiVideosWire } from './gemini-videos.ts';
import { createKlingVideosWire } from './kling-videos.ts';
import { openaiVideosWire } from './openai-videos.ts';
import { openrouterVideosWire } from './openrouter-videos.ts';
import { createPixverseVideosWire } from './pixverse-videos.ts';
import { createSandboxVideosWire } from './sandbox-videos.ts';
import { seedanceVideosWire } from './seedance-videos.ts';
import type { VideoRequest, VideoStart, VideoState, VideoWire } from './video-wire.ts';
import type { UpstreamFailure } from './wire.ts';

export interface NamedVideoWire {
  readonly wire: VideoWire;
  /** A model of its vendor's. */
  readonly model: string;
}

let traces = 0;
const newTraceId = (): string => `00000000-0000-4000-8000-${String(++traces).padStart(12, '0')}`;

/** The wires of upstreams. */
export const upstreamVideoWires = {
  openai: { wire: openaiVideosWire, model: 'sora-2' },
  gemini: { wire: geminiVideosWire, model: 'veo-3.1-generate-preview' },
  openrouter: { wire: openrouterVideosWire, model: 'google/veo-3.1' },
  kling: { wire: createKlingVideosWire({ sign: signHs256, nowSeconds: () => 1_800_000_000 }), model: 'kling-v3' },
  seedance: { wire: seedanceVideosWire, model: 'dreamina-seedance-2-0-260128' },
  pixverse: { wire: createPixverseVideosWire({ newTraceId }), model: 'v5.5' },
} satisfies Readonly<Record<string, NamedVideoWire>>;

export const allVideoWires: Readonly<Record<string, NamedVideoWire>> = {
  ...upstreamVideoWires,
  sandbox: { wire: createSandboxVideosWire({ nowMs: () => 1_800_000_000_000 }), model: 'video' },
};

export function isFailure(value: object | null): value is UpstreamFailure {
  return value !== null && 'isRetryable' in value;
}

/** What is wrong with a state; nothing, as a rule. */
export function oddities({ status, error, result, progress }: VideoState): string[] {
  return [
    ...(['queued', 'in_progress', 'completed', 'failed'].includes(status) ? [] : ['status']),
    ...((error !== null) === (status === 'failed') && error?.message !== '' ? [] : ['error']),
    ...((result !== null) === (status === 'completed') ? [] : ['result']),
    ...(progress === null || (Number.isInteger(progress) && progress >= 0 && progress <= 100) ? [] : ['progress']),
  ];
}

export const JOB_ID = 'video_0198f3a2b4c57d6e8f90a1b2c3d4e5f6';
export const PNG = { kind: 'bytes', contentType: 'image/png', bytes: Uint8Array.from([0x89, 0x50, 0x4e, 0x47]) } as const;
export const PNG_DATA_URL = 'data:image/png;base64,iVBORw==';
export const PNG_URL = { kind: 'url', url: 'https://example.com/first.png' } as const;
export const MP4_URL = { kind: 'url', url: 'https://example.com/walk.mp4' } as const;

export interface TargetParts {
  readonly baseUrl?: string;
  readonly apiKey?: string | null;
  readonly options?: Readonly<Record<string, string>>;
}

/** A target of a provider that takes the key `sk-video`. */
export function targetOf(upstreamModel: string, { baseUrl = 'https://upstream.example/base', apiKey = 'sk-video', options = {} }: TargetParts = {}): Target {
  const provider: Provider = { id: 'p', name: 'P', wire: 'openai-chat', baseUrl, apiKey, headers: { 'X-Title': 'Interline' }, quirks: {} };
  return { id: `p/${upstreamModel}`, provider, upstreamModel, price: null, quirks: {}, options };
}

const EMPTY: VideoRequest = {
  prompt: 'A dog surfs', seconds: null, size: null, inputReference: null, endFrame: null, referenceImages: [], referenceVideos: [], audio: null, motionControl: null, extra: {},
};

/** A start of a video. */
export function startOf(target: Target, video: Partial<VideoRequest> = {}, prepared: readonly string[] = []): VideoStart {
  return { target, video: { ...EMPTY, ...video }, jobId: JOB_ID, prepared };
}

/** The JSON of a request's body. */
export function jsonOf(request: { readonly kind: string; readonly body?: string | Uint8Array }): unknown {
  return typeof request.body === 'string' ? JSON.parse(request.body) : null;
}
