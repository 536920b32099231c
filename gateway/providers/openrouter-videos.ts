/** This file is the `openrouter-videos` wire: OpenRouter's one asynchronous API for many models' videos. */
import { arrayAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import { bearer } from './authorization.ts';
import { classifyOpenAiError } from './openai-error.ts';
import { askFor, createWarnings, postJson, shapeOf, takeExtras, tierWithin, urlOf, warnOfLacking } from './video-fields.ts';
import { badReply, completedState, failedState, failureCode, isPlainId, openState } from './video-replies.ts';
import type { VideoPart, VideoStart, VideoState, VideoWire } from './video-wire.ts';
import type { HttpRequest, UpstreamFailure } from './wire.ts';

/**
 * The wire of OpenRouter's `/api/v1/videos`: submit, poll, and `/content?index=0` with the key
 * (https://openrouter.ai/docs/api_reference/videos and …/api-reference/video-generation/create-videos, 2026-11).
 */
export const openrouterVideosWire: VideoWire = {
  takesUrls: true,
  start: startVideo,
  readStart(text) {
    const upstreamId = stringAt(parseJson(text), 'id');
    const state = readVideo(text);
    if ('detail' in state || upstreamId === null || !isPlainId(upstreamId)) return badReply(text, { isRetryable: false });
    return { upstreamId, state };
  },
  poll: (target, upstreamId) => askFor({ method: 'GET', path: `/videos/${upstreamId}`, provider: target.provider, key: bearer(target.provider) }),
  readPoll: readVideo,
  // `unsigned_urls` names this same address; it is written here, so that the key goes only where the operator said.
  content({ target, upstreamId, state }, variant) {
    if (variant !== 'video' || state.status !== 'completed') return null;
    return askFor({ method: 'GET', path: `/videos/${upstreamId}/content?index=0`, provider: target.provider, key: bearer(target.provider), accept: '*/*' });
  },
  classify: classifyOpenAiError,
};

const RATIOS = ['16:9', '9:16', '1:1', '4:3', '3:4', '3:2', '2:3', '21:9', '9:21'];
const TIERS = ['480p', '720p', '1080p', '4k'] as const;
const EXTRAS = ['seed', 'provider'];

function startVideo({ target, video }: VideoStart): HttpRequest {
  const { warn, lines } = createWarnings();
  warnOfLacking(video, ['motionControl'], warn);
  const shape = shapeOf(video.size, RATIOS, warn);
  const tier = shape && tierWithin(shape.tier, TIERS, warn);
  const frames = [...frameOf(video.inputReference, 'first_frame'), ...frameOf(video.endFrame, 'last_frame')];
  const references = [
    ...video.referenceImages.map((part) => ({ type: 'image_url', image_url: { url: urlOf(part) } })),
    // The documents show images only; videos are written after the same pattern (unverified).
    ...video.referenceVideos.map((part) => ({ type: 'video_url', video_url: { url: urlOf(part) } })),
  ];
  const body = {
    ...takeExtras(video.extra, EXTRAS, warn),
    model: target.upstreamModel,
    prompt: video.prompt,
    ...(video.seconds === null ? {} : { duration: video.seconds }),
    ...(shape === null ? {} : { aspect_ratio: shape.ratio, resolution: tier === '4k' ? '4K' : tier }),
    ...(frames.length === 0 ? {} : { frame_images: frames }),
    ...(references.length === 0 ? {} : { input_references: references }),
    ...(video.audio === null ? {} : { generate_audio: video.audio }),
  };
  return postJson({ path: '/videos', provider: target.provider, key: bearer(target.provider) }, JSON.stringify(body), lines());
}

function frameOf(part: VideoPart | null, frame: 'first_frame' | 'last_frame'): object[] {
  return part === null ? [] : [{ type: 'image_url', image_url: { url: urlOf(part) }, frame_type: frame }];
}

/** Reads a job. `usage.cost`, in USD, is kept with what it made. */
function readVideo(text: string): VideoState | UpstreamFailure {
  const job = parseJson(text);
  if (!isJsonObject(job)) return badReply(text, { isRetryable: true });
  const { status, progress } = job;
  const message = stringAt(job, 'error') ?? stringAt(objectAt(job, 'error'), 'message');
  switch (status) {
    case 'pending':
    case 'queued': return openState('queued', progress);
    case 'in_progress': return openState('in_progress', progress);
    case 'completed': {
      const usage = objectAt(job, 'usage');
      return completedState({ videos: arrayAt(job, 'unsigned_urls').length, ...(usage === null ? {} : { usage }) }, null);
    }
    case 'failed': return failedState(failureCode(message), message);
    case 'cancelled':
    case 'expired': return failedState(status, message);
    default: return badReply(text, { isRetryable: true });
  }
}
