/** This file reads one stream as the gateway does, with its dialect behind it, and says what is wrong with what came out. */
import { isDeepStrictEqual } from 'node:util';
import { faultOfSchema } from '../../conformance/judges.ts';
import { payloadsOf } from '../../conformance/recorded-streams.ts';
import { completionsDialect } from '../../gateway/dialects/completions.ts';
import type { DialectStream } from '../../gateway/dialects/dialect.ts';
import { responsesDialect } from '../../gateway/dialects/responses.ts';
import { decodeText } from '../../gateway/foundation/byte-text.ts';
import type { ByteText } from '../../gateway/foundation/byte-text.ts';
import { Refusal, errorBody } from '../../gateway/foundation/errors.ts';
import { defaultLimits as limits } from '../../gateway/foundation/limits.ts';
import { createEventSplitter, eventPayload } from '../../gateway/foundation/sse.ts';
import type { WireName } from '../../gateway/foundation/terms.ts';
import { chatWireOf } from '../../gateway/providers/index.ts';
import { speechReplies } from '../../gateway/providers/openai-speech.ts';
import { transcriptionReplies } from '../../gateway/providers/openai-transcriptions.ts';
import type { StreamReader } from '../../gateway/providers/wire.ts';
import { errorCatalogue } from '../../generated/errors.ts';
import type { MutatedStream } from './mutate-stream.ts';
import { pick } from './mutate-events.ts';
import type { Random } from './mutate-events.ts';
import type { Speaker } from './starting-streams.ts';

/** How a stream went. */
export interface Followed {
  readonly ending: 'done' | 'failed' | 'cut off';
  /** What was read from the wire and handed on, before any dialect. */
  readonly events: number;
  /** Of those, events that a byte-forwarding wire handed on as they came although they are none of the contract's. */
  readonly oddEvents: number;
  readonly fault: string | null;
}

/** Hand on the upstream's own bytes, as they promise: what is in them is the upstream's word. The others write every event themselves. */
const FORWARDING: ReadonlySet<Speaker> = new Set(['openai-chat', 'openai-transcriptions', 'openai-speech']);
const SCHEMAS: Readonly<Record<Speaker, string>> = {
  'openai-chat': 'ChatCompletionChunk', 'anthropic-messages': 'ChatCompletionChunk', 'gemini-content': 'ChatCompletionChunk', 'openai-responses': 'ChatCompletionChunk',
  'openai-transcriptions': 'TranscriptionEvent', 'openai-speech': 'SpeechEvent',
};
const NOW_SECONDS = 1_800_000_000;
const context = { requestId: 'req_0123456789abcdef0123456789abcdef', upstreamModel: 'up', nowSeconds: NOW_SECONDS };

class Fault extends Error {}

function must(isSo: boolean, why: () => string): void {
  if (!isSo) throw new Fault(why());
}

/** Follows a stream to its end. What a reader throws is a fault like any other. */
export function follow(stream: MutatedStream): Followed {
  const follower = new Follower(stream);
  try {
    return { ...follower.run(stream.reads), fault: null };
  } catch (thrown) {
    const why = thrown instanceof Fault ? thrown.message : thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
    return { ending: 'failed', events: 0, oddEvents: 0, fault: `${follower.name}: ${why}` };
  }
}

function isSound(count: unknown): boolean {
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0;
}

class Follower {
  readonly name: string;
  readonly #speaker: Speaker;
  readonly #wantsUsage: boolean;
  readonly #reader: StreamReader;
  readonly #heldBack: () => ByteText;
  readonly #dialect: { readonly stream: DialectStream; readonly schema: string } | null;
  readonly #splitter = createEventSplitter();
  #isOver = false;
  #events = 0;
  #oddEvents = 0;
  /** The numbers of Responses events have no gaps. */
  #sequence = 0;

  constructor({ speaker, random }: MutatedStream) {
    this.#speaker = speaker;
    this.#wantsUsage = random() < 0.5;
    const { reader, heldBack } = openReader(speaker, { wantsUsage: this.#wantsUsage, random });
    this.#reader = reader;
    this.#heldBack = heldBack;
    const kind = SCHEMAS[speaker] === 'ChatCompletionChunk' ? pick(random, ['chat', 'completions', 'responses'] as const) : 'chat';
    this.#dialect = kind === 'chat' ? null : openDialect(kind, random);
    this.name = `${speaker}${kind === 'chat' ? '' : ` as ${kind}`}${this.#wantsUsage ? ', usage asked' : ''}`;
  }

  run(reads: readonly Buffer[]): Omit<Followed, 'fault'> {
    for (const read of reads) {
      this.#reader.observe(read);
      this.#splitter.push(read, (event) => { this.#take(event); });
      must(this.#splitter.pendingBytes <= limits.upstreamEventBytesMax, () => 'more is pending than the gateway takes');
      if (this.#isOver) break;
    }
    const rest = this.#isOver ? null : this.#splitter.rest();
    if (rest !== null) this.#take(rest);
    this.#judgeFacts();
    const isWhole = this.#reader.failure === null && (this.#reader.isFinished || this.#reader.isDone);
    if (this.#reader.failure) this.#judgeFailure();
    if (isWhole && this.#heldBack() !== '') this.#judgeOwn(this.#heldBack(), this.#heldBack());
    if (this.#dialect) this.#end(isWhole);
    return { ending: this.#reader.failure ? 'failed' : isWhole ? 'done' : 'cut off', events: this.#events, oddEvents: this.#oddEvents };
  }

  #take(event: ByteText): void {
    if (this.#isOver) return;
    const read = this.#reader.read(event);
    this.#isOver = this.#reader.failure !== null || this.#reader.isDone;
    if (this.#isOver || read === null) return;
    this.#judgeOwn(read, event);
    const told = this.#dialect?.stream.read(read) ?? null;
    if (this.#dialect && told !== null) this.#judgeDialect(told, this.#dialect.schema);
  }

  /** What the wire handed on. */
  #judgeOwn(read: ByteText, event: ByteText): void {
    if (read === event && FORWARDING.has(this.#speaker)) {
      this.#noteForwarded(event);
      return;
    }
    const payloads = payloadsOf(decodeText(read));
    this.#events += payloads.length;
    for (const payload of payloads) {
      const value: unknown = JSON.parse(payload);
      if (FORWARDING.has(this.#speaker)) this.#judgeStripped(value, event);
      else this.#judge(SCHEMAS[this.#speaker], value);
    }
  }

  /** As it came; it counts as odd where the upstream did not keep to the contract. */
  #noteForwarded(event: ByteText): void {
    const payload = eventPayload(event);
    if (payload === null) return;
    this.#events++;
    try {
      if (faultOfSchema(SCHEMAS[this.#speaker], JSON.parse(decodeText(payload))) !== null) this.#oddEvents++;
    } catch {
      this.#oddEvents++;
    }
  }

  /** Nothing but the usage may be missing. */
  #judgeStripped(value: unknown, event: ByteText): void {
    const { usage, ...rest } = JSON.parse(decodeText(eventPayload(event) ?? event)) as Record<string, unknown>;
    must(!this.#wantsUsage && usage !== undefined, () => 'an event was changed that has no usage to strip');
    must(isDeepStrictEqual(value, rest), () => `more than usage was changed: ${JSON.stringify(value).slice(0, 300)}`);
  }

  #judge(schema: string, value: unknown): void {
    const fault = faultOfSchema(schema, value);
    must(fault === null, () => fault ?? '');
  }

  #judgeDialect(told: ByteText, schema: string): void {
    for (const payload of payloadsOf(decodeText(told))) {
      if (payload === '[DONE]') continue;
      const value = JSON.parse(payload) as Record<string, unknown>;
      this.#judge('error' in value && schema === 'Completion' ? 'ErrorResponse' : schema, value);
      if (schema === 'ResponseEvent') must(value['sequence_number'] === this.#sequence++, () => `event ${String(value['sequence_number'])} should be ${this.#sequence - 1}`);
    }
  }

  #end(isWhole: boolean): void {
    if (!this.#dialect) return;
    const { stream, schema } = this.#dialect;
    const failure = this.#reader.failure;
    const refusal = new Refusal(failure?.code ?? 'upstream_bad_reply', { param: failure?.param ?? null, ...(failure?.message == null ? {} : { message: failure.message }) });
    const last = isWhole ? stream.finish() : stream.fail(errorBody(refusal, context.requestId));
    must(last !== '', () => 'the dialect ends with nothing');
    this.#judgeDialect(last, schema);
  }

  #judgeFailure(): void {
    const { failure } = this.#reader;
    must(failure !== null && failure.code in errorCatalogue && failure.detail !== '' && failure.detail.length <= 1000, () => `an odd failure: ${JSON.stringify(failure).slice(0, 500)}`);
  }

  #judgeFacts(): void {
    const { usage, ...rest } = this.#reader.facts();
    must(Object.values(rest).every((fact) => fact === null || typeof fact === 'string'), () => `odd facts: ${JSON.stringify(rest).slice(0, 300)}`);
    must(typeof this.#reader.text() === 'string', () => 'no text');
    if (!usage) return;
    const { media, ...tokens } = usage;
    const { variant, ...amounts } = media ?? { variant: null };
    must([...Object.values(tokens), ...Object.values(amounts)].every(isSound), () => `usage is ${JSON.stringify(usage)}`);
    must(variant === null || typeof variant === 'string', () => 'an odd variant');
  }
}

function openReader(speaker: Speaker, { wantsUsage, random }: { wantsUsage: boolean; random: Random }): { reader: StreamReader; heldBack: () => ByteText } {
  const options = { context, wantsUsage, observedBytesMax: random() < 0.5 ? limits.observedEventsBytesMax : 200 };
  const none = (): ByteText => '' as ByteText;
  if (speaker === 'openai-transcriptions') {
    const replies = transcriptionReplies({ isText: false, audioMs: 1500 });
    return { reader: replies.side.openStream(options), heldBack: () => replies.lastEvent() };
  }
  if (speaker === 'openai-speech') {
    const replies = speechReplies({ format: 'mp3', characters: 5 });
    return { reader: replies.side.openStream(options), heldBack: () => replies.lastEvent() };
  }
  const wire: WireName = speaker;
  const provider = { id: 'p', name: 'P', wire, baseUrl: 'https://a.example', apiKey: null, headers: {}, quirks: {} };
  const found = chatWireOf(provider);
  if (!found) throw new Error(`no wire for chats is called ${wire}`);
  return { reader: found.openStream(options), heldBack: none };
}

function openDialect(kind: 'completions' | 'responses', random: Random): { stream: DialectStream; schema: string } {
  if (kind === 'completions') {
    const echo = random() < 0.3;
    return { stream: completionsDialect({ model: 'p/m', prompt: 'Say', stream: true, ...(echo ? { echo } : {}) }).openStream(), schema: 'Completion' };
  }
  const names = new Map([['get_weather', { kind: pick(random, ['custom', 'function'] as const), namespace: null, name: 'get_weather' }]]);
  const wantsSeal = random() < 0.5;
  const body = {
    model: 'p/m', input: 'Say', stream: true,
    ...(random() < 0.5 ? { reasoning: { summary: 'auto' as const } } : {}),
    ...(wantsSeal ? { include: ['reasoning.encrypted_content' as const] } : {}),
  };
  const dialect = responsesDialect(body, { id: `resp_${'0'.repeat(32)}`, names, seal: (thoughts) => `sealed-${JSON.stringify(thoughts).length}`, nowSeconds: () => NOW_SECONDS });
  return { stream: dialect.openStream(), schema: 'ResponseEvent' };
}
