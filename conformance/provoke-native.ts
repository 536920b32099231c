/** This file knows how to make the native operations say what the gateway itself says of them; what a provider says is its own. */
import type { ErrorCode } from '../generated/errors.ts';
import type { OperationId } from '../generated/operations.ts';
import { goodRequestTo, hello } from './good-requests.ts';
import { askJson, makePayer } from './payer.ts';
import type { Provocation } from './provocation.ts';
import { call } from './raw-client.ts';
import type { RawReply } from './raw-client.ts';
import type { Replay } from './replay-upstream.ts';
import { ask } from './stage.ts';
import type { Stage } from './stage.ts';
import { eventually } from './server-under-test.ts';

export const nativeOperations: readonly OperationId[] = ['getNative', 'postNative', 'deleteNative'];

type Provokes = Partial<Readonly<Record<ErrorCode, Provocation['provoke']>>>;

/** Calls a path of a provider nobody listens at. */
async function askSilent(stage: Stage, id: OperationId): Promise<RawReply> {
  const body = {
    id: 'silent', name: 'Silent', wire: 'openai-chat', base_url: 'http://127.0.0.1:9/v1', key_env: null, key_required: false, discover: false, native: { unmetered_paths: ['*'] },
  };
  await askJson(stage.main, { method: 'PUT', path: '/v1/admin/providers/silent', body });
  return ask(stage, id, { path: '/v1/native/silent/models' });
}

async function askUpstream(stage: Stage, name: string, replay: Replay): Promise<RawReply> {
  stage.upstream.play(name, replay);
  return ask(stage, 'postNative', { path: '/v1/native/vllm/chat/completions', body: hello({ model: name }) });
}

let nextKey = 1;
const idempotencyKey = (): Readonly<Record<string, string>> => ({ 'idempotency-key': `native-${String(nextKey++)}` });

/** By code; each is said by every native operation. */
export const provocationsOfNatives: Provokes = {
  native_path_not_metered: (stage, id) => ask(stage, id, { path: '/v1/native/sandbox/batches' }),
  provider_not_found: (stage, id) => ask(stage, id, { path: '/v1/native/nobody/models' }),
  upstream_unreachable: askSilent,
  rate_limited: (stage, id) => eventually(async () => {
    const reply = await call(stage.main.url, { ...await goodRequestTo(stage.main, id), key: stage.keys.payers.slow.key });
    return reply.status === 200 ? null : reply;
  }),
};

/** What only a call of a model can say. */
export const provocationsOfNativeCalls: Provokes = {
  model_not_found: (stage, id) => ask(stage, id, { body: hello({ model: 'nobody' }) }),
  upstream_timeout: (stage) => askUpstream(stage, 'native-sleeps', { before: [{ waitFor: 'never' }], steps: [] }),
  upstream_bad_reply: (stage) => askUpstream(stage, 'native-babbles', { headers: { 'content-type': 'text/html' }, steps: [{ write: '<html>welcome</html>' }] }),
  async request_exceeds_budget(stage, id) {
    const payer = await makePayer(stage.main);
    const budget = { name: 'small', scope: { type: 'key', id: payer.keyId }, unit: 'messages', amount: '1', period: 'total' };
    await askJson({ url: stage.main.url, key: payer.key }, { path: '/v1/budgets', body: budget }, 201);
    // Without a cap, all its model can give is set aside: more than a message.
    return call(stage.main.url, { ...await goodRequestTo(stage.main, id), key: payer.key });
  },
  async idempotency_key_in_use(stage, id) {
    const parts = { headers: idempotencyKey(), body: hello({ model: 'echo', sandbox: { first_token_ms: SLOW_MS } }) };
    const [first, second] = await Promise.all([ask(stage, id, parts), ask(stage, id, parts)]);
    return first.status === 409 ? first : second;
  },
  async idempotency_key_reused(stage, id) {
    const headers = idempotencyKey();
    await ask(stage, id, { headers });
    return ask(stage, id, { headers, body: hello({ model: 'echo', temperature: 0.1 }) });
  },
};

/** Less than the stage waits for a first byte. */
const SLOW_MS = 200;
