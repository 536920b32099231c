/** This file ends a video: with what it costs, or with nothing; both are written together with the end of its hold. */
import { errorCatalogue } from '../../generated/errors.ts';
import type { ErrorCode } from '../foundation/errors.ts';
import { ZERO_NANO_USD } from '../foundation/money.ts';
import type { Outcome, RequestRecord } from '../foundation/terms.ts';
import { priceLessVideo } from '../metering/price.ts';
import { NO_USAGE } from '../metering/settle.ts';
import type { UpstreamFailure } from '../providers/wire.ts';
import type { JobEnding, JobRow } from '../store/job-row.ts';
import type { VideoParts } from './video-parts.ts';

/** Why a video was not made, as its workspace is told, and how its row says so. */
export interface VideoFailure {
  readonly code: string;
  readonly message: string;
  readonly outcome: Outcome;
}

/** A failure in our own words. */
export function ownFailure(code: ErrorCode, message: string): VideoFailure {
  return { code, message, outcome: code === 'upstream_timeout' ? 'timeout' : 'upstream_error' };
}

/** A failure as the wire has classified it; what the upstream said of the caller's own request is handed on. */
export function saidOf({ code, message, upstream }: UpstreamFailure): VideoFailure {
  return {
    code: upstream?.code ?? code,
    message: message ?? errorCatalogue[code].message,
    outcome: code === 'upstream_timeout' ? 'timeout' : code === 'upstream_rejected' ? 'refused' : 'upstream_error',
  };
}

/** How much of a video is charged, in ms, what was read for it included; `counted` where the upstream did not say. */
export interface ChargedVideo {
  readonly ms: number;
  readonly basis: 'provider' | 'counted';
}

/** Ends a video whose bytes are kept: it costs what was held, or less where less is charged. */
export function completeVideo(parts: VideoParts, job: JobRow, { media, charged }: { media: Readonly<Record<string, string>>; charged: ChargedVideo | null }): Promise<null> {
  const less: Partial<RequestRecord> = charged === null ? {} : { ...priceLessVideo(job.record, charged.ms), basis: charged.basis };
  const record: RequestRecord = { ...job.record, ...less, latencyMs: parts.clock.now() - job.createdMs, upstreamId: job.upstreamId };
  return finish(parts, job, { state: 'completed', media, error: null, record });
}

/** Ends a video that was not made: nothing is charged, and what was held is given back. */
export function failVideo(parts: VideoParts, job: JobRow, { code, message, outcome }: VideoFailure): Promise<null> {
  const record = { ...withoutCharge(job.record), outcome, errorCode: code, latencyMs: parts.clock.now() - job.createdMs, upstreamId: job.upstreamId };
  return finish(parts, job, { state: 'failed', media: null, error: { code, message }, record });
}

/** Ends a video that was deleted and that no provider has: nothing is charged, and nobody is told why. */
export function cancelVideo(parts: VideoParts, job: JobRow): Promise<null> {
  return finish(parts, job, { state: 'failed', media: null, error: null, record: cancelledRecord(job, parts.clock.now()) });
}

/** The row of a video that was deleted before a provider had it. */
export function cancelledRecord(job: JobRow, nowMs: number): RequestRecord {
  return { ...withoutCharge(job.record), outcome: 'client_gone', latencyMs: nowMs - job.createdMs };
}

/** The row of a job that came to nothing. */
export function withoutCharge(record: RequestRecord): RequestRecord {
  return { ...record, basis: 'none', payer: 'none', usage: NO_USAGE, charge: { ...record.charge, messages: 0, nanoUsd: ZERO_NANO_USD } };
}

async function finish({ store, clock, limits, metrics, telemetry, log }: VideoParts, job: JobRow, ending: Omit<JobEnding, 'endedMs' | 'expiresMs'>): Promise<null> {
  const endedMs = clock.now();
  if (!await store.finishJob(job.id, job.fence, { ...ending, endedMs, expiresMs: endedMs + limits.mediaMs })) return null;
  const { record, state, error } = ending;
  log.info({ job: job.id, requestId: job.requestId, state, code: error?.code }, 'a video has ended');
  metrics.observe({
    operation: record.operation, provider: record.provider ?? 'none', model: record.model, route: record.route, outcome: record.outcome, latencyMs: record.latencyMs, overheadMs: null, firstByteMs: null, cache: null,
    promptTokens: 0, completionTokens: 0, nanoUsd: record.charge.nanoUsd, answered: record.errorCode ?? 'ok', failed: [],
  });
  // Its steps were many calls, over minutes and perhaps several gateways: what is told is that it was asked for, and how it ended.
  telemetry?.take({ record, attempts: [], endedAt: clock.monotonic(), traceparent: undefined, tracestate: undefined });
  return null;
}
