/** This file is the registry of wires for videos. */
import type { SignHs256 } from '../foundation/hmac.ts';
import type { Provider, WireName } from '../foundation/terms.ts';
import { geminiVideosWire } from './gemini-videos.ts';
import { createKlingVideosWire } from './kling-videos.ts';
import { openaiVideosWire } from './openai-videos.ts';
import { openrouterVideosWire } from './openrouter-videos.ts';
import { createPixverseVideosWire } from './pixverse-videos.ts';
import { createSandboxVideosWire } from './sandbox-videos.ts';
import { seedanceVideosWire } from './seedance-videos.ts';
import type { VideoWire } from './video-wire.ts';

/** Gives the wire of a provider for videos; null when it makes none. */
export type VideoWireOf = (provider: Pick<Provider, 'wire' | 'wires'>) => VideoWire | null;

export interface VideoWireParts {
  /** Wall time in milliseconds. */
  readonly nowMs: () => number;
  /** A fresh UUID for each request. */
  readonly newTraceId: () => string;
  readonly sign: SignHs256;
}

const MS_PER_SECOND = 1000;

/** Makes the registry. */
export function createVideoWires({ nowMs, newTraceId, sign }: VideoWireParts): VideoWireOf {
  const wires: Readonly<Partial<Record<WireName, VideoWire>>> = {
    'openai-chat': openaiVideosWire,
    'gemini-content': geminiVideosWire,
    'openrouter-videos': openrouterVideosWire,
    'seedance-videos': seedanceVideosWire,
    'kling-videos': createKlingVideosWire({ sign, nowSeconds: () => Math.floor(nowMs() / MS_PER_SECOND) }),
    'pixverse-videos': createPixverseVideosWire({ newTraceId }),
    sandbox: createSandboxVideosWire({ nowMs }),
  };
  return (provider) => wires[provider.wires?.video ?? provider.wire] ?? null;
}
