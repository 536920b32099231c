/** This file keeps the calls of one run of an eval set within its budget: a call goes out only when all it may cost fits in what is left. */

/** What a call may cost, set aside until it has ended. */
export interface Reservation {
  readonly nanoUsd: bigint;
}

/** Amounts in nano-USD. */
export interface RunBudget {
  readonly spent: bigint;
  /** Calls that are under way. */
  readonly open: number;
  /** Null when it does not fit beside what was spent and is set aside. */
  reserve(nanoUsd: bigint): Reservation | null;
  /** Ends a call with what it cost. A second time does nothing. */
  end(reservation: Reservation, nanoUsd: bigint): void;
  /** Resolves when the next call has ended; at once when none is under way. */
  whenFreed(): Promise<void>;
}

/** Makes the budget of a run that has spent something already. */
export function createRunBudget(budget: bigint, spentBefore: bigint): RunBudget {
  let spent = spentBefore;
  let reserved = 0n;
  const open = new Set<Reservation>();
  let waiting: (() => void)[] = [];
  return {
    get spent() { return spent; },
    get open() { return open.size; },
    reserve(nanoUsd) {
      if (spent + reserved + nanoUsd > budget) return null;
      const reservation = { nanoUsd };
      open.add(reservation);
      reserved += nanoUsd;
      return reservation;
    },
    end(reservation, nanoUsd) {
      if (!open.delete(reservation)) return;
      reserved -= reservation.nanoUsd;
      spent += nanoUsd;
      const freed = waiting;
      waiting = [];
      for (const resolve of freed) resolve();
    },
    whenFreed: () => (open.size === 0 ? Promise.resolve() : new Promise((resolve) => { waiting.push(resolve); })),
  };
}
