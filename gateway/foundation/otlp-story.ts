/** This file makes spans and metrics of a request that is over, with the times at which things happened. */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Histogram, HrTime, Meter, Tracer } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { askedOf, attemptAttributes, errorOf, isFine, nameOf, operationOf, providerOf, requestAttributes } from './genai.ts';
import type { Attributes } from './genai.ts';
import type { AttemptStory, RequestStory } from './story.ts';

const MS_PER_SECOND = 1000;
const NANOSECONDS_PER_MS = 1_000_000;
/** From here on a status is the server's failure; below, of a server span, it is the caller's (semantic conventions, HTTP, 2026-11). */
const SERVER_ERROR = 500;

const propagator = new W3CTraceContextPropagator();
const getter = {
  get: (story: RequestStory, key: string) => (key === 'traceparent' ? story.traceparent : key === 'tracestate' ? story.tracestate : undefined),
  keys: () => ['traceparent', 'tracestate'],
};

/** Ends the spans of a request: one of ours, under the caller's own trace where it has one, and beneath it one for each attempt. `offsetMs` makes monotonic ms those of the epoch. */
export function tellSpans(tracer: Tracer, story: RequestStory, offsetMs: number): void {
  const { record, attempts, endedAt } = story;
  const startedAt = endedAt - record.latencyMs;
  const span = tracer.startSpan(nameOf(operationOf(record), record.model), {
    kind: SpanKind.SERVER, startTime: timeOf(startedAt + offsetMs), attributes: requestAttributes(story),
  }, propagator.extract(ROOT_CONTEXT, story, getter));
  if (!isFine(record) && record.status >= SERVER_ERROR) span.setStatus({ code: SpanStatusCode.ERROR });
  if (span.isRecording()) {
    const context = trace.setSpan(ROOT_CONTEXT, span);
    for (const attempt of attempts) {
      const child = tracer.startSpan(nameOf(operationOf(record), attempt.target.upstreamModel), {
        // What answers within this process has no address.
        kind: attempt.target.provider.baseUrl === '' ? SpanKind.INTERNAL : SpanKind.CLIENT,
        startTime: timeOf(attempt.startedAt + offsetMs), attributes: attemptAttributes(record, attempt, isLast(story, attempt)),
      }, context);
      if (attempt.code !== null) child.setStatus({ code: SpanStatusCode.ERROR });
      child.end(timeOf(attempt.endedAt + offsetMs));
    }
  }
  span.end(timeOf(endedAt + offsetMs));
}

/** Whether the request ended with this attempt; one that was followed by a refusal of ours has nothing to say of the reply. */
function isLast({ record, attempts }: RequestStory, attempt: AttemptStory): boolean {
  return attempts.at(-1) === attempt && (attempt.code === null || record.basis !== 'none');
}

function timeOf(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / MS_PER_SECOND);
  return [seconds, Math.round((epochMs - seconds * MS_PER_SECOND) * NANOSECONDS_PER_MS)];
}

export interface Instruments {
  readonly duration: Histogram;
  readonly tokens: Histogram;
  readonly requestDuration: Histogram;
  readonly firstToken: Histogram;
}

/** Makes the metrics the conventions name, with the bounds of buckets they advise. */
export function createInstruments(meter: Meter): Instruments {
  const seconds = (name: string, description: string, explicitBucketBoundaries: number[]): Histogram => meter.createHistogram(name, { unit: 's', description, advice: { explicitBucketBoundaries } });
  return {
    duration: seconds('gen_ai.client.operation.duration', 'How long one attempt at one provider took.', DURATION_BOUNDS),
    tokens: meter.createHistogram('gen_ai.client.token.usage', { unit: '{token}', description: 'Tokens in and out.', advice: { explicitBucketBoundaries: TOKEN_BOUNDS } }),
    requestDuration: seconds('gen_ai.server.request.duration', 'How long a caller of this gateway waited for the last byte.', DURATION_BOUNDS),
    firstToken: seconds('gen_ai.server.time_to_first_token', 'How long a caller of this gateway waited for the first event of a stream.', FIRST_TOKEN_BOUNDS),
  };
}

const DURATION_BOUNDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const FIRST_TOKEN_BOUNDS = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const TOKEN_BOUNDS = Array.from({ length: 14 }, (_, power) => 4 ** power);

/** Adds a request to the metrics. */
export function tellMetrics(instruments: Instruments, story: RequestStory): void {
  const { record, attempts } = story;
  for (const attempt of attempts) {
    const asked: Attributes = { ...askedOf(record, attempt.target), ...(isLast(story, attempt) && record.upstreamModel !== null ? { 'gen_ai.response.model': record.upstreamModel } : {}) };
    instruments.duration.record((attempt.endedAt - attempt.startedAt) / MS_PER_SECOND, attempt.code === null ? asked : { ...asked, 'error.type': attempt.code });
    if (!isLast(story, attempt) || record.usage.promptTokens + record.usage.completionTokens === 0) continue;
    instruments.tokens.record(record.usage.promptTokens, { ...asked, 'gen_ai.token.type': 'input' });
    instruments.tokens.record(record.usage.completionTokens, { ...asked, 'gen_ai.token.type': 'output' });
  }
  const error = errorOf(record);
  const served: Attributes = {
    'gen_ai.operation.name': operationOf(record), 'gen_ai.provider.name': providerOf(record.provider),
    ...(record.model === null ? {} : { 'gen_ai.request.model': record.model }),
  };
  instruments.requestDuration.record(record.latencyMs / MS_PER_SECOND, error === undefined ? served : { ...served, 'error.type': error });
  if (record.firstByteMs !== null && error === undefined) instruments.firstToken.record(record.firstByteMs / MS_PER_SECOND, served);
}
