/** This file reads a chat request into what a sandbox model needs to know of it. */
import { arrayAt, isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { refuse } from './sandbox-options.ts';
import type { Problem } from './sandbox-options.ts';
import { readToolChoice } from './sandbox-tool-choice.ts';
import type { ToolChoice } from './sandbox-tool-choice.ts';
import { countTokens } from './sandbox-tokens.ts';
import type { WireRequest } from './wire.ts';

/** The form the content must have. */
export type Format = { readonly kind: 'text' } | { readonly kind: 'json_object' } | { readonly kind: 'json_schema'; readonly schema: unknown };

/** What is asked of a sandbox model. */
export interface Ask {
  /** The model's public name, e.g. `sandbox/echo`. */
  readonly model: string;
  readonly isEcho: boolean;
  /** Text of the last user message. */
  readonly text: string;
  /** What was attached to it: `1 image`, `2 files` … */
  readonly attachments: readonly string[];
  /** Texts of the user messages just before it, with nobody's between: clients put context of their own beside what was asked. */
  readonly besideTexts: readonly string[];
  /** Texts of the user messages before the last. */
  readonly earlierTexts: readonly string[];
  /** The result of the tool that was called last; null when the user spoke last. */
  readonly toolResult: { readonly name: string; readonly text: string } | null;
  readonly messageCount: number;
  readonly toolChoice: ToolChoice;
  readonly format: Format;
  readonly choices: number;
  readonly stops: readonly string[];
  readonly maxTokens: number | null;
  /** How many alternatives to report per token; null when log probabilities were not asked for. */
  readonly topLogprobs: number | null;
  /** Null when no thinking was asked for. */
  readonly effort: string | null;
  readonly serviceTier: string | null;
  readonly wantsUsage: boolean;
  readonly promptTokens: number;
  readonly cachedTokens: number;
}

/** Reads the request, or says why an upstream would refuse it. */
export function readAsk(request: WireRequest): Ask | Problem {
  const body: JsonObject = { ...request.body };
  if (arrayAt(body, 'modalities').includes('audio')) {
    return refuse('Sandbox models do not speak: remove audio from \'modalities\'.', 'modalities', 'unsupported_value');
  }
  const messages = arrayAt(body, 'messages');
  const spoken = messages.filter((message) => stringAt(message, 'role') === 'user');
  const last = spoken.at(-1);
  const toolChoice = readToolChoice(body);
  if ('message' in toolChoice) return toolChoice;
  const name = request.target.upstreamModel.split('/').at(-1) ?? '';
  const effort = stringAt(body, 'reasoning_effort');
  return {
    model: `sandbox/${name}`,
    isEcho: name === 'echo',
    text: textOf(last),
    attachments: attachmentsOf(last),
    besideTexts: messages.slice(messages.findLastIndex((message) => stringAt(message, 'role') !== 'user') + 1, -1).map(textOf),
    earlierTexts: spoken.slice(0, -1).map(textOf),
    toolResult: readToolResult(messages),
    messageCount: messages.length,
    toolChoice,
    format: readFormat(objectAt(body, 'response_format')),
    choices: numberAt(body, 'n') ?? 1,
    stops: readStops(body['stop']),
    maxTokens: readMaxTokens(body),
    topLogprobs: body['logprobs'] === true ? numberAt(body, 'top_logprobs') ?? 0 : null,
    effort: effort === 'none' ? null : effort,
    serviceTier: stringAt(body, 'service_tier'),
    wantsUsage: objectAt(body, 'stream_options')?.['include_usage'] === true,
    ...countPrompt(body, messages),
  };
}

function numberAt(body: JsonObject, key: string): number | null {
  const value = body[key];
  return typeof value === 'number' ? value : null;
}

/** The text of a message: its content, or its text parts line by line. */
function textOf(message: unknown): string {
  const whole = stringAt(message, 'content');
  if (whole !== null) return whole;
  return arrayAt(message, 'content').flatMap((part) => stringAt(part, 'text') ?? []).join('\n');
}

const ATTACHMENTS = new Map([
  ['image_url', 'image'], ['input_audio', 'audio clip'], ['file', 'file'], ['document_url', 'document'], ['video_url', 'video'],
]);

function attachmentsOf(message: unknown): readonly string[] {
  const counts = new Map<string, number>();
  for (const part of arrayAt(message, 'content')) {
    const word = ATTACHMENTS.get(stringAt(part, 'type') ?? '');
    if (word) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => `${count} ${word}${count === 1 ? '' : 's'}`);
}

function readToolResult(messages: readonly unknown[]): Ask['toolResult'] {
  const last = messages.at(-1);
  const role = stringAt(last, 'role');
  if (role === 'function') return { name: stringAt(last, 'name') ?? 'function', text: textOf(last) };
  if (role !== 'tool') return null;
  const id = stringAt(last, 'tool_call_id');
  const call = messages.flatMap((message) => arrayAt(message, 'tool_calls')).findLast((candidate) => stringAt(candidate, 'id') === id);
  const name = stringAt(objectAt(call, 'function') ?? objectAt(call, 'custom'), 'name');
  return { name: name ?? 'tool', text: textOf(last) };
}

function readFormat(format: JsonObject | null): Format {
  if (format?.['type'] === 'json_object') return { kind: 'json_object' };
  if (format?.['type'] === 'json_schema') return { kind: 'json_schema', schema: objectAt(format, 'json_schema')?.['schema'] ?? {} };
  return { kind: 'text' };
}

function readStops(stop: unknown): readonly string[] {
  const stops: readonly unknown[] = Array.isArray(stop) ? stop : [stop];
  return stops.filter((candidate) => typeof candidate === 'string' && candidate !== '').map(String);
}

function readMaxTokens(body: JsonObject): number | null {
  const caps = [numberAt(body, 'max_tokens'), numberAt(body, 'max_completion_tokens')].filter((cap) => cap !== null);
  return caps.length === 0 ? null : Math.min(...caps);
}

const MESSAGE_TOKENS = 4;
const ATTACHMENT_TOKENS = 85;
// Like a real prompt cache: only long prefixes, in whole blocks.
const CACHED_PREFIX_TOKENS_MIN = 512;
const CACHE_BLOCK_TOKENS = 64;

/**
 * Counts the prompt, and how much of it a prompt cache would know. The sandbox remembers nothing, so it takes all but
 * the last message for known when the conversation has gone on for a turn or the caller names a `prompt_cache_key`.
 */
function countPrompt(body: JsonObject, messages: readonly unknown[]): { promptTokens: number; cachedTokens: number } {
  const definitions = ['tools', 'functions', 'response_format'].filter((key) => isJsonObject(body[key]) || arrayAt(body, key).length > 0);
  const definitionTokens = definitions.reduce((sum, key) => sum + countTokens(JSON.stringify(body[key])), 0);
  const counts = messages.map(countMessage);
  const total = counts.reduce((sum, count) => sum + count, definitionTokens);
  const prefix = total - (counts.at(-1) ?? 0);
  const isShared = stringAt(body, 'prompt_cache_key') !== null || messages.some((message) => stringAt(message, 'role') === 'assistant');
  const isCached = isShared && prefix >= CACHED_PREFIX_TOKENS_MIN;
  return { promptTokens: total, cachedTokens: isCached ? prefix - (prefix % CACHE_BLOCK_TOKENS) : 0 };
}

function countMessage(message: unknown): number {
  const attached = arrayAt(message, 'content').filter((part) => stringAt(part, 'text') === null).length;
  const thoughts = (stringAt(message, 'reasoning_content') ?? '') + (stringAt(message, 'reasoning') ?? '');
  const calls = arrayAt(message, 'tool_calls');
  return MESSAGE_TOKENS + countTokens(textOf(message)) + countTokens(thoughts) + attached * ATTACHMENT_TOKENS
    + (calls.length > 0 ? countTokens(JSON.stringify(calls)) : 0);
}
