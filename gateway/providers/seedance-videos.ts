/** This file is the `seedance-videos` wire: ByteDance's Seedance over ModelArk's tasks, at BytePlus and at Volcengine alike. */
import { countAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import { bearer } from './authorization.ts';
import { classifyOpenAiError } from './openai-error.ts';
import { askFor, createWarnings, inlineOf, postJson, shapeOf, takeExtras, tierWithin, urlOf, warnOfLacking } from './video-fields.ts';
import type { Warn } from './video-fields.ts';
import { badReply, completedState, failedState, failureCode, isPlainId, isWebUrl, linkOf, openState, secondsOf } from './video-replies.ts';
import { readSize } from './video-size.ts';
import type { VideoPart, VideoRequest, VideoStart, VideoState, VideoWire } from './video-wire.ts';
import type { HttpRequest, UpstreamFailure } from './wire.ts';

const PATH = '/contents/generations/tasks';

/**
 * The wire of ModelArk: POST, GET and DELETE `/contents/generations/tasks` (https://docs.byteplus.com/en/docs/ModelArk/1520757 and …/1521309, as of 2026;
 * read through copies and @ai-sdk/bytedance 1.0 on 2026-11-21). Links to videos live for 24 hours.
 */
export const seedanceVideosWire: VideoWire = {
  takesUrls: true,
  videosByAddress: true,
  chargedMs: readChargedMs,
  start: startVideo,
  readStart(text) {
    const upstreamId = stringAt(parseJson(text), 'id');
    if (upstreamId === null || !isPlainId(upstreamId)) return badReply(text, { isRetryable: false });
    return { upstreamId, state: openState('queued') };
  },
  poll: (target, upstreamId) => askFor({ method: 'GET', path: `${PATH}/${upstreamId}`, provider: target.provider, key: bearer(target.provider) }),
  readPoll: readTask,
  content: ({ state }, variant) => linkOf(state, variant),
  remove: (target, upstreamId) => askFor({ method: 'DELETE', path: `${PATH}/${upstreamId}`, provider: target.provider, key: bearer(target.provider) }),
  classify: classifyModelArkError,
};

const RATIOS = ['16:9', '9:16', '1:1', '4:3', '3:4', '21:9'];
const TIERS = ['480p', '720p', '1080p'] as const;
const EXTRAS = ['seed', 'watermark', 'camera_fixed', 'return_last_frame'];

function startVideo({ target, video }: VideoStart): HttpRequest {
  const { warn, lines } = createWarnings();
  warnOfLacking(video, ['motionControl'], warn);
  const shape = shapeOf(video.size, RATIOS, warn);
  const body = {
    watermark: false,
    ...takeExtras(video.extra, EXTRAS, warn),
    model: target.upstreamModel,
    content: contentOf(video, warn),
    ...(shape === null ? {} : { ratio: shape.ratio, resolution: tierWithin(shape.tier, TIERS, warn) }),
    ...(video.seconds === null ? {} : { duration: video.seconds }),
    ...(video.audio === null ? {} : { generate_audio: video.audio }),
  };
  return postJson({ path: PATH, provider: target.provider, key: bearer(target.provider) }, JSON.stringify(body), lines());
}

/** What goes into the video, each with its role. Images may be `data:` URLs, videos may not. */
function contentOf(video: VideoRequest, warn: Warn): object[] {
  const image = (part: VideoPart | null, role: string): object[] => (part === null ? [] : [{ type: 'image_url', image_url: { url: urlOf(part) }, role }]);
  return [
    { type: 'text', text: video.prompt },
    ...image(video.inputReference, 'first_frame'),
    ...image(video.endFrame, 'last_frame'),
    ...video.referenceImages.flatMap((part) => image(part, 'reference_image')),
    ...video.referenceVideos.flatMap((part) => {
      if (inlineOf(part) === null) return [{ type: 'video_url', video_url: { url: urlOf(part) }, role: 'reference_video' }];
      warn('referenceVideos', 'dropped, Seedance takes videos by address only');
      return [];
    }),
  ];
}

/** Reads a task; ModelArk answers 200 whatever became of it. `usage.completion_tokens`, which it charges, is kept with what it made. */
function readTask(text: string): VideoState | UpstreamFailure {
  const task = parseJson(text);
  if (!isJsonObject(task)) return badReply(text, { isRetryable: true });
  const error = objectAt(task, 'error');
  const message = stringAt(error, 'message');
  switch (task['status']) {
    case 'queued': return openState('queued');
    case 'running': return openState('in_progress');
    case 'succeeded': {
      const url = stringAt(objectAt(task, 'content'), 'video_url');
      if (!isWebUrl(url)) return badReply(text, { isRetryable: true });
      const usage = objectAt(task, 'usage');
      return completedState({ url, ...(usage === null ? {} : { usage }) }, secondsOf(task['duration']));
    }
    case 'failed': return failedState(failureCode(stringAt(error, 'code'), message), message);
    case 'cancelled':
    case 'expired': return failedState(task['status'], message);
    default: return badReply(text, { isRetryable: true });
  }
}

const FRAMES_PER_SECOND = 24;
const PIXELS_PER_TOKEN = 1024;
const MS_PER_SECOND = 1000;

/**
 * A token is 1024 pixels of any frame, read or made, at the size of what is made: (seconds read + made) × width × height × 24 / 1024, and not less
 * than some 1.7 times what is made ("Doubao Seedance 2.0 Billing Instructions", docs.ai-tokenhub.com, read 2026-11-21).
 */
function readChargedMs({ result }: VideoState, size: string | null): number | null {
  const tokens = countAt(objectAt(result, 'usage'), 'completion_tokens');
  const pixels = size === null ? null : readSize(size);
  if (tokens === 0 || pixels === null) return null;
  return Math.ceil(tokens * PIXELS_PER_TOKEN * MS_PER_SECOND / (pixels.width * pixels.height * FRAMES_PER_SECOND));
}

/** ModelArk's errors are OpenAI's; but a model the account has not opened, and an account in arrears, are the operator's to mend, whatever the status. */
function classifyModelArkError(status: number, headers: Readonly<Record<string, string | string[] | undefined>>, body: string): UpstreamFailure {
  const code = stringAt(objectAt({ reply: parseJson(body) }, 'reply')?.['error'], 'code') ?? '';
  if (/^(?:ModelNotOpen|AccountOverdue|InvalidEndpointOrModel|InvalidAccount|AccessDenied|OperationDenied)/.test(code)) {
    return { ...classifyOpenAiError(401, headers, body), message: null, param: null, upstream: null };
  }
  return classifyOpenAiError(status, headers, body);
}
