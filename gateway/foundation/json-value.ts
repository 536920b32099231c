/** This file narrows values that came from JSON.parse, so that nobody has to assert a type. */
import { outlineJson } from './json-outline.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object under a key, or null. */
export function objectAt(value: unknown, key: string): JsonObject | null {
  const inner = isJsonObject(value) ? value[key] : null;
  return isJsonObject(inner) ? inner : null;
}

/** The array under a key, or an empty one. */
export function arrayAt(value: unknown, key: string): readonly unknown[] {
  const inner = isJsonObject(value) ? value[key] : null;
  return Array.isArray(inner) ? inner : [];
}

/** The string under a key, or null. */
export function stringAt(value: unknown, key: string): string | null {
  const inner = isJsonObject(value) ? value[key] : null;
  return typeof inner === 'string' ? inner : null;
}

/** A number JSON can write; 0 for anything else, and for what was too large to read. */
export function finiteAt(value: unknown, key: string): number {
  const inner = isJsonObject(value) ? value[key] : null;
  return typeof inner === 'number' && Number.isFinite(inner) ? inner : 0;
}

/** The whole number under a key, not negative and safe; 0 for anything else. */
export function countAt(value: unknown, key: string): number {
  const inner = isJsonObject(value) ? value[key] : null;
  return typeof inner === 'number' && Number.isSafeInteger(inner) && inner >= 0 ? inner : 0;
}

/**
 * How deep what an upstream says may nest. JSON.parse takes any depth, but whatever walks the value, JSON.stringify first, runs out of
 * stack some thousand levels down (Node 24).
 */
const DEPTH_MAX = 1000;

/** The sum of counts, as large as a number can be exact. */
export function addCounts(...counts: readonly number[]): number {
  return Math.min(Number.MAX_SAFE_INTEGER, counts.reduce((sum, count) => sum + count, 0));
}

/** Parses JSON. Throws a SyntaxError for what is none, and for what nests deeper than anything can be written that is made of it. */
export function parseShallowJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // Every level takes two characters: only long texts have to be looked at.
  if (text.length > 2 * DEPTH_MAX && outlineJson(text, DEPTH_MAX).depth > DEPTH_MAX) throw new SyntaxError(`JSON nested deeper than ${DEPTH_MAX} levels`);
  return value;
}

/** Parses JSON, or gives null when the text is not JSON, or nested too deep. */
export function parseJson(text: string): unknown {
  try {
    return parseShallowJson(text);
  } catch {
    return null;
  }
}
