/** This file is the `sandbox` wire: a deterministic provider that needs no key, speaks OpenAI's wire, and can be told to fail. */
import { openChatStream } from './openai-chat-stream.ts';
import { readChatReply, readChatText } from './openai-chat.ts';
import { classifyOpenAiError } from './openai-error.ts';
import { composeAnswer } from './sandbox-answer.ts';
import type { SandboxOptions } from './sandbox-options.ts';
import { shapeChunks, shapeReply } from './sandbox-reply.ts';
import type { Chunk } from './sandbox-reply.ts';
import { readAsk } from './sandbox-request.ts';
import { readBehaviour, refusal, replyScript, streamScript } from './sandbox-script.ts';
import type { ScriptedReply, ScriptStep, Wire, WireRequest } from './wire.ts';

/** The wire of the built-in sandbox. Its bytes are OpenAI's wire, so they are read as such. */
export const sandboxWire: Wire = {
  encode: encodeSandbox,
  readReply: readChatReply,
  readText: readChatText,
  openStream: openChatStream,
  classify: classifyOpenAiError,
};

/** Writes the reply itself: the same bytes for the same request, but for the id and the date. */
function encodeSandbox(request: WireRequest): ScriptedReply {
  const options = readBehaviour(request);
  if ('kind' in options) return options;
  const ask = readAsk(request);
  if ('message' in ask) return refusal(ask, { headDelayMs: options.firstTokenMs });
  const answer = composeAnswer(ask, options);
  const envelope = {
    id: `chatcmpl-${request.requestId.replace(/^req_/, '')}`,
    created: request.nowSeconds,
    hasUsage: !options.shouldOmitUsage,
  };
  if (!request.isStream) return replyScript({ bytes: JSON.stringify(shapeReply(ask, answer, envelope)), tokens: answer.completionTokens }, options);
  const chunks = shapeChunks(ask, answer, envelope);
  return streamScript({ events: chunks.length + (options.isMalformed ? 2 : 1), play: (eventsMax) => playChunks(chunks, options, eventsMax) }, options);
}

/** One event as text: `call.ts` makes the bytes, so `sse.ts`, whose events are bytes already, has no part in it. */
function event(payload: string): string {
  return `data: ${payload}\n\n`;
}

function* playChunks(chunks: readonly Chunk[], options: SandboxOptions, eventsMax: number): Generator<ScriptStep> {
  let events = 0;
  let isFirst = true;
  for (const [at, { json, tokens }] of chunks.entries()) {
    if (events++ >= eventsMax) return;
    // The first token has been waited for before the head.
    const afterMs = isFirst && tokens > 0 ? options.tokenMs * (tokens - 1) : options.tokenMs * tokens;
    if (tokens > 0) isFirst = false;
    yield { afterMs, bytes: event(JSON.stringify(json)) };
    if (options.isMalformed && at === 0 && events++ < eventsMax) yield { afterMs: 0, bytes: event('{"id":"chatcmpl-broken","choices":[{"delta":') };
  }
  if (events < eventsMax) yield { afterMs: 0, bytes: event('[DONE]') };
}
