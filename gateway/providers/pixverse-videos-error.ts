/** This file classifies what PixVerse says when it fails. */
import { isJsonObject, parseJson, stringAt } from '../foundation/json-value.ts';
import { scrub } from '../foundation/scrub.ts';
import { classifyOpenAiError } from './openai-error.ts';
import type { UpstreamFailure } from './wire.ts';

const MESSAGE_CHARS_MAX = 2000;

/**
 * PixVerse's codes (https://docs.platform.pixverse.ai, "Error codes"; of single codes only 400017, a wrong parameter, was seen on 2026-11-21, the others
 * are unverified): 10xxx the key, 4000xx the request, 500044 too many at once, 500054 and 500063 its content, 500069 overload, 500060 and
 * 500090 the account's credits, other 5000xx the request or its images, and above PixVerse itself.
 */
function statusOf(code: number): number {
  if (code >= 10_000 && code < 20_000) return 401;
  if (code >= 400_000 && code < 500_000) return 400;
  if (code === 500_044) return 429;
  if (code === 500_069) return 503;
  if (code === 500_020 || code === 500_060 || code === 500_090) return 402;
  return code >= 500_000 && code < 500_100 ? 400 : 500;
}

/** Classifies `{ErrCode, ErrMsg}`, which comes with 200 as well; without a code, the status decides. */
export function classifyPixverseError(status: number, headers: Readonly<Record<string, string | string[] | undefined>>, body: string): UpstreamFailure {
  const reply = parseJson(body);
  const code = isJsonObject(reply) && typeof reply['ErrCode'] === 'number' && reply['ErrCode'] !== 0 ? reply['ErrCode'] : null;
  const failure = classifyOpenAiError(code === null ? Math.max(status, 400) : statusOf(code), headers, body);
  if (failure.code !== 'upstream_rejected') return failure;
  const said = stringAt(reply, 'ErrMsg');
  const upstream = { code: code === 500_054 || code === 500_063 ? 'moderation_blocked' : code === null ? null : String(code), type: 'invalid_request_error' };
  return { ...failure, message: said === null || said === '' ? failure.message : scrub(said).slice(0, MESSAGE_CHARS_MAX), upstream };
}
