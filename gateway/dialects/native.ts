/** This file says what a path of a provider's own API is, for callers who reach it through the gateway. Every trick with paths ends here. */
import { fail } from '../foundation/errors.ts';
import type { NativeForm } from '../foundation/terms.ts';

export type NativeMethod = 'GET' | 'POST' | 'DELETE';

/** A path whose usage can be read. */
export interface MeteredPath {
  readonly form: NativeForm;
  /** The model the path names; null where the body does. */
  readonly model: string | null;
  /** Whether the path asks for a stream; null where the body says. */
  readonly isStream: boolean | null;
}

/** No escapes, no dots alone, nothing that a server could read in two ways: what is judged is, byte for byte, what is sent. */
const SEGMENT = /^[A-Za-z0-9._:@-]{1,200}$/;
const DOTS = /^\.+$/;
const SEGMENTS_MAX = 12;
/** What a path may repeat of its provider's base URL: vendors' packages put it before every path of theirs. */
const VERSION = /^v\d[a-z0-9]*$/;
/** Where a provider has no base URL. */
const SANDBOX_VERSION = 'v1';
/** Google's package asks for `v1` or, where it is older, for `v1beta`, which has all of it (@google/genai 3.1.0 and 2.32.0): the base URL decides. */
const GEMINI_VERSIONS: readonly string[] = ['v1', 'v1beta'];

/**
 * Reads a path below a provider's base URL, already percent-decoded once, without a slash before it. The version with which the
 * base URL ends may stand before it once, and is taken off. Refuses (400) empty segments, `.` and `..`, and any character that is not plain.
 */
export function readNativePath(path: string, { wire, baseUrl }: { readonly wire: string; readonly baseUrl: string }): string {
  const segments = path.split('/');
  const [first = ''] = segments;
  const version = baseUrl === '' ? SANDBOX_VERSION : baseUrl.slice(baseUrl.lastIndexOf('/') + 1);
  if (segments.length > SEGMENTS_MAX || segments.some((segment) => !SEGMENT.test(segment) || DOTS.test(segment))) {
    fail('invalid_request', {
      param: 'path',
      message: "The path must be plain segments (letters, digits, '.', '_', ':', '@', '-') between single slashes, without '.', '..' or escapes.",
    });
  }
  const isVersion = VERSION.test(version) && (first === version || (wire === 'gemini-content' && GEMINI_VERSIONS.includes(first)));
  return segments.length > 1 && isVersion ? segments.slice(1).join('/') : path;
}

const OPENAI: Readonly<Record<string, NativeForm>> = {
  'chat/completions': 'chat', completions: 'completions', responses: 'responses', embeddings: 'embeddings',
};
const GEMINI = /^models\/([^/:]+):(generateContent|streamGenerateContent|embedContent)$/;

/**
 * What a path does, where its usage can be read; null for every other path: batches, files and whatever else is there or will be. Paths are
 * those of platform.openai.com/docs/api-reference, platform.claude.com/docs/en/api/messages and ai.google.dev/api (read 2026-11).
 */
export function meteredPath(wire: string, method: NativeMethod, path: string): MeteredPath | null {
  if (method !== 'POST') return null;
  const named = (form: NativeForm | undefined): MeteredPath | null => (form === undefined ? null : { form, model: null, isStream: null });
  switch (wire) {
    case 'openai-chat':
    case 'openai-responses': return named(Object.hasOwn(OPENAI, path) ? OPENAI[path] : undefined);
    case 'sandbox': return named(path === 'chat/completions' ? 'chat' : undefined);
    case 'anthropic-messages': return named(path === 'messages' ? 'messages' : undefined);
    case 'gemini-content': {
      const [, model, verb] = GEMINI.exec(path) ?? [];
      if (model === undefined) return null;
      return { form: verb === 'embedContent' ? 'embed' : 'generate', model, isStream: verb === 'streamGenerateContent' };
    }
    default: return null;
  }
}

/**
 * Whether a path is one of those an operator lets pass unmetered: `GET /models`, `files/*`. A `*` at the end stands for all that follows,
 * elsewhere for one segment; without a method any is meant.
 */
export function isUnmetered(patterns: readonly string[], method: NativeMethod, path: string): boolean {
  return patterns.some((pattern) => {
    const [first = '', second] = pattern.split(' ');
    if (second !== undefined && first !== method) return false;
    return fits((second ?? first).replace(/^\//, '').split('/'), path.split('/'));
  });
}

function fits(wanted: readonly string[], segments: readonly string[]): boolean {
  const isOpen = wanted.at(-1) === '*';
  if (isOpen ? segments.length < wanted.length : segments.length !== wanted.length) return false;
  return wanted.every((segment, index) => segment === '*' || segment === segments[index]);
}

const QUERY_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}(?:\[\])?$/;

/**
 * Writes the query that goes on with a path; '' or with its question mark. Of a metered path only what changes nothing in how usage is
 * told: `alt=sse`, without which Gemini's streams are none, and `beta=true`, which Anthropic's package sends. A key is never taken from a URL.
 */
export function writeNativeQuery(query: Readonly<Record<string, unknown>>, metered: MeteredPath | null): string {
  if (metered?.form === 'generate' && metered.isStream === true && query['alt'] !== 'sse') {
    fail('invalid_request', { param: 'alt', message: 'Ask for the stream as server-sent events, with alt=sse: the usage of no other can be read.' });
  }
  const written = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (/^(?:api[-_]?)?key$/i.test(name)) fail('invalid_request', { param: name, message: 'Send the key in a header: URLs end up in logs.' });
    if (!QUERY_NAME.test(name) || (metered && !isHarmless(metered, name, value))) {
      fail('invalid_request', { param: name, message: `The query parameter '${name.slice(0, 64)}' can't be sent to this path through the gateway; leave it out.` });
    }
    written.append(name, String(value));
  }
  const text = written.toString();
  return text === '' ? '' : `?${text}`;
}

function isHarmless({ form, isStream }: MeteredPath, name: string, value: unknown): boolean {
  if (form === 'messages') return name === 'beta' && value === 'true';
  return form === 'generate' && name === 'alt' && value === (isStream === true ? 'sse' : 'json');
}

/** Request headers that go on, by what their values may be. Never a credential, a cookie, or what says whose account is billed. */
const HEADERS: Readonly<Record<string, RegExp>> = {
  'anthropic-version': /^\d{4}-\d{2}-\d{2}$/,
  'anthropic-beta': /^[a-z0-9._-]+(?:, ?[a-z0-9._-]+)*$/i,
  'openai-beta': /^[a-z0-9=._-]+(?:[,;] ?[a-z0-9=._-]+)*$/i,
};
const ACCEPT = /^[\w!#$&^.+*/;=, -]{1,200}$/;

/** The caller's headers that go on with a call; `accept` only where nothing hangs on the form of the answer. */
export function safeRequestHeaders(headers: Readonly<Record<string, string | string[] | undefined>>, isMetered: boolean): Record<string, string> {
  const safe: Record<string, string> = {};
  for (const [name, pattern] of Object.entries(HEADERS)) {
    const value = headers[name];
    if (typeof value === 'string' && pattern.test(value)) safe[name] = value;
  }
  const { accept } = headers;
  if (!isMetered && typeof accept === 'string' && ACCEPT.test(accept)) safe['accept'] = accept;
  return safe;
}

/** Of the provider's answer; what names the operator's account, or sets the limits of it, stays here. */
const REPLY_HEADERS = ['request-id', 'openai-processing-ms', 'openai-version', 'retry-after', 'retry-after-ms', 'x-should-retry'] as const;
const PLAIN_VALUE = /^[\x20-\x7e]{1,256}$/;

/** The provider's headers that are handed to the caller. What it made is shown as what it is, or downloaded; never run. */
export function safeReplyHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const safe: Record<string, string> = { 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'; sandbox" };
  for (const name of REPLY_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string' && PLAIN_VALUE.test(value)) safe[name] = value;
  }
  return safe;
}
