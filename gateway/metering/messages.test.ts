/** This file shows that messages are counted by the contract's formula, whatever the numbers. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countMessages } from './messages.ts';

/** The formula read literally, in unbounded integers. */
function referenceMessages(prompt: bigint, completion: bigint, cached: bigint): bigint {
  const input = prompt - cached / 2n > 0n ? prompt - cached / 2n : 0n;
  const messages = (input + completion + 15_999n) / 16_000n;
  return messages > 1n ? messages : 1n;
}

describe('countMessages', () => {
  const cases = [
    [10, 5, 0, 1], [19_000, 3_000, 4_000, 2], [0, 0, 0, 1], [16_000, 0, 0, 1], [16_000, 1, 0, 2], [16_001, 0, 2, 1],
    [16_001, 0, 1, 2], [31_999, 2, 1, 3], [0, 16_000, 0, 1], [100, 32_000, 0, 3],
  ].map(([promptTokens = 0, completionTokens = 0, cachedTokens = 0, messages = 0]) => ({ promptTokens, completionTokens, cachedTokens, messages }));
  test.each(cases)('prompt $promptTokens, completion $completionTokens, cached $cachedTokens are $messages messages', ({ messages, ...tokens }) => {
    expect(countMessages(tokens)).toBe(messages);
  });

  test('agrees with the formula in unbounded integers for any tokens, also where cached tokens exceed the prompt', () => {
    const tokens = fc.oneof(fc.nat(100_000), fc.nat({ max: 2 ** 31 - 1 }), fc.constantFrom(15_999, 16_000, 16_001, 32_000, 10 ** 12));
    fc.assert(fc.property(tokens, tokens, tokens, (promptTokens, completionTokens, cachedTokens) => {
      const expected = referenceMessages(BigInt(promptTokens), BigInt(completionTokens), BigInt(cachedTokens));
      expect(BigInt(countMessages({ promptTokens, completionTokens, cachedTokens }))).toBe(expected);
    }), { numRuns: 2_000 });
  });
});
