/** This file is what wires of embeddings share: their canonical replies are OpenAI's, and there are no streams of them. */
import { arrayAt, countAt, isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { EmbeddingRequest } from '../../generated/client/types.gen.ts';
import type { Usage } from '../foundation/terms.ts';
import type { ReplyFacts, StreamReader, Wire } from './wire.ts';

/** What is read of a reply: besides what every reply says of itself, how many vectors it has. */
export interface EmbeddingsFacts extends ReplyFacts {
  readonly vectors: number;
}

/** A wire of embeddings. */
export interface EmbeddingsWire extends Wire<EmbeddingRequest> {
  /** Whether inputs may be lists of tokens; a wire that takes none is not asked with them. */
  readonly takesTokens: boolean;
  /** Reads a whole reply. Throws a SyntaxError when it is none. */
  readReply(text: string): EmbeddingsFacts;
}

const BYTES_PER_FLOAT = 4;

/** Reads the facts of a whole reply. Throws a SyntaxError for what is no list of vectors. */
export function readEmbeddings(text: string): EmbeddingsFacts {
  const reply: unknown = JSON.parse(text);
  const vectors = arrayAt(reply, 'data');
  if (!isJsonObject(reply) || vectors.length === 0 || !vectors.every(isVector)) throw new SyntaxError('not a list of embeddings');
  return { usage: usageOfPrompt(promptTokensOf(reply)), upstreamId: stringAt(reply, 'id'), upstreamModel: stringAt(reply, 'model'), finishReason: null, vectors: vectors.length };
}

/** What is read is all there is to count; null where nobody said how much. */
export function usageOfPrompt(promptTokens: number | null): Usage | null {
  return promptTokens === null ? null : { promptTokens, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: 0, reasoningTokens: 0 };
}

/** Some say the sum only (Voyage AI). Null when there is no number at all. */
function promptTokensOf(reply: unknown): number | null {
  const usage = objectAt(reply, 'usage');
  if (typeof usage?.['prompt_tokens'] !== 'number' && typeof usage?.['total_tokens'] !== 'number') return null;
  return countAt(usage, 'prompt_tokens') || countAt(usage, 'total_tokens');
}

function isVector(item: unknown): boolean {
  const vector = isJsonObject(item) ? item['embedding'] : null;
  return (typeof vector === 'string' || Array.isArray(vector)) && vector.length > 0;
}

/** Nobody reads text out of vectors. */
export function readNoText(): string {
  return '';
}

/** Thrown at whoever streams what has no streams: a mistake of ours. */
export function openNoStream(): StreamReader {
  throw new Error('there are no streams of this kind');
}

/**
 * Gives the reply with its vectors written as the caller asked, whichever way the upstream has written them; the same text where
 * nothing had to change. A missing `model` is put in, and a missing `usage` as zeros until `withUsage` knows better.
 */
export function inEncoding(text: string, wanted: { readonly isBase64: boolean; readonly model: string }): string {
  const reply: unknown = JSON.parse(text);
  if (!isJsonObject(reply)) return text;
  const data = arrayAt(reply, 'data');
  const type = wanted.isBase64 ? 'string' : 'object';
  const isWhole = reply['object'] === 'list' && stringAt(reply, 'model') !== null && isUsage(reply['usage']);
  if (isWhole && data.every((item, index) => isJsonObject(item) && typeof item['embedding'] === type && item['index'] === index && item['object'] === 'embedding')) return text;
  const vectors = data.map((item, index) => {
    const { embedding, ...rest } = isJsonObject(item) ? item : { embedding: [] };
    return { ...rest, object: 'embedding', index: isIndex(rest['index']) ? rest['index'] : index, embedding: wanted.isBase64 ? toBase64(embedding) : toNumbers(embedding) };
  });
  const promptTokens = promptTokensOf(reply) ?? 0;
  const usage = { ...objectAt(reply, 'usage'), prompt_tokens: promptTokens, total_tokens: promptTokens };
  return JSON.stringify({ ...reply, object: 'list', data: vectors, model: stringAt(reply, 'model') ?? wanted.model, usage: isUsage(reply['usage']) ? reply['usage'] : usage });
}

/** Gives a whole reply with the usage that is charged. */
export function withUsage(text: string, { promptTokens }: Usage): string {
  const reply: unknown = JSON.parse(text);
  return isJsonObject(reply) ? JSON.stringify({ ...reply, usage: { prompt_tokens: promptTokens, total_tokens: promptTokens } }) : text;
}

function isUsage(usage: unknown): boolean {
  return isJsonObject(usage) && isIndex(usage['prompt_tokens']) && isIndex(usage['total_tokens']);
}

function isIndex(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** The base64 of little-endian 32-bit floats. */
export function toBase64(vector: unknown): string {
  if (typeof vector === 'string') return vector;
  const numbers: readonly unknown[] = Array.isArray(vector) ? vector : [];
  const bytes = Buffer.alloc(numbers.length * BYTES_PER_FLOAT);
  for (const [index, value] of numbers.entries()) bytes.writeFloatLE(Number(value), index * BYTES_PER_FLOAT);
  return bytes.toString('base64');
}

function toNumbers(vector: unknown): unknown {
  if (typeof vector !== 'string') return vector;
  const bytes = Buffer.from(vector, 'base64');
  return Array.from({ length: Math.floor(bytes.length / BYTES_PER_FLOAT) }, (_, index) => bytes.readFloatLE(index * BYTES_PER_FLOAT));
}

/** An input as a list: texts, or lists of tokens. */
export function inputsOf(input: EmbeddingRequest['input']): readonly (string | readonly number[])[] {
  if (typeof input === 'string') return [input];
  const texts: string[] = [];
  const tokens: number[] = [];
  const lists: (readonly number[])[] = [];
  for (const item of input) {
    if (typeof item === 'string') texts.push(item);
    else if (typeof item === 'number') tokens.push(item);
    else lists.push(item);
  }
  if (tokens.length > 0) return [tokens];
  return lists.length > 0 ? lists : texts;
}
