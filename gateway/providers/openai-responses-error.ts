/** This file classifies what a Responses upstream says when it fails, by status or inside a stream. */
import { isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { classifyOpenAiError, classifyStreamError } from './openai-error.ts';
import type { UpstreamFailure } from './wire.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What the fields this wire writes are called by the caller. */
const CALLERS_NAMES: readonly (readonly [RegExp, string])[] = [
  [/^input\b.*/, 'messages'],
  [/^max_output_tokens$/, 'max_completion_tokens'],
  [/^text\.verbosity$/, 'verbosity'],
  [/^text\b.*/, 'response_format'],
  [/^reasoning\b.*/, 'reasoning_effort'],
];

/** Classifies an error status and body; the field it names is named as the caller wrote it. */
export function classifyResponseError(status: number, headers: Headers, body: string): UpstreamFailure {
  const failure = classifyOpenAiError(status, headers, body);
  return failure.param === null ? failure : { ...failure, param: callersName(failure.param) };
}

function callersName(param: string): string {
  return CALLERS_NAMES.find(([pattern]) => pattern.test(param))?.[1] ?? param;
}

/** What the codes of errors would have been as statuses (OpenAI's contract, `ResponseErrorCode`, 2026-08; and those of its HTTP errors). */
const STATUSES: Readonly<Record<string, number>> = {
  rate_limit_exceeded: 429, insufficient_quota: 429, rate_limit_error: 429, tokens: 429, requests: 429,
  vector_store_timeout: 504, timeout: 504,
  invalid_api_key: 401, authentication_error: 401, permission_error: 403, billing_error: 402,
  invalid_prompt: 400, bio_policy: 400, data_residency_mismatch: 400, invalid_request_error: 400, context_length_exceeded: 400, content_policy_violation: 400,
  invalid_image: 400, invalid_image_format: 400, invalid_base64_image: 400, invalid_image_url: 400, invalid_image_mode: 400, image_too_large: 400,
  image_too_small: 400, image_parse_error: 400, image_content_policy_violation: 400, image_file_too_large: 400, unsupported_image_media_type: 400,
  empty_image_file: 400, failed_to_download_image: 400, image_file_not_found: 400,
};

/**
 * Classifies an `error` or `response.failed` event, which come after a 200: by its code as the status it would have had.
 * The contract has an error's fields on the event itself; OpenAI was seen to send them within `error` (recorded openai-error stream).
 */
export function classifyResponseFailure(event: JsonObject): UpstreamFailure {
  const error = objectAt(objectAt(event, 'response'), 'error') ?? objectAt(event, 'error') ?? flatError(event);
  const bare = classifyStreamError({ error });
  const status = statusOf(stringAt(error, 'code')) ?? statusOf(stringAt(error, 'type'));
  if (status === undefined) return bare;
  return { ...classifyResponseError(status, {}, JSON.stringify({ error })), detail: bare.detail };
}

function statusOf(code: string | null): number | undefined {
  return code !== null && Object.hasOwn(STATUSES, code) ? STATUSES[code] : undefined;
}

function flatError(event: unknown): JsonObject {
  if (!isJsonObject(event)) return {};
  return { code: event['code'], message: event['message'], param: event['param'] };
}
