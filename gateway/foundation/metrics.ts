/** This file counts what operators watch, cheaply on the path, and writes it in Prometheus' text format. */
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { Histogram, PairCounter, escapeLabel, writeMetric } from './metric-text.ts';

/** Upper bounds of the latency buckets, in seconds. */
const LATENCY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] as const;
/** What this gateway adds is some tenths of a millisecond, or a wait for a body or for the store. */
const OVERHEAD_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30] as const;

/** What one finished request adds. */
export interface RequestMeasure {
  readonly operation: string;
  readonly provider: string;
  /** Of the catalogue; null where none was found. */
  readonly model: string | null;
  /** The route that chose the model; null when the request named one. */
  readonly route: string | null;
  readonly outcome: string;
  readonly latencyMs: number;
  /** Of that, what was spent outside of attempts; null without any. */
  readonly overheadMs: number | null;
  readonly firstByteMs: number | null;
  /** Null where the reply cache is off. */
  readonly cache: string | null;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly nanoUsd: bigint;
  /** How the last attempt ended, `ok` or an error code; null where it is among those that failed, or there was none. */
  readonly answered: string | null;
  readonly failed: readonly { readonly target: { readonly provider: { readonly id: string } }; readonly code: string | null }[];
}

export interface Metrics {
  /** Counts one finished request. */
  observe(measure: RequestMeasure): void;
  /** Counts one HTTP reply of any operation. */
  countReply(operation: string, status: number): void;
  /** Counts one refusal of any operation, by its code. */
  countRefusal(code: string): void;
  /** Requests for which something is set aside, and that are not settled. */
  readonly openHolds: { count: number };
  /** Stories and spans that no collector has got. */
  readonly dropped: { count: number };
  readonly openStreams: { inc(): void; dec(): void };
  /** Prometheus text exposition format 0.0.4. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Everything counted for one operation, provider and outcome. */
interface Series {
  readonly labels: string;
  requests: number;
  promptTokens: number;
  completionTokens: number;
  nanoUsd: bigint;
  readonly latency: Histogram;
  readonly firstByte: Histogram;
}

/** A lane to an upstream, as it is watched. */
export interface LaneMeasure {
  readonly lane: { readonly id: string; readonly entered: number; readonly waiting: number };
  readonly state: 'closed' | 'trial' | 'open';
}

/** Makes the metrics of one gateway; what it is handed is read when they are scraped. */
export function createMetrics(pendingRecords: () => number, lanes: () => readonly LaneMeasure[]): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const openStreams = new Gauge({ name: 'interline_open_streams', help: 'Streams being written now.', registers: [registry] });
  const pending = new Gauge({
    name: 'interline_store_pending_rows', help: 'Rows handed to the store and not yet durable.', registers: [registry],
    collect() { pending.set(pendingRecords()); },
  });
  // prom-client hashes labels on every observation, which costs more than all else that is measured here.
  const series = new Map<string, Series>();
  const replies = new Map<string, { readonly labels: string; count: number }>();
  const [models, attempts, fallbacks, routes, caches] = createPairs();
  const refusals = new Map<string, { count: number }>();
  const overhead = new Histogram(OVERHEAD_SECONDS);
  const [openHolds, dropped] = [{ count: 0 }, { count: 0 }];
  return {
    openHolds,
    dropped,
    observe(measure) {
      models.count(measure.model ?? 'none', measure.outcome);
      if (measure.answered !== null) attempts.count(measure.provider, measure.answered);
      for (const { target, code } of measure.failed) attempts.count(target.provider.id, code ?? 'ok');
      if (measure.failed.length > 0) fallbacks.count(measure.model ?? 'none', measure.outcome);
      if (measure.route !== null) routes.count(measure.route, measure.model ?? 'none');
      if (measure.cache !== null) caches.count(measure.operation, measure.cache);
      if (measure.overheadMs !== null) overhead.observe(Math.max(0, measure.overheadMs) / 1000);
      const key = `${measure.operation} ${measure.provider} ${measure.outcome}`;
      let found = series.get(key);
      if (!found) series.set(key, found = createSeries(measure));
      addTo(found, measure);
    },
    countReply(operation, status) {
      const key = `${operation} ${status}`;
      const found = replies.get(key);
      if (found) found.count++;
      else replies.set(key, { labels: `operation="${operation}",status="${status}"`, count: 1 });
    },
    countRefusal(code) {
      const found = refusals.get(code);
      if (found) found.count++;
      else refusals.set(code, { count: 1 });
    },
    openStreams,
    async text() {
      return [
        `${await registry.metrics()}\n`, writeReplies([...replies.values()]), writeRefusals(refusals), writeLanes(lanes()), writeSeries([...series.values()]), models.text(), attempts.text(), fallbacks.text(), routes.text(), caches.text(),
        writeMetric('interline_overhead_seconds', { type: 'histogram', help: 'Time a request spent in this gateway outside of its attempts: reading it, setting aside, choosing, waiting to try again.' }, overhead.lines('interline_overhead_seconds', '')),
        writeMetric('interline_holds_open', { type: 'gauge', help: 'Requests for which something is set aside, and that are not settled.' }, [`interline_holds_open ${openHolds.count}`]),
        writeMetric('interline_telemetry_dropped_total', { type: 'counter', help: 'Requests and spans that no OpenTelemetry collector has got.' }, [`interline_telemetry_dropped_total ${dropped.count}`]),
      ].join('');
    },
    contentType: registry.contentType,
  };
}

function createPairs(): readonly [PairCounter, PairCounter, PairCounter, PairCounter, PairCounter] {
  return [
    new PairCounter({ name: 'interline_model_requests_total', help: 'Metered requests by model and outcome.', labels: ['model', 'outcome'] }),
    new PairCounter({ name: 'interline_attempts_total', help: 'Calls of upstreams by provider and how they ended: ok, or an error code.', labels: ['provider', 'code'] }),
    new PairCounter({ name: 'interline_fallbacks_total', help: 'Requests of which an attempt failed, by model and by how they ended after all.', labels: ['model', 'outcome'] }),
    new PairCounter({ name: 'interline_route_requests_total', help: 'Requests that named a route, by the model it came to.', labels: ['route', 'model'] }),
    new PairCounter({ name: 'interline_reply_cache_total', help: 'Requests of workspaces that have the reply cache on, by operation and state: hit, miss or bypass.', labels: ['operation', 'state'] }),
  ];
}

function createSeries({ operation, provider, outcome }: RequestMeasure): Series {
  return {
    labels: `operation="${operation}",provider="${escapeLabel(provider)}",outcome="${outcome}"`,
    requests: 0, promptTokens: 0, completionTokens: 0, nanoUsd: 0n, latency: new Histogram(LATENCY_SECONDS), firstByte: new Histogram(LATENCY_SECONDS),
  };
}

function addTo(series: Series, measure: RequestMeasure): void {
  series.requests++;
  series.promptTokens += measure.promptTokens;
  series.completionTokens += measure.completionTokens;
  series.nanoUsd += measure.nanoUsd;
  series.latency.observe(measure.latencyMs / 1000);
  if (measure.firstByteMs !== null) series.firstByte.observe(measure.firstByteMs / 1000);
}

function writeReplies(replies: readonly { labels: string; count: number }[]): string {
  const name = 'interline_http_replies_total';
  return writeMetric(name, { type: 'counter', help: 'HTTP replies by operation and status.' }, replies.map(({ labels, count }) => `${name}{${labels}} ${count}`));
}

function writeRefusals(refusals: ReadonlyMap<string, { count: number }>): string {
  const name = 'interline_refusals_total';
  return writeMetric(name, { type: 'counter', help: 'Refusals of any operation by error code.' }, [...refusals].map(([code, { count }]) => `${name}{code="${code}"} ${count}`));
}

const LANE_STATES = { closed: 0, trial: 1, open: 2 } as const;

/** Of the hundreds that are configured only those that were ever asked, or rest because another gateway asked them. */
function writeLanes(all: readonly LaneMeasure[]): string {
  const watched = all.filter(({ lane, state }) => lane.entered > 0 || state !== 'closed');
  const gauge = (name: string, help: string, valueOf: (measure: LaneMeasure) => number): string =>
    writeMetric(name, { type: 'gauge', help }, watched.map((measure) => `${name}{target="${escapeLabel(measure.lane.id)}"} ${valueOf(measure)}`));
  return [
    gauge('interline_target_state', 'Whether a target is asked: 0 closed (it is), 1 trial, 2 open (it is left alone).', ({ state }) => LANE_STATES[state]),
    gauge('interline_target_waiting', 'Calls that wait for their first byte.', ({ lane }) => lane.waiting),
  ].join('');
}

function writeSeries(all: readonly Series[]): string {
  const counter = (name: string, help: string, valueOf: (series: Series) => string | number): string =>
    writeMetric(name, { type: 'counter', help }, all.map((series) => `${name}{${series.labels}} ${valueOf(series)}`));
  const histogram = (name: string, help: string, of: (series: Series) => Histogram): string =>
    writeMetric(name, { type: 'histogram', help }, all.flatMap((series) => of(series).lines(name, series.labels)));
  return [
    counter('interline_requests_total', 'Metered requests by operation, provider and outcome.', (series) => series.requests),
    counter('interline_prompt_tokens_total', 'Prompt tokens.', (series) => series.promptTokens),
    counter('interline_completion_tokens_total', 'Completion tokens.', (series) => series.completionTokens),
    counter('interline_charged_nano_usd_total', 'Charges in nano-USD, for dashboards: the usage rows are exact.', (series) => series.nanoUsd.toString()),
    histogram('interline_request_seconds', 'Time from a request to the end of its reply.', (series) => series.latency),
    histogram('interline_first_event_seconds', 'Time from a request to the first event of its stream.', (series) => series.firstByte),
  ].join('');
}
