/** This file counts what operators watch, cheaply on the path, and writes it in Prometheus' text format. */
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';

/** Upper bounds of the latency buckets, in seconds. */
const LATENCY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] as const;

/** What one finished request adds. */
export interface RequestMeasure {
  readonly operation: string;
  readonly provider: string;
  readonly outcome: string;
  readonly latencyMs: number;
  readonly firstByteMs: number | null;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly nanoUsd: bigint;
}

export interface Metrics {
  /** Counts one finished request. */
  observe(measure: RequestMeasure): void;
  /** Counts one HTTP reply of any operation. */
  countReply(operation: string, status: number): void;
  readonly openStreams: { inc(): void; dec(): void };
  /** Prometheus text exposition format 0.0.4. */
  text(): Promise<string>;
  readonly contentType: string;
}

interface Histogram {
  readonly buckets: number[];
  sum: number;
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
  return {
    observe(measure) {
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
    openStreams,
    async text() {
      return `${await registry.metrics()}\n${writeReplies([...replies.values()])}${writeLanes(lanes())}${writeSeries([...series.values()])}`;
    },
    contentType: registry.contentType,
  };
}

/** Provider ids may come from an operator's file: what a label can't hold is escaped. */
function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function createSeries({ operation, provider, outcome }: RequestMeasure): Series {
  const empty = (): Histogram => ({ buckets: LATENCY_SECONDS.map(() => 0).concat(0), sum: 0 });
  return {
    labels: `operation="${operation}",provider="${escapeLabel(provider)}",outcome="${outcome}"`,
    requests: 0, promptTokens: 0, completionTokens: 0, nanoUsd: 0n, latency: empty(), firstByte: empty(),
  };
}

function addTo(series: Series, measure: RequestMeasure): void {
  series.requests++;
  series.promptTokens += measure.promptTokens;
  series.completionTokens += measure.completionTokens;
  series.nanoUsd += measure.nanoUsd;
  observeIn(series.latency, measure.latencyMs / 1000);
  if (measure.firstByteMs !== null) observeIn(series.firstByte, measure.firstByteMs / 1000);
}

function observeIn(histogram: Histogram, seconds: number): void {
  let bucket = 0;
  while (bucket < LATENCY_SECONDS.length && seconds > (LATENCY_SECONDS[bucket] ?? 0)) bucket++;
  histogram.buckets[bucket] = (histogram.buckets[bucket] ?? 0) + 1;
  histogram.sum += seconds;
}

function writeMetric(name: string, about: { type: string; help: string }, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return `# HELP ${name} ${about.help}\n# TYPE ${name} ${about.type}\n${lines.join('\n')}\n\n`;
}

function writeReplies(replies: readonly { labels: string; count: number }[]): string {
  const name = 'interline_http_replies_total';
  return writeMetric(name, { type: 'counter', help: 'HTTP replies by operation and status.' }, replies.map(({ labels, count }) => `${name}{${labels}} ${count}`));
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
    writeMetric(name, { type: 'histogram', help }, all.flatMap((series) => writeHistogram(name, series.labels, of(series))));
  return [
    counter('interline_requests_total', 'Metered requests by operation, provider and outcome.', (series) => series.requests),
    counter('interline_prompt_tokens_total', 'Prompt tokens.', (series) => series.promptTokens),
    counter('interline_completion_tokens_total', 'Completion tokens.', (series) => series.completionTokens),
    counter('interline_charged_nano_usd_total', 'Charges in nano-USD, for dashboards: the usage rows are exact.', (series) => series.nanoUsd.toString()),
    histogram('interline_request_seconds', 'Time from a request to the end of its reply.', (series) => series.latency),
    histogram('interline_first_event_seconds', 'Time from a request to the first event of its stream.', (series) => series.firstByte),
  ].join('');
}

function writeHistogram(name: string, labels: string, { buckets, sum }: Histogram): string[] {
  let count = 0;
  const lines = buckets.map((inBucket, index) => {
    count += inBucket;
    return `${name}_bucket{${labels},le="${LATENCY_SECONDS[index] ?? '+Inf'}"} ${count}`;
  });
  return [...lines, `${name}_sum{${labels}} ${sum}`, `${name}_count{${labels}} ${count}`];
}
