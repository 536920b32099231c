/** This file draws what the sandbox was asked for: a pattern only this prompt has, and the prompt itself written across it. */
import { deflateStored } from './sandbox-deflate.ts';
import { LETTER_HEIGHT, LETTER_WIDTH, columnsOf } from './sandbox-letters.ts';
import { writePng } from './sandbox-png.ts';
import type { Colour } from './sandbox-png.ts';
import { hashText } from './sandbox-tokens.ts';

export interface Drawing {
  readonly prompt: string;
  /** What else it depends on: which image of several, and the images it was made of. */
  readonly seed: string;
  readonly width: number;
  readonly height: number;
  readonly isTransparent: boolean;
  /** How much of it is there, from the top, from 0 to 1. */
  readonly share: number;
}

/** An image is drawn in square cells of so many pixels; a multiple of four, so that a cell is whole bytes. */
const CELL_LEAST = 4;
const CELL_MOST = 16;
const CELLS_ACROSS = 128;
/** Cells of one tile of the pattern. */
const TILE_CELLS = 8;
const LINES_MAX = 6;
const [GROUND, PATTERN, PAPER, INK] = [0, 1, 2, 3];
const OPAQUE = 255;
/** Of two bits each, for four colours. */
const PIXELS_PER_BYTE = 4;

/** Draws it, as PNG: the same bytes for the same drawing. */
export function draw(drawing: Drawing): Buffer {
  const { width, height } = drawing;
  const cell = Math.min(CELL_MOST, Math.max(CELL_LEAST, Math.floor(Math.min(width, height) / CELLS_ACROSS / 4) * 4));
  const across = Math.ceil(width / cell);
  const down = Math.ceil(height / cell);
  const paint = painterOf(drawing, across, down);
  const rowBytes = Math.ceil(width / PIXELS_PER_BYTE);
  // Each line begins with its filter: none.
  const lines = Buffer.alloc((rowBytes + 1) * height);
  for (let at = 0; at < down; at++) {
    const pixels = paintRow(at, { across, bytesPerCell: cell / PIXELS_PER_BYTE, paint }).subarray(0, rowBytes);
    for (let y = at * cell; y < Math.min(height, (at + 1) * cell); y++) lines.set(pixels, y * (rowBytes + 1) + 1);
  }
  return writePng({ width, height, bitDepth: 2, palette: paletteOf(drawing), lines, deflate: deflateStored });
}

type Paint = (x: number, y: number) => number;

function paintRow(y: number, { across, bytesPerCell, paint }: { across: number; bytesPerCell: number; paint: Paint }): Uint8Array {
  const row = new Uint8Array(across * bytesPerCell);
  // Four pixels of one colour are a byte.
  for (let x = 0; x < across; x++) row.fill(paint(x, y) * 0b01010101, x * bytesPerCell, (x + 1) * bytesPerCell);
  return row;
}

function painterOf({ prompt, seed, share }: Drawing, across: number, down: number): Paint {
  const lines = wrap(prompt, Math.max(1, Math.floor((across - 4) / (LETTER_WIDTH + 1)))).slice(0, Math.max(1, Math.min(LINES_MAX, Math.floor(down / (LETTER_HEIGHT + 3)))));
  const letters = lines.map((line) => [...line].flatMap((character) => [...columnsOf(character), 0]));
  const bandHeight = lines.length * (LETTER_HEIGHT + 2) + 2;
  const bandTop = Math.floor((down - bandHeight) / 2);
  const visible = Math.ceil(down * share);
  const tiles = Math.ceil(across / TILE_CELLS);
  const own = hashText(`${prompt}\n${seed}`);
  return (x, y) => {
    if (y >= visible) return GROUND;
    const inBand = y - bandTop;
    if (inBand >= 0 && inBand < bandHeight) return isInk(letters, x - 2, inBand - 2) ? INK : PAPER;
    const tile = Math.floor(x / TILE_CELLS);
    // Left and right mirror each other, as in an identicon.
    const hash = hashText(`${own}/${Math.min(tile, tiles - 1 - tile)}/${Math.floor(y / TILE_CELLS)}`);
    return hash % 5 < 2 ? PATTERN : GROUND;
  };
}

function isInk(letters: readonly (readonly number[])[], x: number, y: number): boolean {
  if (x < 0 || y < 0) return false;
  const column = letters[Math.floor(y / (LETTER_HEIGHT + 2))]?.[x] ?? 0;
  return ((column >> (y % (LETTER_HEIGHT + 2))) & 1) === 1;
}

/** Words line by line; one that is too long is cut. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.slice(0, LINES_MAX * CELLS_ACROSS).split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word.slice(0, width));
  }
  return lines;
}

function paletteOf({ prompt, seed, isTransparent }: Drawing): Colour[] {
  const hash = hashText(`${prompt}\n${seed}`);
  const tint = (shift: number, from: number): number => from + ((hash >>> shift) & 0x3f);
  return [
    [tint(0, 176), tint(6, 176), tint(12, 176), isTransparent ? 0 : OPAQUE],
    [tint(18, 48), tint(4, 64), tint(10, 80), OPAQUE],
    [255, 255, 255, OPAQUE],
    [16, 16, 32, OPAQUE],
  ];
}
