/** This file says how many tokens an image has, for models that count them: for what is set aside, and where an upstream does not say. */

/**
 * Tokens of a square megapixel. OpenAI's first image models have 272, 1056 and 4160, and 408, 1584 and 6240 for one and a half
 * (platform.openai.com/docs/guides/image-generation, 2026-11); later ones have more: at 30 USD a million, 0.006, 0.053 and 0.211 USD an image.
 */
const PER_MEGAPIXEL: Readonly<Record<string, number>> = { low: 272, medium: 1767, high: 7200 };
const MEGAPIXEL = 1024 * 1024;
/** Where the size is left to the model. */
const PIXELS_LARGEST_USUAL = 1536 * 1024;

/** What one image is asked to be. */
export interface ImageVariant {
  /** `1024x1024`, or `auto`. */
  readonly size: string;
  readonly quality: string;
}

/** The tokens of one image, in whole numbers. What is left to the model counts as the most it does. */
export function imageTokens({ size, quality }: ImageVariant): number {
  const [width = 0, height = 0] = size.split('x').map(Number);
  const pixels = width > 0 && height > 0 ? width * height : PIXELS_LARGEST_USUAL;
  return Math.ceil((PER_MEGAPIXEL[quality] ?? PER_MEGAPIXEL['high'] ?? 0) * Math.max(1, pixels / MEGAPIXEL));
}

/** Gemini's images have so many whatever their quality, 4K ones (ai.google.dev/gemini-api/docs/pricing, 2026-11). */
const TOKENS_LEAST = 2520;
/** Thoughts and drafts on the way. */
const EXTRA_TOKENS = 2000;

/** More than one image can have. */
export function imageTokensMost(variant: ImageVariant): number {
  return Math.max(TOKENS_LEAST, Math.ceil(imageTokens(variant) * 1.5)) + EXTRA_TOKENS;
}

/** An image that is shown before it is finished (platform.openai.com/docs/guides/image-generation, 2026-11). */
export const PARTIAL_IMAGE_TOKENS = 100;
/** An image that is read at the highest fidelity, at most. */
export const INPUT_IMAGE_TOKENS = 6500;
