/** This file walks the frames of MPEG audio (MP3) and of AAC in ADTS: each says how long it is. */
import type { Measured } from './audio-facts.ts';

const ID3_HEAD_BYTES = 10;
/** What stands between frames is looked through this far, in bytes, in all. */
const SEARCHED_BYTES_MAX = 256 * 1024;
/** So many are walked through: eight hours of the shortest that speech is sent in. */
const FRAMES_MAX = 400_000;

interface Frame {
  readonly bytes: number;
  readonly samples: number;
  readonly sampleRate: number;
  readonly channels: number;
}

type ReadFrame = (bytes: Buffer, at: number) => Frame | null;

/** Measures MPEG audio, layers I to III, after any ID3v2 tags. Null when it has no two frames on end. */
export function measureMp3(bytes: Buffer): Measured | null {
  return measureFrames(bytes, skipTags(bytes), readMpegFrame);
}

/** Measures AAC in ADTS. Null when it has no two frames on end. */
export function measureAdts(bytes: Buffer): Measured | null {
  return measureFrames(bytes, 0, readAdtsFrame);
}

function measureFrames(bytes: Buffer, start: number, read: ReadFrame): Measured | null {
  let first: Frame | null = null;
  let durationMs = 0;
  let searched = 0;
  let frames = 0;
  let at = start;
  while (at + 4 <= bytes.length) {
    const frame = read(bytes, at);
    // A frame alone may be chance; the next one, or the end, is right behind it.
    const isFrame = frame && (first || at + frame.bytes >= bytes.length || read(bytes, at + frame.bytes));
    if (!isFrame) {
      if (++searched > SEARCHED_BYTES_MAX) return first && unmeasured(first);
      at++;
      continue;
    }
    first ??= frame;
    if (++frames > FRAMES_MAX) return unmeasured(first);
    durationMs += (frame.samples * 1000) / frame.sampleRate;
    at += frame.bytes;
  }
  return first ? { durationMs, sampleRate: first.sampleRate, channels: first.channels } : null;
}

/** What is left may be anything, so nothing is known of the whole. */
function unmeasured({ sampleRate, channels }: Frame): Measured {
  return { durationMs: null, sampleRate, channels };
}

/** Past the ID3v2 tags; their size has seven bits to the byte (id3.org/id3v2.4.0-structure, 3.1). */
function skipTags(bytes: Buffer): number {
  let at = 0;
  while (bytes.toString('latin1', at, at + 3) === 'ID3' && at + ID3_HEAD_BYTES <= bytes.length) {
    const size = [6, 7, 8, 9].reduce((sum, offset) => sum * 128 + ((bytes[at + offset] ?? 0) & 0x7f), 0);
    at += ID3_HEAD_BYTES + size;
  }
  return at;
}

// ISO/IEC 11172-3, 2.4.2.3 and 13818-3, 2.4.2.3: kbit/s by index, 0 where the length is free or not allowed.
const V1_L1 = [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 0];
const V1_L2 = [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0];
const V1_L3 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0];
const V2_L1 = [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256, 0];
const V2_L23 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0];
const RATES_V1 = [44_100, 48_000, 32_000, 0];
const LAYER_1 = 3;
const LAYER_2 = 2;
const VERSION_1 = 3;
const VERSION_2 = 2;

function readMpegFrame(bytes: Buffer, at: number): Frame | null {
  if (at + 4 > bytes.length) return null;
  const head = bytes.readUInt32BE(at);
  const version = (head >>> 19) & 3;
  const layer = (head >>> 17) & 3;
  if (head >>> 21 !== 0x7ff || version === 1 || layer === 0) return null;
  const isV1 = version === VERSION_1;
  const kilobits = bitrates(isV1, layer)[(head >>> 12) & 15] ?? 0;
  const sampleRate = (RATES_V1[(head >>> 10) & 3] ?? 0) / (isV1 ? 1 : version === VERSION_2 ? 2 : 4);
  if (kilobits === 0 || sampleRate === 0) return null;
  const samples = layer === LAYER_1 ? 384 : layer === LAYER_2 || isV1 ? 1152 : 576;
  const slot = layer === LAYER_1 ? 4 : 1;
  const slots = Math.floor((samples / 8 / slot) * kilobits * 1000 / sampleRate) + ((head >>> 9) & 1);
  return { bytes: slots * slot, samples, sampleRate, channels: ((head >>> 6) & 3) === 3 ? 1 : 2 };
}

function bitrates(isV1: boolean, layer: number): readonly number[] {
  if (layer === LAYER_1) return isV1 ? V1_L1 : V2_L1;
  if (!isV1) return V2_L23;
  return layer === LAYER_2 ? V1_L2 : V1_L3;
}

// ISO/IEC 13818-7, 6.2.1.
const ADTS_RATES = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
const ADTS_HEAD_BYTES = 7;
const ADTS_BLOCK_SAMPLES = 1024;

function readAdtsFrame(bytes: Buffer, at: number): Frame | null {
  if (at + ADTS_HEAD_BYTES > bytes.length || (bytes.readUInt16BE(at) & 0xfff6) !== 0xfff0) return null;
  const size = (bytes.readUInt32BE(at + 3) >>> 13) & 0x1fff;
  const sampleRate = ADTS_RATES[((bytes[at + 2] ?? 0) >>> 2) & 15];
  if (sampleRate === undefined || size < ADTS_HEAD_BYTES) return null;
  const channels = (bytes.readUInt16BE(at + 2) >>> 6) & 7;
  return { bytes: size, samples: ADTS_BLOCK_SAMPLES * (((bytes[at + 6] ?? 0) & 3) + 1), sampleRate, channels };
}
