/** This file tells metrics and, where there is a collector, telemetry of a request that is over. */
import type { Call, OperationId } from '../foundation/operation.ts';
import type { AttemptStory } from '../foundation/story.ts';
import type { RequestRecord, Target } from '../foundation/terms.ts';
import type { House } from './house.ts';

/** What is known at the end; times in monotonic ms. */
export interface Ended {
  readonly record: RequestRecord;
  readonly target: Target | null;
  readonly failed: readonly AttemptStory[];
  /** When the last attempt began; null when there was none. */
  readonly attemptAt: number | null;
  /** What its upstream answered with; null when it did not. */
  readonly upstreamStatus: number | null;
}

/** Tells of it, once. An attempt that failed is among `failed`; one beyond them ends with the request. */
export function tell({ metrics, telemetry }: Pick<House, 'metrics' | 'telemetry'>, call: Pick<Call<OperationId>, 'headers' | 'receivedAt'>, ended: Ended): void {
  const { record, failed, attemptAt } = ended;
  const endedAt = call.receivedAt + record.latencyMs;
  const lastAt = record.attempts > failed.length ? attemptAt : null;
  let upstreamMs = lastAt === null ? 0 : endedAt - lastAt;
  for (const each of failed) upstreamMs += each.endedAt - each.startedAt;
  // Of an answer out of the cache no provider knows.
  const isHit = record.cache === 'hit';
  metrics.observe({
    operation: record.operation,
    provider: isHit ? 'none' : record.provider ?? 'none',
    model: record.model,
    route: record.route,
    outcome: record.outcome,
    latencyMs: record.latencyMs,
    overheadMs: attemptAt === null ? null : record.latencyMs - upstreamMs,
    firstByteMs: record.firstByteMs,
    cache: record.cache,
    promptTokens: isHit ? 0 : record.usage.promptTokens,
    completionTokens: isHit ? 0 : record.usage.completionTokens,
    nanoUsd: record.charge.nanoUsd,
    answered: lastAt === null ? null : record.errorCode ?? 'ok',
    failed,
  });
  if (!telemetry) return;
  const { traceparent, tracestate } = call.headers;
  const { target, upstreamStatus: status } = ended;
  const attempts = target && lastAt !== null ? [...failed, { target, startedAt: lastAt, endedAt, code: record.errorCode, status }] : failed;
  telemetry.take({ record, attempts, endedAt, traceparent, tracestate });
}
