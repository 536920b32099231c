/** This file tries the wires for videos against upstreams that behave like their vendors', over real sockets: only here may both be seen. */
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { startVideoUpstream } from '../conformance/video-upstreams.ts';
import type { VideoPlan, VideoUpstream } from '../conformance/video-upstreams.ts';
import { videoVendors } from '../conformance/video-vendors.ts';
import type { VideoVendorName } from '../conformance/video-vendors.ts';
import { isFailure, oddities, PNG_DATA_URL, startOf, targetOf, upstreamVideoWires } from '../gateway/providers/video-target-under-test.ts';
import type { NamedVideoWire } from '../gateway/providers/video-target-under-test.ts';
import type { VideoStart, VideoStarted, VideoState } from '../gateway/providers/video-wire.ts';
import type { HttpRequest, ScriptedReply, UpstreamFailure } from '../gateway/providers/wire.ts';

const NAMES: readonly VideoVendorName[] = ['openai', 'gemini', 'openrouter', 'kling', 'seedance', 'pixverse'];

/** Sends what a wire has written, as `call.ts` would. */
async function send(base: string, request: HttpRequest | ScriptedReply): Promise<{ status: number; text: string; headers: Record<string, string> }> {
  if (request.kind === 'script') throw new Error('not a script');
  const body = request.method === 'POST' ? Buffer.from(request.body) : null;
  const reply = await fetch(base + request.path, { method: request.method, headers: request.headers, body, redirect: 'manual' });
  return { status: reply.status, text: await reply.text(), headers: Object.fromEntries(reply.headers) };
}

describe.each(NAMES)('%s over a socket', (name) => {
  const { wire, model }: NamedVideoWire = upstreamVideoWires[name];
  let upstream: VideoUpstream | null = null;
  afterEach(async () => { await upstream?.close(); upstream = null; });

  async function open(plan: VideoPlan) {
    upstream = await startVideoUpstream(name, { plan });
    const target = targetOf(model, { baseUrl: upstream.url });
    const bare = startOf(target, { seconds: 5, size: '1280x720', inputReference: { kind: 'url', url: PNG_DATA_URL } });
    const prepared: string[] = [];
    for (const request of wire.prepare?.requests(bare) ?? []) {
      const value = wire.prepare?.read((await send(upstream.url, request)).text);
      expect(typeof value).toBe('string');
      if (typeof value === 'string') prepared.push(value);
    }
    return { upstream, target, start: { ...bare, prepared } };
  }

  async function submit({ upstream, start }: { upstream: VideoUpstream; start: VideoStart }): Promise<VideoStarted | UpstreamFailure> {
    const reply = await send(upstream.url, wire.start(start));
    return reply.status < 300 ? wire.readStart(reply.text, start) : wire.classify(reply.status, reply.headers, reply.text);
  }

  async function follow({ upstream, target }: { upstream: VideoUpstream; target: VideoStart['target'] }, upstreamId: string): Promise<VideoState[]> {
    const states: VideoState[] = [];
    for (let i = 0; i < 10; i++) {
      const reply = await send(upstream.url, wire.poll(target, upstreamId));
      const state = reply.status < 300 ? wire.readPoll(reply.text) : wire.classify(reply.status, reply.headers, reply.text);
      if (isFailure(state)) {
        expect(state.isRetryable).toBe(true);
        continue;
      }
      states.push(state);
      if (state.status === 'completed' || state.status === 'failed') break;
    }
    return states;
  }

  test('a job is submitted, polled and fetched, and the key goes to the vendor only', async () => {
    const stage = await open({ polls: 2, brokenPolls: 1 });
    const started = await submit(stage);
    if (isFailure(started)) throw new Error(started.detail);
    const states = await follow(stage, started.upstreamId);
    expect(states.map(({ status }) => status).slice(-1)).toEqual(['completed']);
    expect(states.length).toBe(3);
    const state = states[2] as VideoState;
    const download = wire.content({ target: stage.target, upstreamId: started.upstreamId, state }, 'video');
    if (download === null || download.kind === 'bytes') throw new Error('no download');
    const reply = download.kind === 'url' ? await fetch(download.url, { headers: download.headers }) : await fetch(stage.upstream.url + download.path, { headers: download.headers });
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'video/mp4']);
    expect(stage.upstream.jobs.map(({ prompt, downloads }) => [prompt, downloads])).toEqual([['A dog surfs', 1]]);
    expect(stage.upstream.leaks).toEqual([]);
  });

  test('a job that fails says why, and one that was withheld says moderation', async () => {
    for (const [ending, code] of [['failed', /^(generation_failed|video_generation_failed)$/], ['moderated', /^moderation_blocked$/]] as const) {
      const stage = await open({ polls: 0, ending });
      const started = await submit(stage);
      if (isFailure(started)) throw new Error(started.detail);
      const [last] = (await follow(stage, started.upstreamId)).slice(-1);
      expect(last?.error?.code).toMatch(code);
      expect(last?.error?.message.length).toBeGreaterThan(5);
      await stage.upstream.close();
    }
  });

  test('a refused start is classified: the caller, the limit, the upstream, the key', async () => {
    for (const [plan, expected] of [['refuse', 'upstream_rejected'], ['moderate', 'upstream_rejected'], ['limit', 'upstream_rate_limited'], ['break', 'upstream_error']] as const) {
      const stage = await open({ submit: plan });
      const failure = await submit(stage);
      expect(isFailure(failure) && [plan, failure.code, failure.isRetryable]).toEqual([plan, expected, expected !== 'upstream_rejected']);
      if (isFailure(failure) && expected === 'upstream_rejected') expect(failure.message?.length).toBeGreaterThan(5);
      await stage.upstream.close();
    }
    const stage = await open({});
    const failure = await submit({ ...stage, start: { ...stage.start, target: targetOf(model, { baseUrl: stage.upstream.url, apiKey: 'sk-wrong' }) } });
    expect(isFailure(failure) && failure.code).toBe('upstream_auth_failed');
  });

  test('a garbled answer to a start is not to be repeated: the job may have been taken', async () => {
    const stage = await open({ submit: 'garble' });
    expect(await submit(stage)).toMatchObject({ code: 'upstream_bad_reply', isRetryable: false });
    expect(stage.upstream.jobs.length).toBe(1);
  });

  test('a start whose answer was lost is found again where the vendor can be asked', async () => {
    const stage = await open({ submit: 'lose' });
    await expect(submit(stage)).rejects.toThrow();
    if (!wire.find) return;
    const reply = await send(stage.upstream.url, wire.find.request(stage.start));
    expect(wire.find.read(reply, stage.start)).toMatchObject({ upstreamId: expect.stringContaining(stage.upstream.jobs[0]?.id ?? '?') });
    const other = { ...stage.start, jobId: 'video_other' };
    expect(wire.find.read(await send(stage.upstream.url, wire.find.request(other)), other)).toBeNull();
  });

  test('a job can be removed where the vendor allows it', async () => {
    const stage = await open({});
    const started = await submit(stage);
    if (!wire.remove || isFailure(started)) return;
    expect((await send(stage.upstream.url, wire.remove(stage.target, started.upstreamId))).status).toBe(200);
    expect(stage.upstream.jobs[0]?.isRemoved).toBe(true);
  });
});

/** What may stand where something else did; undefined takes it out. */
const others = fc.oneof(fc.constantFrom<unknown>(undefined, null, 0, 1, 7, -1, '', '..', 'completed', 'failed', 'succeed', true, {}, [], 1e300), fc.string(), fc.double());

/** The vendor's own replies at every stage. */
function repliesOf(name: VideoVendorName): string[] {
  const vendor = videoVendors[name];
  const stages = ['queued', 'running', 'completed', 'failed', 'moderated'] as const;
  const shown = stages.map((stage) => vendor.show({ id: vendor.newId(1), stage, percent: 40, videoUrl: 'https://cdn.example/v.mp4' }).text);
  return [...shown, vendor.taken({ id: vendor.newId(2), stage: 'queued', percent: 0, videoUrl: '' }).text, vendor.trouble('moderated').text];
}

/** Puts another value in the place of one within, or takes it out. */
function damage(value: unknown, path: readonly number[], other: unknown): unknown {
  const [at, ...rest] = path;
  if (at === undefined || typeof value !== 'object' || value === null) return other;
  const entries = Object.entries(value);
  const hit = entries[at % Math.max(1, entries.length)]?.[0];
  const damaged = entries.flatMap(([key, inner]): [string, unknown][] => {
    if (key !== hit) return [[key, inner]];
    return other === undefined && rest.length === 0 ? [] : [[key, damage(inner, rest, other)]];
  });
  return Array.isArray(value) ? damaged.map(([, inner]) => inner) : Object.fromEntries(damaged);
}

describe.each(NAMES)('%s with a damaged reply', (name) => {
  const { wire, model }: NamedVideoWire = upstreamVideoWires[name];
  test('still says a state or a failure', () => {
    const start = startOf(targetOf(model));
    const seen = new Set<string>();
    const replies = fc.constantFrom(...repliesOf(name));
    fc.assert(fc.property(replies, fc.array(fc.nat(12), { minLength: 1, maxLength: 5 }), others, fc.nat(3), (text, path, other, how) => {
      const damaged = how === 0 ? text.slice(0, text.length * (path[0] ?? 0) / 13) : JSON.stringify(damage(JSON.parse(text), path, other)) ?? '';
      for (const state of [wire.readPoll(damaged), wire.readStart(damaged, start)]) {
        seen.add(isFailure(state) ? state.code : 'state' in state ? state.state.status : state.status);
        if (isFailure(state)) continue;
        expect(oddities('state' in state ? state.state : state)).toEqual([]);
      }
    }), { numRuns: 1000 });
    expect([...seen]).toEqual(expect.arrayContaining(['completed', 'failed', 'upstream_bad_reply']));
  });
});
