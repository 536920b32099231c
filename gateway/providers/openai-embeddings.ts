/** This file is the wire of embeddings for upstreams that speak OpenAI's: bytes go through untouched but for the model name. https://platform.openai.com/docs/api-reference/embeddings (2026-11). */
import { editJson } from '../foundation/json-outline.ts';
import type { JsonEdit } from '../foundation/json-outline.ts';
import { droppedFields, droppedLine } from './dropped-fields.ts';
import { openNoStream, readEmbeddings, readNoText } from './embeddings.ts';
import type { EmbeddingsWire } from './embeddings.ts';
import { isRecased } from './openai-chat.ts';
import { classifyOpenAiError } from './openai-error.ts';
import { requestHeaders } from './request-headers.ts';

/** The wire of embeddings of every upstream that speaks OpenAI's. */
export const openaiEmbeddingsWire: EmbeddingsWire = {
  takesTokens: true,
  encode({ target, bodyText, outline }) {
    const { provider, upstreamModel } = target;
    const warnings: string[] = [];
    const edits: JsonEdit[] = [{ kind: 'set', key: 'model', json: JSON.stringify(upstreamModel) }];
    for (const { key } of outline.fields) if (isRecased(key)) edits.push({ kind: 'drop', key });
    for (const key of droppedFields(target)) {
      if (!outline.fields.some((field) => field.key === key)) continue;
      edits.push({ kind: 'drop', key });
      // Whichever way the vectors come, they are written as asked.
      if (key !== 'encoding_format') warnings.push(droppedLine(key, target));
    }
    const headers = requestHeaders(provider, { wire: 'openai-chat' });
    return { kind: 'http', method: 'POST', path: '/embeddings', headers, body: editJson(bodyText, outline, edits), warnings };
  },
  readReply: readEmbeddings,
  readText: readNoText,
  openStream: openNoStream,
  classify: classifyOpenAiError,
};
