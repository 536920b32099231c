/** This file lets chance drive several gateways on one ledger: no cap is ever passed, and nobody is refused what is there. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { createManualClock } from '../foundation/clock.ts';
import { createIds } from '../foundation/ids.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { createLog } from '../foundation/log.ts';
import type { Ledger, Placed, Placing } from './ledger.ts';
import { ModelLedger, ModelStore, messageCounter, usedMessages } from './ledger-model.suite.ts';
import { createLedger } from './ledger-room.ts';

const GATEWAYS = 3;

type Step =
  | { readonly kind: 'place'; readonly gateway: number; readonly amount: number; readonly isOnBoth: boolean }
  | { readonly kind: 'settle'; readonly which: number; readonly used: number }
  | { readonly kind: 'note'; readonly which: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'turn' }
  | { readonly kind: 'cut'; readonly gateway: number }
  | { readonly kind: 'recap'; readonly cap: number };

const gateway = fc.nat({ max: GATEWAYS - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('place' as const), gateway, amount: fc.integer({ min: 1, max: 40 }), isOnBoth: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('settle' as const), which: fc.nat({ max: 50 }), used: fc.nat({ max: 60 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('note' as const), which: fc.nat({ max: 50 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(50, 300, 1000, 3000) }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'turn' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), gateway }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('recap' as const), cap: fc.integer({ min: 0, max: 60_000 }) }) },
);

interface Open { readonly room: Ledger; readonly placing: Placing }

/** Runs one history; what is promised at every moment is checked at every moment. */
class History {
  readonly clock = createManualClock();
  readonly ledger = new ModelLedger();
  readonly makeId = createIds(this.clock);
  readonly stores: ModelStore[] = [];
  readonly rooms: Ledger[] = [];
  readonly open: Open[] = [];
  readonly waiting = new Set<Promise<void>>();
  first = messageCounter('b:first:all', 50_000n);
  readonly second = messageCounter('b:second:all', 20_000n);
  requests = 0;

  async start(): Promise<void> {
    this.ledger.nowMs = this.clock.now();
    for (let pid = 1; pid <= GATEWAYS; pid++) {
      const store = new ModelStore(this.ledger);
      this.stores.push(store);
      this.rooms.push(await createLedger({
        store, clock: this.clock, makeId: this.makeId, limits: defaultLimits, log: createLog('silent'),
        host: { host: 'here', pid, started: '', isGone: () => false },
      }));
    }
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      this.clock.advance(50);
      this.ledger.nowMs = this.clock.now();
      await turn();
    }
  }

  place({ gateway: index, amount, isOnBoth }: { gateway: number; amount: number; isOnBoth: boolean }): void {
    const room = this.rooms[index] as Ledger;
    const requestId = `req_${++this.requests}`;
    const asks = [{ counter: this.first, amount: BigInt(amount) }, ...(isOnBoth ? [{ counter: this.second, amount: BigInt(amount) }] : [])];
    const take = (placed: Placed): void => { if (placed.kind === 'placed') this.open.push({ room, placing: placed.placing }); };
    const placed = room.place({ requestId, options: [asks], idempotency: null, makeDraft: () => usedMessages(requestId, 0) });
    if (!(placed instanceof Promise)) {
      take(placed);
      return;
    }
    const done: Promise<void> = placed.then(take, () => undefined).finally(() => { this.waiting.delete(done); });
    this.waiting.add(done);
  }

  settle(which: number, used: number): void {
    const [open] = this.open.splice(which % (this.open.length || 1), 1);
    if (!open) return;
    const { placing, room } = open;
    room.settle(placing, { record: usedMessages(placing.requestId, used), reply: null }, () => undefined);
  }

  async run(one: Step): Promise<void> {
    if (one.kind === 'place') this.place(one);
    if (one.kind === 'settle') this.settle(one.which, one.used);
    if (one.kind === 'note') {
      const open = this.open[one.which % (this.open.length || 1)];
      open?.room.note(open.placing, () => usedMessages(open.placing.requestId, 1));
    }
    if (one.kind === 'pass') await this.pass(one.ms);
    if (one.kind === 'turn') await turn();
    if (one.kind === 'recap') this.first = messageCounter(this.first.id, BigInt(one.cap), this.first.capRevision + 1);
    if (one.kind !== 'cut') return;
    const store = this.stores[one.gateway] as ModelStore;
    // Shorter than a gateway is trusted without the store.
    store.isAway = true;
    await this.pass(2000);
    store.isAway = false;
    await this.pass(500);
  }

  /** What is admitted was set aside, counter by counter. */
  check(): void {
    for (const counter of [this.first, this.second]) {
      let admitted = 0n;
      for (const { placing } of this.open) for (const ask of placing.asks) if (ask.counter.id === counter.id) admitted += ask.amount;
      expect(this.ledger.held(counter.id)).toBeGreaterThanOrEqual(admitted);
    }
    const { cap, used } = this.ledger.counter(this.second);
    expect(used + this.ledger.held(this.second.id)).toBeLessThanOrEqual(cap ?? 0n);
  }

  async end(): Promise<void> {
    await this.pass(3500);
    await Promise.all(this.waiting);
    while (this.open.length > 0) this.settle(0, 1);
    await this.pass(7000);
    for (const counter of [this.first, this.second]) expect(this.ledger.held(counter.id)).toBe(0n);
    const closed = this.rooms.map((room) => room.close());
    await this.pass(50);
    await Promise.all(closed);
    expect(this.ledger.holds.size).toBe(0);
  }
}

describe('several gateways, driven by chance', () => {
  test('whatever is admitted was set aside before, no cap is passed, and in the end nothing is held', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), async (steps) => {
      const history = new History();
      await history.start();
      for (const one of steps) {
        await history.run(one);
        if (one.kind === 'turn' || one.kind === 'pass') {
          await turn();
          history.check();
        }
      }
      await history.end();
    }), { numRuns: 60 });
  }, 60_000);

  test('gateways that race for one cap admit exactly what it holds, leased before or not', async () => {
    const races = fc.record({
      ask: fc.integer({ min: 1, max: 50 }),
      cap: fc.integer({ min: 0, max: 100_000 }),
      before: fc.array(gateway, { maxLength: 5 }),
      step: fc.constantFrom(20, 100, 400),
    });
    await fc.assert(fc.asyncProperty(races, async ({ ask, cap, before, step: size }) => {
      const history = new History();
      history.first = messageCounter('b:race:all', BigInt(cap));
      await history.start();
      for (const index of before) {
        history.place({ gateway: index, amount: ask, isOnBoth: false });
        await history.pass(50);
      }
      const fits = Math.floor(cap / ask);
      // As many large requests as leave but a few hundred small ones, so that a race of thousands is a short one.
      const bulk = Math.max(0, fits - size);
      const spent = history.open.length;
      if (bulk > spent) history.place({ gateway: 0, amount: ask * (bulk - spent), isOnBoth: false });
      await history.pass(4000);
      for (let index = 0; index < size + 30; index++) history.place({ gateway: index % GATEWAYS, amount: ask, isOnBoth: false });
      await history.pass(4000);
      await Promise.all(history.waiting);
      const admitted = history.open.reduce((sum, { placing }) => sum + Number(placing.asks[0]?.amount ?? 0n), 0);
      expect(admitted).toBe(fits * ask);
      await history.end();
    }), { numRuns: 60 });
  }, 60_000);
});
