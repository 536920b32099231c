/** This file is the `openai-videos` wire: OpenAI's `/videos`, which other servers speak on after OpenAI's own was shut down. */
import { isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { MultipartPart } from '../foundation/multipart.ts';
import { bearer } from './authorization.ts';
import { writeMultipart } from './multipart-body.ts';
import { classifyOpenAiError } from './openai-error.ts';
import { askFor, createWarnings, inlineOf, postJson, warnOfLacking } from './video-fields.ts';
import type { Warn } from './video-fields.ts';
import { badReply, completedState, failedState, isPlainId, openState, secondsOf } from './video-replies.ts';
import type { VideoStart, VideoStarted, VideoState, VideoWire } from './video-wire.ts';
import type { HttpRequest, UpstreamFailure } from './wire.ts';

/**
 * The wire of OpenAI's Videos API: POST, GET and DELETE `/videos`, and `/videos/{id}/content?variant=…` (openai-openapi, 2026-08-21;
 * https://platform.openai.com/docs/api-reference/videos, 2026-11). OpenAI shut its own down on 2026-09-24.
 */
export const openaiVideosWire: VideoWire = {
  takesUrls: true,
  start: startVideo,
  readStart: readStarted,
  poll: (target, upstreamId) => askFor({ method: 'GET', path: `/videos/${upstreamId}`, provider: target.provider, key: bearer(target.provider) }),
  readPoll: readVideo,
  content({ target, upstreamId, state }, variant) {
    if (state.status !== 'completed') return null;
    const path = `/videos/${upstreamId}/content${variant === 'video' ? '' : `?variant=${variant}`}`;
    return askFor({ method: 'GET', path, provider: target.provider, key: bearer(target.provider), accept: '*/*' });
  },
  remove: (target, upstreamId) => askFor({ method: 'DELETE', path: `/videos/${upstreamId}`, provider: target.provider, key: bearer(target.provider) }),
  classify: classifyOpenAiError,
};

/** A first frame that came as bytes goes as a file of a multipart body, as OpenAI's own packages send it; anything else is JSON. */
function startVideo({ target, video, jobId }: VideoStart): HttpRequest {
  const { warn, lines } = createWarnings();
  warnOfLacking(video, ['endFrame', 'referenceImages', 'referenceVideos', 'motionControl'], warn);
  if (video.audio === false) warn('generateAudio', 'dropped, this model always makes sound');
  const parts = { path: '/videos', provider: target.provider, key: bearer(target.provider) };
  const fields = {
    ...video.extra,
    model: target.upstreamModel,
    prompt: video.prompt,
    ...(video.seconds === null ? {} : { seconds: String(video.seconds) }),
    ...(video.size === null ? {} : { size: video.size }),
  };
  const reference = video.inputReference;
  const inline = reference === null ? null : inlineOf(reference);
  if (inline === null) {
    const image = reference?.kind === 'url' ? { input_reference: { image_url: reference.url } } : {};
    return postJson(parts, JSON.stringify({ ...fields, ...image }), lines());
  }
  const file: MultipartPart = { name: 'input_reference', fileName: 'reference', contentType: inline.contentType, value: inline.bytes };
  const { contentType, body } = writeMultipart([...textParts(fields, warn), file], jobId);
  const request = askFor({ ...parts, method: 'POST' });
  return { ...request, headers: { ...request.headers, 'content-type': contentType }, body, warnings: lines() };
}

function textParts(fields: Readonly<Record<string, unknown>>, warn: Warn): MultipartPart[] {
  return Object.entries(fields).flatMap(([name, value]): MultipartPart[] => {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return [{ name, value: String(value) }];
    if (value !== null && value !== undefined) warn(name.slice(0, 64), 'dropped, it can not go with an uploaded file');
    return [];
  });
}

/** Reads the `Video` that answers a start. */
export function readStarted(text: string): VideoStarted | UpstreamFailure {
  const upstreamId = stringAt(parseJson(text), 'id');
  const state = readVideo(text);
  if ('detail' in state || upstreamId === null || !isPlainId(upstreamId)) return badReply(text, { isRetryable: false });
  return { upstreamId, state };
}

/** Reads a `Video`: its status, progress, error and length. */
export function readVideo(text: string): VideoState | UpstreamFailure {
  const video = parseJson(text);
  if (!isJsonObject(video)) return badReply(text, { isRetryable: true });
  const { status, progress, seconds } = video;
  switch (status) {
    case 'queued':
    case 'in_progress': return openState(status, progress);
    case 'completed': return completedState({}, secondsOf(seconds));
    case 'failed': {
      const error = objectAt(video, 'error');
      return failedState(stringAt(error, 'code') ?? 'generation_failed', stringAt(error, 'message'));
    }
    default: return badReply(text, { isRetryable: true });
  }
}
