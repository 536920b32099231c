/** This file reads the usage of Gemini's embeddings as they come. */
import { objectAt } from '../foundation/json-value.ts';
import { mergeCounts, usageOf } from './gemini-content-reply.ts';
import type { GeminiCounts } from './gemini-content-reply.ts';
import type { ReplyFacts } from './wire.ts';

/** Reads `{embedding: {values}}`, which tells no usage with older models (ai.google.dev/api/embeddings, 2026-11). Throws a SyntaxError for anything else. */
export function readEmbedContent(text: string): ReplyFacts {
  const reply: unknown = JSON.parse(text);
  if (!objectAt(reply, 'embedding')) throw new SyntaxError('not an embedding');
  const counts: GeminiCounts = {};
  mergeCounts(counts, reply);
  return { usage: usageOf(counts), upstreamId: null, upstreamModel: null, finishReason: null };
}
