/** This file fits a JSON Schema to what Anthropic enforces; what it would refuse is told to the model in words instead. */
import { isJsonObject } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';

/** A schema Anthropic takes, and the keywords it only describes. */
export interface FittedSchema {
  readonly schema: JsonObject;
  readonly described: readonly string[];
}

const AS_IT_IS: ReadonlySet<string> = new Set(['$schema', '$ref', 'type', 'required', 'enum', 'const', 'default', 'title', 'description', 'nullable']);
const SCHEMA_MAPS: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions']);
const SCHEMA_LISTS: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf']);
const FORMATS: ReadonlySet<unknown> = new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid']);

/**
 * Structured outputs refuse other keywords with a 400, and objects that are open (platform.claude.com, "Structured outputs:
 * JSON Schema limitations", read 2026-11). Anthropic's own SDKs write them into the description, as is done here.
 */
export function fitSchema(schema: JsonObject): FittedSchema {
  const described = new Set<string>();
  return { schema: fitNode(schema, described), described: [...described] };
}

function fitNode(node: JsonObject, described: Set<string>): JsonObject {
  const kept: [string, unknown][] = [];
  const notes: [string, unknown][] = [];
  for (const [key, value] of Object.entries(node)) {
    const fitted = fitKeyword(key, value, described);
    if (fitted) kept.push(fitted);
    else if (key !== 'additionalProperties' || value !== false) notes.push([key, value]);
  }
  for (const [key] of notes) described.add(key);
  if (isObjectSchema(node)) kept.push(['additionalProperties', false]);
  if (notes.length > 0) kept.push(['description', [node['description'], JSON.stringify(Object.fromEntries(notes))].filter(Boolean).join(' ')]);
  // The last entry of a name wins; entries, because a property may be called `__proto__`.
  return Object.fromEntries(kept);
}

function isObjectSchema(node: JsonObject): boolean {
  const { type } = node;
  return type === 'object' || (Array.isArray(type) && type.includes('object')) || isJsonObject(node['properties']);
}

/** A keyword as it is sent, or null when it is refused. */
function fitKeyword(key: string, value: unknown, described: Set<string>): [string, unknown] | null {
  if (AS_IT_IS.has(key)) return [key, value];
  if (SCHEMA_MAPS.has(key) && isJsonObject(value)) {
    return [key, Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fitValue(inner, described)]))];
  }
  // Only one of these is documented; a model that may choose among alternatives chooses one.
  if (SCHEMA_LISTS.has(key) && Array.isArray(value)) return [key === 'oneOf' ? 'anyOf' : key, value.map((inner) => fitValue(inner, described))];
  if (key === 'items' && isJsonObject(value)) return [key, fitNode(value, described)];
  if (key === 'format' && FORMATS.has(value)) return [key, value];
  if (key === 'minItems' && (value === 0 || value === 1)) return [key, value];
  return null;
}

function fitValue(value: unknown, described: Set<string>): unknown {
  return isJsonObject(value) ? fitNode(value, described) : value;
}
