/** This file is what a usage begins from that has no tokens alone: nothing of any kind. */
import type { MediaUsage } from './terms.ts';

/** No image, no sound, no video, no character; what there is of one kind is laid over it. */
export const NO_MEDIA: MediaUsage = { images: 0, audioMs: 0, videoMs: 0, characters: 0, variant: null };
