/** This file sends spans and metrics to an OpenTelemetry collector; it is loaded only where one is configured. */
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { MetricReader, PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import type { Resource } from '@opentelemetry/resources';
import { AlwaysOffSampler, AlwaysOnSampler, ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Sampler, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Log } from './log.ts';
import type { OtlpProtocol, OtlpSettings } from './otlp-settings.ts';
import { SpanQueue } from './otlp-queue.ts';
import { createInstruments, tellMetrics, tellSpans } from './otlp-story.ts';
import type { RequestStory, Telemetry, TelemetryParts } from './story.ts';

/** So many stories are told in one go, some 2 ms of work; then whoever waits has a turn. */
const SLICE = 32;
/** What is still to be told at the end may take so long, in ms. */
const CLOSE_MS = 3000;
/** Longer values are cut: a model's name is a caller's text. */
const ATTRIBUTE_LENGTH_MAX = 512;

const SCOPE = 'interline';
const SCHEMA = 'https://opentelemetry.io/schemas/1.45.0';

/** What a test puts in the place of the exporters. */
export interface OtlpSinks {
  readonly spans: SpanExporter | null;
  readonly metrics: MetricReader | null;
}

/** Opens the exporters that the settings name. */
export async function openOtlp(settings: OtlpSettings, parts: TelemetryParts): Promise<Telemetry> {
  const { traces, metrics } = settings;
  return createOtlp(settings, parts, {
    spans: traces === null ? null : await openSpanExporter(traces.protocol),
    metrics: metrics === null ? null : new PeriodicExportingMetricReader({
      exporter: await openMetricExporter(metrics.protocol),
      exportIntervalMillis: metrics.intervalMs, exportTimeoutMillis: Math.min(metrics.intervalMs, metrics.timeoutMs),
    }),
  });
}

async function openSpanExporter(protocol: OtlpProtocol): Promise<SpanExporter> {
  const { OTLPTraceExporter } = protocol === 'http/json' ? await import('@opentelemetry/exporter-trace-otlp-http') : await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter();
}

async function openMetricExporter(protocol: OtlpProtocol): Promise<PushMetricExporter> {
  const { OTLPMetricExporter } = protocol === 'http/json' ? await import('@opentelemetry/exporter-metrics-otlp-http') : await import('@opentelemetry/exporter-metrics-otlp-proto');
  return new OTLPMetricExporter();
}

/** Tells stories to what takes them. */
export function createOtlp(settings: OtlpSettings, parts: TelemetryParts, sinks: OtlpSinks): Telemetry {
  const { clock, dropped, log } = parts;
  const resource = resourceOf(parts.instanceId);
  const queue = sinks.spans && new SpanQueue({ ...parts, exporter: sinks.spans, queueMax: settings.queueMax, batchMax: settings.batchMax });
  const tracer = queue && new TracerProvider({
    resource, sampler: samplerOf(settings.traces, log), spanProcessors: [queue], spanLimits: { attributeValueLengthLimit: ATTRIBUTE_LENGTH_MAX },
  }).getTracer(SCOPE, undefined, { schemaUrl: SCHEMA });
  const meters = sinks.metrics && new MeterProvider({ resource, readers: [sinks.metrics] });
  const instruments = meters && createInstruments(meters.getMeter(SCOPE, undefined, { schemaUrl: SCHEMA }));
  const stories: RequestStory[] = [];
  let isDue = false;
  const tell = (most: number): void => {
    const offsetMs = clock.now() - clock.monotonic();
    for (const story of stories.splice(0, most)) {
      try {
        if (tracer) tellSpans(tracer, story, offsetMs);
        if (instruments) tellMetrics(instruments, story);
      } catch (error) {
        // Nobody waits for this, and nobody may be hurt by it.
        dropped.count++;
        log.error({ error, requestId: story.record.id }, 'a request could not be told of');
      }
    }
  };
  const tellSlice = (): void => {
    isDue = false;
    tell(SLICE);
    if (stories.length >= SLICE) schedule();
  };
  const schedule = (): void => {
    if (isDue) return;
    isDue = true;
    clock.after(0, tellSlice);
  };
  const stop = clock.every(settings.delayMs, () => {
    tell(SLICE);
    if (stories.length > 0) schedule();
    if (queue) void queue.forceFlush();
  });
  return {
    take(story) {
      if (stories.length >= settings.queueMax) dropped.count++;
      else if (stories.push(story) >= SLICE) schedule();
    },
    async close() {
      stop();
      tell(stories.length);
      await withinMs(parts, Promise.allSettled([queue?.shutdown(), meters?.shutdown()]));
    },
  };
}

/** A collector that is away must not keep the gateway from ending. */
function withinMs({ clock }: TelemetryParts, done: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(CLOSE_MS, resolve);
    void done.then(() => {
      cancel();
      resolve();
    });
  });
}

/** OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go over what is said here. */
function resourceOf(instanceId: string): Resource {
  return defaultResource().merge(resourceFromAttributes({ 'service.name': 'interline', 'service.instance.id': instanceId })).merge(detectResources({ detectors: [envDetector] }));
}

/** By OTEL_TRACES_SAMPLER; one that is unknown is warned of and not followed (OpenTelemetry, environment variables, 2026-11). */
function samplerOf(traces: OtlpSettings['traces'], log: Log): Sampler {
  const name = traces?.sampler ?? '';
  const isParentBased = name.startsWith('parentbased_');
  const root = rootSampler(name.replace(/^parentbased_/, ''), traces?.samplerArg, log);
  if (root) return isParentBased ? new ParentBasedSampler({ root }) : root;
  log.warn({ sampler: name }, 'OTEL_TRACES_SAMPLER is not known; every trace is taken');
  return new ParentBasedSampler({ root: new AlwaysOnSampler() });
}

function rootSampler(name: string, arg: string | undefined, log: Log): Sampler | null {
  switch (name) {
    case 'always_on': return new AlwaysOnSampler();
    case 'always_off': return new AlwaysOffSampler();
    case 'traceidratio': return new TraceIdRatioBasedSampler(ratioOf(arg, log));
    default: return null;
  }
}

function ratioOf(arg: string | undefined, log: Log): number {
  const ratio = arg === undefined ? 1 : Number(arg);
  if (ratio >= 0 && ratio <= 1) return ratio;
  log.warn({ ratio: arg }, 'OTEL_TRACES_SAMPLER_ARG is not a number from 0 to 1; every trace is taken');
  return 1;
}
