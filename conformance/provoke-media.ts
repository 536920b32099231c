/** This file knows how to make an operation that asks a model for more than text say the errors that only such a call can say. */
import type { ErrorCode } from '../generated/errors.ts';
import type { OperationId } from '../generated/operations.ts';
import { makePayer } from './payer.ts';
import type { Provocation } from './provocation.ts';
import { begin, call } from './raw-client.ts';
import type { RawReply, RequestParts } from './raw-client.ts';
import type { Replay } from './replay-upstream.ts';
import type { Stage } from './stage.ts';

export type Fields = Readonly<Record<string, string | boolean>>;

/** What is different from one such operation to the next. */
export interface MediaAsk {
  /** A request that is answered, with more fields or others. */
  request(fields?: Fields): RequestParts;
  /** What asks for events, and the first of them. */
  readonly stream: Fields;
  readonly firstEvent: string;
  /** What differs from the request in a way that an answer could. */
  readonly other: Fields;
  /** A model without a key, and one that costs something. */
  readonly unavailable: string;
  readonly priced: string;
  /** JSON that is no answer to it. */
  readonly babble: string;
  /** True where a reply in one piece may take longer than these tests: what does not begin is a stream. */
  readonly isPatient: boolean;
}

type Headers = Readonly<Record<string, string>>;
type Provokes = Partial<Readonly<Record<ErrorCode, (stage: Stage) => Promise<RawReply>>>>;

let nextKey = 1;
const idempotencyKey = (): Headers => ({ 'idempotency-key': `media-${String(nextKey++)}` });

/** By code, for the operations that are asked as told; each is said by every one of them. */
export function provokeMedia(asks: Partial<Readonly<Record<OperationId, MediaAsk>>>): Partial<Readonly<Record<ErrorCode, Provocation['provoke']>>> {
  const each = new Map((Object.entries(asks) as [OperationId, MediaAsk][]).map(([id, asked]) => [id, provocationsOf(id, asked)]));
  const codes = new Set([...each.values()].flatMap((provokes) => Object.keys(provokes) as ErrorCode[]));
  return Object.fromEntries([...codes].map((code): [ErrorCode, Provocation['provoke']] => [code, (stage, id) => {
    const provoke = each.get(id)?.[code];
    if (!provoke) throw new Error(`${id} is not asked here`);
    return provoke(stage);
  }]));
}

function provocationsOf(id: OperationId, asked: MediaAsk): Provokes {
  const ask = (stage: Stage, { fields = {}, headers = {}, key = stage.main.key }: { fields?: Fields; headers?: Headers; key?: string } = {}): Promise<RawReply> => {
    const parts = asked.request(fields);
    return call(stage.main.url, { ...parts, key, headers: { ...parts.headers, ...headers } });
  };
  /** Asks the replay upstream, which goes as told. */
  const askUpstream = (name: string, replay: Replay, fields: Fields = {}) => (stage: Stage): Promise<RawReply> => {
    stage.upstream.play(`${id}-${name}`, replay);
    return ask(stage, { fields: { model: `vllm/${id}-${name}`, ...fields } });
  };
  const fails = (name: string, status: number, headers: Headers = {}) => {
    const error = { message: 'no', type: 'server_error', param: null, code: 'unsupported_value' };
    return askUpstream(name, { status, headers: { 'content-type': 'application/json', ...headers }, steps: [{ write: JSON.stringify({ error }) }] });
  };
  return {
    model_not_found: (stage) => ask(stage, { fields: { model: 'nobody/nothing' } }),
    model_not_available: (stage) => ask(stage, { fields: { model: asked.unavailable } }),
    model_not_allowed: (stage) => ask(stage, { key: stage.keys.sandboxOnly, fields: { model: 'vllm/any' } }),
    unsupported_model: (stage) => ask(stage, { fields: { model: 'sandbox/echo' } }),
    upstream_rejected: fails('rejects', 400),
    upstream_rate_limited: fails('limits', 429, { 'retry-after': '7' }),
    upstream_error: fails('fails', 500),
    upstream_auth_failed: fails('refuses', 401),
    upstream_unreachable: askUpstream('drops', { steps: [], ending: 'drop' }),
    upstream_bad_reply: askUpstream('babbles', { headers: { 'content-type': 'application/json' }, steps: [{ write: asked.babble }] }),
    upstream_timeout: asked.isPatient
      ? askUpstream('sleeps', { headers: { 'content-type': 'text/event-stream' }, steps: [{ waitFor: 'never' }] }, asked.stream)
      : askUpstream('sleeps', { before: [{ waitFor: 'never' }], steps: [] }),
    upstream_stream_failed: askUpstream('breaks', { steps: [{ write: asked.firstEvent }], ending: 'cut' }, asked.stream),
    insufficient_balance: async (stage) => {
      const payer = await makePayer(stage.main, { billing: 'balance', nanoUsd: 1n });
      return ask(stage, { key: payer.key, fields: { model: asked.priced } });
    },
    workspace_suspended: (stage) => ask(stage, { key: stage.keys.payers.suspended.key }),
    concurrency_limited: async (stage) => {
      const payer = await makePayer(stage.main, { limits: { requests_per_minute: null, tokens_per_minute: null, concurrent_requests: 1 } });
      return whileOpen(stage, { id, asked, key: payer.key });
    },
    idempotency_key_in_use: (stage) => whileOpen(stage, { id, asked, key: stage.main.key, headers: idempotencyKey() }),
    async idempotency_key_reused(stage) {
      const headers = idempotencyKey();
      await ask(stage, { headers });
      return ask(stage, { headers, fields: asked.other });
    },
  };
}

/** Does the same again while a call of the payer hangs in the upstream. */
async function whileOpen(stage: Stage, { id, asked, key, headers = {} }: { id: OperationId; asked: MediaAsk; key: string; headers?: Headers }): Promise<RawReply> {
  const name = `${id}-waits-${String(nextKey++)}`;
  // In events, of which the upstream has more to tell than it does.
  stage.upstream.play(name, { headers: { 'content-type': 'text/event-stream' }, steps: [{ write: asked.firstEvent }, { waitFor: name }] });
  const parts = asked.request({ model: `vllm/${name}`, ...asked.stream });
  const open = await begin(stage.main.url, { ...parts, key, headers: { ...parts.headers, ...headers } });
  await open.head();
  try {
    return await call(stage.main.url, { ...parts, key, headers: { ...parts.headers, ...headers } });
  } finally {
    open.leave();
    stage.upstream.release(name);
  }
}
