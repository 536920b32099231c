/** This file reads how long an MP4 or WebM lasts: from the movie header of one, from the duration or the last block of the other. */
import type { Measured } from './audio-facts.ts';

const UNKNOWN: Measured = { durationMs: null, sampleRate: null, channels: null };
const MS_PER_SECOND = 1000;
const BOXES_MAX = 10_000;
const BOX_HEAD_BYTES = 8;
const LONG_BOX_HEAD_BYTES = 16;

/** Measures an MP4 by its `mvhd` (ISO/IEC 14496-12, 8.2.2); one in fragments does not say. */
export function measureMp4(bytes: Buffer): Measured {
  const movie = findBox(bytes, 'moov', { start: 0, end: bytes.length });
  const header = movie && findBox(bytes, 'mvhd', movie);
  if (!header || header.start + 32 > header.end) return UNKNOWN;
  const isLong = bytes[header.start] === 1;
  const scale = bytes.readUInt32BE(header.start + (isLong ? 20 : 12));
  const duration = isLong ? Number(bytes.readBigUInt64BE(header.start + 24)) : bytes.readUInt32BE(header.start + 16);
  const isKnown = scale > 0 && duration > 0 && duration < (isLong ? Number.MAX_SAFE_INTEGER : 0xffff_ffff);
  return { ...UNKNOWN, durationMs: isKnown ? (duration * MS_PER_SECOND) / scale : null };
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function findBox(bytes: Buffer, type: string, { start: from, end: to }: Span): Span | null {
  let at = from;
  for (let count = 0; count < BOXES_MAX && at + BOX_HEAD_BYTES <= to; count++) {
    const short = bytes.readUInt32BE(at);
    const isLong = short === 1 && at + LONG_BOX_HEAD_BYTES <= to;
    const head = isLong ? LONG_BOX_HEAD_BYTES : BOX_HEAD_BYTES;
    const size = isLong ? Number(bytes.readBigUInt64BE(at + BOX_HEAD_BYTES)) : short === 0 ? to - at : short;
    if (size < head) return null;
    if (bytes.toString('latin1', at + 4, at + 8) === type) return { start: at + head, end: Math.min(to, at + size) };
    at += size;
  }
  return null;
}

// Matroska element ids (RFC 9559, 5.1), as they stand in the bytes.
const TIMESTAMP_SCALE = Buffer.from('2ad7b1', 'hex');
const DURATION = Buffer.from('4489', 'hex');
const CLUSTER = Buffer.from('1f43b675', 'hex');
const CLUSTER_TIMESTAMP = 0xe7;
const SIMPLE_BLOCK = 0xa3;
const BLOCK_GROUP = 0xa0;
const BLOCK = 0xa1;
const NS_PER_MS = 1_000_000;
/** The header elements stand at the beginning. */
const HEAD_BYTES = 64 * 1024;
const ELEMENTS_MAX = 100_000;

/**
 * Measures a WebM by its duration; what a browser records has none, and is measured by where its last block begins. Only what is looked
 * for is read: this is no parser of Matroska.
 */
export function measureWebm(bytes: Buffer): Measured {
  const head = bytes.subarray(0, HEAD_BYTES);
  const firstCluster = head.indexOf(CLUSTER);
  const before = firstCluster === -1 ? head : head.subarray(0, firstCluster);
  const scaleMs = (readNumber(before, TIMESTAMP_SCALE, 'whole') ?? NS_PER_MS) / NS_PER_MS;
  const duration = readNumber(before, DURATION, 'float') ?? lastTimestamp(bytes);
  return { ...UNKNOWN, durationMs: duration === null ? null : duration * scaleMs };
}

function readNumber(bytes: Buffer, id: Buffer, kind: 'whole' | 'float'): number | null {
  const at = bytes.indexOf(id);
  if (at === -1) return null;
  const size = readSize(bytes, at + id.length);
  if (!size || size.end + size.value > bytes.length) return null;
  if (kind === 'whole') return size.value <= 6 && size.value > 0 ? bytes.readUIntBE(size.end, size.value) : null;
  if (size.value === 8) return finite(bytes.readDoubleBE(size.end));
  return size.value === 4 ? finite(bytes.readFloatBE(size.end)) : null;
}

function finite(value: number): number | null {
  return Number.isFinite(value) && value > 0 ? value : null;
}

/** A size of one to eight bytes: the zeros before its first set bit say how many (RFC 8794, 4). */
function readSize(bytes: Buffer, at: number): { value: number; end: number } | null {
  const first = bytes[at];
  if (first === undefined || first === 0) return null;
  const length = Math.clz32(first) - 23;
  if (at + length > bytes.length) return null;
  let value = first & ((1 << (8 - length)) - 1);
  for (let index = 1; index < length; index++) value = value * 256 + (bytes[at + index] ?? 0);
  return { value, end: at + length };
}

/** Where the last block of the last cluster begins, in units of the scale. */
function lastTimestamp(bytes: Buffer): number | null {
  const cluster = bytes.lastIndexOf(CLUSTER);
  const size = cluster === -1 ? null : readSize(bytes, cluster + CLUSTER.length);
  if (!size) return null;
  let base: number | null = null;
  let last = 0;
  let at = size.end;
  for (let count = 0; count < ELEMENTS_MAX; count++) {
    const id = bytes[at];
    const inner = id === undefined ? null : readSize(bytes, at + 1);
    if (!inner) break;
    if (id === CLUSTER_TIMESTAMP && inner.value > 0 && inner.value <= 6 && inner.end + inner.value <= bytes.length) base = bytes.readUIntBE(inner.end, inner.value);
    else if (id === SIMPLE_BLOCK || id === BLOCK) last = Math.max(last, blockTimestamp(bytes, inner.end));
    // The blocks of a group are looked at one by one.
    at = id === BLOCK_GROUP ? inner.end : inner.end + inner.value;
  }
  return base === null ? null : base + last;
}

/** After the number of the track, which is written like a size. */
function blockTimestamp(bytes: Buffer, at: number): number {
  const track = readSize(bytes, at);
  return track && track.end + 2 <= bytes.length ? bytes.readInt16BE(track.end) : 0;
}
