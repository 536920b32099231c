/** This file is the wire of embeddings for Google's Gemini API: `batchEmbedContents`. https://ai.google.dev/api/embeddings (2026-11). */
import { fail } from '../foundation/errors.ts';
import { arrayAt, countAt, objectAt } from '../foundation/json-value.ts';
import { authorization } from './authorization.ts';
import { inputsOf, openNoStream, readNoText } from './embeddings.ts';
import type { EmbeddingsWire } from './embeddings.ts';
import { classifyGeminiError } from './gemini-content-error.ts';

export const geminiEmbeddingsWire: EmbeddingsWire = {
  encode({ target, body }) {
    const { provider, upstreamModel } = target;
    const model = `models/${upstreamModel}`;
    const requests = inputsOf(body.input).map((input) => {
      if (typeof input !== 'string') fail('unsupported_field', { param: 'input', message: `${target.id} takes texts, not tokens.` });
      return { model, content: { parts: [{ text: input }] }, ...(typeof body.dimensions === 'number' ? { outputDimensionality: body.dimensions } : {}) };
    });
    const warnings = Object.keys(body).filter((key) => !KNOWN.has(key)).map((key) => `${key}: dropped, Gemini has nothing like it`);
    const headers = { 'content-type': 'application/json', accept: 'application/json', 'accept-encoding': 'identity', ...provider.headers, ...authorization(provider) };
    return { kind: 'http', method: 'POST', path: `/models/${encodeURIComponent(upstreamModel)}:batchEmbedContents`, headers, body: JSON.stringify({ requests }), warnings };
  },
  readReply(text) {
    const reply: unknown = JSON.parse(text);
    const vectors = arrayAt(reply, 'embeddings');
    if (vectors.length === 0 || !vectors.every((vector) => arrayAt(vector, 'values').length > 0)) throw new SyntaxError('not a list of embeddings');
    // Newer models say what they read; older ones nothing.
    const promptTokens = countAt(objectAt(reply, 'usageMetadata'), 'promptTokenCount');
    const usage = promptTokens > 0 ? { promptTokens, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: 0, reasoningTokens: 0 } : null;
    return { usage, upstreamId: null, upstreamModel: null, finishReason: null };
  },
  toReply(text, { upstreamModel }) {
    const reply: unknown = JSON.parse(text);
    const data = arrayAt(reply, 'embeddings').map((vector, index) => ({ object: 'embedding', index, embedding: arrayAt(vector, 'values') }));
    const promptTokens = countAt(objectAt(reply, 'usageMetadata'), 'promptTokenCount');
    return JSON.stringify({ object: 'list', data, model: upstreamModel, ...(promptTokens > 0 ? { usage: { prompt_tokens: promptTokens, total_tokens: promptTokens } } : {}) });
  },
  readText: readNoText,
  openStream: openNoStream,
  classify: classifyGeminiError,
};

const KNOWN: ReadonlySet<string> = new Set(['model', 'input', 'encoding_format', 'dimensions', 'user']);
