/** This file classifies what Kling says when it fails. */
import { isJsonObject, parseJson } from '../foundation/json-value.ts';
import { classifyOpenAiError } from './openai-error.ts';
import type { UpstreamFailure } from './wire.ts';

type Kind = 'account' | 'request' | 'moderation' | 'rate' | 'timeout' | 'own';

/**
 * Kling's codes (https://app.klingai.com/global/dev/document-api, "General Information", "Error Code", 2026): 1000–1004 the credential, 1100–1103 the
 * account (told with 429, though waiting does not help), 1200–1203 the request, 1300–1301 its content, 1302–1303 too many, 1304 the caller's
 * address, 5000–5002 Kling itself.
 */
function kindOf(code: number): Kind | null {
  if ((code >= 1000 && code <= 1004) || (code >= 1100 && code <= 1103) || code === 1304) return 'account';
  if (code >= 1200 && code <= 1203) return 'request';
  if (code === 1300 || code === 1301) return 'moderation';
  if (code === 1302 || code === 1303) return 'rate';
  if (code === 5002) return 'timeout';
  return code >= 5000 && code <= 5999 ? 'own' : null;
}

/** Classifies `{code, message, request_id}`, with an error status or with 200; where the code says nothing, the status does. */
export function classifyKlingError(status: number, headers: Readonly<Record<string, string | string[] | undefined>>, body: string): UpstreamFailure {
  const answer = parseJson(body);
  const code = isJsonObject(answer) && typeof answer['code'] === 'number' ? answer['code'] : null;
  const kind = code === null ? null : kindOf(code);
  const own = { message: null, param: null, upstream: null };
  switch (kind) {
    case 'account': return { ...classifyOpenAiError(401, headers, body), ...own };
    case 'rate': return { ...classifyOpenAiError(429, headers, body), ...own };
    case 'timeout': return { ...classifyOpenAiError(504, headers, body), ...own };
    case 'own': return { ...classifyOpenAiError(500, headers, body), ...own };
    case 'request':
    case 'moderation': {
      const failure = classifyOpenAiError(400, headers, body);
      return { ...failure, upstream: { code: kind === 'moderation' ? 'moderation_blocked' : String(code), type: 'invalid_request_error' } };
    }
    case null: return status < 400 ? { ...classifyOpenAiError(500, headers, body), ...own } : classifyOpenAiError(status, headers, body);
    default: return kind satisfies never;
  }
}
