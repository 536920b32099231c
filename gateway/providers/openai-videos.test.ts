import { describe, expect, test } from '@jest/globals';
import { openaiVideosWire as wire } from './openai-videos.ts';
import { JOB_ID, jsonOf, MP4_URL, PNG, PNG_DATA_URL, PNG_URL, startOf, targetOf } from './video-target-under-test.ts';
import type { VideoState } from './video-wire.ts';

const target = targetOf('sora-2');
const KEY = { authorization: 'Bearer sk-video', 'X-Title': 'Interline' };
const video = (parts: object): string => JSON.stringify({
  id: 'video_123', object: 'video', model: 'sora-2', status: 'queued', progress: 0, created_at: 1_712_697_600, completed_at: null, expires_at: null, prompt: null,
  size: '1280x720', seconds: '8', remixed_from_video_id: null, error: null, ...parts,
});
const done: VideoState = { status: 'completed', progress: 100, error: null, result: {}, seconds: 8 };

describe('a start', () => {
  test('of words alone is JSON, as the reference shows it', () => {
    const request = wire.start(startOf(target, { seconds: 8, size: '1280x720', extra: { metadata: { a: 1 } } }));
    expect(request).toMatchObject({ kind: 'http', method: 'POST', path: '/videos', headers: { ...KEY, 'content-type': 'application/json' }, warnings: [] });
    expect(jsonOf(request as never)).toEqual({ model: 'sora-2', prompt: 'A dog surfs', seconds: '8', size: '1280x720', metadata: { a: 1 } });
  });

  test('with an image at an address names it', () => {
    expect(jsonOf(wire.start(startOf(target, { inputReference: PNG_URL })) as never)).toEqual({ model: 'sora-2', prompt: 'A dog surfs', input_reference: { image_url: 'https://example.com/first.png' } });
  });

  test('with bytes, or a data URL, is multipart with a file', () => {
    for (const inputReference of [PNG, { kind: 'url', url: PNG_DATA_URL } as const]) {
      const request = wire.start(startOf(target, { seconds: 4, inputReference, extra: { seed: 7, metadata: {} } }));
      if (request.kind !== 'http') throw new Error('no request');
      const text = Buffer.from(request.body).toString('latin1');
      expect(request.headers['content-type']).toBe(`multipart/form-data; boundary=interline-${JOB_ID.slice(0, 40)}`);
      expect(text).toContain('content-disposition: form-data; name="input_reference"; filename="reference"\r\ncontent-type: image/png\r\n\r\n\x89PNG\r\n');
      expect(text).toContain('name="prompt"\r\n\r\nA dog surfs\r\n');
      expect(text).toContain('name="seconds"\r\n\r\n4\r\n');
      expect(text).toContain('name="seed"\r\n\r\n7\r\n');
      expect(request.warnings).toEqual(['metadata: dropped, it can not go with an uploaded file']);
    }
  });

  test('says what is left out', () => {
    const { warnings } = wire.start(startOf(target, { endFrame: PNG, referenceImages: [PNG], referenceVideos: [MP4_URL], audio: false, motionControl: {} }));
    expect(warnings.map((line) => line.split(':')[0])).toEqual(['endFrame', 'referenceImages', 'referenceVideos', 'motionControl', 'generateAudio']);
    expect(wire.start(startOf(target, { audio: true })).warnings).toEqual([]);
  });
});

describe('a reply', () => {
  test('in every state', () => {
    expect(wire.readStart(video({}), startOf(target))).toEqual({ upstreamId: 'video_123', state: { status: 'queued', progress: 0, error: null, result: null, seconds: null } });
    expect(wire.readPoll(video({ status: 'in_progress', progress: 42.7 }))).toMatchObject({ status: 'in_progress', progress: 42 });
    expect(wire.readPoll(video({ status: 'completed', progress: 100 }))).toEqual(done);
    expect(wire.readPoll(video({ status: 'failed', error: { code: 'moderation_blocked', message: 'Blocked.' } }))).toMatchObject({ status: 'failed', error: { code: 'moderation_blocked', message: 'Blocked.' } });
    expect(wire.readPoll(video({ status: 'failed' }))).toMatchObject({ error: { code: 'generation_failed', message: 'The provider could not make this video.' } });
    expect(wire.readPoll(video({ status: 'failed', error: { code: 'x', message: 'bad key sk-abcdefghij' } }))).toMatchObject({ error: { message: 'bad key [redacted]' } });
  });

  test('that is none is a failure', () => {
    expect(wire.readPoll('[]')).toMatchObject({ code: 'upstream_bad_reply', isRetryable: true });
    expect(wire.readPoll(video({ status: 'done' }))).toMatchObject({ code: 'upstream_bad_reply' });
    for (const id of ['..', 'a/b', '', 7, undefined]) expect(wire.readStart(video({ id }), startOf(target))).toMatchObject({ code: 'upstream_bad_reply', isRetryable: false });
  });
});

test('content has three variants, and a removal is a DELETE', () => {
  const job = { target, upstreamId: 'video_123', state: done };
  expect(wire.content(job, 'video')).toMatchObject({ kind: 'http', method: 'GET', path: '/videos/video_123/content', headers: KEY });
  expect(wire.content(job, 'thumbnail')).toMatchObject({ path: '/videos/video_123/content?variant=thumbnail' });
  expect(wire.content(job, 'spritesheet')).toMatchObject({ path: '/videos/video_123/content?variant=spritesheet' });
  expect(wire.poll(target, 'video_123')).toMatchObject({ method: 'GET', path: '/videos/video_123', headers: KEY, body: '' });
  expect(wire.remove?.(target, 'video_123')).toMatchObject({ method: 'DELETE', path: '/videos/video_123', headers: KEY });
});
