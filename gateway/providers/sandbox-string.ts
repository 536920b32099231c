/** This file writes strings for a JSON schema: by format, by pattern, by what the user's text says, or by the property's name. */
import type { JsonObject } from '../foundation/json-value.ts';
import { writePattern } from './sandbox-pattern.ts';

/** What values are derived from, and what has been used of it so far. */
export interface Muse {
  /** The user's text, and the same in lower case. */
  readonly text: string;
  readonly lowerText: string;
  /** Capitalised names in the text, in order, e.g. `Paris`. */
  readonly mentions: readonly string[];
  /** Whole numbers in the text, in order. */
  readonly numbers: readonly number[];
  usedMentions: number;
  usedNumbers: number;
  /** How many more properties are looked up in the text. */
  lookupsLeft: number;
  /** How many more characters may be written in all. */
  charsLeft: number;
}

const HINT_CHARS_MAX = 20_000;
const STRING_CHARS_MAX = 10_000;
const LOOKUPS_MAX = 16;
const CHARS_MAX = 100_000;
// A name in the middle of a sentence: `in Paris`, `and New York`.
const MENTION = /(?<=[\p{Ll},] )\p{Lu}[\p{L}'’-]*\p{Ll}[\p{L}'’-]*(?: \p{Lu}[\p{L}'’-]*\p{Ll}[\p{L}'’-]*){0,4}/gu;

/** Reads what a text offers; `variant` skips that many names and numbers, so that parallel calls differ. */
export function createMuse(text: string, variant: number): Muse {
  const hint = text.slice(0, HINT_CHARS_MAX);
  return {
    text: hint,
    lowerText: hint.toLowerCase(),
    mentions: hint.match(MENTION) ?? [],
    numbers: (hint.match(/(?<![\w.])-?\d{1,9}(?!\.?\w)/g) ?? []).map(Number),
    usedMentions: variant,
    usedNumbers: variant,
    lookupsLeft: LOOKUPS_MAX,
    charsLeft: CHARS_MAX,
  };
}

const formats: Readonly<Record<string, (variant: number) => string>> = {
  'date-time': (variant) => `2026-01-${twoDigits(variant)}T12:00:00Z`,
  date: (variant) => `2026-01-${twoDigits(variant)}`,
  time: (variant) => `12:${twoDigits(variant)}:00Z`,
  duration: (variant) => `PT${variant + 1}H`,
  email: (variant) => `ada${suffix(variant)}@example.com`,
  'idn-email': (variant) => `ada${suffix(variant)}@example.com`,
  hostname: (variant) => `host${suffix(variant)}.example.com`,
  'idn-hostname': (variant) => `host${suffix(variant)}.example.com`,
  ipv4: (variant) => `192.0.2.${1 + variant % 250}`,
  ipv6: (variant) => `2001:db8::${(1 + variant % 0xfff0).toString(16)}`,
  uri: (variant) => `https://example.com/${variant + 1}`,
  url: (variant) => `https://example.com/${variant + 1}`,
  iri: (variant) => `https://example.com/${variant + 1}`,
  'uri-reference': (variant) => `/items/${variant + 1}`,
  'iri-reference': (variant) => `/items/${variant + 1}`,
  'uri-template': (variant) => `/items/{id}/${variant + 1}`,
  uuid: (variant) => `00000000-0000-4000-8000-${String(variant + 1).padStart(12, '0')}`,
  'json-pointer': (variant) => `/items/${variant + 1}`,
  'relative-json-pointer': (variant) => `${variant + 1}/items`,
  regex: (variant) => `^a{${variant + 1}}$`,
  byte: (variant) => (variant % 2 === 0 ? 'U2FuZGJveA==' : 'c2FuZGJveA=='),
};

const samples = new Map(Object.entries({
  name: 'Ada Lovelace', first_name: 'Ada', last_name: 'Lovelace', city: 'Paris', location: 'Paris', place: 'Paris', country: 'France',
  language: 'English', currency: 'EUR', timezone: 'Europe/Paris', unit: 'celsius', email: 'ada@example.com', phone: '+33 1 23 45 67 89',
  url: 'https://example.com/1', date: '2026-01-01', time: '12:00', color: 'blue', path: 'notes.md',
}));

// Properties that take what was said, rather than a name out of it.
const SAID = new Set(['answer', 'content', 'input', 'message', 'prompt', 'q', 'query', 'question', 'request', 'task', 'text']);
const NAMED = /name|city|location|place|country|person|author|restaurant|origin|destination|from|to|recipient|company|title|topic|subject/i;

export interface StringWish {
  readonly schema: JsonObject;
  /** Name of the property the string is for; '' at the root. */
  readonly property: string;
  readonly variant: number;
}

/** Writes one string that obeys the schema's format, pattern and lengths, as long as the muse has characters left. */
export function writeString(wish: StringWish, muse: Muse): string {
  if (muse.charsLeft <= 0) return '';
  const text = compose(wish, muse);
  muse.charsLeft -= text.length;
  return text;
}

function compose({ schema, property, variant }: StringWish, muse: Muse): string {
  const minLength = wholeAt(schema, 'minLength') ?? 0;
  const maxLength = wholeAt(schema, 'maxLength') ?? STRING_CHARS_MAX;
  const format = schema['format'];
  const pattern = schema['pattern'];
  if (typeof pattern === 'string') return writePattern(pattern, { minLength, variant });
  const byFormat = typeof format === 'string' && Object.hasOwn(formats, format) ? formats[format] : undefined;
  if (byFormat) return byFormat(variant);
  const found = findSaid(property, muse) ?? findMention(property, muse);
  return fit(found ?? sampleFor(property, muse) + (variant > 0 ? ` ${variant + 1}` : ''), { minLength, maxLength });
}

/** What the text says the property should be: `content exactly: …`, `path: notes.md`, `title "Hello"`. */
function findSaid(property: string, muse: Muse): string | null {
  if (property === '' || muse.lookupsLeft-- <= 0) return null;
  const name = property.replace(/[^\w]/g, '.').replace(/_/g, '[ _]');
  const exact = new RegExp(`\\b${name}\\s+exactly\\s*:\\s*([^]+)$`, 'i').exec(muse.text)?.[1];
  if (exact !== undefined) return exact.trim();
  const quoted = new RegExp(`\\b${name}(?:\\s+is|\\s*[:=])?\\s*"([^"]+)"`, 'i').exec(muse.text)?.[1];
  if (quoted !== undefined) return quoted;
  const plain = new RegExp(`\\b${name}(?:\\s+is\\s+|\\s*[:=]\\s*|\\s+(?=[\\w/-]*[./@_\\d]\\w))([\\w./@:+-]+)`, 'i').exec(muse.text)?.[1];
  return plain?.replace(/[.:]+$/, '') ?? null;
}

function findMention(property: string, muse: Muse): string | null {
  if (!NAMED.test(property)) return null;
  return muse.mentions[muse.usedMentions++] ?? null;
}

function sampleFor(property: string, muse: Muse): string {
  const said = SAID.has(property) ? muse.text.slice(0, 200).trim() : '';
  if (said !== '') return said;
  return samples.get(property.toLowerCase()) ?? (property === '' ? 'sandbox' : `sample ${property.replace(/[_-]+/g, ' ')}`);
}

/** Pads or cuts to a length in code points, as JSON schema counts. */
function fit(text: string, { minLength, maxLength }: { minLength: number; maxLength: number }): string {
  const points = [...text];
  const min = Math.min(minLength, STRING_CHARS_MAX);
  if (points.length > maxLength) return points.slice(0, maxLength).join('');
  return points.length < min ? text + '.'.repeat(min - points.length) : text;
}

export function wholeAt(schema: JsonObject, key: string): number | null {
  const value = schema[key];
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null;
}

function twoDigits(variant: number): string {
  return String(1 + variant % 28).padStart(2, '0');
}

function suffix(variant: number): string {
  return variant === 0 ? '' : String(variant + 1);
}
