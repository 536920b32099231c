/** This file is what is kept of an answer, as text, and how items are given ids that say where they are kept. */
import { arrayAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { readEvents } from './responses-log.ts';
import type { KeptEvents } from './responses-log.ts';
import { typeOf } from './responses-items.ts';
import { NO_THOUGHTS, readThoughts, writeThoughts } from './responses-thoughts.ts';
import type { Thoughts } from './responses-thoughts.ts';

/** One kept answer. */
export interface KeptTurn {
  /** The answer as it was given, but for its output and what was sealed in it. */
  readonly resource: JsonObject;
  /** What was sent with the request, references resolved, each with an id. */
  readonly input: readonly JsonObject[];
  readonly output: readonly JsonObject[];
  readonly thoughts: Thoughts;
  /** Of an answer made in the background, the events that told of it. */
  readonly events?: KeptEvents;
}

/** Writes what is kept. */
export function writeTurn({ resource, input, output, thoughts, events }: KeptTurn): string {
  return JSON.stringify({ v: 1, resource, input, output, thoughts: parseJson(writeThoughts(thoughts)), ...(events ? { events } : {}) });
}

/** Reads what was kept. Throws when it is none. */
export function readTurn(text: string): KeptTurn {
  const parsed = parseJson(text);
  const resource = objectAt(parsed, 'resource');
  if (!isJsonObject(parsed) || parsed['v'] !== 1 || !resource) throw new Error('what was kept of a response can\'t be read');
  const events = readEvents(parsed['events']);
  return {
    resource,
    input: arrayAt(parsed, 'input').filter(isJsonObject),
    output: arrayAt(parsed, 'output').filter(isJsonObject),
    thoughts: readThoughts(parsed['thoughts']) ?? NO_THOUGHTS,
    ...(events ? { events } : {}),
  };
}

/** The answer as GET gives it. */
export function resourceOf({ resource, output }: KeptTurn): JsonObject {
  return { ...resource, output };
}

const PREFIXES: Readonly<Record<string, string>> = {
  message: 'msg', reasoning: 'rs', function_call: 'fc', function_call_output: 'fco', custom_tool_call: 'ctc', custom_tool_call_output: 'ctco',
};
const PLACED = /^[a-z]+_([0-9a-f]{32})([io])\d+$/;

/** The id of the item at this place of an answer's output, or of its input: it says which answer it belongs to. */
export function itemId(responseId: string, item: { readonly type: string; readonly side: 'i' | 'o'; readonly at: number }): string {
  return `${PREFIXES[item.type] ?? 'item'}_${responseId.replace(/^resp_/, '')}${item.side}${item.at}`;
}

/** Which answer an item belongs to; null when its id does not say. */
export function responseOfItem(id: string): string | null {
  const body = PLACED.exec(id)?.[1];
  return body === undefined ? null : `resp_${body}`;
}

/** The kept item of this id; what was thought comes with what it carries. */
export function findItem(turn: KeptTurn, id: string): JsonObject | null {
  return [...turn.input, ...turn.output].find((item) => item['id'] === id) ?? null;
}

/** The input as items, each with an id, in the shape in which they are listed. */
export function inputItems(input: unknown, responseId: string): JsonObject[] {
  const items: readonly unknown[] = typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : Array.isArray(input) ? input : [];
  return items.filter(isJsonObject).map((item, at) => {
    const type = typeOf(item);
    const id = stringAt(item, 'id') ?? itemId(responseId, { type, side: 'i', at });
    return { ...item, type, id, ...(type === 'message' ? messageFields(item) : {}) };
  });
}

function messageFields(item: JsonObject): JsonObject {
  const { content } = item;
  const part = item['role'] === 'assistant' ? { type: 'output_text', text: content, annotations: [], logprobs: [] } : { type: 'input_text', text: content };
  return { status: stringAt(item, 'status') ?? 'completed', content: typeof content === 'string' ? [part] : content };
}
