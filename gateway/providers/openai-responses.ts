/** This file is the `openai-responses` wire: OpenAI's Responses API, for upstreams and models that answer there best, or only there. */
import { classifyResponseError } from './openai-responses-error.ts';
import { readResponse, readResponseText, toChatCompletion } from './openai-responses-reply.ts';
import { toResponsesBody } from './openai-responses-request.ts';
import { openResponseStream } from './openai-responses-stream.ts';
import { requestHeaders } from './request-headers.ts';
import type { HttpRequest, Wire, WireRequest } from './wire.ts';

/** The wire of every upstream that speaks the Responses API: OpenAI, Azure, xAI, OpenRouter, DeepSeek, vLLM, LM Studio, Ollama. */
export const openaiResponsesWire: Wire = {
  encode: encodeResponses,
  readReply: readResponse,
  toReply: toChatCompletion,
  readText: readResponseText,
  openStream: openResponseStream,
  classify: classifyResponseError,
};

function encodeResponses(request: WireRequest): HttpRequest {
  const { json, warnings } = toResponsesBody(request);
  const headers = requestHeaders(request.target.provider, { wire: 'openai-responses', isStream: request.isStream });
  return { kind: 'http', method: 'POST', path: '/responses', headers, body: json, warnings };
}
