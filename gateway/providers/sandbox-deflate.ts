/** This file deflates what the sandbox draws, in the two ways that are enough for it (RFC 1951): stored as it is, or by runs of one byte. */

/** Of one stored block (3.2.4). */
const BLOCK_BYTES_MAX = 65_535;
const BLOCK_HEAD_BYTES = 5;

/** Stores the bytes as they are, block by block: quick, and no smaller. */
export function deflateStored(bytes: Uint8Array): Uint8Array {
  const blocks = Math.max(1, Math.ceil(bytes.length / BLOCK_BYTES_MAX));
  const whole = Buffer.alloc(blocks * BLOCK_HEAD_BYTES + bytes.length);
  let at = 0;
  for (let block = 0; block < blocks; block++) {
    const part = bytes.subarray(block * BLOCK_BYTES_MAX, (block + 1) * BLOCK_BYTES_MAX);
    whole[at] = block === blocks - 1 ? 1 : 0;
    whole.writeUInt16LE(part.length, at + 1);
    whole.writeUInt16LE(part.length ^ 0xffff, at + 3);
    whole.set(part, at + BLOCK_HEAD_BYTES);
    at += BLOCK_HEAD_BYTES + part.length;
  }
  return whole;
}

const LONGEST = 258;
const LONGEST_CODE = 285;
/** Lengths from 3 to 10 have codes without extra bits, from 257 on. */
const LENGTH_CODE_BASE = 254;
const LENGTH_PLAIN_MAX = 10;

/** Compresses with the fixed code and runs of one byte only: all a picture of squares needs. */
export function deflateRuns(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
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
  return Buffer.from(out);
}

/** The fixed Huffman code (3.2.6). */
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
