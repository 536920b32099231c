/** This file counts messages: the unit of plans, 16,000 tokens each, cached prompt tokens at half. */

/** Tokens of one message. */
export const TOKENS_PER_MESSAGE = 16_000;

export interface MessageTokens {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Part of `promptTokens` that the upstream read from its cache. */
  readonly cachedTokens: number;
}

/**
 * Counts the messages a request is worth; every request is worth at least one. The formula is the contract's:
 * `max(1, ceil((max(0, prompt − floor(cached × 0.5)) + completion) / 16000))`, here in whole numbers only.
 * Takes whole, non-negative tokens whose sum is a safe integer (`boundUsage` in `price.ts` makes them so).
 */
export function countMessages({ promptTokens, completionTokens, cachedTokens }: MessageTokens): number {
  const cachedDiscount = (cachedTokens - (cachedTokens % 2)) / 2;
  const tokens = Math.max(0, promptTokens - cachedDiscount) + completionTokens;
  const rest = tokens % TOKENS_PER_MESSAGE;
  return Math.max(1, (tokens - rest) / TOKENS_PER_MESSAGE + (rest > 0 ? 1 : 0));
}
