/** This file tests that several gateways together spend no more on shadows in a day than its limit, and put back what they did not spend. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createShadowPurse } from './shadow-purse.ts';
import type { PurseParts } from './shadow-purse.ts';

const DAY_MS = 86_400_000;

/** One store, and what was taken out of it by day. */
function storeOf(): { readonly taken: Map<number, bigint>; readonly store: PurseParts['store'] } {
  const taken = new Map<number, bigint>();
  const move = (dayMs: number, amount: bigint): void => { taken.set(dayMs, (taken.get(dayMs) ?? 0n) + amount); };
  return {
    taken,
    store: {
      takeShadowMoney({ dayMs, limit }, amount) {
        if ((taken.get(dayMs) ?? 0n) + amount > limit) return Promise.resolve(false);
        move(dayMs, amount);
        return Promise.resolve(true);
      },
      returnShadowMoney({ dayMs }, amount) {
        move(dayMs, -amount);
        return Promise.resolve();
      },
    },
  };
}

test('whatever is asked of however many gateways, a day never costs more than its limit, and at the end what was spent is what was taken', async () => {
  const calls = fc.array(fc.record({ gateway: fc.nat({ max: 2 }), most: fc.bigInt({ min: 0n, max: 400n }), share: fc.double({ min: 0, max: 1, noNaN: true }), isAtOnce: fc.boolean() }), { minLength: 1, maxLength: 40 });
  await fc.assert(fc.asyncProperty(calls, fc.bigInt({ min: 0n, max: 3000n }), async (asked, limit) => {
    const { taken, store } = storeOf();
    const gateways = [0, 1, 2].map(() => createShadowPurse({ store, clock: { now: () => 5 * DAY_MS + 7 } }));
    let spent = 0n;
    let waiting: Promise<void>[] = [];
    for (const { gateway, most, share, isAtOnce } of asked) {
      waiting.push((gateways[gateway]?.reserve('roll_1', most, limit) ?? Promise.resolve(null)).then((reserved) => {
        if (!reserved) return;
        const cost = BigInt(Math.floor(Number(most) * share));
        spent += cost;
        reserved.settle(cost);
      }));
      if (!isAtOnce) waiting = [await Promise.all(waiting).then(() => undefined)].flatMap(() => []);
    }
    await Promise.all(waiting);
    expect(spent <= limit).toBe(true);
    for (const gateway of gateways) await gateway.close();
    expect(taken.get(5 * DAY_MS) ?? 0n).toBe(spent);
  }));
});

test('a new day has its own money', async () => {
  const { taken, store } = storeOf();
  let nowMs = DAY_MS;
  const purse = createShadowPurse({ store, clock: { now: () => nowMs } });
  expect(await purse.reserve('roll_1', 100n, 100n)).not.toBeNull();
  expect(await purse.reserve('roll_1', 1n, 100n)).toBeNull();
  nowMs += DAY_MS;
  const reserved = await purse.reserve('roll_1', 100n, 100n);
  reserved?.settle(40n);
  await purse.close();
  expect([taken.get(DAY_MS), taken.get(2 * DAY_MS)]).toEqual([100n, 40n]);
});
