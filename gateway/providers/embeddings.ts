/** This file is what wires of embeddings share: their canonical replies are OpenAI's, and there are no streams of them. */
import { arrayAt, countAt, isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { EmbeddingRequest } from '../../generated/client/types.gen.ts';
import type { ReplyFacts, StreamReader, Wire } from './wire.ts';

export type EmbeddingsWire = Wire<EmbeddingRequest>;

const BYTES_PER_FLOAT = 4;

/** Reads the facts of a whole reply. Throws a SyntaxError for what is no list of vectors. */
export function readEmbeddings(text: string): ReplyFacts {
  const reply: unknown = JSON.parse(text);
  const vectors = arrayAt(reply, 'data');
  if (!isJsonObject(reply) || vectors.length === 0 || !vectors.every(isVector)) throw new SyntaxError('not a list of embeddings');
  const usage = objectAt(reply, 'usage');
  const promptTokens = countAt(usage, 'prompt_tokens') || countAt(usage, 'total_tokens');
  return {
    usage: usage ? { promptTokens, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: 0, reasoningTokens: 0 } : null,
    upstreamId: stringAt(reply, 'id'), upstreamModel: stringAt(reply, 'model'), finishReason: null,
  };
}

function isVector(item: unknown): boolean {
  return isJsonObject(item) && (typeof item['embedding'] === 'string' || Array.isArray(item['embedding']));
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
 * nothing had to change. `model` and `usage` are put in where they are missing.
 */
export function inEncoding(text: string, wanted: { readonly isBase64: boolean; readonly model: string; readonly promptTokens: number }): string {
  const reply: unknown = JSON.parse(text);
  if (!isJsonObject(reply)) return text;
  const data = arrayAt(reply, 'data');
  const type = wanted.isBase64 ? 'string' : 'object';
  const isWhole = reply['object'] === 'list' && stringAt(reply, 'model') !== null && objectAt(reply, 'usage') !== null;
  if (isWhole && data.every((item, index) => isJsonObject(item) && typeof item['embedding'] === type && item['index'] === index && item['object'] === 'embedding')) return text;
  const vectors = data.map((item, index) => {
    const { embedding, ...rest } = isJsonObject(item) ? item : { embedding: [] };
    return { ...rest, object: 'embedding', index: Number.isSafeInteger(rest['index']) ? rest['index'] : index, embedding: wanted.isBase64 ? toBase64(embedding) : toNumbers(embedding) };
  });
  const usage = { prompt_tokens: wanted.promptTokens, total_tokens: wanted.promptTokens };
  return JSON.stringify({ ...reply, object: 'list', data: vectors, model: stringAt(reply, 'model') ?? wanted.model, usage: objectAt(reply, 'usage') ?? usage });
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
