/** This file says portable statements in PostgreSQL's words. */
import type { Row } from './columns.ts';
import type { Client, Transaction } from './postgres-client.ts';
import type { SqlValue, Statement } from './sql-task.ts';

export type Ask = (statement: Statement) => Promise<readonly Row[]>;

/** Statements whose text is kept; there are far fewer, unless a caller makes their text. */
const RENDERED_MAX = 1000;

/** What the placeholders of portable statements mean: rows that a transaction decides by are locked until it ends. */
const dialect: Readonly<Record<string, string>> = {
  for_update: 'FOR UPDATE', for_update_skip_locked: 'FOR UPDATE SKIP LOCKED', for_key_share: 'FOR KEY SHARE', lines: 'jsonb_array_elements(u.lines::jsonb) AS l(value)',
  // As an array: the planner takes that to be short, where it expects a recursion to find hundreds of hours, and would read the whole table for them.
  in_hours: '= ANY (ARRAY(SELECT ms FROM hours))',
};

/** A write that gives no rows: nobody has to wait for its answer before the next statement. */
const BLIND = /^\s*(?:INSERT|UPDATE|DELETE|WITH[^]*\bUPDATE)\b(?![^]*\bRETURNING\b)/;

const rendered = new Map<string, { readonly text: string; readonly isBlind: boolean }>();

/** Asks a connection, or a transaction, with statements that are planned once. */
export function asking(sql: Pick<Client | Transaction, 'unsafe'>): Ask {
  return (statement) => sql.unsafe(render(statement.sql).text, statement.values.map(toParameter), { prepare: true });
}

/** True for a write that gives no rows. */
export function isBlind(statement: Statement): boolean {
  return render(statement.sql).isBlind;
}

/** `$1` for `?`, and the meaning of each placeholder. */
function render(sql: string): { readonly text: string; readonly isBlind: boolean } {
  const known = rendered.get(sql);
  if (known) return known;
  let count = 0;
  const text = sql
    .replace(/\{\{(\w+)\}\}/g, (_whole, name: string) => {
      const meaning = dialect[name];
      if (meaning === undefined) throw new Error(`unknown placeholder in a statement: ${name}`);
      return meaning;
    })
    .replaceAll('?', () => `$${++count}`);
  if (rendered.size >= RENDERED_MAX) rendered.clear();
  const statement = { text, isBlind: BLIND.test(text) };
  rendered.set(sql, statement);
  return statement;
}

/** PostgreSQL's text can't hold a NUL; a name that holds one is kept with the sign for what can't be shown. */
function toParameter(value: SqlValue): SqlValue {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value;
}
