/** This file is the interface of a wire: pure functions between the contract's own chat types and an upstream's bytes. */
import type { ChatCompletionRequest } from '../../generated/client/types.gen.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import type { ErrorCode } from '../foundation/errors.ts';
import type { JsonOutline } from '../foundation/json-outline.ts';
import type { Target, Usage } from '../foundation/terms.ts';

/** What a wire needs to know of a call to write the upstream's request. */
export interface WireRequest {
  readonly target: Target;
  readonly body: ChatCompletionRequest;
  /** The caller's JSON text, already checked for depth and parsed into `body`. */
  readonly bodyText: string;
  /** Where the top-level fields of `bodyText` stand. */
  readonly outline: JsonOutline;
  readonly isStream: boolean;
  readonly requestId: string;
  /** Wall time in whole seconds, for wires that date their own replies. */
  readonly nowSeconds: number;
}

/** One HTTP request to an upstream; a GET has no body. `path` is appended to the provider's base URL. */
export interface HttpRequest {
  readonly kind: 'http';
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** One line for each field that was changed or dropped. */
  readonly warnings: readonly string[];
}

/** One step of a scripted reply: wait, then hand over these bytes. */
export interface ScriptStep {
  readonly afterMs: number;
  readonly bytes: string;
}

/** A reply played by `call.ts` in place of an upstream's, for the local `sandbox` wire. */
export interface ScriptedReply {
  readonly kind: 'script';
  readonly headDelayMs: number;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly steps: Iterable<ScriptStep>;
  /** After the last step: end cleanly, reset the connection, or stay silent for ever. */
  readonly ending: 'end' | 'reset' | 'hang';
  readonly warnings: readonly string[];
}

/** A failed exchange, classified. */
export interface UpstreamFailure {
  readonly code: ErrorCode;
  /** Whether another target may be asked instead. */
  readonly isRetryable: boolean;
  /** For the caller: what the upstream said of the caller's own request; null to use the catalogue's words. */
  readonly message: string | null;
  readonly param: string | null;
  /** The upstream's own code and type, handed on only when the failure is the caller's fault. */
  readonly upstream: { readonly code: string | null; readonly type: string | null } | null;
  readonly retryAfterSeconds: number | null;
  /** Redacted and cut, for the log. */
  readonly detail: string;
}

/** What the reply says of itself, read from a whole JSON reply or gathered over a stream. */
export interface ReplyFacts {
  readonly usage: Usage | null;
  readonly upstreamId: string | null;
  readonly upstreamModel: string | null;
  readonly finishReason: string | null;
}

/** Follows one upstream stream, event by event, and says what to forward. */
export interface StreamReader {
  /** Keeps the bytes of one read, so that the text generated so far can be counted should the upstream not say. */
  observe(chunk: Buffer): void;
  /** Takes one whole SSE event; gives the bytes to forward (the same ones when nothing had to change) or null to drop it. */
  read(event: ByteText): ByteText | null;
  /** The upstream has said that its stream is complete. */
  readonly isDone: boolean;
  /** The reply is complete in meaning (a finish reason was given), whether or not the stream said so. */
  readonly isFinished: boolean;
  /** The upstream reported a failure inside its stream; nothing more is to be forwarded. */
  readonly failure: UpstreamFailure | null;
  facts(): ReplyFacts;
  /** The text generated so far, for counting when usage is missing. */
  text(): string;
}

/** What a wire needs to know to write a reply of its own. */
export interface ReplyContext {
  readonly requestId: string;
  /** The upstream's name of the model, for replies that do not say it. */
  readonly upstreamModel: string;
  /** Wall time in whole seconds. */
  readonly nowSeconds: number;
}

export interface StreamOptions {
  readonly context: ReplyContext;
  /** The caller asked for usage in the stream; otherwise it is stripped. */
  readonly wantsUsage: boolean;
  /** Raw bytes kept for counting before they are folded into text. */
  readonly observedBytesMax: number;
}

export interface Wire {
  encode(request: WireRequest): HttpRequest | ScriptedReply;
  /** Reads a whole JSON reply. Throws a SyntaxError when it is not a JSON object. */
  readReply(text: string): ReplyFacts;
  /**
   * Makes the chat completion of a whole reply that is none itself. Absent: replies are chat completions, and are forwarded as they came.
   * Only called with what `readReply` has taken.
   */
  readonly toReply?: (text: string, context: ReplyContext) => string;
  /** The generated text of a whole reply, for counting when usage is missing. */
  readText(json: string): string;
  openStream(options: StreamOptions): StreamReader;
  /** Classifies an error status with its body (possibly not JSON, possibly cut). */
  classify(status: number, headers: Readonly<Record<string, string | string[] | undefined>>, body: string): UpstreamFailure;
}
