/** This file holds the measuring of audio to what headers say, and to its guard against those that can't be right. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { audioMsAtMost, audioMsLikely, measureAudio } from './audio-length.ts';
import { sampleFlac, sampleMp3, sampleMp4, sampleOpus, sampleWav, sampleWebm } from './sample-audio.ts';

describe('the length of', () => {
  test.each([
    ['a WAV', sampleWav(2.5), { container: 'wav', durationMs: 2500, sampleRate: 16_000, channels: 1 }],
    ['a WAV of 24 bits in stereo', sampleWav(0.1, { sampleRate: 48_000, channels: 2, bits: 24 }), { container: 'wav', durationMs: 100, sampleRate: 48_000, channels: 2 }],
    ['an MP3', sampleMp3(3), { container: 'mp3', durationMs: 3005, sampleRate: 44_100, channels: 1 }],
    ['an MP3 after a tag', Buffer.concat([Buffer.from('ID3\x04\x00\x00\x00\x00\x01\x00'), Buffer.alloc(128), sampleMp3(3)]), { container: 'mp3', durationMs: 3005, sampleRate: 44_100, channels: 1 }],
    ['Opus', sampleOpus(4), { container: 'ogg', durationMs: 4000, sampleRate: 24_000, channels: 2 }],
    ['FLAC', sampleFlac(5), { container: 'flac', durationMs: 5000, sampleRate: 44_100, channels: 2 }],
    ['an MP4', sampleMp4(6), { container: 'mp4', durationMs: 6000, sampleRate: null, channels: null }],
    ['a WebM without a duration', sampleWebm(7), { container: 'webm', durationMs: 7000, sampleRate: null, channels: null }],
    ['ADTS', adts(10), { container: 'aac', durationMs: 427, sampleRate: 24_000, channels: 1 }],
  ])('%s', (_name, bytes, facts) => {
    expect(measureAudio(bytes)).toEqual(facts);
  });

  test('a WAV that was streamed reaches to its end', () => {
    for (const open of [0, 0xffff_ffff]) {
      const bytes = sampleWav(1);
      bytes.writeUInt32LE(open, 40);
      expect(measureAudio(bytes)?.durationMs).toBe(1000);
    }
  });

  test('a WAV is that of its samples, whatever its header says of bytes a second', () => {
    const bytes = sampleWav(1);
    bytes.writeUInt32LE(0x7fff_ffff, 28);
    expect(measureAudio(bytes)?.durationMs).toBe(1000);
  });
});

describe('what is no audio', () => {
  test.each([['nothing', ''], ['text', 'hello'], ['a PNG', '\x89PNG\r\n\x1a\n0000'], ['a RIFF of pictures', 'RIFF0000AVI 0000'], ['an MP3 tag alone', 'ID3\x04\x00\x00\x00\x00\x00\x00'], ['an Ogg of nothing', 'OggS']])('%s', (_name, text) => {
    expect(measureAudio(Buffer.from(text, 'latin1'))).toBeNull();
  });
});

describe('a header that can not be right', () => {
  test('is not believed: the bytes then say how long it is at most, and how long it usually is', () => {
    const short = Buffer.concat([sampleOpus(0.001), Buffer.alloc(75_000)]);
    const facts = measureAudio(short);
    expect(facts).toMatchObject({ container: 'ogg', durationMs: null });
    expect(audioMsAtMost(short, facts)).toBe(Math.ceil(short.length / 0.75));
    expect(audioMsLikely(short, facts)).toBe(Math.ceil(short.length / 4));
  });

  test('is believed where it can be', () => {
    const bytes = sampleWav(2);
    expect([audioMsAtMost(bytes, measureAudio(bytes)), audioMsLikely(bytes, measureAudio(bytes))]).toEqual([2000, 2000]);
  });

  test.each([['ADTS', adts(400_001)], ['Ogg', Buffer.concat([sampleOpus(1), ...Array.from({ length: 200_000 }, () => Buffer.concat([Buffer.from('OggS'), Buffer.alloc(23)]))])]])('%s of more pieces than anybody needs is not walked through', (_name, bytes) => {
    expect(measureAudio(bytes)?.durationMs).toBeNull();
  });

  test('an MP3 with garbage in it is as long as it can be', () => {
    const bytes = Buffer.concat([sampleMp3(1), Buffer.alloc(300_000), sampleMp3(1)]);
    expect(measureAudio(bytes)?.durationMs).toBeNull();
  });
});

test('whatever the bytes, measuring them ends and throws nothing', () => {
  const samples = [sampleWav(0.01), sampleMp3(0.2), sampleOpus(1), sampleFlac(1), sampleMp4(1), sampleWebm(1), adts(4)];
  fc.assert(fc.property(fc.constantFrom(...samples), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }), fc.nat(), (sample, changes, cut) => {
    const bytes = Buffer.from(sample.subarray(0, 1 + (cut % sample.length)));
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    const ms = audioMsAtMost(bytes, measureAudio(bytes));
    expect(Number.isFinite(ms) && ms >= 0).toBe(true);
  }), { numRuns: 5000 });
});

/** Frames of AAC at 24 kHz, 20 bytes each. */
function adts(frames: number): Buffer {
  const frame = Buffer.alloc(20);
  frame.set([0xff, 0xf1, 0x58, 0x40, 0x02, 0x9f, 0xfc]);
  return Buffer.concat(Array.from({ length: frames }, () => frame));
}
