/** This file sets up a server whose providers are a replaying upstream, for whoever tries the native bypass. */
import { expect } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { askJson } from './payer.ts';
import { call } from './raw-client.ts';
import type { RawReply, RequestParts } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { Replay, ReplayUpstream } from './replay-upstream.ts';
import { startServer } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const fixtures = new URL('../gateway/providers/__fixtures__/', import.meta.url);
export const CLAUDE = 'claude-sonnet-4-5';
export const GEMINI = 'gemini-2.5-pro';
/** The operator's key at Anthropic. */
export const SECRET = 'sk-ant-0123456789';
const LOCAL = {
  id: 'local/priced', name: 'Local', tier: 'pro', context_window: 100_000, max_output_tokens: 1000,
  targets: [{ provider: 'vllm', model: 'priced', price: { input: 1_000_000_000, output: 1_000_000_000 } }],
};
const EMBEDDER = { ...LOCAL, id: 'local/embedder', kinds: ['embeddings'], max_output_tokens: null, targets: [{ provider: 'vllm', model: 'embedder', price: { input: 1_000_000_000, output: 0 } }] };

/** A server and the upstream all its providers are at. */
export interface NativeStage {
  readonly upstream: ReplayUpstream;
  readonly server: ServerUnderTest;
  /** Events of a stream, each in two writes. */
  playEvents(model: string, events: readonly string[], more?: Partial<Replay>): void;
  /** Calls a path below `/v1/native/` with the first key. */
  native(path: string, body: unknown, more?: Partial<RequestParts>): Promise<RawReply>;
  receiptOf(reply: RawReply): Promise<Record<string, unknown>>;
  lastRow(): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

export async function openNativeStage(): Promise<NativeStage> {
  const upstream = await startReplayUpstream();
  const server = await startServer({
    env: {
      ANTHROPIC_API_KEY: SECRET, ANTHROPIC_BASE_URL: upstream.url, GEMINI_API_KEY: 'gm-0123456789', GEMINI_BASE_URL: upstream.url.replace('/v1', '/v1beta'),
      VLLM_BASE_URL: upstream.url, VLLM_API_KEY: 'sk-vllm-0123456789', TOGETHER_BASE_URL: upstream.url,
    },
    config: { models: [LOCAL, EMBEDDER], providers: [{ id: 'vllm', native: { unmetered_paths: ['GET models', 'POST tokenize', 'files/*'] } }] },
  });
  return {
    upstream,
    server,
    playEvents(model, events, more = {}) {
      const steps = events.flatMap((event) => [{ write: event.slice(0, 20) }, { write: event.slice(20) }]);
      upstream.play(model, { headers: { 'content-type': 'text/event-stream' }, steps, ...more });
    },
    native: (path, body, more = {}) => call(server.url, { path: `/v1/native/${path}`, key: server.key, ...(body === undefined ? {} : { body }), ...more }),
    receiptOf: (reply) => askJson(server, { path: `/v1/requests/${reply.headers['x-request-id'] ?? ''}` }),
    async lastRow() {
      const { data } = await askJson(server, { path: '/v1/usage?limit=1' }) as { data?: Record<string, unknown>[] };
      return data?.[0] ?? {};
    },
    async close() {
      await server.stop();
      await upstream.close();
    },
  };
}

/** A whole reply of JSON. */
export function jsonOf(body: unknown, more: Partial<Replay> = {}): Replay {
  return { headers: { 'content-type': 'application/json' }, steps: [{ write: typeof body === 'string' ? body : JSON.stringify(body) }], ...more };
}

/** A recorded reply. */
export function recorded(file: string): string {
  return readFileSync(new URL(file, fixtures), 'utf8');
}

/** The events of a recorded stream as they stand on the wire. */
export function eventsOf(file: string): string[] {
  return recorded(file).split('\n').filter((line) => line !== '').map((json) => {
    const { type } = JSON.parse(json) as { type?: string };
    return `${type === undefined ? '' : `event: ${type}\n`}data: ${json}\n\n`;
  });
}

export async function expectRefusal(reply: Promise<RawReply>, status: number, code: string): Promise<void> {
  const { status: got, body } = await reply;
  expect({ got, body: JSON.parse(body.toString('utf8')) as unknown }).toMatchObject({ got: status, body: { error: { code } } });
}

export const messages = [{ role: 'user' as const, content: '925 divided by 5?' }];
export const contents = [{ role: 'user', parts: [{ text: '925 divided by 5?' }] }];
export const CHAT_REPLY = {
  id: 'c', object: 'chat.completion', created: 1, model: 'priced', choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
};

/** A body of a chat, or of messages. */
export function say(model: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { model, max_tokens: 100, messages, ...more };
}
