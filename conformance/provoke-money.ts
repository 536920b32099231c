/** This file knows how to make the running server say the errors of money, limits, workspaces and the operator's doors. */
import { operations } from '../generated/operations.ts';
import type { OperationId } from '../generated/operations.ts';
import type { ErrorCode } from '../generated/errors.ts';
import { OWN_KEY_PROVIDER, goodRequestTo, hello, stripeEvent } from './good-requests.ts';
import { askJson, makePayer } from './payer.ts';
import type { Payer, PayerOptions } from './payer.ts';
import type { Provocation } from './provocation.ts';
import { begin, call } from './raw-client.ts';
import type { RawReply, RequestParts } from './raw-client.ts';
import { eventually } from './server-under-test.ts';
import { ask } from './stage.ts';
import { bodyFor, dearBody, pathOf, pricedModel, talkativeBody, paidOperations, textOperations } from './model-requests.ts';
import type { Stage } from './stage.ts';

type MoneyCode = Extract<ErrorCode,
  | 'unsupported_field' | 'unsupported_model' | 'unsafe_url' | 'provider_key_rejected' | 'invalid_signature' | 'insufficient_balance' | 'budget_exhausted' | 'in_flight_budget' | 'request_exceeds_budget'
  | 'insufficient_role' | 'workspace_not_allowed' | 'workspace_suspended' | 'tier_not_in_plan' | 'workspace_not_found' | 'user_not_found' | 'member_not_found'
  | 'budget_not_found' | 'provider_key_not_found' | 'plan_not_found' | 'provider_not_found' | 'request_not_found' | 'idempotency_key_in_use'
  | 'idempotency_reply_not_kept' | 'last_owner' | 'email_taken' | 'already_member' | 'provider_key_exists' | 'plan_in_use' | 'balance_in_use'
  | 'refund_too_large' | 'entry_is_built_in' | 'idempotency_key_reused' | 'quota_exceeded' | 'rate_limited' | 'concurrency_limited' | 'payment_provider_failed'>;

/** Of what is built in, one of each kind. */
const BUILT_IN: Partial<Record<OperationId, string>> = { deletePlan: 'premium', deleteModelEntry: 'sandbox/echo', deleteRouteEntry: 'balanced' };
const every = Object.keys(operations) as OperationId[];
const withKey = every.filter((id) => operations[id].scope !== 'none');
const chat = textOperations;
const paid = paidOperations;
const NOBODY = '0'.repeat(32);
const path = (id: OperationId, value: string): string => `/v1${operations[id].path.replace(/\{\w+\}/, value)}`;

/** Asks with something that does not exist: in the path where there is one, else in the body. */
function missing(prefix: string, field: string): Provocation['provoke'] {
  return async (stage, id) => {
    if (operations[id].path.includes(`{${field}}`)) return ask(stage, id, { path: path(id, `${prefix}${NOBODY}`) });
    const { body } = await goodRequestTo(stage.main, id);
    return ask(stage, id, { body: { ...body as object, [id === 'createWorkspace' && field === 'user' ? 'owner' : field]: `${prefix}${NOBODY}` } });
  };
}

/** Asks a model in the name of a payer. */
function askAs(stage: Stage, id: OperationId, payer: Payer, more: Readonly<Record<string, unknown>> = {}): Promise<RawReply> {
  return call(stage.main.url, { path: pathOf(id), key: payer.key, body: bodyFor(id, more) });
}

/** A payer whose key has a budget. */
async function withBudget(stage: Stage, unit: 'usd' | 'messages', amount: string, options: PayerOptions = {}): Promise<Payer> {
  const payer = await makePayer(stage.main, options);
  await askJson({ url: stage.main.url, key: payer.key }, { path: '/v1/budgets', body: { name: 'small', scope: { type: 'key', id: payer.keyId }, unit, amount, period: 'total' } }, 201);
  return payer;
}

/** Does something while a stream of the payer stays open. */
async function whileOpen(stage: Stage, payer: Payer, work: () => Promise<RawReply>): Promise<RawReply> {
  const stream = await begin(stage.main.url, { path: '/v1/chat/completions', key: payer.key, body: hello({ stream: true, sandbox: { hang_after_events: 1 } }) });
  await stream.head();
  try {
    return await work();
  } finally {
    stream.leave();
  }
}

async function idempotent(stage: Stage, id: OperationId, bodies: readonly [unknown, unknown]): Promise<RawReply> {
  const headers = { 'idempotency-key': `key-${String(nextKey++)}` };
  await ask(stage, id, { body: bodies[0], headers });
  return ask(stage, id, { body: bodies[1], headers });
}
let nextKey = 1;

/** Two at once: one of them finds the other's key in use. */
async function inUse(stage: Stage, id: OperationId): Promise<RawReply> {
  const headers = { 'idempotency-key': `key-${String(nextKey++)}` };
  const parts: RequestParts = { path: pathOf(id), key: stage.main.key, headers, body: bodyFor(id, { sandbox: { first_token_ms: SLOW_MS } }) };
  const [first, second] = await Promise.all([call(stage.main.url, parts), call(stage.main.url, parts)]);
  return first.status === 409 ? first : second;
}
/** Less than the stage waits for a first byte. */
const SLOW_MS = 200;

/** A key of somebody whose role the operation does not take. */
function wrongRole(stage: Stage, id: OperationId): string {
  return operations[id].roles?.includes('member') ? stage.keys.billing : stage.keys.member;
}

const withRoles = withKey.filter((id) => operations[id].roles !== null && operations[id].roles.length < 4);

async function ownerOf(stage: Stage): Promise<string> {
  const { data } = await askJson(stage.main, { path: '/v1/members?limit=100' }) as { data?: { user: string; role: string }[] };
  return data?.find((member) => member.role === 'owner')?.user ?? '';
}

async function deadProvider(stage: Stage): Promise<RawReply> {
  const body = { id: 'dead', name: 'Dead', wire: 'openai-chat', base_url: 'http://127.0.0.1:9/v1', key_env: ['DEAD_API_KEY'], key_required: true, discover: false };
  await askJson(stage.main, { method: 'PUT', path: '/v1/admin/providers/dead', body });
  return ask(stage, 'createProviderKey', { body: { provider: 'dead', key: 'sk-own-0123456789' } });
}

/** Of `upstream_unreachable`, that of a provider key being tried. */
export const unreachableProviderKey = deadProvider;

/** A model whose only target does not take a field. */
async function strictly(stage: Stage, id: OperationId): Promise<RawReply> {
  if (id === 'createCompletion') return ask(stage, id, { body: bodyFor(id, { suffix: 'end' }) });
  if (id === 'createResponse') return ask(stage, id, { body: bodyFor(id, { conversation: 'conv_1' }) });
  const body = {
    id: 'strict/model', name: 'Strict', tier: 'basic', context_window: 1000, max_output_tokens: 100,
    kinds: ['chat', 'embeddings'],
    targets: [{ provider: 'vllm', model: 'strict', unpriced: true, quirks: { drop_fields: ['store'] } }],
  };
  await askJson(stage.main, { method: 'PUT', path: '/v1/admin/models/strict/model', body });
  return ask(stage, id, { headers: { 'x-interline-strict': 'true' }, body: bodyFor(id, { model: 'strict/model', store: true }) });
}

export const provocationsOfMoney: Readonly<Record<MoneyCode, Provocation>> = {
  unsupported_field: { by: chat, provoke: strictly },
  unsupported_model: { by: paid, provoke: (stage, id) => ask(stage, id, { body: bodyFor(id, { model: id === 'createEmbedding' ? 'sandbox/echo' : 'sandbox/embedding' }) }) },
  unsafe_url: { by: ['createProviderKey'], provoke: (stage, id) => ask(stage, id, { body: { provider: OWN_KEY_PROVIDER, key: 'sk-own-0123456789', base_url: 'https://127.0.0.1/v1' } }) },
  provider_key_rejected: {
    by: ['createProviderKey'],
    async provoke(stage, id) {
      await goodRequestTo(stage.main, id);
      return ask(stage, id, { body: { provider: OWN_KEY_PROVIDER, key: 'sk-refused-0123456789' } });
    },
  },
  invalid_signature: { by: ['receiveStripeEvent'], provoke: (stage) => call(stage.main.url, stripeEvent({ id: 'evt_forged', type: 'checkout.session.completed', data: { object: {} } }, 'whsec_wrong')) },
  insufficient_balance: { by: paid, provoke: (stage, id) => askAs(stage, id, stage.keys.payers.poor, dearBody(id)) },
  budget_exhausted: {
    by: chat,
    async provoke(stage, id) {
      const payer = await withBudget(stage, 'messages', '1');
      await askAs(stage, id, payer);
      return askAs(stage, id, payer);
    },
  },
  in_flight_budget: {
    by: chat,
    async provoke(stage, id) {
      const payer = await withBudget(stage, 'messages', '1');
      return whileOpen(stage, payer, () => askAs(stage, id, payer));
    },
  },
  request_exceeds_budget: { by: paid, provoke: async (stage, id) => askAs(stage, id, await withBudget(stage, 'usd', '10'), { model: pricedModel(id) }) },
  insufficient_role: { by: withRoles, provoke: (stage, id) => ask(stage, id, { key: wrongRole(stage, id) }) },
  workspace_not_allowed: { by: withKey, provoke: (stage, id) => ask(stage, id, { headers: { 'x-writingmate-workspace': `ws_${NOBODY}` } }) },
  workspace_suspended: { by: paid, provoke: (stage, id) => askAs(stage, id, stage.keys.payers.suspended) },
  tier_not_in_plan: { by: paid, provoke: (stage, id) => askAs(stage, id, stage.keys.payers.basicOnly, { model: pricedModel(id) }) },
  workspace_not_found: {
    by: ['retrieveWorkspace', 'updateWorkspace', 'retrieveCachedReplies', 'deleteCachedReplies', 'retrieveAnyWorkspace', 'updateAnyWorkspace', 'createGrant', 'createAdjustment', 'createRefund', 'createUserKey'],
    provoke: missing('ws_', 'workspace'),
  },
  user_not_found: { by: ['retrieveUser', 'updateUser', 'addMember', 'createUserKey', 'createWorkspace'], provoke: missing('user_', 'user') },
  member_not_found: { by: ['retrieveMember', 'updateMember', 'removeMember', 'createKey'], provoke: missing('user_', 'user') },
  budget_not_found: { by: ['retrieveBudget', 'updateBudget', 'deleteBudget'], provoke: missing('budget_', 'budget') },
  provider_key_not_found: { by: ['retrieveProviderKey', 'deleteProviderKey'], provoke: missing('pk_', 'provider_key') },
  plan_not_found: {
    by: ['retrievePlan', 'deletePlan', 'createWorkspace', 'updateAnyWorkspace'],
    provoke: async (stage, id) => {
      const { body } = await goodRequestTo(stage.main, id);
      return ask(stage, id, body === undefined ? { path: '/v1/admin/plans/nobody' } : { body: { ...body as object, plan: 'nobody' } });
    },
  },
  provider_not_found: {
    by: ['retrieveProviderEntry', 'deleteProviderEntry', 'createProviderKey'],
    provoke: (stage, id) => ask(stage, id, id === 'createProviderKey' ? { body: { provider: 'nobody', key: 'sk-own-0123456789' } } : { path: path(id, 'nobody') }),
  },
  request_not_found: { by: ['retrieveRequest', 'retrieveRequestBody', 'deleteRequestBody', 'createRefund'], provoke: missing('req_', 'request') },
  idempotency_key_in_use: { by: chat, provoke: inUse },
  idempotency_reply_not_kept: {
    by: chat,
    provoke: (stage, id) => idempotent(stage, id, [talkativeBody(id), talkativeBody(id)]),
  },
  last_owner: { by: ['updateMember', 'removeMember'], provoke: async (stage, id) => ask(stage, id, { path: path(id, await ownerOf(stage)) }) },
  email_taken: {
    by: ['createUser', 'updateUser'],
    async provoke(stage, id) {
      await call(stage.main.url, { path: '/v1/admin/users', key: stage.main.key, body: { name: 'taken', email: 'taken@example.com' } });
      return ask(stage, id, { body: { name: 'second', email: 'Taken@example.com' } });
    },
  },
  already_member: { by: ['addMember'], provoke: async (stage, id) => ask(stage, id, { body: { user: await ownerOf(stage), role: 'member' } }) },
  provider_key_exists: {
    by: ['createProviderKey'],
    async provoke(stage, id) {
      await ask(stage, id);
      return call(stage.main.url, { path: '/v1/provider-keys', key: stage.main.key, body: { provider: OWN_KEY_PROVIDER, key: 'sk-own-0123456789' } });
    },
  },
  plan_in_use: { by: ['deletePlan'], provoke: (stage, id) => ask(stage, id, { path: '/v1/admin/plans/basic-only' }) },
  balance_in_use: {
    by: ['createAdjustment'],
    provoke: (stage, id) => ask(stage, id, { body: { workspace: stage.keys.payers.poor.workspace, amount_nano_usd: '999999999999999' } }),
  },
  refund_too_large: {
    by: ['createRefund'],
    async provoke(stage, id) {
      const { body } = await goodRequestTo(stage.main, id);
      return ask(stage, id, { body: { ...body as object, amount_nano_usd: '999999999999999' } });
    },
  },
  entry_is_built_in: {
    by: ['deletePlan', 'deleteModelEntry', 'deleteProviderEntry', 'deleteRouteEntry'],
    provoke: (stage, id) => ask(stage, id, { path: path(id, BUILT_IN[id] ?? 'openrouter') }),
  },
  idempotency_key_reused: { by: paid, provoke: (stage, id) => idempotent(stage, id, [bodyFor(id), bodyFor(id, { user: 'another' })]) },
  quota_exceeded: {
    by: chat,
    provoke: (stage, id) => eventually(async () => {
      const reply = await askAs(stage, id, stage.keys.payers.basicOnly);
      return reply.status === 200 ? null : reply;
    }),
  },
  rate_limited: {
    by: paid,
    provoke: (stage, id) => eventually(async () => {
      const reply = await askAs(stage, id, stage.keys.payers.slow);
      return reply.status === 200 ? null : reply;
    }),
  },
  concurrency_limited: {
    by: chat,
    async provoke(stage, id) {
      const payer = await makePayer(stage.main, { limits: { requests_per_minute: null, tokens_per_minute: null, concurrent_requests: 1 } });
      return whileOpen(stage, payer, () => askAs(stage, id, payer));
    },
  },
  payment_provider_failed: {
    by: ['createTopup'],
    async provoke(stage, id) {
      stage.payments.fail(true);
      const reply = await ask(stage, id);
      stage.payments.fail(false);
      return reply;
    },
  },
};
