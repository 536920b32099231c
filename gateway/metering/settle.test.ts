/** This file shows which usage is believed, and that a zero is a value. */
import { describe, expect, test } from '@jest/globals';
import { toNanoUsd } from '../foundation/money.ts';
import type { Usage } from '../foundation/terms.ts';
import { NO_USAGE, settle } from './settle.ts';

const target = { price: { version: 'test@1', input: toNanoUsd(1_000_000), output: toNanoUsd(2_000_000) } };
const usage: Usage = { promptTokens: 100, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: 10, reasoningTokens: 0 };
const other: Usage = { ...usage, promptTokens: 999 };

describe('settle', () => {
  test('what the provider reports is charged, whatever was counted', () => {
    const settlement = settle({ reported: usage, counted: other, target });
    expect(settlement).toEqual({ usage, basis: 'provider', charge: { messages: 1, nanoUsd: 120n, priceVersion: 'test@1', isUnpriced: false } });
  });

  test('a reported usage of zero is believed and not replaced by a count', () => {
    const settlement = settle({ reported: NO_USAGE, counted: other, target });
    expect(settlement.basis).toBe('provider');
    expect(settlement.charge.nanoUsd).toBe(0n);
  });

  test('without a report the counted usage is charged and says so', () => {
    expect(settle({ reported: null, counted: usage, target })).toMatchObject({ usage, basis: 'counted', charge: { nanoUsd: 120n } });
    expect(settle({ reported: null, counted: usage, countedBasis: 'observed', target }).basis).toBe('observed');
  });

  test('without any usage nothing is charged, not even one message', () => {
    expect(settle({ reported: null, counted: null, target }))
      .toEqual({ usage: NO_USAGE, basis: 'none', charge: { messages: 0, nanoUsd: 0n, priceVersion: 'test@1', isUnpriced: false } });
    expect(settle({ reported: null, counted: null, target: null }).charge.isUnpriced).toBe(true);
  });

  test.each([[0, 0n, 0], [1, 2n, 1], [50, 60n, 1], [99, 119n, 1], [100, 120n, 1]])('of an answer out of the cache %s percent is charged, rounded up', (cachedPercent, nanoUsd, messages) => {
    expect(settle({ reported: usage, counted: null, target, cachedPercent })).toEqual({ usage, basis: 'cached', charge: { messages, nanoUsd, priceVersion: 'test@1', isUnpriced: false } });
    expect(settle({ reported: null, counted: null, target, cachedPercent })).toMatchObject({ basis: 'none', charge: { nanoUsd: 0n, messages: 0 } });
  });

  test('the usage returned is the bounded one that was charged', () => {
    const settlement = settle({ reported: { ...usage, cachedTokens: 5_000 }, counted: null, target });
    expect(settlement.usage.cachedTokens).toBe(100);
  });
});
