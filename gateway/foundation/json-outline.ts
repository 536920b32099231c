/** This file reads the outline of a JSON text without parsing it: how deep it nests, and where its top-level fields stand. */

/** One top-level field: the text of its value is `text.slice(valueStart, valueEnd)`. */
export interface OutlineField {
  /** The key as written, escapes and all. */
  readonly key: string;
  /** Index of the key's opening quote. */
  readonly keyStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

export interface JsonOutline {
  /** Deepest nesting of objects and arrays; scanning stops once it passes the limit. */
  readonly depth: number;
  /** Top-level fields in order; empty when the text is not an object. */
  readonly fields: readonly OutlineField[];
  /** True when a top-level key is written twice or with escapes, so that fields can't be trusted to be what a parser sees. */
  readonly isIrregular: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Index just past the string that opens at `start`; the text's length when it never closes. */
export function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end + 1;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) <= 0x20) at++;
  return at;
}

function trimEnd(text: string, from: number, end: number): number {
  let at = end;
  while (at > from && text.charCodeAt(at - 1) <= 0x20) at--;
  return at;
}

/**
 * Scans a JSON text once. Strings are skipped natively, so a body full of data URLs costs little. The text need
 * not be valid JSON: the outline of a broken text is meaningless but never throws.
 */
export function outlineJson(text: string, depthMax: number): JsonOutline {
  const fields: OutlineField[] = [];
  let depth = 0;
  let deepest = 0;
  let isIrregular = false;
  let key: string | null = null;
  let keyStart = 0;
  let valueStart = 0;
  let isObject = false;
  const close = (end: number): void => {
    if (key === null) return;
    fields.push({ key, keyStart, valueStart, valueEnd: trimEnd(text, valueStart, end) });
    key = null;
  };
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = stringEnd(text, at);
        if (depth === 1 && isObject && key === null) {
          const colon = skipSpace(text, end);
          if (text.charCodeAt(colon) === COLON) {
            key = text.slice(at + 1, end - 1);
            if (key.includes('\\')) isIrregular = true;
            keyStart = at;
            valueStart = skipSpace(text, colon + 1);
            at = valueStart - 1;
            continue;
          }
        }
        at = end - 1;
        break;
      }
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (depth === 0) isObject = text.charCodeAt(at) === OPEN_BRACE;
        depth++;
        if (depth > deepest) deepest = depth;
        if (deepest > depthMax) return { depth: deepest, fields: [], isIrregular: true };
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth === 1) close(at);
        depth--;
        break;
      case COMMA:
        if (depth === 1) close(at);
        break;
      default:
    }
  }
  return { depth: deepest, fields, isIrregular: isIrregular || hasTwin(fields) };
}

function hasTwin(fields: readonly OutlineField[]): boolean {
  for (let later = 1; later < fields.length; later++) {
    for (let earlier = 0; earlier < later; earlier++) {
      if (fields[later]?.key === fields[earlier]?.key) return true;
    }
    // Bodies of many fields are rare; past this a set is cheaper than comparing pairs.
    if (later === 64) return new Set(fields.map((field) => field.key)).size !== fields.length;
  }
  return false;
}

/** One change to the top-level fields of a JSON object. */
export type JsonEdit =
  | { readonly kind: 'set'; readonly key: string; readonly json: string }
  | { readonly kind: 'rename'; readonly key: string; readonly to: string }
  | { readonly kind: 'drop'; readonly key: string };

/**
 * Applies edits to the text of a JSON object and leaves every other byte as it was. An irregular text is
 * re-serialised first, so that what is edited is what a parser sees. `set` adds a missing field.
 */
export function editJson(text: string, outline: JsonOutline, edits: readonly JsonEdit[]): string {
  if (outline.isIrregular) {
    const plain = JSON.stringify(JSON.parse(text));
    return editJson(plain, { ...outlineJson(plain, Number.MAX_SAFE_INTEGER), isIrregular: false }, edits);
  }
  const splices: { start: number; end: number; text: string }[] = [];
  let added = '';
  for (const edit of edits) {
    const index = outline.fields.findIndex((field) => field.key === edit.key);
    const field = outline.fields[index];
    if (!field) {
      if (edit.kind === 'set') added += `${JSON.stringify(edit.key)}:${edit.json},`;
      continue;
    }
    if (edit.kind === 'set') splices.push({ start: field.valueStart, end: field.valueEnd, text: edit.json });
    else if (edit.kind === 'rename') splices.push({ start: field.keyStart, end: field.keyStart + edit.key.length + 2, text: JSON.stringify(edit.to) });
    else splices.push({ start: field.keyStart, end: field.valueEnd, text: '' });
  }
  if (splices.length > 1) splices.sort((a, b) => a.start - b.start);
  const hasDrop = splices.some((splice) => splice.text === '');
  if (hasDrop) return dropAndEdit(text, outline, edits);
  let result = '';
  let from = 0;
  if (added !== '') {
    from = text.indexOf('{') + 1;
    result = text.slice(0, from) + (outline.fields.length === 0 ? added.slice(0, -1) : added);
  }
  for (const splice of splices) {
    result += text.slice(from, splice.start) + splice.text;
    from = splice.end;
  }
  return result + text.slice(from);
}

/** Dropping a field moves commas, so the object is written anew from its fields' own text. */
function dropAndEdit(text: string, outline: JsonOutline, edits: readonly JsonEdit[]): string {
  const parts: string[] = [];
  for (const field of outline.fields) {
    const edit = edits.find((candidate) => candidate.key === field.key);
    if (edit?.kind === 'drop') continue;
    const key = edit?.kind === 'rename' ? JSON.stringify(edit.to) : `"${field.key}"`;
    const value = edit?.kind === 'set' ? edit.json : text.slice(field.valueStart, field.valueEnd);
    parts.push(`${key}:${value}`);
  }
  for (const edit of edits) {
    if (edit.kind === 'set' && !outline.fields.some((field) => field.key === edit.key)) {
      parts.push(`${JSON.stringify(edit.key)}:${edit.json}`);
    }
  }
  return `{${parts.join(',')}}`;
}
