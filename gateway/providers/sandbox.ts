/** This file is the `sandbox` wire: a deterministic provider that needs no key, speaks OpenAI's wire, and can be told to fail. */
import { openChatStream } from './openai-chat-stream.ts';
import { readChatReply, readChatText } from './openai-chat.ts';
import { classifyOpenAiError } from './openai-error.ts';
import { composeAnswer } from './sandbox-answer.ts';
import type { Answer } from './sandbox-answer.ts';
import { readOptions } from './sandbox-options.ts';
import type { Problem, SandboxOptions } from './sandbox-options.ts';
import { shapeChunks, shapeReply } from './sandbox-reply.ts';
import type { Chunk } from './sandbox-reply.ts';
import { readAsk } from './sandbox-request.ts';
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
  const options = readOptions(request.body.sandbox, request.target.options);
  if ('message' in options) return refusal(options, {});
  if (options.failStatus !== null) return fault(options.failStatus, options);
  const ask = readAsk(request);
  if ('message' in ask) return refusal(ask, { headDelayMs: options.firstTokenMs });
  const answer = composeAnswer(ask, options);
  const envelope = {
    id: `chatcmpl-${request.requestId.replace(/^req_/, '')}`,
    created: request.nowSeconds,
    hasUsage: !options.shouldOmitUsage,
  };
  if (request.isStream) return streamScript(shapeChunks(ask, answer, envelope), options);
  return replyScript(JSON.stringify(shapeReply(ask, answer, envelope)), options, answer);
}

export function script(parts: Partial<ScriptedReply> & Pick<ScriptedReply, 'steps'>): ScriptedReply {
  return {
    kind: 'script', headDelayMs: 0, status: 200, headers: { 'content-type': 'application/json' }, ending: 'end', warnings: [], ...parts,
  };
}

export function refusal(problem: Problem, parts: Partial<ScriptedReply>): ScriptedReply {
  const { status, message, type, param, code } = problem;
  return script({ status, ...parts, steps: [{ afterMs: 0, bytes: JSON.stringify({ error: { message, type, param, code } }) }] });
}

const faults: Readonly<Record<number, readonly [type: string, code: string | null, message: string]>> = {
  400: ['invalid_request_error', 'invalid_value', 'The sandbox was told to refuse this request.'],
  401: ['invalid_request_error', 'invalid_api_key', 'Incorrect API key provided.'],
  403: ['invalid_request_error', 'unsupported_country_region_territory', 'This key may not use this model.'],
  404: ['invalid_request_error', 'model_not_found', 'The model does not exist or you do not have access to it.'],
  408: ['invalid_request_error', 'request_timeout', 'The request took too long to arrive.'],
  413: ['invalid_request_error', 'request_too_large', 'The request is too large.'],
  429: ['requests', 'rate_limit_exceeded', 'Rate limit reached. Please try again later.'],
  503: ['server_error', 'overloaded', 'That model is currently overloaded with other requests.'],
};

const RETRY_AFTER_SECONDS_DEFAULT = 1;

/** The failure the caller asked for, worded as OpenAI words it. */
export function fault(status: number, options: SandboxOptions): ScriptedReply {
  const [type, code, message] = faults[status] ?? (status >= 500
    ? ['server_error', null, 'The server had an error while processing your request.']
    : ['invalid_request_error', null, 'The sandbox was told to refuse this request.']);
  const seconds = options.retryAfterSeconds ?? (status === 429 ? RETRY_AFTER_SECONDS_DEFAULT : null);
  const retryAfter: Record<string, string> = seconds === null ? {} : { 'retry-after': String(seconds) };
  return refusal({ status, message, type, param: null, code }, {
    headDelayMs: options.firstTokenMs, headers: { 'content-type': 'application/json', ...retryAfter },
  });
}

/** How many events pass before the connection dies or falls silent; null when it does neither. */
export function breakOf(options: SandboxOptions): { after: number; ending: 'reset' | 'hang' } | null {
  const { dieAfterEvents, hangAfterEvents } = options;
  if (dieAfterEvents !== null && dieAfterEvents <= (hangAfterEvents ?? Infinity)) return { after: dieAfterEvents, ending: 'reset' };
  return hangAfterEvents === null ? null : { after: hangAfterEvents, ending: 'hang' };
}

/** A whole reply. What would have broken a stream breaks this one in the middle of its body. */
function replyScript(json: string, options: SandboxOptions, answer: Answer): ScriptedReply {
  const broken = breakOf(options);
  const isHalf = broken !== null || options.isMalformed;
  const bytes = isHalf ? json.slice(0, json.length / 2) : json;
  return script({
    headDelayMs: options.firstTokenMs + options.tokenMs * answer.completionTokens,
    steps: broken?.after === 0 ? [] : [{ afterMs: 0, bytes }],
    ending: broken?.ending ?? 'end',
  });
}

function streamScript(chunks: readonly Chunk[], options: SandboxOptions): ScriptedReply {
  const broken = breakOf(options);
  const eventCount = chunks.length + (options.isMalformed ? 2 : 1);
  // Told to die later than it has anything left to say, a stream ends as it should.
  const isBroken = broken !== null && broken.after < eventCount;
  return script({
    headDelayMs: options.firstTokenMs,
    headers: { 'content-type': 'text/event-stream; charset=utf-8' },
    steps: playChunks(chunks, options, isBroken ? broken.after : eventCount),
    ending: isBroken ? broken.ending : 'end',
  });
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
