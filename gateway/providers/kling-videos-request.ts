/** This file writes Kling's requests: which endpoint makes a video of what was given, and its body. */
import { isJsonObject } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { base64Of, shapeOf, takeExtras, tierWithin, urlOf, warnOfLacking } from './video-fields.ts';
import type { Warn } from './video-fields.ts';
import type { VideoTier } from './video-size.ts';
import type { VideoPart, VideoRequest } from './video-wire.ts';

export type KlingEndpoint = 'text2video' | 'image2video' | 'omni-video';

export interface KlingRequest {
  readonly endpoint: KlingEndpoint;
  readonly body: JsonObject;
}

export interface KlingOptions {
  /** Kling's `model_name`: `kling-v3`, `kling-v2-6`, `kling-video-o1`, `kling-v3-omni`. */
  readonly model: string;
  /** Told to Kling as `external_task_id`, by which a lost task is found again; it refuses a second task of the same id (unverified). */
  readonly jobId: string;
  readonly warn: Warn;
}

const RATIOS = ['16:9', '9:16', '1:1'];
const TIERS: readonly [VideoTier, ...VideoTier[]] = ['720p', '1080p', '4k'];
const EXTRAS = ['negative_prompt', 'cfg_scale', 'camera_control', 'multi_shot', 'shot_type', 'multi_prompt', 'element_list', 'voice_list', 'static_mask', 'dynamic_masks', 'watermark_info'];

/** Writes a request. The omni models have an endpoint of their own; the others one for texts and one for first and last frames. */
export function writeKlingRequest(video: VideoRequest, options: KlingOptions): KlingRequest {
  const isOmni = /omni|-o\d/.test(options.model);
  const shape = shapeOf(video.size, RATIOS, options.warn);
  const base = {
    ...takeExtras(video.extra, EXTRAS, options.warn),
    model_name: options.model,
    external_task_id: options.jobId,
    ...(shape === null ? {} : { mode: modeOf(tierWithin(shape.tier, TIERS, options.warn)) }),
    ...(video.seconds === null ? {} : { duration: String(video.seconds) }),
  };
  const ratio = shape === null ? {} : { aspect_ratio: shape.ratio };
  if (isOmni) return { endpoint: 'omni-video', body: { ...base, ...ratio, ...omniFields(video, options) } };
  warnOfLacking(video, ['referenceImages', 'referenceVideos'], options.warn);
  const common = { ...base, prompt: video.prompt, ...soundOf(video), ...cameraOf(video, options.warn) };
  if (video.inputReference === null && video.endFrame === null) return { endpoint: 'text2video', body: { ...common, ...ratio } };
  if (shape !== null) options.warn('size', 'only how fine it is counts, its shape is the first frame\'s');
  return { endpoint: 'image2video', body: { ...common, ...imageField('image', video.inputReference), ...imageField('image_tail', video.endFrame) } };
}

/** `std` is 720p, `pro` 1080p, `4k` is for Kling 3 only. */
function modeOf(tier: VideoTier): string {
  if (tier === '4k') return '4k';
  return tier === '1080p' ? 'pro' : 'std';
}

function soundOf(video: VideoRequest): JsonObject {
  return video.audio === null ? {} : { sound: video.audio ? 'on' : 'off' };
}

function cameraOf(video: VideoRequest, warn: Warn): JsonObject {
  if (isJsonObject(video.motionControl)) return { camera_control: video.motionControl };
  if (video.motionControl !== null && video.motionControl !== undefined) warn('motionControl', 'dropped, it is not an object');
  return {};
}

/** Images go as addresses or as base64 without `data:` ("do not add any prefix", Image to Video, 2026). */
function imageField(name: 'image' | 'image_tail', part: VideoPart | null): JsonObject {
  return part === null ? {} : { [name]: base64Of(part) ?? urlOf(part) };
}

/**
 * The omni models take every input in lists: `image_list` with `first_frame` and `end_frame` among the references, and one video in
 * `video_list`, as a model of style (`refer_type: feature`). Camera movement is told in words.
 */
function omniFields(video: VideoRequest, { model, warn }: KlingOptions): JsonObject {
  const isO1 = !model.includes('omni');
  if (isO1 && video.audio === true) warn('generateAudio', 'dropped, this model makes no sound');
  const images = [
    ...listed(video.inputReference, 'first_frame'),
    ...listed(video.endFrame, 'end_frame'),
    ...video.referenceImages.map((part) => ({ image_url: base64Of(part) ?? urlOf(part) })),
  ];
  const [reference, ...others] = video.referenceVideos;
  if (others.length > 0) warn('referenceVideos', 'only the first is used, this model takes one');
  const hasVideo = reference?.kind === 'url' && !reference.url.startsWith('data:');
  if (reference !== undefined && !hasVideo) warn('referenceVideos', 'dropped, this model takes videos by address only');
  const movement = cameraWords(video.motionControl);
  if (movement !== null) warn('motionControl', 'written into the prompt, this model takes camera movement in words');
  else if (video.motionControl !== null && video.motionControl !== undefined) warn('motionControl', 'dropped, it names no camera movement');
  return {
    prompt: movement === null ? video.prompt : `${video.prompt}\nCamera movement: ${movement}.`,
    ...(images.length === 0 ? {} : { image_list: images }),
    ...(hasVideo ? { video_list: [{ video_url: reference.url, refer_type: 'feature', keep_original_sound: 'no' }] } : {}),
    ...(isO1 ? {} : soundOf(video)),
  };
}

function listed(part: VideoPart | null, type: 'first_frame' | 'end_frame'): object[] {
  return part === null ? [] : [{ image_url: base64Of(part) ?? urlOf(part), type }];
}

/** Kling's fixed movements (`camera_control.type`), in words. */
const MOVEMENTS: ReadonlyMap<string, string> = new Map([
  ['down_back', 'down and back'], ['forward_up', 'forward and up'],
  ['right_turn_forward', 'turning right while moving forward'], ['left_turn_forward', 'turning left while moving forward'],
]);

/** Kling's six axes (`camera_control.config`, from -10 to 10), in words for below and above 0. */
const AXES: readonly (readonly [axis: string, below: string, above: string])[] = [
  ['horizontal', 'moving left', 'moving right'], ['vertical', 'moving down', 'moving up'], ['pan', 'tilting down', 'tilting up'],
  ['tilt', 'turning left', 'turning right'], ['roll', 'rolling counterclockwise', 'rolling clockwise'], ['zoom', 'zooming in', 'zooming out'],
];

const SLIGHT = 3;
const STRONG = 7;

/** A camera movement in words; null when the object names none. */
function cameraWords(control: unknown): string | null {
  if (!isJsonObject(control)) return null;
  const { type, config } = control;
  const fixed = typeof type === 'string' ? MOVEMENTS.get(type) : undefined;
  if (fixed !== undefined) return fixed;
  const values = isJsonObject(config) ? config : control;
  const moves = AXES.flatMap(([axis, below, above]) => {
    const value = values[axis];
    if (typeof value !== 'number' || value === 0 || !Number.isFinite(value)) return [];
    const size = Math.abs(value);
    const how = size <= SLIGHT ? ' slightly' : size >= STRONG ? ' strongly' : '';
    return [`${value < 0 ? below : above}${how}`];
  });
  return moves.length === 0 ? null : moves.join(', ');
}
