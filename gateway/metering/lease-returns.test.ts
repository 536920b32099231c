/** This file shows how leases are given back: when others want them, when nobody uses them, and when the store could not take them before. */
import { describe, expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import type { LeaseChange } from '../foundation/ledger.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { createLeaseReturns } from './lease-returns.ts';
import { amounts, ask, counter, ROOM, SLICE, sliced, start, taken } from './leases-start.suite.ts';
import { messageCounter, ModelLedger, ModelStore } from './ledger-model.suite.ts';

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

  test('the recall of a lease that is not here takes none of those that are, nor the one on its way', async () => {
    const parts = await sliced();
    parts.leases.recall([{ leaseId: 'lease_x', counterId: counter.id }]);
    expect(parts.store.ops).toEqual([]);
    parts.clock.advance(2000);
    parts.store.isPrompt = false;
    const first = taken(parts, SLICE);
    parts.leases.recall([{ leaseId: 'lease_x', counterId: counter.id }]);
    parts.store.flush();
    expect(taken(parts, 1n)).not.toBe(first);
  });

  test('of a lease that is used up there is nothing to give back while a request is in it', async () => {
    const parts = await sliced();
    parts.node.isConnected = () => false;
    const lease = taken(parts, SLICE);
    parts.leases.recall([{ leaseId: lease.id, counterId: counter.id }]);
    expect(parts.store.ops).toEqual([]);
  });

  test('what comes for an idle counter is used by the next request', async () => {
    const parts = await start();
    parts.store.isPrompt = false;
    parts.leases.want([ask(1n)], [ROOM]);
    parts.clock.advance(defaultLimits.leaseIdleMs);
    parts.leases.tend();
    parts.store.flush();
    expect(taken(parts, 1n).free).toBe(SLICE - 1n);
  });

  test('after a new cap the slice is given back, and the next one is kept', async () => {
    const parts = await sliced();
    const raised = { ...counter, capRevision: 2 };
    expect(parts.leases.take(ask(1n, raised), 0)).toBeNull();
    parts.leases.want([ask(1n, raised)], [ROOM]);
    await turn();
    expect(amounts(parts.store.ops)).toEqual([-SLICE, SLICE]);
    expect(parts.leases.take(ask(1n, raised), 0)).not.toBeNull();
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

describe('what the store has released', () => {
  test('nobody draws more out of it, and nothing of it is counted here', async () => {
    const parts = await sliced({ leasedCountersMax: 1 });
    const lease = taken(parts, 100n);
    parts.leases.drop();
    expect(parts.leases.draw(lease, 5n)).toBe(0n);
    parts.leases.want([ask(1n, messageCounter('b:other:all', ROOM))], [ROOM]);
    expect(amounts(parts.store.ops)).toEqual([SLICE]);
  });

  test('a return that did not arrive is not sent again', async () => {
    const parts = await sliced();
    const lease = taken(parts, 100n);
    parts.leases.leave(lease, 100n);
    parts.store.isAway = true;
    parts.leases.recall([{ leaseId: lease.id, counterId: counter.id }]);
    await turn();
    parts.store.isAway = false;
    parts.leases.drop();
    parts.leases.tend();
    expect(amounts(parts.store.ops)).toEqual([-SLICE]);
  });

  test('an idle lease with a request in it is still known, and is not given back afterwards', async () => {
    const parts = await sliced();
    const lease = taken(parts, 100n);
    parts.clock.advance(defaultLimits.leaseIdleMs);
    parts.leases.tend();
    parts.leases.drop();
    parts.leases.leave(lease, 100n);
    expect(amounts(parts.store.ops)).toEqual([-900n]);
  });
});

test('ten thousand returns are kept for a store that is away, and no more: signing off frees the rest', () => {
  const store = new ModelStore(new ModelLedger());
  const returns = createLeaseReturns(store);
  const changes = (count: number): LeaseChange[] => Array.from({ length: count }, (_, index) => ({ leaseId: `lease_${index}`, counterId: counter.id, amount: 1n }));
  returns.keep(changes(9_999));
  returns.keep(changes(2));
  returns.keep(changes(1));
  returns.keep(changes(1));
  for (let round = 0; round < 100; round++) returns.sendKept();
  expect(store.ops.reduce((sum, op) => sum + (op.kind === 'give_back' ? op.changes.length : 0), 0)).toBe(10_000);
});
