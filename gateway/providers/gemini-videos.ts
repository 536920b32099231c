/** This file is the `gemini-videos` wire: Veo over the Gemini API's long-running operations. */
import { arrayAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Provider } from '../foundation/terms.ts';
import { authorization } from './authorization.ts';
import { classifyGeminiError } from './gemini-content-error.ts';
import { askFor, base64Of, createWarnings, inlineOf, postJson, shapeOf, takeExtras, tierWithin, warnOfLacking } from './video-fields.ts';
import type { Warn } from './video-fields.ts';
import { badReply, completedState, failedState, failureCode, isPlainId, isWebUrl, openState } from './video-replies.ts';
import type { VideoDownload, VideoPart, VideoStart, VideoStarted, VideoState, VideoWire } from './video-wire.ts';
import type { HttpRequest, UpstreamFailure } from './wire.ts';

/**
 * The wire of Veo: `models/{model}:predictLongRunning`, then the operation it names, then the file that names
 * (https://ai.google.dev/gemini-api/docs/video, 2026-11; the request as @ai-sdk/google 4.0 writes it). Files live two days (unverified).
 */
export const geminiVideosWire: VideoWire = {
  takesUrls: false,
  start: startVideo,
  readStart(text) {
    const name = stringAt(parseJson(text), 'name');
    if (name === null || !isOperation(name)) return badReply(text, { isRetryable: false });
    const state = readOperation(text);
    return 'detail' in state ? { ...state, isRetryable: false } : { upstreamId: name, state } satisfies VideoStarted;
  },
  poll: (target, upstreamId) => askFor({ method: 'GET', path: `/${upstreamId}`, provider: target.provider, key: apiKey(target.provider) }),
  readPoll: readOperation,
  content({ target, state }, variant) {
    return variant === 'video' && state.status === 'completed' ? download(target.provider, state.result) : null;
  },
  classify: classifyGeminiError,
};

function apiKey(provider: Provider): Record<string, string> {
  return authorization(provider, 'gemini-content');
}

/** `models/veo-…/operations/…` or `operations/…`; it stands in a path. */
function isOperation(name: string): boolean {
  return name.length <= 300 && name.split('/').every(isPlainId);
}

const RATIOS = ['16:9', '9:16'];
const TIERS = ['720p', '1080p', '4k'] as const;
const EXTRAS = ['seed', 'negativePrompt', 'personGeneration', 'enhancePrompt', 'resizeMode'];

function startVideo({ target, video }: VideoStart): HttpRequest {
  const { warn, lines } = createWarnings();
  warnOfLacking(video, ['referenceVideos', 'motionControl'], warn);
  if (video.audio === false) warn('generateAudio', 'dropped, Veo always makes sound');
  const { negative_prompt: negativePrompt, ...others } = video.extra;
  const shape = shapeOf(video.size, RATIOS, warn);
  const image = video.inputReference && imageOf(video.inputReference, 'inputReference', warn);
  const lastFrame = video.endFrame && imageOf(video.endFrame, 'endFrame', warn);
  const references = video.referenceImages.flatMap((part) => {
    const reference = imageOf(part, 'referenceImages', warn);
    return reference === null ? [] : [{ image: reference, referenceType: 'asset' }];
  });
  const instance = {
    prompt: video.prompt,
    ...(image === null ? {} : { image }),
    ...(lastFrame === null ? {} : { lastFrame }),
    ...(references.length === 0 ? {} : { referenceImages: references }),
  };
  const parameters = {
    ...takeExtras({ ...(negativePrompt === undefined ? {} : { negativePrompt }), ...others }, EXTRAS, warn),
    sampleCount: 1,
    ...(shape === null ? {} : { aspectRatio: shape.ratio, resolution: tierWithin(shape.tier, TIERS, warn) }),
    ...(video.seconds === null ? {} : { durationSeconds: video.seconds }),
  };
  const model = target.upstreamModel.replace(/^models\//, '');
  const path = `/models/${encodeURIComponent(model)}:predictLongRunning`;
  return postJson({ path, provider: target.provider, key: apiKey(target.provider) }, JSON.stringify({ instances: [instance], parameters }), lines());
}

/** Veo takes bytes and what lies in Google's own storage, no other addresses. */
function imageOf(part: VideoPart, field: string, warn: Warn): JsonObject | null {
  if (part.kind === 'url' && part.url.startsWith('gs://')) return { gcsUri: part.url, mimeType: 'image/png' };
  const inline = inlineOf(part);
  if (inline === null) {
    warn(field, 'dropped, Veo takes images as data URLs only');
    return null;
  }
  return { bytesBase64Encoded: base64Of(part) ?? '', mimeType: inline.contentType === 'application/octet-stream' ? 'image/png' : inline.contentType };
}

/**
 * Reads a `google.longrunning.Operation`. What Google's filters held back ends as a finished operation without a video, and says why in
 * `raiMediaFilteredReasons` (https://ai.google.dev/gemini-api/docs/video, 2026-11); it is not charged.
 */
function readOperation(text: string): VideoState | UpstreamFailure {
  const operation = parseJson(text);
  if (!isJsonObject(operation) || typeof operation['name'] !== 'string') return badReply(text, { isRetryable: true });
  if (operation['done'] !== true) return openState('in_progress', objectAt(operation, 'metadata')?.['progressPercent'] ?? null);
  const error = objectAt(operation, 'error');
  if (error !== null) {
    const message = stringAt(error, 'message');
    return failedState(failureCode(message), message);
  }
  const response = objectAt(operation, 'response');
  const made = objectAt(response, 'generateVideoResponse') ?? response;
  const video = objectAt(arrayAt(made, 'generatedSamples')[0], 'video') ?? objectAt(arrayAt(made, 'generatedVideos')[0], 'video');
  const uri = stringAt(video, 'uri');
  const inline = stringAt(video, 'encodedVideo') ?? stringAt(video, 'bytesBase64Encoded');
  if (isWebUrl(uri)) return completedState({ uri }, null);
  if (inline !== null && inline !== '') return completedState({ inline }, null);
  const reasons = arrayAt(made, 'raiMediaFilteredReasons').filter((reason) => typeof reason === 'string');
  const isFiltered = reasons.length > 0 || Number(made?.['raiMediaFilteredCount'] ?? 0) > 0;
  return isFiltered ? failedState('moderation_blocked', reasons.join(' ')) : failedState('generation_failed', 'The provider finished without a video.');
}

/**
 * A file of Google's is asked for at the provider's own address whatever host its URI names, so that the key goes nowhere else; any other
 * address is asked without it. The key is a header, never `?key=`: a redirect would carry it on.
 */
function download(provider: Provider, result: JsonObject | null): VideoDownload | null {
  const inline = stringAt(result, 'inline');
  if (inline !== null) return { kind: 'bytes', contentType: 'video/mp4', bytes: Buffer.from(inline, 'base64') };
  const uri = stringAt(result, 'uri');
  if (!isWebUrl(uri)) return null;
  const { pathname } = new URL(uri);
  const file = /\/files\/([\w.-]{1,200}:download)$/.exec(pathname)?.[1];
  if (file === undefined) return { kind: 'url', url: uri, headers: {} };
  return askFor({ method: 'GET', path: `/files/${file}?alt=media`, provider, key: apiKey(provider), accept: '*/*' });
}
