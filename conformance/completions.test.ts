/** This file asks for completions of several prompts as people do, with the official package: what they say, what they cost, and what happens half-way. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { balanceOf, askJson, makePayer, pricedModel } from './payer.ts';
import type { Payer } from './payer.ts';
import { begin, call } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { Replay, ReplayStep, ReplayUpstream } from './replay-upstream.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const INPUT = 1000n;
const OUTPUT = 4000n;
const price = { input: 1_000_000_000, output: 4_000_000_000 };
const GRANT = 1_000_000_000n;
const LONG = { id: 'priced/long', name: 'Long', tier: 'pro', context_window: 1_000_000, max_output_tokens: 8000, targets: [{ provider: 'vllm', model: 'long', price: { ...price, long_prompts: [{ above_prompt_tokens: 1000, input: 2_000_000_000, output: 8_000_000_000 }] } }] };
const TWO = { ...LONG, id: 'priced/two', name: 'Two', targets: ['first', 'second'].map((model) => ({ provider: 'vllm', model, price })) };

let upstream: ReplayUpstream;
let sandbox: ServerUnderTest;
let behind: ServerUnderTest;
let server: ServerUnderTest;
let payer: Payer;
const clientOf = ({ url, key }: Pick<ServerUnderTest, 'url' | 'key'>): OpenAI => new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const lanes: readonly (readonly [string, () => OpenAI, string])[] = [['directly', () => clientOf(sandbox), 'sandbox/chat'], ['through a second Interline', () => clientOf(behind), 'vllm/sandbox/chat']];

beforeAll(async () => {
  [upstream, sandbox] = await Promise.all([startReplayUpstream(), startServer()]);
  behind = await startServer({ env: { VLLM_BASE_URL: `${sandbox.url}/v1`, VLLM_API_KEY: sandbox.key } });
  server = await startServer({ env: { VLLM_BASE_URL: upstream.url }, config: { models: [pricedModel('priced/one', 'one', price), TWO, LONG] } });
  payer = await makePayer(server, { billing: 'balance', nanoUsd: GRANT });
}, 30_000);
afterAll(async () => {
  await stopServers();
  await upstream.close();
});

const promptOf = (body: string): string => (JSON.parse(body) as { messages: { content: string }[] }).messages[0]?.content ?? '';
const wholeOf = (content: string, usage: object | null): Replay => ({
  headers: { 'content-type': 'application/json' },
  steps: [{ write: JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'one', choices: [{ index: 0, message: { role: 'assistant', content }, logprobs: null, finish_reason: 'stop' }], ...(usage ? { usage } : {}) }) }],
});
const chunk = (fields: object): ReplayStep => ({ write: `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'one', ...fields })}\n\n` });
const word = (content: string, finish: string | null = null): ReplayStep => chunk({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] });
const usageOf = (prompt: number, completion: number) => ({ prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion });
const told = (usage: object): ReplayStep => chunk({ choices: [], usage });
const DONE: ReplayStep = { write: 'data: [DONE]\n\n' };

/** Asks as the payer, and gives what was asked of upstream, the row of it and what it cost. */
async function paying(act: (client: OpenAI) => Promise<unknown>): Promise<{ outcome: unknown; row: Record<string, unknown>; paid: bigint; rows: number }> {
  const as = { url: server.url, key: payer.key };
  const rowsOf = async (): Promise<Record<string, unknown>[]> => (await askJson(as, { path: '/v1/usage?limit=100' }) as { data: Record<string, unknown>[] }).data;
  const [before, had] = [await balanceOf(server, payer.key), (await rowsOf()).length];
  const outcome = await act(clientOf(as)).catch((error: unknown) => error);
  const rows = await eventually(async () => {
    const found = await rowsOf();
    return found.length > had ? found : null;
  });
  return { outcome, row: rows[0] ?? {}, rows: rows.length - had, paid: before - await balanceOf(server, payer.key) };
}

describe.each(lanes)('several prompts, %s', (_name, client, model) => {
  const prompt = ['Reply with exactly: one', 'Reply with exactly: two', 'Reply with exactly: three', 'Reply with exactly: four', 'Reply with exactly: five'];
  const words = ['one', 'two', 'three', 'four', 'five'];

  test('have n answers each, in their order, and one usage', async () => {
    const alone = await Promise.all(prompt.map((each) => client().completions.create({ model, prompt: each, n: 2 })));
    const { choices, usage, object } = await client().completions.create({ model, prompt, n: 2 });
    expect(object).toBe('text_completion');
    expect(choices.map(({ index, text, finish_reason: reason }) => [index, text, reason])).toEqual(words.flatMap((each, at) => [[2 * at, each, 'stop'], [2 * at + 1, each, 'stop']]));
    const sum = (key: 'prompt_tokens' | 'completion_tokens' | 'total_tokens'): number => alone.reduce((total, each) => total + (each.usage?.[key] ?? 0), 0);
    expect(usage).toMatchObject({ prompt_tokens: sum('prompt_tokens'), completion_tokens: sum('completion_tokens'), total_tokens: sum('total_tokens') });
  });

  test('stream side by side, each event with its place, echo before each, one usage at the end', async () => {
    const texts = new Map<number, string>();
    const ends: number[] = [];
    const ids = new Set<string>();
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const { id, choices, usage: said } of await client().completions.create({ model, prompt, n: 2, echo: true, stream: true, stream_options: { include_usage: true } })) {
      ids.add(id);
      expect(usage).toBeFalsy();
      usage = said;
      for (const { index, text, finish_reason: reason } of choices as { index: number; text: string; finish_reason: string | null }[]) {
        texts.set(index, (texts.get(index) ?? '') + text);
        if (reason !== null) ends.push(index);
      }
    }
    expect([...texts].sort(([one], [other]) => one - other)).toEqual(prompt.flatMap((each, at) => [[2 * at, each + (words[at] ?? '')], [2 * at + 1, each + (words[at] ?? '')]]));
    expect(ends.sort((one, other) => one - other)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([ids.size, usage?.total_tokens]).toEqual([1, (await client().completions.create({ model, prompt, n: 2 })).usage?.total_tokens]);
  });

  test('say how likely their tokens were, and end early where they are told to', async () => {
    const { choices } = await client().completions.create({ model, prompt: ['Reply with exactly: a b', 'Reply with exactly: c d e'], logprobs: 1, stop: ' e' });
    expect(choices.map(({ text, logprobs }) => [text, logprobs?.tokens?.join(''), logprobs?.text_offset])).toEqual([['a b', 'a b', [0, 1]], ['c d', 'c d', [0, 1]]]);
  });

  test.each<[string, string, object]>([
    ['prompt', 'unsupported_field', { prompt: [[1, 2], [3]] }], ['prompt', 'invalid_request', { prompt: Array.from({ length: 65 }, () => 'x') }],
    ['n', 'invalid_request', { prompt: Array.from({ length: 64 }, () => 'x'), n: 3 }], ['suffix', 'unsupported_field', { prompt: ['a', 'b'], suffix: 'c' }],
  ])('%s: %s', async (param, code, body) => {
    await expect(client().completions.create({ model, prompt: 'x', ...body })).rejects.toMatchObject({ status: 400, code, param });
  });
});

describe('several prompts and their money', () => {
  test('one row, and the exact sum of what the upstream says of each', async () => {
    upstream.play('one', (body) => wholeOf('x', usageOf(10 * Number(promptOf(body)), Number(promptOf(body)))));
    const { outcome, row, rows, paid } = await paying((client) => client.completions.create({ model: 'priced/one', prompt: ['1', '2', '3', '4', '5', '6'] }));
    expect(outcome).toMatchObject({ usage: usageOf(210, 21), choices: [0, 1, 2, 3, 4, 5].map((index) => ({ index })) });
    expect([rows, row]).toMatchObject([1, { operation: 'createCompletion', basis: 'provider', prompt_tokens: 210, completion_tokens: 21, attempts: 1 }]);
    expect(paid).toBe(210n * INPUT + 21n * OUTPUT);
  });

  test('where an upstream does not say, that one is counted, and the others are believed', async () => {
    upstream.play('one', (body) => wholeOf('hello world', promptOf(body) === 'hello' ? null : usageOf(100, 50)));
    const { outcome, row, paid } = await paying((client) => client.completions.create({ model: 'priced/one', prompt: ['x', 'hello'] }));
    expect(outcome).not.toHaveProperty('usage');
    // 3 to open the reply, 3 for the message, its role and its word; two words of reply.
    expect(row).toMatchObject({ basis: 'counted', prompt_tokens: 108, completion_tokens: 52 });
    expect(paid).toBe(108n * INPUT + 52n * OUTPUT);
  });

  test('what is set aside is enough for all of them, or none is sent', async () => {
    const poor = await makePayer(server, { billing: 'balance', nanoUsd: 10n * 1000n * OUTPUT });
    upstream.play('one', wholeOf('x', usageOf(1, 1)));
    const asked = upstream.requests('one').length;
    const ask = (count: number): Promise<unknown> => clientOf({ url: server.url, key: poor.key }).completions.create({ model: 'priced/one', prompt: Array.from({ length: count }, () => 'x'), n: 2, max_tokens: 1000 });
    await expect(ask(5)).rejects.toMatchObject({ status: 402, code: 'insufficient_balance' });
    expect(upstream.requests('one')).toHaveLength(asked);
    await ask(4);
    expect(upstream.requests('one')).toHaveLength(asked + 4);
  });

  test('all of them move to the next target when one fails, and only what it says is paid', async () => {
    upstream.play('first', (body) => (promptOf(body) === 'c' ? { status: 500, steps: [{ write: '{}' }] } : { ...wholeOf('x', usageOf(1000, 1000)), before: promptOf(body) === 'a' ? [] : [{ waitFor: 'never' }] }));
    upstream.play('second', wholeOf('y', usageOf(2, 1)));
    const { outcome, row, rows, paid } = await paying((client) => client.completions.create({ model: 'priced/two', prompt: ['a', 'b', 'c'] }));
    expect(outcome).toMatchObject({ choices: [{ text: 'y' }, { text: 'y' }, { text: 'y' }] });
    expect([rows, row]).toMatchObject([1, { attempts: 2, prompt_tokens: 6, completion_tokens: 3 }]);
    expect(paid).toBe(6n * INPUT + 3n * OUTPUT);
    // The one that was still under way was let go.
    await upstream.requests('first').find(({ body }) => promptOf(body) === 'b')?.left;
  });

  test('a stream of which one is told to slow down before all have begun goes to the next target, whatever the others have said', async () => {
    upstream.play('first', (body) => (promptOf(body) === 'c' ? { status: 429, headers: { 'content-type': 'application/json' }, before: [{ waitFor: 'said' }], steps: [{ write: '{}' }] } : { steps: [word('x'), { waitFor: 'never' }] }));
    upstream.play('second', { steps: [word('y', 'stop'), told(usageOf(2, 1)), DONE] });
    const asked = upstream.requests('first').length;
    const { outcome, row, rows, paid } = await paying(async (client) => {
      void eventually(() => {
        const sent = upstream.requests('first').slice(asked);
        return sent.length === 3 && sent.every(({ body, bytesWritten }) => promptOf(body) === 'c' || bytesWritten > 0) ? true : null;
      }).then(() => { upstream.release('said'); });
      const texts: string[] = [];
      for await (const { choices } of await client.completions.create({ model: 'priced/two', prompt: ['a', 'b', 'c'], stream: true })) texts.push(...choices.map(({ text }) => text));
      return texts;
    });
    expect(outcome).toEqual(['y', 'y', 'y']);
    expect([rows, row]).toMatchObject([1, { attempts: 2, prompt_tokens: 6, completion_tokens: 3 }]);
    expect(paid).toBe(6n * INPUT + 3n * OUTPUT);
  });

  test('an idempotency key keeps the one reply to all of them, which is paid once, though its caller has left', async () => {
    upstream.play('one', (body) => ({ before: [{ waitFor: 'kept' }], ...wholeOf(promptOf(body), usageOf(10, 5)) }));
    const request = { path: '/v1/completions', key: payer.key, headers: { 'idempotency-key': 'several-1' }, body: { model: 'priced/one', prompt: ['a', 'b', 'c'] } };
    const asked = upstream.requests('one').length;
    const { row, rows, paid } = await paying(async () => {
      const connection = await begin(server.url, request);
      await eventually(() => (upstream.requests('one').length === asked + 3 ? true : null));
      connection.leave();
      upstream.release('kept');
    });
    expect([rows, row, paid]).toMatchObject([1, { outcome: 'ok', basis: 'provider' }, 30n * INPUT + 15n * OUTPUT]);
    const again = await call(server.url, request);
    expect({ status: again.status, replayed: again.headers['idempotency-replayed'], texts: (JSON.parse(again.body.toString('utf8')) as OpenAI.Completion).choices.map(({ text }) => text) })
      .toEqual({ status: 200, replayed: 'true', texts: ['a', 'b', 'c'] });
    expect(upstream.requests('one')).toHaveLength(asked + 3);
  });

  test('a stream in which one breaks ends with an error, and what was sent is paid: said where it was said, else seen', async () => {
    upstream.play('one', (body) => {
      if (promptOf(body) === 'done') return { steps: [word('x', 'stop'), told(usageOf(100, 50)), DONE] };
      return promptOf(body) === 'hello' ? { steps: [word('hello'), word(' world'), { waitFor: 'never' }] } : { steps: [{ waitFor: 'break' }, word('hello')], ending: 'cut' };
    });
    let seen = 0;
    const { outcome, row, rows, paid } = await paying(async (client) => {
      for await (const { choices } of await client.completions.create({ model: 'priced/one', prompt: ['done', 'hello', 'hi'], stream: true })) {
        seen += choices.length;
        if (seen === 3) upstream.release('break');
      }
    });
    expect(outcome).toMatchObject({ code: 'upstream_stream_failed' });
    // Each of the two that broke: 3 + 3 + 1 and a word asked; two words of the one seen, and one of the other.
    expect([rows, row]).toMatchObject([1, { outcome: 'upstream_error', basis: 'observed', prompt_tokens: 116, completion_tokens: 53 }]);
    expect(paid).toBe(116n * INPUT + 53n * OUTPUT);
    await upstream.requests('one').findLast(({ body }) => promptOf(body) === 'hello')?.left;
  });

  test.each([true, false])('a caller who leaves (stream: %p) lets go of all of them, and pays what was sent, not what was not', async (stream) => {
    upstream.play('one', (body) => {
      const isFirst = promptOf(body) === 'first';
      if (!stream) return isFirst ? wholeOf('x', usageOf(100, 50)) : { before: [{ waitFor: 'never' }], steps: [] };
      return { steps: isFirst ? [word('x', 'stop'), told(usageOf(100, 50)), DONE] : [word('hello'), { waitFor: 'never' }] };
    });
    const asked = upstream.requests('one').length;
    const { row, rows, paid } = await paying(async () => {
      // Nine prompts, of which the first is answered and four more are sent in all.
      const prompt = ['first', ...Array.from({ length: 8 }, () => 'hello')];
      const connection = await begin(server.url, { path: '/v1/completions', key: payer.key, body: { model: 'priced/one', prompt, stream } });
      await eventually(() => (upstream.requests('one').length === asked + 5 ? true : null));
      // What an upstream has written has been seen once the caller has it.
      if (stream) await eventually(() => (connection.unread().split('"text":"hello"').length === 5 ? true : null));
      connection.leave();
    });
    await Promise.all(upstream.requests('one').slice(asked).filter(({ body }) => promptOf(body) === 'hello').map(({ left }) => left));
    expect(upstream.requests('one')).toHaveLength(asked + 5);
    expect([rows, row]).toMatchObject([1, { outcome: 'client_gone', basis: 'observed', prompt_tokens: 100 + 4 * 8, completion_tokens: 50 + (stream ? 4 : 0) }]);
    expect(paid).toBe(132n * INPUT + (stream ? 54n : 50n) * OUTPUT);
  });

  test('prompts that together would cost more a token than each alone are refused', async () => {
    upstream.play('long', wholeOf('x', usageOf(1, 1)));
    const prompt = 'word '.repeat(600);
    await expect(clientOf({ url: server.url, key: payer.key }).completions.create({ model: 'priced/long', prompt: [prompt, prompt] })).rejects.toMatchObject({ status: 400, code: 'invalid_request', param: 'prompt' });
    expect(upstream.requests('long')).toHaveLength(0);
    await clientOf({ url: server.url, key: payer.key }).completions.create({ model: 'priced/long', prompt: [prompt] });
  });
});

describe('prompts of tokens', () => {
  const client = (): OpenAI => new OpenAI({ baseURL: `${server.url}/v1/native/vllm`, apiKey: payer.key, maxRetries: 0 });
  const prompt = [[1, 2, 3], [4, 5]];
  const choiceOf = (index: number) => ({ text: 'hello world', index, logprobs: null, finish_reason: 'stop' as const });
  const frame = { id: 'cmpl-1', object: 'text_completion', created: 1, model: 'one' };
  /** What was sent as it came, and what of it the row has. */
  const expectSent = (body: object): void => { expect(JSON.parse(upstream.requests('one').at(-1)?.body ?? '')).toEqual(body); };

  test('reach an upstream that completes texts itself as they are, several at once, and cost what it says', async () => {
    const reply = { ...frame, choices: [0, 1].map(choiceOf), usage: usageOf(5, 4) };
    upstream.play('one', { headers: { 'content-type': 'application/json' }, steps: [{ write: JSON.stringify(reply) }] });
    const { outcome, row, paid } = await paying(() => client().completions.create({ model: 'one', prompt, max_tokens: 10 }));
    expect(outcome).toMatchObject(reply);
    expectSent({ model: 'one', prompt, max_tokens: 10 });
    expect([row, paid]).toMatchObject([{ basis: 'provider', prompt_tokens: 5, completion_tokens: 4 }, 5n * INPUT + 4n * OUTPUT]);
    expect(upstream.requests('one').at(-1)?.path).toBe('/v1/completions');
  });

  test('are counted as so many tokens where it does not say', async () => {
    upstream.play('one', { steps: [...[0, 1].map((index) => ({ write: `data: ${JSON.stringify({ ...frame, choices: [choiceOf(index)] })}\n\n` })), DONE] });
    const texts: string[] = [];
    const { row } = await paying(async () => {
      for await (const { choices } of await client().completions.create({ model: 'one', prompt, stream: true })) texts.push(...choices.map(({ text }) => text));
    });
    expect(texts).toEqual(['hello world', 'hello world']);
    expectSent({ model: 'one', prompt, stream: true, stream_options: { include_usage: true } });
    expect(row).toMatchObject({ basis: 'counted', prompt_tokens: 5, completion_tokens: expect.any(Number) });
  });
});
