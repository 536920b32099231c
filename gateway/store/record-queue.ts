/** This file collects request records on the main thread while the commit before them runs: group commit without a linger timer. */
import type { Limits } from '../foundation/limits.ts';
import type { RequestRecord } from '../foundation/terms.ts';
import { pushRecord } from './record-rows.ts';
import type { RecordValue } from './record-rows.ts';
import type { RowFailure } from './sqlite-messages.ts';
import { StoreUnavailable } from './store.ts';

type Done = (failure: Error | null) => void;

interface Batch {
  readonly values: RecordValue[];
  readonly waiting: Done[];
}

export interface RecordQueue {
  /** Takes a record, or refuses it when the queue is full or closed. `done` is never called before this returns. */
  push: (record: RequestRecord, done: Done) => void;
  /** Answers the batch that was posted last, and posts the next. */
  settle(failures: readonly RowFailure[]): void;
  /** Fails everything that waits, and everything pushed from now on. */
  breakWith(failure: StoreUnavailable): void;
  /** Refuses new records; resolves when those taken are answered. */
  drain(): Promise<void>;
  readonly pending: number;
}

/** Makes a queue that posts one batch at a time, of at most `storeBatchMax` rows, holding at most `storeQueueMax`. */
export function createRecordQueue(post: (values: RecordValue[]) => void, limits: Pick<Limits, 'storeBatchMax' | 'storeQueueMax'>): RecordQueue {
  const batches: Batch[] = [];
  let posted: Batch | null = null;
  let isScheduled = false;
  let pending = 0;
  let refusal: StoreUnavailable | null = null;
  let onEmpty: (() => void) | null = null;

  const postNext = (): void => {
    isScheduled = false;
    if (posted) return;
    posted = batches.shift() ?? null;
    if (posted) post(posted.values);
  };
  const answer = (batch: Batch, failureOf: (index: number) => Error | null): void => {
    pending -= batch.waiting.length;
    batch.waiting.forEach((done, index) => { callSafely(done, failureOf(index)); });
    if (pending === 0) onEmpty?.();
  };

  return {
    push(record, done) {
      const failure = refusal ?? (pending >= limits.storeQueueMax ? new StoreUnavailable('too many rows wait for the store') : null);
      if (failure) {
        queueMicrotask(() => { done(failure); });
        return;
      }
      const batch = openBatch(batches, limits.storeBatchMax);
      pushRecord(batch.values, record);
      batch.waiting.push(done);
      pending++;
      if (isScheduled || posted) return;
      isScheduled = true;
      setImmediate(postNext);
    },
    settle(failures) {
      const batch = posted;
      posted = null;
      if (!batch) return;
      const byIndex = failures.length > 0 ? new Map(failures.map((failure) => [failure.index, toError(failure)])) : null;
      answer(batch, (index) => byIndex?.get(index) ?? null);
      postNext();
    },
    breakWith(failure) {
      refusal = failure;
      const lost = posted ? [posted, ...batches] : [...batches];
      posted = null;
      batches.length = 0;
      for (const batch of lost) answer(batch, () => failure);
    },
    drain: () => new Promise((resolve) => {
      refusal ??= new StoreUnavailable('the store is closed');
      onEmpty = resolve;
      if (pending === 0) resolve();
    }),
    get pending() { return pending; },
  };
}

/** Gives the batch that is being filled, or a new one behind it. */
function openBatch(batches: Batch[], rowsMax: number): Batch {
  const last = batches.at(-1);
  if (last && last.waiting.length < rowsMax) return last;
  const batch: Batch = { values: [], waiting: [] };
  batches.push(batch);
  return batch;
}

/** One caller's mistake must not keep its neighbours waiting for ever; it still surfaces, as an uncaught error. */
function callSafely(done: Done, failure: Error | null): void {
  try {
    done(failure);
  } catch (thrown) {
    queueMicrotask(() => { throw thrown; });
  }
}

/** The store's fault is worth another try later; the row's own fault is not. */
function toError(failure: RowFailure): Error {
  return failure.isUnavailable ? new StoreUnavailable(failure.message) : new Error(`a row was refused: ${failure.message}`);
}
