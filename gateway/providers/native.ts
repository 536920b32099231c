/** This file reads the replies of providers' own APIs where they are handed on as they came: usage is read, and nothing is changed. */
import type { ByteText } from '../foundation/byte-text.ts';
import type { NativeForm } from '../foundation/terms.ts';
import { anthropicMessagesWire } from './anthropic-messages.ts';
import { openNoStream, readEmbeddings, readNoText } from './embeddings.ts';
import { classifyGeminiError } from './gemini-content-error.ts';
import { geminiContentWire } from './gemini-content.ts';
import { completionsReader, readCompletion, readCompletionText } from './native-completions.ts';
import { readEmbedContent } from './native-embeddings.ts';
import { openNativeResponseStream, readNativeResponse, readNativeResponseText } from './native-responses.ts';
import { openRawChatStream } from './openai-chat-stream.ts';
import { openaiChatWire } from './openai-chat.ts';
import { classifyOpenAiError } from './openai-error.ts';
import type { ReplyFacts, ReplySide, StreamReader, UpstreamFailure } from './wire.ts';

/** Tells what ended a stream, so that it can be sent once the row of the call is on disk. */
export interface NativeReplySide extends ReplySide {
  /** The event that ended the stream last opened; null when there was none. */
  heldEvent(): ByteText | null;
  /** The event that told of the provider's failure in it; null when there was none. */
  heldFailure(): ByteText | null;
}

/** How the replies of a form are read. Made anew for every call. */
export function nativeReplySide(form: NativeForm): NativeReplySide {
  const side = sides[form];
  let stream: NativeStream | null = null;
  const { readReply, readText, classify } = side;
  return {
    readReply, readText, classify,
    openStream: (options) => stream = new NativeStream(side.openStream(options), form === 'chat' || form === 'completions'),
    heldEvent: () => (stream?.failure ? null : stream?.held ?? null),
    heldFailure: () => (stream?.failure ? stream.held : null),
  };
}

/** What nobody reads: bytes of any type, for paths that are not metered. */
export const unmeteredReplySide: ReplySide = {
  replyType: 'bytes',
  readReply: () => ({ usage: null, upstreamId: null, upstreamModel: null, finishReason: null }),
  readText: readNoText,
  openStream: openNoStream,
  classify: classifyOpenAiError,
};

type Side = Pick<ReplySide, 'readReply' | 'readText' | 'openStream' | 'classify'>;

const embeddings: Side = { readReply: readEmbeddings, readText: readNoText, openStream: openNoStream, classify: classifyOpenAiError };

const sides: Readonly<Record<NativeForm, Side>> = {
  chat: { ...openaiChatWire, openStream: openRawChatStream },
  completions: { readReply: readCompletion, readText: readCompletionText, openStream: completionsReader, classify: classifyOpenAiError },
  responses: { readReply: readNativeResponse, readText: readNativeResponseText, openStream: openNativeResponseStream, classify: classifyOpenAiError },
  embeddings,
  messages: anthropicMessagesWire,
  generate: geminiContentWire,
  embed: { ...embeddings, readReply: readEmbedContent, classify: classifyGeminiError },
};

/** Follows a stream with the reader of its wire, and forwards every event as it came. */
class NativeStream implements StreamReader {
  held: ByteText | null = null;
  /** Providers' own streams have pings, beginnings and ends between their words. */
  eventsWithWords = 0;
  readonly #inner: StreamReader;
  /** The reader forwards the upstream's own events, without the usage nobody asked for. */
  readonly #isInnerRaw: boolean;

  constructor(inner: StreamReader, isInnerRaw: boolean) {
    this.#inner = inner;
    this.#isInnerRaw = isInnerRaw;
  }

  get isDone(): boolean {
    return this.#inner.isDone;
  }

  get isFinished(): boolean {
    return this.#inner.isFinished;
  }

  get failure(): UpstreamFailure | null {
    return this.#inner.failure;
  }

  observe(chunk: Buffer): void {
    this.#inner.observe(chunk);
  }

  read(event: ByteText): ByteText | null {
    const forwarded = this.#inner.read(event);
    if (forwarded !== null) this.eventsWithWords++;
    if (this.#inner.isDone || this.#inner.failure) this.held = event;
    return this.#isInnerRaw ? forwarded : event;
  }

  facts(): ReplyFacts {
    return this.#inner.facts();
  }

  text(): string {
    return this.#inner.text();
  }
}
