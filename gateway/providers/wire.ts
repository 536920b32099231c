/** This file is the interface of a wire: pure functions between the contract's own types of a kind of call and an upstream's bytes. */
import type { ChatCompletionRequest } from '../../generated/client/types.gen.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import type { ErrorCode } from '../foundation/errors.ts';
import type { JsonOutline } from '../foundation/json-outline.ts';
import type { UploadedFile } from '../foundation/operation.ts';
import type { Target, Usage } from '../foundation/terms.ts';

/** What a wire needs to know of a call to write the upstream's request. */
export interface WireRequest<Body = ChatCompletionRequest> {
  readonly target: Target;
  /** The canonical request of its kind. */
  readonly body: Body;
  /** The JSON text of `body`, already checked for depth; '' where the caller sent none. */
  readonly bodyText: string;
  /** Where the top-level fields of `bodyText` stand. */
  readonly outline: JsonOutline;
  /** What was uploaded with it. */
  readonly files: readonly UploadedFile[];
  readonly isStream: boolean;
  readonly requestId: string;
  /** Wall time in whole seconds, for wires that date their own replies. */
  readonly nowSeconds: number;
}

/** One HTTP request to an upstream; only a POST has a body. `path` is appended to the provider's base URL. */
export interface HttpRequest {
  readonly kind: 'http';
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** True for what must not be sent twice, not even when the connection it went into turns out to have been closed. */
  readonly isOnce?: boolean;
  /** Its first byte may take as long as the whole exchange may: images are answered once they are finished. */
  readonly isSlow?: boolean;
  /** One line for each field that was changed or dropped. */
  readonly warnings: readonly string[];
}

/** One step of a scripted reply: wait, then hand over these bytes. */
export interface ScriptStep {
  readonly afterMs: number;
  readonly bytes: string | Buffer;
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
  /** True when no byte of the request has left this gateway. */
  readonly isUnsent?: boolean;
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
  /** How many events said something, where those that did not are forwarded too; absent: every forwarded event with data did. */
  readonly eventsWithWords?: number;
  /** What is held back until the end will not be handed out: the upstream has failed, or the gateway ends it. Absent where nothing is. */
  drop?(): void;
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

/** How an upstream's replies are read, whatever was asked of it. */
export interface ReplySide {
  /** `bytes`: replies are not JSON; they are taken as bytes, and handed on with the upstream's content type. Absent: JSON. */
  readonly replyType?: 'bytes';
  /** Of a reply of bytes: its content type, told from the bytes (one character each). Absent: what the upstream says. */
  readonly contentTypeOf?: (text: string) => string;
  /** Reads a whole reply. Throws a SyntaxError when it is none. */
  readReply(text: string): ReplyFacts;
  /**
   * Makes the canonical reply of a whole one that is none itself. Absent: replies are canonical, and are forwarded as they came.
   * Only called with what `readReply` has taken.
   */
  readonly toReply?: (text: string, context: ReplyContext) => string;
  /** The generated text of a whole reply, for counting when usage is missing. */
  readText(text: string): string;
  openStream(options: StreamOptions): StreamReader;
  /** Classifies an error status with its body (possibly not JSON, possibly cut). */
  classify(status: number, headers: Readonly<Record<string, string | string[] | undefined>>, body: string): UpstreamFailure;
}

/** The wire of one kind of call; of chat, when nothing else is said. */
export interface Wire<Body = ChatCompletionRequest> extends ReplySide {
  encode(request: WireRequest<Body>): HttpRequest | ScriptedReply;
}
