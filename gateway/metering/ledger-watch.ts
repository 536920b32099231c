/** This file has the promises of the ledger checked every so often, for readiness and for whoever asks. */
import type { Clock } from '../foundation/clock.ts';
import type { Violation } from '../foundation/ledger.ts';
import type { Log } from '../foundation/log.ts';
import type { Store } from '../store/store.ts';

/** Between the end of a check and the next, in ms, at least. */
const REST_MS_MIN = 60_000;
/** A check may take this part of the time: it rests so many times as long as it took. */
const REST_PER_CHECK = 60;
/** Between two looks whether the next check is due, in ms. */
const LOOK_MS = 1000;

export interface LedgerWatch {
  /** What the last check found; empty before the first has ended. */
  violations(): readonly Violation[];
  /** Checks at once, or waits for the check under way. Rejects with StoreUnavailable when the store can't say. */
  checkNow(): Promise<readonly Violation[]>;
  /** Stops, and waits for the check under way. */
  close(): Promise<void>;
}

export interface LedgerWatchParts {
  readonly store: Pick<Store, 'checkLedger'>;
  readonly clock: Pick<Clock, 'monotonic' | 'every'>;
  readonly log: Log;
}

/** Starts watching, with a check at once. */
export function createLedgerWatch({ store, clock, log }: LedgerWatchParts): LedgerWatch {
  let found: readonly Violation[] = [];
  let checking: Promise<readonly Violation[]> | null = null;
  let dueAt = 0;

  const check = async (): Promise<readonly Violation[]> => {
    const startedAt = clock.monotonic();
    try {
      found = await store.checkLedger();
      if (found.length > 0) log.error({ violations: found }, 'the ledger does not keep its promises');
      return found;
    } finally {
      const endedAt = clock.monotonic();
      dueAt = endedAt + Math.max(REST_MS_MIN, REST_PER_CHECK * (endedAt - startedAt));
      checking = null;
    }
  };
  const checkNow = (): Promise<readonly Violation[]> => checking ??= check();
  const checkByItself = (): void => {
    checkNow().catch((failure: unknown) => { log.warn({ error: failure }, 'the ledger could not be checked'); });
  };
  const stop = clock.every(LOOK_MS, () => {
    if (!checking && clock.monotonic() >= dueAt) checkByItself();
  });
  checkByItself();
  return {
    violations: () => found,
    checkNow,
    async close() {
      stop();
      await checking?.catch(() => undefined);
    },
  };
}
