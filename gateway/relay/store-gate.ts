/** This file refuses calls while the store can't take their rows: work that can't be recorded must not be bought. */
import type { Clock } from '../foundation/clock.ts';
import { fail } from '../foundation/errors.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Store } from '../store/store.ts';

/** After a row could not be written, calls are refused for this long before one may find out whether it works again, in ms. */
const SHUT_MS = 1000;

export interface StoreGate {
  /** Monotonic ms until which the gate stays shut; moved on by every failure. */
  shutUntil: number;
}

/** The parts of the house that the gate looks at. */
interface GateParts {
  readonly store: Pick<Store, 'pendingRecords'>;
  readonly storeGate: StoreGate;
  readonly clock: Clock;
  readonly limits: Limits;
}

/** Makes a gate that is open. */
export function createStoreGate(): StoreGate {
  return { shutUntil: Number.NEGATIVE_INFINITY };
}

/** Lets a call through, or refuses it with `store_unavailable` before any upstream is called. */
export function passStoreGate(house: GateParts): void {
  const isFull = house.store.pendingRecords >= house.limits.storeQueueMax;
  if (!isFull && house.clock.monotonic() >= house.storeGate.shutUntil) return;
  fail('store_unavailable', { headers: { 'retry-after': '1' }, detail: isFull ? 'too many rows wait' : 'the last row could not be written' });
}

/** Shuts the gate after a row could not be written. */
export function shutStoreGate(house: Pick<GateParts, 'storeGate' | 'clock'>): void {
  house.storeGate.shutUntil = house.clock.monotonic() + SHUT_MS;
}
