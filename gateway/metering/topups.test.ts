import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_TERMS, NANO_PER_CENT, computeTopup, formatUsd, transfersOf } from './topups.ts';
import type { TopupTerms } from './topups.ts';

const USD = 1_000_000_000n;
const deducted: TopupTerms = { ...DEFAULT_TERMS, feeMode: 'deducted' };
const payment = { provider: 'stripe', id: 'stripe:cs_1', workspaceId: 'ws_1', topupId: 'topup_1' };

describe('what a top-up costs', () => {
  test('as shipped, 10 USD cost 10.50 and are credited in full', () => {
    expect(computeTopup(10n * USD, DEFAULT_TERMS)).toEqual({ pays: 10_500_000_000n, fee: 500_000_000n, credits: 10_000_000_000n });
  });

  test('with the fee deducted, 10 USD are paid and 9.50 credited', () => {
    expect(computeTopup(10n * USD, deducted)).toEqual({ pays: 10_000_000_000n, fee: 500_000_000n, credits: 9_500_000_000n });
  });

  test('the fee is rounded up to a whole cent', () => {
    // 5 % of 10.01 is 0.5005.
    expect(computeTopup(10_010_000_000n, DEFAULT_TERMS)).toEqual({ pays: 10_520_000_000n, fee: 510_000_000n, credits: 10_010_000_000n });
    expect(computeTopup(10_010_000_000n, { ...DEFAULT_TERMS, feeBasisPoints: 1 }).fee).toBe(NANO_PER_CENT);
  });

  test('no fee is no fee', () => {
    expect(computeTopup(10n * USD, { ...DEFAULT_TERMS, feeBasisPoints: 0 })).toEqual({ pays: 10n * USD, fee: 0n, credits: 10n * USD });
  });

  test.each([
    ['a cent less than the least', 9_990_000_000n, /at least 10\.00 USD/],
    ['a cent more than the most', 100_000_010_000_000n, /at most 100000\.00 USD/],
    ['a tenth of a cent', 10_001_000_000n, /whole number of cents/],
    ['a nano-USD', 10_000_000_001n, /whole number of cents/],
  ])('%s is refused', (_what, amount, message) => {
    expect(() => computeTopup(amount, DEFAULT_TERMS)).toThrow(expect.objectContaining({ code: 'invalid_request', message: expect.stringMatching(message) as unknown }));
  });

  test('the least and the most are taken', () => {
    expect(computeTopup(10n * USD, DEFAULT_TERMS).credits).toBe(10n * USD);
    expect(computeTopup(100_000n * USD, DEFAULT_TERMS).credits).toBe(100_000n * USD);
  });

  test('a top-up of which the fee would leave nothing is refused', () => {
    const terms: TopupTerms = { feeMode: 'deducted', feeBasisPoints: 500, minimum: NANO_PER_CENT };
    expect(() => computeTopup(NANO_PER_CENT, terms)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    expect(computeTopup(2n * NANO_PER_CENT, terms)).toEqual({ pays: 2n * NANO_PER_CENT, fee: NANO_PER_CENT, credits: NANO_PER_CENT });
  });

  test('whatever is topped up: it adds up, in whole cents, and the fee is short of its share by nothing and over it by less than a cent', () => {
    fc.assert(fc.property(fc.bigInt(1000n, 10_000_000n), fc.integer({ min: 0, max: 5000 }), fc.constantFrom('on_top' as const, 'deducted' as const), (cents, feeBasisPoints, feeMode) => {
      const amount = cents * NANO_PER_CENT;
      const { pays, fee, credits } = computeTopup(amount, { feeMode, feeBasisPoints, minimum: 10n * USD });
      expect(pays).toBe(credits + fee);
      expect(feeMode === 'on_top' ? credits : pays).toBe(amount);
      expect([pays, fee, credits].map((each) => each % NANO_PER_CENT)).toEqual([0n, 0n, 0n]);
      expect(credits > 0n).toBe(true);
      const excess = fee * 10_000n - amount * BigInt(feeBasisPoints);
      expect(excess >= 0n && excess < NANO_PER_CENT * 10_000n).toBe(true);
    }));
  });
});

describe('what a payment moves', () => {
  test('the credit goes to the wallet and the fee past it, under ids that follow from the payment', () => {
    expect(transfersOf(payment, computeTopup(10n * USD, DEFAULT_TERMS), 7)).toEqual([
      { id: 'tu:stripe:cs_1', kind: 'topup', workspaceId: 'ws_1', debitAccount: 'ext:stripe', creditAccount: 'w:ws_1', amount: 10n * USD, reference: 'topup_1', note: null, createdMs: 7 },
      { id: 'fee:stripe:cs_1', kind: 'fee', workspaceId: 'ws_1', debitAccount: 'ext:stripe', creditAccount: 'sys:fees', amount: 500_000_000n, reference: 'topup_1', note: null, createdMs: 7 },
    ]);
  });

  test('a fee of nothing is no movement', () => {
    expect(transfersOf(payment, computeTopup(10n * USD, { ...DEFAULT_TERMS, feeBasisPoints: 0 }), 7).map((row) => row.kind)).toEqual(['topup']);
  });
});

describe('how money is written', () => {
  test.each([
    [0n, '0.00'], [1n, '0.000000001'], [10_000_000n, '0.01'], [10_500_000_000n, '10.50'], [-15_000n, '-0.000015'], [-1_000_000_000n, '-1.00'],
    [9_223_372_036_854_775_807n, '9223372036.854775807'], [1_230_000_000n, '1.23'], [1_234_000_000n, '1.234'],
  ])('%s nano-USD are %s USD', (nanoUsd, text) => {
    expect(formatUsd(nanoUsd)).toBe(text);
  });
});
