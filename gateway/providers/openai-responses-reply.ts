/** This file reads whole Responses replies, their usage and how they ended, and writes them as chat completions. */
import { arrayAt, countAt, isJsonObject, objectAt, parseShallowJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Usage } from '../foundation/terms.ts';
import { callOf, callersCalls, codePoints, finishOf, imageOf, itemText, partsOf, refusalOfPart, textOfPart, toAnnotations, toLogprobs, toToolCall } from './openai-responses-items.ts';
import { closingDetail, PART_BREAK, reasoningDetail, shownReasoning } from './openai-responses-reasoning.ts';
import { toChatUsage } from './openai-chat-text.ts';
import type { ReplyContext, ReplyFacts } from './wire.ts';

/** Parses a whole reply. Throws a SyntaxError for what is none: a reply that failed, or is still being made, is no answer. */
function parseReply(text: string): JsonObject {
  const reply = parseShallowJson(text);
  if (!isJsonObject(reply) || !Array.isArray(reply['output'])) throw new SyntaxError('not a response');
  if (finishOf(reply, false) === null) throw new SyntaxError(`a response that is ${String(reply['status'])}`);
  return reply;
}

/** Reads the facts of a whole reply. Throws a SyntaxError for what is none. */
export function readResponse(text: string): ReplyFacts {
  const reply = parseReply(text);
  return {
    usage: readResponseUsage(reply['usage']),
    upstreamId: stringAt(reply, 'id'),
    upstreamModel: stringAt(reply, 'model'),
    finishReason: finishOf(reply, callsIn(reply).length > 0),
  };
}

/** The generated text of a whole reply. */
export function readResponseText(text: string): string {
  return arrayAt(parseReply(text), 'output').map(itemText).join('');
}

function callsIn(reply: JsonObject): JsonObject[] {
  const isCallers = callersCalls(reply);
  return arrayAt(reply, 'output').flatMap((item, index) => {
    const call = callOf(item, `call_${index}`);
    return call && isCallers(call) ? [toToolCall(call)] : [];
  });
}

/** Writes the chat completion of a whole reply. What the provider's own tools did says nothing to a chat client and is left out. */
export function toChatCompletion(text: string, context: ReplyContext): string {
  const reply = parseReply(text);
  const usage = readResponseUsage(reply['usage']);
  const calls = callsIn(reply);
  const { message, logprobs } = toChatMessage(reply, calls);
  const tier = stringAt(reply, 'service_tier');
  return JSON.stringify({
    id: stringAt(reply, 'id') ?? `chatcmpl-${context.requestId}`,
    object: 'chat.completion',
    created: createdOf(reply) ?? context.nowSeconds,
    model: stringAt(reply, 'model') ?? context.upstreamModel,
    choices: [{ index: 0, message, logprobs: logprobs.length === 0 ? null : { content: logprobs, refusal: null }, finish_reason: finishOf(reply, calls.length > 0) }],
    ...(usage === null ? {} : { usage: toChatUsage(usage) }),
    ...(tier === null ? {} : { service_tier: tier }),
  });
}

/** When a reply says it was made, in whole Unix seconds; null when it does not. */
export function createdOf(reply: unknown): number | null {
  const created = isJsonObject(reply) ? reply['created_at'] : null;
  return typeof created === 'number' && created > 0 && Number.isFinite(created) ? Math.floor(created) : null;
}

interface Said {
  content: string;
  refusal: string;
  readonly reasoning: string[];
  readonly details: JsonObject[];
  readonly annotations: JsonObject[];
  readonly images: JsonObject[];
  readonly logprobs: JsonObject[];
}

function toChatMessage(reply: JsonObject, calls: readonly JsonObject[]): { message: JsonObject; logprobs: readonly JsonObject[] } {
  const said = readItems(reply);
  const { content, refusal, reasoning, details, annotations, images, logprobs } = said;
  return {
    logprobs,
    message: {
      role: 'assistant',
      content: content === '' && (calls.length > 0 || refusal !== '') ? null : content,
      refusal: refusal === '' ? null : refusal,
      ...(reasoning.length === 0 ? {} : { reasoning_content: reasoning.join(PART_BREAK) }),
      ...(details.length === 0 ? {} : { reasoning_details: details }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
      ...(annotations.length === 0 ? {} : { annotations }),
      ...(images.length === 0 ? {} : { images }),
    },
  };
}

function readItems(reply: JsonObject): Said {
  const said: Said = { content: '', refusal: '', reasoning: [], details: [], annotations: [], images: [], logprobs: [] };
  const isCallers = callersCalls(reply);
  /** What has come: reasonings, calls, and all text as one; a reasoning's place is counted in these. */
  let count = 0;
  let hasSpoken = false;
  arrayAt(reply, 'output').forEach((item, index) => {
    const call = callOf(item, `call_${index}`);
    if (call && isCallers(call)) count++;
    if (isJsonObject(item) && stringAt(item, 'type') === 'reasoning') addReasoning(item, count++, said);
    for (const part of partsOf(item)) addPart(part, said);
    if (!hasSpoken && (said.content !== '' || said.refusal !== '')) {
      hasSpoken = true;
      count++;
    }
    const image = imageOf(item);
    if (image) said.images.push(image);
  });
  return said;
}

function addReasoning(item: JsonObject, index: number, said: Said): void {
  for (const { kind, text } of shownReasoning(item)) {
    said.reasoning.push(text);
    said.details.push(reasoningDetail(index, kind, text));
  }
  const closing = closingDetail(index, item);
  if (closing) said.details.push(closing);
}

function addPart(part: unknown, said: Said): void {
  const offset = codePoints(said.content);
  said.content += textOfPart(part);
  said.refusal += refusalOfPart(part);
  said.annotations.push(...toAnnotations(arrayAt(part, 'annotations'), offset));
  said.logprobs.push(...toLogprobs(arrayAt(part, 'logprobs')));
}

/**
 * Reads a reply's usage; null when the generated tokens are not told. `input_tokens` includes what was cached, and `output_tokens`
 * what was thought (OpenAI's contract, `ResponseUsage`, 2026-08; the recorded totals of OpenAI, Azure, xAI and LM Studio agree).
 */
export function readResponseUsage(usage: unknown): Usage | null {
  if (!isJsonObject(usage) || typeof usage['output_tokens'] !== 'number') return null;
  const input = objectAt(usage, 'input_tokens_details');
  const completionTokens = countAt(usage, 'output_tokens');
  return {
    promptTokens: countAt(usage, 'input_tokens'),
    cachedTokens: countAt(input, 'cached_tokens'),
    cacheWriteTokens: countAt(input, 'cache_write_tokens'),
    completionTokens,
    reasoningTokens: Math.min(countAt(objectAt(usage, 'output_tokens_details'), 'reasoning_tokens'), completionTokens),
  };
}
