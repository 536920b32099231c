/** This file writes PNG images of four colours, without compression: PNG (third edition, W3C 2025) and RFC 1950/1951, stored blocks. */

/** Red, green and blue, and how much of it is seen, each from 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number, alpha: number];

/** An image whose pixels are given row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Four. */
  readonly palette: readonly Colour[];
  /** A row's pixels, four to a byte, the leftmost in the highest bits; `ceil(width / 4)` bytes. */
  readonly row: (y: number) => Uint8Array;
}

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const BIT_DEPTH = 2;
const INDEXED = 3;
const PIXELS_PER_BYTE = 4;
/** Of one stored block (RFC 1951, 3.2.4). */
const BLOCK_BYTES_MAX = 65_535;

/** Writes the image: about a quarter of a byte for each pixel. */
export function writePng({ width, height, palette, row }: Picture): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = BIT_DEPTH;
  header[9] = INDEXED;
  const rowBytes = Math.ceil(width / PIXELS_PER_BYTE);
  // Each row begins with its filter: none.
  const pixels = Buffer.alloc((rowBytes + 1) * height);
  for (let y = 0; y < height; y++) pixels.set(row(y).subarray(0, rowBytes), y * (rowBytes + 1) + 1);
  const colours = Buffer.from(palette.flatMap(([red, green, blue]) => [red, green, blue]));
  const isOpaque = palette.every(([, , , alpha]) => alpha === 255);
  const transparency = isOpaque ? [] : [chunk('tRNS', Buffer.from(palette.map(([, , , alpha]) => alpha)))];
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('PLTE', colours), ...transparency, chunk('IDAT', store(pixels)), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, bytes: Buffer): Buffer {
  const whole = Buffer.alloc(bytes.length + 12);
  whole.writeUInt32BE(bytes.length, 0);
  whole.write(type, 4, 'latin1');
  whole.set(bytes, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, bytes.length + 8)), bytes.length + 8);
  return whole;
}

/** A zlib stream whose blocks are stored as they are. */
function store(bytes: Buffer): Buffer {
  const blocks = Math.max(1, Math.ceil(bytes.length / BLOCK_BYTES_MAX));
  const whole = Buffer.alloc(2 + blocks * 5 + bytes.length + 4);
  // Deflate with a window of 32 KB, no dictionary; a multiple of 31 (RFC 1950, 2.2).
  whole.writeUInt16BE(0x7801, 0);
  let at = 2;
  for (let block = 0; block < blocks; block++) {
    const part = bytes.subarray(block * BLOCK_BYTES_MAX, (block + 1) * BLOCK_BYTES_MAX);
    whole[at] = block === blocks - 1 ? 1 : 0;
    whole.writeUInt16LE(part.length, at + 1);
    whole.writeUInt16LE(part.length ^ 0xffff, at + 3);
    whole.set(part, at + 5);
    at += 5 + part.length;
  }
  whole.writeUInt32BE(adler32(bytes), at);
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
