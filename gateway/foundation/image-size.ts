/** This file reads how wide and high an image says it is, from its header alone: nothing is ever unpacked. */
import { sniffContentType } from './sniff.ts';

/** In pixels, as the header has it. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Reads the size of a PNG, JPEG, GIF or WebP image; null for anything else and for a header that is broken or cut off. */
export function readImageSize(bytes: Buffer): ImageSize | null {
  const size = sizeOf(bytes);
  return size !== null && size.width > 0 && size.height > 0 ? size : null;
}

function sizeOf(bytes: Buffer): ImageSize | null {
  switch (sniffContentType(bytes)) {
    case 'image/png': return pngSize(bytes);
    case 'image/gif': return bytes.length < GIF_BYTES ? null : { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
    case 'image/webp': return webpSize(bytes);
    case 'image/jpeg': return jpegSize(bytes);
    default: return null;
  }
}

/** The logical screen descriptor ends here (GIF89a, section 18). */
const GIF_BYTES = 10;
/** IHDR is the first chunk, and begins with the size (PNG, third edition, 11.2.1). */
const PNG_BYTES = 24;

function pngSize(bytes: Buffer): ImageSize | null {
  if (bytes.length < PNG_BYTES || bytes.toString('latin1', 12, 16) !== 'IHDR') return null;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

const WEBP_BYTES = 30;

/** The three kinds of a WebP file's first chunk (RFC 9649, 2.5 to 2.7). */
function webpSize(bytes: Buffer): ImageSize | null {
  if (bytes.length < WEBP_BYTES) return null;
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8X': return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
    case 'VP8 ': return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    default: return null;
  }
}

/** Segments before the frame's own; more is no image anybody made. */
const SEGMENTS_MAX = 4096;

/** Goes from segment to segment to the first frame header (ITU-T T.81, B.2.2). */
function jpegSize(bytes: Buffer): ImageSize | null {
  let at = 2;
  for (let segment = 0; segment < SEGMENTS_MAX && at + 9 <= bytes.length; segment++) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (isFrame(marker)) return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return null;
}

/** SOF0 to SOF15, without the markers between them that are tables. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}
