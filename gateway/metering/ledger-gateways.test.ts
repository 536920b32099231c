/** This file shows how gateways share one ledger: what they lease of it, give each other back, and leave behind. */
import { describe, expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { StoreUnavailable } from '../store/store.ts';
import type { Placed } from './ledger.ts';
import { messageCounter } from './ledger-model.suite.ts';
import { World, claim, hostOf, large, leasing, one, place, placed, placedAtOnce, settle } from './ledger-world.suite.ts';

describe('leases', () => {
  test('the next slice is asked for at half of the one before, once, and no request waits for it', async () => {
    const gateway = await leasing(new World());
    gateway.store.isPrompt = false;
    for (let taken = 0; taken < 2048; taken++) placedAtOnce(gateway, one(large));
    expect(gateway.store.ops).toEqual([]);
    for (let taken = 0; taken < 2048; taken++) placedAtOnce(gateway, one(large));
    expect(gateway.store.ops).toMatchObject([{ kind: 'lease', amount: 2049n }]);
    gateway.store.flush();
    for (let taken = 0; taken < 2049; taken++) placedAtOnce(gateway, one(large));
    expect(place(gateway, one(large))).toBeInstanceOf(Promise);
  });

  test('a slice nobody uses for five seconds is given back', async () => {
    const world = new World();
    const gateway = await leasing(world);
    await world.pass(4000);
    expect(world.ledger.held(large.id)).toBe(4096n);
    await world.pass(2000);
    expect(world.ledger.held(large.id)).toBe(0n);
    expect(world.ledger.holds.size).toBe(0);
    expect(place(gateway, one(large))).toBeInstanceOf(Promise);
  });

  test('what is in use of a slice that is given back goes as its requests settle', async () => {
    const world = new World();
    const gateway = await leasing(world);
    const first = placedAtOnce(gateway, [{ counter: large, amount: 100n }]);
    const second = placedAtOnce(gateway, [{ counter: large, amount: 100n }]);
    await world.pass(6000);
    expect(world.ledger.held(large.id)).toBe(200n);
    await settle(gateway, first, 1);
    await turn();
    expect(world.ledger.held(large.id)).toBe(100n);
    await settle(gateway, second, 100);
    await turn();
    expect(world.ledger.held(large.id)).toBe(0n);
  });

  test('a cap that was changed sends the slice back at once', async () => {
    const world = new World();
    const gateway = await leasing(world);
    const less = messageCounter(large.id, 1n, 2);
    expect(await place(gateway, one(less))).toMatchObject({ kind: 'denied', denials: [{ held: 0n, used: 1n }] });
    expect(world.ledger.held(large.id)).toBe(0n);
  });

  test('another gateway gets what is unused of a slice, and its request is not refused', async () => {
    const world = new World();
    const gateway = await leasing(world);
    const other = await world.start(hostOf(2));
    const inUse = placedAtOnce(gateway, one(large));
    const asked = Promise.resolve(place(other, [{ counter: large, amount: 1_599_998n }]));
    await world.pass(500);
    expect(await asked).toMatchObject({ kind: 'placed' });
    expect(world.ledger.room(large)).toBe(0n);
    await settle(gateway, inUse, 1);
    expect(world.ledger.counter(large).used).toBe(2n);
  });

  test('a request that waits for what is in use elsewhere is refused after three seconds', async () => {
    const world = new World();
    const gateway = await leasing(world);
    const other = await world.start(hostOf(2));
    placedAtOnce(gateway, one(large));
    let answer: Placed | null = null;
    const asked = Promise.resolve(place(other, [{ counter: large, amount: 1_599_999n }])).then((value) => { answer = value; });
    await world.pass(2900);
    expect(answer).toBeNull();
    await world.pass(300);
    await asked;
    expect(answer).toMatchObject({ kind: 'denied' });
  });

  test('the more requests wait for another gateway, the longer each of them waits to ask again', async () => {
    const world = new World();
    const gateway = await leasing(world);
    placedAtOnce(gateway, one(large));
    const other = await world.start(hostOf(2));
    await place(other, [{ counter: large, amount: 1_595_000n }]);
    const askFor = async (count: number): Promise<void> => {
      const asked = Array.from({ length: count }, async () => place(other, [{ counter: large, amount: 4999n }]));
      await world.pass(50);
      other.store.ops.length = 0;
      await world.pass(3100);
      await Promise.all(asked);
    };
    await askFor(1);
    expect(other.store.ops.length).toBeGreaterThan(50);
    await askFor(128);
    const holds = other.store.ops.filter(({ kind }) => kind === 'hold').length;
    expect(holds).toBeLessThan(128 * 50);
    await askFor(1);
    expect(other.store.ops.length).toBeGreaterThan(50);
  });

  test('a lease that is recalled before it has arrived is given back when it does', async () => {
    const world = new World();
    const gateway = await world.start();
    await placed(gateway, one(large));
    const other = await world.start(hostOf(2));
    const asked = Promise.resolve(place(other, [{ counter: large, amount: 1_599_999n }]));
    await world.pass(500);
    expect(await asked).toMatchObject({ kind: 'placed' });
  });

  test('while the store is away leases admit for ten seconds, then nobody is admitted', async () => {
    const world = new World();
    const gateway = await leasing(world);
    gateway.store.isAway = true;
    for (let second = 0; second < 9; second++) {
      await world.pass(1000);
      placedAtOnce(gateway, one(large));
    }
    await expect(placed(gateway, [{ counter: large, amount: 5000n }])).rejects.toThrow(StoreUnavailable);
    placedAtOnce(gateway, one(large));
    await world.pass(2000);
    await expect(placed(gateway, one(large))).rejects.toThrow(StoreUnavailable);
    gateway.store.isAway = false;
    await world.pass(500);
    placedAtOnce(gateway, one(large));
  });

  test('a lease whose answer was lost is given back', async () => {
    const world = new World();
    const gateway = await world.start();
    gateway.store.onAnswer = (op) => op.kind === 'lease' ? new StoreUnavailable('cut off') : null;
    await settle(gateway, await placed(gateway, one(large)), 1);
    await turn();
    expect(world.ledger.held(large.id)).toBe(4096n);
    await world.pass(2000);
    expect(world.ledger.held(large.id)).toBe(0n);
  });
});

describe('gateways', () => {
  test('one that signs off waits for what is on its way, and leaves the rest to others when that takes too long', async () => {
    const world = new World();
    const gateway = await leasing(world);
    const placing = await placed(gateway, one(large), claim);
    gateway.store.isPrompt = false;
    const settled = settle(gateway, placing, 1);
    const closed = gateway.room.close();
    await world.pass(1000);
    expect(world.ledger.holds.has(placing.requestId)).toBe(true);
    gateway.store.flush();
    await world.pass(50);
    await Promise.all([settled, closed]);
    expect(world.ledger.counter(large).used).toBe(2n);
    const stuck = await world.start(hostOf(2));
    stuck.store.isPrompt = false;
    void place(stuck, one(large));
    const given = stuck.room.close();
    await world.pass(10_100);
    await given;
    expect(world.ledger.nodes.size).toBe(1);
  });

  test('one that signs off while the store is away leaves it to others, and is not kept from ending', async () => {
    const world = new World();
    const gateway = await leasing(world);
    gateway.store.isAway = true;
    await world.stop(gateway);
    expect(world.ledger.nodes.size).toBe(1);
    const other = await world.start(hostOf(2));
    other.store.recoverNode = () => Promise.reject(new StoreUnavailable('cut off'));
    await world.stop(other);
    expect(world.ledger.nodes.size).toBe(2);
  });

  test('a slow store is not asked for the next sign of life before it has answered', async () => {
    const world = new World();
    const gateway = await world.start();
    let beats = 0;
    gateway.store.beat = () => { beats++; return new Promise(() => undefined); };
    await world.pass(5000);
    expect(beats).toBe(1);
  });

  test('one that signs off leaves nothing behind', async () => {
    const world = new World();
    const gateway = await leasing(world);
    await world.stop(gateway);
    expect(world.ledger.holds.size).toBe(0);
    expect(world.ledger.nodes.size).toBe(0);
  });

  test('what died on this host is recovered when the next one starts', async () => {
    const world = new World();
    const dead = await leasing(world);
    const placing = await placed(dead, one(large), claim);
    const next = await world.start(hostOf(2, (pid) => pid !== 1));
    expect(world.ledger.holds.size).toBe(0);
    expect(world.ledger.usage.has(placing.requestId)).toBe(true);
    expect(world.ledger.nodes.size).toBe(1);
    await world.stop(next);
  });

  test('one that gives no sign of life is recovered after fifteen seconds, and not while its observer is cut off itself', async () => {
    const world = new World();
    const dead = await leasing(world);
    dead.store.isAway = true;
    const other = await world.start(hostOf(2));
    await world.pass(10_000);
    other.store.isAway = true;
    await world.pass(60_000);
    other.store.isAway = false;
    await world.pass(3000);
    expect(world.ledger.nodes.size).toBe(2);
    await world.pass(8000);
    expect(world.ledger.nodes.size).toBe(1);
    expect(world.ledger.held(large.id)).toBe(0n);
  });

  test('one that was taken for dead drops its leases and goes on as a new one', async () => {
    const world = new World();
    const gateway = await leasing(world);
    const inUse = placedAtOnce(gateway, one(large));
    const [before] = world.ledger.nodes.keys();
    world.ledger.recover(before ?? '');
    await world.pass(300);
    expect(world.ledger.nodes.size).toBe(1);
    expect([...world.ledger.nodes.keys()]).not.toContain(before);
    expect(place(gateway, one(large))).toBeInstanceOf(Promise);
    await settle(gateway, inUse, 1);
    expect(world.ledger.counter(large).used).toBe(2n);
    await world.stop(gateway);
    expect(world.ledger.held(large.id)).toBe(0n);
  });
});
