/** This file drives the Responses API with the official `openai` package: items, tools, events in order, and the state the gateway keeps. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI, { APIError } from 'openai';
import type { FunctionTool, NamespaceTool, ResponseCreateParams, ResponseInputItem, ResponseStreamEvent } from 'openai/resources/responses/responses';
import type { UsageRow } from '../generated/client/types.gen.ts';
import { faultByOpenAi, faultOfSchema } from './judges.ts';
import { call } from './raw-client.ts';
import { payloadsOf } from './recorded-streams.ts';
import { startServer } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const START_MS_MAX = 60_000;
const CHAT = 'sandbox/chat';
const ECHO = 'sandbox/echo';

let server: ServerUnderTest;
beforeAll(async () => { server = await startServer(); }, START_MS_MAX);
afterAll(async () => { await server.stop(); }, START_MS_MAX);

const client = (): OpenAI => new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.key, maxRetries: 0 });
const refused = async (promise: Promise<unknown>): Promise<APIError> => {
  const error: unknown = await promise.then(() => null, (thrown: unknown) => thrown);
  if (error instanceof APIError) return error;
  throw new Error(`expected an API error, got ${String(error)}`);
};

const weather: FunctionTool = {
  type: 'function', name: 'get_weather', strict: false, description: 'Tells the weather of a city.',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
};
const time: FunctionTool = { type: 'function', name: 'get_time', strict: false, parameters: { type: 'object', properties: { zone: { type: 'string' } }, required: ['zone'] } };

/** Every event of a stream, each judged by the contract. */
async function eventsOf(body: ResponseCreateParams & { readonly sandbox?: Readonly<Record<string, unknown>> }): Promise<ResponseStreamEvent[]> {
  const reply = await call(server.url, { path: '/v1/responses', key: server.key, body: { ...body, stream: true } });
  const payloads = payloadsOf(reply.body.toString('utf8'));
  expect({ status: reply.status, type: reply.headers['content-type'], last: payloads.at(-1) }).toEqual({ status: 200, type: 'text/event-stream; charset=utf-8', last: '[DONE]' });
  const events = payloads.slice(0, -1).map((payload) => JSON.parse(payload) as ResponseStreamEvent);
  for (const event of events) expect(faultOfSchema('ResponseEvent', event)).toBeNull();
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_event, at) => at));
  return events;
}

function stageOf(events: readonly ResponseStreamEvent[], type: 'response.completed' | 'response.incomplete' | 'response.failed'): OpenAI.Responses.Response {
  const event = events.find((each) => each.type === type);
  if (event && 'response' in event && typeof event.response === 'object') return event.response;
  throw new Error(`no ${type} among ${events.map((each) => each.type).join(', ')}`);
}

describe('an answer', () => {
  test('to a text has everything the package reads', async () => {
    const answer = await client().responses.create({ model: ECHO, input: 'Reply with exactly: Hello', metadata: { ticket: '7' }, instructions: 'Be brief.' });
    expect(answer).toMatchObject({
      object: 'response', status: 'completed', output_text: 'Hello', error: null, incomplete_details: null, metadata: { ticket: '7' }, instructions: 'Be brief.', store: true,
    });
    expect(answer.id).toMatch(/^resp_[0-9a-f]{32}$/);
    expect(answer.usage?.total_tokens).toBe((answer.usage?.input_tokens ?? 0) + (answer.usage?.output_tokens ?? 0));
    expect(answer.usage?.output_tokens).toBeGreaterThan(0);
  });

  test('to items reads messages of every role, with images and files', async () => {
    const answer = await client().responses.create({
      model: CHAT,
      input: [
        { role: 'developer', content: 'Be brief.' },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'What is this?' }, { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'low' }] },
        { type: 'message', role: 'assistant', id: 'msg_1', status: 'completed', content: [{ type: 'output_text', text: 'A dot.', annotations: [] }] },
        { role: 'user', content: [{ type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0xLjQK' }, { type: 'input_text', text: 'Reply with exactly: Both seen' }] },
      ],
    });
    expect(answer.output_text).toBe('Both seen');
  });

  test('that is cut off says why', async () => {
    const answer = await client().responses.create({ model: ECHO, input: 'Reply with exactly: one two three four five six', max_output_tokens: 2 });
    expect(answer).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, output: [{ status: 'incomplete' }] });
  });

  test('in the form of a schema parses', async () => {
    const schema = { type: 'object', properties: { celsius: { type: 'number' } }, required: ['celsius'], additionalProperties: false };
    const answer = await client().responses.parse({ model: CHAT, input: 'How warm is it?', text: { format: { type: 'json_schema', name: 'weather', strict: true, schema } } });
    expect(JSON.parse(answer.output_text)).toMatchObject({ celsius: expect.any(Number) });
  });
});

describe('tools', () => {
  test('are called, answered and go on, with the history kept by the caller', async () => {
    const input: ResponseInputItem[] = [{ role: 'user', content: 'What is the weather in Paris?' }];
    const first = await client().responses.create({ model: CHAT, input, tools: [weather], tool_choice: 'required', store: false });
    const [called] = first.output.filter((item) => item.type === 'function_call');
    expect(called).toMatchObject({ name: 'get_weather', status: 'completed' });
    expect(JSON.parse(called?.arguments ?? '')).toHaveProperty('city');
    const second = await client().responses.create({
      model: CHAT, tools: [weather], store: false,
      input: [...input, ...first.output as ResponseInputItem[], { type: 'function_call_output', call_id: called?.call_id ?? '', output: '12 degrees' }],
    });
    expect(second.status).toBe('completed');
    expect(second.output_text).not.toBe('');
  });

  test('are called at once, and their calls make one turn', async () => {
    const first = await client().responses.create({ model: CHAT, input: 'Call get_weather and get_time', tools: [weather, time], parallel_tool_calls: true });
    const calls = first.output.filter((item) => item.type === 'function_call');
    expect(calls.map(({ name }) => name)).toEqual(['get_weather', 'get_time']);
    const second = await client().responses.create({
      model: CHAT, previous_response_id: first.id, tools: [weather, time],
      input: calls.map((each) => ({ type: 'function_call_output', call_id: each.call_id, output: 'done' })),
    });
    expect(second.status).toBe('completed');
  });

  test('of a namespace and custom ones keep their names and kinds', async () => {
    const crm: NamespaceTool = { type: 'namespace', name: 'crm', description: 'Customers.', tools: [{ type: 'function', name: 'find', parameters: weather.parameters, strict: false }] };
    const found = await client().responses.create({ model: CHAT, input: 'Find Ada', tools: [crm], tool_choice: 'required' });
    expect(found.output.at(-1)).toMatchObject({ type: 'function_call', namespace: 'crm', name: 'find' });
    const ran = await client().responses.create({ model: CHAT, input: 'Run it', tools: [{ type: 'custom', name: 'run_sql' }], tool_choice: { type: 'custom', name: 'run_sql' } });
    expect(ran.output.at(-1)).toMatchObject({ type: 'custom_tool_call', name: 'run_sql', input: expect.any(String) });
  });

  test('an upstream would run itself are left out with a warning, and refused when the caller asks for that', async () => {
    const body = { model: ECHO, input: 'Hello', tools: [weather, { type: 'web_search' }] };
    const reply = await call(server.url, { path: '/v1/responses', key: server.key, body });
    expect({ status: reply.status, warnings: reply.headers['x-interline-warnings'] }).toEqual({ status: 200, warnings: expect.stringContaining('tools[1]: web_search dropped') });
    const strict = await call(server.url, { path: '/v1/responses', key: server.key, body, headers: { 'x-interline-strict': 'true' } });
    expect({ status: strict.status, body: JSON.parse(strict.body.toString('utf8')) as unknown }).toMatchObject({ status: 400, body: { error: { code: 'unsupported_field', param: 'tools[1]' } } });
  });
});

describe('a stream', () => {
  test('tells a text in order, and the package puts it together', async () => {
    const events = await eventsOf({ model: ECHO, input: 'Reply with exactly: one two' });
    const types = events.map((event) => event.type);
    expect([types.slice(0, 4), types.slice(-4)]).toEqual([
      ['response.created', 'response.in_progress', 'response.output_item.added', 'response.content_part.added'],
      ['response.output_text.done', 'response.content_part.done', 'response.output_item.done', 'response.completed'],
    ]);
    expect(new Set(types.slice(4, -4))).toEqual(new Set(['response.output_text.delta']));
    expect(new Set(events.flatMap((event) => ('response' in event && typeof event.response === 'object' ? [event.response.id] : []))).size).toBe(1);
    const final = await client().responses.stream({ model: ECHO, input: 'Reply with exactly: one two' }).finalResponse();
    expect(final).toMatchObject({ status: 'completed', output_text: 'one two', usage: { output_tokens: expect.any(Number) } });
  });

  test('tells calls in order', async () => {
    const events = await eventsOf({ model: CHAT, input: 'What is the weather in Paris?', tools: [weather], tool_choice: 'required' });
    const types = events.map((event) => event.type);
    const from = types.indexOf('response.function_call_arguments.delta');
    expect(types[from - 1]).toBe('response.output_item.added');
    expect(types.slice(-3)).toEqual(['response.function_call_arguments.done', 'response.output_item.done', 'response.completed']);
    const deltas = events.flatMap((event) => (event.type === 'response.function_call_arguments.delta' ? [event.delta] : [])).join('');
    expect(stageOf(events, 'response.completed').output.at(-1)).toMatchObject({ type: 'function_call', arguments: deltas });
  });

  test('that breaks off tells of it twice, in the package’s events, and keeps nothing', async () => {
    const events = await eventsOf({ model: ECHO, input: 'Reply with exactly: one two three four', sandbox: { die_after_events: 3 } });
    expect(events.slice(-2).map((event) => event.type)).toEqual(['error', 'response.failed']);
    const failed = stageOf(events, 'response.failed');
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'server_error' } });
    expect(await refused(client().responses.retrieve(failed.id))).toMatchObject({ status: 404 });
  });
});

describe('the tokens of an answer’s input', () => {
  const rows = async (): Promise<UsageRow[]> => (JSON.parse((await call(server.url, { path: '/v1/usage?limit=100', key: server.key })).body.toString('utf8')) as { data: UsageRow[] }).data;

  test('are counted as they are charged where an upstream does not count them, with what came before', async () => {
    const ask = { model: ECHO, instructions: 'Be brief.', input: 'Reply with exactly: one two three', tools: [weather] };
    const first = await client().responses.create({ ...ask, sandbox: { omit_usage: true } } as typeof ask);
    const row = (await rows()).find(({ id }) => id === first._request_id);
    const count = await client().responses.inputTokens.count(ask);
    expect(row?.prompt_tokens).toBeGreaterThan(0);
    expect(count).toEqual({ object: 'response.input_tokens', input_tokens: row?.prompt_tokens });
    expect(faultByOpenAi('TokenCountsResource', count)).toBeNull();
    const next = await client().responses.inputTokens.count({ ...ask, previous_response_id: first.id });
    expect(next.input_tokens).toBeGreaterThan(count.input_tokens);
    const bare = await client().responses.inputTokens.count({ model: ECHO, input: 'Reply with exactly: one two three' });
    expect(bare.input_tokens).toBeLessThan(count.input_tokens);
    expect(await refused(client().responses.inputTokens.count({ input: 'x' }))).toMatchObject({ status: 400, param: 'model' });
  });

  test('cost nothing and leave no row', async () => {
    const before = await rows();
    await client().responses.inputTokens.count({ model: ECHO, input: 'x' });
    expect(await rows()).toEqual(before);
  });
});

describe('what the gateway keeps', () => {
  test('is fetched, followed, listed and deleted', async () => {
    const first = await client().responses.create({ model: ECHO, input: 'Reply with exactly: first' });
    expect(await client().responses.retrieve(first.id)).toMatchObject({ id: first.id, output: first.output, usage: first.usage, created_at: first.created_at, completed_at: first.completed_at });
    const second = await client().responses.create({ model: ECHO, input: [{ role: 'user', content: 'one' }, { role: 'user', content: 'Reply with exactly: second' }], previous_response_id: first.id });
    expect(second).toMatchObject({ previous_response_id: first.id, output_text: 'second' });
    expect(second.usage?.input_tokens).toBeGreaterThan(first.usage?.input_tokens ?? 0);
    const listed = [];
    for await (const item of client().responses.inputItems.list(second.id, { limit: 1, order: 'asc' })) listed.push(item);
    expect(listed).toMatchObject([{ type: 'message', content: [{ type: 'input_text', text: 'one' }] }, { content: [{ text: 'Reply with exactly: second' }] }]);
    const newest = await client().responses.inputItems.list(second.id, { limit: 1 });
    expect(newest.data).toMatchObject([{ content: [{ text: 'Reply with exactly: second' }] }]);
    await client().responses.delete(first.id);
    expect(await refused(client().responses.retrieve(first.id))).toMatchObject({ status: 404, code: 'response_not_found' });
    expect(await refused(client().responses.create({ model: ECHO, input: 'Go on', previous_response_id: second.id }))).toMatchObject({ status: 404, param: 'previous_response_id' });
  });

  test('of a stream is there when the stream has ended', async () => {
    const { id } = stageOf(await eventsOf({ model: ECHO, input: 'Reply with exactly: kept' }), 'response.completed');
    expect(await client().responses.retrieve(id)).toMatchObject({ id, status: 'completed', output: [{ content: [{ text: 'kept' }] }] });
  });

  test('is referred to item by item', async () => {
    const first = await client().responses.create({ model: ECHO, input: 'Reply with exactly: a word' });
    const id = first.output[0]?.id ?? '';
    expect((await client().responses.create({ model: ECHO, input: [{ type: 'item_reference', id }, { role: 'user', content: 'Reply with exactly: found' }] })).output_text).toBe('found');
    expect(await refused(client().responses.create({ model: ECHO, input: [{ type: 'item_reference', id: `msg_${'0'.repeat(32)}o0` }] }))).toMatchObject({ status: 404, param: 'input[0].id' });
  });

  test('survives the gateway, sealed, and is nothing where it was not to be stored', async () => {
    const secret = 'a-word-nobody-else-writes';
    const { id } = await client().responses.create({ model: ECHO, input: `Reply with exactly: ${secret}` });
    const { id: unstored } = await client().responses.create({ model: ECHO, input: 'Reply with exactly: x', store: false });
    expect(await refused(client().responses.retrieve(unstored))).toMatchObject({ status: 404 });
    await server.kill();
    const { readFileSync, readdirSync } = await import('node:fs');
    for (const name of readdirSync(server.dataFolder).filter((each) => each.startsWith('interline.db'))) expect(readFileSync(`${server.dataFolder}/${name}`, 'latin1')).not.toContain(secret);
    server = await server.restart();
    expect((await client().responses.retrieve(id)).output).toMatchObject([{ content: [{ text: secret }] }]);
  }, START_MS_MAX);

  test('can’t be cancelled, and what is not done at all is refused', async () => {
    const { id } = await client().responses.create({ model: ECHO, input: 'Hello' });
    expect(await refused(client().responses.cancel(id))).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(await refused(client().responses.create({ model: ECHO, input: 'Hello', conversation: 'conv_1' }))).toMatchObject({ status: 400, param: 'conversation' });
    expect(await refused(client().responses.create({ model: ECHO }))).toMatchObject({ status: 400, param: 'input' });
  });
});
