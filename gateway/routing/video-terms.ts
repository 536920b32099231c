/** This file holds what a caller wants of a video against what the model can do, and says which field is wrong and what may stand there. */
import type { CatalogModel, CatalogVideo } from '../../generated/catalog-types.ts';
import { fail } from '../foundation/errors.ts';

/** What of a request a model may or may not take. */
export interface VideoWishes {
  readonly seconds: number | null;
  readonly size: string | null;
  readonly audio: boolean | null;
  readonly hasInputReference: boolean;
  readonly hasEndFrame: boolean;
  readonly referenceImages: number;
  readonly referenceVideos: number;
  readonly hasMotionControl: boolean;
  /** `input_reference` or `inputReference`, as the caller wrote it. */
  readonly referenceField: string;
}

/** What a video will be: every choice made. */
export interface VideoTerms {
  readonly seconds: number;
  /** What it may cost at most, in seconds: more than it is long where reading references is paid too. */
  readonly heldSeconds: number;
  readonly size: string;
  /** What is asked of the provider; null leaves it to a model that can do one thing only. */
  readonly audio: boolean | null;
  /** Names the price. */
  readonly variant: string;
  readonly deadlineMs: number;
}

/** How fine a size is, as prices name it. */
export type TierOfSize = (size: string) => string;

const SIZE_DEFAULT = '1280x720';
const SIDE_MIN = 64;
const SIDE_MAX = 1920;
const MS_PER_SECOND = 1000;
/** Of a model whose row says nothing about videos: an operator's own. */
const ANYTHING: CatalogVideo = {
  sizes: [], seconds: Array.from({ length: 60 }, (_, index) => index + 1), default_seconds: 4, input_reference: true, end_frame: true, reference_images: 16,
  reference_videos: 16, audio: 'optional', motion_control: true, deadline_seconds: 1800,
};

/** Fills in the model's defaults. Refuses with invalid_request, naming the first field the model does not take as it is. */
export function agreeOnVideo({ id, video = ANYTHING }: CatalogModel, wishes: VideoWishes, tierOf: TierOfSize): VideoTerms {
  const refuse = (param: string, what: string): never => fail('invalid_request', { param, message: `The model ${id} ${what}` });
  const size = sizeOf(video, wishes.size, refuse);
  const tier = tierOf(size);
  const allowed = video.except?.find((each) => each.tier === tier)?.seconds ?? video.seconds;
  const byDefault = allowed.includes(video.default_seconds) ? video.default_seconds : allowed[0] ?? video.default_seconds;
  const seconds = wishes.seconds ?? byDefault;
  if (!allowed.includes(seconds)) refuse('seconds', `makes videos of ${listed(allowed)} seconds${allowed === video.seconds ? '' : ` at ${size}`}, not of ${seconds}.`);
  checkInputs(video, wishes, refuse);
  const audio = audioOf(video, wishes, { tier, refuse });
  const readSeconds = wishes.referenceVideos > 0 ? video.reference_video_seconds : undefined;
  const variant = readSeconds === undefined ? (audio === true ? `${tier}/audio` : tier) : `${tier}/video`;
  return { seconds, heldSeconds: seconds + (readSeconds ?? 0), size, audio, variant, deadlineMs: video.deadline_seconds * MS_PER_SECOND };
}

type Refuse = (param: string, what: string) => never;

function sizeOf({ sizes }: CatalogVideo, wanted: string | null, refuse: Refuse): string {
  const size = wanted ?? sizes[0] ?? SIZE_DEFAULT;
  if (sizes.length > 0) return sizes.includes(size) ? size : refuse('size', `makes videos of ${listed(sizes)}, not of ${size}.`);
  const isFine = size.split('x').map(Number).every((side) => side >= SIDE_MIN && side <= SIDE_MAX && side % 2 === 0);
  return isFine ? size : refuse('size', `makes videos whose sides are even and from ${SIDE_MIN} to ${SIDE_MAX}, not ${size}.`);
}

function checkInputs(video: CatalogVideo, wishes: VideoWishes, refuse: Refuse): void {
  const { referenceField, hasInputReference, hasEndFrame, referenceImages, referenceVideos } = wishes;
  if (hasInputReference && video.input_reference !== true) refuse(referenceField, 'does not begin from a picture; leave it out.');
  if (hasEndFrame && video.end_frame !== true) refuse('endFrame', 'does not end in a picture; leave it out.');
  if (hasEndFrame && !hasInputReference) refuse('endFrame', 'needs a picture to begin from (inputReference) to end in one.');
  checkCount({ field: 'referenceImages', count: referenceImages, most: video.reference_images ?? 0 }, refuse);
  checkCount({ field: 'referenceVideos', count: referenceVideos, most: video.reference_videos ?? 0 }, refuse);
  const pictures = referenceImages + (hasInputReference ? 1 : 0) + (hasEndFrame ? 1 : 0);
  const beside = video.pictures_beside_videos ?? pictures;
  if (referenceVideos > 0 && pictures > beside) refuse('referenceVideos', `takes at most ${beside} pictures together with a video, not ${pictures}.`);
  if (video.references_alone === true && hasInputReference && referenceImages + referenceVideos > 0) refuse(referenceImages > 0 ? 'referenceImages' : 'referenceVideos', 'takes references or a first frame, not both.');
  if (wishes.hasMotionControl && video.motion_control !== true) refuse('motionControl', 'takes no motionControl; say it in the prompt.');
}

function checkCount({ field, count, most }: { field: string; count: number; most: number }, refuse: Refuse): void {
  if (count <= most) return;
  refuse(field, most === 0 ? `takes no ${field}; leave them out.` : `takes at most ${most} ${field}, not ${count}.`);
}

function audioOf({ audio = 'never', audio_tiers: tiers, references_silent: isSilent }: CatalogVideo, wishes: VideoWishes, { tier, refuse }: { tier: string; refuse: Refuse }): boolean | null {
  const { audio: wanted } = wishes;
  if (isSilent === true && wishes.referenceImages + wishes.referenceVideos > 0) return wanted === true ? refuse('audioEnabled', 'makes no sound with references; leave it out, or false.') : false;
  if (audio === 'never') return wanted === true ? refuse('audioEnabled', 'makes videos without sound; leave it out, or false.') : null;
  if (audio === 'always') return wanted === false ? refuse('audioEnabled', 'always makes sound; leave it out, or true.') : null;
  if (wanted === true && tiers && !tiers.some((each) => each === tier)) refuse('audioEnabled', `makes sound at ${tiers.join(', ')} only.`);
  return wanted === true;
}

/** `4, 8 or 12`; a run of numbers as `3 to 15`. */
function listed(values: readonly (string | number)[]): string {
  const [first, last] = [values[0], values.at(-1)];
  const isRun = values.length > 2 && values.every((value, index) => typeof value === 'number' && typeof first === 'number' && value === first + index);
  if (isRun) return `${String(first)} to ${String(last)}`;
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${String(last)}`;
}
