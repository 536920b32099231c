/** This file sets up gateways whose upstream answers otherwise every time, and workspaces that have the reply cache on. */
import { expect } from '@jest/globals';
import type { RequestRow } from '../generated/client/types.gen.ts';
import { startPostgres, stopPostgres } from '../scripts/postgres-under-test.ts';
import { askJson, makePayer, pricedModel } from './payer.ts';
import type { Payer, PayerOptions } from './payer.ts';
import { call } from './raw-client.ts';
import type { RawReply, RequestParts } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { Replay, ReplayUpstream } from './replay-upstream.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

export const TEST_MS_MAX = 60_000;
export const ENGINES = ['SQLite', 'PostgreSQL'] as const;
/** Nano-USD a token. */
const PRICE = 1000n;
/** What every payer is given, in nano-USD. */
export const GRANT = 1_000_000_000n;
const USAGE = { prompt_tokens: 7, completion_tokens: 40, total_tokens: 47 };
/** Of one answer, in nano-USD. */
export const COST = 47n * PRICE;
const MODELS = ['one', 'two', 'vectors'];

let answers = 0;
const json = (body: unknown): Replay => ({ headers: { 'content-type': 'application/json' }, steps: [{ write: JSON.stringify(body) }] });
const event = (body: unknown): { write: string } => ({ write: `data: ${JSON.stringify(body)}\n\n` });
/** Every answer is another one: what is the same was given again. */
export function answerWith(finish: string, body: string): Replay {
  const id = `chatcmpl-${++answers}`;
  if (body.includes('"input"')) return json({ object: 'list', data: [{ object: 'embedding', index: 0, embedding: [answers] }], model: 'vectors', usage: { prompt_tokens: 7, total_tokens: 7 } });
  const content = `answer ${answers}, naïve 💡`;
  const choice = (delta: object, reason: string | null): object => ({ id, object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }] });
  if (!body.includes('"stream":true')) return json({ id, object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: finish }], usage: USAGE });
  return { steps: [{ write: ': thinking\n\n' }, event(choice({ role: 'assistant', content }, null)), event(choice({}, finish)), event({ id, object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage: USAGE }), { write: 'data: [DONE]\n\n' }] };
}
export const answer = (body: string): Replay => answerWith('stop', body);

export const config = {
  guard: { allow: ['127.0.0.1'] },
  models: [
    ...['one', 'two'].map((name) => pricedModel(`m/${name}`, name, { input: Number(PRICE) * 1_000_000, output: Number(PRICE) * 1_000_000 })),
    { ...pricedModel('m/basic', 'one', { input: Number(PRICE) * 1_000_000, output: Number(PRICE) * 1_000_000 }), tier: 'basic' },
    { ...pricedModel('m/vectors', 'vectors', { input: Number(PRICE) * 1_000_000, output: 0 }), kinds: ['embeddings'] },
  ],
  routes: [...['both', 'edited'].map((id) => ({ id, description: id, targets: ['m/one', 'm/two'] })), { id: 'tiers', description: 'tiers', targets: ['m/basic', 'm/one'] }],
};

/** A plan that asks for so much of an answer that is given again. */
export const plan = (percent: number | undefined): object => ({
  name: 'Cached', ...(percent === undefined ? {} : { cached_reply_percent: percent }),
  tiers: { basic: { allowed: true, messages_per_day: null }, pro: { allowed: true, messages_per_day: 5 }, ultimate: { allowed: false, messages_per_day: 0 } },
});

type Body = Readonly<Record<string, unknown>>;
export const chatBody = (more: Body = {}): Record<string, unknown> => ({ model: 'm/one', max_tokens: 100, messages: [{ role: 'user', content: 'hello' }], ...more });
export const stateOf = (reply: RawReply): string | undefined => reply.headers['x-interline-cache'];
export const text = (reply: RawReply): string => reply.body.toString('utf8');
export const codeOf = (reply: RawReply): unknown => (JSON.parse(text(reply)) as { error: { code: string } }).error.code;

/** A gateway, and whoever asks it; the server may be started anew, and the payer is another one for every test. */
export class CacheStage {
  server: ServerUnderTest;
  me: Payer = { workspace: '', user: '', keyId: '', key: '' };
  readonly upstream: ReplayUpstream;
  readonly env: Readonly<Record<string, string>>;

  constructor(server: ServerUnderTest, upstream: ReplayUpstream, env: Readonly<Record<string, string>>) {
    this.server = server;
    this.upstream = upstream;
    this.env = env;
  }

  /** For each test: nobody has asked anything yet. */
  async begin(): Promise<void> {
    for (const name of MODELS) {
      this.upstream.forget(name);
      this.upstream.play(name, answer);
    }
    this.me = await this.payer({ billing: 'balance', nanoUsd: GRANT });
  }

  /** How often the upstream was asked. */
  asked(): number {
    return MODELS.reduce((sum, name) => sum + this.upstream.requests(name).length, 0);
  }

  /** Asks the management API in the name of a payer. */
  manage(parts: RequestParts, { who = this.me, status = 200 } = {}): Promise<Record<string, unknown>> {
    return askJson({ url: this.server.url, key: who.key }, parts, status);
  }

  /** A workspace that has the cache on. */
  async payer(options: PayerOptions = {}): Promise<Payer> {
    const made = await makePayer(this.server, options);
    await this.set({ enabled: true }, made);
    return made;
  }

  async set(setting: Body, who = this.me): Promise<void> {
    await this.manage({ method: 'PATCH', path: `/v1/workspaces/${who.workspace}`, body: { reply_cache: setting } }, { who });
  }

  ask(more: Body = {}, parts: Partial<RequestParts> = {}): Promise<RawReply> {
    return call(this.server.url, { path: '/v1/chat/completions', key: this.me.key, body: chatBody(more), ...parts });
  }

  async kept(who = this.me): Promise<number> {
    return Number((await this.manage({ path: `/v1/workspaces/${who.workspace}/cache` }, { who }))['count']);
  }

  /** Asks again once what was answered is kept, which is a while after. */
  async hit(again: () => Promise<RawReply>, { who = this.me, count = 1 } = {}): Promise<RawReply> {
    await eventually(async () => (await this.kept(who) >= count ? true : null));
    const reply = await again();
    expect(stateOf(reply)).toBe('hit');
    return reply;
  }

  async rowOf(reply: RawReply, who = this.me): Promise<RequestRow> {
    const { data } = await this.manage({ path: '/v1/requests?limit=100' }, { who }) as unknown as { data: RequestRow[] };
    return data.find(({ id }) => id === reply.headers['x-request-id']) ?? (() => { throw new Error('no row'); })();
  }
}

/** Starts a gateway on an engine of its own, and its upstream. */
export async function openCacheStage(engine: typeof ENGINES[number]): Promise<CacheStage> {
  const upstream = await startReplayUpstream();
  const env = { VLLM_BASE_URL: upstream.url, ...(engine === 'SQLite' ? {} : { INTERLINE_DATABASE_URL: (await startPostgres()).url }) };
  return new CacheStage(await startServer({ env, config }), upstream, env);
}

/** Ends everything a test file has started. */
export async function closeCacheStage(stage: CacheStage): Promise<void> {
  await stage.upstream.close();
  await stopServers();
  await stopPostgres();
}
