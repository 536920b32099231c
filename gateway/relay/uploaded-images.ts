/** This file looks at images callers send: what they are is told from their bytes, how large from their headers, and nothing is unpacked. */
import { fail } from '../foundation/errors.ts';
import { readImageSize } from '../foundation/image-size.ts';
import type { ImageSize } from '../foundation/image-size.ts';
import type { UploadedFile } from '../foundation/operation.ts';
import { sniffContentType } from '../foundation/sniff.ts';

const TYPES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/webp']);
/** What says nothing of the bytes. */
const UNSAID: ReadonlySet<string> = new Set(['', 'application/octet-stream', 'binary/octet-stream', 'text/plain']);
const SIDE_MOST = 16_384;
/** Unpacked they would be four bytes each. */
const PIXELS_MOST = 100_000_000;

/** The files with the content types their bytes have. Refuses (400, with the field) what is no image, claims to be another, or is larger than anybody needs. */
export function uploadedImages(files: readonly UploadedFile[]): UploadedFile[] {
  const first = files.find(({ field }) => field === 'image');
  return files.map((file) => {
    const { field, bytes } = file;
    const contentType = typeOf(file);
    const size = checkedSize(file);
    if (field !== 'mask') return { ...file, contentType };
    const under = first ? readImageSize(first.bytes) : null;
    if (contentType !== 'image/png') refuse(field, `The mask must be a PNG, not ${contentType}.`);
    if (under && (under.width !== size.width || under.height !== size.height)) refuse(field, `The mask must be as large as the first image, ${under.width}x${under.height} pixels, not ${size.width}x${size.height}.`);
    return { field, name: file.name, contentType, bytes };
  });
}

function typeOf({ field, contentType, bytes }: UploadedFile): string {
  const real = sniffContentType(bytes);
  if (real === null || !TYPES.has(real)) return refuse(field, `The file is ${real === null ? 'no image that is known here' : real}: it must be PNG, JPEG or WebP.`);
  const said = contentType === 'image/jpg' ? 'image/jpeg' : contentType;
  if (!UNSAID.has(said) && said !== real) refuse(field, `The file is sent as ${said}, but its bytes are ${real}.`);
  return real;
}

function checkedSize({ field, bytes }: UploadedFile): ImageSize {
  const size = readImageSize(bytes) ?? refuse(field, 'The image is broken: its header does not say how large it is.');
  checkImageSize(size, field);
  return size;
}

/** Refuses (400, with the field) an image that would unpack to more than anybody needs. */
export function checkImageSize({ width, height }: ImageSize, field: string): void {
  if (Math.max(width, height) <= SIDE_MOST && width * height <= PIXELS_MOST) return;
  refuse(field, `The image has ${width}x${height} pixels; at most ${SIDE_MOST} a side and ${PIXELS_MOST} in all are taken.`);
}

function refuse(param: string, message: string): never {
  fail('invalid_request', { param, message });
}
