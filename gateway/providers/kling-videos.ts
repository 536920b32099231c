/** This file is the `kling-videos` wire: Kling's own API for videos. */
import type { SignHs256 } from '../foundation/hmac.ts';
import { arrayAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Provider, Target } from '../foundation/terms.ts';
import { bearer } from './authorization.ts';
import { classifyKlingError } from './kling-videos-error.ts';
import { writeKlingRequest } from './kling-videos-request.ts';
import type { KlingEndpoint } from './kling-videos-request.ts';
import { askFor, createWarnings, postJson } from './video-fields.ts';
import { badReply, completedState, failedState, failureCode, isPlainId, isWebUrl, linkOf, openState, secondsOf } from './video-replies.ts';
import type { VideoStart, VideoStarted, VideoState, VideoWire } from './video-wire.ts';
import type { UpstreamFailure } from './wire.ts';

export interface KlingParts {
  readonly sign: SignHs256;
  /** Wall time in whole seconds. */
  readonly nowSeconds: () => number;
}

/**
 * The wire of Kling: `/v1/videos/{text2video|image2video|omni-video}` and the same with the task's id (https://app.klingai.com/global/dev/document-api,
 * "Text to Video", "Image to Video", "Omni-Video", as of 2026; read through copies on 2026-11-21). The upstream id is `endpoint/task`,
 * because a task is only found at the endpoint it was made at. Videos live 30 days.
 *
 * The credential is an API key, or `access_key:secret_key` for the older kind, which signs a token of half an hour.
 */
export function createKlingVideosWire(parts: KlingParts): VideoWire {
  const ask = (target: Target, path: string) => askFor({ method: 'GET', path: `/v1/videos/${path}`, provider: target.provider, key: credential(target.provider, parts) });
  return {
    takesUrls: true,
    videosByAddress: true,
    start({ target, video, jobId }) {
      const { warn, lines } = createWarnings();
      const { endpoint, body } = writeKlingRequest(video, { model: target.upstreamModel, jobId, warn });
      const path = `/v1/videos/${endpoint}`;
      return postJson({ path, provider: target.provider, key: credential(target.provider, parts) }, JSON.stringify(body), lines());
    },
    readStart: readStarted,
    find: {
      // "Customized task ID … can be used to query" (Query Task, single): it stands in the path in the task id's place (unverified).
      request: (start) => ask(start.target, `${endpointOf(start)}/${encodeURIComponent(start.jobId)}`),
      read: ({ status, text }, start) => readFound(status, text, start),
    },
    poll: (target, upstreamId) => ask(target, upstreamId),
    readPoll(text) {
      const data = dataOf(text);
      return data === null ? failureOf(text) : readTask(data, text);
    },
    content: ({ state }, variant) => linkOf(state, variant),
    classify: classifyKlingError,
  };
}

const TOKEN_SECONDS = 1800;
const CLOCK_SKEW_SECONDS = 5;

function credential(provider: Provider, { sign, nowSeconds }: KlingParts): Record<string, string> {
  const pair = /^([^:]+):(.+)$/.exec(provider.apiKey ?? '');
  if (!pair) return bearer(provider);
  const [, accessKey, secretKey = ''] = pair;
  const now = nowSeconds();
  const part = (value: JsonObject): string => Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
  const claims = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ iss: accessKey, exp: now + TOKEN_SECONDS, nbf: now - CLOCK_SKEW_SECONDS })}`;
  return { authorization: `Bearer ${claims}.${sign(claims, secretKey)}` };
}

function endpointOf({ target, video, jobId }: VideoStart): KlingEndpoint {
  return writeKlingRequest(video, { model: target.upstreamModel, jobId, warn: () => undefined }).endpoint;
}

/** `data` of a reply; null when it says a code other than 0 or has none. */
function dataOf(text: string): JsonObject | null {
  const reply = parseJson(text);
  return isJsonObject(reply) && reply['code'] === 0 ? objectAt(reply, 'data') : null;
}

/** Kling may say no with a 200 and a code of its own. */
function failureOf(text: string, isRetryable = true): UpstreamFailure {
  const reply = parseJson(text);
  if (!isJsonObject(reply) || typeof reply['code'] !== 'number' || reply['code'] === 0) return badReply(text, { isRetryable });
  return classifyKlingError(200, {}, text);
}

function readStarted(text: string, start: VideoStart): VideoStarted | UpstreamFailure {
  const data = dataOf(text);
  const task = stringAt(data, 'task_id');
  if (data === null) return failureOf(text, false);
  if (task === null || !isPlainId(task)) return badReply(text, { isRetryable: false });
  const state = readTask(data, text);
  return 'detail' in state ? { ...state, isRetryable: false } : { upstreamId: `${endpointOf(start)}/${task}`, state };
}

/** No such task is told with 404 and 1203 ("the requested resource does not exist"). */
function readFound(status: number, text: string, start: VideoStart): VideoStarted | UpstreamFailure | null {
  const code = objectAt({ reply: parseJson(text) }, 'reply')?.['code'];
  if (status === 404 || code === 1203) return null;
  return status >= 200 && status < 300 ? readStarted(text, start) : classifyKlingError(status, {}, text);
}

function readTask(data: JsonObject | null, text: string): VideoState | UpstreamFailure {
  const message = stringAt(data, 'task_status_msg');
  switch (stringAt(data, 'task_status')) {
    case 'submitted': return openState('queued');
    case 'processing': return openState('in_progress');
    case 'failed': return failedState(failureCode(message), message);
    case 'succeed': {
      const video = arrayAt(objectAt(data, 'task_result'), 'videos')[0];
      const url = stringAt(video, 'url');
      if (!isWebUrl(url)) return badReply(text, { isRetryable: true });
      const units = stringAt(data, 'final_unit_deduction');
      const seconds = isJsonObject(video) ? secondsOf(video['duration']) : null;
      return completedState({ url, ...(units === null ? {} : { final_unit_deduction: units }) }, seconds);
    }
    default: return badReply(text, { isRetryable: true });
  }
}
