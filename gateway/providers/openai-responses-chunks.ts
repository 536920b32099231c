/** This file writes the chat completion chunks of a Responses stream. */
import type { ByteText } from '../foundation/byte-text.ts';
import { stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { dataEvent } from '../foundation/sse.ts';
import type { Usage } from '../foundation/terms.ts';
import { createdOf, toChatUsage } from './openai-responses-reply.ts';
import type { ReplyContext } from './wire.ts';

/** What a chunk carries beside its delta. */
export interface Beside {
  readonly logprobs?: readonly JsonObject[];
  readonly finishReason?: string | null;
  /** Fields of the chunk itself. */
  readonly more?: JsonObject;
}

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

  /** Takes what a response says of itself; the first word holds, because GitHub Copilot says another id in every event (recorded id-rotation). */
  name(response: JsonObject | null): void {
    this.upstreamId ??= stringAt(response, 'id');
    this.upstreamModel ??= stringAt(response, 'model');
    this.#created ??= createdOf(response);
  }

  /** One chunk. The role rides on the first: before there is something to say, another provider may still be asked. */
  write(delta: JsonObject, { logprobs = [], finishReason = null, more = {} }: Beside = {}): ByteText {
    const role = this.#hasRole ? {} : { role: 'assistant' };
    this.#hasRole = true;
    const choice = { index: 0, delta: { ...role, ...delta }, ...(logprobs.length === 0 ? {} : { logprobs: { content: logprobs, refusal: null } }), finish_reason: finishReason };
    return this.#event({ choices: [choice], ...more });
  }

  /** The chunk that says nothing but what was counted. */
  writeUsage(usage: Usage): ByteText {
    return this.#event({ choices: [], usage: toChatUsage(usage) });
  }

  #event(rest: JsonObject): ByteText {
    if (this.#head === '') this.#head = this.#writeHead();
    return dataEvent(`${this.#head}${JSON.stringify(rest).slice(1)}`);
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
