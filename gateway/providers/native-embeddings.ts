/** This file reads the usage of embeddings as they come, OpenAI's and Gemini's. */
import { isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import { mergeCounts, usageOf } from './gemini-content-reply.ts';
import type { GeminiCounts } from './gemini-content-reply.ts';
import { readChatUsage } from './openai-chat-text.ts';
import type { ReplyFacts } from './wire.ts';

/** Reads `{data: […], usage: {prompt_tokens}}` (platform.openai.com/docs/api-reference/embeddings, 2026-11). Throws a SyntaxError for anything else. */
export function readEmbeddings(text: string): ReplyFacts {
  const reply: unknown = JSON.parse(text);
  if (!isJsonObject(reply) || !Array.isArray(reply['data'])) throw new SyntaxError('not embeddings');
  return { usage: readChatUsage(reply['usage']), upstreamId: stringAt(reply, 'id'), upstreamModel: stringAt(reply, 'model'), finishReason: null };
}

/** Reads `{embedding: {values}}`, which tells no usage with older models (ai.google.dev/api/embeddings, 2026-11). Throws a SyntaxError for anything else. */
export function readEmbedContent(text: string): ReplyFacts {
  const reply: unknown = JSON.parse(text);
  if (!objectAt(reply, 'embedding')) throw new SyntaxError('not an embedding');
  const counts: GeminiCounts = {};
  mergeCounts(counts, reply);
  return { usage: usageOf(counts), upstreamId: null, upstreamModel: null, finishReason: null };
}
