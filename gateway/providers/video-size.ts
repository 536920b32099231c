/** This file reads sizes of videos, for upstreams that want a shape and a tier in place of pixels. */

export interface VideoSize {
  readonly width: number;
  readonly height: number;
}

/** What upstreams call how fine a video is, after its shorter side. */
export type VideoTier = '360p' | '480p' | '540p' | '720p' | '1080p' | '4k';

/** Reads `1280x720`; null for anything else. */
export function readSize(size: string): VideoSize | null {
  const match = /^([1-9]\d{1,4})x([1-9]\d{1,4})$/.exec(size);
  return match ? { width: Number(match[1]), height: Number(match[2]) } : null;
}

const TIERS: readonly (readonly [sideMax: number, tier: VideoTier])[] = [[400, '360p'], [500, '480p'], [600, '540p'], [1000, '720p'], [1500, '1080p']];

/**
 * The tier of a size, by its area as much as by its shorter side: 960x960 is as fine as 1280x720, and 864x496 as 854x480.
 * The geometric mean of the sides is compared with that of a 16:9 picture.
 */
export function tierOf({ width, height }: VideoSize): VideoTier {
  const side = Math.sqrt(width * height * 9 / 16);
  return TIERS.find(([sideMax]) => side < sideMax)?.[1] ?? '4k';
}

/** The shape of a list that is nearest to a size, and whether it is the very same (within 2 %). */
export function nearestRatio({ width, height }: VideoSize, ratios: readonly string[]): { ratio: string; isSame: boolean } {
  let nearest = { ratio: '', distance: Infinity };
  for (const ratio of ratios) {
    const [across = 1, down = 1] = ratio.split(':').map(Number);
    const distance = Math.abs(Math.log((width / height) / (across / down)));
    if (distance < nearest.distance) nearest = { ratio, distance };
  }
  return { ratio: nearest.ratio, isSame: nearest.distance < 0.02 };
}
