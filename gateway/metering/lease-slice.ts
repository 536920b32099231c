/** This file is the shape of what this gateway has leased: slices of counters, made of leases. */
import type { CounterSpec } from '../foundation/ledger.ts';

/** One lease the store gave. */
export interface Lease {
  readonly id: string;
  readonly slice: Slice;
  readonly granted: bigint;
  free: bigint;
  /** Requests admitted out of it that are neither settled nor have got a hold of their own. */
  open: number;
  /** `leaving` admits nobody, and gives back what becomes free; `gone` has been given back, or was released by the store. */
  standing: 'open' | 'leaving' | 'gone';
}

/** Everything leased of one counter. Times are monotonic ms. */
export interface Slice {
  counter: CounterSpec;
  /** Those that admit, the oldest first: it is used up before the next is touched. */
  readonly leases: Lease[];
  readonly leaving: Lease[];
  /** How much is asked for, and how little is left when the next is asked for. */
  target: bigint;
  low: bigint;
  usedAt: number;
  /** The lease that is being asked for. */
  askedId: string | null;
  /** True when that lease is to be given back at once. */
  isUnwanted: boolean;
  /** No lease is asked for earlier. */
  notBefore: number;
}

/** Makes a slice of nothing. */
export function createSlice(counter: CounterSpec, nowMs: number): Slice {
  return { counter, leases: [], leaving: [], target: 0n, low: 0n, usedAt: nowMs, askedId: null, isUnwanted: false, notBefore: nowMs };
}

/** How much of a slice admits somebody yet. */
export function freeOf(slice: Slice): bigint {
  let free = 0n;
  for (const lease of slice.leases) free += lease.free;
  return free;
}

/** Takes a lease out of a list. */
export function without(leases: Lease[], lease: Lease): void {
  const index = leases.indexOf(lease);
  if (index !== -1) leases.splice(index, 1);
}
