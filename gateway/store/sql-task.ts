/** This file is how a call to the store is written once for every engine: a generator that yields statements and is handed their rows. */
import type { Row } from './columns.ts';

export type SqlValue = string | number | bigint | Uint8Array | null;

/** A statement in the SQL both engines know, with `?` for its values. `{{for_update}}` locks the rows read where the engine needs it; `{{for_update_skip_locked}}` passes over those others have locked. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** Yields statements one after the other and returns what it was for. An engine runs it at once (SQLite) or as answers come (PostgreSQL). */
export type SqlTask<Value> = Generator<Statement, Value, readonly Row[]>;

/** Every row. */
export function* rows(sql: string, ...values: SqlValue[]): SqlTask<readonly Row[]> {
  return yield { sql, values };
}

/** The first row, or null. */
export function* row(sql: string, ...values: SqlValue[]): SqlTask<Row | null> {
  const found = yield { sql, values };
  return found[0] ?? null;
}

/** A call, and whether it writes: those that do run in a transaction of their own, which a throw rolls back. A snapshot's statements all see one moment. */
export interface SqlCall<Args extends readonly unknown[], Value> {
  readonly mode: 'read' | 'write' | 'snapshot';
  readonly task: (...args: Args) => SqlTask<Value>;
}
