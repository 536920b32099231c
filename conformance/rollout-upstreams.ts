/** This file is what the tests of rollouts are played by: models at one upstream, each with a price, and what each answers. */
import type { Replay, ReplayUpstream } from './replay-upstream.ts';

/** Nano-USD a token; the new one costs twice as much. */
export const OLD_PRICE = 1000n;
const USAGE = { prompt_tokens: 7, completion_tokens: 40, total_tokens: 47 };
/** Of every answer. */
export const TOKENS = 47n;

const NAMES = ['old', 'new', 'other', 'plain'];
const PRICES: Readonly<Record<string, bigint>> = { new: 2n * OLD_PRICE };

const model = (name: string): Record<string, unknown> => {
  const price = Number((PRICES[name] ?? OLD_PRICE) * 1_000_000n);
  return {
    id: `m/${name}`, name, tier: 'basic', context_window: 100_000, max_output_tokens: 8000, tools: name !== 'plain',
    targets: [{ provider: 'vllm', model: name, price: { input: price, output: price } }],
  };
};

export const rolloutConfig = {
  models: NAMES.map(model),
  routes: [
    { id: 'r', description: 'r', targets: ['m/old', 'm/other'] },
    { id: 'stops', description: 'stops', targets: ['m/old'], fallback: { on: { server_error: ['stop'] } } },
  ],
  aliases: { 'an-alias': 'm/old' },
};

const chunk = (content: string, finish: string | null = null): string => `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: finish }] })}\n\n`;

/** The answer of one model, whole or as a stream. */
export const answering = (name: string) => (body: string): Replay => {
  if (body.includes('"stream":true')) return { steps: [{ write: chunk(name) }, { write: chunk('', 'stop') }, { write: `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: name, choices: [], usage: USAGE })}\n\n` }, { write: 'data: [DONE]\n\n' }] };
  const message = { role: 'assistant', content: name, refusal: null };
  const whole = { id: 'c', object: 'chat.completion', created: 1, model: name, choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }], usage: USAGE };
  return { headers: { 'content-type': 'application/json' }, steps: [{ write: JSON.stringify(whole) }] };
};

/** Says what each upstream does from now on, and forgets what it was asked; those that are not named answer. */
export function playing(upstream: ReplayUpstream, replays: Readonly<Record<string, Replay | ((body: string) => Replay)>>): void {
  for (const name of NAMES) {
    upstream.forget(name);
    upstream.play(name, replays[name] ?? answering(name));
  }
}
