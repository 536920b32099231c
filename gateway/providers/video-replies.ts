/** This file makes what the wires for videos say of their upstreams' replies: states, and failures with a code. */
import { scrub } from '../foundation/scrub.ts';
import { stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { VideoDownload, VideoState, VideoVariant } from './video-wire.ts';
import type { UpstreamFailure } from './wire.ts';

const MESSAGE_CHARS_MAX = 2000;
const DETAIL_CHARS_MAX = 500;

/** A job that waits or runs. */
export function openState(status: 'queued' | 'in_progress', progress: unknown = null): VideoState {
  return { status, progress: percentOf(progress), error: null, result: null, seconds: null };
}

/** A finished job. `result` is kept with it. */
export function completedState(result: JsonObject, seconds: number | null): VideoState {
  return { status: 'completed', progress: 100, error: null, result, seconds };
}

/** A job the upstream has given up. `message` is the upstream's; without one, ours. */
export function failedState(code: string, message: string | null): VideoState {
  const said = message === null || message.trim() === '' ? WORDS[code] ?? 'The provider could not make this video.' : scrub(message).slice(0, MESSAGE_CHARS_MAX);
  return { status: 'failed', progress: null, error: { code: code.slice(0, 100), message: said }, result: null, seconds: null };
}

const WORDS: Readonly<Record<string, string>> = {
  moderation_blocked: 'The provider refused this video for what it shows.',
  cancelled: 'The video was cancelled at the provider.',
  expired: 'The provider did not make this video in time.',
  deleted: 'The video was deleted at the provider.',
};

/** The code of a failed job: `moderation_blocked` when its words say so. */
export function failureCode(...words: readonly (string | null)[]): 'moderation_blocked' | 'generation_failed' {
  const isModeration = words.some((word) => word !== null && /moderat|sensitive|polic(?:y|ies)|safety|responsible ai|violat|prohibited|nsfw|risk control|copyright|likeness/i.test(word));
  return isModeration ? 'moderation_blocked' : 'generation_failed';
}

/** A reply that is not what its upstream documents. After a start it may have been taken, so it is not to be repeated. */
export function badReply(text: string, { isRetryable }: { readonly isRetryable: boolean }): UpstreamFailure {
  const detail = `not a reply of this wire: ${scrub(text).slice(0, DETAIL_CHARS_MAX)}`;
  return { code: 'upstream_bad_reply', isRetryable, message: null, param: null, upstream: null, retryAfterSeconds: null, detail };
}

function percentOf(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 && value <= 100 ? Math.floor(value) : null;
}

/** Seconds that came as a number or as text; null for anything else, or nothing. */
export function secondsOf(value: unknown): number | null {
  const seconds = typeof value === 'string' && /^\d{1,4}(?:\.\d{1,9})?$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && seconds > 0 && seconds < 10_000 ? seconds : null;
}

/** Whether an upstream's id can stand in a path as it is. */
export function isPlainId(id: string): boolean {
  return /^(?!\.{1,2}$)[\w.:=~-]{1,300}$/.test(id);
}

/** Whether a video can be fetched at this address. */
export function isWebUrl(url: string | null): url is string {
  return url !== null && /^https?:\/\/[^\s\\]+$/i.test(url) && URL.canParse(url);
}

/** Where a finished video lies, for upstreams that keep its address as `url` and have nothing but the video; null for anything else. */
export function linkOf(state: VideoState, variant: VideoVariant): VideoDownload | null {
  const url = stringAt(state.result, 'url');
  return variant === 'video' && state.status === 'completed' && isWebUrl(url) ? { kind: 'url', url, headers: {} } : null;
}
