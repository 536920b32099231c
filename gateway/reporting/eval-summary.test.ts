/** This file tests what a run of an eval set comes to: who is better only where figures say so, and what a useful answer costs. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readEvalFacts, writeEvalFacts } from '../foundation/eval-facts.ts';
import type { EvalFacts, EvalVerdict } from '../foundation/eval-facts.ts';
import { createEvalTally } from './eval-summary.ts';
import { percentile, wilson } from './interval.ts';

function facts(changes: Partial<EvalFacts>): EvalFacts {
  return {
    itemId: 'evitem_1', itemName: null, contender: 0, repetition: 0, verdict: 'pass', checks: [], errorCode: null, model: 'a', target: 'a', attempts: 1, waits: 0,
    promptTokens: 1, completionTokens: 1, costNanoUsd: 100n, judgeCostNanoUsd: 7n, latencyMs: 10, requests: [], endedMs: 1, ...changes,
  };
}

function sum(all: readonly EvalFacts[], contenders = [{ model: 'a' }, { model: 'b' }]): ReturnType<ReturnType<typeof createEvalTally>['summarise']> {
  const tally = createEvalTally();
  for (const each of all) tally.add(each);
  return tally.summarise({ evalId: 'eval_1', runId: 'evrun_1', state: 'completed', spentNanoUsd: 5n, contenders });
}

const many = (count: number, changes: Partial<EvalFacts>): EvalFacts[] => Array.from({ length: count }, (_, index) => facts({ itemId: `evitem_${index}`, ...changes }));

describe('the interval', () => {
  test('is Wilson’s, as others work it out', () => {
    // Worked out apart, by the formula in Python.
    for (const [count, total, low, high] of [[29, 30, 0.8333, 0.9941], [12, 30, 0.2459, 0.5768], [0, 10, 0, 0.2775], [10, 10, 0.7225, 1]] as const) {
      const interval = wilson(count, total);
      expect([interval.low, interval.high].map((end) => Math.round(end * 10_000) / 10_000)).toEqual([low, high]);
    }
  });

  test('holds the share, lies within 0 and 1, and is everything of nothing', () => {
    fc.assert(fc.property(fc.nat(500), fc.nat(500), (passed, more) => {
      const { low, high } = wilson(passed, passed + more);
      const share = passed + more === 0 ? 0.5 : passed / (passed + more);
      expect(low >= 0 && low <= share && share <= high && high <= 1).toBe(true);
    }));
  });

  test('a percentile is a value that was seen', () => {
    expect([percentile([], 50), percentile([4], 95), percentile([1, 2, 3, 4], 50), percentile(Array.from({ length: 100 }, (_, at) => at + 1), 95)]).toEqual([null, 4, 2, 95]);
  });
});

describe('a summary', () => {
  test('names who is better when intervals say so, and nobody when they overlap', () => {
    const clear = sum([...many(29, {}), ...many(1, { verdict: 'fail' }), ...many(12, { contender: 1 }), ...many(18, { contender: 1, verdict: 'fail' })]);
    expect(clear.winner).toBe(0);
    expect(clear.conclusion[0]).toBe('a (#1) is better: 29 of 30 passed (97 %, 83 to 99 %), against 12 of 30 passed (40 %, 25 to 58 %) of b (#2).');
    const close = sum([...many(5, {}), ...many(4, { contender: 1 }), ...many(1, { contender: 1, verdict: 'fail' })]);
    expect(close.winner).toBeNull();
    expect(close.conclusion[0]).toContain('There is no clear difference in quality');
  });

  test('a useful answer costs what all calls cost, failed ones among them; the judge’s are told apart', () => {
    const { contenders: [first] } = sum([...many(3, {}), ...many(1, { verdict: 'fail' }), ...many(1, { verdict: 'error', errorCode: 'upstream_timeout', latencyMs: null, costNanoUsd: 0n, attempts: 3 })]);
    expect(first).toMatchObject({
      answers: 5, passed: 3, failed: 1, errors: 1, cost_nano_usd: '400', judge_cost_nano_usd: '35', cost_per_useful_nano_usd: '134', attempts_per_answer: 7 / 5, pass_rate: 3 / 5,
      error_classes: [{ code: 'upstream_timeout', count: 1 }],
    });
    expect(sum(many(2, { verdict: 'fail' })).contenders[0]).toMatchObject({ cost_per_useful_nano_usd: null });
  });

  test('what could not be judged is neither passed nor failed', () => {
    const { contenders: [first], conclusion } = sum([...many(1, {}), ...many(3, { verdict: 'undetermined' })]);
    expect(first).toMatchObject({ answers: 4, passed: 1, undetermined: 3, pass_rate: 1 });
    expect(conclusion.join(' ')).toContain('3 of 4 answers of a (#1) could not be judged');
  });

  test('a prompt is unstable when some of its answers passed and others did not', () => {
    const asked = (itemId: string, verdicts: readonly EvalVerdict[]): EvalFacts[] => verdicts.map((verdict, repetition) => facts({ itemId, repetition, verdict }));
    const { contenders: [first, second] } = sum([...asked('evitem_1', ['pass', 'fail']), ...asked('evitem_2', ['pass', 'pass']), ...asked('evitem_3', ['fail', 'error']), ...asked('evitem_4', ['pass'])]);
    expect(first).toMatchObject({ instability: 1 / 3, unstable_items: ['evitem_1'] });
    expect(second).toMatchObject({ instability: null, answers: 0, pass_rate: null });
  });

  test('of no answers says that nothing can be said', () => {
    expect(sum([]).conclusion).toEqual(['There is no answer yet, so nothing can be said.']);
  });

  test('tells cost and pace with their figures', () => {
    const { conclusion } = sum([...many(10, { costNanoUsd: 2_500_000n }), ...many(10, { contender: 1, costNanoUsd: 10_000_000n, latencyMs: 1800 })]);
    expect(conclusion).toContain('The second costs 4.0 times as much: 0.0025 USD per useful answer of a (#1), 0.010 USD of b (#2), failed ones counted in. As quality does not tell them apart, the cheaper one will do.');
    expect(conclusion).toContain('a (#1) is quicker: half of the answers of a (#1) were there after 10 ms (95 % after 10 ms), of b (#2) after 1.8 s (95 % after 1.8 s).');
  });
});

test('facts are read back as they were written', () => {
  const whole = facts({ costNanoUsd: 9_007_199_254_740_993n, checks: [{ type: 'regex', verdict: 'undetermined' }], verdict: 'undetermined', requests: ['req_1'], latencyMs: null });
  expect(readEvalFacts(writeEvalFacts(whole))).toEqual(whole);
  expect(readEvalFacts('{}')).toMatchObject({ verdict: null, costNanoUsd: 0n, requests: [] });
});
