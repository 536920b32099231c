/** This file reads one stream as the gateway does, with its dialect behind it, and says what is wrong with what came out. */
import { isDeepStrictEqual } from 'node:util';
import { faultOfSchema } from '../../conformance/judges.ts';
import { payloadsOf } from '../../conformance/recorded-streams.ts';
import { decodeText, encodeText } from '../../gateway/foundation/byte-text.ts';
import type { ByteText } from '../../gateway/foundation/byte-text.ts';
import { Refusal, errorBody } from '../../gateway/foundation/errors.ts';
import { defaultLimits as limits } from '../../gateway/foundation/limits.ts';
import { arrayAt, objectAt } from '../../gateway/foundation/json-value.ts';
import { createEventSplitter, eventPayload } from '../../gateway/foundation/sse.ts';
import { isSoundChunk } from '../../gateway/providers/openai-chat-repair.ts';
import { generatedText } from '../../gateway/providers/openai-chat-text.ts';
import { errorCatalogue } from '../../generated/errors.ts';
import type { MutatedStream } from './mutate-stream.ts';
import { VOICES, context, openReader } from './open-readers.ts';
import type { OpenReader, Voice } from './open-readers.ts';

/** How a stream went. */
export interface Followed {
  readonly ending: 'done' | 'failed' | 'cut off';
  /** What was read from the wire and handed on, before any dialect. */
  readonly events: number;
  /** Of those, events that a byte-forwarding wire handed on as they came although they are none of the contract's. */
  readonly oddEvents: number;
  /** Whose stream it was, and the dialect it was told in. */
  readonly name: string;
  readonly fault: string | null;
}

class Fault extends Error {}

function must(isSo: boolean, why: () => string): void {
  if (!isSo) throw new Fault(why());
}

/** Follows a stream to its end. What a reader throws is a fault like any other. */
export function follow(stream: MutatedStream): Followed {
  const follower = new Follower(stream);
  try {
    return { ...follower.run(stream.reads), name: follower.name, fault: null };
  } catch (thrown) {
    const why = thrown instanceof Fault ? thrown.message : thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
    return { ending: 'failed', events: 0, oddEvents: 0, name: follower.name, fault: `${follower.told}: ${why}` };
  }
}

function isSound(count: unknown): boolean {
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0;
}

class Follower {
  /** The reader, and the dialect behind it. */
  readonly name: string;
  /** The same, with what was asked. */
  readonly told: string;
  readonly #voice: Voice;
  readonly #wantsUsage: boolean;
  readonly #open: OpenReader;
  readonly #splitter = createEventSplitter();
  #isOver = false;
  #events = 0;
  #oddEvents = 0;
  /** The numbers of Responses events have no gaps. */
  #sequence = 0;
  /** The event read last. */
  #last: ByteText | null = null;

  constructor({ speaker, random }: MutatedStream) {
    this.#wantsUsage = random() < 0.5;
    this.#voice = VOICES[speaker];
    this.#open = openReader(speaker, { wantsUsage: this.#wantsUsage, random });
    const dialect = this.#open.dialect?.name;
    this.name = dialect === undefined || dialect === 'native' ? speaker : `${speaker} as ${dialect}`;
    this.told = `${this.name}${this.#wantsUsage ? ', usage asked' : ''}`;
  }

  run(reads: readonly Buffer[]): Omit<Followed, 'fault' | 'name'> {
    for (const read of reads) {
      this.#open.reader.observe(read);
      this.#splitter.push(read, (event) => { this.#take(event); });
      must(this.#splitter.pendingBytes <= limits.upstreamEventBytesMax, () => 'more is pending than the gateway takes');
      if (this.#isOver) break;
    }
    const rest = this.#isOver ? null : this.#splitter.rest();
    if (rest !== null) this.#take(rest);
    const { ending } = this.#open;
    if (ending !== undefined && this.#open.reader.isFinished) this.#takeOne(ending);
    this.#judgeFacts();
    const isWhole = this.#open.reader.failure === null && (this.#open.reader.isFinished || this.#open.reader.isDone);
    if (this.#open.reader.failure) this.#judgeFailure();
    if (isWhole) this.#judgeHeldBack(this.#open.heldBack());
    if (this.#open.dialect) this.#end(isWhole);
    return { ending: this.#open.reader.failure ? 'failed' : isWhole ? 'done' : 'cut off', events: this.#events, oddEvents: this.#oddEvents };
  }

  #take(event: ByteText): void {
    for (const one of this.#open.marked?.(event) ?? [event]) this.#takeOne(one);
  }

  #takeOne(event: ByteText): void {
    if (this.#isOver) return;
    const { reader, dialect } = this.#open;
    const read = reader.read(event);
    this.#last = event;
    this.#isOver = reader.failure !== null || reader.isDone;
    if (this.#isOver || read === null) return;
    this.#judgeOwn(read, event);
    const told = dialect?.stream.read(read) ?? null;
    if (dialect && told !== null && dialect.schema !== null) this.#judgeDialect(told, dialect.schema);
    if (dialect?.name === 'native') must(told === read, () => 'the native bypass changed what it hands on');
  }

  /** What the wire handed on. */
  #judgeOwn(read: ByteText, event: ByteText): void {
    const { forwards, schema } = this.#voice;
    if (read === event && forwards !== 'none') {
      this.#noteForwarded(event);
      return;
    }
    must(forwards !== 'all', () => `an event was changed: ${event.slice(0, 300)}`);
    const payloads = payloadsOf(decodeText(read));
    this.#events += payloads.length;
    for (const payload of payloads) {
      const value: unknown = JSON.parse(payload);
      if (forwards === 'but usage') this.#judgeStripped(value, event);
      else if (schema !== null) this.#judge(schema, value);
    }
  }

  /** What comes once the row is on disk: events as they were read, whatever else stood in them. */
  #judgeHeldBack(held: ByteText): void {
    for (const payload of payloadsOf(decodeText(held))) {
      must(typeof JSON.parse(payload) === 'object', () => `an odd last event: ${payload.slice(0, 300)}`);
      this.#noteForwarded(encodeText(`data: ${payload}\n\n`));
    }
  }

  /** As it came; it counts as odd where the upstream did not keep to the contract. */
  #noteForwarded(event: ByteText): void {
    const payload = eventPayload(event);
    if (payload === null) return;
    this.#events++;
    const { schema } = this.#voice;
    if (schema === null) return;
    try {
      if (faultOfSchema(schema, JSON.parse(decodeText(payload))) !== null) this.#oddEvents++;
    } catch {
      this.#oddEvents++;
    }
  }

  /** Nothing but the usage may be missing. */
  #judgeStripped(value: unknown, event: ByteText): void {
    const came = decodeText(eventPayload(event) ?? event);
    const { usage, ...rest } = JSON.parse(came) as Record<string, unknown>;
    const isStripped = !this.#wantsUsage && usage !== undefined;
    const isSound = isSoundChunk(came);
    must(isStripped || !isSound, () => 'an event was changed that has no usage to strip, and is sound');
    if (isSound) must(isDeepStrictEqual(value, rest), () => `more than usage was changed: ${JSON.stringify(value).slice(0, 300)}`);
    else must(wordsOf(value) === wordsOf(rest), () => `its words were changed: ${JSON.stringify(value).slice(0, 300)}`);
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
    const { reader: { failure }, dialect } = this.#open;
    if (!dialect) return;
    const refusal = new Refusal(failure?.code ?? 'upstream_bad_reply', { param: failure?.param ?? null, ...(failure?.message == null ? {} : { message: failure.message }) });
    const last = isWhole ? dialect.stream.finish() : dialect.stream.fail(errorBody(refusal, context.requestId));
    if (dialect.schema !== null) {
      must(last !== '', () => 'the dialect ends with nothing');
      this.#judgeDialect(last, dialect.schema);
      return;
    }
    // A provider's own last word, be it of its failure, is handed on as it came; a stream that only stopped has none.
    if (this.#isOver) must(last === this.#last, () => `the bypass ends with ${JSON.stringify(last.slice(0, 300))}`);
    else must(isWhole ? last === '' : payloadsOf(decodeText(last)).length === 1, () => `a stream that stopped ends with ${JSON.stringify(last.slice(0, 300))}`);
  }

  #judgeFailure(): void {
    const { failure } = this.#open.reader;
    must(failure !== null && failure.code in errorCatalogue && failure.detail !== '' && failure.detail.length <= 1000, () => `an odd failure: ${JSON.stringify(failure).slice(0, 500)}`);
  }

  #judgeFacts(): void {
    const { usage, ...rest } = this.#open.reader.facts();
    must(Object.values(rest).every((fact) => fact === null || typeof fact === 'string'), () => `odd facts: ${JSON.stringify(rest).slice(0, 300)}`);
    must(typeof this.#open.reader.text() === 'string', () => 'no text');
    if (!usage) return;
    const { media, ...tokens } = usage;
    const { variant, ...amounts } = media ?? { variant: null };
    must([...Object.values(tokens), ...Object.values(amounts)].every(isSound), () => `usage is ${JSON.stringify(usage)}`);
    must(variant === null || typeof variant === 'string', () => 'an odd variant');
  }
}

/** Everything generated that a chunk holds, by letters: reasoning and text may have changed places. */
function wordsOf(chunk: unknown): string {
  return [...arrayAt(chunk, 'choices').map((choice) => generatedText(objectAt(choice, 'delta'))).join('')].sort().join('');
}
