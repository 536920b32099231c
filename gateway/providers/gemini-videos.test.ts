import { describe, expect, test } from '@jest/globals';
import { geminiVideosWire as wire } from './gemini-videos.ts';
import { jsonOf, MP4_URL, PNG, PNG_DATA_URL, PNG_URL, startOf, targetOf } from './video-target-under-test.ts';
import type { VideoState } from './video-wire.ts';

const target = targetOf('veo-3.1-generate-preview');
const NAME = 'models/veo-3.1-generate-preview/operations/abc123';
const operation = (parts: object): string => JSON.stringify({ name: NAME, ...parts });
const made = (generateVideoResponse: object): string => operation({ done: true, response: { generateVideoResponse } });
const IMAGE = { bytesBase64Encoded: 'iVBORw==', mimeType: 'image/png' };
const jobOf = (result: VideoState['result']) => ({ target, upstreamId: NAME, state: { status: 'completed', progress: 100, error: null, result, seconds: null } as const });

describe('a start', () => {
  test('is predictLongRunning with the key in a header', () => {
    const request = wire.start(startOf(target, { seconds: 8, size: '1920x1080', extra: { negative_prompt: 'cartoon', seed: 7, personGeneration: 'allow_all', n: 2 } }));
    expect(request).toMatchObject({ method: 'POST', path: '/models/veo-3.1-generate-preview:predictLongRunning', headers: { 'x-goog-api-key': 'sk-video' }, warnings: ['n: dropped, this wire does not know it'] });
    expect(jsonOf(request as never)).toEqual({
      instances: [{ prompt: 'A dog surfs' }],
      parameters: { sampleCount: 1, aspectRatio: '16:9', resolution: '1080p', durationSeconds: 8, negativePrompt: 'cartoon', seed: 7, personGeneration: 'allow_all' },
    });
  });

  test('carries frames and references as base64, or as Google\'s own addresses', () => {
    const request = wire.start(startOf(target, { inputReference: { kind: 'url', url: PNG_DATA_URL }, endFrame: PNG, referenceImages: [PNG, { kind: 'url', url: 'gs://bucket/a.png' }] }));
    expect(jsonOf(request as never)).toMatchObject({
      instances: [{ image: IMAGE, lastFrame: IMAGE, referenceImages: [{ image: IMAGE, referenceType: 'asset' }, { image: { gcsUri: 'gs://bucket/a.png', mimeType: 'image/png' }, referenceType: 'asset' }] }],
      parameters: { sampleCount: 1 },
    });
    expect(request.warnings).toEqual([]);
  });

  test('says what is left out: other addresses, and what Veo lacks', () => {
    expect(wire.takesUrls).toBe(false);
    const { warnings } = wire.start(startOf(target, { inputReference: PNG_URL, referenceVideos: [MP4_URL], audio: false, motionControl: {}, size: '1000x1000' }));
    expect(warnings).toEqual([
      'referenceVideos: dropped, this model has nothing like it', 'motionControl: dropped, this model has nothing like it', 'generateAudio: dropped, Veo always makes sound',
      'size: changed to 16:9 at 720p, this model has no such shape', 'inputReference: dropped, Veo takes images as data URLs only',
    ]);
  });
});

describe('a reply', () => {
  test('names its operation, which is then polled', () => {
    expect(wire.readStart(operation({}), startOf(target))).toMatchObject({ upstreamId: NAME, state: { status: 'in_progress', progress: null } });
    expect(wire.poll(target, NAME)).toMatchObject({ method: 'GET', path: `/${NAME}`, headers: { 'x-goog-api-key': 'sk-video' } });
    for (const name of ['../keys', 'models/../x', 'a//b', '']) expect(wire.readStart(JSON.stringify({ name }), startOf(target))).toMatchObject({ code: 'upstream_bad_reply', isRetryable: false });
  });

  test('is done with a file, an error, or nothing but reasons', () => {
    expect(wire.readPoll(made({ generatedSamples: [{ video: { uri: 'https://generativelanguage.googleapis.com/v1beta/files/f1:download?alt=media' } }] }))).toMatchObject({ status: 'completed', result: { uri: expect.stringContaining('files/f1') } });
    expect(wire.readPoll(operation({ done: true, error: { code: 13, message: 'internal' } }))).toMatchObject({ status: 'failed', error: { code: 'generation_failed', message: 'internal' } });
    expect(wire.readPoll(operation({ done: true, error: { code: 3, message: 'The prompt violates our usage policies.' } }))).toMatchObject({ error: { code: 'moderation_blocked' } });
    expect(wire.readPoll(made({ raiMediaFilteredCount: 1, raiMediaFilteredReasons: ['A person was shown.'] }))).toMatchObject({ error: { code: 'moderation_blocked', message: 'A person was shown.' } });
    expect(wire.readPoll(made({ raiMediaFilteredCount: 1 }))).toMatchObject({ error: { code: 'moderation_blocked', message: 'The provider refused this video for what it shows.' } });
    expect(wire.readPoll(made({}))).toMatchObject({ error: { code: 'generation_failed', message: 'The provider finished without a video.' } });
  });
});

describe('the file', () => {
  test('of Google\'s is asked of the provider\'s own address, whatever host its URI names', () => {
    for (const host of ['generativelanguage.googleapis.com', 'evil.example']) {
      expect(wire.content(jobOf({ uri: `https://${host}/v1beta/files/f-1:download?alt=media` }), 'video')).toMatchObject({ kind: 'http', path: '/files/f-1:download?alt=media', headers: { 'x-goog-api-key': 'sk-video' } });
    }
  });

  test('elsewhere is asked without the key; inline it needs no asking', () => {
    expect(wire.content(jobOf({ uri: 'https://storage.example/v.mp4' }), 'video')).toEqual({ kind: 'url', url: 'https://storage.example/v.mp4', headers: {} });
    expect(wire.readPoll(made({ generatedSamples: [{ video: { encodedVideo: 'AAAA' } }] }))).toMatchObject({ result: { inline: 'AAAA' } });
    expect(wire.content(jobOf({ inline: 'AAAA' }), 'video')).toEqual({ kind: 'bytes', contentType: 'video/mp4', bytes: Buffer.from([0, 0, 0]) });
    expect(wire.content(jobOf({ uri: 'https://storage.example/v.mp4' }), 'thumbnail')).toBeNull();
  });
});
