/** This file commits a batch of the ledger, for every engine: reads what it touches, decides it, writes what it changes. */
import type { LedgerAnswer } from '../foundation/ledger.ts';
import { decide } from './ledger-core.ts';
import type { LedgerEntry } from './ledger-entries.ts';
import { planReads, readLeased, readRows } from './ledger-reads.ts';
import { writeAll } from './ledger-writes.ts';
import type { SqlTask, Statement } from './sql-task.ts';
import type { SumMemory } from './sum-memory.ts';

export interface CommitOptions {
  /** The time of what is settled, in ms since the epoch. */
  readonly nowMs: number;
  /** Counters that are known to exist; once the transaction is committed, `counterIds` may be added, and after a failure it must be forgotten. */
  readonly known: ReadonlySet<string>;
  /** Looks also for what should not be there: for a batch that was refused, or may have been committed before. */
  readonly isWary: boolean;
  /** Of sums; to be told of the commit, or of its failure. */
  readonly sums?: SumMemory;
  /** As in ReadOptions. */
  readonly ahead?: (statements: readonly Statement[]) => void;
}

export interface Committed {
  /** One for each entry. */
  readonly answers: readonly LedgerAnswer[];
  readonly counterIds: Iterable<string>;
}

/** Runs within a transaction that is open; throws when a row is refused, and then the transaction must be rolled back. */
export function* commitEntries(entries: readonly LedgerEntry[], { nowMs, known, isWary, ahead, sums }: CommitOptions): SqlTask<Committed> {
  const plan = planReads(entries, isWary);
  const rows = yield* readRows(plan, { known, ahead });
  let decision = decide(entries, rows, nowMs);
  if (decision.unseenLeases.length > 0) {
    decision = decide(entries, { ...rows, leased: yield* readLeased(decision.unseenLeases) }, nowMs);
  }
  yield* writeAll(decision.writes, { nowMs, known: sums ?? null });
  return { answers: decision.answers, counterIds: plan.specs.keys() };
}
