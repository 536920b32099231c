/** This file is the `gemini-content` wire: chat completions over the Gemini API's `generateContent`. https://ai.google.dev/api/generate-content (2026-11). */
import { droppedFields } from './dropped-fields.ts';
import { classifyGeminiError } from './gemini-content-error.ts';
import { readGeminiReply, readGeminiText, toChatCompletion } from './gemini-content-reply.ts';
import { writeGeminiRequest } from './gemini-content-request.ts';
import { openGeminiStream } from './gemini-content-stream.ts';
import { requestHeaders } from './request-headers.ts';
import type { HttpRequest, Wire, WireRequest } from './wire.ts';

/** The wire of Google's Gemini API. */
export const geminiContentWire: Wire = {
  encode: encodeGemini,
  readReply: readGeminiReply,
  toReply: toChatCompletion,
  readText: readGeminiText,
  openStream: openGeminiStream,
  classify: classifyGeminiError,
};

function encodeGemini(request: WireRequest): HttpRequest {
  const { provider, upstreamModel } = request.target;
  const { body, warnings } = writeGeminiRequest(request.body, { upstreamModel, dropFields: droppedFields(request.target) });
  const headers = requestHeaders(provider, { wire: 'gemini-content', isStream: request.isStream });
  const path = `/${pathOf(upstreamModel)}:${request.isStream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`;
  return { kind: 'http', method: 'POST', path, headers, body: JSON.stringify(body), warnings };
}

/** A model's resource name: `models/…` unless it says its collection itself, as `tunedModels/…` does. */
function pathOf(model: string): string {
  const name = model.includes('/') ? model : `models/${model}`;
  return name.split('/').map(encodeURIComponent).join('/');
}
