/** This file remembers the events of an answer made in the background, so that they can be told again from any number on: pieces of one text share what they have in common. */
import { NO_BYTES, decodeText, encodeText, joinBytes } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { arrayAt, countAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { DONE_EVENT, eventPayload, eventsIn } from '../foundation/sse.ts';

/** One event, or a run of pieces that differ in nothing but their `delta`. */
interface Entry {
  /** The number of the first. */
  readonly n: number;
  /** The event without its number and, in a run, what is in its `delta`. */
  readonly e: JsonObject;
  readonly d?: string[];
}

/** What is kept of the events of an answer. Those that carry the whole answer are not among them: they are written anew. */
export interface KeptEvents {
  /** The model as the first events named it. */
  readonly model: string;
  /** The number of the last event of all. */
  readonly last: number;
  /** Null when they were too many. */
  readonly entries: readonly Entry[] | null;
}

/** The events between two stages of the answer, while they come. */
export class EventLog {
  /** The number of the last event that came. */
  last = -1;
  /** The same of those before the end. */
  lastInside = -1;
  readonly #model: string;
  readonly #bytesMax: number;
  #entries: Entry[] | null = [];
  #bytes = 0;
  /** What the run at the end has in common, to be compared with. */
  #common = '';

  /** `bytesMax`: past it nothing is remembered but how many there were. */
  constructor(model: string, bytesMax: number) {
    this.#model = model;
    this.#bytesMax = bytesMax;
  }

  /** Takes whole events as they were told; comments and `[DONE]` have no number. */
  add(events: ByteText): void {
    for (const event of eventsIn(events)) {
      const payload = eventPayload(event);
      const parsed = payload === null || payload === '[DONE]' ? null : parseJson(decodeText(payload));
      if (isJsonObject(parsed)) this.#take(parsed, event.length);
    }
  }

  write(): KeptEvents {
    return { model: this.#model, last: this.last, entries: this.#entries };
  }

  #take({ sequence_number, ...told }: JsonObject, size: number): void {
    if (typeof sequence_number !== 'number') return;
    this.last = sequence_number;
    if (!ENDS.has(told['type'])) this.lastInside = sequence_number;
    if (!this.#entries || isStage(told)) return;
    const { delta } = told;
    // The key keeps its place, so that what is told again is the same to the byte.
    const event = typeof delta === 'string' ? { ...told, delta: '' } : told;
    const common = JSON.stringify(event);
    const run = this.#entries.at(-1);
    if (typeof delta === 'string' && run?.d && common === this.#common) {
      run.d.push(delta);
      this.#bytes += encodeText(delta).length + PIECE_BYTES;
    } else {
      this.#entries.push({ n: sequence_number, e: event, ...(typeof delta === 'string' ? { d: [delta] } : {}) });
      this.#common = common;
      this.#bytes += size;
    }
    if (this.#bytes > this.#bytesMax) this.#entries = null;
  }
}

/** What a piece takes besides its text. */
const PIECE_BYTES = 8;

const ENDS: ReadonlySet<unknown> = new Set(['response.completed', 'response.incomplete', 'response.failed']);
const OPENINGS: ReadonlySet<unknown> = new Set(['response.created', 'response.in_progress']);

/** Told again by what the answer is then. */
function isStage(event: JsonObject): boolean {
  return ENDS.has(event['type']) || OPENINGS.has(event['type']);
}

/** Reads what was kept; null for anything else. */
export function readEvents(kept: unknown): KeptEvents | null {
  const model = stringAt(kept, 'model');
  if (!isJsonObject(kept) || model === null) return null;
  const entries = kept['entries'] === null ? null : arrayAt(kept, 'entries').flatMap((entry): Entry[] => {
    const e = objectAt(entry, 'e');
    const pieces = arrayAt(entry, 'd').filter((piece) => typeof piece === 'string');
    return e ? [{ n: countAt(entry, 'n'), e, ...(pieces.length > 0 ? { d: pieces } : {}) }] : [];
  });
  return { model, last: countAt(kept, 'last'), entries };
}

/** What is told again of an answer: `resource` as it is now. */
export interface Telling {
  readonly resource: JsonObject;
  /** Null when none were kept. */
  readonly events: KeptEvents | null;
  /** The number of the last event that is known already; -1 for none. */
  readonly after: number;
  /** The number of the last that may be told; absent: all. */
  readonly upTo?: number;
}

/** Tells the events of an answer so far, all but the last; nothing when they were not kept. */
export function tellEvents({ resource, events, after, upTo = Number.MAX_SAFE_INTEGER }: Telling): ByteText {
  if (!events?.entries) return NO_BYTES;
  const begun = { ...resource, status: 'in_progress', completed_at: null, error: null, incomplete_details: null, output: [], usage: null, model: events.model };
  const opening = [...OPENINGS].map((type, n) => ({ n, e: { type, response: begun } }));
  return [...opening, ...events.entries].reduce<ByteText>((told, entry) => joinBytes(told, tellEntry(entry, after, upTo)), NO_BYTES);
}

/** Tells the last event of an answer that has ended, and ends the stream. */
export function tellEnd({ resource, events, after }: Telling): ByteText {
  // Where nobody knows how many there were, it comes after those that are known.
  const number = events ? events.last : Math.max(after, 1) + 1;
  return joinBytes(number > after ? writeEvent(endOf(resource['status']), number, { response: resource }) : NO_BYTES, DONE_EVENT);
}

function tellEntry({ n, e, d = [] }: Entry, after: number, upTo: number): ByteText {
  const { type, ...fields } = e;
  const isWanted = (number: number): boolean => number > after && number <= upTo;
  if (d.length === 0) return isWanted(n) ? writeEvent(String(type), n, fields) : NO_BYTES;
  return d.reduce<ByteText>((told, delta, at) => (isWanted(n + at) ? joinBytes(told, writeEvent(String(type), n + at, { ...fields, delta })) : told), NO_BYTES);
}

function writeEvent(type: string, number: number, fields: JsonObject): ByteText {
  return encodeText(`event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: number, ...fields })}\n\n`);
}

function endOf(status: unknown): string {
  if (status === 'completed' || status === 'failed') return `response.${status}`;
  return 'response.incomplete';
}
