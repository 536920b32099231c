/** This file is the wire of embeddings for Google's Gemini API: `batchEmbedContents`. https://ai.google.dev/api/embeddings (2026-11). */
import { arrayAt, countAt, objectAt } from '../foundation/json-value.ts';
import { inputsOf, openNoStream, readNoText, usageOfPrompt } from './embeddings.ts';
import type { EmbeddingsWire } from './embeddings.ts';
import { classifyGeminiError } from './gemini-content-error.ts';
import { requestHeaders } from './request-headers.ts';

/** The wire of Gemini's embeddings. A batch has at most 100 inputs; more is refused by Google. */
export const geminiEmbeddingsWire: EmbeddingsWire = {
  takesTokens: false,
  encode({ target, body }) {
    const { provider, upstreamModel } = target;
    const model = `models/${upstreamModel}`;
    const texts = inputsOf(body.input).filter((input) => typeof input === 'string');
    const size = typeof body.dimensions === 'number' ? { outputDimensionality: body.dimensions } : {};
    const requests = texts.map((text) => ({ model, content: { parts: [{ text }] }, ...size }));
    const warnings = Object.entries(body).filter(([key, value]) => value !== null && !KNOWN.has(key)).map(([key]) => `${key}: dropped, Gemini has nothing like it`);
    const headers = requestHeaders(provider, { wire: 'gemini-content' });
    return { kind: 'http', method: 'POST', path: `/models/${encodeURIComponent(upstreamModel)}:batchEmbedContents`, headers, body: JSON.stringify({ requests }), warnings };
  },
  readReply(text) {
    const reply: unknown = JSON.parse(text);
    const vectors = arrayAt(reply, 'embeddings');
    if (vectors.length === 0 || !vectors.every((vector) => arrayAt(vector, 'values').length > 0)) throw new SyntaxError('not a list of embeddings');
    // Newer models say what they read; older ones nothing.
    const promptTokens = countAt(objectAt(reply, 'usageMetadata'), 'promptTokenCount');
    return { usage: usageOfPrompt(promptTokens > 0 ? promptTokens : null), upstreamId: null, upstreamModel: null, finishReason: null, vectors: vectors.length };
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

const KNOWN: ReadonlySet<string> = new Set(['model', 'input', 'encoding_format', 'dimensions']);
