/** This file is a request that was admitted, as the money room keeps it. */
import type { Ask, IdempotencyClaim } from '../foundation/ledger.ts';
import type { Lease } from './lease-slice.ts';
import type { PlaceRequest, Placing } from './ledger.ts';

/** How an admitted request stands: what it takes was set aside in leases, or in a hold of its own. */
export class OpenPlacing implements Placing {
  readonly requestId: string;
  readonly option: number;
  readonly asks: readonly Ask[];
  readonly idempotency: IdempotencyClaim | null;
  /** The lease of each ask, null for one that needs none; null as a whole when it has a hold of its own. */
  leases: readonly (Lease | null)[] | null;
  /** Monotonic ms. */
  notedAt: number;
  isSettled = false;
  /** A hold of its own was sent to the store, whether or not it got there. */
  isInStore: boolean;

  constructor(request: PlaceRequest, taken: { option: number; asks: readonly Ask[]; leases: readonly (Lease | null)[] | null }, nowMs: number) {
    this.requestId = request.requestId;
    this.option = taken.option;
    this.asks = taken.asks;
    this.idempotency = request.idempotency;
    this.leases = taken.leases;
    this.isInStore = taken.leases === null;
    this.notedAt = nowMs;
  }

  get leaseIds(): readonly (string | null)[] | null {
    return this.leases?.map((lease) => lease?.id ?? null) ?? null;
  }
}
