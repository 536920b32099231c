/** This file puts together PNG images of a few colours, whoever drew and deflated them: PNG (third edition, W3C 2025) and RFC 1950. */

/** Red, green and blue, and how much of it is seen, each from 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number, alpha: number];

/** An image whose pixels are places in a palette. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Bits for each pixel. */
  readonly bitDepth: 2 | 8;
  readonly palette: readonly Colour[];
  /** Every line from the top, each with its filter before it. */
  readonly lines: Uint8Array;
  /** Writes bytes as blocks of RFC 1951. */
  readonly deflate: (bytes: Uint8Array) => Uint8Array;
}

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const INDEXED = 3;
/** Deflate with a window of 32 KB, no dictionary; a multiple of 31 (RFC 1950, 2.2). */
const ZLIB_HEADER = Buffer.of(0x78, 0x01);

/** Writes the image. */
export function writePng({ width, height, bitDepth, palette, lines, deflate }: Picture): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = bitDepth;
  header[9] = INDEXED;
  const colours = Buffer.from(palette.flatMap(([red, green, blue]) => [red, green, blue]));
  const isOpaque = palette.every(([, , , alpha]) => alpha === 255);
  const transparency = isOpaque ? [] : [chunk('tRNS', Buffer.from(palette.map(([, , , alpha]) => alpha)))];
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(adler32(lines));
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('PLTE', colours), ...transparency, chunk('IDAT', ZLIB_HEADER, deflate(lines), sum), chunk('IEND')]);
}

const CHUNK_FRAME_BYTES = 12;

function chunk(type: string, ...content: readonly Uint8Array[]): Buffer {
  const whole = Buffer.concat([Buffer.alloc(4), Buffer.from(type, 'latin1'), ...content, Buffer.alloc(4)]);
  whole.writeUInt32BE(whole.length - CHUNK_FRAME_BYTES, 0);
  whole.writeUInt32BE(crc32(whole.subarray(4, -4)), whole.length - 4);
  return whole;
}

const ADLER_PRIME = 65_521;
/** So many bytes can be summed up before the sums outgrow 32 bits (RFC 1950, as zlib has it). */
const ADLER_RUN = 5552;

function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (let start = 0; start < bytes.length; start += ADLER_RUN) {
    const end = Math.min(bytes.length, start + ADLER_RUN);
    for (let at = start; at < end; at++) {
      low += bytes[at] ?? 0;
      high += low;
    }
    low %= ADLER_PRIME;
    high %= ADLER_PRIME;
  }
  return ((high << 16) | low) >>> 0;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}
