/** This file tests that no budget of a run is ever exceeded, whatever calls cost, in whatever order they end. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createRunBudget } from './budget.ts';
import type { Reservation } from './budget.ts';

/** A call as it goes: what it may cost, how much of that it costs, and how many others end before it. */
const call = fc.record({ most: fc.bigInt(0n, 10n ** 12n), share: fc.nat(1000), ends: fc.nat(8) });

test('what was spent and what is set aside never pass the budget, and all that fits is let through', () => {
  fc.assert(fc.property(fc.bigInt(0n, 10n ** 13n), fc.bigInt(0n, 10n ** 12n), fc.array(call, { maxLength: 200 }), (budget, spentBefore, calls) => {
    const run = createRunBudget(budget, spentBefore);
    const open: { reservation: Reservation; cost: bigint }[] = [];
    let set = 0n;
    for (const { most, share, ends } of calls) {
      const fits = run.spent + set + most <= budget;
      const reservation = run.reserve(most);
      expect(reservation !== null).toBe(fits);
      if (reservation) {
        open.push({ reservation, cost: most * BigInt(share) / 1000n });
        set += most;
      }
      for (const { reservation: ended, cost } of open.splice(0, ends)) {
        run.end(ended, cost);
        run.end(ended, cost);
        set -= ended.nanoUsd;
      }
      expect(run.open).toBe(open.length);
      expect(run.spent + set <= budget || run.spent === spentBefore).toBe(true);
    }
    for (const { reservation, cost } of open) run.end(reservation, cost);
    expect(run.spent <= budget || run.spent === spentBefore).toBe(true);
  }));
});

test('who waits is woken when a call ends, and does not wait when none is under way', async () => {
  const run = createRunBudget(10n, 0n);
  await run.whenFreed();
  const reservation = run.reserve(10n);
  expect(run.reserve(1n)).toBeNull();
  let isFreed = false;
  const freed = run.whenFreed().then(() => { isFreed = true; });
  await Promise.resolve();
  expect(isFreed).toBe(false);
  if (reservation) run.end(reservation, 4n);
  await freed;
  expect([isFreed, run.spent, run.open]).toEqual([true, 4n, 0]);
});
