/** This file writes multipart bodies for upstreams that want files, of parts anybody may have made up. */
import { joinParts } from '../foundation/multipart.ts';
import type { MultipartPart, WrittenForm } from '../foundation/multipart.ts';

/**
 * Writes parts as one body. `seed` makes the boundary, so that the same parts give the same bytes; it is lengthened until no part holds it.
 * Names and file names are cut to what may stand between quotes.
 */
export function writeMultipart(parts: readonly MultipartPart[], seed: string): WrittenForm {
  let boundary = `interline-${seed.replace(/[^\w]/g, '').slice(0, 40)}`;
  while (parts.some(({ value }) => holds(value, boundary))) boundary += 'x';
  return joinParts(parts.map(cut), boundary);
}

function holds(value: string | Uint8Array, boundary: string): boolean {
  return typeof value === 'string' ? value.includes(boundary) : Buffer.from(value.buffer, value.byteOffset, value.byteLength).includes(boundary);
}

function cut({ name, fileName, contentType, value }: MultipartPart): MultipartPart {
  return {
    name: plain(name), value,
    ...(fileName === undefined ? {} : { fileName: plain(fileName) }),
    ...(contentType === undefined ? {} : { contentType: contentType.replace(/[^\w/.+-]/g, '') }),
  };
}

function plain(name: string): string {
  return name.replace(/["\\\r\n]/g, '_');
}
