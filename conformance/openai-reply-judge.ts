/** This file judges whole replies and streams by what OpenAI's own document says of the operation, where it is at hand. */
import { openAiReplySchema } from './judges.ts';
import type { RawReply } from './raw-client.ts';
import { payloadsOf } from './recorded-streams.ts';

/** What a reply answers: method and path of OpenAI's document, such as `post` and `/chat/completions`. */
export interface Asked {
  readonly method: string;
  readonly path: string;
}

/**
 * What OpenAI's document finds wrong with a reply to one of its operations; null when nothing is, when it has no such operation, or when it is not at
 * hand. Errors are judged by its ErrorResponse, of a stream each event that is not `[DONE]`.
 */
export function faultOfReplyByOpenAi(asked: Asked, reply: RawReply): string | null {
  const type = (reply.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  const judge = openAiReplySchema({ ...asked, status: reply.status, type });
  if (judge === null) return null;
  const text = reply.body.toString('utf8');
  if (type === 'application/json') return judge(JSON.parse(text));
  for (const payload of payloadsOf(text).filter((each) => each !== '[DONE]')) {
    const fault = judge(JSON.parse(payload));
    if (fault !== null) return fault;
  }
  return null;
}
