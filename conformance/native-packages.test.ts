/** This file drives vendors' own packages through the native bypass, by base URL and key alone: recorded replies come over a socket. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { runInThisContext } from 'node:vm';
import OpenAI from 'openai';
import { CLAUDE, GEMINI, SECRET, eventsOf, jsonOf, messages, openNativeStage, recorded, say } from './native-stage.ts';
import type { NativeStage } from './native-stage.ts';

/** Google's package looks for Node's own HTTP agent, which Jest keeps out of a test's globals. */
const AGENT = Symbol.for('undici.globalDispatcher.1');

let stage: NativeStage;
beforeAll(async () => { 
  stage = await openNativeStage();
  await fetch(`${stage.server.url}/readyz`);
  Object.defineProperty(globalThis, AGENT, { value: (runInThisContext('globalThis') as Record<symbol, unknown>)[AGENT], configurable: true });
}, 60_000);
afterAll(async () => { await stage.close(); });

describe("Anthropic's own package", () => {
  const client = () => new Anthropic({ baseURL: `${stage.server.url}/v1/native/anthropic`, apiKey: stage.server.key, maxRetries: 0 });

  test('gets an answer by base URL and key alone, and pays what it used', async () => {
    stage.upstream.play(CLAUDE, jsonOf(recorded('anthropic-messages/thinking.json')));
    const message = await client().messages.create({ model: CLAUDE, max_tokens: 4000, messages });
    expect(message.content.at(-1)).toMatchObject({ type: 'text', text: '925 ÷ 5 = 185' });
    expect(await stage.lastRow()).toMatchObject({ basis: 'provider', prompt_tokens: 69, completion_tokens: 33, model: 'anthropic/claude-sonnet-4.5' });
    const asked = stage.upstream.requests(CLAUDE).at(-1);
    expect(asked).toMatchObject({ path: '/v1/messages', headers: { 'x-api-key': SECRET, 'anthropic-version': expect.stringMatching(/^\d{4}-\d\d-\d\d$/) as unknown } });
    expect(JSON.stringify(asked?.headers)).not.toContain(stage.server.key);
  });

  test('follows a stream, which comes byte for byte', async () => {
    const events = eventsOf('anthropic-messages/thinking.chunks.txt');
    stage.playEvents(CLAUDE, events);
    const final = await client().messages.stream({ model: CLAUDE, max_tokens: 4000, messages }).finalMessage();
    expect(final.usage.input_tokens).toBe(69);
    expect(await stage.lastRow()).toMatchObject({ basis: 'provider', prompt_tokens: 69, stream: true });
    const reply = await stage.native('anthropic/v1/messages', say(CLAUDE, { stream: true }));
    expect(reply.body.toString('utf8')).toBe(events.join(''));
  });

  test('is told of an error in the words of the provider, with its status, and pays nothing', async () => {
    const said = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}';
    stage.upstream.play(CLAUDE, jsonOf(said, { status: 529, headers: { 'content-type': 'application/json', 'request-id': 'req_up', 'anthropic-organization-id': 'org' } }));
    await expect(client().messages.create({ model: CLAUDE, max_tokens: 10, messages })).rejects.toMatchObject({ status: 529, error: JSON.parse(said) as unknown });
    const reply = await stage.native('anthropic/messages', say(CLAUDE));
    expect({ status: reply.status, body: reply.body.toString('utf8'), id: reply.headers['request-id'], organization: reply.headers['anthropic-organization-id'] })
      .toEqual({ status: 529, body: said, id: 'req_up', organization: undefined });
    expect(await stage.receiptOf(reply)).toMatchObject({ basis: 'none', outcome: 'upstream_error', charged_nano_usd: '0' });
  });

  test('an error in the middle of a stream comes as it came', async () => {
    const [first = ''] = eventsOf('anthropic-messages/thinking.chunks.txt');
    const error = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n';
    stage.playEvents(CLAUDE, [first, error]);
    expect((await stage.native('anthropic/messages', say(CLAUDE, { stream: true }))).body.toString('utf8')).toBe(first + error);
    stage.playEvents(CLAUDE, [first], { ending: 'cut' });
    expect((await stage.native('anthropic/messages', say(CLAUDE, { stream: true }))).body.toString('utf8')).toMatch(/event: error\ndata: \{"type":"error".*upstream_stream_failed.*\n\n$/);
  });

  test('a bad key of the operator is the operator’s affair', async () => {
    stage.upstream.play(CLAUDE, jsonOf(`{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key ${SECRET}"}}`, { status: 401 }));
    const reply = await stage.native('anthropic/messages', say(CLAUDE));
    expect({ status: reply.status, text: reply.body.toString('utf8') }).toEqual({ status: 502, text: expect.stringContaining('upstream_auth_failed') as unknown });
    expect(reply.body.toString('utf8')).not.toContain(SECRET);
  });
});

describe("Google's own package", () => {
  const client = () => new GoogleGenAI({ apiKey: stage.server.key, httpOptions: { baseUrl: `${stage.server.url}/v1/native/google` } });

  test('gets an answer, whole and as a stream', async () => {
    stage.upstream.play(GEMINI, jsonOf(recorded('gemini-content/call.json')));
    const answer = await client().models.generateContent({ model: GEMINI, contents: 'Weather?' });
    expect(answer.functionCalls?.length).toBeGreaterThan(0);
    expect(await stage.lastRow()).toMatchObject({ basis: 'provider', prompt_tokens: answer.usageMetadata?.promptTokenCount, provider: 'google' });
    stage.playEvents(GEMINI, eventsOf('gemini-content/thinking-and-calls.chunks.txt'));
    let text = '';
    for await (const chunk of await client().models.generateContentStream({ model: GEMINI, contents: 'Weather?' })) text += chunk.candidates?.[0]?.content?.parts?.filter((part) => part.thought !== true).map((part) => part.text ?? '').join('') ?? '';
    expect(text).toContain('Grüße 世界 🙂');
    expect(stage.upstream.requests(GEMINI).at(-1)).toMatchObject({ path: `/v1beta/models/${GEMINI}:streamGenerateContent?alt=sse`, headers: { 'x-goog-api-key': 'gm-0123456789' } });
    expect(await stage.lastRow()).toMatchObject({ basis: 'provider', stream: true });
  });
});

describe("OpenAI's own package", () => {
  const client = () => new OpenAI({ apiKey: stage.server.key, baseURL: `${stage.server.url}/v1/native/vllm`, maxRetries: 0 });

  test('embeddings and responses are metered by what they say they used', async () => {
    stage.upstream.play('embedder', jsonOf({ object: 'list', data: [{ object: 'embedding', index: 0, embedding: [0.5] }], model: 'embedder', usage: { prompt_tokens: 7, total_tokens: 7 } }));
    await client().embeddings.create({ model: 'embedder', input: 'hello', encoding_format: 'float' });
    expect(await stage.lastRow()).toMatchObject({ basis: 'provider', prompt_tokens: 7, completion_tokens: 0 });
    const usage = { input_tokens: 11, input_tokens_details: { cached_tokens: 3 }, output_tokens: 9, output_tokens_details: { reasoning_tokens: 4 }, total_tokens: 20 };
    const response = { id: 'resp_1', object: 'response', status: 'completed', model: 'priced', output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hi' }] }], usage };
    stage.upstream.play('priced', jsonOf(response));
    expect((await client().responses.create({ model: 'priced', input: 'hello' })).output_text).toBe('Hi');
    expect(await stage.lastRow()).toMatchObject({ prompt_tokens: 11, cached_tokens: 3, completion_tokens: 9, reasoning_tokens: 4 });
    const events = [
      `event: response.created\ndata: ${JSON.stringify({ type: 'response.created', sequence_number: 0, response: { ...response, status: 'in_progress', output: [], usage: null } })}\n\n`,
      `event: response.output_text.delta\ndata: ${JSON.stringify({ type: 'response.output_text.delta', sequence_number: 1, delta: 'Hi' })}\n\n`,
      `event: response.completed\ndata: ${JSON.stringify({ type: 'response.completed', sequence_number: 2, response })}\n\n`,
    ];
    stage.playEvents('priced', events);
    const reply = await stage.native('vllm/responses', { model: 'priced', input: 'hello', stream: true });
    expect(reply.body.toString('utf8')).toBe(events.join(''));
    expect(await stage.receiptOf(reply)).toMatchObject({ basis: 'provider', tokens: { prompt: 11, completion: 9 } });
  });

  test('a stream without usage asked for is metered all the same, and shows none', async () => {
    const chunk = (more: object) => `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'priced', choices: [], ...more })}\n\n`;
    const events = [chunk({ choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: null }] }), chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })];
    stage.playEvents('priced', [...events, chunk({ usage: { prompt_tokens: 10, completion_tokens: 500, total_tokens: 510 } }), 'data: [DONE]\n\n']);
    const reply = await stage.native('vllm/chat/completions', say('priced', { stream: true }));
    expect(reply.body.toString('utf8')).toBe(`${events.join('')}data: [DONE]\n\n`);
    expect(JSON.parse(stage.upstream.requests('priced').at(-1)?.body ?? '')).toMatchObject({ stream_options: { include_usage: true } });
    expect(await stage.receiptOf(reply)).toMatchObject({ basis: 'provider', tokens: { prompt: 10, completion: 500 } });
    stage.playEvents('priced', [...events, 'data: [DONE]\n\n']);
    expect(await stage.receiptOf(await stage.native('vllm/chat/completions', say('priced', { stream: true })))).toMatchObject({ basis: 'counted' });
  });
});
