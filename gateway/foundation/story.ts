/** This file names what is told of a request when it is over, and who takes it. */
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import type { RequestRecord, Target } from './terms.ts';

/** attempt story: one call to one upstream, with monotonic ms. */
export interface AttemptStory {
  readonly target: Target;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Why it failed; null: it answered. */
  readonly code: string | null;
  /** HTTP status of the upstream; null when none came. */
  readonly status: number | null;
}

/** request story: a request that is over, as spans and metrics are made of it. Nothing that was said in it is part of it. */
export interface RequestStory {
  readonly record: RequestRecord;
  /** In the order they were made; empty for a request that was refused before any. */
  readonly attempts: readonly AttemptStory[];
  /** Monotonic ms at which the request was over. */
  readonly endedAt: number;
  /** The caller's own W3C trace headers; undefined without. */
  readonly traceparent: string | string[] | undefined;
  readonly tracestate: string | string[] | undefined;
}

export interface Telemetry {
  /** Takes a story over: one push on the path; spans are made of it later. A story for which there is no room is dropped and counted. */
  take(story: RequestStory): void;
  /** Tells what is still to be told, for a few seconds at most, and stops. */
  close(): Promise<void>;
}

export interface TelemetryParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Names this gateway among others: `service.instance.id`. */
  readonly instanceId: string;
  /** Counts the stories and spans that found no room, or that no collector took. */
  readonly dropped: { count: number };
}
