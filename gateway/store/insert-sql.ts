/** This file writes the text of INSERT statements from a list of columns. */

/** `INSERT INTO table (…) VALUES (?, …)`; what follows (ON CONFLICT, RETURNING) is the caller's. */
export function insertSql(table: string, columns: readonly string[]): string {
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
}
