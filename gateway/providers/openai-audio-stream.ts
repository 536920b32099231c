/** This file follows a stream of OpenAI's audio events (transcript or speech): forwarded as they come, but for the last, which is held back. */
import { NO_BYTES } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { eventPayload } from '../foundation/sse.ts';
import type { Usage } from '../foundation/terms.ts';
import { classifyStreamError } from './openai-error.ts';
import { readObjectEvent } from './object-events.ts';
import type { ReplyFacts, StreamReader, UpstreamFailure } from './wire.ts';

/** What is different between one kind of stream and the other. */
export interface AudioEvents {
  /** The type of the event that ends the stream and tells the usage. */
  readonly doneType: string;
  /** Takes every event, the last one too. */
  onEvent(type: string, event: JsonObject): void;
  /** What is wrong with a stream that ends like this; null when nothing is. */
  faultAtEnd(): string | null;
  /** Reads the usage of the last event; null when it tells none. */
  readUsage(usage: unknown): Usage | null;
  /** The text so far, for counting. */
  text(): string;
}

export class AudioStream implements StreamReader {
  isDone = false;
  isFinished = false;
  failure: UpstreamFailure | null = null;
  /** What ends the stream; nothing before it came. Whoever forwards it does so once the row is durable. */
  lastEvent: ByteText = NO_BYTES;
  readonly #events: AudioEvents;
  #usage: Usage | null = null;

  constructor(events: AudioEvents) {
    this.#events = events;
  }

  observe(): void {
    // Events are read as they come; nothing has to be kept.
  }

  read(event: ByteText): ByteText | null {
    const payload = eventPayload(event);
    if (payload === null) return event;
    const value = readObjectEvent(payload, this);
    if (value === null) return null;
    const type = stringAt(value, 'type') ?? '';
    this.#events.onEvent(type, value);
    if (type !== this.#events.doneType) return event;
    const fault = this.#events.faultAtEnd();
    if (fault !== null) {
      this.failure = { ...classifyStreamError(null), code: 'upstream_bad_reply', detail: fault };
      return null;
    }
    this.#usage = this.#events.readUsage(value['usage']);
    this.lastEvent = event;
    this.isFinished = true;
    this.isDone = true;
    return null;
  }

  facts(): ReplyFacts {
    return { usage: this.#usage, upstreamId: null, upstreamModel: null, finishReason: null };
  }

  text(): string {
    return this.#events.text();
  }
}
