/** This file commits batches of the ledger's operations on PostgreSQL: one transaction a batch, and no operation that fails takes its neighbours down. */
import type { Clock } from '../foundation/clock.ts';
import type { LedgerAnswer, LedgerOp } from '../foundation/ledger.ts';
import { commitEntries } from './ledger-commit.ts';
import { toEntry } from './ledger-entries.ts';
import type { LedgerEntry } from './ledger-entries.ts';
import { isConflict, isUnavailable, toStoreFailure } from './postgres-failures.ts';
import { openLedgerSession } from './postgres-ledger-session.ts';
import type { LedgerSession, MakeTask } from './postgres-ledger-session.ts';
import { undoHold } from './postgres-undo.ts';
import { createSumMemory } from './sum-memory.ts';

export type BatchResult = { readonly failure: null; readonly answer: LedgerAnswer } | { readonly failure: Error; readonly answer: null };

export interface LedgerBatches {
  /** Commits operations in their order, and gives one result for each. Rejects with StoreUnavailable when it is not known whether they were. */
  commit(ops: readonly LedgerOp[]): Promise<readonly BatchResult[]>;
  /** Undoes holds that may have been taken, after it was said that they were not. */
  undo(ops: readonly LedgerOp[]): Promise<void>;
  /** Rejects with StoreUnavailable when the database can't be reached. */
  connect(): Promise<void>;
  /** Gives up the connection; the next commit makes a new one. */
  disconnect(): void;
}

/** Two nodes may be in each other's way so often in a row before an operation is tried alone, and then is given up. */
const CONFLICTS_MAX = 10;
/** Counters known to be there; more are looked for anew. */
const KNOWN_MAX = 100_000;

/** The connection of the ledger, made when it is needed. */
interface Transactor {
  /** Runs one transaction after the other; tries again where two nodes were in each other's way. */
  transact: <Value>(makeTask: MakeTask<Value>) => Promise<Value>;
  connect: () => Promise<LedgerSession>;
  disconnect: () => void;
}

function createTransactor(url: string, clock: Pick<Clock, 'after'>): Transactor {
  let opening: Promise<LedgerSession> | null = null;
  let last = Promise.resolve();
  const connect = (): Promise<LedgerSession> => opening ??= openLedgerSession(url, clock).catch((thrown: unknown) => {
    opening = null;
    throw thrown;
  });
  const transactNow = async <Value>(makeTask: MakeTask<Value>): Promise<Value> => {
    const session = await connect();
    for (let conflicts = 1; ; conflicts++) {
      try {
        return await session.transact(makeTask);
      } catch (thrown) {
        if (!isConflict(thrown) || conflicts >= CONFLICTS_MAX) throw thrown;
      }
    }
  };
  return {
    transact(makeTask) {
      const value = last.then(() => transactNow(makeTask));
      last = value.then(() => undefined, () => undefined);
      return value;
    },
    connect,
    disconnect() {
      opening?.then((session) => { session.destroy(); }, () => undefined);
      opening = null;
    },
  };
}

/** Makes the batches of one store; they connect when the first is committed. */
export function createLedgerBatches(url: string, clock: Pick<Clock, 'after' | 'now'>): LedgerBatches {
  const known = new Set<string>();
  const sums = createSumMemory();
  const { transact, connect, disconnect } = createTransactor(url, clock);
  const commitTogether = async (entries: readonly LedgerEntry[]): Promise<readonly BatchResult[]> => {
    const { answers, counterIds } = await transact((ahead) => commitEntries(entries, { nowMs: clock.now(), known, isWary: true, ahead, sums }));
    sums.confirm();
    if (known.size > KNOWN_MAX) known.clear();
    for (const id of counterIds) known.add(id);
    return answers.map((answer) => ({ failure: null, answer }));
  };
  /** The slow way, once one was refused: each in a transaction of its own. */
  const commitApart = async (entries: readonly LedgerEntry[]): Promise<readonly BatchResult[]> => {
    const results: BatchResult[] = [];
    for (const entry of entries) {
      try {
        results.push(...await commitTogether([entry]));
      } catch (thrown) {
        sums.clear();
        if (isUnavailable(thrown)) throw thrown;
        results.push({ failure: toStoreFailure(thrown), answer: null });
      }
    }
    return results;
  };
  return {
    async commit(ops) {
      const made = ops.map(makeEntry);
      const entries = made.flatMap((each) => (each.entry ? [each.entry] : []));
      const results = entries.length === 0 ? [] : await commitTogether(entries).catch((thrown: unknown) => {
        sums.clear();
        if (isUnavailable(thrown)) throw thrown;
        known.clear();
        return commitApart(entries);
      });
      let next = 0;
      return made.map(({ entry, failure }) => (entry ? results[next++] : null) ?? { failure: failure ?? new Error('an operation of the ledger was not answered'), answer: null });
    },
    async undo(ops) {
      for (const op of ops) if (op.kind === 'hold') await transact(() => undoHold(op));
    },
    async connect() { await connect(); },
    disconnect,
  };
}

/** An operation that makes no sense is its own fault. */
function makeEntry(op: LedgerOp): { readonly entry: LedgerEntry; readonly failure: null } | { readonly entry: null; readonly failure: Error } {
  try {
    return { entry: toEntry(op), failure: null };
  } catch (thrown) {
    return { entry: null, failure: toStoreFailure(thrown) };
  }
}
