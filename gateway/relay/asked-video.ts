/** This file reads what a caller wants of a video, however it came: names of fields, data URLs and uploaded files become one request. */
import { fail } from '../foundation/errors.ts';
import { readImageSize } from '../foundation/image-size.ts';
import { stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Call } from '../foundation/operation.ts';
import { sniffContentType } from '../foundation/sniff.ts';
import type { VideoPart, VideoRequest } from '../providers/video-wire.ts';
import { checkImageSize } from './uploaded-images.ts';

/** The model of a request that names none: OpenAI's own default. */
const MODEL_DEFAULT = 'sora-2';
/** One picture or video that came with the request, decoded, in bytes. */
const PART_BYTES_MAX = 20 * 1024 * 1024;
const KNOWN: ReadonlySet<string> = new Set([
  'prompt', 'model', 'seconds', 'size', 'audioEnabled', 'generateAudio', 'motionControl', 'input_reference', 'inputReference', 'endFrame', 'referenceImages', 'referenceVideos',
]);

/** A request, and under which names its fields came. */
export interface AskedVideo {
  readonly model: string;
  readonly video: VideoRequest;
  /** `input_reference` or `inputReference`, as the caller wrote it. */
  readonly referenceField: string;
}

/** Reads a validated body. Refuses (400) a data URL that is broken or no picture, a picture that unpacks to more than anybody needs, and names that say two things. */
export function readAskedVideo({ body, files }: Pick<Call<'createVideo'>, 'body' | 'files'>): AskedVideo {
  const given: JsonObject = { ...body };
  const referenceField = 'input_reference' in given ? 'input_reference' : 'inputReference';
  if ('input_reference' in given && 'inputReference' in given) fail('invalid_request', { param: 'inputReference', message: 'Give input_reference or inputReference, not both: they are the same.' });
  const read = (field: string, value: unknown, kind: 'image' | 'video' = 'image'): VideoPart | null => {
    const file = files.find((each) => each.field === field);
    if (file) return checked({ kind: 'bytes', contentType: '', bytes: file.bytes }, field, kind);
    const url = typeof value === 'string' ? value : stringAt(value, 'image_url');
    return url === null ? null : checked(partOf(url, field), field, kind);
  };
  const readAll = (field: string, kind: 'image' | 'video'): VideoPart[] => {
    const values = given[field];
    return Array.isArray(values) ? values.flatMap((value, index) => read(`${field}.${index}`, value, kind) ?? []) : [];
  };
  return {
    model: body.model ?? MODEL_DEFAULT,
    referenceField,
    video: {
      prompt: body.prompt,
      seconds: body.seconds === undefined ? null : Number(body.seconds),
      size: body.size ?? null,
      inputReference: read(referenceField, given[referenceField]),
      endFrame: read('endFrame', given['endFrame']),
      referenceImages: readAll('referenceImages', 'image'),
      referenceVideos: readAll('referenceVideos', 'video'),
      audio: audioOf(given),
      motionControl: given['motionControl'] ?? null,
      extra: Object.fromEntries(Object.entries(given).filter(([name]) => !KNOWN.has(name))),
    },
  };
}

function audioOf(given: JsonObject): boolean | null {
  const [enabled, generate] = [given['audioEnabled'], given['generateAudio']];
  if (typeof enabled === 'boolean' && typeof generate === 'boolean' && enabled !== generate) {
    fail('invalid_request', { param: 'generateAudio', message: 'audioEnabled and generateAudio are the same and must agree.' });
  }
  if (typeof enabled === 'boolean') return enabled;
  return typeof generate === 'boolean' ? generate : null;
}

/** RFC 2397; only base64, as every client sends it. */
const DATA_URL = /^data:[^,]{0,200};base64,/i;

function partOf(url: string, field: string): VideoPart {
  if (!url.startsWith('data:')) {
    if (!URL.canParse(url)) fail('invalid_request', { param: field, message: `${field} is not an address.` });
    return { kind: 'url', url };
  }
  const [prefix] = DATA_URL.exec(url) ?? [];
  const text = prefix === undefined ? '' : url.slice(prefix.length);
  if (prefix === undefined || !/^[A-Za-z0-9+/]+={0,2}\s*$/.test(text)) fail('invalid_request', { param: field, message: `${field} must be an address, or data:…;base64,… with its bytes.` });
  return { kind: 'bytes', contentType: '', bytes: Buffer.from(text, 'base64') };
}

/** What bytes are is read from them, whatever was said. */
function checked(part: VideoPart, field: string, kind: 'image' | 'video'): VideoPart {
  if (part.kind === 'url') return part;
  if (part.bytes.length > PART_BYTES_MAX) fail('body_too_large', { param: field, message: `${field} is larger than the ${PART_BYTES_MAX} bytes it may have.` });
  const contentType = sniffContentType(part.bytes);
  if (contentType === null || !contentType.startsWith(`${kind}/`)) {
    fail('invalid_request', { param: field, message: `${field} must be ${kind === 'image' ? 'an image (PNG, JPEG, WebP, GIF)' : 'a video (MP4, WebM)'}; its bytes are ${contentType ?? 'nothing known'}.` });
  }
  const { buffer, byteOffset, byteLength } = part.bytes;
  const size = readImageSize(Buffer.from(buffer, byteOffset, byteLength));
  if (size) checkImageSize(size, field);
  return { ...part, contentType };
}

