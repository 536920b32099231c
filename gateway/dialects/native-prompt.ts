/** This file gathers what a native prompt costs tokens for: its texts, to be counted, and estimates for what has none. */
import { isJsonObject, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';

/** What a prompt of any vendor is made of. */
export interface NativePrompt {
  readonly texts: readonly string[];
  /** Tokens known without counting: images, audio, files, tokens sent as numbers. */
  readonly tokens: number;
  /** Of names and marks, for what is set aside alone: no vendor counts them all. */
  readonly structureTokens: number;
}

interface Tally {
  readonly texts: string[];
  tokens: number;
  structureTokens: number;
}

/** As of a picture of 1024 × 1024 or two pages: what a piece of media has at the least. */
const MEDIA_TOKENS = 1_500;
/** Speech of a low rate has a token in some hundred bytes of it; base64 has four characters for three bytes. */
const MEDIA_CHARS_PER_TOKEN = 133;
const CHARS_PER_TOKEN = 4;
const DIGITS_PER_TOKEN = 3;

/** Strings that say how something is meant, not what: they cost nothing of their own. */
const MARKS: ReadonlySet<string> = new Set([
  'role', 'type', 'model', 'id', 'tool_use_id', 'tool_call_id', 'call_id', 'media_type', 'mimeType', 'mime_type', 'signature', 'encrypted_content',
  'thoughtSignature', 'thought_signature', 'tool_choice', 'reasoning_effort', 'encoding_format', 'service_tier', 'user', 'user_id',
]);

/** Gathers a prompt from a whole body. Never throws; a body is no deeper than the door lets in. */
export function gatherNativePrompt(body: JsonObject): NativePrompt {
  const tally: Tally = { texts: [], tokens: 0, structureTokens: 0 };
  for (const [key, value] of Object.entries(body)) walk(value, key, { parent: body, tally, isTokens: key === 'input' || key === 'prompt' });
  return tally;
}

interface Place {
  readonly parent: JsonObject;
  readonly tally: Tally;
  /** Numbers here are tokens. */
  readonly isTokens: boolean;
}

function walk(value: unknown, key: string, place: Place): void {
  const { tally } = place;
  if (typeof value === 'string') takeText(value, key, place);
  else if (typeof value === 'number' && place.isTokens) tally.tokens++;
  else if (Array.isArray(value)) for (const each of value) walk(each, key, place);
  else if (isJsonObject(value)) {
    for (const [name, inner] of Object.entries(value)) {
      tally.structureTokens += Math.ceil(name.length / CHARS_PER_TOKEN) + 1;
      walk(inner, name, { parent: value, tally, isTokens: false });
    }
  } else tally.structureTokens += Math.ceil(String(value).length / DIGITS_PER_TOKEN) + 1;
}

function takeText(text: string, key: string, { parent, tally }: Place): void {
  if (isMedia(text, key, parent)) tally.tokens += MEDIA_TOKENS + (text.startsWith('http') ? 0 : Math.ceil(text.length / MEDIA_CHARS_PER_TOKEN));
  else if (MARKS.has(key)) tally.structureTokens += Math.ceil(text.length / CHARS_PER_TOKEN);
  else tally.texts.push(text);
}

/** Bytes or their address: a data URL, base64 that says what it is, or a field that holds nothing else. Plain text in a source of text is text. */
function isMedia(text: string, key: string, parent: JsonObject): boolean {
  if (/^data:[\w.+-]+\/[\w.+-]+(?:;[\w=.+-]+)*;base64,/i.test(text.slice(0, 200))) return true;
  if (key === 'data') return !/^text\//.test(typeOf(parent)) && (stringAt(parent, 'type') === 'base64' || typeOf(parent) !== '' || stringAt(parent, 'format') !== null);
  return ['url', 'image_url', 'file_url', 'fileUri', 'file_uri', 'file_id', 'file_data'].includes(key);
}

function typeOf(parent: JsonObject): string {
  return stringAt(parent, 'mimeType') ?? stringAt(parent, 'mime_type') ?? stringAt(parent, 'media_type') ?? '';
}
