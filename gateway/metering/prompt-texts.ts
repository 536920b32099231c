/** This file gathers what a chat prompt costs tokens for: its texts, to be counted, and flat estimates for what has none. */
import type { ChatCompletionRequest } from '../../generated/client/types.gen.ts';
import { isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';

// OpenAI's own rule for chat prompts (cookbook "How to count tokens with tiktoken", 2025): three tokens a message,
// one a name, three to open the reply.
const MESSAGE_TOKENS = 3;
const NAME_TOKENS = 1;
const REPLY_OPENING_TOKENS = 3;

/** Flat estimates for what has no text; see docs/decisions/2026-11-21-token-counting.md. */
export const FLAT_TOKENS = {
  /** A 1024 × 1024 image in high detail (85 + 4 tiles of 170). */
  image: 765,
  /** The same in `detail: low`. */
  imageLowDetail: 85,
  /** Half a minute of speech at ten tokens a second. */
  audio: 300,
  /** Two pages of a document. */
  file: 1_500,
  video: 3_000,
} as const;

/** What a prompt is made of: tokens known without counting, and texts still to be counted. */
export interface PromptTexts {
  readonly tokens: number;
  readonly texts: readonly string[];
}

interface Tally {
  tokens: number;
  readonly texts: string[];
}

/**
 * Gathers a chat prompt: messages with OpenAI's overhead, names, tool calls, earlier reasoning, tool and schema
 * definitions as JSON, and flat estimates for images, audio, files and video.
 */
export function gatherPrompt(request: ChatCompletionRequest): PromptTexts {
  const tally: Tally = { tokens: REPLY_OPENING_TOKENS, texts: [] };
  for (const message of request.messages) tallyMessage(message, tally);
  const { tools, functions, response_format: responseFormat } = request;
  if (tools && tools.length > 0) tally.texts.push(JSON.stringify(tools));
  if (functions && functions.length > 0) tally.texts.push(JSON.stringify(functions));
  if (responseFormat?.type === 'json_schema') tally.texts.push(JSON.stringify(responseFormat));
  return tally;
}

function tallyMessage(message: unknown, tally: Tally): void {
  tally.tokens += MESSAGE_TOKENS;
  if (!isJsonObject(message)) return;
  for (const [field, value] of Object.entries(message)) {
    if (field === 'content') tallyContent(value, tally);
    else if (field === 'tool_calls' || field === 'function_call') tallyCalls(value, tally);
    else if (typeof value === 'string') {
      tally.texts.push(value);
      if (field === 'name') tally.tokens += NAME_TOKENS;
    }
  }
}

function tallyContent(content: unknown, tally: Tally): void {
  if (typeof content === 'string') tally.texts.push(content);
  if (!Array.isArray(content)) return;
  for (const part of content) if (isJsonObject(part)) tallyPart(part, tally);
}

function tallyPart(part: JsonObject, tally: Tally): void {
  switch (part['type']) {
    case 'image_url':
      tally.tokens += stringAt(part['image_url'], 'detail') === 'low' ? FLAT_TOKENS.imageLowDetail : FLAT_TOKENS.image;
      return;
    case 'input_audio':
      tally.tokens += FLAT_TOKENS.audio;
      return;
    case 'file':
    case 'document_url':
      tally.tokens += FLAT_TOKENS.file;
      return;
    case 'video_url':
      tally.tokens += FLAT_TOKENS.video;
      return;
    default:
      for (const [field, value] of Object.entries(part)) {
        if (field !== 'type' && typeof value === 'string') tally.texts.push(value);
      }
  }
}

function tallyCalls(value: unknown, tally: Tally): void {
  const calls: readonly unknown[] = Array.isArray(value) ? value : [value];
  for (const call of calls) {
    for (const body of [call, objectAt(call, 'function'), objectAt(call, 'custom')]) {
      for (const field of ['name', 'arguments', 'input']) tally.texts.push(stringAt(body, field) ?? '');
    }
  }
}
