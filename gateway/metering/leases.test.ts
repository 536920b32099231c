/** This file shows how slices are asked for, used up and given back, and what happens when the store does not take them back. */
import { describe, expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { createManualClock } from '../foundation/clock.ts';
import { createIds } from '../foundation/ids.ts';
import type { Ask, CounterSpec, LedgerOp } from '../foundation/ledger.ts';
import { defaultLimits } from '../foundation/limits.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Lease } from './lease-slice.ts';
import { Leases } from './leases.ts';
import { ModelLedger, ModelStore, messageCounter } from './ledger-model.suite.ts';

const counter = messageCounter('b:one:all', 16_000n);
const ROOM = 16_000n;
const SLICE = 1000n;

async function start(limits: Partial<Limits> = {}) {
  const clock = createManualClock();
  const ledger = new ModelLedger();
  ledger.nowMs = clock.now();
  const store = new ModelStore(ledger);
  const node = { id: 'node_1', isConnected: () => true };
  await store.registerNode({ id: node.id, host: '', pid: 1, started: '', beats: 0, startedMs: 0 });
  const leases = new Leases({ store, clock, makeId: createIds(clock), limits: { ...defaultLimits, ...limits }, node });
  return { clock, ledger, store, node, leases };
}

const ask = (amount: bigint, spec: CounterSpec = counter): Ask => ({ counter: spec, amount });

/** Leases with a slice of SLICE. */
async function sliced(limits: Partial<Limits> = {}) {
  const parts = await start(limits);
  parts.leases.want([ask(1n)], [ROOM]);
  await turn();
  parts.store.ops.length = 0;
  return parts;
}

function taken({ leases, clock }: Awaited<ReturnType<typeof start>>, amount: bigint): Lease {
  const lease = leases.take(ask(amount), clock.monotonic());
  if (!lease) throw new Error('nothing to take');
  return lease;
}

const amounts = (ops: readonly LedgerOp[]): bigint[] => ops.map((op) => {
  if (op.kind === 'lease') return op.amount;
  return op.kind === 'give_back' ? -op.changes.reduce((sum, { amount }) => sum + amount, 0n) : 0n;
});

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
    parts.leases.leave(first, 10n);
    parts.leases.leave(first, 0n);
    await turn();
    parts.store.ops.length = 0;
    taken(parts, 11n);
    await turn();
    expect(amounts(parts.store.ops)).toEqual([-SLICE, 511n]);
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

describe('giving back', () => {
  test('a slice in use is not idle', async () => {
    const parts = await sliced();
    parts.clock.advance(4000);
    parts.leases.leave(taken(parts, 1n), 1n);
    parts.clock.advance(4000);
    parts.leases.tend();
    expect(parts.store.ops).toEqual([]);
    parts.clock.advance(1000);
    parts.leases.tend();
    expect(amounts(parts.store.ops)).toEqual([-SLICE]);
  });

  test('nothing is asked anew while others want it', async () => {
    const parts = await sliced();
    const lease = taken(parts, 1n);
    parts.leases.recall([{ leaseId: lease.id, counterId: counter.id }, { leaseId: 'lease_x', counterId: counter.id }, { leaseId: 'lease_x', counterId: 'b:x:all' }]);
    parts.leases.want([ask(1n)], [ROOM]);
    expect(amounts(parts.store.ops)).toEqual([-999n]);
    expect(parts.leases.take(ask(1n), 0)).toBeNull();
    parts.leases.leave(lease, 1n);
    await turn();
    expect(parts.ledger.held(counter.id)).toBe(0n);
    parts.clock.advance(2000);
    parts.leases.want([ask(1n)], [ROOM]);
    expect(amounts(parts.store.ops)).toEqual([-999n, -SLICE, SLICE]);
  });

  test.each(['recall', 'cap', 'close', 'drop'] as const)('a lease on its way at a %s is given back when it comes', async (cause) => {
    const { leases, store, ledger } = await start();
    store.isPrompt = false;
    leases.want([ask(1n)], [ROOM]);
    const [op] = store.ops;
    if (op?.kind !== 'lease') throw new Error('no lease was asked for');
    if (cause === 'recall') leases.recall([{ leaseId: op.leaseId, counterId: counter.id }]);
    if (cause === 'cap') leases.take(ask(1n, { ...counter, capRevision: 2 }), 0);
    if (cause === 'close') leases.close();
    if (cause === 'drop') leases.drop();
    store.flush();
    expect(leases.take(ask(1n), 0)).toBeNull();
    store.flush();
    expect(ledger.held(counter.id)).toBe(0n);
  });

  test('an older revision of the cap changes nothing', async () => {
    const parts = await sliced();
    expect(parts.leases.take(ask(1n, { ...counter, capRevision: 0 }), 0)).not.toBeNull();
  });

  test('what the store could not take back is sent again when it can', async () => {
    const parts = await sliced();
    const lease = taken(parts, 100n);
    parts.store.isAway = true;
    parts.leases.recall([{ leaseId: lease.id, counterId: counter.id }]);
    await turn();
    parts.node.isConnected = () => false;
    parts.leases.tend();
    expect(parts.store.ops).toHaveLength(1);
    parts.node.isConnected = () => true;
    parts.store.isAway = false;
    parts.leases.tend();
    await turn();
    expect(parts.ledger.held(counter.id)).toBe(100n);
    parts.store.isAway = true;
    parts.leases.leave(lease, 100n);
    await turn();
    parts.store.isAway = false;
    parts.leases.tend();
    await turn();
    expect(parts.ledger.held(counter.id)).toBe(0n);
    expect(parts.store.ops).toHaveLength(4);
    parts.leases.tend();
    expect(parts.store.ops).toHaveLength(4);
  });

  test('what was released by the store is not given back', async () => {
    const parts = await sliced();
    const lease = taken(parts, 100n);
    parts.leases.drop();
    parts.leases.leave(lease, 100n);
    parts.clock.advance(10_000);
    parts.leases.tend();
    expect(parts.store.ops).toEqual([]);
  });
});

describe('what is given back along with a hold', () => {
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
