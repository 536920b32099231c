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

/** Whether there is anything to carry. */
export function hasThoughts({ text, details, extra, calls }: Thoughts): boolean {
  return text !== '' || details.length > 0 || extra !== null || Object.keys(calls).length > 0;
}

/** One after the other, as pieces of the same turn. */
export function joinThoughts(first: Thoughts, second: Thoughts): Thoughts {
  return {
    text: first.text + second.text,
    field: first.text === '' ? second.field : first.field,
    details: second.details.reduce(addDetail, first.details),
    extra: first.extra && second.extra ? mergeExtra(first.extra, second.extra) : first.extra ?? second.extra,
    calls: { ...first.calls, ...second.calls },
  };
}

/** Text comes in hundreds of pieces: those of one block are made one. */
function addDetail(details: readonly JsonObject[], detail: JsonObject): readonly JsonObject[] {
  const last = details.at(-1);
  const text = stringAt(detail, 'text');
  const before = stringAt(last, 'text');
  const isSame = last !== undefined && text !== null && before !== null && last['index'] !== undefined && last['index'] === detail['index']
    && last['type'] === detail['type'] && typeof last['signature'] !== 'string';
  return isSame ? [...details.slice(0, -1), { ...last, ...detail, text: before + text }] : [...details, detail];
}

function mergeExtra(first: JsonObject, second: JsonObject): JsonObject {
  const merged: Record<string, unknown> = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const before = merged[key];
    merged[key] = isJsonObject(before) && isJsonObject(value) ? { ...before, ...value } : value;
  }
  return merged;
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
