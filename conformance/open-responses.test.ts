/** This file keeps the rules of Open Responses (specification of 2026-04-24) one by one, in the names its compliance suite gives them, by what goes over the wire on both sides. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PIXEL } from './image-requests.ts';
import { faultOfReply } from './judges.ts';
import { faultOfReplyByOpenAi } from './openai-reply-judge.ts';
import { call } from './raw-client.ts';
import type { RawReply } from './raw-client.ts';
import { payloadsOf } from './recorded-streams.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { startServer } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

type Json = Record<string, unknown>;

const START_MS_MAX = 60_000;
let upstream: ReplayUpstream;
let server: ServerUnderTest;
beforeAll(async () => {
  upstream = await startReplayUpstream();
  server = await startServer({ env: { VLLM_BASE_URL: upstream.url } });
}, START_MS_MAX);
afterAll(async () => {
  await server.stop();
  await upstream.close();
});

/** Asks, and has the reply judged by both contracts. */
async function ask(body: Json): Promise<RawReply> {
  const reply = await call(server.url, { path: '/v1/responses', key: server.key, body });
  expect({ status: reply.status, ours: faultOfReply('createResponse', reply), openAi: faultOfReplyByOpenAi({ method: 'post', path: '/responses' }, reply) }).toEqual({ status: 200, ours: null, openAi: null });
  return reply;
}

const whole = async (body: Json): Promise<Json> => JSON.parse((await ask(body)).body.toString('utf8')) as Json;

/** The events of a stream, with the name each was sent under. */
async function eventsOf(body: Json): Promise<{ names: string[]; events: Json[]; last: string }> {
  const text = (await ask({ ...body, stream: true })).body.toString('utf8');
  const payloads = payloadsOf(text);
  return { names: [...text.matchAll(/^event: (.*)$/gm)].map(([, name = '']) => name), events: payloads.slice(0, -1).map((payload) => JSON.parse(payload) as Json), last: payloads.at(-1) ?? '' };
}

const USAGE = { prompt_tokens: 50, completion_tokens: 20, total_tokens: 70, prompt_tokens_details: { cached_tokens: 32 }, completion_tokens_details: { reasoning_tokens: 8 } };

const CHAT = { id: 'c', object: 'chat.completion', created: 1, model: 'm', usage: USAGE, choices: [{ index: 0, finish_reason: 'stop', logprobs: null, message: { role: 'assistant', content: '185', refusal: null } }] };

/** Lets an upstream answer, and gives what it was asked. */
async function askUpstream(name: string, body: Json, choice: Json = {}): Promise<{ answer: Json; asked: Json }> {
  const reply = { ...CHAT, model: name, choices: [{ ...CHAT.choices[0], ...choice }] };
  upstream.play(name, { headers: { 'content-type': 'application/json' }, steps: [{ write: JSON.stringify(reply) }] });
  const answer = await whole({ model: `vllm/${name}`, ...body });
  return { answer, asked: JSON.parse(upstream.requests(name).at(-1)?.body ?? '{}') as Json };
}

const said = 'Reply with exactly: Hello';
/** What every response has; the first are never null. */
const NEVER_NULL = [
  'id', 'object', 'created_at', 'status', 'model', 'output', 'tools', 'tool_choice', 'truncation', 'parallel_tool_calls', 'text', 'top_p', 'presence_penalty', 'frequency_penalty', 'top_logprobs',
  'temperature', 'store', 'background', 'service_tier', 'metadata',
];
const NULLABLE = [
  'completed_at', 'incomplete_details', 'previous_response_id', 'instructions', 'error', 'reasoning', 'usage', 'max_output_tokens', 'max_tool_calls', 'safety_identifier', 'prompt_cache_key',
];
const missing = (resource: Json): string[] => [...NEVER_NULL.filter((key) => resource[key] === undefined || resource[key] === null), ...NULLABLE.filter((key) => !(key in resource))];

describe('basic-response', () => {
  test('has every field, and null only where that is allowed', async () => {
    const answer = await whole({ model: 'sandbox/echo', input: said });
    expect(missing(answer)).toEqual([]);
    expect(answer).toMatchObject({ status: 'completed', error: null, incomplete_details: null, completed_at: expect.any(Number) as unknown, usage: { total_tokens: expect.any(Number) as unknown } });
  });

  test('tells cached and reasoning tokens as the upstream does', async () => {
    const { answer } = await askUpstream('counts', { input: '925 divided by 5?' });
    expect(answer['usage']).toMatchObject({ input_tokens: 50, output_tokens: 20, total_tokens: 70, input_tokens_details: { cached_tokens: 32 }, output_tokens_details: { reasoning_tokens: 8 } });
  });

  test('says why it is not complete, and nothing is an error then', async () => {
    const cut = await whole({ model: 'sandbox/echo', input: 'Reply with exactly: one two three four five six', max_output_tokens: 2 });
    expect(cut).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, error: null });
    const { answer } = await askUpstream('filters', { input: 'x' }, { finish_reason: 'content_filter' });
    expect(answer).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'content_filter' } });
  });
});

describe('streaming-response', () => {
  test.each<[string, string, Json]>([
    ['whole', 'response.completed', { input: said }],
    ['cut off', 'response.incomplete', { input: 'Reply with exactly: one two three four five six', max_output_tokens: 2 }],
    ['broken off', 'response.failed', { input: 'Reply with exactly: one two three four', sandbox: { die_after_events: 3 } }],
  ])('that is %s ends with %s alone and [DONE], numbered without a gap, each event under its own name', async (_what, end, body) => {
    const { names, events, last } = await eventsOf({ model: 'sandbox/echo', ...body });
    expect(last).toBe('[DONE]');
    expect(events.map((event) => event['sequence_number'])).toEqual(events.map((_event, at) => at));
    expect(names).toEqual(events.map((event) => event['type']));
    expect(events.flatMap((event, at) => (/^response\.(?:completed|incomplete|failed)$/.test(String(event['type'])) ? [[at, event['type']]] : []))).toEqual([[events.length - 1, end]]);
    // Whatever tells the response tells all of it, under one id.
    const stages = events.flatMap((event) => (typeof event['response'] === 'object' ? [event['response'] as Json] : []));
    expect(stages.flatMap(missing)).toEqual([]);
    expect(new Set(stages.map(({ id }) => id)).size).toBe(1);
    expect(stages.map(({ status }) => status)).toEqual(['in_progress', 'in_progress', end.replace('response.', '')]);
  });

  test('opens and closes each item and each part once, in order, and puts together what it told', async () => {
    const { events } = await eventsOf({ model: 'sandbox/chat', input: said, reasoning: { effort: 'low', summary: 'auto' } });
    const of = (type: string): Json[] => events.filter((event) => event['type'] === type);
    const added = of('response.output_item.added').map((event) => event['output_index']);
    expect([added, of('response.output_item.done').map((event) => event['output_index'])]).toEqual([[0, 1], [0, 1]]);
    const whole = (events.at(-1)?.['response'] as { output: Json[] }).output;
    expect(of('response.output_item.done').map((event) => event['item'])).toEqual(whole);
    expect(of('response.output_text.delta').map((event) => event['delta']).join('')).toBe(of('response.output_text.done')[0]?.['text']);
    expect(of('response.content_part.added').length).toBe(of('response.content_part.done').length);
  });
});

describe('what is asked of an upstream that only chats', () => {
  test('system-prompt: instructions stand before all, and a developer keeps a place of their own', async () => {
    const { asked } = await askUpstream('system', { instructions: 'Be brief.', input: [{ role: 'developer', content: 'Use digits.' }, { role: 'system', content: 'No jokes.' }, { role: 'user', content: '925 / 5?' }] });
    expect((asked['messages'] as Json[]).map(({ content }) => content)).toEqual(['Be brief.', 'Use digits.', 'No jokes.', '925 / 5?']);
    expect((asked['messages'] as Json[]).map(({ role }) => (role === 'developer' ? 'system' : role))).toEqual(['system', 'system', 'system', 'user']);
  });

  test('image-input and file-input: come as parts of the same message', async () => {
    const image = `data:image/png;base64,${PIXEL.toString('base64')}`;
    const file = 'data:application/pdf;base64,JVBERi0xLjQK';
    const { asked } = await askUpstream('looks', { input: [{ role: 'user', content: [{ type: 'input_text', text: 'See?' }, { type: 'input_image', image_url: image, detail: 'low' }, { type: 'input_file', filename: 'a.pdf', file_data: file }] }] });
    expect(asked['messages']).toEqual([{ role: 'user', content: [{ type: 'text', text: 'See?' }, { type: 'image_url', image_url: { url: image, detail: 'low' } }, { type: 'file', file: { filename: 'a.pdf', file_data: file } }] }]);
  });

  test('tool-calling: a function is offered and chosen in the words of a chat, and its call is an item', async () => {
    const parameters = { type: 'object', properties: { city: { type: 'string' } } };
    const call = { id: 'call_7', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Paris"}' } };
    const { asked, answer } = await askUpstream('calls', {
      input: 'Warm?', tools: [{ type: 'function', name: 'get_weather', strict: false, parameters }], tool_choice: { type: 'function', name: 'get_weather' }, parallel_tool_calls: false,
    }, { finish_reason: 'tool_calls', message: { role: 'assistant', content: null, refusal: null, tool_calls: [call] } });
    expect(asked).toMatchObject({ tools: [{ type: 'function', function: { name: 'get_weather', parameters } }], tool_choice: { type: 'function', function: { name: 'get_weather' } }, parallel_tool_calls: false });
    expect(answer['output']).toMatchObject([{ type: 'function_call', call_id: 'call_7', name: 'get_weather', arguments: '{"city":"Paris"}', status: 'completed' }]);
  });

  test('function-call-roundtrip: calls made at once are one message, and each result follows under its id', async () => {
    const calls = ['a', 'b'].map((id) => ({ type: 'function_call', call_id: id, name: 'f', arguments: '{}' }));
    const { asked } = await askUpstream('rounds', { input: [{ role: 'user', content: 'Go' }, ...calls, { type: 'function_call_output', call_id: 'a', output: 'one' }, { type: 'function_call_output', call_id: 'b', output: [{ type: 'input_text', text: 'two' }] }] });
    expect(asked['messages']).toMatchObject([
      { role: 'user' }, { role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{}' } }, { id: 'b' }] }, { role: 'tool', tool_call_id: 'a', content: 'one' }, { role: 'tool', tool_call_id: 'b' },
    ]);
    expect(JSON.stringify((asked['messages'] as Json[])[3])).toContain('two');
  });

  test('multi-turn: what was said comes in order, by whoever said it', async () => {
    const { asked } = await askUpstream('turns', { input: [{ role: 'user', content: 'One?' }, { role: 'assistant', content: 'Yes.' }, { role: 'user', content: 'Two?' }] });
    expect((asked['messages'] as Json[]).map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  });

  test('previous-response-id: the gateway tells the history itself, without the instructions of then; nothing is stored upstream', async () => {
    const first = await askUpstream('remembers', { input: '925 / 5?', instructions: 'Be brief.' });
    const { asked, answer } = await askUpstream('remembers', { input: 'And by 25?', previous_response_id: first.answer['id'] });
    expect(answer['previous_response_id']).toBe(first.answer['id']);
    expect((asked['messages'] as Json[]).map(({ role, content }) => [role, content])).toEqual([['user', '925 / 5?'], ['assistant', '185'], ['user', 'And by 25?']]);
    for (const body of [first.asked, asked]) expect([body['store'] ?? false, 'previous_response_id' in body]).toEqual([false, false]);
  });

  test('what a response asks of a text, a thought and a length is asked of the chat', async () => {
    const schema = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'], additionalProperties: false };
    const { asked } = await askUpstream('words', { input: 'x', max_output_tokens: 99, reasoning: { effort: 'low' }, text: { format: { type: 'json_schema', name: 'n', schema, strict: true } } });
    expect(asked).toMatchObject({ reasoning_effort: 'low', response_format: { type: 'json_schema', json_schema: { name: 'n', schema, strict: true } } });
    expect(asked['max_completion_tokens'] ?? asked['max_tokens']).toBe(99);
  });

  test('a tool of an unknown kind does not make the request fail, and is told of', async () => {
    upstream.play('unknown-tools', { headers: { 'content-type': 'application/json' }, steps: [{ write: JSON.stringify(CHAT) }] });
    // OpenAI's document knows no such tool, which the reply tells as the caller did.
    const reply = await call(server.url, { path: '/v1/responses', key: server.key, body: { model: 'vllm/unknown-tools', input: 'x', tools: [{ type: 'teleport' }, { type: 'tool_search' }] } });
    expect({ status: reply.status, fault: faultOfReply('createResponse', reply), warnings: reply.headers['x-interline-warnings'] }).toEqual({ status: 200, fault: null, warnings: expect.stringContaining('tools[0]: teleport dropped') as unknown });
    expect((JSON.parse(upstream.requests('unknown-tools').at(-1)?.body ?? '{}') as Json)['tools'] ?? []).toEqual([]);
  });
});
