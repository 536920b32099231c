/** This file makes a value that is valid for a JSON schema, always the same one for the same schema and text. */
import { arrayAt, isJsonObject, objectAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { flatten } from './sandbox-schema.ts';
import { createMuse, wholeAt, writeString } from './sandbox-string.ts';
import type { Muse } from './sandbox-string.ts';

/** From this depth on only what is required is made, and null wherever it is allowed. */
const DEEP = 5;
/** Below this depth nothing is made: a schema that requires itself has no finite instance. */
const DEPTH_MAX = 16;
/** A hostile schema could fan out; after so many values the rest are left empty. */
const VALUES_MAX = 5_000;
const VALUES_MIN = 200;
const ITEMS_MAX = 1_000;

interface Maker {
  readonly root: unknown;
  readonly muse: Muse;
  valuesLeft: number;
}

interface Place {
  readonly property: string;
  readonly depth: number;
  readonly variant: number;
}

export interface InstanceOptions {
  /** The user's text: names, numbers and quoted values in it find their way into the instance. */
  readonly text: string;
  /** Different variants give different values where the schema leaves a choice. */
  readonly variant: number;
  /** Among how many instances the room for values is shared. Absent: one. */
  readonly shares?: number;
}

/**
 * Makes a deterministic instance of a JSON schema (2020-12 and the older keywords models are given): types, enum, const,
 * objects, arrays, bounds, formats, patterns (best effort), combinators, references. Bounded in depth and size.
 */
export function makeInstance(schema: unknown, { text, variant, shares = 1 }: InstanceOptions): unknown {
  const valuesLeft = Math.max(VALUES_MIN, Math.floor(VALUES_MAX / shares));
  return make(schema, { property: '', depth: 0, variant }, { root: schema, muse: createMuse(text, variant), valuesLeft });
}

function make(schema: unknown, place: Place, maker: Maker): unknown {
  if (maker.valuesLeft-- <= 0 || place.depth > DEPTH_MAX) return null;
  const isDeep = place.depth >= DEEP;
  const flat = flatten(schema, { root: maker.root, isDeep });
  if (flat['const'] !== undefined) return flat['const'];
  const members = arrayAt(flat, 'enum');
  if (members.length > 0) return pickMember(members, place, maker);
  const type = typeOf(flat, isDeep);
  switch (type) {
    case 'null': return null;
    case 'boolean': return place.variant % 2 === 0;
    case 'integer': case 'number': return makeNumber(flat, place, maker);
    case 'array': return makeArray(flat, place, maker);
    case 'object': return makeObject(flat, place, maker);
    default: return writeString({ schema: flat, property: place.property, variant: place.variant }, maker.muse);
  }
}

/** A member that the text names comes first, null last. */
function pickMember(members: readonly unknown[], place: Place, maker: Maker): unknown {
  const isSaid = (member: unknown): boolean => typeof member === 'string' && member !== '' && maker.muse.lowerText.includes(member.toLowerCase());
  const solid = members.filter((member) => member !== null);
  const ordered = [...solid.filter(isSaid), ...solid.filter((member) => !isSaid(member))];
  return ordered[place.variant % ordered.length] ?? null;
}

function typeOf(schema: JsonObject, isDeep: boolean): string {
  const type = schema['type'];
  const types = Array.isArray(type) ? type.map(String) : typeof type === 'string' ? [type] : [];
  if (isDeep && (types.includes('null') || schema['nullable'] === true)) return 'null';
  const solid = types.find((candidate) => candidate !== 'null') ?? types[0];
  if (solid !== undefined) return solid;
  const has = (...keys: string[]): boolean => keys.some((key) => schema[key] !== undefined);
  if (has('properties', 'required', 'additionalProperties', 'patternProperties', 'minProperties')) return 'object';
  if (has('items', 'prefixItems', 'minItems', 'contains')) return 'array';
  if (has('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf')) return 'number';
  return 'string';
}

function makeNumber(schema: JsonObject, place: Place, maker: Maker): number {
  const range = rangeOf(schema);
  const { muse } = maker;
  const said = muse.numbers[muse.usedNumbers];
  if (said !== undefined && isInRange(said, range)) {
    muse.usedNumbers++;
    return said;
  }
  if (range.step !== null) return steppedNumber(range, range.step, place.variant);
  const { low, high } = range;
  if (low === high && low !== null) return low;
  if (low !== null && high !== null) return low + (high - low) / (place.variant + 2);
  if (low !== null) return low + 0.5 + place.variant;
  return high === null ? 1.5 + place.variant : high - 0.5 - place.variant;
}

interface Range {
  readonly low: number | null;
  readonly high: number | null;
  readonly isLowOpen: boolean;
  readonly isHighOpen: boolean;
  readonly step: number | null;
}

function rangeOf(schema: JsonObject): Range {
  const number = (key: string): number | null => (typeof schema[key] === 'number' ? schema[key] : null);
  const [minimum, above] = [number('minimum'), number('exclusiveMinimum')];
  const [maximum, below] = [number('maximum'), number('exclusiveMaximum')];
  const types: readonly unknown[] = Array.isArray(schema['type']) ? schema['type'] : [schema['type']];
  const isInteger = types.includes('integer');
  const multiple = number('multipleOf');
  const isWhole = multiple !== null && Number.isInteger(multiple);
  const isLowOpen = schema['exclusiveMinimum'] === true || (above !== null && (minimum === null || above >= minimum));
  const isHighOpen = schema['exclusiveMaximum'] === true || (below !== null && (maximum === null || below <= maximum));
  return {
    low: above !== null && isLowOpen ? above : minimum,
    high: below !== null && isHighOpen ? below : maximum,
    isLowOpen,
    isHighOpen,
    step: multiple !== null && multiple > 0 && (isWhole || !isInteger) ? multiple : isInteger ? 1 : null,
  };
}

function isInRange(value: number, { low, high, isLowOpen, isHighOpen, step }: Range): boolean {
  if (low !== null && (value < low || (isLowOpen && value === low))) return false;
  if (high !== null && (value > high || (isHighOpen && value === high))) return false;
  return step === null || (Number.isInteger(step) && value % step === 0);
}

function steppedNumber(range: Range, step: number, variant: number): number {
  const { low, high, isLowOpen, isHighOpen } = range;
  if (low === null && high !== null && high < step) {
    const last = Math.floor(high / step) * step;
    return (isHighOpen && last >= high ? last - step : last) - variant * step;
  }
  const nearest = low === null ? step : Math.ceil(low / step) * step;
  const first = isLowOpen && low !== null && nearest <= low ? nearest + step : nearest;
  const value = first + variant * step;
  return isInRange(value, { ...range, step: null }) ? value : first;
}

function makeArray(schema: JsonObject, place: Place, maker: Maker): unknown[] {
  const prefix = arrayAt(schema, 'prefixItems').length > 0 ? arrayAt(schema, 'prefixItems') : arrayAt(schema, 'items');
  const min = wholeAt(schema, 'minItems') ?? 0;
  const max = Math.min(wholeAt(schema, 'maxItems') ?? ITEMS_MAX, ITEMS_MAX);
  const contains = schema['contains'];
  const rest = Array.isArray(schema['items']) ? schema['additionalItems'] : schema['items'];
  const wished = place.depth >= DEEP ? 0 : prefix.length > 0 ? prefix.length : 1;
  const count = Math.min(Math.max(min, wished, contains === undefined ? 0 : 1), max);
  const items: unknown[] = [];
  for (let index = 0; index < count; index++) {
    const variant = place.variant + Math.max(0, index - prefix.length);
    const own = index < prefix.length ? prefix[index] : index === prefix.length && contains !== undefined ? contains : rest;
    items.push(make(own, { property: '', depth: place.depth + 1, variant }, maker));
  }
  return items;
}

function makeObject(schema: JsonObject, place: Place, maker: Maker): Record<string, unknown> {
  const properties = objectAt(schema, 'properties') ?? {};
  const required = arrayAt(schema, 'required').map(String);
  const isEverything = required.length === 0 && place.depth < DEEP;
  const possible = Object.keys(properties).filter((name) => properties[name] !== false);
  const names = new Set([...required, ...(isEverything ? possible : [])]);
  const dependent = objectAt(schema, 'dependentRequired') ?? {};
  for (const name of names) for (const other of arrayAt(dependent, name)) names.add(String(other));
  const min = Math.min(wholeAt(schema, 'minProperties') ?? 0, ITEMS_MAX);
  for (const name of possible) if (names.size < min) names.add(name);
  while (names.size < min) names.add(`extra_${names.size + 1}`);
  const others = isJsonObject(schema['additionalProperties']) ? schema['additionalProperties'] : {};
  const entries = [...names].map((name): [string, unknown] => {
    const own = Object.hasOwn(properties, name) ? properties[name] : others;
    return [name, make(own, { property: name, depth: place.depth + 1, variant: place.variant }, maker)];
  });
  return Object.fromEntries(entries);
}
