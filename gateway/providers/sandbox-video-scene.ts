/** This file draws what the sandbox's videos show: squares whose colours come from the prompt, a moving one, a counter and a progress bar. */

/** The side of a square in pixels: that of a macroblock of H.264, so that each is one colour. */
export const CELL_PIXELS = 16;
export const FRAMES_PER_SECOND = 8;

/** One colour, as PNG and as video want it (BT.601, limited range; chroma is even). */
export interface Colour {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  readonly luma: number;
  readonly blueness: number;
  readonly redness: number;
}

/** A video before it is encoded: every frame is rows of places in the palette. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly rows: number;
  readonly palette: readonly Colour[];
  readonly frames: readonly Uint8Array[];
}

export interface ScenePlan {
  readonly width: number;
  readonly height: number;
  readonly seconds: number;
  /** 32 bits that decide what is drawn; see `hashText`. */
  readonly seed: number;
}

const BANDS = 8;
const MOVER = BANDS;
const BAR = BANDS + 1;
const DIGIT = BANDS + 2;

/** Draws every frame. The same plan gives the same frames. */
export function drawScene({ width, height, seconds, seed }: ScenePlan): Scene {
  const columns = Math.ceil(width / CELL_PIXELS);
  const rows = Math.ceil(height / CELL_PIXELS);
  const count = seconds * FRAMES_PER_SECOND;
  const grid = { columns, rows };
  const ground = drawGround(grid, seed);
  const frames = Array.from({ length: count }, (_, at) => {
    const frame = ground.slice();
    drawMover(frame, grid, { at, seed });
    drawNumber(frame, grid, Math.floor(at / FRAMES_PER_SECOND));
    frame.fill(BAR, (rows - 1) * columns, (rows - 1) * columns + Math.ceil(columns * (at + 1) / count));
    return frame;
  });
  return { width, height, columns, rows, palette: drawPalette(seed), frames };
}

interface Grid {
  readonly columns: number;
  readonly rows: number;
}

function drawGround({ columns, rows }: Grid, seed: number): Uint8Array {
  const across = 1 + (seed & 3);
  const down = 1 + ((seed >>> 2) & 3);
  const ground = new Uint8Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) ground[row * columns + column] = Math.floor((column * across + row * down) / 6) % BANDS;
  }
  return ground;
}

/** A square that is thrown back by the edges. */
function drawMover(frame: Uint8Array, { columns, rows }: Grid, { at, seed }: { at: number; seed: number }): void {
  const side = Math.max(1, Math.floor(rows / 6));
  const left = bounce(((seed >>> 4) & 31) + at, columns - side);
  const top = bounce(((seed >>> 9) & 31) + at, rows - 1 - side);
  for (let row = top; row < top + side; row++) frame.fill(MOVER, row * columns + left, row * columns + left + side);
}

function bounce(at: number, span: number): number {
  if (span <= 0) return 0;
  const place = at % (2 * span);
  return place <= span ? place : 2 * span - place;
}

/** Three by five squares for each digit, top row first. */
const GLYPHS: readonly (readonly number[])[] = [
  [7, 5, 5, 5, 7], [2, 6, 2, 2, 7], [7, 1, 7, 4, 7], [7, 1, 7, 1, 7], [5, 5, 7, 1, 1],
  [7, 4, 7, 1, 7], [7, 4, 7, 5, 7], [7, 1, 1, 1, 1], [7, 5, 7, 5, 7], [7, 5, 7, 1, 7],
];

/** The seconds so far, in the middle; left out where there is no room. */
function drawNumber(frame: Uint8Array, { columns, rows }: Grid, value: number): void {
  const digits = [...String(value)].map(Number);
  const scale = Math.min(Math.floor((rows - 2) / 7), Math.floor(columns / (4 * digits.length + 1)));
  if (scale < 1) return;
  const left = Math.floor((columns - (4 * digits.length - 1) * scale) / 2);
  const top = Math.floor((rows - 1 - 5 * scale) / 2);
  for (const [at, digit] of digits.entries()) {
    for (const [line, bits] of (GLYPHS[digit] ?? []).entries()) {
      for (let bit = 0; bit < 3; bit++) {
        if ((bits >> (2 - bit) & 1) === 0) continue;
        const start = left + (4 * at + bit) * scale;
        for (let row = top + line * scale; row < top + (line + 1) * scale; row++) frame.fill(DIGIT, row * columns + start, row * columns + start + scale);
      }
    }
  }
}

/** Bands of one hue from dark to light, and three colours that stand out. */
function drawPalette(seed: number): Colour[] {
  const hue = (seed >>> 14) % 360;
  const bands = Array.from({ length: BANDS }, (_, band) => colourOf(hue + band * 6, 70 + band * 12));
  return [...bands, colourOf(hue + 180, 240), colourOf(hue + 120, 200), fromRgb(250, 250, 250)];
}

/** A saturated colour of a hue in degrees, as bright as `level` of 255. */
function colourOf(hue: number, level: number): Colour {
  const part = (shift: number): number => {
    const place = ((hue + shift) % 360) / 60;
    const strength = Math.min(1, Math.max(0, Math.abs(place - 3) - 1));
    return Math.round(level * (0.25 + 0.75 * strength));
  };
  return fromRgb(part(0), part(240), part(120));
}

function fromRgb(red: number, green: number, blue: number): Colour {
  const luma = Math.round(16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255);
  const blueness = 2 * Math.round((128 + (-37.797 * red - 74.203 * green + 112 * blue) / 255) / 2);
  const redness = 2 * Math.round((128 + (112 * red - 93.786 * green - 18.214 * blue) / 255) / 2);
  return { red, green, blue, luma, blueness, redness };
}
