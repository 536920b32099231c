/** This file turns a usage into a charge: exact integer arithmetic, rounded once, up, per request. */
import { toNanoUsd, ZERO_NANO_USD } from '../foundation/money.ts';
import type { NanoUsd } from '../foundation/money.ts';
import type { LongPromptPrice, Price } from '../foundation/prices.ts';
import type { Charge, Usage } from '../foundation/terms.ts';
import { boundMedia, mediaCost, mediaMessages } from './media.ts';
import { countMessages } from './messages.ts';

/** Prices are for this many tokens. */
export const TOKENS_PER_PRICE = 1_000_000n;

/** More tokens than any request can have; sums of a few of these stay safe integers. */
const TOKENS_MAX = 1_000_000_000_000;

/** The price version of a target that is explicitly without a price. */
export const UNPRICED = 'unpriced';

/**
 * Charges a usage at a target's price. A null price gives `isUnpriced` and 0, never a guess. What was generated costs
 * `output`, what the model thought with `reasoning`; of the prompt, cached tokens cost `cacheRead`, tokens written to the
 * cache `cacheWrite`, the rest `input`. A price without `reasoning` charges that at `output`, one without `cacheRead` or
 * `cacheWrite` those at `input`. A prompt past a long-prompt threshold, cached tokens included, has the whole request
 * charged at that threshold's rates. What has no tokens is charged beside them (`media.ts`), and counts as no fewer messages than it
 * has images, seconds of video or minutes of audio.
 * The error of the one rounding is below one nano-USD per request, in the operator's favour.
 */
export function priceUsage(usage: Usage, price: Price | null): Charge {
  const bounded = boundUsage(usage);
  return {
    messages: bounded.media ? Math.max(countMessages(bounded), mediaMessages(bounded.media)) : countMessages(bounded),
    nanoUsd: price === null ? ZERO_NANO_USD : chargeFor(bounded, price),
    priceVersion: price === null ? UNPRICED : price.version,
    isUnpriced: price === null,
  };
}

/**
 * Makes a usage add up, whatever an upstream said: every count is a whole number from 0 up, cached and cache-write
 * tokens are part of the prompt (cached first), reasoning is part of the completion. A usage that adds up is returned as it is.
 */
export function boundUsage(usage: Usage): Usage {
  const promptTokens = boundTokens(usage.promptTokens, TOKENS_MAX);
  const cachedTokens = boundTokens(usage.cachedTokens, promptTokens);
  const cacheWriteTokens = boundTokens(usage.cacheWriteTokens, promptTokens - cachedTokens);
  const completionTokens = boundTokens(usage.completionTokens, TOKENS_MAX);
  const reasoningTokens = boundTokens(usage.reasoningTokens, completionTokens);
  const addsUp = promptTokens === usage.promptTokens && cachedTokens === usage.cachedTokens
    && cacheWriteTokens === usage.cacheWriteTokens && completionTokens === usage.completionTokens
    && reasoningTokens === usage.reasoningTokens;
  if (addsUp && !usage.media) return usage;
  return { promptTokens, cachedTokens, cacheWriteTokens, completionTokens, reasoningTokens, ...(usage.media ? { media: boundMedia(usage.media) } : {}) };
}

function boundTokens(tokens: number, max: number): number {
  // `> 0` is also false for NaN, so what is not a number counts as nothing.
  return tokens > 0 ? Math.min(Math.floor(tokens), max) : 0;
}

/** True where tokens cost something; false for a target that is paid by the image, the second or the character alone, and for one without a price. */
export function hasTokenPrice(price: Price | null | undefined): boolean {
  return price ? price.input > 0n || price.output > 0n : false;
}

/** The rates of a whole request: those of the last threshold its prompt exceeds, or the plain ones. */
export function ratesFor(promptTokens: number, price: Price): Price | LongPromptPrice {
  return price.longPrompts?.findLast((long) => promptTokens > long.abovePromptTokens) ?? price;
}

/** What is charged for less video than was reckoned with, in ms; more is charged as what was. Rounded up, as any charge is. */
export function priceLessVideo({ usage, charge }: { readonly usage: Usage; readonly charge: Charge }, videoMs: number): { readonly usage: Usage; readonly charge: Charge } {
  const { media } = usage;
  if (!media || videoMs >= media.videoMs) return { usage, charge };
  const less = { ...usage, media: boundMedia({ ...media, videoMs }) };
  return {
    usage: less,
    charge: { ...charge, messages: Math.max(countMessages(less), mediaMessages(less.media)), nanoUsd: toNanoUsd(divideUp(charge.nanoUsd * BigInt(less.media.videoMs), BigInt(media.videoMs))) },
  };
}

// Five BigInt products and a division take about 0.3 µs; a float path would save nothing worth a proof.
function chargeFor(usage: Usage, price: Price): NanoUsd {
  const freshTokens = usage.promptTokens - usage.cachedTokens - usage.cacheWriteTokens;
  const rates = ratesFor(usage.promptTokens, price);
  const audioRate = price.media?.megaAudioTokens;
  const audioTokens = audioRate === undefined ? 0 : Math.min(usage.media?.audioTokens ?? 0, freshTokens);
  const imageRate = price.media?.megaImageTokens;
  const imageTokens = imageRate === undefined ? 0 : Math.min(usage.media?.imageTokens ?? 0, freshTokens - audioTokens);
  const total = BigInt(freshTokens - audioTokens - imageTokens) * rates.input
    + BigInt(audioTokens) * (audioRate ?? 0n)
    + BigInt(imageTokens) * (imageRate ?? 0n)
    + BigInt(usage.cachedTokens) * (rates.cacheRead ?? rates.input)
    + BigInt(usage.cacheWriteTokens) * (rates.cacheWrite ?? rates.input)
    + BigInt(usage.completionTokens - usage.reasoningTokens) * rates.output
    + BigInt(usage.reasoningTokens) * (rates.reasoning ?? rates.output)
    + (usage.media ? mediaCost(usage.media, price.media) : 0n);
  return toNanoUsd(divideUp(total, TOKENS_PER_PRICE));
}

/** Divides whole numbers from 0 up, rounding up. */
export function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
