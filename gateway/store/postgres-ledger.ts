/** This file is the ledger on PostgreSQL: operations in their order, many in one transaction, and an outbox for what must not be lost while the database is away. */
import type { LedgerAnswer, LedgerOp } from '../foundation/ledger.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import type { Outbox } from './outbox.ts';
import { isUnavailable, toStoreFailure } from './postgres-failures.ts';
import type { BatchResult, LedgerBatches } from './postgres-ledger-batch.ts';
import { StoreUnavailable } from './store.ts';
import type { Store } from './store.ts';

type Done = Parameters<Store['apply']>[1];

interface Waiting {
  readonly op: LedgerOp;
  readonly done: Done;
}

export interface PostgresLedger {
  apply: Store['apply'];
  readonly pending: number;
  /** Carries over what waits in the outbox, if anything does. Rejects with StoreUnavailable when the database is away. */
  carryOver(): Promise<void>;
  /** Refuses new operations, answers those it has, and stops. */
  close(): Promise<void>;
}

export interface PostgresLedgerParts {
  readonly batches: LedgerBatches;
  readonly outbox: Outbox;
  readonly limits: Pick<Limits, 'storeBatchMax' | 'storeQueueMax'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
}

/** How often it is tried whether the database is back, in ms. */
const PROBE_MS = 250;
const DONE: LedgerAnswer = { kind: 'done' };

/** Makes the ledger; it takes the database for there until an operation finds that it is not. */
export function createPostgresLedger(parts: PostgresLedgerParts): PostgresLedger {
  return new LedgerQueue(parts);
}

class LedgerQueue implements PostgresLedger {
  readonly #parts: PostgresLedgerParts;
  readonly #waiting: Waiting[] = [];
  /** Holds that were refused because the connection broke, though the database may have taken them. */
  #doubtful: LedgerOp[] = [];
  #pending = 0;
  #isRunning = false;
  #isAway = false;
  #refusal: StoreUnavailable | null = null;
  #carrying: Promise<void> | null = null;
  #stopProbing = (): void => undefined;
  #onEmpty = (): void => undefined;

  constructor(parts: PostgresLedgerParts) {
    this.#parts = parts;
    // What another start has left is carried over before anything new is taken.
    if (!parts.outbox.isEmpty) this.#isAway = true;
  }

  get pending(): number {
    return this.#pending;
  }

  apply = (op: LedgerOp, done: Done): void => {
    const failure = this.#refusal ?? (this.#pending >= this.#parts.limits.storeQueueMax ? new StoreUnavailable('too many operations wait for the store') : null);
    if (failure) {
      queueMicrotask(() => { done(failure, null); });
      return;
    }
    this.#pending++;
    this.#waiting.push({ op, done });
    if (this.#isRunning) return;
    this.#isRunning = true;
    // What is asked for in this turn of the event loop shares a transaction.
    setImmediate(() => { void this.#run(); });
  };

  /** Takes one batch after the other; what comes while one is under way is the next. Never rejects. */
  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#parts.limits.storeBatchMax);
      if (this.#isAway) this.#putAside(batch);
      else await this.#commit(batch);
    }
    this.#isRunning = false;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.#parts.batches.commit(batch.map(({ op }) => op));
      this.#answer(batch, results);
    } catch (thrown) {
      if (!isUnavailable(thrown)) {
        this.#answer(batch, batch.map(() => ({ failure: toStoreFailure(thrown), answer: null })));
        return;
      }
      this.#doubtful.push(...batch.flatMap(({ op }) => (op.kind === 'hold' ? [op] : [])));
      this.#goAway(thrown);
      this.#putAside(batch);
    }
  }

  /** The database is away: what has happened already is kept in the outbox, and nothing new is begun. */
  #putAside(batch: readonly Waiting[]): void {
    const results = batch.map(({ op }): BatchResult => (isHappened(op) ? { failure: null, answer: DONE } : { failure: new StoreUnavailable('the database is away'), answer: null }));
    try {
      this.#parts.outbox.append(batch.flatMap(({ op }) => (isHappened(op) ? [op] : [])));
      this.#answer(batch, results);
    } catch (thrown) {
      const failure = new StoreUnavailable('the database is away, and the outbox can\'t be written', { cause: thrown });
      this.#parts.log.error({ error: thrown }, 'the outbox could not be written');
      this.#answer(batch, batch.map(() => ({ failure, answer: null })));
    }
  }

  #answer(batch: readonly Waiting[], results: readonly BatchResult[]): void {
    this.#pending -= batch.length;
    batch.forEach(({ done }, index) => { callSafely(done, results[index] ?? { failure: new Error('an operation of the ledger was not answered'), answer: null }); });
    if (this.#pending === 0) this.#onEmpty();
  }

  #goAway(cause: unknown): void {
    this.#parts.batches.disconnect();
    if (!this.#isAway && !this.#refusal) this.#parts.log.warn({ error: cause }, 'the database is away; what is settled waits in the outbox');
    this.#isAway = true;
    this.#probeLater();
  }

  #probeLater(): void {
    this.#stopProbing();
    if (this.#refusal) return;
    this.#stopProbing = this.#parts.clock.after(PROBE_MS, () => {
      this.carryOver().catch(() => { this.#probeLater(); });
    });
  }

  carryOver(): Promise<void> {
    return this.#carrying ??= this.#carryOver().finally(() => { this.#carrying = null; });
  }

  async #carryOver(): Promise<void> {
    const { batches, log } = this.#parts;
    const wasAway = this.#isAway;
    let carried = 0;
    try {
      if (wasAway) await batches.connect();
      while (this.#waits()) carried += await this.#carrySome();
      // Nothing can have been put aside since that was looked at: it was in this turn of the event loop.
      this.#isAway = false;
      this.#stopProbing();
      if (wasAway || carried > 0) log.info({ carried }, 'the database is there; what waited in the outbox is carried over');
    } catch (thrown) {
      if (!isUnavailable(thrown)) log.error({ error: thrown }, 'the outbox could not be carried over');
      this.#goAway(thrown);
      throw toStoreFailure(thrown);
    }
  }

  /** True when there is something to be carried over, be it of another process on this folder that has died. */
  #waits(): boolean {
    return this.#doubtful.length > 0 || this.#parts.outbox.first(1).length > 0;
  }

  /** Carries over a batch, and gives how many operations that were. */
  async #carrySome(): Promise<number> {
    const { batches, outbox, log, limits } = this.#parts;
    const doubtful = [...this.#doubtful];
    await batches.undo(doubtful);
    this.#doubtful = this.#doubtful.filter((op) => !doubtful.includes(op));
    const entries = outbox.first(limits.storeBatchMax);
    if (entries.length === 0) return 0;
    const results = await batches.commit(entries.map(({ op }) => op));
    const taken = entries.filter((entry, index) => {
      const failure = results[index]?.failure;
      if (!failure) return true;
      log.error({ operation: entry.op.kind, error: failure }, 'the database refused what waited in the outbox; it stays in that file');
      outbox.refuse(entry, failure.message);
      return false;
    });
    outbox.drop(taken);
    return taken.length;
  }

  async close(): Promise<void> {
    this.#refusal ??= new StoreUnavailable('the store is closed');
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      if (this.#pending === 0) resolve();
    });
    this.#stopProbing();
    await this.#carrying?.catch(() => undefined);
    this.#parts.batches.disconnect();
    this.#parts.outbox.close();
  }
}

/** True for what tells of something that has happened, and is only to be written down. The others ask for something. */
function isHappened(op: LedgerOp): boolean {
  return op.kind !== 'hold' && op.kind !== 'lease';
}

/** One caller's mistake must not keep its neighbours waiting for ever; it still surfaces, as an uncaught error. */
function callSafely(done: Done, { failure, answer }: BatchResult): void {
  try {
    done(failure, answer);
  } catch (thrown) {
    queueMicrotask(() => { throw thrown; });
  }
}
