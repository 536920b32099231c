/** This file gives leases back to the store, and sends again what the store could not take. */
import type { LeaseChange } from '../foundation/ledger.ts';
import { StoreUnavailable } from '../store/store.ts';
import type { Store } from '../store/store.ts';
import type { Lease } from './lease-slice.ts';

/** What is kept to be sent again; more is freed when this gateway signs off. */
const KEPT_MAX = 10_000;
const CHANGES_PER_OP = 256;

export interface LeaseReturns {
  /** Gives back what is unused in a lease. */
  returnFree(lease: Lease): void;
  /** Gives back leases of which nothing is in use any more; what was never given changes nothing. */
  returnWhole(changes: readonly LeaseChange[]): void;
  /** Keeps them to be given back later. */
  keep(changes: readonly LeaseChange[]): void;
  /** Sends some of what was kept. */
  sendKept(): void;
  /** The store has released all of them by itself. */
  forget(): void;
}

/** Makes the returns of one gateway. */
export function createLeaseReturns(store: Pick<Store, 'apply'>): LeaseReturns {
  let kept: LeaseChange[] = [];
  const keep = (changes: readonly LeaseChange[]): void => {
    if (kept.length + changes.length <= KEPT_MAX) kept.push(...changes);
  };
  const returnWhole = (changes: readonly LeaseChange[]): void => {
    store.apply({ kind: 'give_back', changes }, (failure) => { if (failure) keep(changes); });
  };
  return {
    returnFree(lease) {
      const amount = lease.free;
      lease.free = 0n;
      store.apply({ kind: 'give_back', changes: [{ leaseId: lease.id, counterId: lease.slice.counter.id, amount }] }, (failure) => {
        if (failure instanceof StoreUnavailable) lease.free += amount;
      });
    },
    returnWhole,
    keep,
    sendKept() {
      if (kept.length > 0) returnWhole(kept.splice(0, CHANGES_PER_OP));
    },
    forget() { kept = []; },
  };
}
