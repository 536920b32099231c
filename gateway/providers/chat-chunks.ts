/** This file writes the chat completion chunks of a stream that has one answer, whatever the upstream's events are. */
import { NO_BYTES, joinBytes } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { dataEvent } from '../foundation/sse.ts';
import type { Usage } from '../foundation/terms.ts';
import { toChatUsage } from './openai-chat-text.ts';
import type { ReplyContext } from './wire.ts';

/** What a chunk carries beside its delta. */
export interface Beside {
  readonly logprobs?: readonly JsonObject[];
  readonly finishReason?: string | null;
  readonly serviceTier?: string | null;
}

const NOTHING: Beside = {};

/** Writes one stream's chunks: all begin alike, and the first says the role. */
export class ChunkWriter {
  upstreamId: string | null = null;
  upstreamModel: string | null = null;
  readonly #context: ReplyContext;
  #created: number | null = null;
  #hasRole = false;
  #head = '';

  constructor(context: ReplyContext) {
    this.#context = context;
  }

  /**
   * Takes what a reply says of itself, and when it says it was made, in whole Unix seconds; the first word holds, because GitHub Copilot
   * says another id in every event (recorded id-rotation).
   */
  name(reply: JsonObject | null, created: number | null = null): void {
    this.upstreamId ??= stringAt(reply, 'id');
    this.upstreamModel ??= stringAt(reply, 'model');
    this.#created ??= created;
  }

  /** One chunk. The role rides on the first: before there is something to say, another provider may still be asked. */
  write(delta: JsonObject, { logprobs, finishReason = null, serviceTier = null }: Beside = NOTHING): ByteText {
    // Put together as text: this runs for every event of a stream.
    const said = JSON.stringify(this.#hasRole ? delta : { role: 'assistant', ...delta });
    this.#hasRole = true;
    const scores = logprobs === undefined || logprobs.length === 0 ? '' : `"logprobs":${JSON.stringify({ content: logprobs, refusal: null })},`;
    const tier = serviceTier === null ? '' : `,"service_tier":${JSON.stringify(serviceTier)}`;
    return this.#event(`"choices":[{"index":0,"delta":${said},${scores}"finish_reason":${JSON.stringify(finishReason)}}]${tier}`);
  }

  /** The chunk that says nothing but what was counted. */
  writeUsage(usage: Usage): ByteText {
    return this.#event(`"choices":[],"usage":${JSON.stringify(toChatUsage(usage))}`);
  }

  #event(rest: string): ByteText {
    if (this.#head === '') this.#head = this.#writeHead();
    return dataEvent(`${this.#head}${rest}}`);
  }

  #writeHead(): string {
    const { requestId, nowSeconds, upstreamModel } = this.#context;
    const head = {
      id: this.upstreamId ?? `chatcmpl-${requestId}`,
      object: 'chat.completion.chunk',
      created: this.#created ?? nowSeconds,
      model: this.upstreamModel ?? upstreamModel,
    };
    return `${JSON.stringify(head).slice(0, -1)},`;
  }
}

/** Bytes one after the other, where there are any. */
export function joinChunks(first: ByteText | null, second: ByteText | null): ByteText | null {
  return first === null && second === null ? null : joinBytes(first ?? NO_BYTES, second ?? NO_BYTES);
}
