import { describe, expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { signHs256 } from '../foundation/hmac.ts';
import { createKlingVideosWire } from './kling-videos.ts';
import { JOB_ID, jsonOf, MP4_URL, PNG, PNG_URL, startOf, targetOf } from './video-target-under-test.ts';
import type { VideoRequest } from './video-wire.ts';

const wire = createKlingVideosWire({ sign: signHs256, nowSeconds: () => 1_800_000_000 });
const v3 = targetOf('kling-v3');
const o1 = targetOf('kling-video-o1');
const write = (target: typeof v3, video: Partial<VideoRequest>) => {
  const request = wire.start(startOf(target, video));
  if (request.kind !== 'http') throw new Error('no request');
  return { path: request.path, body: jsonOf(request), warnings: request.warnings };
};
const task = (data: object, code = 0): string => JSON.stringify({ code, message: code === 0 ? 'SUCCEED' : 'no', request_id: 'r1', data: { task_id: '8001', created_at: 1, updated_at: 2, ...data } });

describe('a start', () => {
  test('of words goes to text2video', () => {
    expect(write(v3, { seconds: 5, size: '1920x1080', audio: true, extra: { negative_prompt: 'blur', cfg_scale: 0.5 }, motionControl: { type: 'simple', config: { zoom: 3 } } })).toEqual({
      path: '/v1/videos/text2video', warnings: [],
      body: { model_name: 'kling-v3', prompt: 'A dog surfs', duration: '5', mode: 'pro', aspect_ratio: '16:9', sound: 'on', negative_prompt: 'blur', cfg_scale: 0.5, camera_control: { type: 'simple', config: { zoom: 3 } }, external_task_id: JOB_ID },
    });
    expect(write(v3, { size: '960x960' }).body).toMatchObject({ mode: 'std', aspect_ratio: '1:1' });
    expect(write(v3, { size: '3840x2160' }).body).toMatchObject({ mode: '4k' });
  });

  test('of frames goes to image2video, as base64 without a prefix', () => {
    const { path, body, warnings } = write(v3, { inputReference: PNG, endFrame: PNG_URL, size: '1280x720', audio: false });
    expect(path).toBe('/v1/videos/image2video');
    expect(body).toEqual({ model_name: 'kling-v3', prompt: 'A dog surfs', image: 'iVBORw==', image_tail: PNG_URL.url, mode: 'std', sound: 'off', external_task_id: JOB_ID });
    expect(warnings).toEqual(['size: only how fine it is counts, its shape is the first frame\'s']);
  });

  test('of O1 goes to omni-video, with everything in lists and camera movement in words', () => {
    const { path, body, warnings } = write(o1, {
      seconds: 5, size: '1280x720', inputReference: PNG, endFrame: PNG_URL, referenceImages: [PNG_URL], referenceVideos: [MP4_URL, MP4_URL], audio: true, motionControl: { config: { horizontal: -2, zoom: 8, pan: 0 } },
    });
    expect(path).toBe('/v1/videos/omni-video');
    expect(body).toEqual({
      model_name: 'kling-video-o1', prompt: 'A dog surfs\nCamera movement: moving left slightly, zooming out strongly.', duration: '5', mode: 'std', aspect_ratio: '16:9', external_task_id: JOB_ID,
      image_list: [{ image_url: 'iVBORw==', type: 'first_frame' }, { image_url: PNG_URL.url, type: 'end_frame' }, { image_url: PNG_URL.url }],
      video_list: [{ video_url: MP4_URL.url, refer_type: 'feature', keep_original_sound: 'no' }],
    });
    expect(warnings).toEqual([
      'generateAudio: dropped, this model makes no sound', 'referenceVideos: only the first is used, this model takes one',
      'motionControl: written into the prompt, this model takes camera movement in words',
    ]);
  });

  test('of the other omni model has sound; a fixed movement and one that is none are told apart', () => {
    expect(write(targetOf('kling-v3-omni'), { audio: true, motionControl: { type: 'forward_up' } }).body).toMatchObject({ sound: 'on', prompt: 'A dog surfs\nCamera movement: forward and up.' });
    expect(write(o1, { motionControl: { type: '__proto__' } })).toMatchObject({ body: { prompt: 'A dog surfs' }, warnings: ['motionControl: dropped, it names no camera movement'] });
    expect(write(o1, { referenceVideos: [{ kind: 'bytes', contentType: 'video/mp4', bytes: new Uint8Array(2) }] }).warnings).toEqual(['referenceVideos: dropped, this model takes videos by address only']);
    expect(write(v3, { referenceImages: [PNG], motionControl: 'left' }).warnings).toEqual(['referenceImages: dropped, this model has nothing like it', 'motionControl: dropped, it is not an object']);
  });
});

describe('the credential', () => {
  test('that is one key is sent as it is', () => {
    expect(wire.poll(v3, 'text2video/1')).toMatchObject({ path: '/v1/videos/text2video/1', headers: { authorization: 'Bearer sk-video' } });
  });

  test('that is a pair signs a token of half an hour (HS256, RFC 7515)', () => {
    const request = wire.poll(targetOf('kling-v3', { apiKey: 'ak:s:k' }), 'text2video/1');
    if (request.kind !== 'http') throw new Error('no request');
    const [head = '', claims = '', signature] = (request.headers['authorization'] ?? '').replace('Bearer ', '').split('.');
    const open = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(open(head)).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(open(claims)).toEqual({ iss: 'ak', exp: 1_800_001_800, nbf: 1_799_999_995 });
    expect(signature).toBe(createHmac('sha256', 's:k').update(`${head}.${claims}`).digest('base64url'));
  });

  test('is signed as the RFC shows it', () => {
    // RFC 7515, A.1.
    const secret = Buffer.from('AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow', 'base64url');
    const text = 'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';
    expect(createHmac('sha256', secret).update(text).digest('base64url')).toBe('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk');
    expect(signHs256(text, 'secret')).toBe(createHmac('sha256', 'secret').update(text).digest('base64url'));
  });
});

describe('a reply', () => {
  test('in every state', () => {
    expect(wire.readStart(task({ task_status: 'submitted' }), startOf(o1))).toMatchObject({ upstreamId: 'omni-video/8001', state: { status: 'queued' } });
    expect(wire.readStart(task({ task_status: 'submitted' }), startOf(v3, { inputReference: PNG }))).toMatchObject({ upstreamId: 'image2video/8001' });
    expect(wire.readPoll(task({ task_status: 'processing' }))).toMatchObject({ status: 'in_progress', progress: null });
    expect(wire.readPoll(task({ task_status: 'succeed', task_result: { videos: [{ id: 'v', url: 'https://p.kling/v.mp4', duration: '5.041' }] }, final_unit_deduction: '3' }))).toMatchObject({ status: 'completed', seconds: 5.041, result: { url: 'https://p.kling/v.mp4', final_unit_deduction: '3' } });
    expect(wire.readPoll(task({ task_status: 'failed', task_status_msg: 'Failure to pass the risk control system' }))).toMatchObject({ status: 'failed', error: { code: 'moderation_blocked' } });
    expect(wire.readPoll(task({ task_status: 'failed', task_status_msg: '' }))).toMatchObject({ error: { code: 'generation_failed', message: 'The provider could not make this video.' } });
    expect(wire.readPoll(task({ task_status: 'succeed', task_result: { videos: [] } }))).toMatchObject({ code: 'upstream_bad_reply' });
  });

  test('of 200 with a code of Kling\'s is the failure that code means', () => {
    const cases = [[1002, 'upstream_auth_failed'], [1102, 'upstream_auth_failed'], [1201, 'upstream_rejected'], [1301, 'upstream_rejected'], [1303, 'upstream_rate_limited'], [5000, 'upstream_error'], [5002, 'upstream_timeout'], [7777, 'upstream_error']] as const;
    for (const [code, expected] of cases) {
      expect([code, wire.readPoll(task({}, code))]).toMatchObject([code, { code: expected }]);
      expect([code, wire.readStart(task({}, code), startOf(v3))]).toMatchObject([code, { code: expected }]);
    }
    expect(wire.classify(429, {}, '{"code":1102,"message":"Resource pack exhausted"}')).toMatchObject({ code: 'upstream_auth_failed', message: null });
    expect(wire.classify(400, {}, '{"code":1301,"message":"Failure to pass the risk control system"}')).toMatchObject({ code: 'upstream_rejected', message: 'Failure to pass the risk control system', upstream: { code: 'moderation_blocked' } });
    expect(wire.classify(502, {}, '<html>')).toMatchObject({ code: 'upstream_error' });
  });
});

test('a lost task is asked for by our own id, at the endpoint it went to', () => {
  const start = startOf(v3, { inputReference: PNG });
  expect(wire.find?.request(start)).toMatchObject({ method: 'GET', path: `/v1/videos/image2video/${JOB_ID}` });
  expect(wire.find?.read({ status: 200, text: task({ task_status: 'processing' }) }, start)).toMatchObject({ upstreamId: 'image2video/8001', state: { status: 'in_progress' } });
  expect(wire.find?.read({ status: 404, text: '' }, start)).toBeNull();
  expect(wire.find?.read({ status: 400, text: '{"code":1203,"message":"no"}' }, start)).toBeNull();
  expect(wire.find?.read({ status: 503, text: '{"code":5001}' }, start)).toMatchObject({ code: 'upstream_error', isRetryable: true });
});

test('the video lies elsewhere and is asked for without the key', () => {
  const state = { status: 'completed', progress: 100, error: null, result: { url: 'https://p.kling/v.mp4' }, seconds: 5 } as const;
  expect(wire.content({ target: v3, upstreamId: 'text2video/1', state }, 'video')).toEqual({ kind: 'url', url: 'https://p.kling/v.mp4', headers: {} });
  expect(wire.content({ target: v3, upstreamId: 'text2video/1', state }, 'thumbnail')).toBeNull();
});
