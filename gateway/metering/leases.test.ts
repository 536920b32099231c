/** This file shows how slices are asked for, used up and asked for anew. */
import { describe, expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { defaultLimits } from '../foundation/limits.ts';
import type { Lease } from './lease-slice.ts';
import { amounts, ask, counter, ROOM, SLICE, sliced, start, taken } from './leases-start.suite.ts';
import { messageCounter } from './ledger-model.suite.ts';

describe('the size of a slice', () => {
  test.each([
    { asked: 1n, room: 16_000n, slice: 1000n },
    { asked: 1n, room: 1024n, slice: 64n },
    { asked: 1n, room: 1023n, slice: null },
    { asked: 1n, room: 10n ** 9n, slice: 4096n },
    { asked: 10n, room: 10n ** 9n, slice: 40_960n },
    { asked: 1000n, room: 1_024_000n, slice: 64_000n },
    { asked: 1000n, room: 1_023_999n, slice: null },
    { asked: 1n, room: null, slice: null },
  ])('of $room for requests of $asked is $slice', async ({ asked, room, slice }) => {
    const { leases, store } = await start();
    leases.want([ask(asked)], [room]);
    expect(amounts(store.ops)).toEqual(slice === null ? [] : [slice]);
  });

  test('one counter without room keeps the others from being leased, one without a cap does not', async () => {
    const { leases, store } = await start();
    const other = messageCounter('b:other:all', 10n);
    const free = messageCounter('b:free:all', null);
    leases.want([ask(1n), ask(1n, other)], [ROOM, 10n]);
    expect(store.ops).toEqual([]);
    leases.want([ask(1n, free), ask(0n, other), ask(1n)], [null, 0n, ROOM]);
    expect(amounts(store.ops)).toEqual([SLICE]);
  });

  test('no more counters are leased than the limit says, until one is given back', async () => {
    const { leases, store, clock } = await sliced({ leasedCountersMax: 1 });
    const other = messageCounter('b:other:all', ROOM);
    leases.want([ask(1n, other), ask(1n)], [ROOM, ROOM]);
    expect(store.ops).toEqual([]);
    clock.advance(defaultLimits.leaseIdleMs);
    leases.tend();
    await turn();
    leases.want([ask(1n, other)], [ROOM]);
    expect(amounts(store.ops)).toEqual([-SLICE, SLICE]);
  });
});

describe('asking for the next', () => {
  test('the oldest lease is used up first, and remnants are given back when the next is asked for', async () => {
    const parts = await sliced();
    const first = taken(parts, 501n);
    await turn();
    expect(amounts(parts.store.ops)).toEqual([501n]);
    expect(taken(parts, 499n)).toBe(first);
    const second = taken(parts, 1n);
    expect(second).not.toBe(first);
    // Just a 64th of the slice.
    parts.leases.leave(first, 15n);
    parts.leases.leave(first, 0n);
    await turn();
    parts.store.ops.length = 0;
    taken(parts, 16n);
    await turn();
    expect(amounts(parts.store.ops)).toEqual([-SLICE, 516n]);
  });

  test('of one counter there are four leases at most', async () => {
    const parts = await sliced();
    const seen = new Set<Lease>();
    for (let round = 0; round < 12; round++) {
      seen.add(taken(parts, 501n));
      await turn();
    }
    const leaving = [...seen].filter(({ standing }) => standing === 'leaving');
    expect(leaving.length).toBeGreaterThan(0);
    expect(new Set([...seen].flatMap(({ slice }) => slice.leases)).size).toBeLessThanOrEqual(4);
  });

  test('after less than half was given none is asked for during two seconds', async () => {
    const parts = await sliced();
    parts.ledger.counter(counter).used = 16_000n - 1000n - 200n;
    taken(parts, 600n);
    await turn();
    taken(parts, 300n);
    parts.clock.advance(1999);
    taken(parts, 10n);
    await turn();
    expect(amounts(parts.store.ops)).toEqual([600n]);
    parts.clock.advance(1);
    taken(parts, 10n);
    expect(amounts(parts.store.ops)).toHaveLength(2);
  });

  test('half of a slice is enough, and half of what was asked for is not too little', async () => {
    const parts = await sliced();
    taken(parts, 500n);
    parts.leases.want([ask(1n)], [ROOM]);
    expect(parts.store.ops).toEqual([]);
    parts.ledger.counter(counter).used = ROOM - SLICE - 251n;
    taken(parts, 2n);
    await turn();
    expect(amounts(parts.store.ops)).toEqual([502n]);
    taken(parts, 498n);
    expect(amounts(parts.store.ops)).toHaveLength(2);
  });

  test('of a counter of which nothing is given nothing is given back', async () => {
    const { leases, store, ledger } = await start();
    ledger.counter(counter).used = ROOM;
    leases.want([ask(1n)], [ROOM]);
    await turn();
    leases.close();
    expect(amounts(store.ops)).toEqual([SLICE]);
  });

  test('it is not asked for while the store is away, nor after the end', async () => {
    const parts = await sliced();
    parts.node.isConnected = () => false;
    taken(parts, 600n);
    parts.node.isConnected = () => true;
    parts.leases.close();
    parts.leases.want([ask(1n)], [ROOM]);
    expect(amounts(parts.store.ops)).toEqual([-400n]);
  });
});

describe('what is given back along with a hold', () => {
  test('no slice is asked for in the two seconds after everything was given for a hold', async () => {
    const parts = await sliced();
    parts.leases.spare([ask(1000n)], true);
    parts.clock.advance(1999);
    parts.leases.want([ask(1n)], [ROOM]);
    expect(parts.store.ops).toEqual([]);
    parts.clock.advance(1);
    parts.leases.want([ask(1n)], [ROOM]);
    expect(amounts(parts.store.ops)).toEqual([-SLICE, SLICE]);
  });

  test('a lease that has enough is left alone, and then a denial is not the truth', async () => {
    const parts = await sliced();
    expect(parts.leases.spare([ask(1000n)], false)).toEqual({ taken: [], isExact: false });
    const { taken: given, isExact } = parts.leases.spare([ask(1001n)], false);
    expect(given.map(({ change }) => change.amount)).toEqual([SLICE]);
    expect(isExact).toBe(true);
    expect(parts.leases.take(ask(1n), 0)).toBeNull();
    parts.leases.restore({ taken: given, isExact });
    expect(parts.leases.spare([ask(1000n)], true).taken).toHaveLength(1);
    expect(parts.leases.spare([ask(1000n)], true)).toEqual({ taken: [], isExact: true });
  });

  test('a lease that is on its way makes a denial doubtful', async () => {
    const { leases } = await start();
    leases.want([ask(1n)], [ROOM]);
    expect(leases.spare([ask(1n)], true).isExact).toBe(false);
    await turn();
    expect(leases.spare([ask(1n)], true).isExact).toBe(true);
  });

  test('it takes what became free of a lease that is leaving, too', async () => {
    const parts = await sliced();
    const lease = taken(parts, 100n);
    parts.store.isAway = true;
    parts.leases.recall([{ leaseId: lease.id, counterId: counter.id }]);
    await turn();
    expect(parts.leases.spare([ask(1n)], false).taken.map(({ change }) => change.amount)).toEqual([900n]);
  });
});
