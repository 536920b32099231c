/** This file keeps what this gateway has leased, so that most requests are admitted at once and without asking the store. */
import type { Clock } from '../foundation/clock.ts';
import type { MakeId } from '../foundation/ids.ts';
import type { Ask, CounterSpec, LeaseChange } from '../foundation/ledger.ts';
import type { Limits } from '../foundation/limits.ts';
import type { LeaseRecall, Store } from '../store/store.ts';
import { createLeaseReturns } from './lease-returns.ts';
import type { LeaseReturns } from './lease-returns.ts';
import { createSlice, freeOf, without } from './lease-slice.ts';
import type { Lease, Slice } from './lease-slice.ts';
import { needsHold } from './ledger.ts';

/** A slice is at most this part of what is free of its counter: sixteen gateways may take one each. */
const ROOM_SHARE = 16n;
/** A slice is good for this many requests at least, or not worth having: small limits are never leased. */
const ASKS_MIN = 64n;
const ASKS_MAX = 4096n;
/** Of one counter at once: the one in use, the one that follows, and remnants with requests in them. */
const LEASES_PER_COUNTER_MAX = 4;
/** Less than this part of a slice is a remnant. */
const REMNANT_SHARE = 64n;
/** After less was given than asked for, or nothing, or it was recalled, none is asked for for this long, in ms. */
const ASK_AGAIN_MS = 2000;

interface Spare {
  readonly lease: Lease;
  readonly change: LeaseChange;
}

/** What was taken out of leases to be given back along with a hold. */
export interface Spares {
  readonly taken: readonly Spare[];
  /** True when nothing of these counters is unused here, or just being leased: then a denial is the truth. */
  readonly isExact: boolean;
}

export interface LeasesParts {
  readonly store: Pick<Store, 'apply'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly makeId: MakeId;
  readonly limits: Pick<Limits, 'leasedCountersMax' | 'leaseIdleMs'>;
  /** Its id changes when it was taken for dead. */
  readonly node: { readonly id: string; isConnected(nowMs: number): boolean };
}

/** The leases of one gateway. Times are monotonic ms. */
export class Leases {
  readonly #parts: LeasesParts;
  readonly #returns: LeaseReturns;
  readonly #slices = new Map<string, Slice>();
  #isClosed = false;

  constructor(parts: LeasesParts) {
    this.#parts = parts;
    this.#returns = createLeaseReturns(parts.store);
  }

  /** Takes an ask out of a lease; null when none has as much. */
  take(ask: Ask, nowMs: number): Lease | null {
    const slice = this.#slices.get(ask.counter.id);
    if (!slice) return null;
    if (ask.counter.capRevision > slice.counter.capRevision) {
      this.#dismissAll(slice);
      slice.counter = ask.counter;
      return null;
    }
    for (const lease of slice.leases) {
      if (lease.free < ask.amount) continue;
      lease.free -= ask.amount;
      lease.open++;
      slice.usedAt = nowMs;
      if (lease.free < slice.low) this.#refill(slice, nowMs);
      return lease;
    }
    return null;
  }

  /** A request has left its lease: `unused` of what it took is free again, the rest is no longer the lease's. */
  leave(lease: Lease, unused: bigint): void {
    lease.free += unused;
    lease.open--;
    if (lease.standing === 'leaving') this.#sendHome(lease);
  }

  /** Takes up to `amount` more for a request that is in a lease and has used more than it asked for; gives how much that is. */
  draw(lease: Lease, amount: bigint): bigint {
    if (lease.standing === 'gone') return 0n;
    const drawn = lease.free < amount ? lease.free : amount;
    lease.free -= drawn;
    return drawn;
  }

  /** The request is in its lease again: the store could not make a hold of its own for it. */
  rejoin(lease: Lease): void {
    lease.open++;
  }

  /**
   * Takes what is unused out of the leases on these counters, to be given back along with a hold. Unless `isWhole`, a lease
   * that has enough for its ask is left alone.
   */
  spare(asks: readonly Ask[], isWhole: boolean): Spares {
    const taken: Spare[] = [];
    let isExact = true;
    for (const ask of asks) {
      const slice = this.#slices.get(ask.counter.id);
      if (!slice) continue;
      if (slice.askedId !== null) isExact = false;
      if (isWhole) {
        slice.notBefore = this.#parts.clock.monotonic() + ASK_AGAIN_MS;
      } else if (slice.leases.some(({ free }) => free >= ask.amount)) {
        isExact = false;
        continue;
      }
      for (const lease of [...slice.leases, ...slice.leaving]) {
        if (lease.free === 0n) continue;
        taken.push({ lease, change: { leaseId: lease.id, counterId: slice.counter.id, amount: lease.free } });
        lease.free = 0n;
      }
    }
    return { taken, isExact };
  }

  /** Undoes `spare`: the store has taken nothing. */
  restore({ taken }: Spares): void {
    for (const { lease, change } of taken) lease.free += change.amount;
  }

  /** Asks for leases in the background if every counter has ample room: with one that has not, each request goes to the store anyway. */
  want(asks: readonly Ask[], rooms: readonly (bigint | null)[]): void {
    const wanted: { counter: CounterSpec; target: bigint }[] = [];
    for (const [index, ask] of asks.entries()) {
      if (!needsHold(ask)) continue;
      const target = targetOf(ask.amount, rooms[index] ?? null);
      if (target === null) return;
      wanted.push({ counter: ask.counter, target });
    }
    const nowMs = this.#parts.clock.monotonic();
    for (const { counter, target } of wanted) {
      const slice = this.#slices.get(counter.id) ?? this.#addSlice(counter, nowMs);
      if (!slice) return;
      slice.target = target;
      slice.low = target / 2n;
      slice.usedAt = nowMs;
      this.#refill(slice, nowMs);
    }
  }

  /** Others want these leases: what is unused goes back at once, the rest as the requests in it settle. */
  recall(recalls: readonly LeaseRecall[]): void {
    for (const { leaseId, counterId } of recalls) {
      const slice = this.#slices.get(counterId);
      if (!slice) continue;
      slice.notBefore = this.#parts.clock.monotonic() + ASK_AGAIN_MS;
      if (slice.askedId === leaseId) slice.isUnwanted = true;
      const lease = slice.leases.find(({ id }) => id === leaseId);
      if (lease) this.#dismiss(lease);
    }
  }

  /** Gives back what nobody has used for a while, and what could not be given back before. To be called every second or so. */
  tend(): void {
    const nowMs = this.#parts.clock.monotonic();
    if (!this.#parts.node.isConnected(nowMs)) return;
    for (const [id, slice] of this.#slices) {
      for (const lease of [...slice.leaving]) this.#sendHome(lease);
      if (nowMs - slice.usedAt < this.#parts.limits.leaseIdleMs) continue;
      for (const lease of [...slice.leases]) this.#dismiss(lease);
      if (slice.leaving.length === 0 && slice.askedId === null) this.#slices.delete(id);
    }
    this.#returns.sendKept();
  }

  /** The store has released all of them: this gateway was taken for dead. */
  drop(): void {
    for (const slice of this.#slices.values()) {
      for (const lease of [...slice.leases, ...slice.leaving]) lease.standing = 'gone';
      slice.leases.length = 0;
      slice.leaving.length = 0;
      slice.isUnwanted = true;
    }
    this.#slices.clear();
    this.#returns.forget();
  }

  /** Gives back everything unused, and leases nothing more. */
  close(): void {
    this.#isClosed = true;
    for (const slice of this.#slices.values()) this.#dismissAll(slice);
  }

  #addSlice(counter: CounterSpec, nowMs: number): Slice | null {
    if (this.#slices.size >= this.#parts.limits.leasedCountersMax) return null;
    const slice = createSlice(counter, nowMs);
    this.#slices.set(counter.id, slice);
    return slice;
  }

  #refill(slice: Slice, nowMs: number): void {
    const { node, makeId, clock, store } = this.#parts;
    if (slice.askedId !== null || nowMs < slice.notBefore || this.#isClosed || !node.isConnected(nowMs)) return;
    if (freeOf(slice) >= slice.low) return;
    this.#dismissRemnants(slice);
    const { counter } = slice;
    const amount = slice.target - freeOf(slice);
    const leaseId = makeId('lease');
    slice.askedId = leaseId;
    store.apply({ kind: 'lease', leaseId, nodeId: node.id, counter, amount, nowMs: clock.now() }, (failure, answer) => {
      slice.askedId = null;
      const granted = answer?.kind === 'leased' ? answer.amount : 0n;
      if (granted * 2n < amount) slice.notBefore = clock.monotonic() + ASK_AGAIN_MS;
      if (failure) this.#returns.keep([{ leaseId, counterId: counter.id, amount }]);
      if (granted > 0n) this.#add(slice, leaseId, granted);
      slice.isUnwanted = false;
    });
  }

  #add(slice: Slice, id: string, granted: bigint): void {
    const lease: Lease = { id, slice, granted, free: granted, open: 0, standing: 'open' };
    slice.leases.push(lease);
    if (slice.isUnwanted || this.#isClosed) this.#dismiss(lease);
  }

  #dismissRemnants(slice: Slice): void {
    const remnantMax = slice.target / REMNANT_SHARE;
    for (const lease of [...slice.leases]) {
      if (lease.open === 0 && lease.free <= remnantMax) this.#dismiss(lease);
    }
    const [oldest] = slice.leases;
    if (oldest && slice.leases.length >= LEASES_PER_COUNTER_MAX) this.#dismiss(oldest);
  }

  #dismissAll(slice: Slice): void {
    slice.isUnwanted = slice.askedId !== null;
    for (const lease of [...slice.leases]) this.#dismiss(lease);
  }

  /** Lets nobody in any more. */
  #dismiss(lease: Lease): void {
    lease.standing = 'leaving';
    without(lease.slice.leases, lease);
    lease.slice.leaving.push(lease);
    this.#sendHome(lease);
  }

  /** Gives back what is free of a lease that is leaving; once nobody is in it any more, all of it. */
  #sendHome(lease: Lease): void {
    if (lease.open > 0) {
      if (lease.free > 0n) this.#returns.returnFree(lease);
      return;
    }
    lease.standing = 'gone';
    without(lease.slice.leaving, lease);
    // All it ever had: that frees whatever was lost on the way between here and the store, and giving back too much changes nothing.
    this.#returns.returnWhole([{ leaseId: lease.id, counterId: lease.slice.counter.id, amount: lease.granted }]);
  }
}

/** How large a slice may be, of a counter with this room; null when it may not be leased. */
function targetOf(amount: bigint, room: bigint | null): bigint | null {
  if (room === null) return null;
  const share = room / ROOM_SHARE;
  if (share < amount * ASKS_MIN) return null;
  return share < amount * ASKS_MAX ? share : amount * ASKS_MAX;
}
