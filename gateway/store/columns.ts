/** This file reads typed values out of a row of any SQL engine, and says which column is not what it should be. */

/** One row as an engine gives it. */
export type Row = Readonly<Record<string, unknown>>;

export function readText(row: Row, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : wrong(column, 'text');
}

export function readTextOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : readText(row, column);
}

export function readInteger(row: Row, column: string): number {
  const value = row[column];
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : wrong(column, 'a whole number');
}

export function readIntegerOrNull(row: Row, column: string): number | null {
  return row[column] === null ? null : readInteger(row, column);
}

/** Reads money, which queries select as text because a JavaScript number would lose its last digits. */
export function readBigInt(row: Row, column: string): bigint {
  return BigInt(readText(row, column));
}

export function readBytes(row: Row, column: string): Uint8Array {
  const value = row[column];
  return value instanceof Uint8Array ? value : wrong(column, 'bytes');
}

/** Reads a value that must be one of a closed set. */
export function readOneOf<Value extends string>(row: Row, column: string, values: readonly Value[]): Value {
  const text = readText(row, column);
  return values.find((value) => value === text) ?? wrong(column, `one of ${values.join(', ')}`);
}

/** Reads a JSON array of strings. */
export function readTexts(row: Row, column: string): string[] {
  const parsed: unknown = JSON.parse(readText(row, column));
  return Array.isArray(parsed) && parsed.every((each) => typeof each === 'string') ? parsed : wrong(column, 'a JSON array of strings');
}

/** Reads a JSON array of numbers. */
export function readNumbers(row: Row, column: string): number[] {
  const parsed: unknown = JSON.parse(readText(row, column));
  return Array.isArray(parsed) && parsed.every((each) => typeof each === 'number') ? parsed : wrong(column, 'a JSON array of numbers');
}

function wrong(column: string, expected: string): never {
  throw new Error(`the store's column ${column} is not ${expected}`);
}
