/** This file reads the headers of a WAV file. */
import type { Measured } from './audio-facts.ts';

const HEADER_BYTES = 12;
const CHUNK_HEAD_BYTES = 8;
const FORMAT_BYTES_MIN = 16;
/** PCM, float, A-law, µ-law and the extensible form of them: as many bytes a second as the header's other fields say. */
const PLAIN_FORMATS: ReadonlySet<number> = new Set([1, 3, 6, 7, 0xfffe]);
const CHUNKS_MAX = 1000;

interface Format {
  readonly sampleRate: number;
  readonly channels: number;
  /** 0 when it can't be told. */
  readonly bytesPerSecond: number;
}

/** Measures the samples of a WAV file; null when it has no format. A length that is left open, as streams do, reaches to the end. */
export function measureWav(bytes: Buffer): Measured | null {
  let format: Format | null = null;
  let at = HEADER_BYTES;
  for (let count = 0; count < CHUNKS_MAX && at + CHUNK_HEAD_BYTES <= bytes.length; count++) {
    const name = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    const start = at + CHUNK_HEAD_BYTES;
    if (name === 'fmt ' && size >= FORMAT_BYTES_MIN && start + FORMAT_BYTES_MIN <= bytes.length) format = readFormat(bytes, start);
    if (name === 'data' && format) return measured(format, size === 0 ? bytes.length - start : Math.min(size, bytes.length - start));
    at = start + size + (size % 2);
  }
  return format ? { ...measured(format, 0), durationMs: null } : null;
}

function readFormat(bytes: Buffer, start: number): Format {
  const channels = bytes.readUInt16LE(start + 2);
  const sampleRate = bytes.readUInt32LE(start + 4);
  const sampleBytes = Math.ceil(bytes.readUInt16LE(start + 14) / 8);
  // The header's own bytes a second are not asked: what decodes it goes by the samples.
  const bytesPerSecond = PLAIN_FORMATS.has(bytes.readUInt16LE(start)) ? sampleRate * channels * sampleBytes : 0;
  return { sampleRate, channels, bytesPerSecond };
}

function measured({ sampleRate, channels, bytesPerSecond }: Format, size: number): Measured {
  return { sampleRate, channels, durationMs: bytesPerSecond > 0 ? (size * 1000) / bytesPerSecond : null };
}
