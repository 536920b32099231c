/** This file is what tests of answers made in the background share: upstreams that wait, people who pay, and judges of what they are told. */
import { expect } from '@jest/globals';
import OpenAI, { APIError } from 'openai';
import type { Response, ResponseStreamEvent } from 'openai/resources/responses/responses';
import type { UsageRow } from '../generated/client/types.gen.ts';
import { faultByOpenAi, faultOfSchema } from './judges.ts';
import { askJson, balanceOf, makePayer, pricedModel } from './payer.ts';
import type { Payer, PayerOptions } from './payer.ts';
import { call } from './raw-client.ts';
import { payloadsOf } from './recorded-streams.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { Replay, ReplayUpstream } from './replay-upstream.ts';
import { eventually, startServer } from './server-under-test.ts';
import type { ServerOptions, ServerUnderTest } from './server-under-test.ts';

export const NANO_PER_TOKEN = 1000n;
const PRICE = { input: 1_000_000_000, output: 1_000_000_000 };
const USAGE = { prompt_tokens: 7, completion_tokens: 40, total_tokens: 47 };
/** What the upstream's whole answer costs. */
export const ANSWER = 47n * NANO_PER_TOKEN;
/** What everybody has at first. */
export const GRANT = 1_000_000_000n;
export const TEST_MS_MAX = 40_000;

const chunk = (more: object): { write: string } => ({ write: `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], ...more })}\n\n` });
const delta = (content: string, finish: string | null = null): { write: string } => chunk({ choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: finish }] });
const BEGUN = [delta('one '), delta('two '), delta('three ')];
const END = [delta('four', 'stop'), chunk({ usage: USAGE }), { write: 'data: [DONE]\n\n' }];
const waiting = (gate: string): Replay => ({ steps: [...BEGUN, { waitFor: gate }, ...END] });
/** `slow`, `resumed`, `across` and `late` go on when they are released. */
const replays: Readonly<Record<string, Replay>> = {
  whole: { steps: [...BEGUN, ...END] }, slow: waiting('slow'), resumed: waiting('resumed'), across: waiting('across'), late: waiting('late'), silent: waiting('never'),
  refuses: { status: 400, headers: { 'content-type': 'application/json' }, steps: [{ write: '{"error":{"message":"too hot","type":"invalid_request_error","param":null,"code":null}}' }] },
  uncounted: { steps: [...BEGUN, delta('four', 'stop'), { write: 'data: [DONE]\n\n' }] },
};

/** Somebody who asks a gateway. */
export interface Asker {
  readonly server: ServerUnderTest;
  readonly payer: Payer;
  readonly client: OpenAI;
}

export interface BackgroundStage {
  readonly upstream: ReplayUpstream;
  /** A gateway of its own, for tests that end it. */
  start(more?: ServerOptions): Promise<ServerUnderTest>;
}

/** Starts the upstream; its models are `bg/…`. */
export async function openBackgroundStage(): Promise<BackgroundStage> {
  const upstream = await startReplayUpstream();
  for (const [name, replay] of Object.entries(replays)) upstream.play(name, replay);
  const models = Object.keys(replays).map((name) => pricedModel(`bg/${name}`, name, PRICE));
  return { upstream, start: (more = {}) => startServer({ config: { models }, ...more, env: { VLLM_BASE_URL: upstream.url, ...more.env } }) };
}

/** Somebody at another gateway, or at one that was started again. */
export const at = (place: ServerUnderTest, payer: Payer): Asker => ({ server: place, payer, client: new OpenAI({ baseURL: `${place.url}/v1`, apiKey: payer.key, maxRetries: 0 }) });
/** Somebody with a balance. */
export const asker = async (place: ServerUnderTest, more: PayerOptions = {}): Promise<Asker> => at(place, await makePayer(place, { billing: 'balance', nanoUsd: GRANT, ...more }));

/** The answer, when neither contract finds a fault in it. */
export function judged(answer: Response): Response {
  // The package adds two of its own.
  const sent = Object.fromEntries(Object.entries(answer).filter(([name]) => name !== 'output_text' && name !== '_request_id'));
  expect([faultOfSchema('ResponseResource', sent), faultByOpenAi('Response', sent)]).toEqual([null, null]);
  return answer;
}

/** Asks for an answer in the background. */
export const begin = async ({ client }: Asker, name: string, more: Partial<OpenAI.Responses.ResponseCreateParamsNonStreaming> = {}): Promise<Response> =>
  judged(await client.responses.create({ model: `bg/${name}`, input: 'hello', max_output_tokens: 100, background: true, ...more }));

/** Polls until the answer has ended. */
export const ended = ({ client }: Asker, id: string): Promise<Response> => eventually(async () => {
  const answer = judged(await client.responses.retrieve(id));
  return answer.status === 'in_progress' ? null : answer;
}, TEST_MS_MAX / 2);

/** The only row of somebody, and that the balance says the same. */
export async function onlyRow({ server, payer }: Asker): Promise<UsageRow> {
  const row = await eventually(async () => {
    const { data } = await askJson({ url: server.url, key: payer.key }, { path: '/v1/usage?limit=100' }) as { data?: UsageRow[] };
    expect(data?.length).toBeLessThan(2);
    return data?.[0] ?? null;
  }, TEST_MS_MAX / 2);
  expect(GRANT - await balanceOf(server, payer.key)).toBe(BigInt(row.charged_nano_usd));
  return row;
}

/** What the tokens of a row cost. */
export const costOf = (row: UsageRow): string => String(BigInt(row.prompt_tokens + row.completion_tokens) * NANO_PER_TOKEN);

export async function refused(promise: Promise<unknown>): Promise<APIError> {
  const error: unknown = await promise.then(() => null, (thrown: unknown) => thrown);
  if (error instanceof APIError) return error;
  throw new Error(`expected an API error, got ${String(error)}`);
}

/** What is told of an answer after a number, each event judged by both contracts. */
export async function eventsAfter({ server, payer }: Asker, id: string, after?: number): Promise<ResponseStreamEvent[]> {
  const reply = await call(server.url, { path: `/v1/responses/${id}?stream=true${after === undefined ? '' : `&starting_after=${after}`}`, key: payer.key });
  const payloads = payloadsOf(reply.body.toString('utf8'));
  expect({ status: reply.status, last: payloads.at(-1) }).toEqual({ status: 200, last: '[DONE]' });
  const events = payloads.slice(0, -1).map((payload) => JSON.parse(payload) as ResponseStreamEvent);
  for (const event of events) expect([faultOfSchema('ResponseEvent', event), faultByOpenAi('ResponseStreamEvent', event)]).toEqual([null, null]);
  return events;
}

/** Follows an answer until so many pieces of text have come, and leaves. */
export async function followDeltas({ client }: Asker, id: string, count: number): Promise<boolean> {
  let seen = 0;
  for await (const event of await client.responses.retrieve(id, { stream: true })) {
    if (event.type === 'response.output_text.delta' && ++seen === count) return true;
  }
  return false;
}
