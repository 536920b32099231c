/** This file is the sandbox's wire for videos: a real, short MP4 made from the prompt after a few steps, without any provider. */
import { classifyOpenAiError } from './openai-error.ts';
import { readStarted, readVideo } from './openai-videos.ts';
import { refuse } from './sandbox-options.ts';
import { refusal, script } from './sandbox-script.ts';
import { hashText } from './sandbox-tokens.ts';
import { encodeH264 } from './sandbox-video-h264.ts';
import { readJobId, stepsOf, STEPS, TURNING_STEP, writeJobId } from './sandbox-video-job.ts';
import type { SandboxVideoJob } from './sandbox-video-job.ts';
import { writeMp4 } from './sandbox-video-mp4.ts';
import { readVideoOptions } from './sandbox-video-options.ts';
import type { SandboxVideoOptions } from './sandbox-video-options.ts';
import { spritesheetPng, thumbnailPng } from './sandbox-video-png.ts';
import { drawScene } from './sandbox-video-scene.ts';
import { createWarnings, takeExtras, warnOfLacking } from './video-fields.ts';
import { readSize } from './video-size.ts';
import type { VideoSize } from './video-size.ts';
import type { VideoDownload, VideoStart, VideoVariant, VideoWire } from './video-wire.ts';
import type { ScriptedReply } from './wire.ts';

export interface SandboxVideoParts {
  /** Wall time in milliseconds. */
  readonly nowMs: () => number;
}

/**
 * The sandbox's wire for videos. Its replies are OpenAI's, so they are read as such. A job takes five steps: queued, 20 % … 80 %, completed;
 * it is a matter of time alone, and the same prompt gives the same bytes.
 */
export function createSandboxVideosWire({ nowMs }: SandboxVideoParts): VideoWire {
  return {
    takesUrls: true,
    start: (start) => startVideo(start, nowMs()),
    readStart: readStarted,
    poll: (_target, upstreamId) => pollVideo(upstreamId, nowMs()),
    readPoll: readVideo,
    content: ({ upstreamId, state }, variant) => (state.status === 'completed' ? drawVariant(upstreamId, variant) : null),
    classify: classifyOpenAiError,
  };
}

const SECONDS_DEFAULT = 4;
const SECONDS_MAX = 20;
const SIZE_DEFAULT: VideoSize = { width: 1280, height: 720 };
const SIDE_MIN = 64;
const SIDE_MAX = 1920;
/** What level 4 of H.264 has room for: 1920x1088. */
const PIXELS_MAX = 1920 * 1088;

function startVideo({ target, video }: VideoStart, nowMs: number): ScriptedReply {
  const { warn, lines } = createWarnings();
  warnOfLacking(video, ['inputReference', 'endFrame', 'referenceImages', 'referenceVideos', 'motionControl'], warn);
  if (video.audio === true) warn('generateAudio', 'dropped, the sandbox makes no sound');
  takeExtras(video.extra, ['sandbox'], warn);
  const options = readVideoOptions(video.extra['sandbox'], target.options);
  if ('message' in options) return refusal(options, {});
  if (options.failStatus !== null) return fault(options.failStatus, options.retryAfterSeconds);
  const size = video.size === null ? SIZE_DEFAULT : readSize(video.size);
  const seconds = video.seconds ?? SECONDS_DEFAULT;
  if (size === null || !isSize(size)) return refusal(refuse(`The sandbox makes videos with even sides from ${SIDE_MIN} to ${SIDE_MAX} pixels, up to 1920x1088.`, 'size', 'invalid_value'), {});
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > SECONDS_MAX) return refusal(refuse(`The sandbox makes videos of 1 to ${SECONDS_MAX} seconds.`, 'seconds', 'invalid_value'), {});
  const { stepMs, fail, pollStatus } = options;
  const job = { startedMs: nowMs, seconds, size, seed: hashText(video.prompt), stepMs, fail, pollStatus };
  return answerStart(JSON.stringify(shapeVideo(job, 0)), options, lines());
}

function isSize({ width, height }: VideoSize): boolean {
  return [width, height].every((side) => side % 2 === 0 && side >= SIDE_MIN && side <= SIDE_MAX) && width * height <= PIXELS_MAX;
}

function answerStart(json: string, { isMalformed, isLost }: SandboxVideoOptions, warnings: readonly string[]): ScriptedReply {
  if (isLost) return script({ steps: [], ending: 'reset', warnings });
  return script({ steps: [{ afterMs: 0, bytes: isMalformed ? json.slice(0, json.length / 2) : json }], warnings });
}

/** The failure the caller asked for. */
function fault(status: number, retryAfterSeconds: number | null): ScriptedReply {
  const problem = { status, message: 'The sandbox was told to refuse this request.', type: status >= 500 ? 'server_error' : 'invalid_request_error', param: null, code: null };
  return refusal(problem, retryAfterSeconds === null ? {} : { headers: { 'content-type': 'application/json', 'retry-after': String(retryAfterSeconds) } });
}

function pollVideo(upstreamId: string, nowMs: number): ScriptedReply {
  const job = readJobId(upstreamId);
  if (job === null) return refusal({ status: 404, message: `There is no video '${upstreamId.slice(0, 100)}'.`, type: 'invalid_request_error', param: 'video_id', code: 'not_found' }, {});
  const steps = stepsOf(job, nowMs);
  if (job.pollStatus !== null && steps < TURNING_STEP) return fault(job.pollStatus, null);
  return script({ steps: [{ afterMs: 0, bytes: JSON.stringify(shapeVideo(job, steps)) }] });
}

const FAILURES = {
  moderation: { code: 'moderation_blocked', message: 'The sandbox was told to refuse what this video shows.' },
  error: { code: 'generation_failed', message: 'The sandbox was told to fail.' },
} as const;

/** A job as OpenAI's `Video`. */
function shapeVideo(job: SandboxVideoJob, steps: number): object {
  const { startedMs, stepMs, seconds, size, fail } = job;
  const hasFailed = fail !== null && steps >= TURNING_STEP;
  const isDone = !hasFailed && steps >= STEPS;
  const running = steps === 0 ? 'queued' : 'in_progress';
  return {
    id: writeJobId(job),
    object: 'video',
    model: 'video',
    status: hasFailed ? 'failed' : isDone ? 'completed' : running,
    progress: 100 / STEPS * (hasFailed ? TURNING_STEP : steps),
    created_at: Math.floor(startedMs / 1000),
    completed_at: isDone ? Math.floor((startedMs + STEPS * stepMs) / 1000) : null,
    expires_at: null,
    prompt: null,
    size: `${size.width}x${size.height}`,
    seconds: String(seconds),
    remixed_from_video_id: null,
    error: hasFailed ? FAILURES[fail] : null,
  };
}

/** Draws it when it is asked for; nothing is kept. */
function drawVariant(upstreamId: string, variant: VideoVariant): VideoDownload | null {
  const job = readJobId(upstreamId);
  if (job === null || !isSize(job.size) || job.seconds < 1 || job.seconds > SECONDS_MAX) return null;
  const scene = drawScene({ ...job.size, seconds: job.seconds, seed: job.seed });
  switch (variant) {
    case 'video': return { kind: 'bytes', contentType: 'video/mp4', bytes: writeMp4(encodeH264(scene), scene) };
    case 'thumbnail': return { kind: 'bytes', contentType: 'image/png', bytes: thumbnailPng(scene) };
    case 'spritesheet': return { kind: 'bytes', contentType: 'image/png', bytes: spritesheetPng(scene) };
    default: return variant satisfies never;
  }
}
