/** This file is the `pixverse-videos` wire: PixVerse's platform API. */
import { isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Provider } from '../foundation/terms.ts';
import { writeMultipart } from './multipart-body.ts';
import { classifyPixverseError } from './pixverse-videos-error.ts';
import { askFor, createWarnings, inlineOf, postJson, shapeOf, takeExtras, tierWithin, urlOf, warnOfLacking } from './video-fields.ts';
import { badReply, completedState, failedState, isWebUrl, linkOf, openState } from './video-replies.ts';
import type { VideoPart, VideoStart, VideoStarted, VideoState, VideoWire } from './video-wire.ts';
import type { HttpRequest, UpstreamFailure } from './wire.ts';

export interface PixverseParts {
  /** A fresh UUID. */
  readonly newTraceId: () => string;
}

const PREFIX = '/openapi/v2';

/**
 * The wire of PixVerse: images are uploaded first, then `/openapi/v2/video/{text|img|transition|fusion}/generate`, then `/video/result/{id}`
 * (https://docs.platform.pixverse.ai: "Text-to-Video generation", "Transition", "Fusion(reference to video) generation", "Upload Image", "Get Video
 * Generation Status", 2026-11).
 * Every request needs an `Ai-trace-id` of its own; a start gets one made of the job's id, because a repeated id is said to give the first
 * answer again (unverified), and a video is not to be made twice. Ids are larger than JavaScript's numbers: they are kept as text.
 */
export function createPixverseVideosWire({ newTraceId }: PixverseParts): VideoWire {
  return {
    takesUrls: true,
    prepare: {
      requests: (start) => imagesOf(start).map((part) => upload(part, start, newTraceId())),
      read: (text) => idAt(text, 'img_id') ?? failureOf(text, true),
    },
    start: (start) => startVideo(start, traceIdOf(start.jobId) ?? newTraceId()),
    readStart: readStarted,
    poll(target, upstreamId) {
      return askFor({ method: 'GET', path: `${PREFIX}/video/result/${upstreamId}`, provider: target.provider, key: headersOf(target.provider, newTraceId()) });
    },
    readPoll: readResult,
    content: ({ state }, variant) => linkOf(state, variant),
    classify: classifyPixverseError,
  };
}

function headersOf({ apiKey }: Provider, traceId: string): Record<string, string> {
  return { 'Ai-trace-id': traceId, ...(apiKey === null ? {} : { 'API-KEY': apiKey }) };
}

/** A job's id is 32 hexadecimal digits after its prefix: a UUID without its hyphens. Null for any other id. */
function traceIdOf(jobId: string): string | null {
  const hex = /(?:^|_)([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/.exec(jobId);
  return hex ? hex.slice(1).join('-') : null;
}

/** The images to upload: references, or else a first frame, and with one a last frame. */
function imagesOf({ video }: Pick<VideoStart, 'video'>): readonly VideoPart[] {
  if (video.referenceImages.length > 0) return video.referenceImages;
  if (video.inputReference === null) return [];
  return video.endFrame === null ? [video.inputReference] : [video.inputReference, video.endFrame];
}

function upload(part: VideoPart, { target, jobId }: Omit<VideoStart, 'prepared'>, traceId: string): HttpRequest {
  const inline = inlineOf(part);
  const field = inline === null
    ? { name: 'image_url', value: urlOf(part) }
    : { name: 'image', fileName: `image.${inline.contentType.split('/')[1] ?? 'png'}`, contentType: inline.contentType, value: inline.bytes };
  const { contentType, body } = writeMultipart([field], jobId);
  const request = askFor({ method: 'POST', path: `${PREFIX}/image/upload`, provider: target.provider, key: headersOf(target.provider, traceId) });
  return { ...request, headers: { ...request.headers, 'content-type': contentType }, body };
}

const RATIOS = ['16:9', '9:16', '1:1', '4:3', '3:4'];
const TIERS = ['360p', '540p', '720p', '1080p'] as const;
const EXTRAS = ['seed', 'negative_prompt', 'style', 'template_id', 'motion_mode', 'camera_movement', 'generate_multi_clip_switch', 'thinking_type'];

function startVideo(start: VideoStart, traceId: string): HttpRequest {
  const { target, video, prepared } = start;
  if (video.referenceImages.length > 0) return startFusion(start, traceId);
  const { warn, lines } = createWarnings();
  warnOfLacking(video, ['referenceVideos', 'motionControl'], warn);
  if (video.endFrame !== null && video.inputReference === null) warn('endFrame', 'dropped, PixVerse takes it with inputReference only');
  const shape = shapeOf(video.size, RATIOS, warn);
  const [first, last] = prepared.filter(isId);
  if (first !== undefined && shape !== null) warn('size', 'only how fine it is counts, its shape is the first frame\'s');
  const body = {
    ...takeExtras(video.extra, EXTRAS, warn),
    model: target.upstreamModel,
    prompt: video.prompt,
    ...(video.seconds === null ? {} : { duration: video.seconds }),
    ...(shape === null ? {} : { quality: tierWithin(shape.tier, TIERS, warn) }),
    ...(shape === null || first !== undefined ? {} : { aspect_ratio: shape.ratio }),
    ...(video.audio === null ? {} : { generate_audio_switch: video.audio }),
  };
  const [kind, images] = imageFields(first, last);
  const parts = { path: `${PREFIX}/video/${kind}/generate`, provider: target.provider, key: headersOf(target.provider, traceId) };
  return postJson(parts, `${JSON.stringify(body).slice(0, -1)}${images}}`, lines());
}

/** Models whose fusion has no switch for sound ("supports v5.6/c1", Fusion generation, 2026-11). */
const SILENT_FUSION = /^v(?:4\.5|5|5\.5)$/;

/** A video of things and people as pictures show them, each with a name that the prompt calls it by: `@image1` is the first. */
function startFusion({ target, video, prepared }: VideoStart, traceId: string): HttpRequest {
  const { warn, lines } = createWarnings();
  warnOfLacking(video, ['inputReference', 'endFrame', 'referenceVideos', 'motionControl'], warn);
  const shape = shapeOf(video.size, RATIOS, warn);
  const isSilent = SILENT_FUSION.test(target.upstreamModel);
  if (isSilent && video.audio === true) warn('generateAudio', 'dropped, this model makes no sound with references');
  const body = {
    ...takeExtras(video.extra, ['seed'], warn),
    model: target.upstreamModel,
    prompt: withNames(video.prompt, prepared.length),
    ...(video.seconds === null ? {} : { duration: video.seconds }),
    ...(shape === null ? {} : { quality: tierWithin(shape.tier, TIERS, warn), aspect_ratio: shape.ratio }),
    ...(isSilent || video.audio === null ? {} : { generate_audio_switch: video.audio }),
  };
  const references = prepared.filter(isId).map((id, at) => `{"type":"subject","img_id":${id},"ref_name":"image${at + 1}"}`);
  const parts = { path: `${PREFIX}/video/fusion/generate`, provider: target.provider, key: headersOf(target.provider, traceId) };
  return postJson(parts, `${JSON.stringify(body).slice(0, -1)},"image_references":[${references.join(',')}]}`, lines());
}

/** A name is followed by a space. A prompt that calls none of them is given all. */
function withNames(prompt: string, count: number): string {
  const spaced = prompt.replace(/@image\d+(?!\d|\s)/g, (name) => `${name} `);
  if (/@image\d/.test(prompt)) return spaced;
  return `${Array.from({ length: count }, (_, at) => `@image${at + 1} `).join('')}${prompt}`;
}

function isId(text: string): boolean {
  return /^\d{1,20}$/.test(text);
}

/** The images' ids as JSON: digits, for numbers that JavaScript's own can't hold. */
function imageFields(first: string | undefined, last: string | undefined): readonly [kind: string, json: string] {
  if (first === undefined) return ['text', ''];
  return last === undefined ? ['img', `,"img_id":${first}`] : ['transition', `,"first_frame_img":${first},"last_frame_img":${last}`];
}

/** `Resp` of a reply; null when it says an error. */
function respOf(text: string): JsonObject | null {
  const reply = parseJson(text);
  return isJsonObject(reply) && reply['ErrCode'] === 0 ? objectAt(reply, 'Resp') : null;
}

/** An id within `Resp`, as the digits that were sent. */
function idAt(text: string, name: string): string | null {
  const value = respOf(text)?.[name];
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) return value;
  if (typeof value !== 'number' || value <= 0) return null;
  return new RegExp(`"${name}"\\s*:\\s*(\\d{1,20})\\s*[,}]`).exec(text)?.[1] ?? null;
}

/** PixVerse says no with a 200 and a code of its own. */
function failureOf(text: string, isRetryable: boolean): UpstreamFailure {
  const reply = parseJson(text);
  const code = isJsonObject(reply) ? reply['ErrCode'] : null;
  return typeof code === 'number' && code !== 0 ? classifyPixverseError(200, {}, text) : badReply(text, { isRetryable });
}

function readStarted(text: string): VideoStarted | UpstreamFailure {
  const upstreamId = idAt(text, 'video_id');
  return upstreamId === null ? failureOf(text, false) : { upstreamId, state: openState('queued') };
}

/** Reads a result: 1 is done, 5 is being made, 6 deleted, 7 refused for what it shows, 8 failed; 2, 3, 9 and 10 as an older client knows them. */
function readResult(text: string): VideoState | UpstreamFailure {
  const resp = respOf(text);
  if (resp === null) return failureOf(text, true);
  switch (resp['status']) {
    case 1: {
      const url = stringAt(resp, 'url');
      return isWebUrl(url) ? completedState({ url }, null) : badReply(text, { isRetryable: true });
    }
    case 0:
    case 2: return openState('queued');
    case 3:
    case 5: return openState('in_progress');
    case 6: return failedState('deleted', null);
    case 7:
    case 10: return failedState('moderation_blocked', null);
    case 8:
    case 9: return failedState('generation_failed', null);
    default: return badReply(text, { isRetryable: true });
  }
}
