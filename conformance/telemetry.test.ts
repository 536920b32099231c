import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as conventions from '@opentelemetry/semantic-conventions';
import * as incubating from '@opentelemetry/semantic-conventions/incubating';
import { jsonOf } from './native-stage.ts';
import { startCollector } from './otlp-collector.ts';
import type { Collector } from './otlp-collector.ts';
import type { ReceivedPoint, ReceivedSpan } from './otlp-received.ts';
import { begin, call } from './raw-client.ts';
import type { RawReply } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const PROMPT = 'the secret of the sphinx';
const ANSWER = 'a riddle nobody may read';
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
/** Said by the gateway as it ends: which of the SDK's modules were loaded. */
const TELL_LOADED = `data:text/javascript,${encodeURIComponent("import Module from 'node:module'; process.on('exit', () => { console.error('LOADED ' + JSON.stringify(Object.keys(Module._cache).filter((name) => /@opentelemetry.(sdk|otlp|exporter)/.test(name)).length)); });")}`;

const answer = jsonOf({
  id: 'chatcmpl-up', object: 'chat.completion', created: 1, model: 'up-0613', choices: [{ index: 0, message: { role: 'assistant', content: ANSWER }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 30, completion_tokens: 5, total_tokens: 35, prompt_tokens_details: { cached_tokens: 20 } },
});
const failing = jsonOf({ error: { message: 'broken' } }, { status: 500 });

let collector: Collector;
let upstream: ReplayUpstream;
let server: ServerUnderTest;

const model = {
  id: 'local/two', name: 'two', tier: 'basic', context_window: 1000, max_output_tokens: 100,
  targets: [{ provider: 'vllm', model: 'first', unpriced: true }, { provider: 'together', model: 'second', unpriced: true }],
};

function start(env: Readonly<Record<string, string>>): Promise<ServerUnderTest> {
  return startServer({ env: { VLLM_BASE_URL: upstream.url, TOGETHER_BASE_URL: upstream.url, TOGETHER_API_KEY: 'key-of-together', ...env }, config: { models: [model], routes: [{ id: 'local-route', description: 'a route', targets: [{ model: 'local/two' }] }] } });
}

beforeAll(async () => {
  collector = await startCollector();
  upstream = await startReplayUpstream();
  upstream.play('first', failing);
  upstream.play('second', answer);
  server = await start({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-key=yes',
    OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_METRIC_EXPORT_INTERVAL: '100', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  });
}, 30_000);
afterAll(async () => {
  await stopServers();
  await upstream.close();
  await collector.close();
});

function chat(at: ServerUnderTest, body: object = {}, headers: Readonly<Record<string, string>> = {}): Promise<RawReply> {
  return call(at.url, { path: '/v1/chat/completions', key: at.key, headers, body: { model: 'local/two', messages: [{ role: 'user', content: PROMPT }], ...body } });
}

/** The spans of one request, ours first. */
async function spansOf(reply: RawReply, from = collector): Promise<ReceivedSpan[]> {
  return eventually(() => {
    const spans = from.spans();
    const own = spans.find(({ attributes }) => attributes['interline.request.id'] === reply.headers['x-request-id']);
    return own ? [own, ...spans.filter(({ parentSpanId }) => parentSpanId === own.spanId)] : null;
  }, 15_000);
}

const known = new Set([...Object.entries(conventions), ...Object.entries(incubating)].filter(([name]) => name.startsWith('ATTR_')).map(([, value]) => value as string));
const knownMetrics = new Set(Object.entries(incubating).filter(([name]) => name.startsWith('METRIC_GEN_AI_')).map(([, value]) => value as string));

function expectNamed({ attributes }: Pick<ReceivedSpan | ReceivedPoint, 'attributes'>): void {
  const unknown = Object.keys(attributes).filter((name) => !known.has(name) && !name.startsWith('interline.'));
  expect(unknown).toEqual([]);
  expect(attributes).toHaveProperty([incubating.ATTR_GEN_AI_OPERATION_NAME]);
  expect(attributes).toHaveProperty([incubating.ATTR_GEN_AI_PROVIDER_NAME]);
}

test('a request that fell back is a server span in the caller\'s trace, with a client span for each attempt', async () => {
  const reply = await chat(server, {}, { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=1' });
  expect(reply.status).toBe(200);
  const [own, ...attempts] = await spansOf(reply);
  const [failed, last] = attempts;
  expect(own).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, name: 'chat local/two', kind: 2, status: 0 });
  expect(own?.attributes).toMatchObject({
    [incubating.ATTR_GEN_AI_OPERATION_NAME]: incubating.GEN_AI_OPERATION_NAME_VALUE_CHAT,
    [incubating.ATTR_GEN_AI_PROVIDER_NAME]: 'together',
    [incubating.ATTR_GEN_AI_REQUEST_MODEL]: 'local/two',
    [incubating.ATTR_GEN_AI_RESPONSE_MODEL]: 'up-0613',
    [incubating.ATTR_GEN_AI_RESPONSE_ID]: 'chatcmpl-up',
    [incubating.ATTR_GEN_AI_RESPONSE_FINISH_REASONS]: ['stop'],
    [conventions.ATTR_HTTP_RESPONSE_STATUS_CODE]: 200,
    'interline.target': 'together/second', 'interline.attempts': 2, 'interline.outcome': 'ok',
  });
  expect(attempts).toHaveLength(2);
  expect(failed).toMatchObject({ traceId: TRACE, name: 'chat first', kind: 3, status: 2 });
  expect(failed?.attributes).toMatchObject({ [conventions.ATTR_ERROR_TYPE]: 'upstream_error', [conventions.ATTR_HTTP_RESPONSE_STATUS_CODE]: 500, [incubating.ATTR_GEN_AI_PROVIDER_NAME]: 'vllm' });
  const { hostname, port } = new URL(upstream.url);
  expect(last).toMatchObject({ traceId: TRACE, name: 'chat second', kind: 3, status: 0 });
  expect(last?.attributes).toMatchObject({
    [incubating.ATTR_GEN_AI_USAGE_INPUT_TOKENS]: 30, [incubating.ATTR_GEN_AI_USAGE_OUTPUT_TOKENS]: 5, [incubating.ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS]: 20,
    [conventions.ATTR_SERVER_ADDRESS]: hostname, [conventions.ATTR_SERVER_PORT]: Number(port), [conventions.ATTR_HTTP_RESPONSE_STATUS_CODE]: 200,
  });
  // Usage stands on one span only: who adds it up over all must not count twice.
  expect(own?.attributes).not.toHaveProperty([incubating.ATTR_GEN_AI_USAGE_INPUT_TOKENS]);
  for (const span of [own, failed, last]) if (span) expectNamed(span);
  expect(own?.startMs).toBeLessThanOrEqual(failed?.startMs ?? 0);
  expect(failed?.endMs).toBeLessThanOrEqual(last?.startMs ?? 0);
  expect(last?.endMs).toBeLessThanOrEqual((own?.endMs ?? 0) + 0.001);
  expect(Math.abs((own?.endMs ?? 0) - Date.now())).toBeLessThan(10_000);
  expect(own?.resource).toMatchObject({ 'service.name': 'interline', 'deployment.environment.name': 'test' });
});

test('neither what was said nor a key is told to the collector, and nothing of the trace to the provider', async () => {
  await spansOf(await chat(server, {}, { traceparent: `00-${TRACE}-${PARENT}-01` }));
  const told = collector.exports.map(({ body }) => body.toString('utf8')).join('\n');
  for (const secret of [PROMPT, ANSWER, server.key, 'key-of-together', 'yes']) expect(told).not.toContain(secret);
  expect(collector.exports[0]?.headers).toMatchObject({ 'x-collector-key': 'yes', 'content-type': 'application/json' });
  expect(upstream.requests('second').length).toBeGreaterThan(0);
  for (const { headers } of upstream.requests('second')) expect(Object.keys(headers)).not.toContain('traceparent');
});

test('a refusal is a span without attempts; a model nobody has is no name', async () => {
  const reply = await chat(server, { model: 'no/such-model' });
  const [own, ...attempts] = await spansOf(reply);
  expect(reply.status).toBe(404);
  expect(attempts).toEqual([]);
  expect(own).toMatchObject({ name: 'chat', kind: 2, status: 0, parentSpanId: '' });
  expect(own?.attributes).toMatchObject({ [conventions.ATTR_ERROR_TYPE]: 'model_not_found', [conventions.ATTR_HTTP_RESPONSE_STATUS_CODE]: 404, [incubating.ATTR_GEN_AI_REQUEST_MODEL]: 'no/such-model' });
  if (own) expectNamed(own);
});

test('a request that names a route says which, and by which model it was answered', async () => {
  const [own] = await spansOf(await chat(server, { model: 'local-route' }));
  expect(own).toMatchObject({ name: 'chat local/two' });
  expect(own?.attributes).toMatchObject({ 'interline.route': 'local-route', 'interline.model': 'local/two', 'interline.degraded': false, [incubating.ATTR_GEN_AI_REQUEST_MODEL]: 'local-route' });
});

test('a stream says when its first event came; what answers within the process has no address', async () => {
  const [own, answered] = await spansOf(await chat(server, { model: 'sandbox/echo', stream: true }));
  const first = own?.attributes[incubating.ATTR_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK];
  expect(first).toBeGreaterThan(0);
  expect(Number(first) * 1000).toBeLessThanOrEqual((own?.endMs ?? 0) - (own?.startMs ?? 0) + 0.001);
  expect(own?.attributes).toMatchObject({ [incubating.ATTR_GEN_AI_REQUEST_STREAM]: true });
  expect(answered).toMatchObject({ name: 'chat echo', kind: 1 });
  expect(answered?.attributes).not.toHaveProperty([conventions.ATTR_SERVER_ADDRESS]);
});

test.each([
  ['embeddings', incubating.GEN_AI_OPERATION_NAME_VALUE_EMBEDDINGS, { model: 'sandbox/embedding', input: 'text' }],
  ['completions', incubating.GEN_AI_OPERATION_NAME_VALUE_TEXT_COMPLETION, { model: 'sandbox/echo', prompt: 'text' }],
  ['images/generations', incubating.GEN_AI_OPERATION_NAME_VALUE_GENERATE_CONTENT, { model: 'sandbox/image', prompt: 'text' }],
])('POST /%s is %s', async (path, operation, body) => {
  const reply = await call(server.url, { path: `/v1/${path}`, key: server.key, body });
  expect(reply.status).toBe(200);
  const [own] = await spansOf(reply);
  expect(own?.attributes[incubating.ATTR_GEN_AI_OPERATION_NAME]).toBe(operation);
  if (own) expectNamed(own);
});

test('a caller who leaves is no error, and nothing stays set aside', async () => {
  const stream = await begin(server.url, { path: '/v1/chat/completions', key: server.key, body: { model: 'sandbox/echo', messages: [{ role: 'user', content: PROMPT }], stream: true, sandbox: { hang_after_events: 1 } } });
  const head = await stream.head();
  const holds = async (): Promise<string | undefined> => /^interline_holds_open (\d+)$/m.exec((await call(server.url, { path: '/metrics' })).body.toString('utf8'))?.[1];
  expect(await holds()).toBe('1');
  stream.leave();
  const [own, left] = await spansOf({ ...head, body: Buffer.alloc(0), chunks: [], isWhole: false });
  expect(own).toMatchObject({ status: 0 });
  expect(own?.attributes).toMatchObject({ 'interline.outcome': 'client_gone', [conventions.ATTR_HTTP_RESPONSE_STATUS_CODE]: 200 });
  for (const span of [own, left]) expect(span?.attributes).not.toHaveProperty([conventions.ATTR_ERROR_TYPE]);
  expect(left).toMatchObject({ status: 0 });
  expect(await holds()).toBe('0');
});

test('a video is told of when it has ended', async () => {
  const reply = await call(server.url, { path: '/v1/videos', key: server.key, body: { model: 'sandbox/video', prompt: PROMPT, seconds: '1' } });
  expect(reply.status).toBe(200);
  const [own, ...attempts] = await spansOf(reply);
  expect(own).toMatchObject({ name: 'generate_content sandbox/video', kind: 2 });
  expect(own?.attributes).toMatchObject({ [incubating.ATTR_GEN_AI_OUTPUT_TYPE]: 'video', 'interline.outcome': 'ok' });
  expect(attempts).toEqual([]);
}, 30_000);

test('metrics have the names, units, bounds and attributes of the conventions', async () => {
  await chat(server);
  await chat(server, { model: 'sandbox/echo', stream: true });
  const points = await eventually(() => {
    const all = collector.points();
    const isThere = [incubating.METRIC_GEN_AI_CLIENT_OPERATION_DURATION, incubating.METRIC_GEN_AI_CLIENT_TOKEN_USAGE, incubating.METRIC_GEN_AI_SERVER_TIME_TO_FIRST_TOKEN, incubating.METRIC_GEN_AI_SERVER_REQUEST_DURATION]
      .every((name) => all.some((point) => point.name === name && point.count > 0));
    return isThere ? all : null;
  });
  for (const point of points) {
    expect(knownMetrics).toContain(point.name);
    expect(point.unit).toBe(point.name === incubating.METRIC_GEN_AI_CLIENT_TOKEN_USAGE ? '{token}' : 's');
    expectNamed(point);
  }
  const input = points.find(({ name, attributes }) => name === incubating.METRIC_GEN_AI_CLIENT_TOKEN_USAGE && attributes[incubating.ATTR_GEN_AI_TOKEN_TYPE] === 'input' && attributes[incubating.ATTR_GEN_AI_REQUEST_MODEL] === 'second');
  expect(input?.sum).toBe(30 * (input?.count ?? 0));
  expect(input?.bounds).toEqual([1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864]);
  const failures = points.find(({ name, attributes }) => name === incubating.METRIC_GEN_AI_CLIENT_OPERATION_DURATION && attributes[conventions.ATTR_ERROR_TYPE] === 'upstream_error');
  expect(failures?.attributes).toMatchObject({ [incubating.ATTR_GEN_AI_REQUEST_MODEL]: 'first', [incubating.ATTR_GEN_AI_PROVIDER_NAME]: 'vllm' });
});

test('everything that was received till now is named by the conventions, or by us and in the docs', () => {
  const page = readFileSync(new URL('../docs/observability.md', import.meta.url), 'utf8');
  const [spans, points] = [collector.spans(), collector.points()];
  expect(spans.length).toBeGreaterThan(10);
  for (const told of [...spans, ...points]) expectNamed(told);
  const own = new Set([...spans, ...points].flatMap(({ attributes }) => Object.keys(attributes)).filter((name) => name.startsWith('interline.')));
  expect(own.size).toBeGreaterThan(10);
  for (const name of own) expect(page.includes(`\`${name}\``) || page.includes(`\`${name.replace('interline', '')}\``) ? '' : name).toBe('');
  for (const { resource } of spans) expect(Object.keys(resource).filter((name) => !known.has(name))).toEqual([]);
});

test('a gateway that ends tells what it has not told yet, in protobuf unless told otherwise', async () => {
  const late = await startCollector();
  const other = await start({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${late.url}/v1/traces`, OTEL_BSP_SCHEDULE_DELAY: '600000', NODE_OPTIONS: `--import=${TELL_LOADED}` });
  const reply = await chat(other, {}, { traceparent: `00-${TRACE}-${PARENT}-01` });
  expect(late.exports).toEqual([]);
  expect(await other.stop()).toBe(0);
  const [own, failed, last] = await spansOf(reply, late);
  expect(late.exports.map(({ path, headers }) => [path, headers['content-type']])).toEqual([['/v1/traces', 'application/x-protobuf']]);
  expect(own).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, name: 'chat local/two', kind: 2 });
  expect(own?.attributes).toMatchObject({ 'interline.attempts': 2, [incubating.ATTR_GEN_AI_REQUEST_STREAM]: false, [incubating.ATTR_GEN_AI_RESPONSE_FINISH_REASONS]: ['stop'] });
  expect(failed).toMatchObject({ kind: 3, status: 2 });
  expect(last?.attributes).toMatchObject({ [incubating.ATTR_GEN_AI_USAGE_INPUT_TOKENS]: 30 });
  expect(Number(/LOADED (\d+)/.exec(other.output())?.[1])).toBeGreaterThan(10);
  await late.close();
}, 30_000);

test('without a collector nothing of it is loaded', async () => {
  const other = await start({ NODE_OPTIONS: `--import=${TELL_LOADED}` });
  expect((await chat(other)).status).toBe(200);
  expect(await other.stop()).toBe(0);
  expect(other.output()).toContain('LOADED 0');
}, 30_000);

test('a sampler decides which traces are taken; metrics are of all', async () => {
  const quiet = await startCollector();
  const other = await start({
    OTEL_EXPORTER_OTLP_ENDPOINT: quiet.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_TRACES_SAMPLER: 'parentbased_always_off', OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_METRIC_EXPORT_INTERVAL: '600000',
  });
  await chat(other);
  const taken = await chat(other, {}, { traceparent: `00-${TRACE}-${PARENT}-01` });
  await chat(other, {}, { traceparent: `00-${TRACE}-${PARENT}-00` });
  await other.stop();
  const spans = quiet.spans();
  expect(spans.map(({ kind }) => kind).sort()).toEqual([2, 3, 3]);
  expect(spans.find(({ kind }) => kind === 2)?.attributes['interline.request.id']).toBe(taken.headers['x-request-id']);
  expect(quiet.points().filter(({ name }) => name === incubating.METRIC_GEN_AI_SERVER_REQUEST_DURATION).map(({ count }) => count)).toEqual([3]);
  await quiet.close();
}, 30_000);

test('a collector that is away costs no answer; what it did not get is counted, and the gateway still ends', async () => {
  const gone = await startCollector();
  await gone.close();
  const other = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: gone.url, OTEL_EXPORTER_OTLP_TIMEOUT: '300', OTEL_BSP_SCHEDULE_DELAY: '50' });
  expect((await chat(other)).status).toBe(200);
  await eventually(async () => {
    const metrics = (await call(other.url, { path: '/metrics' })).body.toString('utf8');
    return /interline_telemetry_dropped_total 3/.test(metrics) || null;
  });
  const askedAt = performance.now();
  expect(await other.stop()).toBe(0);
  expect(performance.now() - askedAt).toBeLessThan(8000);
  expect(other.output()).toContain('spans were not taken by the collector');
}, 30_000);

test('a protocol that is not spoken here is said at the start', async () => {
  await expect(start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).rejects.toThrow('OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf or http/json');
}, 30_000);
