/** This file makes small audio files of given lengths, for tests: headers that are real, sound that is silence. */

/** A WAV of silence. */
export function sampleWav(seconds: number, { sampleRate = 16_000, channels = 1, bits = 16 } = {}): Buffer {
  const size = Math.round(seconds * sampleRate) * channels * (bits / 8);
  const bytes = Buffer.alloc(44 + size);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(36 + size, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(channels, 22);
  bytes.writeUInt32LE(sampleRate, 24);
  bytes.writeUInt32LE(sampleRate * channels * (bits / 8), 28);
  bytes.writeUInt16LE(channels * (bits / 8), 32);
  bytes.writeUInt16LE(bits, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(size, 40);
  return bytes;
}

const MP3_FRAME_BYTES = 417;
const MP3_FRAMES_PER_SECOND = 44_100 / 1152;

/** An MP3 of silence: MPEG-1 layer III, 128 kbit/s, 44.1 kHz, mono. */
export function sampleMp3(seconds: number): Buffer {
  const frame = Buffer.alloc(MP3_FRAME_BYTES);
  frame.writeUInt32BE(0xfffb90c0);
  return Buffer.concat(Array.from({ length: Math.round(seconds * MP3_FRAMES_PER_SECOND) }, () => frame));
}

/** An Ogg of Opus whose last page stands so many seconds in. */
export function sampleOpus(seconds: number): Buffer {
  const head = Buffer.alloc(19);
  head.write('OpusHead', 0, 'latin1');
  head.writeUInt8(1, 8);
  head.writeUInt8(2, 9);
  head.writeUInt16LE(312, 10);
  head.writeUInt32LE(24_000, 12);
  return Buffer.concat([oggPage(0n, head), oggPage(0n, Buffer.from('OpusTags-and-more')), oggPage(BigInt(Math.round(seconds * 48_000) + 312), Buffer.alloc(200))]);
}

function oggPage(granule: bigint, packet: Buffer): Buffer {
  const head = Buffer.alloc(28);
  head.write('OggS', 0, 'latin1');
  head.writeBigUInt64LE(granule, 6);
  head.writeUInt8(1, 26);
  head.writeUInt8(packet.length, 27);
  return Buffer.concat([head, packet]);
}

/** A FLAC of which there is nothing but the header. */
export function sampleFlac(seconds: number): Buffer {
  const info = Buffer.alloc(34);
  info.writeBigUInt64BE((44_100n << 44n) | (1n << 41n) | (15n << 36n) | BigInt(Math.round(seconds * 44_100)), 10);
  return Buffer.concat([Buffer.from('fLaC'), Buffer.of(0x80, 0, 0, 34), info, Buffer.alloc(100)]);
}

/** An MP4 with a movie header and no movie. */
export function sampleMp4(seconds: number): Buffer {
  const header = Buffer.alloc(100);
  header.writeUInt32BE(1000, 12);
  header.writeUInt32BE(Math.round(seconds * 1000), 16);
  return Buffer.concat([box('ftyp', Buffer.from('M4A 0000')), box('mdat', Buffer.alloc(300)), box('moov', box('mvhd', header))]);
}

function box(type: string, inner: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + inner.length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, inner]);
}

/** A WebM as browsers record it: no duration, clusters of unknown size, 20 ms a block. */
export function sampleWebm(seconds: number): Buffer {
  const last = Math.round(seconds * 1000);
  const cluster = (at: number): Buffer => Buffer.concat([
    Buffer.from('1f43b67501ffffffffffffff', 'hex'), Buffer.from('e784', 'hex'), uint32(at),
    Buffer.from('a3868100008000aa', 'hex'),
  ]);
  return Buffer.concat([
    Buffer.from('1a45dfa3844286810142', 'hex'), Buffer.from('18538067 01ffffffffffffff'.replace(' ', ''), 'hex'),
    Buffer.from('1549a966872ad7b1830f4240', 'hex'), cluster(0), cluster(last),
  ]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
