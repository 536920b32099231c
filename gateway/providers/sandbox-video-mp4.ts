/** This file wraps H.264 into an MP4 that can be played while it loads (ISO/IEC 14496-12 and -15). */
import { FRAMES_PER_SECOND } from './sandbox-video-scene.ts';
import type { EncodedVideo } from './sandbox-video-h264.ts';

const TIMESCALE = 1000;
const FRAME_TICKS = TIMESCALE / FRAMES_PER_SECOND;

/** Writes the file: what it is, where everything lies, then the frames. No dates, so that the same video gives the same bytes. */
export function writeMp4(video: EncodedVideo, size: { readonly width: number; readonly height: number }): Uint8Array {
  const samples = video.samples.map(({ bytes }) => join([u32(bytes.length), bytes]));
  const type = box('ftyp', text('isom'), u32(512), text('isomiso2avc1mp41'));
  const layout = { video, size, sampleBytes: samples.map(({ length }) => length) };
  const before = type.length + movie(layout, 0).length + 8;
  return join([type, movie(layout, before), box('mdat', ...samples)]);
}

interface Layout {
  readonly video: EncodedVideo;
  readonly size: { readonly width: number; readonly height: number };
  readonly sampleBytes: readonly number[];
}

const MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];

function movie(layout: Layout, dataAt: number): Uint8Array {
  const ticks = layout.sampleBytes.length * FRAME_TICKS;
  const { width, height } = layout.size;
  return box('moov',
    box('mvhd', u32(0, 0, 0, TIMESCALE, ticks, 0x10000), u16(0x100, 0), u32(0, 0, ...MATRIX, 0, 0, 0, 0, 0, 0, 2)),
    box('trak',
      box('tkhd', u32(3, 0, 0, 1, 0, ticks, 0, 0), u16(0, 0, 0, 0), u32(...MATRIX, width * 0x10000, height * 0x10000)),
      box('mdia',
        box('mdhd', u32(0, 0, 0, TIMESCALE, ticks), u16(0x55c4, 0)),
        box('hdlr', u32(0, 0), text('vide'), u32(0, 0, 0), text('video\0')),
        box('minf',
          box('vmhd', u32(1, 0, 0)),
          box('dinf', box('dref', u32(0, 1), box('url ', u32(1)))),
          samplesTable(layout, dataAt)))));
}

/** All samples lie in one chunk; each lasts as long as the others. */
function samplesTable({ video, size, sampleBytes }: Layout, dataAt: number): Uint8Array {
  const keys = video.samples.flatMap(({ isKey }, at) => (isKey ? [at + 1] : []));
  const count = sampleBytes.length;
  return box('stbl',
    box('stsd', u32(0, 1), sampleEntry(video, size)),
    box('stts', u32(0, 1, count, FRAME_TICKS)),
    box('stss', u32(0, keys.length, ...keys)),
    box('stsc', u32(0, 1, 1, count, 1)),
    box('stsz', u32(0, 0, count, ...sampleBytes)),
    box('stco', u32(0, 1, dataAt)));
}

/** `avc1` with its decoder configuration, and colours as BT.601. */
function sampleEntry({ sps, pps }: EncodedVideo, { width, height }: Layout['size']): Uint8Array {
  const configuration = box('avcC', Uint8Array.from([1, ...sps.subarray(1, 4), 0xff, 0xe1]), u16(sps.length), sps, Uint8Array.from([1]), u16(pps.length), pps);
  const colours = box('colr', text('nclx'), u16(6, 6, 6), Uint8Array.from([0]));
  return box('avc1',
    u16(0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, width, height), u32(0x480000, 0x480000, 0), u16(1), new Uint8Array(32), u16(24, 0xffff), configuration, colours);
}

function box(name: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = join(parts);
  return join([u32(content.length + 8), text(name), content]);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

function text(value: string): Uint8Array {
  return Buffer.from(value, 'latin1');
}

function u32(...values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, at * 4);
  return bytes;
}

function u16(...values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [at, value] of values.entries()) bytes.writeUInt16BE(value, at * 2);
  return bytes;
}
