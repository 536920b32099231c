/** This file writes comma-separated values (RFC 4180) that a spreadsheet takes for nothing else. */

/** RFC 4180. */
export const LINE_END = '\r\n';

/** What a spreadsheet takes for the beginning of a formula: https://owasp.org/www-community/attacks/CSV_Injection, read 2026-11. */
const FORMULA = /^[=+\-@\t\r\n]/;

/** A field as it stands in a line: numbers and booleans bare, nothing for null, texts quoted where they have to be. A text that looks like a formula gets an apostrophe first. */
export function toField(value: string | number | bigint | boolean | null): string {
  if (typeof value !== 'string') return value === null ? '' : String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One line, with its end. */
export function toLine(values: readonly (string | number | bigint | boolean | null)[]): string {
  return values.map(toField).join(',') + LINE_END;
}
