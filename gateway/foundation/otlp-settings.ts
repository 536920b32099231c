/** This file reads the OTEL_… variables this gateway follows; the exporters themselves read those of their endpoint, headers, timeout, compression and certificates. */
import { ConfigError } from './config.ts';
import type { Environment } from './config.ts';

/** How a signal travels (OTLP 1.x, https://opentelemetry.io/docs/specs/otel/protocol/exporter/, 2026-11). */
export type OtlpProtocol = 'http/protobuf' | 'http/json';

export interface OtlpSettings {
  /** Null: traces are off. */
  readonly traces: { readonly protocol: OtlpProtocol; readonly sampler: string; readonly samplerArg: string | undefined } | null;
  /** Null: metrics are off. */
  readonly metrics: { readonly protocol: OtlpProtocol; readonly intervalMs: number; readonly timeoutMs: number } | null;
  /** Stories, and spans, that wait at most; more are dropped. */
  readonly queueMax: number;
  /** Spans of one export. */
  readonly batchMax: number;
  /** Between two exports that are not full, in ms. */
  readonly delayMs: number;
}

/** Reads them; null where no endpoint is set or everything is switched off. Throws a ConfigError for a protocol or a number that can't be used. */
export function readOtlpSettings(environment: Environment): OtlpSettings | null {
  if (isTrue(environment['OTEL_SDK_DISABLED'])) return null;
  const hasTraces = isWanted(environment, 'TRACES');
  const hasMetrics = isWanted(environment, 'METRICS');
  if (!hasTraces && !hasMetrics) return null;
  const queueMax = readNumber(environment, 'OTEL_BSP_MAX_QUEUE_SIZE', 2048);
  return {
    traces: hasTraces
      ? { protocol: readProtocol(environment, 'TRACES'), sampler: textOf(environment['OTEL_TRACES_SAMPLER']) ?? 'parentbased_always_on', samplerArg: textOf(environment['OTEL_TRACES_SAMPLER_ARG']) }
      : null,
    metrics: hasMetrics
      ? {
        protocol: readProtocol(environment, 'METRICS'),
        intervalMs: readNumber(environment, 'OTEL_METRIC_EXPORT_INTERVAL', 60_000), timeoutMs: readNumber(environment, 'OTEL_METRIC_EXPORT_TIMEOUT', 30_000),
      }
      : null,
    queueMax,
    batchMax: Math.min(queueMax, readNumber(environment, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512)),
    delayMs: readNumber(environment, 'OTEL_BSP_SCHEDULE_DELAY', 5000),
  };
}

type Signal = 'TRACES' | 'METRICS';

function isWanted(environment: Environment, signal: Signal): boolean {
  if (environment[`OTEL_${signal}_EXPORTER`] === 'none') return false;
  return textOf(environment['OTEL_EXPORTER_OTLP_ENDPOINT']) !== undefined || textOf(environment[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]) !== undefined;
}

function readProtocol(environment: Environment, signal: Signal): OtlpProtocol {
  const own = `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`;
  const name = textOf(environment[own]) === undefined ? 'OTEL_EXPORTER_OTLP_PROTOCOL' : own;
  const wanted = textOf(environment[name]) ?? 'http/protobuf';
  if (wanted === 'http/protobuf' || wanted === 'http/json') return wanted;
  throw new ConfigError(`${name} must be http/protobuf or http/json, not "${wanted}".`);
}

function readNumber(environment: Environment, name: string, otherwise: number): number {
  const text = textOf(environment[name]);
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new ConfigError(`${name} must be a whole number above 0, not "${text}".`);
  return value;
}

function isTrue(text: string | undefined): boolean {
  return text?.trim().toLowerCase() === 'true';
}

/** An empty variable is one that is not set (OpenTelemetry, environment variables, 2026-11). */
function textOf(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === '' ? undefined : trimmed;
}
