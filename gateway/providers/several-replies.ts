/** This file reads the replies of several chats that one attempt asks for as one: whole ones as a sequence, streams by whose each event is. */
import { asByteText, cutBytes, decodeText, encodeText, joinBytes } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { addCounts, arrayAt, isJsonObject, parseJson } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { dataEvent, eventPayload } from '../foundation/sse.ts';
import type { Usage } from '../foundation/terms.ts';
import type { HttpRequest, ReplyContext, ReplyFacts, ReplySide, ScriptedReply, StreamOptions, StreamReader, UpstreamFailure } from './wire.ts';

/** One of the chats, and how far it has come. Made anew for every attempt. */
export interface Part {
  readonly request: HttpRequest | ScriptedReply;
  readonly side: ReplySide;
  /** It has been sent, so its upstream may have read it. */
  isBegun: boolean;
  /** Its reply in one piece, once it is whole. */
  reply: string | null;
  /** Follows its stream; null when it answers in one piece. */
  stream: StreamReader | null;
}

/** What one attempt asks for by several exchanges. */
export interface SeveralRequests {
  readonly kind: 'several';
  readonly parts: readonly Part[];
  readonly isStream: boolean;
  readonly warnings: readonly string[];
}

/** What has been seen of one of them. */
export function seenOf({ side, reply, stream }: Part): { readonly usage: Usage | null; readonly text: string } {
  if (stream) return { usage: stream.facts().usage, text: stream.text() };
  return reply === null ? { usage: null, text: '' } : { usage: side.readReply(reply).usage, text: side.readText(reply) };
}

/** Stands between texts of JSON, which can't have it in them (RFC 7464). */
const SEPARATOR = '\u001e';

/** Joins whole replies, in the order of their parts, to one that `severalReplies` reads. */
export function sequenceOf(parts: readonly Part[]): string {
  return parts.map(({ reply }) => reply ?? '').join(SEPARATOR);
}

const MARK = 'id: ';

/** Marks an event with the part it is of; `severalReplies` reads events that are marked. */
export function markEvent(event: ByteText, at: number): ByteText {
  return joinBytes(asByteText(`${MARK}${at}\n`), event);
}

/** Comes after the last event of the last part. */
export const ALL_ENDED = encodeText(`${MARK}all\ndata: [DONE]\n\n`);

/**
 * Reads several replies as one chat completion, with `choices` (1 or more) of each part, in the order of the parts: the choice `i` of part
 * `p` has the index p × choices + i, as OpenAI counts the completions of several prompts (platform.openai.com, "Completions", read 2026-11).
 * What an upstream gives beyond them is left out. The usage is the sum, and unknown while that of a single part is.
 */
export function severalReplies(parts: readonly Part[], choices: number): ReplySide {
  return {
    readReply(text) {
      const replies = text.split(SEPARATOR);
      if (replies.length !== parts.length) throw new SyntaxError(`${replies.length} replies to ${parts.length} requests`);
      return sumFacts(replies.map((reply, at) => sideOf(parts, at).readReply(reply)));
    },
    toReply: (text, context) => joinReplies(parts, text.split(SEPARATOR), { context, choices }),
    readText: (text) => text.split(SEPARATOR).map((reply, at) => sideOf(parts, at).readText(reply)).join(''),
    openStream: (options) => new SeveralStreams(parts, options, choices),
    classify: (status, headers, body) => sideOf(parts, 0).classify(status, headers, body),
  };
}

function sideOf(parts: readonly Part[], at: number): ReplySide {
  const part = parts[at];
  if (!part) throw new RangeError(`there is no part ${at}`);
  return part.side;
}

function joinReplies(parts: readonly Part[], replies: readonly string[], { context, choices }: { readonly context: ReplyContext; readonly choices: number }): string {
  const { usage } = sumFacts(replies.map((reply, at) => sideOf(parts, at).readReply(reply)));
  const read = replies.map((reply, at) => parseJson(sideOf(parts, at).toReply?.(reply, context) ?? reply));
  const frame = isJsonObject(read[0]) ? read[0] : {};
  return JSON.stringify({ ...frame, choices: read.flatMap((reply, at) => choicesOf(reply, at, choices)), usage: usage ? usageJson(usage) : undefined });
}

/** The choices of one part, with their place among all. */
function choicesOf(said: unknown, at: number, choices: number): JsonObject[] {
  return arrayAt(said, 'choices').flatMap((choice, place) => {
    if (!isJsonObject(choice)) return [];
    const own = choice['index'];
    const index = typeof own === 'number' && Number.isSafeInteger(own) && own >= 0 ? own : place;
    return index < choices ? [{ ...choice, index: at * choices + index }] : [];
  });
}

function sumFacts(facts: readonly ReplyFacts[]): ReplyFacts {
  const [first] = facts;
  const usages = facts.flatMap(({ usage }) => (usage ? [usage] : []));
  return {
    usage: usages.length === facts.length ? sumUsages(usages) : null,
    upstreamId: first?.upstreamId ?? null, upstreamModel: first?.upstreamModel ?? null, finishReason: first?.finishReason ?? null,
  };
}

/** Adds the tokens of several usages. */
export function sumUsages(usages: readonly Usage[]): Usage {
  const sum = (key: keyof Omit<Usage, 'media'>): number => addCounts(...usages.map((usage) => usage[key]));
  return {
    promptTokens: sum('promptTokens'), cachedTokens: sum('cachedTokens'), cacheWriteTokens: sum('cacheWriteTokens'),
    completionTokens: sum('completionTokens'), reasoningTokens: sum('reasoningTokens'),
  };
}

function usageJson({ promptTokens, cachedTokens, completionTokens, reasoningTokens }: Usage): JsonObject {
  return {
    prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: addCounts(promptTokens, completionTokens),
    prompt_tokens_details: { cached_tokens: cachedTokens }, completion_tokens_details: { reasoning_tokens: reasoningTokens },
  };
}

/** Follows the streams of all parts by their marks, and makes one of them. */
class SeveralStreams implements StreamReader {
  /** Never by an event: they are when the last of them has ended. */
  readonly isDone = false;
  failure: UpstreamFailure | null = null;
  readonly #streams: readonly StreamReader[];
  readonly #choices: number;
  readonly #wantsUsage: boolean;
  /** What stands around the choices, of the chunk that came first. */
  #frame: JsonObject | null = null;

  constructor(parts: readonly Part[], options: StreamOptions, choices: number) {
    this.#streams = parts.map((part) => part.stream = part.side.openStream({ ...options, wantsUsage: false }));
    this.#choices = choices;
    this.#wantsUsage = options.wantsUsage;
  }

  get isFinished(): boolean {
    return this.#streams.every(hasEnded);
  }

  /** Bytes are looked at event by event, in `read`. */
  observe(): void { /* see above */ }

  read(marked: ByteText): ByteText | null {
    const end = marked.indexOf('\n') + 1;
    const at = Number(marked.slice(MARK.length, end));
    const stream = this.#streams[at];
    if (!stream) return this.#tellUsage();
    const event = cutBytes(marked, end);
    stream.observe(Buffer.from(event, 'latin1'));
    const read = stream.read(event);
    this.failure = stream.failure;
    if (read === null || this.failure || stream.isDone) return null;
    const payload = eventPayload(read);
    return payload === null ? read : this.#place(parseJson(decodeText(payload)), at);
  }

  facts(): ReplyFacts {
    return sumFacts(this.#streams.map((stream) => stream.facts()));
  }

  text(): string {
    return this.#streams.map((stream) => stream.text()).join('');
  }

  #place(chunk: unknown, at: number): ByteText | null {
    const choices = choicesOf(chunk, at, this.#choices);
    if (choices.length === 0 || !isJsonObject(chunk)) return null;
    this.#frame ??= frameOf(chunk);
    return dataEvent(JSON.stringify({ ...this.#frame, choices }));
  }

  #tellUsage(): ByteText | null {
    const { usage } = this.facts();
    if (!this.#wantsUsage || !usage) return null;
    return dataEvent(JSON.stringify({ ...this.#frame, choices: [], usage: usageJson(usage) }));
  }
}

function frameOf({ id, object, created, model, system_fingerprint: fingerprint }: JsonObject): JsonObject {
  return { id, object, created, model, ...(fingerprint === undefined ? {} : { system_fingerprint: fingerprint }) };
}

/** True for a stream that is finished, or that says it is and has said something. */
export function hasEnded(stream: StreamReader): boolean {
  return stream.isFinished || (stream.isDone && stream.text() !== '');
}
