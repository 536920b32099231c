/** This file is a SQLite database in memory that breaks off at a statement of a test's choice, as a disk or a process would. */
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { migrate } from './migrate.ts';

/** SQLITE_IOERR. */
const IO_ERROR = 10;

export interface BreakingDatabase {
  readonly db: DatabaseSync;
  /** Breaks off at the statement after so many others; null: never. */
  breakAfter(statements: number | null): void;
  /** True when it has broken off since then. */
  readonly hasBroken: boolean;
}

/** Opens a new store. What is prepared on it after that may break. */
export function openBreakingDatabase(): BreakingDatabase {
  const db = new DatabaseSync(':memory:');
  migrate(db, 0);
  let left: number | null = null;
  let hasBroken = false;
  const step = (): void => {
    if (left === null || left-- > 0) return;
    hasBroken = true;
    throw Object.assign(new Error('the disk is gone'), { errcode: IO_ERROR });
  };
  const prepare = db.prepare.bind(db);
  db.prepare = (sql) => {
    const statement = prepare(sql);
    const all: (...values: SQLInputValue[]) => Record<string, SQLOutputValue>[] = statement.all.bind(statement);
    return Object.assign(statement, {
      all: (...values: SQLInputValue[]) => {
        step();
        return all(...values);
      },
    });
  };
  const exec = db.exec.bind(db);
  db.exec = (sql) => {
    // What takes a transaction back is what recovery does at the next start: that can't fail.
    if (!sql.startsWith('ROLLBACK')) step();
    exec(sql);
  };
  return {
    db,
    breakAfter(statements) {
      left = statements;
      hasBroken = false;
    },
    get hasBroken() { return hasBroken; },
  };
}
