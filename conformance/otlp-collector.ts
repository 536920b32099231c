/** This file is an OpenTelemetry collector on a socket: it takes OTLP over HTTP, as JSON or protobuf, and gives spans and metrics as plain values. */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { readSpans } from './otlp-protobuf.ts';
import type { AttributeValue, ReceivedPoint, ReceivedSpan } from './otlp-received.ts';

/** One export as it came. */
export interface Export {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Collector {
  readonly url: string;
  readonly exports: readonly Export[];
  spans(): ReceivedSpan[];
  /** Of the last export of metrics: they are cumulative. */
  points(): ReceivedPoint[];
  close(): Promise<void>;
}

/** Starts a collector on a free port that takes everything. */
export async function startCollector(): Promise<Collector> {
  const exports: Export[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (bytes: Buffer) => { parts.push(bytes); });
    request.on('end', () => {
      const body = Buffer.concat(parts);
      exports.push({ path: request.url ?? '', headers: request.headers, body: request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body });
      const isJson = request.headers['content-type'] === 'application/json';
      response.writeHead(200, { 'content-type': request.headers['content-type'] ?? '' }).end(isJson ? '{}' : '');
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exports,
    spans: () => exports.filter(({ path }) => path === '/v1/traces').flatMap(({ headers, body }) => (headers['content-type'] === 'application/json' ? spansOfJson(body) : readSpans(body))),
    points() {
      const last = exports.filter(({ path }) => path === '/v1/metrics').at(-1);
      return last ? pointsOfJson(last.body) : [];
    },
    close: () => new Promise((resolve) => {
      server.close(() => { resolve(); });
      server.closeAllConnections();
    }),
  };
}

interface JsonValue { stringValue?: string; intValue?: number | string; doubleValue?: number; boolValue?: boolean; arrayValue?: { values?: JsonValue[] } }
type JsonAttributes = { key: string; value: JsonValue }[];

function attributesOf(attributes: JsonAttributes = []): Record<string, AttributeValue> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf(value: JsonValue): AttributeValue {
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(valueOf);
  return value.stringValue ?? value.boolValue ?? Number(value.intValue ?? value.doubleValue);
}

interface JsonSpan {
  traceId: string; spanId: string; parentSpanId?: string; name: string; kind: number; startTimeUnixNano: string; endTimeUnixNano: string; attributes?: JsonAttributes; status?: { code?: number };
}

const NANOSECONDS_PER_MS = 1e6;

function spansOfJson(body: Buffer): ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(body.toString('utf8')) as { resourceSpans: { resource: { attributes: JsonAttributes }; scopeSpans: { spans: JsonSpan[] }[] }[] };
  return resourceSpans.flatMap(({ resource, scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map((span) => ({
    traceId: span.traceId, spanId: span.spanId, parentSpanId: span.parentSpanId ?? '', name: span.name, kind: span.kind,
    startMs: Number(span.startTimeUnixNano) / NANOSECONDS_PER_MS, endMs: Number(span.endTimeUnixNano) / NANOSECONDS_PER_MS,
    status: span.status?.code ?? 0, attributes: attributesOf(span.attributes), resource: attributesOf(resource.attributes),
  }))));
}

interface JsonMetric { name: string; unit: string; histogram: { dataPoints: { count: number; sum: number; explicitBounds: number[]; attributes: JsonAttributes }[] } }

function pointsOfJson(body: Buffer): ReceivedPoint[] {
  const { resourceMetrics } = JSON.parse(body.toString('utf8')) as { resourceMetrics: { scopeMetrics: { metrics: JsonMetric[] }[] }[] };
  return resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics.flatMap(({ name, unit, histogram }) => histogram.dataPoints.map((point) => ({
    name, unit, count: Number(point.count), sum: point.sum, bounds: point.explicitBounds, attributes: attributesOf(point.attributes),
  })))));
}
