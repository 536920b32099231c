/** This file says what became of one field of a request: what a wire writes with it is held against what it writes without. */
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject } from '../../gateway/foundation/json-value.ts';
import type { JsonObject } from '../../gateway/foundation/json-value.ts';

/** What a wire made of a request. */
export interface Written {
  readonly path: string;
  readonly body: JsonObject;
  readonly warnings: readonly string[];
  /** A form: every value stands as text, a list as `x[]`, and a file as its bytes. */
  readonly isForm?: boolean;
  /** Why the wire would write nothing: the request is refused. */
  readonly refusal?: string;
}

/** The places that differ between two bodies, as deep as objects go, but no deeper than a place and a field in it. */
function differences(before: JsonObject, after: JsonObject, prefix = ''): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => {
    const [old, now] = [before[key], after[key]];
    if (isDeepStrictEqual(old, now)) return [];
    const isInner = prefix === '' && [old, now].every((value) => value === undefined || isJsonObject(value));
    const inner = isInner ? differences(isJsonObject(old) ? old : {}, isJsonObject(now) ? now : {}, `${key}.`) : [];
    return inner.length > 0 ? inner : [prefix + key];
  });
}

/** What became of a field, whose value was this. */
export function verdictOf(field: string, value: unknown, { without, given }: { without: Written; given: Written }): string {
  if (given.refusal !== undefined) return `**refused**, the whole request: ${given.refusal}`;
  const warnings = given.warnings.filter((line) => !without.warnings.includes(line));
  const places = [...(given.path === without.path ? [] : ['the path']), ...differences(without.body, given.body)];
  if (places.length === 0) return warnings.length === 0 ? '*read here*' : `**refused**: ${reasonsOf(field, warnings)}`;
  const isOwn = (place: string): boolean => place === field || place.startsWith(`${field}[`);
  const isKept = given.isForm === true ? places.every(isOwn) : isDeepStrictEqual(given.body[field], value);
  const sent = isKept ? 'kept' : `→ ${places.map((place) => (place === 'the path' ? place : `\`${place}\``)).join(', ')}`;
  return warnings.length === 0 ? sent : `${sent}; ${reasonsOf(field, warnings)}`;
}

/** Warnings without the name of the field, and without the word that the column says already. */
export function reasonsOf(field: string, warnings: readonly string[]): string {
  return warnings.map((line) => line.replace(new RegExp(`^${field}: `), '').replace(/^dropped, /, '')).join('; ');
}
