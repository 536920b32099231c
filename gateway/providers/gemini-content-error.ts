/** This file classifies what Gemini says when it fails. */
import { arrayAt, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import { classifyOpenAiError } from './openai-error.ts';
import type { UpstreamFailure } from './wire.ts';

/**
 * Classifies an error status and body, `{error: {code, message, status, details}}` or a list of one. 400 is also what Gemini answers to a bad
 * key and to an account that may not use it (https://ai.google.dev/gemini-api/docs/troubleshooting, 2026-11): that is not the caller's fault.
 */
export function classifyGeminiError(status: number, headers: Readonly<Record<string, string | string[] | undefined>>, body: string): UpstreamFailure {
  const failure = classifyOpenAiError(status, headers, body);
  const answer = parseJson(body);
  const first: unknown = Array.isArray(answer) ? answer[0] : answer;
  const error = objectAt(first, 'error');
  const details = arrayAt(error, 'details');
  const word = stringAt(error, 'status');
  const isAccount = word === 'FAILED_PRECONDITION' || details.some((detail) => stringAt(detail, 'reason') === 'API_KEY_INVALID');
  if (status === 400 && isAccount) return { ...failure, code: 'upstream_auth_failed', isRetryable: true, message: null, param: null, upstream: null };
  const retryAfterSeconds = failure.retryAfterSeconds ?? secondsOf(details);
  if (failure.upstream === null) return { ...failure, retryAfterSeconds };
  return { ...failure, retryAfterSeconds, upstream: { ...failure.upstream, code: failure.upstream.code ?? word } };
}

/** Reads `google.rpc.RetryInfo`: `{"retryDelay": "34.4s"}`. */
function secondsOf(details: readonly unknown[]): number | null {
  for (const detail of details) {
    const delay = /^(\d{1,6}(?:\.\d+)?)s$/.exec(stringAt(detail, 'retryDelay') ?? '');
    if (delay) return Math.ceil(Number(delay[1]));
  }
  return null;
}
