/** This file reads Anthropic's whole replies, their usage and their stop reasons, and writes them as chat completions. */
import { addCounts, arrayAt, countAt, isJsonObject, objectAt, parseShallowJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Usage } from '../foundation/terms.ts';
import { redactedDetail, thinkingDetail } from './anthropic-messages-thinking.ts';
import { toChatUsage } from './openai-chat-text.ts';
import type { ReplyContext, ReplyFacts } from './wire.ts';

/** What our ids begin with where the upstream gives none. */
const ID_PREFIX = 'chatcmpl-';

/** Parses a whole reply. Throws a SyntaxError for what is none: an error in a 200 is no answer. */
function parseReply(text: string): JsonObject {
  const reply = parseShallowJson(text);
  if (!isJsonObject(reply) || !Array.isArray(reply['content'])) throw new SyntaxError('not a message');
  return reply;
}

/** Reads the facts of a whole reply. Throws a SyntaxError for what is none. */
export function readMessage(text: string): ReplyFacts {
  const reply = parseReply(text);
  return {
    usage: readMessageUsage(reply['usage']),
    upstreamId: stringAt(reply, 'id'),
    upstreamModel: stringAt(reply, 'model'),
    finishReason: toFinishReason(stringAt(reply, 'stop_reason')),
  };
}

/** The generated text of a whole reply: what was said, thought and handed to tools. */
export function readMessageText(text: string): string {
  return arrayAt(parseReply(text), 'content').map(blockText).join('');
}

/** The generated text of one block. */
export function blockText(block: unknown): string {
  switch (stringAt(block, 'type')) {
    case 'text':
      return stringAt(block, 'text') ?? '';
    case 'thinking':
      return stringAt(block, 'thinking') ?? '';
    case 'tool_use':
      return `${stringAt(block, 'name') ?? ''}${JSON.stringify(objectAt(block, 'input') ?? {})}`;
    default:
      return '';
  }
}

/** Writes the chat completion of a whole reply. Blocks of tools the provider ran itself say nothing to a chat client and are left out. */
export function toChatCompletion(text: string, context: ReplyContext): string {
  const reply = parseReply(text);
  const stopReason = stringAt(reply, 'stop_reason');
  const usage = readMessageUsage(reply['usage']);
  return JSON.stringify({
    id: stringAt(reply, 'id') ?? `${ID_PREFIX}${context.requestId}`,
    object: 'chat.completion',
    created: context.nowSeconds,
    model: stringAt(reply, 'model') ?? context.upstreamModel,
    choices: [{ index: 0, message: toChatMessage(reply, stopReason), logprobs: null, finish_reason: toFinishReason(stopReason) ?? 'stop' }],
    ...(usage === null ? {} : { usage: toChatUsage(usage) }),
  });
}

function toChatMessage(reply: JsonObject, stopReason: string | null): JsonObject {
  let content = '';
  let reasoning = '';
  const details: JsonObject[] = [];
  const calls: JsonObject[] = [];
  for (const block of arrayAt(reply, 'content')) {
    switch (stringAt(block, 'type')) {
      case 'text':
        content += stringAt(block, 'text') ?? '';
        break;
      case 'thinking': {
        const thought = stringAt(block, 'thinking') ?? '';
        reasoning += thought;
        details.push(thinkingDetail(details.length + calls.length + textCount(content), thought, stringAt(block, 'signature')));
        break;
      }
      case 'redacted_thinking':
        details.push(redactedDetail(details.length + calls.length + textCount(content), stringAt(block, 'data') ?? ''));
        break;
      case 'tool_use': {
        const call = { name: stringAt(block, 'name') ?? '', arguments: JSON.stringify(objectAt(block, 'input') ?? {}) };
        calls.push({ id: stringAt(block, 'id') ?? `call_${calls.length}`, type: 'function', function: call });
        break;
      }
      default:
    }
  }
  return {
    role: 'assistant',
    content: content === '' && (calls.length > 0 || stopReason === 'refusal') ? null : content,
    refusal: readRefusal(reply),
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

/** However many blocks it came in, text goes back as one. */
function textCount(content: string): number {
  return content === '' ? 0 : 1;
}

/** Why the model refused, in the provider's words; null when it did not, or did not say. */
export function readRefusal(message: unknown): string | null {
  return stringAt(message, 'stop_reason') === 'refusal' ? stringAt(objectAt(message, 'stop_details'), 'explanation') : null;
}

const FINISH_REASONS: Readonly<Record<string, string>> = {
  end_turn: 'stop', stop_sequence: 'stop', pause_turn: 'stop', tool_use: 'tool_calls', max_tokens: 'length', model_context_window_exceeded: 'length', refusal: 'content_filter',
};

/** A stop reason in OpenAI's words (platform.claude.com, "Handling stop reasons", read 2026-11); an unknown one stays as it is. */
export function toFinishReason(stopReason: string | null): string | null {
  if (stopReason === null) return null;
  return Object.hasOwn(FINISH_REASONS, stopReason) ? FINISH_REASONS[stopReason] ?? stopReason : stopReason;
}

/** Adds what a later event says of usage to what was known: the last word wins, and a null says nothing. */
export function mergeUsage(known: JsonObject, said: unknown): JsonObject {
  if (!isJsonObject(said)) return known;
  return { ...known, ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null && value !== undefined)) };
}

/**
 * Reads Anthropic's usage; null when the generated tokens are not told. `input_tokens` leaves out what was read from or written
 * to the cache, and a compaction is told only among the iterations (platform.claude.com, "Prompt caching" and "Compaction", read 2026-11).
 */
export function readMessageUsage(usage: unknown): Usage | null {
  if (!isJsonObject(usage) || typeof usage['output_tokens'] !== 'number') return null;
  const iterations = arrayAt(usage, 'iterations');
  const isCompacted = iterations.some((iteration) => stringAt(iteration, 'type') === 'compaction');
  const parts = isCompacted ? iterations.filter((iteration) => ['compaction', 'message'].includes(stringAt(iteration, 'type') ?? '')) : [usage];
  const sum = (key: string): number => addCounts(...parts.map((part) => countAt(part, key)));
  const cachedTokens = sum('cache_read_input_tokens');
  const cacheWriteTokens = sum('cache_creation_input_tokens');
  const completionTokens = sum('output_tokens');
  return {
    promptTokens: addCounts(sum('input_tokens'), cachedTokens, cacheWriteTokens),
    cachedTokens,
    cacheWriteTokens,
    completionTokens,
    reasoningTokens: Math.min(countAt(objectAt(usage, 'output_tokens_details'), 'thinking_tokens'), completionTokens),
  };
}
