/** This file classifies what an OpenAI-wire upstream says when it fails: the caller's fault, the operator's, or its own. */
import { scrub } from '../foundation/scrub.ts';
import { isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { UpstreamFailure } from './wire.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const MESSAGE_CHARS_MAX = 2000;
const DETAIL_CHARS_MAX = 500;
interface Said {
  readonly message: string | null;
  readonly param: string | null;
  readonly code: string | null;
  readonly type: string | null;
}

/** Reads `{error:{…}}`, and what others use in its place: `{error:"…"}`, `{message}`, `[{error}]` (Gemini), `{detail}` (vLLM, FastAPI). */
function readSaid(value: unknown): Said {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  const error = objectAt(first, 'error');
  const code = error?.['code'];
  const text = stringAt(error, 'message') ?? stringAt(first, 'error') ?? stringAt(first, 'message') ?? stringAt(first, 'detail');
  return {
    message: text === null ? null : scrub(text).slice(0, MESSAGE_CHARS_MAX),
    param: stringAt(error, 'param'),
    code: typeof code === 'string' ? code : null,
    type: stringAt(error, 'type') ?? stringAt(first, 'type'),
  };
}

function secondsOf(headers: Headers): number | null {
  const milliseconds = Number(headers['retry-after-ms']);
  if (Number.isFinite(milliseconds) && milliseconds >= 0 && headers['retry-after-ms'] !== undefined) return Math.ceil(milliseconds / 1000);
  const value = headers['retry-after'];
  const seconds = typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : null;
  return seconds;
}

/** Classifies an error status and body. 4xx that speak of the request are handed on; 401, 403 and 402 speak of the operator's account. */
export function classifyOpenAiError(status: number, headers: Headers, body: string): UpstreamFailure {
  const said = readSaid(parseJson(body));
  const detail = `upstream status ${status}: ${scrub(body).slice(0, DETAIL_CHARS_MAX)}`;
  const own = { message: null, param: null, upstream: null, retryAfterSeconds: secondsOf(headers), detail };
  if (status === 429) return { ...own, code: 'upstream_rate_limited', isRetryable: true };
  if (status === 401 || status === 403 || status === 402) return { ...own, code: 'upstream_auth_failed', isRetryable: true };
  if (status === 408 || status === 504) return { ...own, code: 'upstream_timeout', isRetryable: true };
  if (status >= 400 && status < 500) {
    return {
      ...own,
      code: 'upstream_rejected',
      isRetryable: false,
      message: said.message ?? `The provider refused the request with status ${status}.`,
      param: said.param,
      upstream: { code: said.code, type: said.type },
    };
  }
  return { ...own, code: 'upstream_error', isRetryable: true };
}

/** Classifies an error object that arrived inside a stream, after a 200. */
export function classifyStreamError(payload: unknown): UpstreamFailure {
  const said = readSaid(isJsonObject(payload) ? payload : null);
  return {
    code: 'upstream_error',
    isRetryable: true,
    message: said.message === null ? null : `The provider failed: ${said.message}`,
    param: null,
    upstream: null,
    retryAfterSeconds: null,
    detail: `error inside the stream: ${scrub(JSON.stringify(payload)).slice(0, DETAIL_CHARS_MAX)}`,
  };
}

const EVENT_CHARS_MAX = 200;

/** What is no event of its wire: another's, or none at all. `why` is for the log, beside how the event begins. */
export function classifyBadEvent(why: string, payload: string): UpstreamFailure {
  return { ...classifyStreamError(null), code: 'upstream_bad_reply', detail: `${why}: ${scrub(payload.slice(0, EVENT_CHARS_MAX))}` };
}
