/** This file asks for vectors and completions as people do, with the official package, through a sandbox and through an upstream behind a second gateway. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { askJson } from './payer.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

let upstream: ServerUnderTest;
let gateway: ServerUnderTest;
let replays: ReplayUpstream;
let replayed: ServerUnderTest;
const row = { name: 'Vectors', tier: 'basic', context_window: 2048, max_output_tokens: null, kinds: ['embeddings'] };
const GEMINI = { provider: 'google', model: 'gemini-vectors', price: { input: 1_000_000_000, output: 0 } };
const GEMINI_ALONE = { ...row, id: 'vectors/gemini', targets: [GEMINI] };
const GEMINI_FIRST = { ...row, id: 'vectors/any', targets: [GEMINI, { provider: 'vllm', model: 'vectors', unpriced: true }] };
const lanes = [['directly', ''], ['through a second Interline', 'vllm/']] as const;
const clientOf = (prefix: string): OpenAI => {
  const server = prefix === '' ? upstream : gateway;
  return new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.key, maxRetries: 0 });
};

beforeAll(async () => {
  upstream = await startServer();
  gateway = await startServer({ env: { VLLM_BASE_URL: `${upstream.url}/v1`, VLLM_API_KEY: upstream.key } });
  replays = await startReplayUpstream();
  const PROVIDERS = { VLLM_BASE_URL: replays.url, ANTHROPIC_API_KEY: 'sk-ant-0123456789', ANTHROPIC_BASE_URL: replays.url, GEMINI_API_KEY: 'gm-0123456789', GEMINI_BASE_URL: replays.url };
  replayed = await startServer({ env: PROVIDERS, config: { models: [GEMINI_ALONE, GEMINI_FIRST] } });
}, 30_000);
afterAll(async () => {
  await stopServers();
  await replays.close();
});

describe.each(lanes)('embeddings, %s', (_name, prefix) => {
  const model = `${prefix}sandbox/embedding`;

  test('the package is given numbers, whichever way it asks for them, the same each time', async () => {
    const client = clientOf(prefix);
    const asBase64 = await client.embeddings.create({ model, input: ['a cat', 'a dog'], dimensions: 16 });
    const asNumbers = await client.embeddings.create({ model, input: ['a cat', 'a dog'], dimensions: 16, encoding_format: 'float' });
    expect(asBase64.data.map(({ index, embedding }) => [index, embedding.length])).toEqual([[0, 16], [1, 16]]);
    for (const [at, { embedding }] of asNumbers.data.entries()) for (const [place, value] of embedding.entries()) expect(asBase64.data[at]?.embedding[place]).toBeCloseTo(value, 6);
    expect(asNumbers.usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
  });

  test('lists of tokens are inputs too', async () => {
    const { data, usage } = await clientOf(prefix).embeddings.create({ model, input: [[1, 2, 3], [4]], dimensions: 4 });
    expect([data.length, usage.prompt_tokens]).toEqual([2, 4]);
  });

  test('its tokens are in the usage row, and a missing usage is counted', async () => {
    await clientOf(prefix).embeddings.create({ model: `${prefix}sandbox/embedding?omit_usage=true`, input: 'seven words that nobody has ever counted' });
    const server = prefix === '' ? upstream : gateway;
    // The second Interline always says what it counted.
    const basis = prefix === '' ? 'counted' : 'provider';
    const { data } = await askJson(server, { path: '/v1/usage?limit=1' }) as { data: Record<string, unknown>[] };
    expect(data[0]).toMatchObject({ operation: 'createEmbedding', outcome: 'ok', basis, completion_tokens: 0, prompt_tokens: expect.any(Number) });
  });

  test.each<[string, Record<string, unknown>, string | null]>([
    ['an empty text', { input: '' }, 'input'], ['nothing', { input: [] }, 'input'], ['an unknown format', { input: 'x', encoding_format: 'hex' }, 'encoding_format'],
    ['a negative token', { input: [-1] }, 'input'], ['too many inputs', { input: Array.from({ length: 2049 }, () => 'x') }, 'input'],
  ])('%s is refused', async (_what, body, param) => {
    const failure: unknown = await clientOf(prefix).embeddings.create({ model, ...body } as never).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OpenAI.BadRequestError);
    expect((failure as InstanceType<typeof OpenAI.BadRequestError>).param).toContain(param);
  });
});

describe('embeddings of an upstream that answers otherwise', () => {
  const client = (): OpenAI => new OpenAI({ baseURL: `${replayed.url}/v1`, apiKey: replayed.key, maxRetries: 0 });
  const play = (embeddings: readonly unknown[], more: object = { usage: { prompt_tokens: 3, total_tokens: 3 } }): void => {
    const reply = { object: 'list', model: 'vectors', data: embeddings.map((embedding, index) => ({ object: 'embedding', index, embedding })), ...more };
    replays.play('vectors', { headers: { 'content-type': 'application/json' }, steps: [{ write: JSON.stringify(reply) }] });
  };

  test('numbers where base64 was asked for, and the other way round, come as asked', async () => {
    play([[0.5, -1]]);
    const asBase64 = await client().embeddings.create({ model: 'vllm/vectors', input: 'x', encoding_format: 'base64' });
    expect(asBase64.data[0]?.embedding).toBe('AAAAPwAAgL8=');
    play(['AAAAPwAAgL8=']);
    const asNumbers = await client().embeddings.create({ model: 'vllm/vectors', input: 'x', encoding_format: 'float' });
    expect(asNumbers.data[0]?.embedding).toEqual([0.5, -1]);
  });

  test.each([['no usage', {}], ['an empty usage', { usage: {} }]])('%s: what is counted is said, and is what the row has', async (_what, more) => {
    play([[1], [1]], more);
    // Each text is counted by itself: two words, and one.
    const { usage } = await client().embeddings.create({ model: 'vllm/vectors', input: ['hello world', 'hello'] });
    expect(usage).toEqual({ prompt_tokens: 3, total_tokens: 3 });
    const { data } = await askJson(replayed, { path: '/v1/usage?limit=1' }) as { data: Record<string, unknown>[] };
    expect(data[0]).toMatchObject({ basis: 'counted', prompt_tokens: 3, completion_tokens: 0 });
  });

  test('fewer vectors than inputs are no answer', async () => {
    play([[1]]);
    await expect(client().embeddings.create({ model: 'vllm/vectors', input: ['a', 'b'] })).rejects.toMatchObject({ status: 502, code: 'upstream_bad_reply' });
  });

  test('tokens pass over a target that takes texts only, and are refused where there is no other', async () => {
    play([[1]]);
    expect((await client().embeddings.create({ model: 'vectors/any', input: [1, 2, 3] })).data).toHaveLength(1);
    await expect(client().embeddings.create({ model: 'vectors/gemini', input: [[1, 2, 3]] })).rejects.toMatchObject({ status: 400, code: 'unsupported_field', param: 'input' });
    expect(replays.requests('gemini-vectors')).toHaveLength(0);
  });

  test('log probabilities of a model that does not say them are refused before it is asked', async () => {
    await expect(client().completions.create({ model: 'anthropic/claude-sonnet-4.5', prompt: 'x', logprobs: 1 })).rejects.toMatchObject({ status: 400, code: 'unsupported_field', param: 'logprobs' });
    expect(replays.requests('claude-sonnet-4-5')).toHaveLength(0);
  });
});

test('a model that chats makes no vectors, and one that makes vectors does not chat', async () => {
  const client = clientOf('');
  await expect(client.embeddings.create({ model: 'sandbox/echo', input: 'x' })).rejects.toMatchObject({ status: 400, code: 'unsupported_model', param: 'model' });
  await expect(client.completions.create({ model: 'sandbox/embedding', prompt: 'x' })).rejects.toMatchObject({ status: 400, code: 'unsupported_model' });
  expect((await client.models.list()).data.map(({ id }) => id)).not.toContain('sandbox/embedding');
  expect((await client.models.retrieve('sandbox/embedding')).id).toBe('sandbox/embedding');
});

describe.each(lanes)('completions, %s', (_name, prefix) => {
  const model = `${prefix}sandbox/chat`;

  test('a prompt is completed', async () => {
    const completion = await clientOf(prefix).completions.create({ model, prompt: ['Reply with exactly: HELLO'], echo: false, n: 2 });
    expect(completion).toMatchObject({ object: 'text_completion', choices: [{ text: 'HELLO', index: 0, finish_reason: 'stop', logprobs: null }, { text: 'HELLO', index: 1 }] });
    expect(completion.id).toMatch(/^cmpl-/);
    expect(completion.usage?.total_tokens).toBe((completion.usage?.prompt_tokens ?? 0) + (completion.usage?.completion_tokens ?? 0));
  });

  test('is cut where it asks to be, and only there', async () => {
    const prompt = `Reply with exactly: ${'word '.repeat(40)}`;
    const [short, long] = await Promise.all([16, undefined].map((max) => clientOf(prefix).completions.create({ model, prompt, ...(max === undefined ? {} : { max_tokens: max }) })));
    expect(short).toMatchObject({ choices: [{ finish_reason: 'length' }], usage: { completion_tokens: 16 } });
    expect(long).toMatchObject({ choices: [{ finish_reason: 'stop' }] });
  });

  test('a stream that dies ends with an error, not as if it were whole', async () => {
    const stream = await clientOf(prefix).completions.create({ model: `${model}?die_after_events=4`, prompt: 'Count from 1 to 50.', max_tokens: 100, stream: true });
    const read = async (): Promise<void> => { for await (const { choices } of stream) expect(choices[0]?.finish_reason).toBeNull(); };
    await expect(read()).rejects.toMatchObject({ code: 'upstream_stream_failed' });
  });

  test('a stream gives the same text, with the usage last', async () => {
    const stream = await clientOf(prefix).completions.create({ model, prompt: 'Reply with exactly: one two three', echo: true, stream: true, stream_options: { include_usage: true }, logprobs: undefined });
    let text = '';
    let last: OpenAI.Completion | null = null;
    const finishes: unknown[] = [];
    for await (const event of stream) {
      last = event;
      text += event.choices[0]?.text ?? '';
      if (event.choices[0]?.finish_reason) finishes.push(event.choices[0].finish_reason);
    }
    expect(text).toBe('Reply with exactly: one two threeone two three');
    expect(finishes).toEqual(['stop']);
    expect(last?.usage?.total_tokens).toBeGreaterThan(0);
  });

  test('log probabilities spell the text', async () => {
    const { choices } = await clientOf(prefix).completions.create({ model, prompt: 'Reply with exactly: a b c', logprobs: 2 });
    const { tokens, text_offset: offsets, top_logprobs: tops } = choices[0]?.logprobs ?? {};
    expect(tokens?.join('')).toBe('a b c');
    expect(offsets).toEqual([0, 1, 3]);
    expect(Object.keys(tops?.[0] ?? {}).length).toBeGreaterThan(1);
  });

  test.each([['suffix', { suffix: 'x' }], ['best_of', { best_of: 2 }], ['prompt', { prompt: [1] }], ['prompt', { prompt: [[1], [2]] }], ['tools', { tools: [] }]])('%s is refused clearly', async (param, body) => {
    await expect(clientOf(prefix).completions.create({ model, prompt: 'x', ...body })).rejects.toMatchObject({ status: 400, code: 'unsupported_field', param });
  });
});
