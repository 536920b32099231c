/** This file ends native streams: with the provider's own last event once the row is on disk, or with a failure in its shape. */
import type { Dialect } from '../dialects/dialect.ts';
import { NO_BYTES, encodeText } from '../foundation/byte-text.ts';
import type { NativeForm } from '../foundation/terms.ts';
import type { NativeReplySide } from '../providers/native.ts';

/** The dialect of a stream that is handed on as it came. Whole replies have none. */
export function nativeDialect(form: NativeForm, side: NativeReplySide): Dialect {
  return {
    toReply: (reply) => reply,
    openStream: () => ({
      read: (event) => event,
      finish: () => side.heldEvent() ?? NO_BYTES,
      fail: (error) => side.heldFailure() ?? encodeText(failureEvent(form, error.error)),
    }),
  };
}

/**
 * A failure of the gateway's own in the middle. The packages of Anthropic and of OpenAI's Responses look at events by their name
 * (platform.claude.com, "Streaming messages"; platform.openai.com/docs/api-reference/responses-streaming, read 2026-11).
 */
function failureEvent(form: NativeForm, error: Readonly<Record<string, unknown>>): string {
  if (form === 'messages') return `event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`;
  if (form === 'responses') return `event: error\ndata: ${JSON.stringify({ ...error, type: 'error' })}\n\n`;
  return `data: ${JSON.stringify({ error })}\n\n`;
}
