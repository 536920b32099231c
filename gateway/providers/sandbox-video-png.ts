/** This file writes frames of a scene as PNG: one as a thumbnail, several as a sheet (RFC 1950, RFC 1951, PNG 1.2). */
import { CELL_PIXELS } from './sandbox-video-scene.ts';
import type { Colour, Scene } from './sandbox-video-scene.ts';

/** A frame from the middle, as large as the video. */
export function thumbnailPng({ frames, columns, width, height, palette }: Scene): Uint8Array {
  const frame = frames[Math.floor(frames.length / 2)] ?? new Uint8Array();
  const line = (y: number): Uint8Array => spread(frame.subarray(y / CELL_PIXELS * columns, (y / CELL_PIXELS + 1) * columns), CELL_PIXELS).subarray(0, width);
  return writePng({ width, height, palette, cell: CELL_PIXELS, line });
}

const SHEET_COLUMNS = 5;
const SHEET_FRAMES = 10;
const SHEET_TILE_PIXELS = 160;

/** Ten frames from the first to the last, five a row, each about 160 pixels wide. */
export function spritesheetPng({ frames, columns, rows, palette }: Scene): Uint8Array {
  const cell = Math.max(1, Math.round(SHEET_TILE_PIXELS / columns));
  const shown = Array.from({ length: SHEET_FRAMES }, (_, at) => frames[Math.round(at * (frames.length - 1) / (SHEET_FRAMES - 1))] ?? new Uint8Array());
  const line = (y: number): Uint8Array => {
    const row = y / cell;
    const start = Math.floor(row / rows) * SHEET_COLUMNS;
    const across = shown.slice(start, start + SHEET_COLUMNS).map((frame) => frame.subarray(row % rows * columns, (row % rows + 1) * columns));
    return spread(Buffer.concat(across), cell);
  };
  return writePng({ width: columns * cell * SHEET_COLUMNS, height: rows * cell * SHEET_FRAMES / SHEET_COLUMNS, palette, cell, line });
}

/** Every place as many pixels wide as `cell`. */
function spread(places: Uint8Array, cell: number): Uint8Array {
  const line = new Uint8Array(places.length * cell);
  for (const [at, place] of places.entries()) line.fill(place, at * cell, (at + 1) * cell);
  return line;
}

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly palette: readonly Colour[];
  /** How many lines are alike. */
  readonly cell: number;
  /** The colours of a line; asked for the first of each `cell` only. */
  readonly line: (y: number) => Uint8Array;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const FILTER_NONE = 0;
const FILTER_UP = 2;

function writePng({ width, height, palette, cell, line }: Picture): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const lines = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++) {
    // A line like the one above is nothing but zeros under the filter `Up`.
    lines[y * (width + 1)] = y % cell === 0 ? FILTER_NONE : FILTER_UP;
    if (y % cell === 0) lines.set(line(y), y * (width + 1) + 1);
  }
  const colours = Buffer.from(palette.flatMap(({ red, green, blue }) => [red, green, blue]));
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('PLTE', colours), chunk('IDAT', zlibOf(lines)), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(name: string, content: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), content]);
  const frame = Buffer.alloc(4);
  const check = Buffer.alloc(4);
  frame.writeUInt32BE(content.length);
  check.writeUInt32BE(crcOf(named));
  return Buffer.concat([frame, named, check]);
}

const CRC_TABLE = Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ value >>> 1 : value >>> 1;
  return value;
});

function crcOf(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (CRC_TABLE[(value ^ byte) & 0xff] ?? 0) ^ value >>> 8;
  return ~value >>> 0;
}

const LONGEST = 258;
const LONGEST_CODE = 285;
/** Lengths from 3 to 10 have codes without extra bits, from 257 on. */
const LENGTH_CODE_BASE = 254;
const LENGTH_PLAIN_MAX = 10;

/** Compresses with the fixed code and runs of one byte only: all a picture of squares needs. */
function zlibOf(bytes: Uint8Array): Uint8Array {
  const out = [0x78, 0x01];
  let held = 0;
  let count = 0;
  const put = (value: number, width: number): void => {
    held |= value << count;
    count += width;
    while (count >= 8) {
      out.push(held & 0xff);
      held >>>= 8;
      count -= 8;
    }
  };
  const symbol = (value: number): void => {
    const [code, width] = fixedCode(value);
    put(reversed(code, width), width);
  };
  const repeat = (code: number): void => { symbol(code); put(0, 5); };
  put(0b011, 3);
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at] ?? 0;
    let end = at + 1;
    while (end < bytes.length && bytes[end] === byte) end++;
    symbol(byte);
    let rest = end - at - 1;
    for (; rest >= LONGEST; rest -= LONGEST) repeat(LONGEST_CODE);
    for (; rest >= LENGTH_PLAIN_MAX; rest -= LENGTH_PLAIN_MAX) repeat(LENGTH_CODE_BASE + LENGTH_PLAIN_MAX);
    if (rest >= 3) repeat(LENGTH_CODE_BASE + rest);
    else for (; rest > 0; rest--) symbol(byte);
    at = end;
  }
  symbol(256);
  put(0, 7);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(adlerOf(bytes));
  return Buffer.concat([Buffer.from(out), check]);
}

/** The fixed Huffman code (RFC 1951, 3.2.6). */
function fixedCode(value: number): readonly [code: number, width: number] {
  if (value < 144) return [0x30 + value, 8];
  if (value < 256) return [0x190 + value - 144, 9];
  return value < 280 ? [value - 256, 7] : [0xc0 + value - 280, 8];
}

function reversed(code: number, width: number): number {
  let value = 0;
  for (let bit = 0; bit < width; bit++) value |= (code >> bit & 1) << (width - 1 - bit);
  return value;
}

function adlerOf(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  return (high << 16 | low) >>> 0;
}
