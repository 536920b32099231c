/** This file follows Anthropic's event stream and writes it as chat completion chunks. */
import { decodeText, joinBytes } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { arrayAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { classifyMessageStreamError } from './anthropic-messages-error.ts';
import { mergeUsage, readMessageUsage, readRefusal, toFinishReason } from './anthropic-messages-reply.ts';
import { redactedDetail, thinkingDetail } from './anthropic-messages-thinking.ts';
import { ChunkWriter, joinChunks } from './chat-chunks.ts';
import { classifyBadEvent } from './openai-error.ts';
import { eventPayload } from '../foundation/sse.ts';
import type { ReplyFacts, StreamOptions, StreamReader, UpstreamFailure } from './wire.ts';

/** A block that has begun and not ended. Blocks of tools the provider runs itself are not kept: they say nothing to a chat client. */
type OpenBlock =
  | { readonly kind: 'text' }
  | { readonly kind: 'thinking'; readonly index: number }
  | { readonly kind: 'tool'; readonly index: number; readonly input: JsonObject; hasArguments: boolean };

/** Opens a reader for one stream (platform.claude.com, "Streaming messages", read 2026-11). */
export function openMessageStream(options: StreamOptions): StreamReader {
  return new MessageStream(options);
}

/** A class because one is made per stream and its fields are touched per event. */
class MessageStream implements StreamReader {
  isDone = false;
  isFinished = false;
  failure: UpstreamFailure | null = null;
  readonly #options: StreamOptions;
  readonly #chunks: ChunkWriter;
  readonly #blocks = new Map<unknown, OpenBlock>();
  #hasStarted = false;
  #thinkingCount = 0;
  #hasText = false;
  #toolCount = 0;
  #finishReason: string | null = null;
  #usage: JsonObject = {};
  /** The tokens generated are known: what `message_start` says of them is only the first. */
  #hasTotals = false;
  #text = '';

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#chunks = new ChunkWriter(options.context);
  }

  /** What is generated is gathered event by event. */
  observe(): void {
    return undefined;
  }

  read(event: ByteText): ByteText | null {
    const payload = eventPayload(event);
    if (payload === null || this.isDone || this.failure) return null;
    const text = decodeText(payload);
    if (text === '[DONE]') {
      this.isDone = true;
      return null;
    }
    const said = parseJson(text);
    const type = stringAt(said, 'type');
    if (isJsonObject(said) && (type === 'error' || isJsonObject(said['error']))) {
      this.failure = classifyMessageStreamError(said);
      return null;
    }
    if (!isJsonObject(said) || type === null) {
      this.failure = classifyBadEvent('an event is not one of a message', text);
      return null;
    }
    return this.#take(type, said, text);
  }

  facts(): ReplyFacts {
    return {
      usage: this.#hasTotals ? readMessageUsage(this.#usage) : null,
      upstreamId: this.#chunks.upstreamId,
      upstreamModel: this.#chunks.upstreamModel,
      finishReason: this.#finishReason,
    };
  }

  text(): string {
    return this.#text;
  }

  #take(type: string, said: JsonObject, text: string): ByteText | null {
    switch (type) {
      case 'message_start':
        return this.#start(objectAt(said, 'message'), text);
      case 'content_block_start':
        return this.#openBlock(said['index'], objectAt(said, 'content_block'));
      case 'content_block_delta':
        return this.#addDelta(said['index'], objectAt(said, 'delta'));
      case 'content_block_stop':
        return this.#closeBlock(said['index']);
      case 'message_delta':
        return this.#end(objectAt(said, 'delta'), said['usage']);
      case 'message_stop':
        this.isDone = true;
        return null;
      default:
        // Pings, and what may come later: new kinds of events are to be passed over.
        return null;
    }
  }

  /** A proxy may repeat the first event; but another message within this one can't be told apart from it any more. */
  #start(message: JsonObject | null, text: string): ByteText | null {
    if (this.#hasStarted) {
      if (stringAt(message, 'id') !== this.#chunks.upstreamId) this.failure = classifyBadEvent('another message begins within the message', text);
      return null;
    }
    this.#hasStarted = true;
    this.#chunks.name(message);
    this.#usage = mergeUsage(this.#usage, message?.['usage']);
    // What a program of the provider's calls comes whole, within the first event.
    let bytes: ByteText | null = null;
    arrayAt(message, 'content').forEach((block, index) => {
      bytes = joinChunks(bytes, joinChunks(this.#openBlock(index, isJsonObject(block) ? block : null), this.#closeBlock(index)));
    });
    return stringAt(message, 'stop_reason') === null ? bytes : joinChunks(bytes, this.#end(message, message?.['usage']));
  }

  #openBlock(index: unknown, block: JsonObject | null): ByteText | null {
    switch (stringAt(block, 'type')) {
      case 'text':
        this.#blocks.set(index, { kind: 'text' });
        return this.#addText(stringAt(block, 'text'));
      case 'thinking':
        this.#blocks.set(index, { kind: 'thinking', index: this.#nextThinking() });
        return joinChunks(this.#addThinking(index, stringAt(block, 'thinking')), this.#addSignature(index, stringAt(block, 'signature')));
      case 'redacted_thinking':
        return this.#chunks.write({ reasoning_details: [redactedDetail(this.#nextThinking(), stringAt(block, 'data') ?? '')] });
      case 'tool_use': {
        const tool = { index: this.#toolCount++, name: stringAt(block, 'name') ?? '' };
        this.#blocks.set(index, { kind: 'tool', index: tool.index, input: objectAt(block, 'input') ?? {}, hasArguments: false });
        this.#text += tool.name;
        const id = stringAt(block, 'id') ?? `call_${tool.index}`;
        return this.#chunks.write({ tool_calls: [{ index: tool.index, id, type: 'function', function: { name: tool.name, arguments: '' } }] });
      }
      default:
        return null;
    }
  }

  #addDelta(index: unknown, delta: JsonObject | null): ByteText | null {
    switch (stringAt(delta, 'type')) {
      case 'text_delta':
        return this.#addText(stringAt(delta, 'text'));
      case 'thinking_delta':
        return this.#addThinking(index, stringAt(delta, 'thinking'));
      case 'signature_delta':
        return this.#addSignature(index, stringAt(delta, 'signature'));
      case 'input_json_delta':
        return this.#addArguments(index, stringAt(delta, 'partial_json'));
      default:
        return null;
    }
  }

  /** What has come before: thinking, calls, and all text as one. */
  #nextThinking(): number {
    return this.#thinkingCount++ + this.#toolCount + (this.#hasText ? 1 : 0);
  }

  #addText(text: string | null): ByteText | null {
    if (text === null || text === '') return null;
    this.#hasText = true;
    this.#text += text;
    return this.#chunks.write({ content: text });
  }

  #addThinking(at: unknown, text: string | null): ByteText | null {
    const block = this.#blocks.get(at);
    if (text === null || text === '' || block?.kind !== 'thinking') return null;
    this.#text += text;
    return this.#chunks.write({ reasoning_content: text, reasoning_details: [thinkingDetail(block.index, text, null)] });
  }

  #addSignature(at: unknown, signature: string | null): ByteText | null {
    const block = this.#blocks.get(at);
    if (signature === null || signature === '' || block?.kind !== 'thinking') return null;
    return this.#chunks.write({ reasoning_details: [thinkingDetail(block.index, '', signature)] });
  }

  #addArguments(at: unknown, piece: string | null): ByteText | null {
    const block = this.#blocks.get(at);
    if (piece === null || piece === '' || block?.kind !== 'tool') return null;
    block.hasArguments = true;
    this.#text += piece;
    return this.#chunks.write({ tool_calls: [{ index: block.index, function: { arguments: piece } }] });
  }

  /** Arguments that never came in pieces are those the block began with: `{}` for a tool that takes none. */
  #closeBlock(at: unknown): ByteText | null {
    const block = this.#blocks.get(at);
    const rest = block?.kind === 'tool' && !block.hasArguments ? this.#addArguments(at, JSON.stringify(block.input)) : null;
    this.#blocks.delete(at);
    return rest;
  }

  /** The first stop reason finishes the reply; usage that comes later is still counted. */
  #end(delta: JsonObject | null, usage: unknown): ByteText | null {
    this.#usage = mergeUsage(this.#usage, usage);
    if (isJsonObject(usage) && typeof usage['output_tokens'] === 'number') this.#hasTotals = true;
    const reason = toFinishReason(stringAt(delta, 'stop_reason'));
    if (reason === null || this.isFinished) return null;
    this.isFinished = true;
    this.#finishReason = reason;
    const refusal = readRefusal(delta);
    const last = this.#chunks.write(refusal === null ? {} : { refusal }, { finishReason: reason });
    const totals = this.facts().usage;
    if (!this.#options.wantsUsage || totals === null) return last;
    return joinBytes(last, this.#chunks.writeUsage(totals));
  }
}
