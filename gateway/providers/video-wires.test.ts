import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inlineOf, shapeOf, takeExtras, tierWithin, urlOf } from './video-fields.ts';
import { nearestRatio, readSize, tierOf } from './video-size.ts';
import { allVideoWires, isFailure, JOB_ID, oddities, PNG, PNG_DATA_URL, startOf, targetOf } from './video-target-under-test.ts';
import type { VideoPart, VideoStart, VideoState } from './video-wire.ts';
import { writeMultipart } from './multipart-body.ts';
import type { HttpRequest, ScriptedReply } from './wire.ts';

/** Values that look like replies, with something else here and there. */
const words = fc.constantFrom('id', 'name', 'status', 'done', 'error', 'code', 'data', 'Resp', 'ErrCode', 'task_id', 'video_id', 'img_id', 'task_status', 'task_result',
  'videos', 'url', 'content', 'video_url', 'response', 'generateVideoResponse', 'generatedSamples', 'video', 'uri', 'progress', 'seconds', 'usage', 'message', '__proto__', 'toString');
const leaves = fc.oneof(fc.constantFrom<unknown>('queued', 'completed', 'succeeded', 'succeed', 'failed', 'running', 'expired', 'https://x.example/v.mp4', 'javascript:alert(1)', '../../etc',
  'models/v/operations/o', 0, 1, 5, 7, 8, 1301, true, null, {}, [], '', 1e300, -1), fc.string(), fc.double(), fc.boolean());
const { reply } = fc.letrec<{ reply: unknown }>((tie) => ({
  reply: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaves, fc.array(tie('reply'), { maxLength: 3 }), fc.dictionary(words, tie('reply'), { maxKeys: 8 })),
}));
const texts = fc.oneof(reply.map((value) => JSON.stringify(value)), fc.string(), fc.constantFrom('', '{', 'null', '[]', '"x"', '<html>', '{"code":0}', '{"ErrCode":0}', '\u0000'));

describe.each(Object.entries(allVideoWires))('%s', (_name, { wire, model }) => {
  const start = startOf(targetOf(model));

  test('no reply is too odd to be read: it is a state, or a failure with a code', () => {
    fc.assert(fc.property(texts, fc.integer({ min: 100, max: 599 }), (text, status) => {
      const started = wire.readStart(text, start);
      if (isFailure(started)) expect(started.code).toMatch(/^upstream_/);
      else {
        expect(started.upstreamId).toMatch(/^[\w.:=~/-]+$/);
        expect(started.upstreamId.split('/')).not.toContain('..');
        expect(oddities(started.state)).toEqual([]);
        expect(wire.poll(start.target, started.upstreamId)).toMatchObject({ warnings: [] });
      }
      const state = wire.readPoll(text);
      if (isFailure(state)) expect(state.code).toMatch(/^upstream_/);
      else {
        expect(oddities(state)).toEqual([]);
        const download = wire.content({ target: start.target, upstreamId: 'x', state }, 'video');
        if (download?.kind === 'url') expect([/^https?:/.test(download.url), download.headers]).toEqual([true, {}]);
      }
      expect(wire.classify(status, {}, text).code).toMatch(/^upstream_/);
      if (wire.prepare) expect(['string', 'object']).toContain(typeof wire.prepare.read(text));
      if (wire.find) wire.find.read({ status, text }, start);
    }), { numRuns: 500 });
  });

  test('no request is too odd to be written, and the key stands in headers only', () => {
    const part: fc.Arbitrary<VideoPart> = fc.oneof(fc.constantFrom<VideoPart>(PNG, { kind: 'url', url: PNG_DATA_URL }, { kind: 'url', url: 'data:,%zz' }, { kind: 'bytes', contentType: '\r\nx: y', bytes: new Uint8Array() }),
      fc.string().map((url): VideoPart => ({ kind: 'url', url })));
    const parts = fc.array(part, { maxLength: 3 });
    const video = fc.record({
      prompt: fc.string(), seconds: fc.option(fc.integer()), size: fc.option(fc.oneof(fc.string(), fc.constantFrom('1280x720', '720x1280', '1x1', '3840x2160', '333x777'))),
      inputReference: fc.option(part), endFrame: fc.option(part), referenceImages: parts, referenceVideos: parts, audio: fc.option(fc.boolean()), motionControl: reply,
      extra: fc.dictionary(fc.oneof(words, fc.constantFrom('seed', 'negative_prompt', 'sandbox')), reply),
    });
    fc.assert(fc.property(video, fc.array(fc.string()), (body, prepared) => {
      const asked: VideoStart = { ...startOf(targetOf(model, { apiKey: 'sk-secret-key' })), video: body, prepared };
      const requests: (HttpRequest | ScriptedReply)[] = [wire.start(asked), ...wire.prepare?.requests(asked) ?? [], ...wire.find ? [wire.find.request(asked)] : []];
      for (const request of requests) {
        expect(request.warnings.every((line) => line.length > 0 && line.length <= 300)).toBe(true);
        if (request.kind === 'script') continue;
        expect(request.path).toMatch(/^\/[\w./?=&%:~-]+$/);
        expect(request.path).not.toContain('sk-secret-key');
        expect(Buffer.from(request.body).includes('sk-secret-key')).toBe(false);
        for (const value of Object.values(request.headers)) expect(value).not.toMatch(/[\r\n]/);
      }
    }), { numRuns: 300 });
  });

  test('a server that takes no key is sent none', () => {
    const request = wire.start(startOf(targetOf(model, { apiKey: null })));
    if (request.kind === 'http') expect(Object.keys(request.headers).map((name) => name.toLowerCase())).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(authorization|api-key|x-goog-api-key)$/)]));
  });

  test('only a completed video has content', () => {
    const state: VideoState = { status: 'in_progress', progress: 50, error: null, result: { url: 'https://x.example/v.mp4', uri: 'https://x.example/v.mp4' }, seconds: null };
    expect(wire.content({ target: start.target, upstreamId: 'x', state }, 'video')).toBeNull();
  });
});

describe('what the wires share', () => {
  test('a size is read as a shape and a tier', () => {
    const cases = [['1280x720', '720p'], ['720x1280', '720p'], ['960x960', '720p'], ['1920x1080', '1080p'], ['1440x1440', '1080p'], ['2206x946', '1080p'], ['864x496', '480p'], ['640x640', '480p'],
      ['992x432', '480p'], ['960x540', '540p'], ['640x360', '360p'], ['3840x2160', '4k']] as const;
    for (const [size, tier] of cases) expect([size, tierOf(readSize(size) ?? { width: 0, height: 0 })]).toEqual([size, tier]);
    for (const bad of ['', '720p', '1280X720', '0x10', '1280x720x1', '1e3x10']) expect(readSize(bad)).toBeNull();
    expect(nearestRatio({ width: 1112, height: 834 }, ['16:9', '4:3'])).toEqual({ ratio: '4:3', isSame: true });
    expect(nearestRatio({ width: 1024, height: 1792 }, ['16:9', '9:16'])).toEqual({ ratio: '9:16', isSame: true });
  });

  test('a shape or a tier that is only near is reported', () => {
    const said: string[] = [];
    const warn = (field: string, why: string): void => { said.push(`${field}: ${why}`); };
    expect(shapeOf('1000x800', ['16:9', '1:1'], warn)).toEqual({ ratio: '1:1', tier: '720p' });
    expect(shapeOf('big', ['16:9'], warn)).toBeNull();
    expect(tierWithin('4k', ['720p', '1080p'], warn)).toBe('1080p');
    expect(tierWithin('360p', ['480p', '720p'], warn)).toBe('480p');
    expect(said).toEqual(['size: changed to 1:1 at 720p, this model has no such shape', 'size: dropped, it is not a width and a height', 'size: changed to 1080p, this model has no 4k', 'size: changed to 480p, this model has no 360p']);
  });

  test('a data URL is bytes, whichever way it is written', () => {
    const bytes = (url: string) => { const inline = inlineOf({ kind: 'url', url }); return inline && [inline.contentType, Buffer.from(inline.bytes).toString('hex')]; };
    expect(bytes(PNG_DATA_URL)).toEqual(['image/png', '89504e47']);
    expect(bytes('data:image/svg+xml;charset=utf-8,%3Csvg%2F%3E')).toEqual(['image/svg+xml', Buffer.from('<svg/>').toString('hex')]);
    expect(bytes('DATA:;BASE64,AAA=')).toEqual(['application/octet-stream', '0000']);
    expect(bytes('https://example.com/a.png')).toBeNull();
    expect(urlOf(PNG)).toBe(PNG_DATA_URL);
  });

  test('unknown fields are dropped by name, up to a bound', () => {
    const said: string[] = [];
    const extra = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`field${at}`, at]));
    expect(takeExtras({ seed: 7, none: null, sandbox: {}, ...extra }, ['seed'], (field) => { said.push(field); })).toEqual({ seed: 7 });
    expect(said.length).toBe(17);
    expect(said.at(-1)).toBe('others');
  });

  test('a part that holds the boundary does not end the body', () => {
    const { contentType, body } = writeMultipart([{ name: 'a"b', value: `--interline-${JOB_ID.replace(/\W/g, '').slice(0, 40)}--` }, { name: 'f', fileName: 'x\r\ny', contentType: 'image/png', value: PNG.bytes }], JOB_ID);
    const boundary = /boundary=(.+)$/.exec(contentType)?.[1] ?? '';
    const text = Buffer.from(body).toString('latin1');
    expect(text.split(`--${boundary}`).length).toBe(4);
    expect(text).toContain('name="a_b"');
    expect(text).toContain('filename="x__y"');
    expect(text.endsWith(`--${boundary}--\r\n`)).toBe(true);
  });
});
