/** This file shows what of a request is noted while it runs, and how the money room closes. */
import { describe, expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { createManualClock } from '../foundation/clock.ts';
import { createIds } from '../foundation/ids.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { createLog } from '../foundation/log.ts';
import { messageCounter, ModelLedger, ModelStore, usedMessages } from './ledger-model.suite.ts';
import { createLedger } from './ledger-room.ts';
import { World, hostOf, large, leasing, one, placedAtOnce, settle } from './ledger-world.suite.ts';

const free = messageCounter('q:ws_1:free:2026-11-21', null);

describe('notes', () => {
  test('a request that has ended, or was placed elsewhere, is not noted', async () => {
    const world = new World();
    const gateway = await leasing(world);
    const placing = placedAtOnce(gateway, one(large));
    await settle(gateway, placing, 1);
    gateway.store.ops.length = 0;
    await world.pass(1000);
    const makeRecord = (): never => { throw new Error('there is nothing to note'); };
    gateway.room.note(placing, makeRecord);
    gateway.room.note({ requestId: 'req_elsewhere', option: 0, asks: [], leaseIds: null, idempotency: null }, makeRecord);
    expect(gateway.store.ops).toEqual([]);
  });

  test.each([false, true])('what has no cap is noted with what has one, and counted once; the store is away: %s', async (isAway) => {
    const world = new World();
    const gateway = await leasing(world);
    const placing = placedAtOnce(gateway, [...one(free), { counter: large, amount: 10n }]);
    await world.pass(1000);
    gateway.store.isAway = isAway;
    gateway.room.note(placing, () => usedMessages(placing.requestId, 3));
    await turn();
    gateway.store.isAway = false;
    const nowMs = world.clock.now();
    expect(gateway.store.ops).toMatchObject([{
      kind: 'journal', nowMs, expiresMs: nowMs + defaultLimits.holdMs,
      lines: [{ leaseId: '', ask: { counter: free } }, { leaseId: expect.stringMatching(/^lease_/), ask: { amount: 10n } }],
    }]);
    await settle(gateway, placing, 4);
    expect(world.ledger.counter(free).used).toBe(4n);
    expect(world.ledger.counter(large).used).toBe(5n);
  });

  test('a lease whose last request got a hold of its own is over once it is idle', async () => {
    const world = new World();
    const gateway = await leasing(world);
    const placing = placedAtOnce(gateway, [{ counter: large, amount: 10n }]);
    await world.pass(1000);
    gateway.room.note(placing, () => usedMessages(placing.requestId, 3));
    await turn();
    gateway.store.ops.length = 0;
    await world.pass(defaultLimits.leaseIdleMs);
    expect(gateway.store.ops).toMatchObject([{ kind: 'give_back', changes: [{ amount: 4096n }] }]);
    expect(world.ledger.held(large.id)).toBe(10n);
  });
});

/** A room whose timers are counted and whose warnings are kept. */
async function openRoom() {
  const manual = createManualClock();
  const store = new ModelStore(new ModelLedger());
  const timers = new Set<() => void>();
  const counted = (start: (fire: () => void) => () => void, fire: () => void, isOnce: boolean): (() => void) => {
    const cancel = start(() => {
      if (isOnce) timers.delete(stop);
      fire();
    });
    const stop = (): void => {
      timers.delete(stop);
      cancel();
    };
    timers.add(stop);
    return stop;
  };
  const clock = {
    ...manual,
    after: (ms: number, fire: () => void) => counted((each) => manual.after(ms, each), fire, true),
    every: (ms: number, fire: () => void) => counted((each) => manual.every(ms, each), fire, false),
  };
  const lines: string[] = [];
  const log = createLog('warn', { write: (line) => { lines.push(line); } });
  const room = await createLedger({ store, clock, makeId: createIds(clock), limits: defaultLimits, log, host: hostOf(1) });
  return { store, room, timers, lines };
}

describe('closing', () => {
  test('what is leased and unused is given back before this gateway signs off', async () => {
    const world = new World();
    const gateway = await leasing(world);
    const closed = gateway.room.close();
    await turn();
    expect(gateway.store.ops).toMatchObject([{ kind: 'give_back', changes: [{ counterId: large.id, amount: 4096n }] }, { kind: 'give_back', changes: [] }]);
    await closed;
    expect(world.ledger.nodes.size).toBe(0);
  });

  test('a room that is closed leaves no timer behind, and has nothing to say', async () => {
    const { room, timers, lines } = await openRoom();
    await turn();
    expect(timers.size).toBeGreaterThan(0);
    await room.close();
    expect(timers.size).toBe(0);
    expect(lines).toEqual([]);
  });

  test('one that can\'t hand over its last word does not sign off, and says which node others will look after', async () => {
    const { store, room, lines } = await openRoom();
    const [node] = await store.listNodes();
    store.onAnswer = () => new Error('lost');
    await room.close();
    expect(await store.listNodes()).toHaveLength(1);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ nodeId: node?.id }]);
  });
});
