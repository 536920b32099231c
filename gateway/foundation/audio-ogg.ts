/** This file reads the headers of Ogg (Opus, Vorbis, FLAC, Speex) and of plain FLAC. */
import type { Measured } from './audio-facts.ts';

/** `OggS`, with which every page begins. */
const CAPTURE = 0x4f676753;
const PAGE_HEAD_BYTES = 27;
const GRANULE_AT = 6;
const SEGMENTS_AT = 26;
/** Opus counts at this rate, whatever was sung (RFC 7845, 4). */
const OPUS_RATE = 48_000;
/** So many are walked through; past them nothing is known of the whole. */
const PAGES_MAX = 200_000;
const NO_GRANULE = 0xffff_ffff_ffff_ffffn;
const MS_PER_SECOND = 1000;

interface Codec {
  /** Samples a second, as the pages count them. */
  readonly rate: number;
  readonly sampleRate: number;
  readonly channels: number;
  /** Samples at the start that are not played. */
  readonly skipped: number;
}

/** Measures an Ogg file by the position its last page tells; null when its first page names no codec that is known. */
export function measureOgg(bytes: Buffer): Measured | null {
  const codec = readCodec(bytes, PAGE_HEAD_BYTES + (bytes[SEGMENTS_AT] ?? 0));
  if (!codec) return null;
  let last = 0n;
  let at = 0;
  for (let pages = 0; at + PAGE_HEAD_BYTES <= bytes.length && bytes.readUInt32BE(at) === CAPTURE; pages++) {
    if (pages === PAGES_MAX) return { durationMs: null, sampleRate: codec.sampleRate, channels: codec.channels };
    const granule = bytes.readBigUInt64LE(at + GRANULE_AT);
    if (granule !== NO_GRANULE && granule > last) last = granule;
    const segments = bytes[at + SEGMENTS_AT] ?? 0;
    let size = PAGE_HEAD_BYTES + segments;
    for (const lacing of bytes.subarray(at + PAGE_HEAD_BYTES, at + PAGE_HEAD_BYTES + segments)) size += lacing;
    at += size;
  }
  const samples = Math.max(0, Number(last) - codec.skipped);
  return { durationMs: (samples * MS_PER_SECOND) / codec.rate, sampleRate: codec.sampleRate, channels: codec.channels };
}

function readCodec(bytes: Buffer, at: number): Codec | null {
  if (at + 48 > bytes.length) return null;
  const is = (magic: string): boolean => bytes.toString('latin1', at, at + magic.length) === magic;
  const made = (rate: number, channels: number): Codec | null => (rate > 0 ? { rate, sampleRate: rate, channels, skipped: 0 } : null);
  if (is('OpusHead')) return { rate: OPUS_RATE, sampleRate: bytes.readUInt32LE(at + 12) || OPUS_RATE, channels: bytes[at + 9] ?? 0, skipped: bytes.readUInt16LE(at + 10) };
  if (is('\x01vorbis')) return made(bytes.readUInt32LE(at + 12), bytes[at + 11] ?? 0);
  if (is('Speex   ')) return made(bytes.readUInt32LE(at + 36), 1);
  if (!is('\x7fFLAC')) return null;
  const { sampleRate, channels } = readStreamInfo(bytes, at + 17);
  return made(sampleRate, channels);
}

const FLAC_INFO_AT = 8;
const FLAC_INFO_BYTES = 34;

/** Measures a FLAC file by its STREAMINFO, which comes first (RFC 9639, 8.2); null when that is cut off. */
export function measureFlac(bytes: Buffer): Measured | null {
  if (bytes.length < FLAC_INFO_AT + FLAC_INFO_BYTES) return null;
  const { sampleRate, channels, samples } = readStreamInfo(bytes, FLAC_INFO_AT);
  if (sampleRate === 0) return null;
  return { sampleRate, channels, durationMs: samples === 0 ? null : (samples * MS_PER_SECOND) / sampleRate };
}

/** 20 bits of rate, 3 of channels less one, 5 of depth, 36 of samples, 0 where they are not known. */
function readStreamInfo(bytes: Buffer, at: number): { sampleRate: number; channels: number; samples: number } {
  const packed = bytes.readBigUInt64BE(at + 10);
  return { sampleRate: Number(packed >> 44n), channels: Number((packed >> 41n) & 7n) + 1, samples: Number(packed & 0xf_ffff_ffffn) };
}
