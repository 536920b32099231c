/** This file is the `anthropic-messages` wire: Anthropic's own Messages API, with its thinking, caching and structured outputs. */
import { classifyMessageError } from './anthropic-messages-error.ts';
import { readMessage, readMessageText, toChatCompletion } from './anthropic-messages-reply.ts';
import { toMessagesBody } from './anthropic-messages-request.ts';
import { openMessageStream } from './anthropic-messages-stream.ts';
import { requestHeaders } from './request-headers.ts';
import type { HttpRequest, Wire, WireRequest } from './wire.ts';

/** The wire of Anthropic, and of servers that speak its API. */
export const anthropicMessagesWire: Wire = {
  encode: encodeMessages,
  readReply: readMessage,
  toReply: toChatCompletion,
  readText: readMessageText,
  openStream: openMessageStream,
  classify: classifyMessageError,
};

function encodeMessages(request: WireRequest): HttpRequest {
  const { json, warnings } = toMessagesBody(request);
  const headers = requestHeaders(request.target.provider, { wire: 'anthropic-messages', isStream: request.isStream });
  return { kind: 'http', method: 'POST', path: '/messages', headers, body: json, warnings };
}
