/** This file follows a Responses event stream and writes it as chat completion chunks. */
import { decodeText } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { arrayAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { eventPayload } from '../foundation/sse.ts';
import { ChunkWriter, joinChunks } from './chat-chunks.ts';
import { classifyBadEvent } from './openai-error.ts';
import { classifyResponseFailure } from './openai-responses-error.ts';
import { callOf, callersCalls, codePoints, finishOf, imageOf, partsOf, refusalOfPart, textOfPart, toAnnotations, toLogprobs, toToolCall } from './openai-responses-items.ts';
import type { IsCallers } from './openai-responses-items.ts';
import { closingDetail, PART_BREAK, reasoningDetail, shownReasoning } from './openai-responses-reasoning.ts';
import { createdOf, readResponseUsage } from './openai-responses-reply.ts';
import type { ReplyFacts, StreamOptions, StreamReader, UpstreamFailure } from './wire.ts';

/** An item that has begun; it is known by its place, because GitHub Copilot gives it another id in every event (recorded id-rotation). */
interface Item {
  readonly kind: 'message' | 'reasoning' | 'call' | 'other';
  /** A call's place among the calls, a reasoning's among all that was said. */
  readonly index: number;
  readonly isCustom: boolean;
  hasSpoken: boolean;
  hasAnnotations: boolean;
  isClosed: boolean;
}

/** A part of a message's text: where it begins in all text, in code points, and what was said of it. */
interface Part {
  readonly start: number;
  said: string;
}

/** Opens a reader for one stream (OpenAI's contract, `ResponseStreamEvent`, 2026-08). Its end is the end of the connection; some servers add `[DONE]`. */
export function openResponseStream(options: StreamOptions): StreamReader {
  return new ResponseStream(options);
}

/** A class because one is made per stream and its fields are touched per event. */
class ResponseStream implements StreamReader {
  isDone = false;
  isFinished = false;
  failure: UpstreamFailure | null = null;
  readonly #options: StreamOptions;
  readonly #chunks: ChunkWriter;
  readonly #items = new Map<unknown, Item>();
  #isCallers: IsCallers = () => true;
  #hasText = false;
  #hasReasoned = false;
  #reasoningCount = 0;
  #callCount = 0;
  readonly #parts = new Map<string, Part>();
  /** How much text there is, in code points. */
  #points = 0;
  #finishReason: string | null = null;
  #usage: unknown = null;
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
    // Whatever comes after the end says that there is no more.
    if (text === '[DONE]' || this.isFinished) {
      this.isDone = true;
      return null;
    }
    const said = parseJson(text);
    const type = stringAt(said, 'type');
    if (!isJsonObject(said) || (type === null && !isJsonObject(said['error']))) {
      this.failure = classifyBadEvent('an event is not one of a response', text);
      return null;
    }
    if (type === null || type === 'error' || type === 'response.failed') {
      this.#usage = objectAt(objectAt(said, 'response'), 'usage') ?? this.#usage;
      this.failure = classifyResponseFailure(said);
      return null;
    }
    return this.#take(type, said);
  }

  facts(): ReplyFacts {
    return { usage: readResponseUsage(this.#usage), upstreamId: this.#chunks.upstreamId, upstreamModel: this.#chunks.upstreamModel, finishReason: this.#finishReason };
  }

  text(): string {
    return this.#text;
  }

  #take(type: string, said: JsonObject): ByteText | null {
    const at = said['output_index'];
    switch (type) {
      case 'response.created':
      case 'response.in_progress':
        return this.#begin(objectAt(said, 'response'));
      case 'response.output_item.added':
        return this.#open(at, objectAt(said, 'item'));
      case 'response.output_item.done':
        return this.#close(at, objectAt(said, 'item'));
      case 'response.reasoning_summary_part.added':
        return this.#breakReasoning(at, 'summary');
      case 'response.content_part.added':
        return stringAt(objectAt(said, 'part'), 'type') === 'reasoning_text' ? this.#breakReasoning(at, 'text') : null;
      case 'response.completed':
      case 'response.incomplete':
        return this.#end(objectAt(said, 'response'), type);
      case 'response.output_text.annotation.added':
        return this.#addAnnotations(at, [said['annotation']], this.#part(partKey(at, said['content_index'])).start);
      default:
        // What the provider's own tools do, ends that were told piece by piece, and what may come later.
        return this.#addDelta(type, said);
    }
  }

  #addDelta(type: string, said: JsonObject): ByteText | null {
    const delta = stringAt(said, 'delta');
    if (delta === null || delta === '') return null;
    const at = said['output_index'];
    switch (type) {
      case 'response.output_text.delta':
        return this.#addText(at, delta, { key: partKey(at, said['content_index']), logprobs: arrayAt(said, 'logprobs') });
      case 'response.refusal.delta':
        return this.#addRefusal(at, delta);
      case 'response.reasoning_summary_text.delta':
        return this.#addReasoning(at, 'summary', delta);
      case 'response.reasoning_text.delta':
        return this.#addReasoning(at, 'text', delta);
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        return this.#addArguments(at, delta);
      default:
        return null;
    }
  }

  #begin(response: JsonObject | null): null {
    this.#chunks.name(response, createdOf(response));
    if (response && Array.isArray(response['tools'])) this.#isCallers = callersCalls(response);
    return null;
  }

  #open(at: unknown, item: JsonObject | null): ByteText | null {
    const base = { index: 0, isCustom: false, hasSpoken: false, hasAnnotations: false, isClosed: false };
    const type = stringAt(item, 'type');
    const call = callOf(item, `call_${this.#callCount}`);
    if (call && this.#isCallers(call)) {
      const index = this.#callCount++;
      this.#items.set(at, { ...base, kind: 'call', index, isCustom: call.kind === 'custom' });
      this.#text += call.name;
      return this.#chunks.write({ tool_calls: [{ index, ...toToolCall({ ...call, text: '' }) }] });
    }
    if (type === 'reasoning') this.#items.set(at, { ...base, kind: 'reasoning', index: this.#reasoningCount++ + this.#callCount + (this.#hasText ? 1 : 0) });
    else this.#items.set(at, { ...base, kind: type === 'message' ? 'message' : 'other' });
    return null;
  }

  /** The item at a place, opened should a server not have said that it begins. */
  #item(at: unknown, kind: Item['kind']): Item | null {
    if (!this.#items.has(at) && kind !== 'call') this.#open(at, { type: kind });
    const item = this.#items.get(at);
    return item?.kind === kind ? item : null;
  }

  #addText(at: unknown, text: string, { key, logprobs }: { readonly key: string; readonly logprobs: readonly unknown[] }): ByteText | null {
    const item = this.#item(at, 'message');
    if (!item) return null;
    item.hasSpoken = true;
    this.#part(key).said += text;
    this.#points += codePoints(text);
    this.#hasText = true;
    this.#text += text;
    return this.#chunks.write({ content: text }, { logprobs: toLogprobs(logprobs) });
  }

  #part(key: string): Part {
    const part = this.#parts.get(key) ?? { start: this.#points, said: '' };
    this.#parts.set(key, part);
    return part;
  }

  #addRefusal(at: unknown, refusal: string): ByteText | null {
    const item = this.#item(at, 'message');
    if (!item) return null;
    item.hasSpoken = true;
    this.#hasText = true;
    this.#text += refusal;
    return this.#chunks.write({ refusal });
  }

  #addAnnotations(at: unknown, said: readonly unknown[], offset: number): ByteText | null {
    const annotations = toAnnotations(said, offset);
    const item = this.#item(at, 'message');
    if (!item || annotations.length === 0) return null;
    item.hasAnnotations = true;
    return this.#chunks.write({ annotations });
  }

  #addReasoning(at: unknown, kind: 'summary' | 'text', text: string): ByteText | null {
    const item = this.#item(at, 'reasoning');
    if (!item) return null;
    const shown = item.hasSpoken || !this.#hasReasoned ? text : PART_BREAK + text;
    item.hasSpoken = this.#hasReasoned = true;
    this.#text += text;
    return this.#chunks.write({ reasoning_content: shown, reasoning_details: [reasoningDetail(item.index, kind, text)] });
  }

  #breakReasoning(at: unknown, kind: 'summary' | 'text'): ByteText | null {
    return this.#item(at, 'reasoning')?.hasSpoken === true ? this.#addReasoning(at, kind, PART_BREAK) : null;
  }

  #addArguments(at: unknown, piece: string): ByteText | null {
    const item = this.#item(at, 'call');
    if (!item || piece === '') return null;
    item.hasSpoken = true;
    this.#text += piece;
    return this.#chunks.write({ tool_calls: [{ index: item.index, ...(item.isCustom ? { custom: { input: piece } } : { function: { arguments: piece } }) }] });
  }

  /** What did not come in pieces comes now. */
  #close(at: unknown, done: JsonObject | null): ByteText | null {
    const opened = this.#items.has(at) ? null : this.#open(at, done);
    const item = this.#items.get(at);
    if (!item || !done || item.isClosed) return opened;
    item.isClosed = true;
    if (item.kind === 'call') return joinChunks(opened, item.hasSpoken ? null : this.#addArguments(at, callOf(done, '')?.text ?? ''));
    if (item.kind === 'reasoning') return this.#closeReasoning(at, item, done);
    if (item.kind === 'message') return this.#closeMessage(at, item, done);
    const image = imageOf(done);
    return image === null ? null : this.#chunks.write({ images: [image] });
  }

  #closeReasoning(at: unknown, item: Item, done: JsonObject): ByteText | null {
    let bytes: ByteText | null = null;
    if (!item.hasSpoken) {
      for (const { kind, text } of shownReasoning(done)) bytes = joinChunks(bytes, joinChunks(this.#breakReasoning(at, kind), this.#addReasoning(at, kind, text)));
    }
    const closing = closingDetail(item.index, done);
    return closing === null ? bytes : joinChunks(bytes, this.#chunks.write({ reasoning_details: [closing] }));
  }

  #closeMessage(at: unknown, item: Item, done: JsonObject): ByteText | null {
    const { hasSpoken, hasAnnotations } = item;
    let bytes: ByteText | null = null;
    partsOf(done).forEach((part, index) => {
      const key = partKey(at, index);
      const text = restOf(textOfPart(part), this.#part(key).said);
      if (text !== '') bytes = joinChunks(bytes, this.#addText(at, text, { key, logprobs: arrayAt(part, 'logprobs') }));
      if (!hasSpoken && refusalOfPart(part) !== '') bytes = joinChunks(bytes, this.#addRefusal(at, refusalOfPart(part)));
      if (!hasAnnotations) bytes = joinChunks(bytes, this.#addAnnotations(at, arrayAt(part, 'annotations'), this.#part(key).start));
    });
    return bytes;
  }

  #end(response: JsonObject | null, type: string): ByteText | null {
    this.#begin(response);
    let bytes: ByteText | null = null;
    // A server may keep everything for its last word.
    if (this.#items.size === 0) arrayAt(response, 'output').forEach((item, at) => { bytes = joinChunks(bytes, this.#close(at, isJsonObject(item) ? item : null)); });
    this.isFinished = true;
    this.#usage = response?.['usage'] ?? this.#usage;
    const hasCalls = this.#callCount > 0;
    this.#finishReason = finishOf({ ...response, status: type.slice('response.'.length) }, hasCalls);
    const tier = stringAt(response, 'service_tier');
    bytes = joinChunks(bytes, this.#chunks.write({}, { finishReason: this.#finishReason, serviceTier: tier }));
    const usage = this.facts().usage;
    if (!this.#options.wantsUsage || usage === null) return bytes;
    return joinChunks(bytes, this.#chunks.writeUsage(usage));
  }
}

/** Places are numbers; a server that says anything else has one part. */
function partKey(at: unknown, contentIndex: unknown): string {
  return `${typeof at === 'number' ? at : ''} ${typeof contentIndex === 'number' ? contentIndex : ''}`;
}

/** What of a text was not said yet; nothing, when another was. */
function restOf(text: string, said: string): string {
  return text.startsWith(said) ? text.slice(said.length) : '';
}
