/** This file opens stores for the tests of any engine, and closes them whatever happens. */
import { systemClock } from '../foundation/clock.ts';
import type { Clock } from '../foundation/clock.ts';
import type { LedgerAnswer, LedgerOp } from '../foundation/ledger.ts';
import { defaultLimits } from '../foundation/limits.ts';
import type { Limits } from '../foundation/limits.ts';
import type { RequestRecord } from '../foundation/terms.ts';
import { sampleSettle } from './sample-rows.ts';
import type { Store } from './store.ts';

/** One place of storage; every `open` is a connection of its own, as another process would have. */
export interface StorePlace {
  open(clock: Clock, limits: Limits): Promise<Store>;
  remove(): Promise<void>;
}

export type OpenStore = (clock?: Clock, limits?: Partial<Limits>) => Promise<Store>;

/** Makes the body of a test that has a place of its own. */
export type WithPlace = (run: (open: OpenStore) => Promise<void>) => () => Promise<void>;

export const TEST_TIMEOUT_MS = 30_000;

export function inPlace(makePlace: () => Promise<StorePlace>): WithPlace {
  return (run) => async () => {
    const place = await makePlace();
    const opened: Store[] = [];
    try {
      await run(async (clock = systemClock, limits = {}) => {
        const store = await place.open(clock, { ...defaultLimits, ...limits });
        opened.push(store);
        return store;
      });
    } finally {
      await Promise.all(opened.map((store) => store.close()));
      await place.remove();
    }
  };
}

/** Hands over an operation of the ledger; resolves with its answer once that is durable, rejects with the store's failure. */
export function apply(store: Store, op: LedgerOp): Promise<LedgerAnswer> {
  return new Promise((resolve, reject) => {
    store.apply(op, (failure, answer) => { if (answer) resolve(answer); else reject(failure ?? new Error('neither an answer nor a failure')); });
  });
}

/** Settles a request that held nothing, and waits until its row is durable. */
export async function record(store: Store, row: RequestRecord): Promise<void> {
  await apply(store, sampleSettle(row));
}
