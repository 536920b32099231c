/** This file classifies what Anthropic says when it fails, by status or inside a stream. */
import { objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { classifyOpenAiError, classifyStreamError } from './openai-error.ts';
import type { UpstreamFailure } from './wire.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** An operator's account without money is told as if the request were wrong (400 invalid_request_error). */
const NO_CREDIT = 'credit balance is too low';
const PAYMENT_REQUIRED = 402;

/** Classifies an error status and body: `{type: error, error: {type, message}}` (platform.claude.com, "Errors", read 2026-11). */
export function classifyMessageError(status: number, headers: Headers, body: string): UpstreamFailure {
  const failure = classifyOpenAiError(status, headers, body);
  if (failure.code !== 'upstream_rejected' || !body.includes(NO_CREDIT)) return failure;
  return { ...classifyOpenAiError(PAYMENT_REQUIRED, headers, body), detail: failure.detail };
}

/** What the types of errors would have been as statuses. */
const STATUSES: Readonly<Record<string, number>> = {
  invalid_request_error: 400, authentication_error: 401, billing_error: 402, permission_error: 403, not_found_error: 404, request_too_large: 413,
  rate_limit_error: 429, timeout_error: 504,
};

/** Classifies an error event, which comes after a 200: by its type as the status it would have had. */
export function classifyMessageStreamError(event: JsonObject): UpstreamFailure {
  const type = stringAt(objectAt(event, 'error'), 'type') ?? '';
  const bare = classifyStreamError(event);
  const status = Object.hasOwn(STATUSES, type) ? STATUSES[type] : undefined;
  if (status === undefined) return bare;
  return { ...classifyMessageError(status, {}, JSON.stringify(event)), detail: bare.detail };
}
