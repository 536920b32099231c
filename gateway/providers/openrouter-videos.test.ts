import { describe, expect, test } from '@jest/globals';
import { openrouterVideosWire as wire } from './openrouter-videos.ts';
import { jsonOf, MP4_URL, PNG, PNG_DATA_URL, PNG_URL, startOf, targetOf } from './video-target-under-test.ts';

const target = targetOf('google/veo-3.1');
const start = startOf(target);

describe('a start', () => {
  test('is the reference\'s: duration, shape and tier, frames, references, sound', () => {
    const request = wire.start(startOf(target, {
      seconds: 8, size: '1280x720', audio: true, inputReference: PNG_URL, endFrame: PNG, referenceImages: [PNG_URL], referenceVideos: [MP4_URL], extra: { seed: 42, provider: { options: {} } },
    }));
    expect(request).toMatchObject({ method: 'POST', path: '/videos', headers: { authorization: 'Bearer sk-video' }, warnings: [] });
    expect(jsonOf(request as never)).toEqual({
      model: 'google/veo-3.1', prompt: 'A dog surfs', duration: 8, resolution: '720p', aspect_ratio: '16:9', generate_audio: true, seed: 42, provider: { options: {} },
      frame_images: [
        { type: 'image_url', image_url: { url: PNG_URL.url }, frame_type: 'first_frame' },
        { type: 'image_url', image_url: { url: PNG_DATA_URL }, frame_type: 'last_frame' },
      ],
      input_references: [{ type: 'image_url', image_url: { url: PNG_URL.url } }, { type: 'video_url', video_url: { url: MP4_URL.url } }],
    });
  });

  test('writes 4k as OpenRouter does, and leaves out what was not asked', () => {
    expect(jsonOf(wire.start(startOf(target, { size: '2160x3840' })) as never)).toEqual({ model: 'google/veo-3.1', prompt: 'A dog surfs', resolution: '4K', aspect_ratio: '9:16' });
    expect(wire.start(startOf(target, { motionControl: { zoom: 1 }, extra: { callback_url: 'https://x' } })).warnings).toEqual(['motionControl: dropped, this model has nothing like it', 'callback_url: dropped, this wire does not know it']);
  });
});

test('a reply in every state', () => {
  const job = (parts: object): string => JSON.stringify({ id: 'job-abc123', polling_url: '/api/v1/videos/job-abc123', ...parts });
  expect(wire.readStart(job({ status: 'pending' }), start)).toMatchObject({ upstreamId: 'job-abc123', state: { status: 'queued' } });
  expect(wire.readPoll(job({ status: 'in_progress' }))).toMatchObject({ status: 'in_progress', progress: null });
  expect(wire.readPoll(job({ status: 'completed', unsigned_urls: ['https://storage.example.com/video.mp4'], usage: { cost: 0.5, is_byok: false } }))).toMatchObject({ status: 'completed', result: { videos: 1, usage: { cost: 0.5 } } });
  expect(wire.readPoll(job({ status: 'failed', error: 'Blocked by content policy' }))).toMatchObject({ error: { code: 'moderation_blocked', message: 'Blocked by content policy' } });
  expect(wire.readPoll(job({ status: 'failed' }))).toMatchObject({ error: { code: 'generation_failed' } });
  expect(wire.readPoll(job({ status: 'cancelled' }))).toMatchObject({ error: { code: 'cancelled', message: 'The video was cancelled at the provider.' } });
  expect(wire.readPoll(job({ status: 'expired' }))).toMatchObject({ error: { code: 'expired' } });
  expect(wire.readPoll(job({ status: 'lost' }))).toMatchObject({ code: 'upstream_bad_reply' });
  expect(wire.readStart(JSON.stringify({ status: 'pending' }), start)).toMatchObject({ code: 'upstream_bad_reply', isRetryable: false });
});

test('content is asked of OpenRouter, not of the address a reply names', () => {
  const state = { status: 'completed', progress: 100, error: null, result: { videos: 1 }, seconds: null } as const;
  expect(wire.content({ target, upstreamId: 'job-1', state }, 'video')).toMatchObject({ kind: 'http', path: '/videos/job-1/content?index=0', headers: { authorization: 'Bearer sk-video' } });
  expect(wire.content({ target, upstreamId: 'job-1', state }, 'spritesheet')).toBeNull();
});
