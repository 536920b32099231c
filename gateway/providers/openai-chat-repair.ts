/**
 * This file makes of a provider's chat what OpenAI's own would be, where it falls short: Mistral's tool calls have no index and no type and its reasoning
 * models answer in lists of parts, Perplexity and Moonshot name their chunks otherwise or not at all, Groq has processing classes of its own, and
 * many leave out `refusal`, `logprobs` or a chunk's `finish_reason` that is null (recorded traffic, 2026-11). What is sound stays as it came, to the byte.
 */
import { arrayAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { openAiTier } from '../foundation/service-tiers.ts';

/** Numbers tool calls that come without an index: one stream's, by choice and id. */
export type CallNumbers = Map<string, number>;

type Writable = Record<string, unknown>;

const CHUNK = 'chat.completion.chunk';
const REPLY = 'chat.completion';
// The ends of keys, which can't stand inside a JSON string: there their quotes would be escaped. Searches begin with a letter, and a rare one, since nearly
// every word of a chat begins with a quote: each such place would be looked at (eight searches of a reply of 600 bytes: 2.7 → 0.8 µs, Node 24.21).
const TIER_START = '"service';
const TIER_END = '_tier"';
const CALLS_END = '_calls"';
const CONTENT_END = 'content":';
const REFUSAL_END = 'refusal":';
const LOGPROBS_END = 'logprobs":';
const FINISH_END = 'finish_reason":';

const QUOTE = 0x22;
const SPACE = 0x20;
const OPEN_BRACKET = 0x5b;

/** A whole reply as OpenAI's would be. Nearly always the same string, which costs a few searches of it. */
export function repairReply(text: string): string {
  if (text.includes(`"${REPLY}"`) && hasKey(text, REFUSAL_END) && hasKey(text, LOGPROBS_END) && hasKey(text, CONTENT_END) && !mayBeOdd(text)) return text;
  const reply = parseJson(text);
  if (!isJsonObject(reply)) return text;
  const repair = new Repair(reply, REPLY);
  for (const [at, choice] of arrayAt(reply, 'choices').entries()) {
    if (!isJsonObject(choice)) continue;
    repair.lack(choice, 'index', at);
    repair.lack(choice, 'logprobs', null);
    const message = objectAt(choice, 'message');
    if (!message) continue;
    repair.content(message);
    repair.calls(message, null);
    repair.lack(message, 'content', null);
    repair.lack(message, 'refusal', null);
  }
  return repair.isDone ? JSON.stringify(reply) : text;
}

/** True of a chunk that has all it should and nothing odd. `payload` may be of characters or of bytes. */
export function isSoundChunk(payload: string): boolean {
  return payload.includes(`"${CHUNK}"`) && hasKey(payload, FINISH_END) && !mayBeOdd(payload);
}

/** A chunk as OpenAI's would be. */
export function repairChunk(json: string, numbers: CallNumbers): string {
  const chunk = parseJson(json);
  if (!isJsonObject(chunk) || !Array.isArray(chunk['choices'])) return json;
  const repair = new Repair(chunk, CHUNK);
  for (const [at, choice] of arrayAt(chunk, 'choices').entries()) {
    if (!isJsonObject(choice)) continue;
    repair.lack(choice, 'index', at);
    repair.lack(choice, 'finish_reason', null);
    const delta = objectAt(choice, 'delta');
    if (!delta) continue;
    repair.content(delta);
    repair.calls(delta, (id, position) => numberOf(numbers, { choice: String(choice['index']), id, position }));
  }
  return repair.isDone ? JSON.stringify(chunk) : json;
}

/** Whether the first key that ends so is no longer than that. Not certain, and then looked at closer, where another one comes first. */
function hasKey(text: string, end: string): boolean {
  const at = text.indexOf(end);
  return at > 0 && text.charCodeAt(at - 1) === QUOTE;
}

function mayBeOdd(text: string): boolean {
  return text.includes(CALLS_END) || hasListOfParts(text) || hasOddTier(text);
}

/** Whether any content may be a list; of the reasoning, too. */
function hasListOfParts(text: string): boolean {
  for (let at = text.indexOf(CONTENT_END); at !== -1; at = text.indexOf(CONTENT_END, at)) {
    at += CONTENT_END.length;
    if (text.charCodeAt(text.charCodeAt(at) === SPACE ? at + 1 : at) === OPEN_BRACKET) return true;
  }
  return false;
}

function hasOddTier(text: string): boolean {
  for (let at = text.indexOf(TIER_END); at !== -1; at = text.indexOf(TIER_END, at + 1)) {
    if (text.startsWith(TIER_START, at - TIER_START.length)) return isOddTier(text, at + TIER_END.length);
  }
  return false;
}

function isOddTier(text: string, keyEnd: number): boolean {
  const open = text.indexOf('"', keyEnd);
  const close = open === -1 ? -1 : text.indexOf('"', open + 1);
  // Of null, what is found is another field's name: then a look closer changes nothing.
  const tier = text.slice(open + 1, close);
  return openAiTier(tier) !== tier;
}

/** A call is known by its id; one without goes on with the last of its choice, or stands where it stands. */
function numberOf(numbers: CallNumbers, { choice, id, position }: { readonly choice: string; readonly id: string | null; readonly position: number }): number {
  const key = id === null ? `${choice} last` : `${choice} ${id}`;
  const known = numbers.get(key);
  if (known !== undefined) return known;
  const count = `${choice} count`;
  const number = id === null ? position : numbers.get(count) ?? 0;
  numbers.set(key, number);
  numbers.set(count, Math.max(numbers.get(count) ?? 0, number + 1));
  numbers.set(`${choice} last`, number);
  return number;
}

/** Changes one parsed chat in place, and knows whether it had to. */
class Repair {
  isDone = false;

  constructor(chat: JsonObject, object: string) {
    this.#set(chat, 'object', object);
    const tier = stringAt(chat, 'service_tier');
    if (tier !== null) this.#set(chat, 'service_tier', openAiTier(tier));
  }

  lack(holder: JsonObject, key: string, value: unknown): void {
    if (!(key in holder)) this.#set(holder, key, value);
  }

  /** Parts become the text and the reasoning they hold; with one of another kind among them they stay as they are, for nothing is to be lost. */
  content(holder: JsonObject): void {
    const parts = holder['content'];
    if (!Array.isArray(parts) || !parts.every(isTextOrThinking)) return;
    const [text, reasoning] = [textOf(parts, 'text'), textOf(parts, 'thinking')];
    this.#set(holder, 'content', text === '' && reasoning !== '' ? null : text);
    if (reasoning !== '') this.#set(holder, 'reasoning_content', (stringAt(holder, 'reasoning_content') ?? '') + reasoning);
  }

  /** Whole calls have a type and no index; those of a chunk are given the number `numberCall` says. */
  calls(holder: JsonObject, numberCall: ((id: string | null, position: number) => number) | null): void {
    if (!('tool_calls' in holder)) return;
    if (!Array.isArray(holder['tool_calls'])) {
      this.#drop(holder, 'tool_calls');
      return;
    }
    for (const [position, call] of arrayAt(holder, 'tool_calls').entries()) {
      if (!isJsonObject(call)) continue;
      if (numberCall && !('index' in call)) this.#set(call, 'index', numberCall(stringAt(call, 'id'), position));
      // Later pieces of a call have neither.
      if (!('type' in call) && ('id' in call || !numberCall)) this.#set(call, 'type', 'custom' in call ? 'custom' : 'function');
    }
  }

  #set(holder: JsonObject, key: string, value: unknown): void {
    const writable: Writable = holder;
    if (writable[key] === value && key in writable) return;
    writable[key] = value;
    this.isDone = true;
  }

  #drop(holder: JsonObject, key: string): void {
    const writable: Writable = holder;
    Reflect.deleteProperty(writable, key);
    this.isDone = true;
  }
}

function isTextOrThinking(part: unknown): boolean {
  if (!isJsonObject(part)) return false;
  if (part['type'] === 'text') return typeof part['text'] === 'string';
  return part['type'] === 'thinking' && Array.isArray(part['thinking']) && part['thinking'].every((each) => isJsonObject(each) && each['type'] === 'text' && typeof each['text'] === 'string');
}

function textOf(parts: readonly unknown[], type: 'text' | 'thinking'): string {
  let text = '';
  for (const part of parts) {
    if (!isJsonObject(part) || stringAt(part, 'type') !== type) continue;
    text += stringAt(part, type) ?? textOf(arrayAt(part, type), 'text');
  }
  return text;
}
