/** This file is what the money room of several gateways must do on one real store, whatever its engine: real leases, real recalls, real crashes. */
import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../foundation/clock.ts';
import { createIds } from '../foundation/ids.ts';
import type { Ask, CounterSpec } from '../foundation/ledger.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { createLog } from '../foundation/log.ts';
import type { Store } from '../store/store.ts';
import type { StorePlace } from '../store/store-under-test.ts';
import type { Ledger, Placed, Placing } from './ledger.ts';
import { messageCounter, usedMessages } from './ledger-model.suite.ts';
import { createLedger } from './ledger-room.ts';
import { createLedgerWatch } from './ledger-watch.ts';
import type { HostFacts } from './node-process.ts';

const TEST_TIMEOUT_MS = 60_000;
const makeId = createIds(systemClock);
const log = createLog('silent');

interface Gateway {
  readonly store: Store;
  readonly room: Ledger;
}

/** Some gateways on one store, each with a connection and a process of its own as far as the others can see. */
class Site {
  readonly #place: StorePlace;
  readonly #stores: Store[] = [];
  readonly dead = new Set<number>();

  constructor(place: StorePlace) {
    this.#place = place;
  }

  async openStore(): Promise<Store> {
    const store = await this.#place.open(systemClock, defaultLimits);
    this.#stores.push(store);
    return store;
  }

  async start(): Promise<Gateway> {
    const pid = this.#stores.length + 1;
    const host: HostFacts = { host: 'here', pid, started: '1', isGone: (node) => this.dead.has(node.pid) };
    const store = await this.openStore();
    return { store, room: await createLedger({ store, clock: systemClock, makeId, limits: defaultLimits, log, host }) };
  }

  async close(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()));
    await this.#place.remove();
  }
}

async function place({ room }: Gateway, asks: readonly Ask[]): Promise<Placed> {
  const requestId = makeId('req');
  return room.place({ requestId, options: [asks], idempotency: null, makeDraft: () => usedMessages(requestId, 0) });
}

function settle({ room }: Gateway, placing: Placing, messages: number): Promise<void> {
  return new Promise((resolve, reject) => {
    room.settle(placing, { record: usedMessages(placing.requestId, messages), reply: null }, (failure) => {
      if (failure) reject(failure);
      else resolve();
    });
  });
}

const after = (ms: number): Promise<void> => new Promise((resolve) => { systemClock.after(ms, resolve); });
const one = (counter: CounterSpec, amount = 1n): Ask[] => [{ counter, amount }];

async function until(isSo: () => Promise<boolean>, withinMs: number): Promise<number> {
  const startedAt = systemClock.monotonic();
  while (!await isSo()) {
    if (systemClock.monotonic() - startedAt > withinMs) throw new Error(`not within ${withinMs} ms`);
    await after(10);
  }
  return systemClock.monotonic() - startedAt;
}

async function counterOf(store: Store, id: string): Promise<{ used: bigint; held: bigint }> {
  const [state] = await store.readCounters([id]);
  return { used: state?.used ?? 0n, held: state?.held ?? 0n };
}

type WithSite = (run: (site: Site) => Promise<void>) => () => Promise<void>;

/** Declares the suite for one engine; ten thousand holds are to be recovered `withinMs`. */
export function describeLedger(engine: string, withinMs: number, makePlace: () => Promise<StorePlace>): void {
  const withSite: WithSite = (run) => async () => {
    const site = new Site(await makePlace());
    try {
      await run(site);
    } finally {
      await site.close();
    }
  };
  describe(`the money room on ${engine}`, () => {
    describeNeighbours(withSite);
    describeCrashes(withSite, withinMs);
  });
}

function describeNeighbours(withSite: WithSite): void {
  test('four gateways race for one cap that one of them has leased from: exactly what it holds is admitted', withSite(async (site) => {
    const gateways = await Promise.all(Array.from({ length: 4 }, () => site.start()));
    const counter = messageCounter('b:race:all', 3003n);
    const [first] = gateways;
    if (!first) throw new Error('no gateway');
    const before = await place(first, one(counter, 2n));
    await until(async () => (await counterOf(first.store, counter.id)).held > 2n, 2000);
    const answers = await Promise.all(gateways.flatMap((gateway) => Array.from({ length: 400 }, () => place(gateway, one(counter, 2n)))));
    const placings = [before, ...answers].filter((answer) => answer.kind === 'placed');
    expect(placings).toHaveLength(1501);
    expect(answers.filter(({ kind }) => kind === 'denied')).toHaveLength(100);
    expect(await counterOf(first.store, counter.id)).toEqual({ used: 0n, held: 3002n });
    expect(await first.store.checkLedger()).toEqual([]);
    await Promise.all(gateways.map(({ room }) => room.close()));
  }), TEST_TIMEOUT_MS);

  test('four gateways settle what was used, not more than the cap, and hold nothing in the end', withSite(async (site) => {
    const gateways = await Promise.all(Array.from({ length: 4 }, () => site.start()));
    const counter = messageCounter('q:ws_1:basic:2026-11-21', 12_000n);
    const free = messageCounter('q:ws_1:free:2026-11-21', null);
    let used = 0n;
    const work = async (gateway: Gateway, index: number): Promise<void> => {
      const answer = await place(gateway, [...one(counter, 3n), ...one(free)]);
      if (answer.kind !== 'placed') return;
      const messages = index % 5;
      used += BigInt(messages);
      if (index % 50 === 0) await after(20);
      await settle(gateway, answer.placing, messages);
    };
    for (let round = 0; round < 10; round++) {
      await Promise.all(gateways.flatMap((gateway) => Array.from({ length: 100 }, (_, index) => work(gateway, index))));
    }
    await Promise.all(gateways.map(({ room }) => room.close()));
    const store = await site.openStore();
    expect(used).toBe(8000n);
    expect(await counterOf(store, counter.id)).toEqual({ used, held: 0n });
    expect(await counterOf(store, free.id)).toEqual({ used, held: 0n });
    expect(await store.listNodes()).toEqual([]);
    const watch = createLedgerWatch({ store, clock: systemClock, log });
    expect(await watch.checkNow()).toEqual([]);
    await watch.close();
  }), TEST_TIMEOUT_MS);
}

function describeCrashes(withSite: WithSite, withinMs: number): void {
  test('a gateway that dies is recovered when the next one starts: what was noted is charged, what it leased is free', withSite(async (site) => {
    const dead = await site.start();
    const counter = messageCounter('b:crash:all', 100_000n);
    const own = await place(dead, one(counter, 10n));
    await until(async () => (await counterOf(dead.store, counter.id)).held > 10n, 2000);
    const leased = await place(dead, one(counter, 10n));
    const long = await place(dead, one(counter, 10n));
    if (own.kind !== 'placed' || leased.kind !== 'placed' || long.kind !== 'placed') throw new Error('refused');
    await after(1050);
    for (const { placing } of [own, long]) dead.room.note(placing, () => usedMessages(placing.requestId, 4));
    await until(() => Promise.resolve(dead.store.pendingRecords === 0), 2000);
    site.dead.add(1);
    const next = await site.start();
    await until(async () => (await counterOf(next.store, counter.id)).held === 0n, 2000);
    expect(await counterOf(next.store, counter.id)).toEqual({ used: 8n, held: 0n });
    expect(await next.store.checkLedger()).toEqual([]);
    // It was only stopped: what it settles now has been settled before, or was free.
    await settle(dead, long.placing, 9);
    expect((await counterOf(next.store, counter.id)).used).toBe(8n);
    await settle(dead, leased.placing, 9);
    expect((await counterOf(next.store, counter.id)).used).toBe(17n);
    await Promise.all([dead.room.close(), next.room.close()]);
    expect(await next.store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('one that dies with ten thousand holds open is recovered soon after the next start', withSite(async (site) => {
    const dead = await site.start();
    // Too small to be leased, so that each request has a hold of its own.
    const counters = Array.from({ length: 20 }, (_, index) => messageCounter(`b:many-${index}:all`, 500n));
    const held = async (store: Store): Promise<bigint> => (await store.readCounters(counters.map(({ id }) => id))).reduce((sum, counter) => sum + counter.held, 0n);
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(counters.flatMap((counter) => Array.from({ length: 50 }, () => place(dead, one(counter)))));
      expect(answers.every(({ kind }) => kind === 'placed')).toBe(true);
    }
    expect(await held(dead.store)).toBe(10_000n);
    site.dead.add(1);
    const startedAt = systemClock.monotonic();
    const next = await site.start();
    await until(async () => await held(next.store) === 0n, withinMs);
    expect(systemClock.monotonic() - startedAt).toBeLessThan(withinMs);
    await Promise.all([dead.room.close(), next.room.close()]);
    expect(await next.store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);
}
