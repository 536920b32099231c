/** This file prices and counts what has no tokens: images, seconds of audio and video, characters that are spoken. */
import type { MediaPrice } from '../foundation/prices.ts';
import type { MediaUsage } from '../foundation/terms.ts';

/** More of anything than one request can have; a product of it with a price and the factors below stays exact, as a bigint. */
const COUNT_MAX = 1_000_000_000_000;
const MS_PER_SECOND = 1000;
const MS_PER_MINUTE = 60_000;
/** Charges are summed in millionths of a nano-USD, as those of tokens are. */
const MILLIONTHS = 1_000_000n;
const MILLIONTHS_PER_MS = 1_000n;

/**
 * What it costs, in millionths of a nano-USD, not rounded. A kind without a price costs nothing; an unknown variant costs what the
 * plain one does. Takes what `boundMedia` gives.
 */
export function mediaCost(media: MediaUsage, price: MediaPrice | undefined): bigint {
  if (!price) return 0n;
  const variant = media.variant === null ? undefined : price.variants?.[media.variant];
  return sum(media, price, { image: variant?.image ?? price.image, videoSecond: variant?.videoSecond ?? price.videoSecond });
}

/** The most it can cost, for what is set aside: a variant that is not known before the answer counts as the dearest there is. */
export function mediaCostMost(media: MediaUsage, price: MediaPrice | undefined): bigint {
  if (!price) return 0n;
  if (media.variant !== null) return mediaCost(media, price);
  const variants = Object.values(price.variants ?? {});
  return sum(media, price, {
    image: dearest([price.image, ...variants.map((variant) => variant.image)]),
    videoSecond: dearest([price.videoSecond, ...variants.map((variant) => variant.videoSecond)]),
  });
}

/** Makes the numbers of a media usage whole, from 0 up, and not absurd. */
export function boundMedia(media: MediaUsage): MediaUsage {
  return {
    images: bound(media.images), audioMs: bound(media.audioMs), videoMs: bound(media.videoMs), characters: bound(media.characters), variant: media.variant,
    ...(media.audioTokens === undefined ? {} : { audioTokens: bound(media.audioTokens) }),
    ...(media.imageTokens === undefined ? {} : { imageTokens: bound(media.imageTokens) }),
  };
}

/** The least messages it counts as: one for an image, a second of video or a minute of audio, begun ones whole. */
export function mediaMessages({ images, audioMs, videoMs }: MediaUsage): number {
  return Math.max(images, Math.ceil(videoMs / MS_PER_SECOND), Math.ceil(audioMs / MS_PER_MINUTE));
}

type VariantRates = { readonly image: bigint | undefined; readonly videoSecond: bigint | undefined };

function sum(media: MediaUsage, price: MediaPrice, rates: VariantRates): bigint {
  return BigInt(media.images) * (rates.image ?? 0n) * MILLIONTHS
    + BigInt(media.audioMs) * (price.audioSecond ?? 0n) * MILLIONTHS_PER_MS
    + BigInt(media.videoMs) * (rates.videoSecond ?? 0n) * MILLIONTHS_PER_MS
    + BigInt(media.characters) * (price.megaCharacters ?? 0n);
}

function dearest(rates: readonly (bigint | undefined)[]): bigint {
  let most = 0n;
  for (const rate of rates) if (rate !== undefined && rate > most) most = rate;
  return most;
}

function bound(count: number): number {
  // `> 0` is also false for NaN.
  return count > 0 ? Math.min(Math.ceil(count), COUNT_MAX) : 0;
}
