/** This file reads the output items of a Responses reply, for whole replies and for streams alike. */
import { arrayAt, isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { shownReasoning } from './openai-responses-reasoning.ts';

/** A call the caller is to answer. */
export interface Call {
  readonly kind: 'function' | 'custom';
  readonly id: string;
  readonly name: string;
  /** A function's arguments or a custom tool's input, as far as the item has them. */
  readonly text: string;
}

/** Which calls are the caller's to answer. */
export type IsCallers = (call: Call) => boolean;

/**
 * xAI shows what its own search does as calls of custom tools that nobody gave it (recorded xai-x-search-tool). They are known by
 * the reply's own list of tools: hosted ones are among them, and none of the call's name.
 */
export function callersCalls(response: unknown): IsCallers {
  const tools = arrayAt(response, 'tools');
  const isHosted = (tool: unknown): boolean => !['function', 'custom', 'namespace'].includes(stringAt(tool, 'type') ?? 'function');
  if (!tools.some(isHosted)) return () => true;
  const names = new Set(tools.filter((tool) => stringAt(tool, 'type') !== 'function').map((tool) => stringAt(tool, 'name')));
  return (call) => call.kind === 'function' || names.has(call.name);
}

/** The call of an item; null when it is none. Calls that wait for a program on the caller's machine other than a tool's have no place in a chat. */
export function callOf(item: unknown, fallbackId: string): Call | null {
  const type = stringAt(item, 'type');
  const common = { id: stringAt(item, 'call_id') ?? stringAt(item, 'id') ?? fallbackId, name: stringAt(item, 'name') ?? '' };
  if (type === 'function_call') return { kind: 'function', ...common, text: stringAt(item, 'arguments') ?? '' };
  if (type === 'custom_tool_call') return { kind: 'custom', ...common, text: stringAt(item, 'input') ?? '' };
  return null;
}

/** The call as a chat message has it. */
export function toToolCall({ kind, id, name, text }: Call): JsonObject {
  return kind === 'function' ? { id, type: 'function', function: { name, arguments: text } } : { id, type: 'custom', custom: { name, input: text } };
}

/** The image an item made, as the other wires give images; null when it is none. */
export function imageOf(item: unknown): JsonObject | null {
  const data = stringAt(item, 'type') === 'image_generation_call' ? stringAt(item, 'result') ?? '' : '';
  if (data === '') return null;
  const url = /^https?:|^data:/i.test(data) ? data : `data:image/${stringAt(item, 'output_format') ?? 'png'};base64,${data}`;
  return { type: 'image_url', image_url: { url } };
}

/** The parts of a message item. */
export function partsOf(item: unknown): readonly unknown[] {
  return stringAt(item, 'type') === 'message' ? arrayAt(item, 'content') : [];
}

/** The text of a part; empty for refusals. */
export function textOfPart(part: unknown): string {
  return stringAt(part, 'type') === 'refusal' ? '' : stringAt(part, 'text') ?? '';
}

/** The refusal in a part; empty for text. */
export function refusalOfPart(part: unknown): string {
  return stringAt(part, 'type') === 'refusal' ? stringAt(part, 'refusal') ?? '' : '';
}

/**
 * Annotations as a chat message has them: their fields stand below their type, and the only type is `url_citation`; files are cited by tools a chat
 * can't ask for. Places are counted from where the part of text begins in its message; in a chat all text is one, so that they are moved by `offset`
 * code points. xAI tells neither title nor place (recorded 2025-11), where OpenAI always has them: they are then empty.
 */
export function toAnnotations(said: readonly unknown[], offset: number): JsonObject[] {
  return said.flatMap((annotation) => {
    if (!isJsonObject(annotation) || annotation['type'] !== 'url_citation') return [];
    const { type, ...fields } = annotation;
    const place = (key: string): number => (typeof fields[key] === 'number' ? fields[key] + offset : 0);
    return [{ type, url_citation: { title: '', ...fields, start_index: place('start_index'), end_index: place('end_index') } }];
  });
}

/** How many code points a text has, which is what OpenAI counts places in. */
export function codePoints(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xdc00 && unit <= 0xdfff) count--;
  }
  return count;
}

/** Log probabilities as a chat has them; streams leave out the bytes. */
export function toLogprobs(said: readonly unknown[]): JsonObject[] {
  return said.flatMap((entry) => toLogprob(entry).map((written) => ({ ...written, top_logprobs: arrayAt(entry, 'top_logprobs').flatMap(toLogprob) })));
}

function toLogprob(said: unknown): JsonObject[] {
  const token = stringAt(said, 'token');
  if (!isJsonObject(said) || token === null || !Number.isFinite(said['logprob'])) return [];
  return [{ token, logprob: said['logprob'], bytes: bytesOfToken(said['bytes']) }];
}

function bytesOfToken(bytes: unknown): readonly unknown[] | null {
  return Array.isArray(bytes) && bytes.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255) ? bytes : null;
}

/** The generated text of an item: what was said, refused, thought or handed to a tool. */
export function itemText(item: unknown): string {
  const call = callOf(item, '');
  if (call) return call.name + call.text;
  if (stringAt(item, 'type') === 'reasoning') return shownReasoning(item).map(({ text }) => text).join('');
  return partsOf(item).map((part) => textOfPart(part) + refusalOfPart(part)).join('');
}

/** Why a reply ended, in OpenAI's words for chats; null while it has not. */
export function finishOf(response: unknown, hasCalls: boolean): string | null {
  const status = stringAt(response, 'status') ?? 'completed';
  if (status === 'completed') return hasCalls ? 'tool_calls' : 'stop';
  if (status !== 'incomplete') return null;
  return stringAt(objectAt(response, 'incomplete_details'), 'reason') === 'content_filter' ? 'content_filter' : 'length';
}
