/** This file encodes a scene as H.264: constrained baseline, one colour per macroblock, exact (ITU-T H.264, 08/2021). */
import { FRAMES_PER_SECOND } from './sandbox-video-scene.ts';
import type { Colour, Scene } from './sandbox-video-scene.ts';

export interface EncodedVideo {
  /** The sequence and picture parameter sets, without start codes. */
  readonly sps: Uint8Array;
  readonly pps: Uint8Array;
  readonly samples: readonly { readonly bytes: Uint8Array; readonly isKey: boolean }[];
}

/** Level 4: up to 8192 macroblocks a frame. */
const LEVEL = 40;
const KEY_FRAME_EVERY = 2 * FRAMES_PER_SECOND;

/**
 * Encodes every frame: a key frame every two seconds, and between them only the squares that change. At a quantiser of 28 a level of a
 * luma DC coefficient is one step of luma and one of chroma is two, so nothing is lost.
 */
export function encodeH264(scene: Scene): EncodedVideo {
  const samples = scene.frames.map((frame, at) => {
    const isKey = at % KEY_FRAME_EVERY === 0;
    return { isKey, bytes: writeSlice(scene, { frame, before: isKey ? null : scene.frames[at - 1] ?? null, at }) };
  });
  return { sps: writeSps(scene), pps: writePps(), samples };
}

class Bits {
  readonly #bytes: number[] = [];
  #byte = 0;
  #count = 0;

  put(value: number, width: number): void {
    for (let bit = width - 1; bit >= 0; bit--) {
      this.#byte = this.#byte << 1 | (value >>> bit & 1);
      if (++this.#count === 8) {
        this.#bytes.push(this.#byte);
        this.#byte = 0;
        this.#count = 0;
      }
    }
  }

  /** Exp-Golomb, unsigned (9.1). */
  ue(value: number): void {
    const width = 32 - Math.clz32(value + 1);
    this.put(0, width - 1);
    this.put(value + 1, width);
  }

  /** Exp-Golomb, signed. */
  se(value: number): void {
    this.ue(value > 0 ? 2 * value - 1 : -2 * value);
  }

  /** Ends the payload and gives the NAL unit, with emulation prevention (7.4.1). */
  finish(header: number): Uint8Array {
    this.put(1, 1);
    while (this.#count !== 0) this.put(0, 1);
    const out = [header];
    let zeros = 0;
    for (const byte of this.#bytes) {
      if (zeros >= 2 && byte <= 3) {
        out.push(3);
        zeros = 0;
      }
      zeros = byte === 0 ? zeros + 1 : 0;
      out.push(byte);
    }
    return Uint8Array.from(out);
  }
}

/** 7.3.2.1: profile 66 with both constraints, frame numbers of 8 bits, pictures in the order they are decoded, one reference frame. */
function writeSps({ width, height, columns, rows }: Scene): Uint8Array {
  const bits = new Bits();
  bits.put(66, 8);
  bits.put(0b1100_0000, 8);
  bits.put(LEVEL, 8);
  bits.ue(0);
  bits.ue(4);
  bits.ue(2);
  bits.ue(1);
  bits.put(0, 1);
  bits.ue(columns - 1);
  bits.ue(rows - 1);
  bits.put(1, 1);
  bits.put(1, 1);
  const right = (columns * 16 - width) / 2;
  const bottom = (rows * 16 - height) / 2;
  const isCropped = right > 0 || bottom > 0;
  bits.put(isCropped ? 1 : 0, 1);
  if (isCropped) for (const side of [0, right, 0, bottom]) bits.ue(side);
  bits.put(0, 1);
  return bits.finish(0x67);
}

/** 7.3.2.2: CAVLC, a quantiser of 28, the deblocking filter under the slices' control. */
function writePps(): Uint8Array {
  const bits = new Bits();
  bits.ue(0);
  bits.ue(0);
  bits.put(0, 2);
  bits.ue(0);
  bits.ue(0);
  bits.ue(0);
  bits.put(0, 3);
  bits.se(2);
  bits.se(0);
  bits.se(0);
  bits.put(0b100, 3);
  return bits.finish(0x68);
}

interface Picture {
  readonly frame: Uint8Array;
  /** Null for a key frame. */
  readonly before: Uint8Array | null;
  readonly at: number;
}

/** 7.3.3: one slice a picture, its filter off. Squares that stay are skipped: their motion is predicted as none (8.4.1.1). */
function writeSlice({ columns, palette }: Scene, { frame, before, at }: Picture): Uint8Array {
  const bits = new Bits();
  bits.ue(0);
  bits.ue(before === null ? 7 : 5);
  bits.ue(0);
  bits.put(at % KEY_FRAME_EVERY, 8);
  if (before === null) bits.ue(Math.floor(at / KEY_FRAME_EVERY) % 2);
  bits.put(0, before === null ? 2 : 3);
  bits.se(0);
  bits.ue(1);
  let skipped = 0;
  for (let cell = 0; cell < frame.length; cell++) {
    if (before !== null && before[cell] === frame[cell]) {
      skipped++;
      continue;
    }
    if (before !== null) bits.ue(skipped);
    skipped = 0;
    const side = sideOf(cell, columns);
    const neighbour = side === 'none' ? null : palette[frame[side === 'left' ? cell - 1 : cell - columns] ?? 0] ?? null;
    const colour = palette[frame[cell] ?? 0];
    if (colour) writeSquare(bits, colour, { side, neighbour, typeBase: before === null ? 0 : 5 });
  }
  if (skipped > 0) bits.ue(skipped);
  return bits.finish(before === null ? 0x65 : 0x61);
}

type Side = 'left' | 'top' | 'none';

function sideOf(cell: number, columns: number): Side {
  if (cell % columns > 0) return 'left';
  return cell > 0 ? 'top' : 'none';
}

interface Guess {
  /** Which neighbour the square is predicted from; without one it is 128 throughout. */
  readonly side: Side;
  readonly neighbour: Colour | null;
  readonly typeBase: number;
}

const LUMA_MODE = { top: 0, left: 1, none: 2 } as const;
const CHROMA_MODE = { none: 0, left: 1, top: 2 } as const;

/** 7.3.5: Intra_16x16 without AC coefficients. */
function writeSquare(bits: Bits, colour: Colour, { side, neighbour, typeBase }: Guess): void {
  const blue = (colour.blueness - (neighbour?.blueness ?? 128)) / 2;
  const red = (colour.redness - (neighbour?.redness ?? 128)) / 2;
  const hasChroma = blue !== 0 || red !== 0;
  bits.ue(typeBase + 1 + LUMA_MODE[side] + (hasChroma ? 4 : 0));
  bits.ue(CHROMA_MODE[side]);
  bits.se(0);
  writeLevel(bits, colour.luma - (neighbour?.luma ?? 128), LUMA_TOKENS);
  if (!hasChroma) return;
  writeLevel(bits, blue, CHROMA_TOKENS);
  writeLevel(bits, red, CHROMA_TOKENS);
}

type Code = readonly [value: number, width: number];

/** coeff_token (table 9-5): no coefficient, one of ±1, one that is larger. No neighbour ever has AC coefficients, so nC is 0. */
const LUMA_TOKENS: readonly [Code, Code, Code] = [[1, 1], [1, 2], [0b000101, 6]];
const CHROMA_TOKENS: readonly [Code, Code, Code] = [[0b01, 2], [1, 1], [0b000111, 6]];

/** 9.2.2: a block with at most a first coefficient. */
function writeLevel(bits: Bits, level: number, [none, one, larger]: readonly [Code, Code, Code]): void {
  const size = Math.abs(level);
  bits.put(...(size === 0 ? none : size === 1 ? one : larger));
  if (size === 0) return;
  if (size === 1) bits.put(level < 0 ? 1 : 0, 1);
  else writePrefix(bits, 2 * size - 4 + (level < 0 ? 1 : 0));
  // total_zeros: none.
  bits.put(1, 1);
}

/** 9.2.2.1: level_prefix and level_suffix for a suffix length of 0. */
function writePrefix(bits: Bits, code: number): void {
  if (code < 14) bits.put(1, code + 1);
  else if (code < 30) {
    bits.put(1, 15);
    bits.put(code - 14, 4);
  } else {
    bits.put(1, 16);
    bits.put(code - 30, 12);
  }
}
