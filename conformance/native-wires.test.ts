/** This file drives the official `openai` package through the wires that are not its own chat's: recorded replies come over a socket, and what is paid for them is looked at. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { readFileSync } from 'node:fs';
import { askJson } from './payer.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { startServer } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const fixtures = new URL('../gateway/providers/__fixtures__/', import.meta.url);
const CLAUDE = 'claude-sonnet-4-5';
const GEMINI = 'gemini-2.5-pro';
const PRO = 'gpt-5.2-pro';

let upstream: ReplayUpstream;
let server: ServerUnderTest;
let client: OpenAI;

beforeAll(async () => {
  upstream = await startReplayUpstream();
  const OPENAI = { OPENAI_API_KEY: 'sk-0123456789abcdef', OPENAI_BASE_URL: upstream.url };
  server = await startServer({ env: { ...OPENAI, ANTHROPIC_API_KEY: 'sk-ant-0123456789', ANTHROPIC_BASE_URL: upstream.url, GEMINI_API_KEY: 'gm-0123456789', GEMINI_BASE_URL: upstream.url } });
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.key, maxRetries: 0 });
}, 60_000);

afterAll(async () => {
  await server.stop();
  await upstream.close();
});

function playJson(model: string, file: string): void {
  upstream.play(model, { headers: { 'content-type': 'application/json' }, steps: [{ write: readFileSync(new URL(file, fixtures), 'utf8') }] });
}

/** One event's JSON a line in the file; every event in a write of its own, cut in the middle. */
function playStream(model: string, file: string): void {
  const events = readFileSync(new URL(file, fixtures), 'utf8').split('\n').filter((line) => line !== '');
  const steps = events.flatMap((json) => {
    const { type } = JSON.parse(json) as { type?: string };
    const event = `${type === undefined ? '' : `event: ${type}\n`}data: ${json}\n\n`;
    const middle = Math.floor(event.length / 2);
    return [{ write: event.slice(0, middle) }, { write: event.slice(middle) }];
  });
  upstream.play(model, { headers: { 'content-type': 'text/event-stream' }, steps });
}

/** The row of a request, as its receipt says it. */
async function receiptOf(requestId: string | null | undefined): Promise<Record<string, unknown>> {
  return askJson(server, { path: `/v1/requests/${requestId ?? ''}` });
}

const hello = [{ role: 'user' as const, content: '925 divided by 5?' }];

describe('Anthropic', () => {
  const model = 'anthropic/claude-sonnet-4.5';

  test('an answer with thinking comes whole, and goes back with its signature', async () => {
    playJson(CLAUDE, 'anthropic-messages/thinking.json');
    const { data, response } = await client.chat.completions.create({ model, max_completion_tokens: 4000, reasoning_effort: 'low', messages: hello }).withResponse();
    const message = data.choices[0]?.message;
    expect(data).toMatchObject({ object: 'chat.completion', usage: { prompt_tokens: 69, completion_tokens: 33, total_tokens: 102 }, choices: [{ finish_reason: 'stop', message: { content: '925 ÷ 5 = 185', reasoning_content: '925 divided by 5 = 185' } }] });
    expect(await receiptOf(response.headers.get('x-request-id'))).toMatchObject({ basis: 'provider', tokens: { prompt: 69, completion: 33 } });
    if (!message) throw new Error('no message');
    await client.chat.completions.create({ model, max_completion_tokens: 4000, messages: [...hello, message, { role: 'user', content: 'And by 25?' }] });
    const [first, second] = upstream.requests(CLAUDE).map(({ body, headers, path }) => ({ body: JSON.parse(body) as Record<string, unknown>, headers, path }));
    expect(first).toMatchObject({ path: '/v1/messages', headers: { 'x-api-key': 'sk-ant-0123456789', 'anthropic-version': '2023-06-01' }, body: { max_tokens: 4000, thinking: { type: 'enabled' } } });
    const recorded = JSON.parse(readFileSync(new URL('anthropic-messages/thinking.json', fixtures), 'utf8')) as { content: unknown[] };
    expect(second?.body['messages']).toMatchObject([{ role: 'user' }, { role: 'assistant', content: recorded.content }, { role: 'user' }]);
  });

  test('a stream of thinking and text is one the package understands', async () => {
    playStream(CLAUDE, 'anthropic-messages/thinking.chunks.txt');
    const stream = client.chat.completions.stream({ model, max_completion_tokens: 4000, messages: hello, stream_options: { include_usage: true } });
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]?.message.content).toContain('185');
    expect(final.usage?.prompt_tokens).toBe(69);
    expect(final.usage?.total_tokens).toBe((final.usage?.prompt_tokens ?? 0) + (final.usage?.completion_tokens ?? 0));
  });

  test('a tool that takes no arguments is called with an empty object', async () => {
    playStream(CLAUDE, 'anthropic-messages/tool-no-args.chunks.txt');
    const tools = [{ type: 'function' as const, function: { name: 'updateIssueList', parameters: { type: 'object', properties: {} } } }];
    const final = await client.chat.completions.stream({ model, max_completion_tokens: 400, messages: hello, tools }).finalChatCompletion();
    expect(final.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { tool_calls: [{ id: 'toolu_01QE1WLsSVp5hy5Q3GmGTmjP', function: { name: 'updateIssueList', arguments: '{}' } }] } });
  });

  test('a refusal is a content filter, and what the provider lacks is named or refused', async () => {
    playJson(CLAUDE, 'anthropic-messages/refusal.json');
    const body = { model, max_completion_tokens: 400, seed: 7, messages: hello };
    const { data, response } = await client.chat.completions.create(body).withResponse();
    expect(data.choices[0]?.finish_reason).toBe('content_filter');
    expect(response.headers.get('x-interline-warnings')).toContain('seed: dropped');
    const before = upstream.requests(CLAUDE).length;
    await expect(client.chat.completions.create(body, { headers: { 'x-interline-strict': 'true' } })).rejects.toMatchObject({ status: 400, code: 'unsupported_field', param: 'seed' });
    expect(upstream.requests(CLAUDE)).toHaveLength(before);
  });

  test('a provider that answers an error in its own words is told in OpenAI\'s', async () => {
    upstream.play(CLAUDE, { status: 400, headers: { 'content-type': 'application/json' }, steps: [{ write: '{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: must be more"}}' }] });
    await expect(client.chat.completions.create({ model, messages: hello })).rejects.toMatchObject({ status: 400, code: 'upstream_rejected', message: expect.stringContaining('max_tokens: must be more') as unknown });
  });
});

describe('Gemini', () => {
  const model = 'google/gemini-2.5-pro';

  test('a stream of thoughts, text and calls is one the package understands, and is paid as Gemini counts it', async () => {
    playStream(GEMINI, 'gemini-content/thinking-and-calls.chunks.txt');
    const tools = [{ type: 'function' as const, function: { name: 'get_weather', parameters: { type: 'object', properties: {} } } }];
    const stream = client.chat.completions.stream({ model, max_completion_tokens: 400, messages: hello, tools, stream_options: { include_usage: true } });
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: expect.stringContaining('Grüße 世界 🙂') as unknown } });
    expect(final.choices[0]?.message.tool_calls?.length).toBeGreaterThan(0);
    const [asked] = upstream.requests(GEMINI);
    expect(asked).toMatchObject({ path: `/v1/models/${GEMINI}:streamGenerateContent?alt=sse`, headers: { 'x-goog-api-key': 'gm-0123456789' } });
    const rows = await askJson(server, { path: `/v1/usage?limit=1` }) as { data?: { basis: string; prompt_tokens: number; completion_tokens: number }[] };
    expect(rows.data?.[0]).toMatchObject({ basis: 'provider', prompt_tokens: final.usage?.prompt_tokens, completion_tokens: final.usage?.completion_tokens });
  });

  test('a blocked prompt is a refusal, not an error', async () => {
    playStream(GEMINI, 'gemini-content/prompt-blocked.chunks.txt');
    const final = await client.chat.completions.stream({ model, messages: hello }).finalChatCompletion();
    expect(final.choices[0]?.finish_reason).toBe('content_filter');
  });

  test('an answer in one piece has its call', async () => {
    playJson(GEMINI, 'gemini-content/call.json');
    const answer = await client.chat.completions.create({ model, messages: hello });
    expect(answer.choices[0]?.message.tool_calls?.[0]).toMatchObject({ type: 'function' });
    expect(answer.usage?.total_tokens).toBeGreaterThan(0);
  });
});

describe('OpenAI by its Responses API', () => {
  const model = 'openai/gpt-5.2-pro';
  const recorded = (file: string) => JSON.parse(readFileSync(new URL(file, fixtures), 'utf8')) as { output: Record<string, unknown>[] };

  test('an answer with reasoning comes whole, goes back with its encrypted content, and nothing is stored upstream', async () => {
    playJson(PRO, 'openai-responses/reasoning.json');
    const { data, response } = await client.chat.completions.create({ model, max_completion_tokens: 4000, reasoning_effort: 'high', messages: hello }).withResponse();
    expect(data).toMatchObject({ id: 'resp_9', object: 'chat.completion', created: 1_795_219_200, usage: { prompt_tokens: 69, completion_tokens: 33, total_tokens: 102 }, choices: [{ finish_reason: 'stop', message: { content: '925 ÷ 5 = 185', reasoning_content: '925 is 5 times 185.' } }] });
    expect(await receiptOf(response.headers.get('x-request-id'))).toMatchObject({ basis: 'provider', tokens: { prompt: 69, completion: 33 } });
    const message = data.choices[0]?.message;
    if (!message) throw new Error('no message');
    await client.chat.completions.create({ model, messages: [...hello, message, { role: 'user', content: 'And by 25?' }] });
    const [first, second] = upstream.requests(PRO).map(({ body, headers, path }) => ({ body: JSON.parse(body) as Record<string, unknown>, headers, path }));
    expect(first).toMatchObject({ path: '/v1/responses', headers: { authorization: 'Bearer sk-0123456789abcdef' }, body: { store: false, max_output_tokens: 4000, reasoning: { effort: 'high' }, include: ['reasoning.encrypted_content'], input: hello } });
    expect(second?.body).toMatchObject({ store: false, input: [hello[0], recorded('openai-responses/reasoning.json').output[0], { role: 'assistant', content: '925 ÷ 5 = 185' }, { role: 'user', content: 'And by 25?' }] });
    expect(second?.body).not.toHaveProperty('previous_response_id');
  });

  test('a stream of reasoning, text and calls that come interleaved is one the package understands', async () => {
    playStream(PRO, 'openai-responses/reasoning-and-calls.chunks.txt');
    const tools = [{ type: 'function' as const, function: { name: 'get_weather', parameters: { type: 'object', properties: {} } } }];
    const stream = await client.chat.completions.create({ model, messages: hello, tools, stream: true, stream_options: { include_usage: true } });
    const calls: { id: string; text: string }[] = [];
    let content = '';
    let usage: unknown = null;
    const finish: unknown[] = [];
    for await (const { choices: [choice], usage: told } of stream) {
      usage = told ?? usage;
      content += choice?.delta.content ?? '';
      if (choice?.finish_reason) finish.push(choice.finish_reason);
      for (const piece of choice?.delta.tool_calls ?? []) (calls[piece.index] ??= { id: piece.id ?? '', text: '' }).text += piece.function?.arguments ?? '';
    }
    expect({ content, finish }).toEqual({ content: 'Ich prüfe 世界 🙂.', finish: ['tool_calls'] });
    expect(calls.slice(0, 2)).toEqual([{ id: 'call_a', text: '{"city":"Paris"}' }, { id: 'call_b', text: '{"city":"Łódź"}' }]);
    expect(usage).toMatchObject({ prompt_tokens: 120, completion_tokens: 48, total_tokens: 168, prompt_tokens_details: { cached_tokens: 64 }, completion_tokens_details: { reasoning_tokens: 20 } });
    const rows = await askJson(server, { path: '/v1/usage?limit=1' }) as { data?: { basis: string; prompt_tokens: number; completion_tokens: number }[] };
    expect(rows.data?.[0]).toMatchObject({ basis: 'provider', prompt_tokens: 120, completion_tokens: 48 });
  });

  test('a refusal comes as one, and an answer cut at its cap ends with length', async () => {
    playStream(PRO, 'openai-responses/refusal.chunks.txt');
    const refused = await client.chat.completions.stream({ model, messages: hello }).finalChatCompletion();
    expect(refused.choices[0]).toMatchObject({ finish_reason: 'stop', message: { refusal: 'I can\'t help with that.' } });
    playStream(PRO, 'openai-responses/incomplete.chunks.txt');
    const stream = await client.chat.completions.create({ model, messages: hello, max_tokens: 16, stream: true });
    const reasons: unknown[] = [];
    for await (const { choices } of stream) if (choices[0]?.finish_reason) reasons.push(choices[0].finish_reason);
    expect(reasons).toEqual(['length']);
  });

  test('what the API lacks is named or refused, and an error of the provider\'s names the caller\'s field', async () => {
    playJson(PRO, 'openai-responses/reasoning.json');
    const body = { model, n: 2, messages: hello };
    const { response } = await client.chat.completions.create(body).withResponse();
    expect(response.headers.get('x-interline-warnings')).toContain('n: dropped');
    await expect(client.chat.completions.create(body, { headers: { 'x-interline-strict': 'true' } })).rejects.toMatchObject({ status: 400, code: 'unsupported_field', param: 'n' });
    upstream.play(PRO, { status: 400, headers: { 'content-type': 'application/json' }, steps: [{ write: '{"error":{"message":"Integer below minimum value.","type":"invalid_request_error","param":"max_output_tokens","code":"integer_below_min_value"}}' }] });
    await expect(client.chat.completions.create({ model, messages: hello, max_tokens: 1 })).rejects.toMatchObject({ status: 400, param: 'max_completion_tokens', message: expect.stringContaining('below minimum') as unknown });
  });

  test('a response that fails in its stream is an error, before its first word with a status of its own', async () => {
    const events = [{ type: 'response.created', response: { id: 'resp_8', tools: [] } }, { type: 'response.failed', response: { status: 'failed', error: { code: 'server_error', message: 'Something broke.' } } }];
    upstream.play(PRO, { steps: events.map((event) => ({ write: `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n` })) });
    await expect(client.chat.completions.create({ model, messages: hello, stream: true })).rejects.toMatchObject({ status: 502, code: 'upstream_error' });
  });
});
