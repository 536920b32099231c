/** This file narrows values that came from JSON.parse, so that nobody has to assert a type. */

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

/** The whole number under a key, not negative and safe; 0 for anything else. */
export function countAt(value: unknown, key: string): number {
  const inner = isJsonObject(value) ? value[key] : null;
  return typeof inner === 'number' && Number.isSafeInteger(inner) && inner >= 0 ? inner : 0;
}

/** Parses JSON, or gives null when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
