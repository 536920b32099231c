/** This file flattens a JSON schema where it stands: references followed, `allOf` merged, one branch of `anyOf` and `oneOf` chosen. */
import { arrayAt, isJsonObject, objectAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';

const STEPS_MAX = 64;

export interface SchemaPlace {
  readonly root: unknown;
  /** True where the value should become small: null is preferred, and branches without further references. */
  readonly isDeep: boolean;
}

/** Gives an equivalent schema without `$ref`, `allOf`, `anyOf` and `oneOf`; `true` and what is no schema become `{}`. */
export function flatten(schema: unknown, place: SchemaPlace): JsonObject {
  let flat: JsonObject = isJsonObject(schema) ? schema : {};
  for (let step = 0; step < STEPS_MAX; step++) {
    if (typeof flat['$ref'] === 'string') {
      const { $ref, ...rest } = flat;
      flat = merge(follow(place.root, $ref), rest);
    } else if (Array.isArray(flat['allOf'])) {
      const { allOf, ...rest } = flat;
      flat = arrayAt({ allOf }, 'allOf').reduce<JsonObject>((sum, part) => merge(sum, isJsonObject(part) ? part : {}), rest);
    } else if (Array.isArray(flat['anyOf'])) {
      const { anyOf, ...rest } = flat;
      flat = merge(rest, choose(arrayAt({ anyOf }, 'anyOf'), place));
    } else if (Array.isArray(flat['oneOf'])) {
      const { oneOf, ...rest } = flat;
      flat = merge(rest, choose(arrayAt({ oneOf }, 'oneOf'), place));
    } else break;
  }
  return flat;
}

function follow(root: unknown, reference: unknown): JsonObject {
  if (typeof reference !== 'string' || !reference.startsWith('#')) return {};
  let found: unknown = root;
  for (const step of reference.slice(1).split('/').slice(1)) {
    const key = decodeStep(step);
    if (Array.isArray(found)) found = found[Number(key)];
    else found = isJsonObject(found) && Object.hasOwn(found, key) ? found[key] : null;
  }
  return isJsonObject(found) ? found : {};
}

function decodeStep(step: string): string {
  const plain = step.replace(/~1/g, '/').replace(/~0/g, '~');
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

function choose(branches: readonly unknown[], place: SchemaPlace): JsonObject {
  const possible = branches.filter((branch) => branch !== false);
  const isNull = (branch: unknown): boolean => isJsonObject(branch) && branch['type'] === 'null';
  const isLeaf = (branch: unknown): boolean => isJsonObject(branch) && branch['$ref'] === undefined
    && ['string', 'number', 'integer', 'boolean'].includes(String(branch['type']));
  const chosen = place.isDeep
    ? possible.find(isNull) ?? possible.find(isLeaf) ?? possible[0]
    : possible.find((branch) => !isNull(branch)) ?? possible[0];
  return isJsonObject(chosen) ? chosen : {};
}

const LARGER = new Set(['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties']);
const SMALLER = new Set(['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties']);

/** The schema both allow, as far as keywords can be combined; otherwise the second's keyword stands. */
function merge(first: JsonObject, second: JsonObject): JsonObject {
  const merged: Record<string, unknown> = { ...first };
  for (const [key, value] of Object.entries(second)) {
    merged[key] = Object.hasOwn(first, key) ? combine(key, first[key], value) : value;
  }
  return merged;
}

function combine(key: string, first: unknown, second: unknown): unknown {
  if (typeof first === 'number' && typeof second === 'number') {
    if (LARGER.has(key)) return Math.max(first, second);
    if (SMALLER.has(key)) return Math.min(first, second);
  }
  if (key === 'properties' || key === '$defs') return mergeProperties(first, second);
  if (key === 'required' || key === 'allOf') return [...new Set([...asList(first), ...asList(second)])];
  if (key === 'enum') return intersect(asList(first), asList(second));
  if (key === 'type') return mergeTypes(asList(first), asList(second));
  return second;
}

function mergeProperties(first: unknown, second: unknown): JsonObject {
  const holder = { first, second };
  const merged: Record<string, unknown> = { ...objectAt(holder, 'first') };
  for (const [name, schema] of Object.entries(objectAt(holder, 'second') ?? {})) {
    merged[name] = Object.hasOwn(merged, name) ? { allOf: [merged[name], schema] } : schema;
  }
  return merged;
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function intersect(first: readonly unknown[], second: readonly unknown[]): readonly unknown[] {
  const texts = new Set(second.map((member) => JSON.stringify(member)));
  return first.filter((member) => texts.has(JSON.stringify(member)));
}

function mergeTypes(first: readonly unknown[], second: readonly unknown[]): readonly unknown[] {
  const both = intersect(first, second);
  if (both.length > 0) return both;
  const has = (type: string): boolean => first.includes(type) || second.includes(type);
  return has('integer') && has('number') ? ['integer'] : second;
}
