import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { readJobId, stepsOf, writeJobId } from './sandbox-video-job.ts';
import { hashText } from './sandbox-tokens.ts';
import { drawScene } from './sandbox-video-scene.ts';
import { createSandboxVideosWire } from './sandbox-videos.ts';
import { PNG, startOf, targetOf } from './video-target-under-test.ts';
import type { TargetParts } from './video-target-under-test.ts';
import type { VideoRequest, VideoStarted, VideoState } from './video-wire.ts';
import type { HttpRequest, ScriptedReply, UpstreamFailure } from './wire.ts';

const START_MS = 1_800_000_000_000;
let now = START_MS;
const wire = createSandboxVideosWire({ nowMs: () => now });
const isFailure = (value: object): value is UpstreamFailure => 'isRetryable' in value;

function play(request: HttpRequest | ScriptedReply): ScriptedReply & { text: string } {
  if (request.kind !== 'script') throw new Error('not a script');
  return { ...request, text: [...request.steps].map(({ bytes }) => bytes).join('') };
}

function begin(options: TargetParts['options'], video: Partial<VideoRequest> = {}): VideoStarted {
  now = START_MS;
  const start = startOf(targetOf('video', { options: options ?? {} }), video);
  const started = wire.readStart(play(wire.start(start)).text, start);
  if (isFailure(started)) throw new Error(started.detail);
  return started;
}

function pollAt(ms: number, upstreamId: string): VideoState {
  now = START_MS + ms;
  const state = wire.readPoll(play(wire.poll(targetOf('video'), upstreamId)).text);
  if (isFailure(state)) throw new Error(state.detail);
  return state;
}

function draw(variant: 'video' | 'thumbnail' | 'spritesheet', video: Partial<VideoRequest>) {
  const { upstreamId } = begin({ step_ms: '0' }, video);
  const content = wire.content({ target: targetOf('video'), upstreamId, state: pollAt(0, upstreamId) }, variant);
  if (content?.kind !== 'bytes') throw new Error('no bytes');
  return { contentType: content.contentType, bytes: Buffer.from(content.bytes) };
}

describe('a job', () => {
  test('takes five steps of time, and says so', () => {
    const { upstreamId, state } = begin({ step_ms: '100' }, { seconds: 2 });
    expect(state).toEqual({ status: 'queued', progress: 0, error: null, result: null, seconds: null });
    expect([0, 99, 100, 250, 399, 499].map((ms) => [pollAt(ms, upstreamId).status, pollAt(ms, upstreamId).progress])).toEqual([['queued', 0], ['queued', 0], ['in_progress', 20], ['in_progress', 40], ['in_progress', 60], ['in_progress', 80]]);
    expect(pollAt(500, upstreamId)).toEqual({ status: 'completed', progress: 100, error: null, result: {}, seconds: 2 });
    expect(pollAt(9_999_999, upstreamId).status).toBe('completed');
  });

  test('fails as it is told', () => {
    const moderated = begin({ step_ms: '10', fail: 'moderation' });
    expect(pollAt(29, moderated.upstreamId).status).toBe('in_progress');
    expect(pollAt(30, moderated.upstreamId)).toMatchObject({ status: 'failed', error: { code: 'moderation_blocked' } });
    expect(pollAt(30, begin({ step_ms: '10' }, { extra: { sandbox: { fail: 'error' } } }).upstreamId)).toMatchObject({ status: 'failed', error: { code: 'generation_failed' } });
  });

  test('has polls fail for a while', () => {
    const { upstreamId } = begin({ step_ms: '10', poll_status: '503' });
    now = START_MS + 29;
    expect(play(wire.poll(targetOf('video'), upstreamId)).status).toBe(503);
    expect(pollAt(30, upstreamId).status).toBe('in_progress');
  });

  test('is refused, garbled or lost as it is told', () => {
    const answer = (options: Record<string, string>, video: Partial<VideoRequest> = {}) => play(wire.start(startOf(targetOf('video', { options }), video)));
    expect(answer({ fail_status: '429', retry_after: '7' })).toMatchObject({ status: 429, headers: { 'retry-after': '7' } });
    const start = startOf(targetOf('video'));
    expect(wire.readStart(answer({ malformed: '' }).text, start)).toMatchObject({ code: 'upstream_bad_reply', isRetryable: false });
    expect(answer({ lost: 'true' })).toMatchObject({ ending: 'reset', text: '' });
    const bad = [[{ step_ms: 'x' }, {}, 'model'], [{ nope: '1' }, {}, 'model'], [{}, { extra: { sandbox: { fail: 'loudly' } } }, 'sandbox.fail'], [{}, { size: '1281x720' }, 'size'], [{}, { size: '1920x1920' }, 'size'], [{}, { seconds: 21 }, 'seconds']] as const;
    for (const [options, video, param] of bad) {
      const { status, text } = answer(options, video);
      expect([status, (JSON.parse(text) as { error: { param: string } }).error.param]).toEqual([400, param]);
      expect(wire.classify(status, {}, text)).toMatchObject({ code: 'upstream_rejected', param });
    }
  });

  test('says what it does not use', () => {
    const { warnings } = wire.start(startOf(targetOf('video'), { inputReference: PNG, audio: true, extra: { seed: 1, sandbox: {} } }));
    expect(warnings).toEqual(['inputReference: dropped, this model has nothing like it', 'generateAudio: dropped, the sandbox makes no sound', 'seed: dropped, this wire does not know it']);
  });

  test('lies in its id', () => {
    const job = fc.record({
      startedMs: fc.integer({ min: 0, max: 4_000_000_000_000 }), seconds: fc.integer({ min: 1, max: 20 }), seed: fc.integer({ min: 0, max: 0xffffffff }), stepMs: fc.integer({ min: 0, max: 60_000 }),
      size: fc.record({ width: fc.integer({ min: 64, max: 1920 }), height: fc.integer({ min: 64, max: 1920 }) }), fail: fc.constantFrom('moderation' as const, 'error' as const, null), pollStatus: fc.option(fc.integer({ min: 400, max: 599 })),
    });
    fc.assert(fc.property(job, (value) => {
      const id = writeJobId(value);
      expect(id).toMatch(/^[\w-]{1,100}$/);
      expect(readJobId(id)).toEqual(value);
    }));
    fc.assert(fc.property(fc.string(), (id) => { expect(readJobId(id)).toBeNull(); }));
    expect(stepsOf({ startedMs: 100, seconds: 1, seed: 1, stepMs: 10, size: { width: 64, height: 64 }, fail: null, pollStatus: null }, 0)).toBe(0);
    expect(play(wire.poll(targetOf('video'), 'video-of-another')).status).toBe(404);
  });
});

/** Boxes of an MP4: where each begins and ends. */
function boxesOf(bytes: Buffer, from = 0, to = bytes.length): Map<string, { start: number; end: number }> {
  const boxes = new Map<string, { start: number; end: number }>();
  for (let at = from; at < to;) {
    const size = bytes.readUInt32BE(at);
    boxes.set(bytes.toString('latin1', at + 4, at + 8), { start: at + 8, end: at + size });
    at += size;
  }
  return boxes;
}

function within(bytes: Buffer, ...names: readonly string[]): { start: number; end: number } {
  let range = { start: 0, end: bytes.length };
  for (const name of names) range = boxesOf(bytes, range.start, range.end).get(name) ?? { start: 0, end: 0 };
  return range;
}

describe('the MP4', () => {
  test('is the one that Chromium 156 plays: to the byte', () => {
    // Seeked to its middle in Chromium 156 on 2026-11-21, each of five videos like this one showed the picture of its thumbnail, no channel off by more than 3.
    const { contentType, bytes } = draw('video', { prompt: 'A golden retriever surfing', seconds: 4, size: '1280x720' });
    expect(contentType).toBe('video/mp4');
    expect(createHash('sha256').update(bytes).digest('hex')).toBe('e6062e373a677ec9d1eec0f3e71ff2418cb2b55bafa468056ae6659607dc3d88');
  });

  test('says its size and length, and lies as its tables say', () => {
    const { bytes } = draw('video', { seconds: 3, size: '864x498' });
    expect([...boxesOf(bytes).keys()]).toEqual(['ftyp', 'moov', 'mdat']);
    const movie = within(bytes, 'moov', 'mvhd');
    expect([bytes.readUInt32BE(movie.start + 12), bytes.readUInt32BE(movie.start + 16)]).toEqual([1000, 3000]);
    const track = within(bytes, 'moov', 'trak', 'tkhd');
    expect([bytes.readUInt32BE(track.end - 8) / 65536, bytes.readUInt32BE(track.end - 4) / 65536]).toEqual([864, 498]);
    const table = (name: string) => within(bytes, 'moov', 'trak', 'mdia', 'minf', 'stbl', name).start;
    const count = bytes.readUInt32BE(table('stsz') + 8);
    expect(count).toBe(24);
    expect(bytes.readUInt32BE(table('stss') + 4)).toBe(2);
    let at = bytes.readUInt32BE(table('stco') + 8);
    expect(at).toBe(within(bytes, 'mdat').start);
    for (let sample = 0; sample < count; sample++) {
      const size = bytes.readUInt32BE(table('stsz') + 12 + 4 * sample);
      expect(bytes.readUInt32BE(at)).toBe(size - 4);
      // A NAL unit: an IDR slice every two seconds, others between.
      expect((bytes[at + 4] ?? 0) & 31).toBe(sample % 16 === 0 ? 5 : 1);
      expect(bytes.subarray(at + 4, at + size).includes(Buffer.from([0, 0, 1]))).toBe(false);
      at += size;
    }
    expect(at).toBe(bytes.length);
  });

  test('is another for another prompt, and the same for the same', () => {
    const hash = (prompt: string) => createHash('sha256').update(draw('video', { prompt, seconds: 1, size: '320x180' }).bytes).digest('hex');
    expect(hash('a')).toBe(hash('a'));
    expect(hash('a')).not.toBe(hash('b'));
    expect(hashText('')).toBe(0x811c9dc5);
    expect(hashText('a')).toBe(0xe40c292c);
  });

  test('of any size and length allowed has a palette that fits and frames of one grid', () => {
    const side = fc.integer({ min: 32, max: 300 }).map((half) => 2 * half);
    fc.assert(fc.property(side, side, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 0xffffffff }), (width, height, seconds, seed) => {
      const { frames, columns, rows, palette } = drawScene({ width, height, seconds, seed });
      expect(frames.length).toBe(8 * seconds);
      for (const frame of frames) {
        expect(frame.length).toBe(columns * rows);
        expect(frame.every((place) => place < palette.length)).toBe(true);
      }
      for (const { luma, blueness, redness } of palette) {
        expect([luma, blueness, redness].every((value) => Number.isInteger(value) && value >= 16 && value <= 240)).toBe(true);
        expect(blueness % 2 + redness % 2).toBe(0);
      }
    }), { numRuns: 30 });
  });
});

/** Reads a PNG with a palette: its size, and the colour at each pixel. */
function readPng(bytes: Buffer) {
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    chunks.set(bytes.toString('latin1', at + 4, at + 8), bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const [header, data, colours] = [chunks.get('IHDR') ?? Buffer.alloc(13), inflateSync(chunks.get('IDAT') ?? Buffer.alloc(0)), chunks.get('PLTE') ?? Buffer.alloc(0)];
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  expect(data.length).toBe((width + 1) * height);
  const rows: number[][] = [];
  for (let y = 0; y < height; y++) {
    const line = data.subarray(y * (width + 1) + 1, (y + 1) * (width + 1));
    const isUp = data[y * (width + 1)] === 2;
    rows.push([...line].map((value, x) => (value + (isUp ? rows[y - 1]?.[x] ?? 0 : 0)) & 255));
  }
  return { width, height, rows, colours, names: [...chunks.keys()] };
}

describe('the pictures', () => {
  test('are PNGs: the frame in the middle, and ten frames in two rows', () => {
    const video = { prompt: 'A golden retriever surfing', seconds: 4, size: '320x180' };
    const scene = drawScene({ width: 320, height: 180, seconds: 4, seed: hashText(video.prompt) });
    const thumbnail = draw('thumbnail', video);
    const one = readPng(thumbnail.bytes);
    expect([thumbnail.contentType, one.width, one.height, one.names]).toEqual(['image/png', 320, 180, ['IHDR', 'PLTE', 'IDAT', 'IEND']]);
    const middle = scene.frames[16] ?? [];
    for (const [x, y] of [[0, 0], [159, 90], [319, 179], [17, 33]] as const) expect(one.rows[y]?.[x]).toBe(middle[Math.floor(y / 16) * scene.columns + Math.floor(x / 16)]);
    expect(one.colours.length).toBe(scene.palette.length * 3);
    const sheet = readPng(draw('spritesheet', video).bytes);
    expect([sheet.width, sheet.height]).toEqual([5 * 160, 2 * 96]);
    const last = scene.frames.at(-1) ?? [];
    expect(sheet.rows[191]?.slice(640)).toEqual(Array.from({ length: 160 }, (_, x) => last[11 * scene.columns + Math.floor(x / 8)]));
  });

  test('stay small, and are drawn for a large video as well', () => {
    for (const size of ['1920x1080', '1080x1920', '64x64']) {
      expect(draw('thumbnail', { seconds: 1, size }).bytes.length).toBeLessThan(100_000);
      expect(readPng(draw('spritesheet', { seconds: 1, size }).bytes).width).toBeGreaterThan(100);
    }
  });
});
