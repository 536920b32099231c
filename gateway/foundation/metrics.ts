/** This file counts what operators watch, cheaply on the path, and writes it in Prometheus' text format. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

const LATENCY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

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

/** Makes the metrics of one gateway; `pendingRecords` is read when they are scraped. */
export function createMetrics(pendingRecords: () => number): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const replies = new Counter({ name: 'interline_http_replies_total', help: 'HTTP replies by operation and status.', labelNames: ['operation', 'status'], registers });
  const requests = new Counter({ name: 'interline_requests_total', help: 'Metered requests by provider and outcome.', labelNames: ['operation', 'provider', 'outcome'], registers });
  const tokens = new Counter({ name: 'interline_tokens_total', help: 'Tokens by provider and kind.', labelNames: ['provider', 'kind'], registers });
  const charged = new Counter({ name: 'interline_charged_usd_total', help: 'Charges in USD, for dashboards only: the ledger is in whole nano-USD.', labelNames: ['provider'], registers });
  const latency = new Histogram({ name: 'interline_request_seconds', help: 'Time from request to the end of the reply.', labelNames: ['operation', 'provider'], buckets: LATENCY_SECONDS, registers });
  const firstByte = new Histogram({ name: 'interline_first_event_seconds', help: 'Time from request to the first event of a stream.', labelNames: ['operation', 'provider'], buckets: LATENCY_SECONDS, registers });
  const openStreams = new Gauge({ name: 'interline_open_streams', help: 'Streams being written now.', registers });
  const pending = new Gauge({
    name: 'interline_store_pending_rows', help: 'Rows handed to the store and not yet durable.', registers,
    collect() { pending.set(pendingRecords()); },
  });
  const counts = new Map<string, { operation: string; status: string; count: number }>();
  const flush = (): void => {
    for (const entry of counts.values()) {
      if (entry.count > 0) replies.inc({ operation: entry.operation, status: entry.status }, entry.count);
      entry.count = 0;
    }
  };
  return {
    observe(measure) {
      const { operation, provider, outcome } = measure;
      requests.inc({ operation, provider, outcome });
      tokens.inc({ provider, kind: 'prompt' }, measure.promptTokens);
      tokens.inc({ provider, kind: 'completion' }, measure.completionTokens);
      if (measure.nanoUsd > 0n) charged.inc({ provider }, Number(measure.nanoUsd) / 1e9);
      latency.observe({ operation, provider }, measure.latencyMs / 1000);
      if (measure.firstByteMs !== null) firstByte.observe({ operation, provider }, measure.firstByteMs / 1000);
    },
    countReply(operation, status) {
      const key = `${operation} ${status}`;
      const entry = counts.get(key);
      if (entry) entry.count++;
      else counts.set(key, { operation, status: String(status), count: 1 });
    },
    openStreams,
    text() {
      flush();
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}
