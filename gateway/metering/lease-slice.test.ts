/** This file shows what is free of a slice, and that a lease leaves only the list it is in. */
import { expect, test } from '@jest/globals';
import type { Lease, Slice } from './lease-slice.ts';
import { createSlice, freeOf, without } from './lease-slice.ts';
import { messageCounter } from './ledger-model.suite.ts';

const leaseOf = (slice: Slice, free: bigint): Lease => ({ id: `lease_${free}`, slice, granted: free, free, open: 0, standing: 'open' });

test('a slice has free what its leases have that still admit, and nothing at first', () => {
  const slice = createSlice(messageCounter('b:one:all', 100n), 5);
  expect(freeOf(slice)).toBe(0n);
  slice.leases.push(leaseOf(slice, 3n), leaseOf(slice, 4n));
  slice.leaving.push(leaseOf(slice, 50n));
  expect(freeOf(slice)).toBe(7n);
});

test('a lease leaves the list it is in, and no other in its place', () => {
  const slice = createSlice(messageCounter('b:one:all', 100n), 5);
  const [first, second, third] = [leaseOf(slice, 1n), leaseOf(slice, 2n), leaseOf(slice, 3n)];
  const leases = [first, second];
  without(leases, third);
  expect(leases).toEqual([first, second]);
  without(leases, second);
  without(leases, second);
  expect(leases).toEqual([first]);
});
