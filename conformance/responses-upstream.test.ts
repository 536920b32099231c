/** This file drives the Responses API against recorded upstreams: what they thought and signed comes back to them, whoever keeps the history, and Codex is answered. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import type { ResponseCreateParamsNonStreaming, ResponseInputItem } from 'openai/resources/responses/responses';
import { readFileSync } from 'node:fs';
import { faultOfSchema } from './judges.ts';
import { makePayer } from './payer.ts';
import { call } from './raw-client.ts';
import { payloadsOf } from './recorded-streams.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { startServer } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const fixtures = new URL('../gateway/providers/__fixtures__/', import.meta.url);
const CLAUDE = 'claude-sonnet-4-5';
const GEMINI = 'gemini-2.5-pro';
const claude = 'anthropic/claude-sonnet-4.5';
const gemini = 'google/gemini-2.5-pro';

let upstream: ReplayUpstream;
let server: ServerUnderTest;
let client: OpenAI;

beforeAll(async () => {
  upstream = await startReplayUpstream();
  server = await startServer({ env: { ANTHROPIC_API_KEY: 'sk-ant-0123456789', ANTHROPIC_BASE_URL: upstream.url, GEMINI_API_KEY: 'gm-0123456789', GEMINI_BASE_URL: upstream.url } });
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.key, maxRetries: 0 });
}, 60_000);

afterAll(async () => {
  await server.stop();
  await upstream.close();
});

function playJson(model: string, file: string): void {
  upstream.play(model, { headers: { 'content-type': 'application/json' }, steps: [{ write: readFileSync(new URL(file, fixtures), 'utf8') }] });
}

/** One event's JSON a line in the file. */
function playStream(model: string, file: string): void {
  const events = readFileSync(new URL(file, fixtures), 'utf8').split('\n').filter((line) => line !== '');
  upstream.play(model, { headers: { 'content-type': 'text/event-stream' }, steps: events.map((json) => ({ write: `data: ${json}\n\n` })) });
}

function lastAsked(model: string): Record<string, unknown> {
  return JSON.parse(upstream.requests(model).at(-1)?.body ?? '{}') as Record<string, unknown>;
}

const question = 'What is 925 divided by 5?';
const stateless = { include: ['reasoning.encrypted_content' as const], store: false };

describe('what Claude thought', () => {
  const recorded = JSON.parse(readFileSync(new URL('anthropic-messages/thinking.json', fixtures), 'utf8')) as { content: unknown[] };
  const first: ResponseCreateParamsNonStreaming = { model: claude, input: question, max_output_tokens: 4000, reasoning: { effort: 'low', summary: 'auto' } };

  test('comes sealed to a caller who keeps the history, and goes back with its signature', async () => {
    playJson(CLAUDE, 'anthropic-messages/thinking.json');
    const answer = await client.responses.create({ ...first, ...stateless });
    expect(answer.output).toMatchObject([{ type: 'reasoning', summary: [{ type: 'summary_text', text: '925 divided by 5 = 185' }], encrypted_content: expect.stringMatching(/^gw1\./) }, { type: 'message' }]);
    expect(answer.output_text).toBe('925 ÷ 5 = 185');
    const input = [{ role: 'user', content: question }, ...answer.output, { role: 'user', content: 'And by 25?' }] as ResponseInputItem[];
    await client.responses.create({ model: claude, input, max_output_tokens: 4000, ...stateless });
    expect(lastAsked(CLAUDE)['messages']).toMatchObject([{ role: 'user' }, { role: 'assistant', content: recorded.content }, { role: 'user' }]);
  });

  test('is kept for a caller who leaves the history to the gateway', async () => {
    playJson(CLAUDE, 'anthropic-messages/thinking.json');
    const answer = await client.responses.create(first);
    expect(JSON.stringify(answer.output)).not.toContain('encrypted_content');
    await client.responses.create({ model: claude, input: 'And by 25?', previous_response_id: answer.id, max_output_tokens: 4000 });
    expect(lastAsked(CLAUDE)['messages']).toMatchObject([{ role: 'user' }, { role: 'assistant', content: recorded.content }, { role: 'user' }]);
    // Or names its items one by one.
    const input = [{ role: 'user', content: question }, ...answer.output.map(({ id }) => ({ type: 'item_reference', id })), { role: 'user', content: 'And by 25?' }] as ResponseInputItem[];
    await client.responses.create({ model: claude, input, max_output_tokens: 4000 });
    expect(lastAsked(CLAUDE)['messages']).toMatchObject([{ role: 'user' }, { role: 'assistant', content: recorded.content }, { role: 'user' }]);
  });

  test('streams, and what was sealed of it is as good', async () => {
    playStream(CLAUDE, 'anthropic-messages/thinking.chunks.txt');
    const final = await client.responses.stream({ model: claude, input: question, max_output_tokens: 4000, reasoning: { summary: 'auto' }, ...stateless }).finalResponse();
    expect(final.output.map(({ type }) => type)).toEqual(['reasoning', 'message']);
    expect(final.usage?.input_tokens).toBe(69);
    const input = [{ role: 'user', content: question }, ...final.output, { role: 'user', content: 'And by 25?' }] as ResponseInputItem[];
    playJson(CLAUDE, 'anthropic-messages/thinking.json');
    await client.responses.create({ model: claude, input, max_output_tokens: 4000, ...stateless });
    expect(lastAsked(CLAUDE)['messages']).toMatchObject([{ role: 'user' }, { role: 'assistant', content: [{ type: 'thinking', signature: expect.stringMatching(/./) }, { type: 'text' }] }, { role: 'user' }]);
  });

  test('is opened for its own workspace only', async () => {
    playJson(CLAUDE, 'anthropic-messages/thinking.json');
    const answer = await client.responses.create({ ...first, ...stateless });
    const stranger = await makePayer(server, { billing: 'balance', nanoUsd: 10_000_000_000n });
    const input = [{ role: 'user', content: question }, ...answer.output, { role: 'user', content: 'And by 25?' }];
    const reply = await call(server.url, { path: '/v1/responses', key: stranger.key, body: { model: claude, input, max_output_tokens: 4000 } });
    expect({ status: reply.status, warnings: reply.headers['x-interline-warnings'] }).toEqual({ status: 200, warnings: expect.stringContaining('input[1]: reasoning that was not given by this gateway is not sent') });
    expect(JSON.stringify(lastAsked(CLAUDE)['messages'])).not.toContain('signature');
  });
});

test('what Gemini signed of a call goes back with the call', async () => {
  playStream(GEMINI, 'gemini-content/thinking-and-calls.chunks.txt');
  const tools = [{ type: 'function' as const, name: 'get_weather', strict: false, parameters: { type: 'object', properties: {} } }];
  const final = await client.responses.stream({ model: gemini, input: 'Weather?', tools, max_output_tokens: 400, ...stateless }).finalResponse();
  const calls = final.output.filter((item) => item.type === 'function_call');
  expect(calls.length).toBeGreaterThan(0);
  const recorded = readFileSync(new URL('gemini-content/thinking-and-calls.chunks.txt', fixtures), 'utf8');
  const signatures = [...recorded.matchAll(/"thoughtSignature":\s*"([^"]+)"/g)].map(([, signature]) => signature);
  expect(signatures.length).toBeGreaterThan(0);
  const input = [{ role: 'user', content: 'Weather?' }, ...final.output, ...calls.map(({ call_id }) => ({ type: 'function_call_output', call_id, output: 'fine' }))] as ResponseInputItem[];
  playJson(GEMINI, 'gemini-content/call.json');
  await client.responses.create({ model: gemini, input, tools, ...stateless });
  const sent = JSON.stringify(lastAsked(GEMINI)['contents']);
  expect(signatures.filter((signature) => !sent.includes(signature ?? ''))).toEqual([]);
});

test('Codex is answered as it asks (0.169.0), its whole history sent again with every turn', async () => {
  const fn = (name: string): object => ({ type: 'function', name, description: `Does ${name}.`, strict: false, parameters: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'], additionalProperties: false } });
  const body = {
    model: 'sandbox/chat', store: false, stream: true, include: ['reasoning.encrypted_content'], reasoning: { effort: 'medium', summary: 'auto' }, tool_choice: 'auto', parallel_tool_calls: true,
    prompt_cache_key: '019a9f4e-2f7a', text: { verbosity: 'low' }, client_metadata: { 'x-codex-installation-id': '1' },
    tools: [...['exec_command', 'write_stdin', 'update_plan', 'request_user_input', 'view_image', 'spawn_agent', 'wait'].map(fn), { type: 'namespace', name: 'mcp__docs', description: 'Documents.', tools: [fn('search')] }, { type: 'web_search', external_web_access: false }],
    input: [
      { type: 'message', role: 'developer', content: [{ type: 'input_text', text: '<permissions instructions>' }] },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: '<environment_context>' }] },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Call exec_command and mcp__docs__search' }] },
    ] as unknown[],
  };
  const send = async (input: readonly unknown[]) => {
    const reply = await call(server.url, { path: '/v1/responses', key: server.key, body: { ...body, input }, headers: { 'x-codex-turn-metadata': '{}', originator: 'codex_exec' } });
    expect({ status: reply.status, warnings: reply.headers['x-interline-warnings'] }).toEqual({ status: 200, warnings: expect.stringMatching(/^tools\[8\]: web_search dropped[^;]*(; (?!client_metadata)[^;]*)*$/) });
    const events = payloadsOf(reply.body.toString('utf8')).slice(0, -1).map((payload) => JSON.parse(payload) as { type: string; item?: Record<string, unknown>; response?: Record<string, unknown> });
    for (const event of events) expect(faultOfSchema('ResponseEvent', event)).toBeNull();
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { status: 'completed', usage: { total_tokens: expect.any(Number) } } });
    return events.flatMap((event) => (event.type === 'response.output_item.done' && event.item ? [event.item] : []));
  };
  const items = await send(body.input);
  const calls = items.filter(({ type }) => type === 'function_call');
  expect(calls).toMatchObject([{ name: 'exec_command' }, { name: 'search', namespace: 'mcp__docs' }]);
  const outputs = calls.map(({ call_id }) => ({ type: 'function_call_output', call_id, output: 'ok' }));
  expect(await send([...body.input, ...items, ...outputs])).toMatchObject([{ type: 'reasoning' }, { type: 'message', role: 'assistant', status: 'completed', content: [{ text: expect.stringContaining('ok') }] }]);
});
