/** This file commits batches of request records: one transaction a batch, and no row that fails takes its neighbours down. */
import type { DatabaseSync } from 'node:sqlite';
import { evidenceColumns, RECORD_WIDTH, usageColumns } from './record-rows.ts';
import type { RecordValue } from './record-rows.ts';
import { toFailure } from './sqlite-failures.ts';
import type { RowFailure } from './sqlite-messages.ts';

/** Commits a flattened batch and returns once it is on disk, naming the rows that are not. */
export type Commit = (batch: readonly RecordValue[]) => readonly RowFailure[];

const NO_FAILURES: readonly RowFailure[] = [];
const USAGE_WIDTH = usageColumns.length;

/** Prepares the statements of a commit once; a second row with the same id changes nothing and succeeds. */
export function createCommit(db: DatabaseSync): Commit {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const insertUsage = db.prepare(insertSql('usage_event', usageColumns));
  const insertEvidence = db.prepare(insertSql('request_log', ['id', ...evidenceColumns]));

  const insert = (batch: readonly RecordValue[], at: number): void => {
    insertUsage.run(...batch.slice(at, at + USAGE_WIDTH));
    insertEvidence.run(batch[at] ?? null, ...batch.slice(at + USAGE_WIDTH, at + RECORD_WIDTH));
  };

  /** The slow way, once a row was refused: each row in a savepoint of its own, still one transaction. */
  const commitApart = (batch: readonly RecordValue[]): readonly RowFailure[] => {
    const failures: RowFailure[] = [];
    begin.run();
    for (let at = 0; at < batch.length; at += RECORD_WIDTH) {
      db.exec('SAVEPOINT one_row');
      try {
        insert(batch, at);
      } catch (thrown) {
        const failure = toFailure(thrown);
        if (failure.isUnavailable) throw thrown;
        failures.push({ ...failure, index: at / RECORD_WIDTH });
        db.exec('ROLLBACK TO one_row');
      }
      db.exec('RELEASE one_row');
    }
    commit.run();
    return failures;
  };

  return (batch) => {
    try {
      begin.run();
      for (let at = 0; at < batch.length; at += RECORD_WIDTH) insert(batch, at);
      commit.run();
      return NO_FAILURES;
    } catch (thrown) {
      rollBack(db);
      if (toFailure(thrown).isUnavailable) return failEvery(batch, thrown);
    }
    try {
      return commitApart(batch);
    } catch (thrown) {
      rollBack(db);
      return failEvery(batch, thrown);
    }
  };
}

/** Leaves no transaction open, whether or not the engine has already rolled it back by itself. */
export function rollBack(db: DatabaseSync): void {
  if (db.isTransaction) db.exec('ROLLBACK');
}

function insertSql(table: string, columns: readonly string[]): string {
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')}) ON CONFLICT DO NOTHING`;
}

function failEvery(batch: readonly RecordValue[], thrown: unknown): RowFailure[] {
  const failure = toFailure(thrown);
  return Array.from({ length: batch.length / RECORD_WIDTH }, (_, index) => ({ ...failure, index }));
}
