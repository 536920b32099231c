/** This file streams a chat completion through the generated client and hides what its event reader gets wrong. */
import { client as defaultClient } from './client.gen.ts';
import { createChatCompletionStream } from './sdk.gen.ts';
import type { Client } from './client/index.ts';
import type { ChatCompletionChunk, ChatCompletionRequest, ErrorObject, ErrorResponse } from './types.gen.ts';

export interface StreamChatCompletionOptions {
  /** The conversation; `stream: true` is added. */
  readonly body: Omit<ChatCompletionRequest, 'stream'>;
  /** A client of `createClient()`; the shared one when left out. */
  readonly client?: Client;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the stream and the request. */
  readonly signal?: AbortSignal;
}

/** A stream that was refused (`status` 400 and above) or broke off after it began (`status` 200). */
export class ChatStreamError extends Error {
  readonly status: number;
  /** The error object of the contract; null when the connection broke without one. */
  readonly error: ErrorObject | null;

  constructor(message: string, options: { status: number; error: ErrorObject | null; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'ChatStreamError';
    this.status = options.status;
    this.error = options.error;
  }
}

/**
 * Streams one answer as typed chunks. The request is sent once and never again; `[DONE]` is not yielded; leaving the loop
 * early ends the request. Throws a ChatStreamError when the gateway refuses, sends an error event, or the stream ends
 * without `[DONE]`; throws the signal's reason when the signal fires.
 */
export async function* streamChatCompletion(options: StreamChatCompletionOptions): AsyncGenerator<ChatCompletionChunk, void, undefined> {
  const client = options.client ?? defaultClient;
  const leave = new AbortController();
  let failure: unknown = null;
  let isDone = false;
  const { stream } = await createChatCompletionStream({
    client,
    body: { ...options.body, stream: true },
    headers: { accept: 'text/event-stream', ...options.headers },
    signal: options.signal ? AbortSignal.any([options.signal, leave.signal]) : leave.signal,
    fetch: refuseErrorReplies(client.getConfig().fetch ?? globalThis.fetch),
    sseMaxRetryAttempts: 1,
    onSseError: (error) => { failure = error; },
  });
  try {
    const events: AsyncIterable<unknown> = stream;
    for await (const event of events) {
      if (event === '[DONE]') {
        isDone = true;
        break;
      }
      if (isErrorResponse(event)) throw new ChatStreamError(event.error.message, { status: 200, error: event.error });
      yield event as ChatCompletionChunk;
    }
  } finally {
    leave.abort();
  }
  if (isDone) return;
  options.signal?.throwIfAborted();
  if (failure instanceof ChatStreamError) throw failure;
  throw new ChatStreamError('The stream broke off before it was complete.', { status: 200, error: null, cause: failure });
}

/** The event reader keeps nothing of an error reply but its status, so the error is read before it gets there. */
function refuseErrorReplies(fetchReply: typeof fetch): typeof fetch {
  return async (input, init) => {
    const reply = await fetchReply(input, init);
    if (reply.ok) return reply;
    const text = await reply.text();
    const error = readError(text);
    throw new ChatStreamError(error?.message ?? `HTTP ${reply.status}`, { status: reply.status, error });
  };
}

function readError(text: string): ErrorObject | null {
  try {
    const body: unknown = JSON.parse(text);
    return isErrorResponse(body) ? body.error : null;
  } catch {
    return null;
  }
}

function isErrorResponse(value: unknown): value is ErrorResponse {
  return typeof value === 'object' && value !== null && 'error' in value && typeof value.error === 'object' && value.error !== null
    && 'message' in value.error;
}
