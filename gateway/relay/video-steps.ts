/** This file moves a video on by one step: submit it, once; ask how it is coming along; fetch what was made; or give it up and its hold back. */
import { isJsonObject } from '../foundation/json-value.ts';
import type { Target } from '../foundation/terms.ts';
import type { UpstreamFailure } from '../providers/wire.ts';
import type { VideoStart, VideoStarted, VideoState, VideoWire } from '../providers/video-wire.ts';
import type { JobRow, JobStep } from '../store/job-row.ts';
import { askWhole, failed, isFailure } from './job-exchange.ts';
import type { WholeAnswer } from './job-exchange.ts';
import type { Claim, StepJob } from './jobs.ts';
import { cancelVideo, completeVideo, failVideo, ownFailure, saidOf } from './video-ending.ts';
import type { ChargedVideo } from './video-ending.ts';
import { fetchVideo } from './video-fetch.ts';
import type { VideoParts } from './video-parts.ts';
import { targetOf } from './video-parts.ts';
import { openInputs, readSpec, readState } from './video-spec.ts';

/** Failed polls, lookups and fetches in a row that are not worth another one. */
const REFUSALS_MAX = 5;
/** A refusal of the rate is waited out for so long when the upstream does not say, in ms. */
const RATE_WAIT_MS = 10_000;
const SECOND_MS = 1000;
/** A question that failed is repeated after this long, in ms, doubled with every failure in a row … */
const RETRY_MS = 2000;
/** … up to this. */
const RETRY_MS_MAX = 60_000;
/** A job that has run for long is asked for less often: after this part of its age. */
const AGE_SHARE = 10;
const POLL_MS_MAX = 30_000;
/** The sandbox answers at once. */
const SANDBOX_POLL_MS = 200;
const CONFLICTS: ReadonlySet<number> = new Set([408, 409, 425]);

/** What one step works with. */
interface Work {
  readonly parts: VideoParts;
  readonly job: JobRow;
  readonly claim: Claim;
  readonly target: Target;
  readonly wire: VideoWire;
}

/** Makes the function that moves videos on. */
export function createVideoSteps(parts: VideoParts): StepJob {
  return async (job, claim) => {
    const isLate = parts.clock.now() >= job.deadlineMs;
    const target = await targetOf(parts, job);
    const wire = target && parts.videoWireOf(target.provider);
    if (!target || !wire) return failVideo(parts, job, ownFailure('model_not_available', 'The provider of this video can no longer be reached from here.'));
    const work: Work = { parts, job, claim, target, wire };
    if (isLate) return giveUp(work);
    switch (job.state) {
      // It was deleted while it was handed over, and came back: the provider has nothing of it.
      case 'queued': return job.isHidden ? cancelVideo(parts, job) : submit(work);
      case 'submitting': return lookUp(work);
      case 'running': return poll(work);
      case 'storing': return store(work);
      case 'completed':
      case 'failed': return null;
    }
  };
}

/** The upstream is told to stop where it can be; whether it does changes nothing here. */
async function giveUp(work: Work): Promise<null> {
  const { parts, job, target, wire, claim } = work;
  if (job.upstreamId !== null && wire.remove) await askWhole(parts, { provider: target.provider, request: wire.remove(target, job.upstreamId), signal: claim.signal });
  return failVideo(parts, job, ownFailure('upstream_timeout', 'The provider did not make this video in time. Nothing was charged.'));
}

/**
 * Asks the upstream to begin. That the question is on its way is written before it leaves: should this gateway die now, nobody asks a
 * second time. What the upstream is known to have refused, and what never left, did not happen.
 */
async function submit(work: Work): Promise<JobRow | null> {
  const { parts, job, claim, target, wire } = work;
  const video = await openInputs(parts.media, readSpec(job.spec), job.workspaceId);
  const prepared: string[] = [];
  for (const request of wire.prepare?.requests({ target, video, jobId: job.id }) ?? []) {
    const answer = await ask(work, request);
    const read = isFailure(answer) ? answer : wire.prepare?.read(answer.text);
    if (typeof read !== 'string') return again(work, read ?? failed('upstream_bad_reply', 'an upload gave nothing'));
    prepared.push(read);
  }
  const submitting = await step(work, { state: 'submitting', failures: 0 });
  if (!submitting) return null;
  const start: VideoStart = { target, video, jobId: job.id, prepared };
  const request = wire.start(start);
  const reply = await askWhole(parts, { provider: target.provider, request: request.kind === 'http' ? { ...request, isOnce: true } : request, signal: claim.signal });
  const asked: Work = { ...work, job: submitting };
  if (isFailure(reply)) return reply.isUnsent === true ? unsubmit(asked, reply) : lookUp(asked);
  if (reply.status >= 200 && reply.status <= 299) return started(asked, wire.readStart(reply.text, start));
  const failure = wire.classify(reply.status, reply.headers, reply.text);
  const isRefused = reply.status >= 400 && reply.status <= 499 && !CONFLICTS.has(reply.status);
  if (!isRefused) return lookUp(asked);
  return reply.status === 429 ? unsubmit(asked, failure) : failVideo(parts, submitting, saidOf(failure));
}

/** Back to the queue: the upstream has nothing of it. */
async function unsubmit(work: Work, failure: UpstreamFailure): Promise<JobRow | null> {
  const failures = work.job.failures + 1;
  const waitMs = failure.retryAfterSeconds === null ? Math.max(RATE_WAIT_MS, backOff(work, failures)) : failure.retryAfterSeconds * SECOND_MS;
  work.parts.log.warn({ job: work.job.id, detail: failure.detail }, 'a video was not taken, and is offered again');
  return wait(work, { state: 'queued', failures }, Math.min(waitMs, RETRY_MS_MAX));
}

async function started(work: Work, read: VideoStarted | UpstreamFailure): Promise<JobRow | null> {
  // What can't be read may have been taken all the same.
  if (isFailure(read)) return read.code === 'upstream_bad_reply' ? lookUp(work) : failVideo(work.parts, work.job, saidOf(read));
  const running = await step(work, { state: 'running', upstreamId: read.upstreamId, failures: 0 });
  return running && move({ ...work, job: running }, read.state);
}

/** Nobody knows whether the upstream has it. It is looked for where that is possible; else, and when it is not there, it is given up: a paid video is never asked for twice. */
async function lookUp(work: Work): Promise<JobRow | null> {
  const { parts, job, wire, target, claim } = work;
  const lost = ownFailure('upstream_error', 'The connection to the provider broke while this video was handed over, and whether it arrived can not be found out. Nothing was charged; ask again.');
  if (!wire.find) return failVideo(parts, job, lost);
  const start: VideoStart = { target, jobId: job.id, prepared: [], video: await openInputs(parts.media, readSpec(job.spec), job.workspaceId) };
  const answer = await askWhole(parts, { provider: target.provider, request: wire.find.request(start), signal: claim.signal });
  const found = isFailure(answer) ? answer : wire.find.read(answer, start);
  if (found === null) return failVideo(parts, job, lost);
  if (!isFailure(found)) return started(work, found);
  return job.failures >= REFUSALS_MAX ? failVideo(parts, job, lost) : again(work, found);
}

async function poll(work: Work): Promise<JobRow | null> {
  const { job, wire, target } = work;
  const answer = await ask(work, wire.poll(target, job.upstreamId ?? ''));
  const state = isFailure(answer) ? answer : wire.readPoll(answer.text);
  return isFailure(state) ? again(work, state) : move(work, state);
}

/** Does what the upstream's word calls for. What somebody has deleted meanwhile is paid, but not fetched. */
async function move(work: Work, state: VideoState): Promise<JobRow | null> {
  const { parts, job, wire } = work;
  switch (state.status) {
    case 'failed':
      return failVideo(parts, job, { ...(state.error ?? { code: 'generation_failed', message: 'The provider could not make this video.' }), outcome: 'upstream_error' });
    case 'completed': {
      const kept = JSON.stringify({ result: state.result, seconds: state.seconds });
      return job.isHidden ? complete(work, state, {}) : step(work, { state: 'storing', result: kept, failures: 0 });
    }
    case 'queued':
    case 'in_progress': {
      const progress = Math.max(job.progress, Math.min(state.progress ?? 0, 99));
      const ageMs = parts.clock.now() - job.createdMs;
      const leastMs = wire === parts.videoWireOf({ wire: 'sandbox' }) ? Math.min(SANDBOX_POLL_MS, parts.limits.videoPollMs) : parts.limits.videoPollMs;
      const ms = Math.max(leastMs, Math.min(ageMs / AGE_SHARE, POLL_MS_MAX));
      // Jobs that were made at once are not asked for at once.
      return wait(work, { progress, failures: 0, ...(state.status === 'in_progress' && progress === 0 ? { progress: 1 } : {}) }, ms * (1 + parts.chance() / 4));
    }
  }
}

async function store(work: Work): Promise<JobRow | null> {
  const { parts, job, target, wire, claim } = work;
  const state = readState(job.result);
  if (job.isHidden) return complete(work, state, {});
  const fetched = await fetchVideo(parts, { job, target, wire, state, signal: claim.signal });
  return isFailure(fetched) ? again(work, fetched) : complete(work, state, fetched.media);
}

function complete(work: Work, state: VideoState, media: Readonly<Record<string, string>>): Promise<null> {
  return completeVideo(work.parts, work.job, { media, charged: chargedOf(work, state) });
}

/** More is held than a video is long where its references are charged too. How much that was the upstream says; when it does not, only what was made is certain. */
function chargedOf({ job, wire }: Work, state: VideoState): ChargedVideo | null {
  const { size, seconds, referenceVideos } = readSpec(job.spec);
  if (referenceVideos.length === 0 || !wire.chargedMs || seconds === null) return null;
  const ms = wire.chargedMs(state, size);
  return ms === null ? { ms: seconds * SECOND_MS, basis: 'counted' } : { ms, basis: 'provider' };
}

/** Asks for something that may be asked again; an error status is a failure as the wire says. */
async function ask(work: Work, request: Parameters<typeof askWhole>[1]['request']): Promise<WholeAnswer | UpstreamFailure> {
  const answer = await askWhole(work.parts, { provider: work.target.provider, request, signal: work.claim.signal });
  if (isFailure(answer) || (answer.status >= 200 && answer.status <= 299)) return answer;
  return work.wire.classify(answer.status, answer.headers, answer.text);
}

/** Waits after a failure, and gives the job up after too many that are no use repeating. */
async function again(work: Work, failure: UpstreamFailure): Promise<JobRow | null> {
  const failures = work.job.failures + 1;
  work.parts.log.warn({ job: work.job.id, state: work.job.state, code: failure.code, detail: failure.detail }, 'a step of a video failed');
  if (!failure.isRetryable && failures >= REFUSALS_MAX) return failVideo(work.parts, work.job, saidOf(failure));
  const waitMs = failure.retryAfterSeconds === null ? backOff(work, failures) : failure.retryAfterSeconds * SECOND_MS;
  return wait(work, { failures }, Math.min(waitMs, RETRY_MS_MAX));
}

function backOff({ parts }: Work, failures: number): number {
  return Math.min(RETRY_MS_MAX, Math.min(RETRY_MS, parts.limits.videoPollMs) * 2 ** Math.min(failures - 1, 10)) * (1 + parts.chance() / 2);
}

/** Gives the claim up until then. */
async function wait(work: Work, change: JobStep, ms: number): Promise<null> {
  const { parts, job } = work;
  if (await parts.store.stepJob(job.id, job.fence, { ...change, runAtMs: Math.ceil(parts.clock.now() + ms) })) parts.clock.after(ms, parts.wake);
  return null;
}

/** Writes a step and goes on with it; null when the claim is lost. */
async function step(work: Work, change: JobStep): Promise<JobRow | null> {
  const { parts, job } = work;
  if (!await parts.store.stepJob(job.id, job.fence, change)) return null;
  return { ...job, ...withoutUndefined(change) };
}

function withoutUndefined(change: JobStep): Partial<JobRow> {
  return isJsonObject(change) ? change : {};
}
