/** This file asks for vectors and completions as people do, with the official package, through a sandbox and through an upstream behind a second gateway. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { askJson } from './payer.ts';
import { startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

let upstream: ServerUnderTest;
let gateway: ServerUnderTest;
const lanes = [['directly', ''], ['through a second Interline', 'vllm/']] as const;
const clientOf = (prefix: string): OpenAI => {
  const server = prefix === '' ? upstream : gateway;
  return new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.key, maxRetries: 0 });
};

beforeAll(async () => {
  upstream = await startServer();
  gateway = await startServer({ env: { VLLM_BASE_URL: `${upstream.url}/v1`, VLLM_API_KEY: upstream.key } });
}, 30_000);
afterAll(stopServers);

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

  test.each([['suffix', { suffix: 'x' }], ['best_of', { best_of: 2 }], ['prompt', { prompt: ['a', 'b'] }], ['prompt', { prompt: [1] }]])('%s is refused clearly', async (param, body) => {
    await expect(clientOf(prefix).completions.create({ model, prompt: 'x', ...body })).rejects.toMatchObject({ status: 400, code: 'unsupported_field', param });
  });
});
