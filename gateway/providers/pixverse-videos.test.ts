import { describe, expect, test } from '@jest/globals';
import { createPixverseVideosWire } from './pixverse-videos.ts';
import { jsonOf, MP4_URL, PNG, PNG_URL, startOf, targetOf } from './video-target-under-test.ts';
import type { VideoRequest } from './video-wire.ts';

let traces = 0;
const wire = createPixverseVideosWire({ newTraceId: () => `trace-${++traces}` });
const target = targetOf('v5.5');
const BIG = '9223372036854775807';
const ok = (resp: string): string => `{"ErrCode":0,"ErrMsg":"Success","Resp":${resp}}`;
const write = (video: Partial<VideoRequest>, prepared: readonly string[] = []) => {
  const request = wire.start(startOf(target, video, prepared));
  if (request.kind !== 'http') throw new Error('no request');
  return request;
};

describe('a start', () => {
  test('of words is the reference\'s, under a trace id made of the job\'s', () => {
    const request = write({ seconds: 8, size: '1080x1920', audio: true, extra: { seed: 3, negative_prompt: 'blur', water_mark: true } });
    expect(request).toMatchObject({ method: 'POST', path: '/openapi/v2/video/text/generate', warnings: ['water_mark: dropped, this wire does not know it'] });
    expect(request.headers).toMatchObject({ 'API-KEY': 'sk-video', 'Ai-trace-id': '0198f3a2-b4c5-7d6e-8f90-a1b2c3d4e5f6', 'content-type': 'application/json' });
    expect(jsonOf(request)).toEqual({ model: 'v5.5', prompt: 'A dog surfs', duration: 8, quality: '1080p', aspect_ratio: '9:16', generate_audio_switch: true, seed: 3, negative_prompt: 'blur' });
  });

  test('twice is the same request; another id gets a trace id of its own', () => {
    expect(write({})).toEqual(write({}));
    const other = wire.start({ ...startOf(target), jobId: 'odd' });
    expect(other.kind === 'http' && other.headers['Ai-trace-id']).toMatch(/^trace-\d+$/);
  });

  test('of frames names the uploads by digits that no number of JavaScript\'s holds', () => {
    const image = write({ inputReference: PNG, size: '1280x720' }, [BIG]);
    expect([image.path, image.body]).toEqual(['/openapi/v2/video/img/generate', `{"model":"v5.5","prompt":"A dog surfs","quality":"720p","img_id":${BIG}}`]);
    const both = write({ inputReference: PNG, endFrame: PNG_URL }, [BIG, '7']);
    expect([both.path, both.body]).toEqual(['/openapi/v2/video/transition/generate', `{"model":"v5.5","prompt":"A dog surfs","first_frame_img":${BIG},"last_frame_img":7}`]);
    expect(write({ endFrame: PNG, referenceVideos: [MP4_URL], motionControl: {} }).warnings.map((line) => line.split(':')[0])).toEqual(['referenceVideos', 'motionControl', 'endFrame']);
    expect(write({ inputReference: PNG }, ['1,"x":2']).path).toBe('/openapi/v2/video/text/generate');
  });

  test('of references names each upload for the prompt; with them goes neither a frame nor, before 5.6, sound', () => {
    const fusion = write({ prompt: '@image2, meet @image1', referenceImages: [PNG, PNG_URL], size: '1280x720', seconds: 5, audio: true, inputReference: PNG, endFrame: PNG, extra: { seed: 1, style: 'anime' } }, [BIG, '7']);
    expect(fusion.path).toBe('/openapi/v2/video/fusion/generate');
    expect(fusion.body).toBe(`{"seed":1,"model":"v5.5","prompt":"@image2 , meet @image1 ","duration":5,"quality":"720p","aspect_ratio":"16:9","image_references":[`
      + `{"type":"subject","img_id":${BIG},"ref_name":"image1"},{"type":"subject","img_id":7,"ref_name":"image2"}]}`);
    expect(fusion.warnings.map((line) => line.split(':')[0])).toEqual(['inputReference', 'endFrame', 'generateAudio', 'style']);
    const later = wire.start(startOf(targetOf('v5.6'), { referenceImages: [PNG, PNG], audio: true }, ['6', '7']));
    expect(jsonOf(later as never)).toMatchObject({ prompt: '@image1 @image2 A dog surfs', generate_audio_switch: true });
    expect(wire.prepare?.requests(startOf(target, { referenceImages: [PNG, PNG_URL, PNG], inputReference: PNG }))).toHaveLength(3);
  });

  test('is prepared by uploads: a file for bytes, an address as a field', () => {
    const [first, last, ...others] = wire.prepare?.requests(startOf(target, { inputReference: PNG, endFrame: PNG_URL })) ?? [];
    expect(others).toEqual([]);
    expect(first).toMatchObject({ method: 'POST', path: '/openapi/v2/image/upload', headers: { 'API-KEY': 'sk-video', 'content-type': expect.stringMatching(/^multipart\/form-data; boundary=/) } });
    expect(first?.headers['Ai-trace-id']).not.toBe(last?.headers['Ai-trace-id']);
    expect(Buffer.from(first?.body ?? '').toString('latin1')).toContain('name="image"; filename="image.png"\r\ncontent-type: image/png\r\n\r\n\x89PNG\r\n');
    expect(Buffer.from(last?.body ?? '').toString('latin1')).toContain(`name="image_url"\r\n\r\n${PNG_URL.url}\r\n`);
    expect(wire.prepare?.read(ok(`{"img_id":${BIG},"img_url":"x"}`))).toBe(BIG);
    expect(wire.prepare?.read('{"ErrCode":500032,"ErrMsg":"Invalid image format"}')).toMatchObject({ code: 'upstream_rejected', message: 'Invalid image format' });
    expect(wire.prepare?.requests(startOf(target, { endFrame: PNG }))).toEqual([]);
  });
});

describe('a reply', () => {
  test('in every state', () => {
    expect(wire.readStart(ok(`{"video_id": ${BIG} ,"credits":60}`), startOf(target))).toMatchObject({ upstreamId: BIG, state: { status: 'queued' } });
    expect(wire.readStart(ok('{"video_id":"42"}'), startOf(target))).toMatchObject({ upstreamId: '42' });
    expect(wire.readPoll(ok('{"id":1,"status":5,"url":""}'))).toMatchObject({ status: 'in_progress' });
    expect(wire.readPoll(ok('{"id":1,"status":1,"url":"https://media.pixverse.ai/v.mp4"}'))).toMatchObject({ status: 'completed', result: { url: 'https://media.pixverse.ai/v.mp4' } });
    expect(wire.readPoll(ok('{"id":1,"status":7}'))).toMatchObject({ error: { code: 'moderation_blocked', message: 'The provider refused this video for what it shows.' } });
    expect(wire.readPoll(ok('{"id":1,"status":8}'))).toMatchObject({ error: { code: 'generation_failed' } });
    expect(wire.readPoll(ok('{"id":1,"status":6}'))).toMatchObject({ error: { code: 'deleted' } });
    for (const bad of ['{"id":1,"status":99}', '{"id":1}', '{"id":1,"status":1,"url":""}', 'null']) expect(wire.readPoll(ok(bad))).toMatchObject({ code: 'upstream_bad_reply', isRetryable: true });
    for (const bad of ['{}', '{"video_id":0}', '{"video_id":-3}', '{"video_id":1.5}', '{"video_id":"../1"}']) expect(wire.readStart(ok(bad), startOf(target))).toMatchObject({ code: 'upstream_bad_reply', isRetryable: false });
  });

  test('of 200 with a code of PixVerse\'s is the failure that code means', () => {
    const cases = [[10_005, 'upstream_auth_failed'], [400_017, 'upstream_rejected'], [500_044, 'upstream_rate_limited'], [500_054, 'upstream_rejected'], [500_069, 'upstream_error'], [500_090, 'upstream_auth_failed'], [99_999, 'upstream_error']] as const;
    for (const [code, expected] of cases) expect([code, wire.readStart(`{"ErrCode":${code},"ErrMsg":"said","Resp":null}`, startOf(target))]).toMatchObject([code, { code: expected }]);
    expect(wire.classify(200, {}, '{"ErrCode":500054,"ErrMsg":"Content moderation failed"}')).toMatchObject({ message: 'Content moderation failed', upstream: { code: 'moderation_blocked' } });
    expect(wire.classify(502, {}, '<html>')).toMatchObject({ code: 'upstream_error' });
    expect(wire.classify(429, {}, '')).toMatchObject({ code: 'upstream_rate_limited' });
  });
});

test('each poll has a trace id of its own', () => {
  const [one, two] = [wire.poll(target, BIG), wire.poll(target, BIG)];
  if (one.kind !== 'http' || two.kind !== 'http') throw new Error('no request');
  expect(one.path).toBe(`/openapi/v2/video/result/${BIG}`);
  expect(one.headers['Ai-trace-id']).not.toBe(two.headers['Ai-trace-id']);
});
