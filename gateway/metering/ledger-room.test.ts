/** This file shows what the money room promises: nothing is admitted that was not set aside, and nothing stays set aside. */
import { describe, expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import type { Ask, CounterSpec } from '../foundation/ledger.ts';
import { needsHold } from './ledger.ts';
import { messageCounter, usedMessages } from './ledger-model.suite.ts';
import { World, claim, kinds, large, leasing, one, place, placed, placedAtOnce, settle } from './ledger-world.suite.ts';

describe('placing', () => {
  test('the first request of a counter is held in the store, and a slice is leased behind it', async () => {
    const world = new World();
    const gateway = await world.start();
    await placed(gateway, one(large));
    await turn();
    expect(kinds(gateway.store.ops)).toEqual(['hold', 'lease']);
    expect(gateway.store.ops[1]).toMatchObject({ amount: 4096n });
  });

  test('what fits into leases is admitted at once, and the store is not asked', async () => {
    const gateway = await leasing(new World());
    const placing = placedAtOnce(gateway, one(large));
    expect(placing).toMatchObject({ option: 0, asks: one(large) });
    expect(placing.leaseIds).toHaveLength(1);
    expect(gateway.store.ops).toEqual([]);
  });

  test('a counter without a cap needs no hold; a wallet needs one, whatever its cap says', async () => {
    const gateway = await new World().start();
    const free = messageCounter('q:ws_1:free:2026-11-21', null);
    placedAtOnce(gateway, one(free));
    expect(gateway.store.ops).toEqual([]);
    expect(needsHold({ counter: { ...free, kind: 'wallet' }, amount: 1n })).toBe(true);
    expect(needsHold({ counter: { ...free, kind: 'wallet' }, amount: 0n })).toBe(false);
    expect(needsHold({ counter: large, amount: 1n })).toBe(true);
  });

  test('a small limit is never leased, nor is what is asked together with it', async () => {
    const gateway = await new World().start();
    const small = messageCounter('q:ws_1:pro:2026-11-21', 1024n);
    await placed(gateway, [...one(large), ...one(small)]);
    await turn();
    expect(kinds(gateway.store.ops)).toEqual(['hold']);
  });

  test('a request with an idempotency key has a hold of its own, and leaves the leases alone', async () => {
    const gateway = await leasing(new World());
    expect((await placed(gateway, one(large), claim)).leaseIds).toBeNull();
    expect(gateway.store.ops).toMatchObject([{ kind: 'hold', idempotency: claim, giveBack: [] }]);
    placedAtOnce(gateway, one(large));
  });

  test('when only a part of the asks is leased, nothing is taken', async () => {
    const world = new World();
    const gateway = await leasing(world);
    const free = messageCounter('q:ws_1:free:2026-11-21', null);
    const other = messageCounter('q:ws_1:pro:2026-11-21', 100n);
    await settle(gateway, await placed(gateway, [...one(free), { counter: large, amount: 100n }, ...one(other)]), 0);
    placedAtOnce(gateway, [{ counter: large, amount: 4096n }]);
  });

  test('a denial counts what this gateway has leased itself as free', async () => {
    const world = new World();
    const gateway = await leasing(world);
    const most: Ask[] = [{ counter: large, amount: 1_599_999n }];
    await placed(gateway, most);
    expect(world.ledger.room(large)).toBe(0n);
    expect(await place(gateway, one(large))).toMatchObject({ kind: 'denied', denials: [{ held: 1_599_999n }] });
  });

  test('a hold that is denied while a lease is on its way is asked again', async () => {
    const world = new World();
    const gateway = await world.start();
    await placed(gateway, one(large));
    gateway.store.isPrompt = false;
    const most = place(gateway, [{ counter: large, amount: 1_599_999n }]);
    // The lease that was asked for after the first hold is granted before this one is decided.
    for (let rounds = 0; rounds < 5; rounds++) {
      gateway.store.flush();
      await turn();
    }
    expect(await most).toMatchObject({ kind: 'placed' });
  });

  test('an id that was held before is an error, and its leases stay', async () => {
    const world = new World();
    const gateway = await leasing(world);
    const request = { requestId: 'req_twice', options: [one(large)], idempotency: claim, makeDraft: () => usedMessages('req_twice', 0) };
    await gateway.room.place(request);
    await expect(gateway.room.place(request)).rejects.toThrow('held before');
    placedAtOnce(gateway, one(large));
  });

  test('the options are tried in order, and the one that fits is taken', async () => {
    const gateway = await new World().start();
    const day = messageCounter('q:ws_1:pro:2026-11-21', 0n);
    const pool = messageCounter('p:ws_1:all', 100_000n);
    const answer = await gateway.room.place({ requestId: 'req_options', options: [one(day), one(pool)], idempotency: null, makeDraft: () => usedMessages('req_options', 0) });
    expect(answer).toMatchObject({ kind: 'placed', placing: { option: 1, asks: one(pool) } });
    // Its first option is asked of the store each time, so a lease of the second would lie idle.
    expect(kinds(gateway.store.ops)).toEqual(['hold']);
  });

  test('a request that may be paid in no way is denied', async () => {
    const gateway = await leasing(new World());
    const answer = await gateway.room.place({ requestId: 'req_none', options: [], idempotency: null, makeDraft: () => usedMessages('req_none', 0) });
    expect(answer).toEqual({ kind: 'denied', denials: [] });
  });
});

describe('settling', () => {
  test('a request that is settled twice leaves its lease once', async () => {
    const gateway = await leasing(new World());
    const placing = placedAtOnce(gateway, [{ counter: large, amount: 10n }]);
    await settle(gateway, placing, 4);
    await settle(gateway, placing, 4);
    expect(gateway.store.ops).toMatchObject([
      { isFirstWord: true, lines: [{ leaseId: expect.stringMatching(/^lease_/) }] }, { isFirstWord: false, lines: [{ leaseId: null }] },
    ]);
    placedAtOnce(gateway, [{ counter: large, amount: 4092n }]);
  });

  test('what one request used beyond its lease is not taken from the others in it', async () => {
    const gateway = await leasing(new World());
    const small = placedAtOnce(gateway, [{ counter: large, amount: 10n }]);
    const { leaseIds } = small;
    await settle(gateway, placedAtOnce(gateway, [{ counter: large, amount: 4086n }]), 5000);
    await settle(gateway, small, 0);
    expect(placedAtOnce(gateway, [{ counter: large, amount: 10n }]).leaseIds).toEqual(leaseIds);
  });

  test('what was not used returns to the slice, what was used leaves it', async () => {
    const world = new World();
    const gateway = await leasing(world);
    await settle(gateway, placedAtOnce(gateway, [{ counter: large, amount: 1000n }]), 10);
    expect(world.ledger.counter(large).used).toBe(11n);
    expect(world.ledger.held(large.id)).toBe(4086n);
    expect(gateway.store.ops).toMatchObject([{ kind: 'settle', lines: [{ asked: 1000n, actual: 10n }] }]);
    placedAtOnce(gateway, [{ counter: large, amount: 4086n }]);
  });

  test('what was used beyond the ask is taken from the same lease, and beyond that is for the store to decide', async () => {
    const world = new World();
    const gateway = await leasing(world);
    await settle(gateway, placedAtOnce(gateway, one(large)), 5);
    expect(gateway.store.ops).toMatchObject([{ kind: 'settle', lines: [{ asked: 5n, actual: 5n }] }]);
    expect(world.ledger.held(large.id)).toBe(4091n);
    const rest = placedAtOnce(gateway, [{ counter: large, amount: 4090n }]);
    gateway.store.ops.length = 0;
    await settle(gateway, rest, 5000);
    expect(gateway.store.ops).toMatchObject([{ kind: 'settle', lines: [{ asked: 4091n, actual: 5000n }] }]);
    expect(world.ledger.counter(large).used).toBe(5006n);
  });

  test('a settlement says that it is the first word of its request when nothing was sent before, and only then', async () => {
    const gateway = await leasing(new World());
    const firstWords = (): unknown[] => gateway.store.ops.flatMap((op) => (op.kind === 'settle' ? [op.isFirstWord] : []));
    await settle(gateway, placedAtOnce(gateway, one(large)), 1);
    expect(firstWords()).toEqual([true]);
    await settle(gateway, await placed(gateway, one(messageCounter('q:ws_1:pro:2026-11-21', 10n))), 1);
    expect(firstWords()).toEqual([true, false]);
    await settle(gateway, await placed(gateway, one(large), claim), 1);
    expect(firstWords()).toEqual([true, false, false]);
    gateway.room.settle({ requestId: 'req_nothing', option: 0, asks: [], leaseIds: null, idempotency: null }, { record: usedMessages('req_nothing', 0), reply: null }, () => undefined);
    expect(firstWords()).toEqual([true, false, false, true]);
  });

  test('a placing names the leases it came out of, and null where it needed none', async () => {
    const gateway = await leasing(new World());
    const free = messageCounter('q:ws_1:free:2026-11-21', null);
    expect(placedAtOnce(gateway, [...one(large), ...one(free)]).leaseIds).toEqual([expect.stringMatching(/^lease_/), null]);
  });

  test('a counter without a cap is counted', async () => {
    const world = new World();
    const gateway = await world.start();
    const free = messageCounter('q:ws_1:free:2026-11-21', null);
    await settle(gateway, placedAtOnce(gateway, one(free)), 3);
    expect(gateway.store.ops).toMatchObject([{ kind: 'settle', lines: [{ asked: 0n, actual: 3n, leaseId: null }] }]);
    expect(world.ledger.counter(free).used).toBe(3n);
  });

  test('money lines take the price, message lines the messages', async () => {
    const gateway = await new World().start();
    const wallet: CounterSpec = { ...messageCounter('w:ws_1', null), kind: 'wallet', unit: 'nusd' };
    gateway.room.settle(
      Object.freeze({ requestId: 'req_money', option: 0, asks: [...one(wallet), ...one(large)], leaseIds: null, idempotency: claim }),
      { record: { ...usedMessages('req_money', 2), charge: { messages: 2, nanoUsd: 7n as never, priceVersion: 'x', isUnpriced: false } }, reply: null },
      () => undefined,
    );
    expect(gateway.store.ops).toMatchObject([{ lines: [{ asked: 1n, actual: 7n }, { asked: 1n, actual: 2n }], idempotency: { key: 'k', reply: null }, isFirstWord: false }]);
  });
});

describe('notes', () => {
  test('a request that is open for a second gets a hold of its own, and then one note a second', async () => {
    const world = new World();
    const gateway = await leasing(world);
    const placing = placedAtOnce(gateway, [{ counter: large, amount: 10n }]);
    const note = (): void => { gateway.room.note(placing, () => usedMessages(placing.requestId, 3)); };
    await world.pass(950);
    note();
    expect(gateway.store.ops).toEqual([]);
    await world.pass(50);
    note();
    note();
    await turn();
    expect(kinds(gateway.store.ops)).toEqual(['journal']);
    expect(placing.leaseIds).toBeNull();
    expect(world.ledger.held(large.id)).toBe(4096n);
    await world.pass(1000);
    note();
    note();
    await turn();
    expect(kinds(gateway.store.ops)).toEqual(['journal', 'observe']);
    await settle(gateway, placing, 4);
    note();
    expect(world.ledger.counter(large).used).toBe(5n);
    expect(world.ledger.held(large.id)).toBe(4086n);
    expect(kinds(gateway.store.ops)).toEqual(['journal', 'observe', 'settle']);
    expect(gateway.store.ops.at(-1)).toMatchObject({ isFirstWord: false });
  });

  test('a settlement right behind the note is right, whether or not the note was written', async () => {
    for (const isAway of [false, true]) {
      const world = new World();
      const gateway = await leasing(world);
      const placing = placedAtOnce(gateway, [{ counter: large, amount: 10n }]);
      await world.pass(1000);
      gateway.store.isPrompt = false;
      gateway.room.note(placing, () => usedMessages(placing.requestId, 3));
      gateway.store.isAway = isAway;
      if (isAway) gateway.store.flush();
      gateway.store.isAway = false;
      const settled = settle(gateway, placing, 4);
      gateway.store.flush();
      await settled;
      expect(world.ledger.counter(large).used).toBe(5n);
      expect(world.ledger.held(large.id)).toBe(4092n - (isAway ? 0n : 6n));
      gateway.store.isPrompt = true;
      await world.stop(gateway);
      expect(world.ledger.held(large.id)).toBe(0n);
    }
  });

  test('a request whose note could not be written is still in its lease', async () => {
    const world = new World();
    const gateway = await leasing(world);
    const placing = placedAtOnce(gateway, [{ counter: large, amount: 10n }]);
    await world.pass(1000);
    gateway.store.isAway = true;
    gateway.room.note(placing, () => usedMessages(placing.requestId, 3));
    await turn();
    gateway.store.isAway = false;
    expect(placing.leaseIds).toHaveLength(1);
    await world.pass(6000);
    expect(world.ledger.held(large.id)).toBe(10n);
    await settle(gateway, placing, 4);
    await turn();
    expect(world.ledger.held(large.id)).toBe(0n);
  });
});
