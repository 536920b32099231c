/** This file runs the Store's calls on a SQLite connection: at once, a write in a transaction of its own. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ADVANCE_CLOCK, asClockName, createClockWatch, READ_CLOCKS } from './clocks.ts';
import type { ClockName } from './clocks.ts';
import { readInteger } from './columns.ts';
import type { Row } from './columns.ts';
import type { SqlCall, SqlTask, Statement } from './sql-task.ts';

/** Statements kept prepared; there are far fewer, unless a caller makes their text. */
const PREPARED_MAX = 500;

/** What the placeholders of portable statements mean. A writing transaction has the whole file to itself: there is nothing to lock. */
const dialect: Readonly<Record<string, string>> = { for_update: '', for_update_skip_locked: '', for_key_share: '', lines: 'json_each(u.lines) AS l', in_hours: 'IN (SELECT ms FROM hours)' };

export interface TaskRunner {
  /** Runs a call; throws what its task throws, and then nothing is written. */
  run<Args extends readonly unknown[], Value>(call: SqlCall<Args, Value>, ...args: Args): Value;
  /** Runs a task within the transaction that is open. */
  drive<Value>(task: SqlTask<Value>): Value;
  /** The clocks other processes have advanced since it was last asked. */
  foreignChanges(): ClockName[];
}

/** Makes the runner of one connection. */
export function createTaskRunner(db: DatabaseSync): TaskRunner {
  const prepared = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql);
    if (known) return known;
    if (prepared.size >= PREPARED_MAX) prepared.clear();
    const statement = db.prepare(render(sql));
    prepared.set(sql, statement);
    return statement;
  };
  const ask = ({ sql, values }: Statement): readonly Row[] => prepare(sql).all(...values);
  const watch = createClockWatch(ask({ sql: READ_CLOCKS, values: [] }));
  const drive = <Value>(task: SqlTask<Value>, noted: ((statement: Statement, rows: readonly Row[]) => void) | null = null): Value => {
    let step = task.next();
    while (step.done !== true) {
      const rows = ask(step.value);
      noted?.(step.value, rows);
      step = task.next(rows);
    }
    return step.value;
  };
  const begin = { read: null, write: 'BEGIN IMMEDIATE', snapshot: 'BEGIN' };
  return {
    run(call, ...args) {
      const opening = begin[call.mode];
      if (opening === null) return drive(call.task(...args));
      const advanced: [ClockName, number][] = [];
      const value = inTransaction(db, opening, () => drive(call.task(...args), (statement, rows) => {
        const name = statement.sql === ADVANCE_CLOCK ? asClockName(statement.values[0]) : null;
        if (name) advanced.push([name, readInteger(rows[0] ?? {}, 'rev')]);
      }));
      for (const [name, revision] of advanced) watch.noteOwn(name, revision);
      return value;
    },
    drive: (task) => drive(task),
    foreignChanges: () => watch.look(ask({ sql: READ_CLOCKS, values: [] })),
  };
}

/** Commits what `work` writes, or nothing when it throws. */
export function inTransaction<Value>(db: DatabaseSync, opening: string, work: () => Value): Value {
  db.exec(opening);
  try {
    const value = work();
    db.exec('COMMIT');
    return value;
  } catch (thrown) {
    rollBack(db);
    throw thrown;
  }
}

/** Leaves no transaction open, whether or not the engine has already rolled it back by itself. */
export function rollBack(db: DatabaseSync): void {
  if (db.isTransaction) db.exec('ROLLBACK');
}

function render(sql: string): string {
  return sql.replace(/\{\{(\w+)\}\}/g, (_whole, name: string) => {
    const meaning = dialect[name];
    if (meaning === undefined) throw new Error(`unknown placeholder in a statement: ${name}`);
    return meaning;
  });
}
