import { describe, expect, test } from '@jest/globals';
import { seedanceVideosWire as wire } from './seedance-videos.ts';
import { jsonOf, MP4_URL, PNG, PNG_DATA_URL, PNG_URL, startOf, targetOf } from './video-target-under-test.ts';

const target = targetOf('dreamina-seedance-2-0-260128');
const task = (parts: object): string => JSON.stringify({ id: 'cgt-2026-1', model: 'dreamina-seedance-2-0-260128', created_at: 1, updated_at: 2, ...parts });

describe('a start', () => {
  test('is a task: the prompt, frames with their roles, shape and tier, sound', () => {
    const request = wire.start(startOf(target, { seconds: 5, size: '1280x720', inputReference: PNG, endFrame: PNG_URL, audio: false, extra: { seed: 11, camera_fixed: true, service_tier: 'auto' } }));
    expect(request).toMatchObject({ method: 'POST', path: '/contents/generations/tasks', headers: { authorization: 'Bearer sk-video' }, warnings: ['service_tier: dropped, this wire does not know it'] });
    expect(jsonOf(request as never)).toEqual({
      model: 'dreamina-seedance-2-0-260128', ratio: '16:9', resolution: '720p', duration: 5, generate_audio: false, watermark: false, seed: 11, camera_fixed: true,
      content: [
        { type: 'text', text: 'A dog surfs' },
        { type: 'image_url', image_url: { url: PNG_DATA_URL }, role: 'first_frame' },
        { type: 'image_url', image_url: { url: PNG_URL.url }, role: 'last_frame' },
      ],
    });
  });

  test('of references names each; a video that is no address is left out', () => {
    const request = wire.start(startOf(target, { size: '2206x946', referenceImages: [PNG_URL], referenceVideos: [MP4_URL, { kind: 'url', url: 'data:video/mp4;base64,AAAA' }], motionControl: {} }));
    expect(jsonOf(request as never)).toMatchObject({
      ratio: '21:9', resolution: '1080p',
      content: [{ type: 'text' }, { role: 'reference_image', image_url: { url: PNG_URL.url } }, { type: 'video_url', video_url: { url: MP4_URL.url }, role: 'reference_video' }],
    });
    expect(request.warnings).toEqual(['motionControl: dropped, this model has nothing like it', 'referenceVideos: dropped, Seedance takes videos by address only']);
  });
});

test('a reply in every state', () => {
  expect(wire.readStart('{"id":"cgt-2026-1"}', startOf(target))).toMatchObject({ upstreamId: 'cgt-2026-1', state: { status: 'queued' } });
  expect(wire.readStart('{"id":"../x"}', startOf(target))).toMatchObject({ code: 'upstream_bad_reply', isRetryable: false });
  expect(wire.readPoll(task({ status: 'queued' }))).toMatchObject({ status: 'queued' });
  expect(wire.readPoll(task({ status: 'running' }))).toMatchObject({ status: 'in_progress' });
  expect(wire.readPoll(task({ status: 'succeeded', content: { video_url: 'https://ark.example/v.mp4?sig=1' }, usage: { completion_tokens: 108_900 }, duration: 5 }))).toEqual({
    status: 'completed', progress: 100, error: null, seconds: 5, result: { url: 'https://ark.example/v.mp4?sig=1', usage: { completion_tokens: 108_900 } },
  });
  expect(wire.readPoll(task({ status: 'failed', error: { code: 'OutputVideoSensitiveContentDetected', message: 'Withheld.' } }))).toMatchObject({ error: { code: 'moderation_blocked', message: 'Withheld.' } });
  expect(wire.readPoll(task({ status: 'failed', error: { code: 'InternalServiceError', message: 'Oops.' } }))).toMatchObject({ error: { code: 'generation_failed', message: 'Oops.' } });
  expect(wire.readPoll(task({ status: 'cancelled' }))).toMatchObject({ error: { code: 'cancelled' } });
  expect(wire.readPoll(task({ status: 'expired' }))).toMatchObject({ error: { code: 'expired', message: 'The provider did not make this video in time.' } });
  expect(wire.readPoll(task({ status: 'succeeded', content: {} }))).toMatchObject({ code: 'upstream_bad_reply', isRetryable: true });
});

test('errors are OpenAI\'s, but a model that is not opened and arrears are the operator\'s', () => {
  const error = (code: string): string => JSON.stringify({ error: { code, message: 'said', type: 'BadRequest', param: 'content' } });
  expect(wire.classify(400, {}, error('InputTextSensitiveContentDetected'))).toMatchObject({ code: 'upstream_rejected', message: 'said', param: 'content', upstream: { code: 'InputTextSensitiveContentDetected' } });
  expect(wire.classify(404, {}, error('ModelNotOpen'))).toMatchObject({ code: 'upstream_auth_failed', message: null, upstream: null });
  expect(wire.classify(403, {}, error('AccountOverdueError'))).toMatchObject({ code: 'upstream_auth_failed' });
  expect(wire.classify(429, { 'retry-after': '3' }, error('QuotaExceeded'))).toMatchObject({ code: 'upstream_rate_limited', retryAfterSeconds: 3 });
});

test('the video lies elsewhere; a task can be removed', () => {
  const state = { status: 'completed', progress: 100, error: null, result: { url: 'https://ark.example/v.mp4' }, seconds: 5 } as const;
  expect(wire.content({ target, upstreamId: 'cgt-1', state }, 'video')).toEqual({ kind: 'url', url: 'https://ark.example/v.mp4', headers: {} });
  expect(wire.content({ target, upstreamId: 'cgt-1', state: { ...state, result: { url: 'file:///etc/passwd' } } }, 'video')).toBeNull();
  expect(wire.remove?.(target, 'cgt-1')).toMatchObject({ method: 'DELETE', path: '/contents/generations/tasks/cgt-1', headers: { authorization: 'Bearer sk-video' } });
});

test('what is charged is told in tokens of 1024 pixels, 24 frames a second', () => {
  const chargedMs = (usage: object | null, size: string | null = '1280x720') => wire.chargedMs?.({ status: 'completed', progress: 100, error: null, result: usage && { usage }, seconds: 4 }, size);
  // 193 frames of 1280 × 720.
  expect(chargedMs({ completion_tokens: 173_700 })).toBe(8042);
  expect(chargedMs({ completion_tokens: 10_044 }, '864x496')).toBe(1000);
  expect([chargedMs(null), chargedMs({}), chargedMs({ completion_tokens: -5 }), chargedMs({ completion_tokens: 'x' }), chargedMs({ completion_tokens: 5 }, null)]).toEqual([null, null, null, null, null]);
});
