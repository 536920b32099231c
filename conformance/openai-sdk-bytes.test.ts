/** This file shows that a reply that passes through a gateway is the upstream's own, byte for byte but for its id and date. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { startServer } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

let upstream: ServerUnderTest;
let gateway: ServerUnderTest;

/** Two processes, on a machine that may be busy. */
const START_MS_MAX = 60_000;

beforeAll(async () => {
  upstream = await startServer();
  gateway = await startServer({ env: { VLLM_BASE_URL: `${upstream.url}/v1`, VLLM_API_KEY: upstream.key } });
}, START_MS_MAX);

afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
}, START_MS_MAX);

const asked = {
  'plain text': { messages: [{ role: 'user', content: 'Reply with exactly: Grüße \u2028 "quoted" \\ 世界 🙂' }] },
  'a long answer': { messages: [{ role: 'user', content: 'Count from 1 to 200.' }] },
  'several choices with logprobs': { messages: [{ role: 'user', content: 'Hello' }], n: 2, logprobs: true, top_logprobs: 3 },
  'reasoning': { messages: [{ role: 'user', content: 'What is 17 * 3?' }], reasoning_effort: 'low' },
  'tool calls': {
    messages: [{ role: 'user', content: 'Call both tools, a and b.' }], tool_choice: 'required',
    tools: ['a', 'b'].map((name) => ({ type: 'function', function: { name, parameters: { type: 'object', properties: { x: { type: 'string' } }, required: ['x'] } } })),
  },
  'structure': {
    messages: [{ role: 'user', content: 'Weather?' }],
    response_format: { type: 'json_schema', json_schema: { name: 'w', schema: { type: 'object', properties: { c: { type: 'number' } }, required: ['c'] } } },
  },
  'fields nobody knows': { messages: [{ role: 'user', content: 'Hi' }], x_unheard_of: { deep: [1, 2.50, 'ü'] } },
};

/** The raw bytes a caller gets, with the two things that differ between any two calls taken out. */
async function rawReply(server: ServerUnderTest, model: string, body: object): Promise<string> {
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST', headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' }, body: JSON.stringify({ model, ...body }),
  });
  expect(response.status).toBe(200);
  return (await response.text()).replaceAll(/"id":"chatcmpl-[0-9a-f]+"/g, '"id":"…"').replaceAll(/"created":\d+/g, '"created":0');
}

describe.each(Object.entries(asked))('%s', (_what, body) => {
  test('whole: the bytes are those the upstream sent', async () => {
    const direct = await rawReply(upstream, 'sandbox/chat', body);
    expect(await rawReply(gateway, 'vllm/sandbox/chat', body)).toBe(direct);
    expect(direct).toContain('"object":"chat.completion"');
  });

  test('streamed with usage: the events are those the upstream sent', async () => {
    const streamed = { ...body, stream: true, stream_options: { include_usage: true } };
    const direct = await rawReply(upstream, 'sandbox/chat', streamed);
    expect(await rawReply(gateway, 'vllm/sandbox/chat', streamed)).toBe(direct);
    expect(direct.trimEnd().endsWith('data: [DONE]')).toBe(true);
  });

  test('streamed without usage: the events are those the upstream sent, without the usage the gateway asked it for', async () => {
    const streamed = { ...body, stream: true };
    const passed = await rawReply(gateway, 'vllm/sandbox/chat', streamed);
    // An upstream that is asked for usage puts `"usage":null` into every other event; it says nothing and may stay.
    expect(passed.replaceAll(',"usage":null', '')).toBe(await rawReply(upstream, 'sandbox/chat', streamed));
    expect(passed).not.toMatch(/"usage":\{/);
  });

  test('the SDK reads the same content on both sides', async () => {
    const read = async (server: ServerUnderTest, model: string): Promise<unknown> => {
      const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.key, maxRetries: 0 });
      const reply = await client.chat.completions.create({ ...body, model } as OpenAI.Chat.ChatCompletionCreateParamsNonStreaming);
      return { choices: reply.choices, usage: reply.usage };
    };
    expect(await read(gateway, 'vllm/sandbox/chat')).toEqual(await read(upstream, 'sandbox/chat'));
  });
});

test('the upstream is asked with the credential of the operator, and its usage row and ours agree', async () => {
  const before = await totals(upstream);
  await rawReply(gateway, 'vllm/sandbox/echo', { messages: [{ role: 'user', content: 'Reply with exactly: counted' }] });
  const after = await totals(upstream);
  expect(after.rows - before.rows).toBe(1);
  const [here] = await rows(gateway);
  const [there] = await rows(upstream);
  expect(here).toMatchObject({ model_asked: 'vllm/sandbox/echo', outcome: 'ok', basis: 'provider' });
  expect({ prompt: here?.prompt_tokens, completion: here?.completion_tokens }).toEqual({ prompt: there?.prompt_tokens, completion: there?.completion_tokens });
});

interface Row { readonly prompt_tokens: number; readonly completion_tokens: number; readonly model_asked: string }

async function usage(server: ServerUnderTest): Promise<{ data: Row[]; totals: Record<string, number> }> {
  const response = await fetch(`${server.url}/v1/usage`, { headers: { authorization: `Bearer ${server.key}` } });
  return await response.json() as { data: Row[]; totals: Record<string, number> };
}

async function rows(server: ServerUnderTest): Promise<Row[]> {
  return (await usage(server)).data;
}

async function totals(server: ServerUnderTest): Promise<{ rows: number }> {
  return { rows: (await usage(server)).totals['requests'] ?? 0 };
}
