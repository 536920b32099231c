/** This file commits batches of the ledger on SQLite: one transaction a batch, and no entry that fails takes its neighbours down. */
import type { DatabaseSync } from 'node:sqlite';
import { commitEntries } from './ledger-commit.ts';
import type { LedgerAnswer } from '../foundation/ledger.ts';
import type { LedgerEntry } from './ledger-entries.ts';
import { readBatch } from './sqlite-batch.ts';
import type { BatchValue } from './sqlite-batch.ts';
import { toFailure } from './sqlite-failures.ts';
import type { BatchAnswer, EntryFailure } from './sqlite-messages.ts';
import { inTransaction } from './sqlite-run-task.ts';
import type { TaskRunner } from './sqlite-run-task.ts';
import { createSumMemory } from './sum-memory.ts';

/** Commits a batch, whose first value is the time in ms, and returns once it is on disk, with what there is to say. */
export type Commit = (batch: readonly BatchValue[]) => BatchAnswer;

/** Counters remembered to exist. */
const KNOWN_MAX = 10_000;

interface Placed {
  readonly index: number;
  readonly entry: LedgerEntry;
}

type Answers = [index: number, answer: LedgerAnswer][];

/** Makes the commit of one connection. */
export function createCommit(db: DatabaseSync, runner: TaskRunner): Commit {
  const known = new Set<string>();
  const sums = createSumMemory();
  const forget = (): void => {
    known.clear();
    sums.clear();
  };

  const commitAll = (entries: readonly LedgerEntry[], { nowMs, isWary }: { nowMs: number; isWary: boolean }): readonly LedgerAnswer[] => {
    const { answers, counterIds } = runner.drive(commitEntries(entries, { nowMs, known, isWary, sums }));
    for (const id of counterIds) {
      if (known.size < KNOWN_MAX) known.add(id);
    }
    return answers;
  };

  /** The slow way, once an entry was refused: each in a savepoint of its own, still one transaction. */
  const commitApart = (placed: readonly Placed[], nowMs: number): { answers: Answers; failures: EntryFailure[] } => {
    const answers: Answers = [];
    const failures: EntryFailure[] = [];
    for (const { index, entry } of placed) {
      db.exec('SAVEPOINT one_entry');
      try {
        const [answer] = commitAll([entry], { nowMs, isWary: true });
        if (answer) answers.push([index, answer]);
      } catch (thrown) {
        const failure = toFailure(thrown);
        if (failure.kind === 'unavailable') throw thrown;
        failures.push({ ...failure, index });
        db.exec('ROLLBACK TO one_entry');
        forget();
      }
      db.exec('RELEASE one_entry');
    }
    return { answers, failures };
  };

  return (batch) => {
    const nowMs = Number(batch[0]);
    const { placed, failures } = readEntries(batch.slice(1));
    const entries = placed.map(({ entry }) => entry);
    try {
      const answers = inTransaction(db, 'BEGIN IMMEDIATE', () => commitAll(entries, { nowMs, isWary: false }));
      sums.confirm();
      return toBatchAnswer(placed.map(({ index }, at): Answers[number] => [index, answers[at] ?? { kind: 'done' }]), failures);
    } catch (thrown) {
      forget();
      if (toFailure(thrown).kind === 'unavailable') return failEvery(placed, failures, thrown);
    }
    try {
      const apart = inTransaction(db, 'BEGIN IMMEDIATE', () => commitApart(placed, nowMs));
      return toBatchAnswer(apart.answers, [...failures, ...apart.failures]);
    } catch (thrown) {
      forget();
      return failEvery(placed, failures, thrown);
    }
  };
}

/** An entry that can't be read fails by itself. */
function readEntries(batch: readonly BatchValue[]): { placed: Placed[]; failures: EntryFailure[] } {
  const placed: Placed[] = [];
  const failures: EntryFailure[] = [];
  let index = 0;
  for (const read of readBatch(batch)) {
    try {
      placed.push({ index, entry: read() });
    } catch (thrown) {
      failures.push({ ...toFailure(thrown), index });
    }
    index++;
  }
  return { placed, failures };
}

function toBatchAnswer(answers: Answers, failures: readonly EntryFailure[]): BatchAnswer {
  return { kind: 'batch', answers: answers.filter(([, answer]) => answer.kind !== 'done'), failures };
}

function failEvery(placed: readonly Placed[], failures: readonly EntryFailure[], thrown: unknown): BatchAnswer {
  const failure = toFailure(thrown);
  return { kind: 'batch', answers: [], failures: [...failures, ...placed.map(({ index }) => ({ ...failure, index }))] };
}
