/** This file lets chance drive the ledger on SQLite beside a reference, with crashes at any statement: both say the same, and every promise is kept. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LedgerHistory } from './ledger-history.suite.ts';
import type { Step } from './ledger-history.suite.ts';

const which = fc.nat({ max: 1000 });
const node = fc.nat({ max: 2 });
const shape = fc.nat({ max: 7 });
const amount = fc.nat({ max: 20 });
const breaks = fc.option(fc.nat({ max: 25 }), { freq: 4 });
const isLate = fc.integer({ min: 0, max: 5 }).map((each) => each === 0);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('hold' as const), node, shape, amount, key: fc.option(fc.nat({ max: 10 }), { freq: 3 }), giveBack: fc.option(which) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('admit' as const), node, shape, amount }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('settle' as const), which, used: amount, isLate, isKept: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass_by' as const), shape, used: amount, isPoison: isLate }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('observe' as const), which, used: amount, isLate }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('journal' as const), which, isLate }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('lease' as const), node, counter: fc.nat({ max: 5 }), amount, isAgain: isLate }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('give_back' as const), which, amount }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('again' as const), which }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('commit' as const), breaks, isLost: isLate, isDropped: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('credit' as const), amount: fc.integer({ min: -2000, max: 8000 }), breaks }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('refund' as const), which, amount: fc.nat({ max: 800 }), breaks }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), node, breaks }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep' as const), breaks }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), which, breaks }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('recap' as const), counter: fc.nat({ max: 5 }), cap: fc.nat({ max: 200 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(10, 1000, 9999, 10_000, 30_000, 60_000) }) },
);

test('whatever is asked of it, in whatever order, and wherever it breaks off, the ledger agrees with the reference', () => {
  let crashes = 0;
  fc.assert(fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
    const history = new LedgerHistory();
    for (const each of steps) history.take(each);
    history.finish();
    crashes += history.counts.crashes;
  }), { numRuns: 200 });
  expect(crashes).toBeGreaterThan(100);
}, 120_000);
