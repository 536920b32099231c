/** This file knows how to make the image operations say the errors that only a call of a model, or a look for an image, can say. */
import type { ErrorCode } from '../generated/errors.ts';
import type { OperationId } from '../generated/operations.ts';
import { PRICED_IMAGE, edit, image } from './image-requests.ts';
import { makePayer } from './payer.ts';
import type { Provocation } from './provocation.ts';
import { begin, call } from './raw-client.ts';
import type { RawReply, RequestParts } from './raw-client.ts';
import type { Replay } from './replay-upstream.ts';
import type { Stage } from './stage.ts';

export const imageOperations: readonly OperationId[] = ['createImage', 'createImageEdit'];

type Fields = Readonly<Record<string, unknown>>;
type Headers = Readonly<Record<string, string>>;

function request(id: OperationId, fields: Fields = {}): RequestParts {
  return id === 'createImage' ? image(fields) : edit(fields);
}

function ask(stage: Stage, id: OperationId, { fields = {}, headers = {}, key = stage.main.key }: { fields?: Fields; headers?: Headers; key?: string } = {}): Promise<RawReply> {
  const parts = request(id, fields);
  return call(stage.main.url, { ...parts, key, headers: { ...parts.headers, ...headers } });
}

/** Asks the replay upstream, which goes as told. */
function askUpstream(name: string, replay: Replay, fields: Fields = {}): Provocation['provoke'] {
  return (stage, id) => {
    stage.upstream.play(`${id}-${name}`, replay);
    return ask(stage, id, { fields: { model: `vllm/${id}-${name}`, ...fields } });
  };
}

function fails(name: string, status: number, headers: Headers = {}): Provocation['provoke'] {
  const error = { message: 'no', type: 'server_error', param: null, code: 'unsupported_value' };
  return askUpstream(name, { status, headers: { 'content-type': 'application/json', ...headers }, steps: [{ write: JSON.stringify({ error }) }] });
}

function first(id: OperationId): string {
  const type = `${id === 'createImage' ? 'image_generation' : 'image_edit'}.partial_image`;
  return `event: ${type}\ndata: ${JSON.stringify({ type, b64_json: 'iVBORw0KGgo=', partial_image_index: 0 })}\n\n`;
}

let nextKey = 1;
const idempotencyKey = (): Headers => ({ 'idempotency-key': `images-${String(nextKey++)}` });

/** Does the same again while a call of the payer hangs in the upstream. */
async function whileOpen(stage: Stage, id: OperationId, { key, headers = {} }: { key: string; headers?: Headers }): Promise<RawReply> {
  const name = `${id}-waits-${String(nextKey++)}`;
  stage.upstream.play(name, { headers: { 'content-type': 'text/event-stream' }, steps: [{ write: first(id) }, { waitFor: name }] });
  const parts = request(id, { model: `vllm/${name}`, stream: true });
  const open = await begin(stage.main.url, { ...parts, key, headers: { ...parts.headers, ...headers } });
  await open.head();
  try {
    return await call(stage.main.url, { ...parts, key, headers: { ...parts.headers, ...headers } });
  } finally {
    open.leave();
    stage.upstream.release(name);
  }
}

/** By code; each is said by both operations. */
export const provocationsOfImages: Partial<Readonly<Record<ErrorCode, Provocation['provoke']>>> = {
  model_not_found: (stage, id) => ask(stage, id, { fields: { model: 'nobody/nothing' } }),
  model_not_available: (stage, id) => ask(stage, id, { fields: { model: 'openai/dall-e-3' } }),
  model_not_allowed: (stage, id) => ask(stage, id, { key: stage.keys.sandboxOnly, fields: { model: 'vllm/any' } }),
  unsupported_model: (stage, id) => ask(stage, id, { fields: { model: 'sandbox/echo' } }),
  upstream_rejected: fails('rejects', 400),
  upstream_rate_limited: fails('limits', 429, { 'retry-after': '7' }),
  upstream_error: fails('fails', 500),
  upstream_auth_failed: fails('refuses', 401),
  upstream_unreachable: askUpstream('drops', { steps: [], ending: 'drop' }),
  upstream_bad_reply: askUpstream('babbles', { headers: { 'content-type': 'application/json' }, steps: [{ write: '{"data":[{"b64_json":"PGh0bWw+"}]}' }] }),
  // A stream that says nothing: a reply in one piece may take its time.
  upstream_timeout: (stage, id) => askUpstream('sleeps', { headers: { 'content-type': 'text/event-stream' }, steps: [{ waitFor: 'never' }] }, { stream: true })(stage, id),
  upstream_stream_failed: (stage, id) => askUpstream('breaks', { steps: [{ write: first(id) }], ending: 'cut' }, { stream: true })(stage, id),
  insufficient_balance: async (stage, id) => {
    const payer = await makePayer(stage.main, { billing: 'balance', nanoUsd: 1n });
    return ask(stage, id, { key: payer.key, fields: { model: PRICED_IMAGE.id } });
  },
  workspace_suspended: (stage, id) => ask(stage, id, { key: stage.keys.payers.suspended.key }),
  concurrency_limited: async (stage, id) => {
    const payer = await makePayer(stage.main, { limits: { requests_per_minute: null, tokens_per_minute: null, concurrent_requests: 1 } });
    return whileOpen(stage, id, { key: payer.key });
  },
  idempotency_key_in_use: (stage, id) => whileOpen(stage, id, { key: stage.main.key, headers: idempotencyKey() }),
  async idempotency_key_reused(stage, id) {
    const headers = idempotencyKey();
    await ask(stage, id, { headers });
    return ask(stage, id, { headers, fields: { prompt: 'something else' } });
  },
};

/** An image nobody has made. */
export const imageNotFound: Provocation = {
  by: ['retrieveImageContent'],
  provoke: (stage) => call(stage.main.url, { path: `/v1/images/img_${'0'.repeat(32)}/content`, key: stage.main.key }),
};
