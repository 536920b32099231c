/** This file makes of a form's parts what the contract calls a body: texts become numbers, truths, lists and objects, files stay aside. */
import { fail } from '../gateway/foundation/errors.ts';
import { outlineJson } from '../gateway/foundation/json-outline.ts';
import { parseJson } from '../gateway/foundation/json-value.ts';
import type { Limits } from '../gateway/foundation/limits.ts';
import type { UploadedFile } from '../gateway/foundation/operation.ts';
import type { FormField } from '../generated/operations.ts';
import type { FormPart } from './read-multipart.ts';

export interface FormBody {
  /** The body, before it is validated; a file stands as its name. */
  readonly value: Record<string, unknown>;
  readonly files: readonly UploadedFile[];
}

export type FormDepths = Pick<Limits, 'formNameDepthMax' | 'jsonDepthMax'>;

/** A part and what is left of its name: `a[b][]` is `['a', 'b', '']`. */
interface Entry {
  readonly part: FormPart;
  readonly rest: readonly string[];
}

interface Assembly {
  readonly files: UploadedFile[];
  readonly depths: FormDepths;
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;
/** Field names as clients write them: `a`, `a[]`, `a[b][c]`. Anything else is one plain name. */
const BRACKETED = /^([^[\]]+)((?:\[[^[\]]*\])+)$/;

/**
 * Reads the parts by the fields the contract declares; what it does not declare stays text. Lists come as `x[]` or as `x` again and
 * again, objects as `x[name]` or as JSON. Throws a Refusal (400) with the field as `param` for a file where a text belongs, a text where
 * a file belongs, a field given twice and a name that nests too deep; everything else is for the validators to say.
 */
export function bodyOfForm(parts: readonly FormPart[], fields: Readonly<Record<string, FormField>>, depths: FormDepths): FormBody {
  const assembly: Assembly = { files: [], depths };
  const entries = parts.map((part) => ({ part, rest: segmentsOf(part.name, depths.formNameDepthMax) }));
  const value = objectOf(entries, fields, { path: '', assembly });
  return { value, files: assembly.files };
}

function segmentsOf(name: string, depthMax: number): string[] {
  const [, base, brackets] = BRACKETED.exec(name) ?? [];
  if (base === undefined || brackets === undefined) return [name];
  const segments = [base, ...brackets.slice(1, -1).split('][')];
  if (segments.length > depthMax) fail('invalid_request', { param: base, message: `The name of field '${base.slice(0, 80)}' nests deeper than ${depthMax} levels.` });
  return segments;
}

interface Place {
  /** As the errors name it: `a.b`, '' for the body itself. */
  readonly path: string;
  readonly assembly: Assembly;
}

function objectOf(entries: readonly Entry[], fields: Readonly<Record<string, FormField>> | undefined, place: Place): Record<string, unknown> {
  const groups = Map.groupBy(entries, ({ rest }) => rest[0] ?? '');
  return Object.fromEntries([...groups].map(([name, group]) => {
    const field = fields && Object.hasOwn(fields, name) ? fields[name] : undefined;
    const path = place.path === '' ? name : `${place.path}.${name}`;
    return [name, valueOf(group.map(({ part, rest }) => ({ part, rest: rest.slice(1) })), field, { ...place, path })];
  }));
}

function valueOf(entries: readonly Entry[], field: FormField | undefined, place: Place): unknown {
  const leaves = entries.filter(({ rest }) => rest.length === 0);
  if (leaves.length > 0 && leaves.length < entries.length) {
    fail('invalid_request', { param: place.path, message: `Field '${place.path}' is given both with and without brackets.` });
  }
  if (leaves.length > 0) return valueOfLeaves(leaves, field, place);
  if (field && !field.items && !field.fields && !field.reads.includes('object')) {
    fail('invalid_request', { param: place.path, message: `Field '${place.path}' takes one value: write its name without brackets.` });
  }
  const areItems = entries.every(({ rest }) => rest[0] === '' || (field?.items && /^\d+$/.test(rest[0] ?? '')));
  return areItems ? listOf(entries, field?.items, place) : objectOf(entries, field?.fields, place);
}

function valueOfLeaves(leaves: readonly Entry[], field: FormField | undefined, place: Place): unknown {
  const [only] = leaves;
  const isList = leaves.length > 1 || (field?.items && field.reads.length === 0);
  if (only && !isList) return readPart(only.part, field, place);
  if (field && !field.items) fail('invalid_request', { param: place.path, message: `Field '${place.path}' is given ${leaves.length} times.` });
  const whole = only && leaves.length === 1 && only.part.kind === 'text' ? readJson(only.part.text, '[', place) : null;
  return whole ?? leaves.map(({ part }) => readPart(part, field?.items, place));
}

/** `x[]` begins a new item each time; items of the same number belong together. */
function listOf(entries: readonly Entry[], items: FormField | undefined, place: Place): unknown[] {
  const groups = Map.groupBy(entries, (entry) => (entry.rest[0] === '' ? entry : entry.rest[0]));
  return [...groups.values()].map((group, index) => valueOf(
    group.map(({ part, rest }) => ({ part, rest: rest.slice(1) })), items, { ...place, path: `${place.path}[${index}]` },
  ));
}

function readPart(part: FormPart, field: FormField | undefined, place: Place): unknown {
  if (part.kind === 'file') return keepFile(part, field, place);
  const { text } = part;
  const reads = field?.reads ?? ['string'];
  if (field?.fields || reads.includes('object')) {
    const object = readJson(text, '{', place);
    if (object !== null) return object;
  }
  if (field?.items) {
    const list = readJson(text, '[', place);
    if (list !== null) return list;
  }
  if (reads.includes('string')) return text;
  if (reads.includes('number') && NUMBER.test(text) && Number.isFinite(Number(text))) return Number(text);
  if (reads.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  if (reads.includes('file')) {
    fail('invalid_request', { param: place.path, message: `Field '${place.path}' must be a file: send its part with a filename.` });
  }
  // Of the wrong type; the validators say which it should have been.
  return text;
}

function keepFile(part: FormPart & { kind: 'file' }, field: FormField | undefined, place: Place): string {
  if (!field?.reads.includes('file')) {
    const why = field ? 'takes no file; send its part without a filename' : 'is not known here and takes no file';
    fail('invalid_request', { param: place.path, message: `Field '${place.path}' ${why}.` });
  }
  if (part.bytes.length === 0) fail('invalid_request', { param: place.path, message: `The file in '${place.path}' is empty.` });
  place.assembly.files.push({ field: place.path.replace(/\[\d+\]$/, ''), name: part.fileName, contentType: part.contentType, bytes: part.bytes });
  return part.fileName;
}

/** The object or list a text is as JSON; null when it is none. Refuses one that nests too deep. */
function readJson(text: string, opening: '{' | '[', place: Place): unknown {
  if (!text.trimStart().startsWith(opening)) return null;
  const { jsonDepthMax } = place.assembly.depths;
  if (outlineJson(text, jsonDepthMax).depth > jsonDepthMax) {
    fail('json_too_deep', { param: place.path, message: `Field '${place.path}' nests deeper than ${jsonDepthMax} levels.` });
  }
  return parseJson(text);
}
