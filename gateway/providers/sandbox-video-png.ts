/** This file writes frames of a scene as PNG: one as a thumbnail, several as a sheet. */
import { deflateRuns } from './sandbox-deflate.ts';
import { writePng } from './sandbox-png.ts';
import { CELL_PIXELS } from './sandbox-video-scene.ts';
import type { Colour, Scene } from './sandbox-video-scene.ts';

/** A frame from the middle, as large as the video. */
export function thumbnailPng({ frames, columns, width, height, palette }: Scene): Uint8Array {
  const frame = frames[Math.floor(frames.length / 2)] ?? new Uint8Array();
  const line = (y: number): Uint8Array => spread(frame.subarray(y / CELL_PIXELS * columns, (y / CELL_PIXELS + 1) * columns), CELL_PIXELS).subarray(0, width);
  return writeCells({ width, height, palette, cell: CELL_PIXELS, line });
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
  return writeCells({ width: columns * cell * SHEET_COLUMNS, height: rows * cell * SHEET_FRAMES / SHEET_COLUMNS, palette, cell, line });
}

/** Every place as many pixels wide as `cell`. */
function spread(places: Uint8Array, cell: number): Uint8Array {
  const line = new Uint8Array(places.length * cell);
  for (const [at, place] of places.entries()) line.fill(place, at * cell, (at + 1) * cell);
  return line;
}

interface Cells {
  readonly width: number;
  readonly height: number;
  readonly palette: readonly Colour[];
  /** How many lines are alike. */
  readonly cell: number;
  /** The colours of a line; asked for the first of each `cell` only. */
  readonly line: (y: number) => Uint8Array;
}

/** Filters of a line (PNG, 9.2). */
const FILTER_NONE = 0;
const FILTER_UP = 2;

function writeCells({ width, height, palette, cell, line }: Cells): Uint8Array {
  const lines = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++) {
    // A line like the one above is nothing but zeros under the filter `Up`.
    lines[y * (width + 1)] = y % cell === 0 ? FILTER_NONE : FILTER_UP;
    if (y % cell === 0) lines.set(line(y), y * (width + 1) + 1);
  }
  const colours = palette.map(({ red, green, blue }) => [red, green, blue, 255] as const);
  return writePng({ width, height, bitDepth: 8, palette: colours, lines, deflate: deflateRuns });
}
