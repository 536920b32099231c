/** This file takes out of a body what the contract hides from logs (`x-redact`), and leaves its shape. */
import { isJsonObject, parseShallowJson } from './json-value.ts';
import type { JsonObject } from './json-value.ts';

/** Stands where something was taken out. */
const REDACTED = '[redacted]';
/** Any index or name in a path. */
const ANY = '*';

/** Gives JSON without what stands at these paths (`messages.*.content`; '' is all of it); null for what is not JSON. */
export function redactJson(text: string, paths: readonly string[]): string | null {
  try {
    return JSON.stringify(redact(parseShallowJson(text), paths.map((path) => (path === '' ? [] : path.split('.')))));
  } catch {
    return null;
  }
}

/** Gives a stream of events with what stands at these paths taken out of each; what is not JSON, as `[DONE]`, stays only when it holds no text of a model. */
export function redactEvents(text: string, paths: readonly string[]): string {
  return text.split('\n').map((line) => redactLine(line, paths)).join('\n');
}

const DATA = 'data:';
const DONE = '[DONE]';

function redactLine(line: string, paths: readonly string[]): string {
  if (!line.startsWith(DATA)) return line;
  const payload = line.slice(DATA.length).trim();
  return `${DATA} ${payload === DONE ? DONE : redactJson(payload, paths) ?? REDACTED}`;
}

function redact(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (paths.length === 0) return value;
  if (paths.some((path) => path.length === 0)) return value === null ? null : REDACTED;
  if (Array.isArray(value)) return value.map((item: unknown) => redact(item, below(paths, ANY)));
  return isJsonObject(value) ? redactObject(value, paths) : value;
}

function redactObject(value: JsonObject, paths: readonly (readonly string[])[]): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, redact(inner, below(paths, name))]));
}

/** What is left of the paths that lead through this name. */
function below(paths: readonly (readonly string[])[], name: string): (readonly string[])[] {
  return paths.filter(([first]) => first === name || first === ANY).map((path) => path.slice(1));
}
