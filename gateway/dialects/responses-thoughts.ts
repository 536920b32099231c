/** This file carries what a model thought, and the signatures of it, between chat messages and reasoning items, so that a caller who keeps its own history gives them back. */
import { arrayAt, isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';

/**
 * What an upstream wants back of one turn, in the fields the chat wires put it in: `reasoning_details` (Anthropic, OpenRouter) and
 * `extra_content` (Gemini), of the message and of its calls.
 */
export interface Thoughts {
  readonly text: string;
  /** The name of the field the text came in. */
  readonly field: 'reasoning_content' | 'reasoning';
  readonly details: readonly JsonObject[];
  readonly extra: JsonObject | null;
  /** What is signed of each call, by the call's id. */
  readonly calls: Readonly<Record<string, JsonObject>>;
}

export const NO_THOUGHTS: Thoughts = { text: '', field: 'reasoning_content', details: [], extra: null, calls: {} };

type Fields = Map<string, unknown>;

/** The thoughts of one turn, gathered piece by piece; a piece takes as long as it is long, however many came before it. */
export class GatheredThoughts {
  #text: string;
  #field: Thoughts['field'];
  /** But for the last, which may go on. */
  readonly #details: JsonObject[];
  #last: Fields | null;
  #extra: Fields | null;
  readonly #calls: Map<string, JsonObject>;

  constructor({ text, field, details, extra, calls }: Thoughts = NO_THOUGHTS) {
    this.#text = text;
    this.#field = field;
    this.#details = details.slice(0, -1);
    this.#last = fieldsOf(details.at(-1));
    this.#extra = extra && mergeExtra(new Map<string, unknown>(), extra);
    this.#calls = new Map(Object.entries(calls));
  }

  get isEmpty(): boolean {
    return this.#text === '' && this.#last === null && this.#extra === null && this.#calls.size === 0;
  }

  /** Takes what comes next. */
  add({ text, field, details, extra, calls }: Thoughts): void {
    if (this.#text === '') this.#field = field;
    this.#text += text;
    for (const detail of details) this.#addDetail(detail);
    if (extra) this.#extra = mergeExtra(this.#extra ?? new Map<string, unknown>(), extra);
    for (const [id, signed] of Object.entries(calls)) this.#calls.set(id, signed);
  }

  /** All of them so far. What comes later does not change it. */
  read(): Thoughts {
    return {
      text: this.#text,
      field: this.#field,
      details: this.#last === null ? [] : [...this.#details, Object.fromEntries(this.#last)],
      extra: this.#extra && Object.fromEntries([...this.#extra].map(([key, value]) => [key, isFields(value) ? Object.fromEntries(value) : value])),
      calls: Object.fromEntries(this.#calls),
    };
  }

  /** Text comes in hundreds of pieces: those of one block are made one. */
  #addDetail(detail: JsonObject): void {
    const last = this.#last;
    if (last === null || !isOneBlock(last, detail)) {
      if (last !== null) this.#details.push(Object.fromEntries(last));
      this.#last = fieldsOf(detail);
      return;
    }
    const text = `${String(last.get('text'))}${String(detail['text'])}`;
    addFields(last, detail).set('text', text);
  }
}

function isOneBlock(last: Fields, detail: JsonObject): boolean {
  return typeof last.get('text') === 'string' && typeof detail['text'] === 'string' && typeof last.get('signature') !== 'string'
    && detail['index'] !== undefined && last.get('index') === detail['index'] && last.get('type') === detail['type'];
}

/** Fields of fields are joined too, one level down. */
function mergeExtra(extra: Fields, more: JsonObject): Fields {
  for (const [key, value] of Object.entries(more)) {
    const before = extra.get(key);
    if (isJsonObject(value)) extra.set(key, addFields(isFields(before) ? before : new Map<string, unknown>(), value));
    else extra.set(key, value);
  }
  return extra;
}

/** JSON has no maps: one is what was made of an object here. */
function isFields(value: unknown): value is Fields {
  return value instanceof Map;
}

function fieldsOf(detail: JsonObject | undefined): Fields | null {
  return detail === undefined ? null : new Map(Object.entries(detail));
}

function addFields(fields: Fields, more: JsonObject): Fields {
  for (const [key, value] of Object.entries(more)) fields.set(key, value);
  return fields;
}

/** What a chat message, or a piece of one, says of thoughts; the calls' part is told apart because a piece names calls by their place. */
export function thoughtsOf(message: unknown): Thoughts {
  const content = stringAt(message, 'reasoning_content');
  return {
    text: content ?? stringAt(message, 'reasoning') ?? arrayAt(message, 'content').map(thoughtPart).join(''),
    field: content === null && stringAt(message, 'reasoning') !== null ? 'reasoning' : 'reasoning_content',
    details: arrayAt(message, 'reasoning_details').filter(isJsonObject),
    extra: objectAt(message, 'extra_content'),
    calls: {},
  };
}

/** Mistral's models think in parts of their content (docs.mistral.ai, "Reasoning", read 2026-11). */
function thoughtPart(part: unknown): string {
  if (stringAt(part, 'type') !== 'thinking') return '';
  return stringAt(part, 'thinking') ?? arrayAt(part, 'thinking').map((piece) => stringAt(piece, 'text') ?? '').join('');
}

/** The text that is sealed into a reasoning item. */
export function writeThoughts({ text, field, details, extra, calls }: Thoughts): string {
  return JSON.stringify({ v: 1, text, field, details, extra, calls });
}

/** What `writeThoughts` has written, parsed; null for anything else. */
export function readThoughts(parsed: unknown): Thoughts | null {
  if (!isJsonObject(parsed) || parsed['v'] !== 1) return null;
  const calls = Object.entries(objectAt(parsed, 'calls') ?? {}).flatMap(([id, extra]) => (isJsonObject(extra) ? [[id, extra] as const] : []));
  return {
    text: stringAt(parsed, 'text') ?? '',
    field: parsed['field'] === 'reasoning' ? 'reasoning' : 'reasoning_content',
    details: arrayAt(parsed, 'details').filter(isJsonObject),
    extra: objectAt(parsed, 'extra'),
    calls: Object.fromEntries(calls),
  };
}

/** The fields of an assistant's message that carry them. */
export function messageFields({ text, field, details, extra }: Thoughts): JsonObject {
  return {
    ...(text === '' ? {} : { [field]: text }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    ...(extra === null ? {} : { extra_content: extra }),
  };
}
