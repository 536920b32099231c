/** This file follows an OpenAI-wire chat stream with a light scan: events are forwarded as they are and parsed only where they tell something. */
import { decodeText } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { editJson, outlineJson } from '../foundation/json-outline.ts';
import { arrayAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { Usage } from '../foundation/terms.ts';
import { isSoundChunk, repairChunk } from './openai-chat-repair.ts';
import type { CallNumbers } from './openai-chat-repair.ts';
import { generatedText, readChatUsage } from './openai-chat-text.ts';
import { classifyBadEvent, classifyStreamError } from './openai-error.ts';
import { createEventSplitter, dataEvent, eventPayload } from '../foundation/sse.ts';
import type { ReplyFacts, StreamOptions, StreamReader, UpstreamFailure } from './wire.ts';

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const QUOTE = 0x22;
const COLON = 0x3a;
const SPACE = 0x20;
// These can't stand inside a JSON string, where their quotes would be escaped: only as keys, at any depth.
const USAGE_KEY = '"usage"';
const FINISH_KEY = '"finish_reason"';
const ERROR_KEY = '"error"';

const LINE_ENDS = /[\r\n]+/g;

/** The first character of the value whose key ends here. */
function valueStart(payload: ByteText, keyEnd: number): number {
  let at = keyEnd;
  while (payload.charCodeAt(at) === SPACE || payload.charCodeAt(at) === COLON) at++;
  return payload.charCodeAt(at);
}

function hasObjectAfter(payload: ByteText, key: string): boolean {
  for (let at = payload.indexOf(key); at !== -1; at = payload.indexOf(key, at + key.length)) {
    if (valueStart(payload, at + key.length) === OPEN_BRACE) return true;
  }
  return false;
}

/**
 * What stands around the one string that changes from event to event. Most events of a stream differ in nothing else:
 * when both sides are the same and no quote lies between them, the event says nothing that the one before did not.
 */
interface Template {
  readonly before: string;
  /** Begins with the closing quote of the string. */
  readonly after: string;
}

const DELTA_KEY = '"delta":{"';

/** The template of a plain event, or null when its first delta field is not a string. */
function templateOf(event: ByteText): Template | null {
  const delta = event.indexOf(DELTA_KEY);
  if (delta === -1) return null;
  const open = event.indexOf('":"', delta + DELTA_KEY.length);
  const close = open === -1 ? -1 : event.indexOf('"', open + 3);
  if (close === -1) return null;
  return { before: flatCopy(event.slice(0, open + 3)), after: flatCopy(event.slice(close)) };
}

/** A copy that does not keep the read alive from which it was cut. */
function flatCopy(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function isAlike(event: ByteText, { before, after }: Template): boolean {
  const close = event.length - after.length;
  // Slices compare as memory does; startsWith and endsWith go by characters (75 against 127 ns an event, Node 24.21).
  return event.slice(close) === after && event.slice(0, before.length) === before && event.indexOf('"', before.length) === close;
}

/** Opens a reader for one stream. */
export function openChatStream(options: StreamOptions): StreamReader {
  return new ChatStream(options, true);
}

/** The same for who is to see what the provider sent: what falls short of OpenAI's own stays so. */
export function openRawChatStream(options: StreamOptions): StreamReader {
  return new ChatStream(options, false);
}

/** A class because one is made per stream and its fields are touched per event: closures cost more here. */
class ChatStream implements StreamReader {
  isDone = false;
  isFinished = false;
  failure: UpstreamFailure | null = null;
  readonly #options: StreamOptions;
  readonly #isRepaired: boolean;
  #usage: Usage | null = null;
  #upstreamId: string | null = null;
  #upstreamModel: string | null = null;
  #finishReason: string | null = null;
  #observed: Buffer[] = [];
  #observedBytes = 0;
  readonly #foldSplitter = createEventSplitter();
  #text = '';
  #template: Template | null = null;
  #hasRead = false;
  #callNumbers: CallNumbers | null = null;

  constructor(options: StreamOptions, isRepaired: boolean) {
    this.#options = options;
    this.#isRepaired = isRepaired;
  }

  read(event: ByteText): ByteText | null {
    if (this.#template !== null && isAlike(event, this.#template)) return event;
    const forwarded = this.#readClosely(event);
    if (forwarded === event && this.#hasRead && !this.isFinished) this.#template = templateOf(event);
    return forwarded;
  }

  #readClosely(event: ByteText): ByteText | null {
    const payload = eventPayload(event);
    if (payload === null) return event;
    if (payload === '[DONE]') {
      this.isDone = true;
      return null;
    }
    // Between the first event, which is parsed, and those that tell something, an object is known by its braces.
    if (payload.charCodeAt(0) !== OPEN_BRACE || payload.charCodeAt(payload.length - 1) !== CLOSE_BRACE) this.#refuse(payload);
    else if (!this.#hasRead) this.#readFirst(payload);
    if (this.failure) return null;
    if (payload.includes(ERROR_KEY) && this.#readError(payload)) return null;
    if (!this.isFinished) this.#readFinish(payload);
    const forwarded = hasObjectAfter(payload, USAGE_KEY) ? this.#readUsage(event, payload) : event;
    return this.#isRepaired && forwarded !== null && !isSoundChunk(payload) ? this.#repair(forwarded) : forwarded;
  }

  #repair(event: ByteText): ByteText {
    const payload = eventPayload(event);
    if (payload === null) return event;
    const json = decodeText(payload);
    const repaired = repairChunk(json, this.#callNumbers ??= new Map<string, number>());
    return repaired === json ? event : dataEvent(repaired);
  }

  facts(): ReplyFacts {
    return { usage: this.#usage, upstreamId: this.#upstreamId, upstreamModel: this.#upstreamModel, finishReason: this.#finishReason };
  }

  text(): string {
    this.#fold();
    return this.#text;
  }

  /** The first event must be a JSON object: what is not can't be a chat stream. */
  #readFirst(payload: ByteText): boolean {
    const chunk = parseJson(decodeText(payload));
    if (!isJsonObject(chunk)) return this.#refuse(payload);
    this.#hasRead = true;
    this.#upstreamId = stringAt(chunk, 'id');
    this.#upstreamModel = stringAt(chunk, 'model');
    return true;
  }

  #refuse(payload: ByteText): false {
    this.failure = classifyBadEvent('an event is not a JSON object', payload);
    return false;
  }

  #readError(payload: ByteText): boolean {
    const chunk = parseJson(decodeText(payload));
    const error = isJsonObject(chunk) ? chunk['error'] : null;
    if (!isJsonObject(error) && typeof error !== 'string') return false;
    this.failure = classifyStreamError(chunk);
    return true;
  }

  /** A finish reason is a string; `null` marks every other chunk. */
  #readFinish(payload: ByteText): void {
    const key = payload.lastIndexOf(FINISH_KEY);
    if (key === -1 || valueStart(payload, key + FINISH_KEY.length) !== QUOTE) return;
    const choice = arrayAt(parseJson(decodeText(payload)), 'choices')[0];
    const reason = stringAt(choice, 'finish_reason');
    if (reason === null) return;
    this.#finishReason = reason;
    this.isFinished = true;
  }

  /** Reads usage where it is an object, and strips it when the caller did not ask for it. */
  #readUsage(event: ByteText, payload: ByteText): ByteText | null {
    const text = decodeText(payload);
    const chunk = parseJson(text);
    // Groq reports usage under `x_groq` until it is asked for (seen in the recorded groq-text stream).
    const found = isJsonObject(chunk) ? readChatUsage(chunk['usage']) ?? readChatUsage(objectAt(chunk, 'x_groq')?.['usage']) : null;
    if (!found || !isJsonObject(chunk)) return event;
    this.#usage = found;
    if (this.#options.wantsUsage || !isJsonObject(chunk['usage'])) return event;
    if (arrayAt(chunk, 'choices').length === 0) return null;
    // Usage rides on a chunk that also carries content or the finish reason: only that field is cut out of it.
    const stripped = editJson(text, outlineJson(text, Number.MAX_SAFE_INTEGER), [{ kind: 'drop', key: 'usage' }]);
    // Between values line ends are only space, which an event that came in several data lines has; it is written with one.
    return dataEvent(stripped.replace(LINE_ENDS, ' '));
  }

  observe(chunk: Buffer): void {
    this.#observed.push(chunk);
    this.#observedBytes += chunk.length;
    if (this.#observedBytes > this.#options.observedBytesMax) this.#fold();
  }

  #fold(): void {
    for (const chunk of this.#observed) {
      this.#foldSplitter.push(chunk, (event) => {
        const payload = eventPayload(event);
        const parsed = payload === null ? null : parseJson(decodeText(payload));
        for (const choice of arrayAt(parsed, 'choices')) this.#text += generatedText(objectAt(choice, 'delta'));
      });
    }
    this.#observed = [];
    this.#observedBytes = 0;
  }
}
