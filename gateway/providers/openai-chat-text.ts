/** This file reads usage and generated text out of OpenAI-wire replies and deltas, and writes usage as they have it. */
import { arrayAt, countAt, isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Usage } from '../foundation/terms.ts';

/**
 * Reads OpenAI's usage object; null when there is none, or when it carries no token counts at all. Besides
 * `prompt_tokens_details.cached_tokens`, DeepSeek's `prompt_cache_hit_tokens` is read (api-docs.deepseek.com, 2026-08).
 */
export function readChatUsage(usage: unknown): Usage | null {
  if (!isJsonObject(usage)) return null;
  if (typeof usage['prompt_tokens'] !== 'number' && typeof usage['completion_tokens'] !== 'number') return null;
  const promptDetails = objectAt(usage, 'prompt_tokens_details');
  const completionDetails = objectAt(usage, 'completion_tokens_details');
  const cached = Math.max(countAt(promptDetails, 'cached_tokens'), countAt(usage, 'prompt_cache_hit_tokens'), countAt(usage, 'cached_tokens'));
  return {
    promptTokens: countAt(usage, 'prompt_tokens'),
    cachedTokens: cached,
    cacheWriteTokens: countAt(promptDetails, 'cache_write_tokens'),
    completionTokens: completionTokens(usage, countAt(completionDetails, 'reasoning_tokens')),
    reasoningTokens: Math.max(countAt(completionDetails, 'reasoning_tokens'), countAt(usage, 'reasoning_tokens')),
  };
}

/**
 * xAI counts reasoning beside `completion_tokens`, not within: its `total_tokens` is prompt + completion + reasoning
 * (seen in the recorded xai-text stream). OpenAI's rule is that completion includes reasoning; both end up so here.
 */
function completionTokens(usage: unknown, reasoning: number): number {
  const completion = countAt(usage, 'completion_tokens');
  const total = countAt(usage, 'total_tokens');
  return total === countAt(usage, 'prompt_tokens') + completion + reasoning ? completion + reasoning : completion;
}

/** Usage in the words of a chat completion. */
export function toChatUsage(usage: Usage): JsonObject {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens, cache_write_tokens: usage.cacheWriteTokens },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  };
}

const TEXT_FIELDS = ['content', 'reasoning_content', 'reasoning', 'refusal'] as const;

/** The generated text in a message or a delta. */
export function generatedText(part: unknown): string {
  let text = '';
  for (const field of TEXT_FIELDS) text += textOf(isJsonObject(part) ? part[field] : null);
  for (const call of arrayAt(part, 'tool_calls')) {
    const called = objectAt(call, 'function') ?? objectAt(call, 'custom');
    text += (stringAt(called, 'name') ?? '') + (stringAt(called, 'arguments') ?? '') + (stringAt(called, 'input') ?? '');
  }
  const legacy = objectAt(part, 'function_call');
  return text + (stringAt(legacy, 'name') ?? '') + (stringAt(legacy, 'arguments') ?? '');
}

/** Content is a string, or with Mistral's reasoning models a list of text and thinking parts. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (stringAt(part, 'text') ?? '') + textOf(isJsonObject(part) ? part['thinking'] : null)).join('');
}
