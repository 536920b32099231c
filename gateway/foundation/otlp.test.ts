import { expect, test } from '@jest/globals';
import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { createManualClock } from './clock.ts';
import { ConfigError } from './config.ts';
import { createLog } from './log.ts';
import { ZERO_NANO_USD } from './money.ts';
import { createOtlp } from './otlp.ts';
import { readOtlpSettings } from './otlp-settings.ts';
import type { OtlpSettings } from './otlp-settings.ts';
import type { RequestStory, Telemetry } from './story.ts';
import type { RequestRecord } from './terms.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

/** An exporter that takes a batch when told to. */
function slowExporter(): SpanExporter & { readonly batches: ReadableSpan[][]; answer(code: ExportResultCode): void } {
  const batches: ReadableSpan[][] = [];
  const waiting: ((result: { code: ExportResultCode }) => void)[] = [];
  return {
    batches,
    export(spans, done) {
      batches.push(spans);
      waiting.push(done);
    },
    answer(code) { waiting.shift()?.({ code }); },
    shutdown: () => Promise.resolve(),
  };
}

function story(id: string, changes: Partial<RequestRecord> = {}): RequestStory {
  const record: RequestRecord = {
    id, workspaceId: 'ws_1', keyId: 'key_1', userId: 'user_1', operation: 'createChatCompletion', modelAsked: 'a/b', model: 'a/b', upstreamModel: null, provider: null, target: null, attempts: 0,
    isStream: false, status: 200, outcome: 'ok', errorCode: null, finishReason: null, upstreamId: null, usage: { promptTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: 0, reasoningTokens: 0 },
    basis: 'none', charge: { messages: 0, nanoUsd: ZERO_NANO_USD, priceVersion: 'none', isUnpriced: false }, payer: 'none', failedAttempts: null, lastAttemptMs: null, route: null, isDegraded: false, cache: null, rollout: null, evalRun: null,
    startedMs: 0, latencyMs: 5, firstByteMs: null, ...changes,
  };
  return { record, attempts: [], endedAt: 0, traceparent: undefined, tracestate: undefined };
}

function open(settings: Partial<OtlpSettings>): { telemetry: Telemetry; exporter: ReturnType<typeof slowExporter>; dropped: { count: number }; clock: ReturnType<typeof createManualClock> } {
  const [exporter, dropped, clock] = [slowExporter(), { count: 0 }, createManualClock()];
  const read = readOtlpSettings(ENDPOINT);
  if (!read) throw new Error('an endpoint is set');
  const telemetry = createOtlp({ ...read, ...settings }, { clock, log: createLog('silent'), instanceId: 'node_1', dropped }, { spans: exporter, metrics: null });
  return { telemetry, exporter, dropped, clock };
}

/** Lets what was promised go on. */
async function turn(): Promise<void> {
  await new Promise((resolve) => { setImmediate(resolve); });
}

test('stories without room are dropped and counted', () => {
  const { telemetry, dropped } = open({ queueMax: 10 });
  for (let index = 0; index < 25; index++) telemetry.take(story(`req_${index}`));
  expect(dropped.count).toBe(15);
});

test('one export is under way at a time; spans that wait for it are so many at most, and what is refused is counted', async () => {
  const { telemetry, exporter, dropped, clock } = open({ queueMax: 40, batchMax: 10, delayMs: 1000 });
  for (let round = 0; round < 3; round++) {
    for (let index = 0; index < 32; index++) telemetry.take(story(`req_${round}_${index}`));
    clock.advance(1);
  }
  // 96 spans: 10 are under way, 40 wait, 46 had no room.
  expect(exporter.batches.map((batch) => batch.length)).toEqual([10]);
  expect(dropped.count).toBe(46);
  exporter.answer(ExportResultCode.FAILED);
  await turn();
  expect(dropped.count).toBe(56);
  expect(exporter.batches).toHaveLength(2);
  for (let index = 0; index < 4; index++) {
    exporter.answer(ExportResultCode.SUCCESS);
    await turn();
  }
  expect(exporter.batches.map((batch) => batch.length)).toEqual([10, 10, 10, 10, 10]);
  expect(dropped.count).toBe(56);
});

test('what waits is told when its time has come, and a gateway that ends does not wait for a collector that is stuck', async () => {
  const { telemetry, exporter, clock } = open({ delayMs: 1000 });
  telemetry.take(story('req_1'));
  expect(exporter.batches).toEqual([]);
  clock.advance(1000);
  expect(exporter.batches[0]?.map(({ attributes }) => attributes['interline.request.id'])).toEqual(['req_1']);
  let isClosed = false;
  void telemetry.close().then(() => { isClosed = true; });
  await turn();
  expect(isClosed).toBe(false);
  clock.advance(3000);
  await turn();
  expect(isClosed).toBe(true);
});

test.each(['garbage', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'garbage'], ''])('a traceparent of %j makes no trouble', (traceparent) => {
  const { telemetry, exporter, clock, dropped } = open({ delayMs: 1000 });
  telemetry.take({ ...story('req_1'), traceparent });
  clock.advance(1000);
  const [span] = exporter.batches[0] ?? [];
  expect(span?.spanContext().traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  expect(dropped.count).toBe(0);
});

test('what can\'t be told of is counted, and the next is told', () => {
  const { telemetry, exporter, clock, dropped } = open({ delayMs: 1000 });
  const broken: RequestStory = { ...story('req_1'), get attempts(): never { throw new Error('no such thing'); } };
  telemetry.take(broken);
  telemetry.take(story('req_2'));
  clock.advance(1000);
  expect(dropped.count).toBe(1);
  expect(exporter.batches[0]?.map(({ attributes }) => attributes['interline.request.id'])).toEqual(['req_2']);
});

test('a name does not grow with what callers make up, and a long value is cut', async () => {
  const { telemetry, exporter, clock } = open({ delayMs: 1000 });
  telemetry.take(story('req_1', { model: null, modelAsked: 'm'.repeat(4000), outcome: 'refused', status: 404, errorCode: 'model_not_found' }));
  clock.advance(1000);
  await turn();
  const [span] = exporter.batches[0] ?? [];
  expect(span?.name).toBe('chat');
  expect(String(span?.attributes['gen_ai.request.model'])).toHaveLength(512);
  expect(span?.status.code).toBe(0);
});

test.each([
  ['always_off', undefined, 0], ['traceidratio', '0', 0], ['traceidratio', '1', 1], ['always_on', undefined, 1], ['parentbased_traceidratio', '0', 0],
  // What is not understood takes every trace, as the specification of the variables wants.
  ['jaeger_remote', undefined, 1], ['traceidratio', 'half', 1],
])('sampler %s %s takes %i of 1', (sampler, samplerArg, count) => {
  const { telemetry, exporter, clock } = open({ delayMs: 1000, traces: { protocol: 'http/json', sampler, samplerArg } });
  telemetry.take(story('req_1'));
  clock.advance(1000);
  expect(exporter.batches.flat()).toHaveLength(count);
});

test('nothing is on without an endpoint, or where it is switched off', () => {
  expect(readOtlpSettings({})).toBeNull();
  expect(readOtlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' })).toBeNull();
  expect(readOtlpSettings({ ...ENDPOINT, OTEL_SDK_DISABLED: 'true' })).toBeNull();
  expect(readOtlpSettings({ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' })).toBeNull();
  expect(readOtlpSettings({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://127.0.0.1:4318/v1/metrics' })).toMatchObject({ traces: null, metrics: { protocol: 'http/protobuf', intervalMs: 60_000 } });
  expect(readOtlpSettings({ ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' })).toMatchObject({ traces: { protocol: 'http/json' }, metrics: { protocol: 'http/protobuf' } });
});

test('a number or a protocol that can\'t be used is named', () => {
  expect(() => readOtlpSettings({ ...ENDPOINT, OTEL_BSP_SCHEDULE_DELAY: 'soon' })).toThrow(new ConfigError('OTEL_BSP_SCHEDULE_DELAY must be a whole number above 0, not "soon".'));
  expect(() => readOtlpSettings({ ...ENDPOINT, OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'grpc' })).toThrow('OTEL_EXPORTER_OTLP_METRICS_PROTOCOL must be');
});
