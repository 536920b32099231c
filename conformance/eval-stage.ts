/** This file stages eval sets: a scripted upstream that can multiply, a gateway of either engine, and a payer whose runs can be asked for. */
import { startPostgres } from '../scripts/postgres-under-test.ts';
import { askJson, makePayer, pricedModel } from './payer.ts';
import type { Payer } from './payer.ts';
import { call } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { Replay, ReplayUpstream } from './replay-upstream.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

export type Json = Record<string, unknown>;

/** Nano-USD per million tokens. */
const PRICE = { input: 1_000_000_000, output: 4_000_000_000 };
/** Of 20 tokens asked and 10 answered, in nano-USD. */
export const ANSWER_COST = 60_000n;
const GRANTED = 10_000_000_000n;
export const RUN_MS_MAX = 30_000;
export const BUDGET = '100000000';

/** What the scripted upstream says, by the last message it is asked. */
export function says(answer: (prompt: string) => string, { waitMs = 0, tokens = 10 } = {}): (body: string) => Replay {
  return (body) => {
    const { messages } = JSON.parse(body) as { messages: { content: string }[] };
    const text = answer(messages.at(-1)?.content ?? '');
    return {
      headers: { 'content-type': 'application/json' },
      steps: [...(waitMs > 0 ? [{ waitMs }] : []), { write: JSON.stringify({
        id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: text, refusal: null }, logprobs: null, finish_reason: 'stop' }],
        usage: { prompt_tokens: 20, completion_tokens: tokens, total_tokens: 20 + tokens },
      }) }],
    };
  };
}

/** What a model that can multiply says. */
export const product = (prompt: string): string => `The answer is ${Number(/\d+/.exec(prompt)?.[0] ?? 0) * 7}.`;
export const items = (count: number): Json[] => Array.from({ length: count }, (_, at) => ({
  name: `times ${at}`, request: { messages: [{ role: 'user', content: `What is seven times ${at + 100}?` }], max_completion_tokens: 50 }, checks: [{ type: 'contains', value: String((at + 100) * 7) }],
}));
export const sum = (rows: readonly Json[], field: string): bigint => rows.reduce((all, row) => all + BigInt(String(row[field])), 0n);

export type Engine = 'sqlite' | 'postgres';

interface Asked {
  readonly body?: unknown;
  readonly key?: string;
  readonly status?: number;
  readonly method?: string;
}

/** One gateway, or those that follow it, and what is asked of it. */
export class EvalStage {
  upstream!: ReplayUpstream;
  server!: ServerUnderTest;
  payer!: Payer;
  #postgres: { stop(): Promise<void> } | null = null;

  async open(engine: Engine = 'sqlite'): Promise<void> {
    const postgres = engine === 'postgres' ? await startPostgres() : null;
    this.#postgres = postgres;
    this.upstream = await startReplayUpstream();
    this.upstream.play('right', says(product));
    this.server = await startServer({
      limits: { evalLookMs: 50, evalLeaseMs: 1500 },
      env: { VLLM_BASE_URL: this.upstream.url, ...(postgres ? { INTERLINE_DATABASE_URL: postgres.url } : {}) },
      config: { models: ['right', 'slow', 'busy', 'judge', 'mute', 'moody', 'greedy'].map((name) => pricedModel(name, name, PRICE)).concat([
        pricedModel('cheap', 'right', { input: 1_000_000, output: 3_000_000 }), pricedModel('dear', 'right', { input: 33_333_333_333, output: 77_777_777_777 }),
      ]) },
    });
    this.payer = await makePayer(this.server, { billing: 'balance', nanoUsd: GRANTED });
  }

  async close(): Promise<void> {
    await this.upstream.close();
    await stopServers();
    await this.#postgres?.stop();
  }

  /** Asks as the payer, unless with another key. */
  readonly ask = (path: string, { body, key = this.payer.key, status = 200, method }: Asked = {}): Promise<Json> => (
    askJson({ url: this.server.url, key }, { path: `/v1${path}`, ...(body === undefined ? {} : { body }), ...(method === undefined ? {} : { method }) }, status));

  readonly makeSet = async (more: Json): Promise<string> => String((await this.ask('/evals', { body: { name: 'a set', ...more }, status: 201 }))['id']);

  readonly makeRun = async (set: string, more: Json, key = this.payer.key): Promise<string> => (
    String((await this.ask(`/evals/${set}/runs`, { key, body: { contenders: [{ model: 'right' }, { model: 'sandbox/echo' }], budget_nano_usd: BUDGET, ...more }, status: 201 }))['id']));

  readonly untilEnded = (set: string, run: string): Promise<Json> => eventually(async () => {
    const found = await this.ask(`/evals/${set}/runs/${run}`);
    return found['state'] === 'queued' || found['state'] === 'running' ? null : found;
  }, RUN_MS_MAX);

  /** Waits until a run has more than so many answers. */
  readonly untilDone = (set: string, run: string, count: number): Promise<true> => eventually(async () => (
    Number(((await this.ask(`/evals/${set}/runs/${run}`))['progress'] as Json)['done']) > count ? true : null), RUN_MS_MAX);

  readonly resultsOf = (set: string, run: string): Promise<Json[]> => this.#lines(`/v1/evals/${set}/runs/${run}/export?format=jsonl`);

  /** The rows of the request log that say they are of this run. */
  readonly rowsOf = async (run: string): Promise<Json[]> => (await this.#lines('/v1/requests/export?format=jsonl')).filter((row) => row['eval_run'] === run);

  async #lines(path: string): Promise<Json[]> {
    const reply = await call(this.server.url, { path, key: this.payer.key });
    return reply.body.toString('utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Json);
  }
}
