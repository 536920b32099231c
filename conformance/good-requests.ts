/** This file knows, for every operation, a request that is answered with success. */
import { createHmac } from 'node:crypto';
import type { OperationId } from '../generated/operations.ts';
import { speech, transcription } from './audio-requests.ts';
import { goodEval } from './eval-requests.ts';
import { drawn, edit, image } from './image-requests.ts';
import { askJson, makePayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { call } from './raw-client.ts';
import type { RequestParts } from './raw-client.ts';
import { eventually } from './server-under-test.ts';
import { goodRolloutRequest } from './rollout-requests.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** A request of an operation that is answered with success, but for its key. */
export async function goodRequestTo(server: ServerUnderTest, id: OperationId): Promise<RequestParts> {
  return await goodManagement(server, id) ?? await goodEval(server, id) ?? await goodOperation(server, id);
}

/** What is there to be looked at. */
interface Sample {
  /** The workspace of the first key, and its owner. */
  readonly own: string;
  readonly owner: string;
  readonly payer: Payer;
}

const samples = new WeakMap<ServerUnderTest, Promise<Sample>>();

/** Made once for a server. */
function sampleOf(server: ServerUnderTest): Promise<Sample> {
  const make = async (): Promise<Sample> => {
    const workspaces = await askJson(server, { path: '/v1/workspaces' }) as { data?: { id: string }[] };
    const members = await askJson(server, { path: '/v1/members?limit=100' }) as { data?: { user: string; role: string }[] };
    return {
      own: workspaces.data?.[0]?.id ?? '',
      owner: members.data?.find((member) => member.role === 'owner')?.user ?? '',
      payer: await makePayer(server, { billing: 'balance', nanoUsd: 10_000_000_000n }),
    };
  };
  const known = samples.get(server) ?? make();
  samples.set(server, known);
  return known;
}

/** Requests about what a workspace or an operator manages; null for others. */
async function goodManagement(server: ServerUnderTest, id: OperationId): Promise<RequestParts | null> {
  const make = async (path: string, body: unknown): Promise<string> => String((await askJson(server, { path, body }, 201))['id']);
  const user = (): Promise<string> => make('/v1/admin/users', { name: 'somebody' });
  const joined = async (): Promise<string> => {
    const one = await user();
    await askJson(server, { path: '/v1/members', body: { user: one, role: 'member' } }, 201);
    return one;
  };
  const budget = async (): Promise<string> => make('/v1/budgets', { name: 'a budget', scope: { type: 'workspace', id: (await sampleOf(server)).own }, unit: 'messages', amount: '1000000', period: 'daily' });
  switch (id) {
    case 'listWorkspaces': return { path: '/v1/workspaces' };
    case 'retrieveWorkspace': return { path: `/v1/workspaces/${(await sampleOf(server)).own}` };
    case 'retrieveCachedReplies': return { path: `/v1/workspaces/${(await sampleOf(server)).own}/cache` };
    case 'deleteCachedReplies': return { method: 'DELETE', path: `/v1/workspaces/${(await sampleOf(server)).own}/cache` };
    case 'updateWorkspace': return { method: 'PATCH', path: `/v1/workspaces/${(await sampleOf(server)).own}`, body: { name: 'default' } };
    case 'listMembers': return { path: '/v1/members' };
    case 'addMember': return { path: '/v1/members', body: { user: await user(), role: 'member' } };
    case 'retrieveMember': return { path: `/v1/members/${(await sampleOf(server)).owner}` };
    case 'updateMember': return { method: 'PATCH', path: `/v1/members/${await joined()}`, body: { role: 'billing' } };
    case 'removeMember': return { method: 'DELETE', path: `/v1/members/${await joined()}` };
    case 'listBudgets': return { path: '/v1/budgets' };
    case 'createBudget': return { path: '/v1/budgets', body: { name: 'wide', scope: { type: 'workspace', id: (await sampleOf(server)).own }, unit: 'messages', amount: '1000000', period: 'daily' } };
    case 'retrieveBudget': return { path: `/v1/budgets/${await budget()}` };
    case 'updateBudget': return { method: 'PATCH', path: `/v1/budgets/${await budget()}`, body: { name: 'renamed' } };
    case 'deleteBudget': return { method: 'DELETE', path: `/v1/budgets/${await budget()}` };
    case 'retrieveBalance': return { path: '/v1/balance' };
    case 'createTopup': return { path: '/v1/balance/topups', body: { amount_nano_usd: '10000000000', success_url: 'https://example.com/paid', cancel_url: 'https://example.com/billing' } };
    case 'getStatement': return { path: '/v1/balance/statement' };
    case 'listLedger': return { path: '/v1/ledger' };
    case 'listLimits': return { path: '/v1/limits' };
    case 'listProviderKeys': return { path: '/v1/provider-keys' };
    case 'retrieveProviderKey': return { path: `/v1/provider-keys/${await storeProviderKey(server)}` };
    case 'deleteProviderKey': return { method: 'DELETE', path: `/v1/provider-keys/${await storeProviderKey(server)}` };
    case 'createProviderKey': {
      await forgetProviderKeys(server, OWN_KEY_PROVIDER);
      return { path: '/v1/provider-keys', body: { provider: OWN_KEY_PROVIDER, key: 'sk-own-0123456789' } };
    }
    case 'listUsers': return { path: '/v1/admin/users' };
    case 'createUser': return { path: '/v1/admin/users', body: { name: 'Ada' } };
    case 'retrieveUser': return { path: `/v1/admin/users/${(await sampleOf(server)).owner}` };
    case 'updateUser': return { method: 'PATCH', path: `/v1/admin/users/${await user()}`, body: { name: 'renamed' } };
    case 'createUserKey': {
      const { payer } = await sampleOf(server);
      return { path: '/v1/admin/keys', body: { user: payer.user, workspace: payer.workspace, name: 'another' } };
    }
    case 'listAllWorkspaces': return { path: '/v1/admin/workspaces' };
    case 'createWorkspace': return { path: '/v1/admin/workspaces', body: { name: 'Acme', owner: (await sampleOf(server)).payer.user } };
    case 'retrieveAnyWorkspace': return { path: `/v1/admin/workspaces/${(await sampleOf(server)).payer.workspace}` };
    case 'updateAnyWorkspace': return { method: 'PATCH', path: `/v1/admin/workspaces/${(await sampleOf(server)).payer.workspace}`, body: { name: 'renamed' } };
    case 'listPlans': return { path: '/v1/admin/plans' };
    case 'retrievePlan': return { path: '/v1/admin/plans/premium' };
    case 'putPlan': return { method: 'PUT', path: '/v1/admin/plans/test-plan', body: PLAN };
    case 'deletePlan': {
      await askJson(server, { method: 'PUT', path: '/v1/admin/plans/brief-plan', body: PLAN });
      return { method: 'DELETE', path: '/v1/admin/plans/brief-plan' };
    }
    case 'listModelEntries': return { path: '/v1/admin/models' };
    case 'retrieveModelEntry': return { path: '/v1/admin/models/sandbox/echo' };
    case 'putModelEntry': return { method: 'PUT', path: '/v1/admin/models/test/model', body: modelEntry('test/model') };
    case 'deleteModelEntry': {
      await askJson(server, { method: 'PUT', path: '/v1/admin/models/brief/model', body: modelEntry('brief/model') });
      return { method: 'DELETE', path: '/v1/admin/models/brief/model' };
    }
    case 'listProviderEntries': return { path: '/v1/admin/providers' };
    case 'retrieveProviderEntry': return { path: '/v1/admin/providers/openrouter' };
    case 'putProviderEntry': return { method: 'PUT', path: '/v1/admin/providers/test-provider', body: providerEntry('test-provider') };
    case 'deleteProviderEntry': {
      await askJson(server, { method: 'PUT', path: '/v1/admin/providers/brief-provider', body: providerEntry('brief-provider') });
      return { method: 'DELETE', path: '/v1/admin/providers/brief-provider' };
    }
    case 'listTargets': return { path: '/v1/admin/targets?state=closed' };
    case 'putRouteEntry': return { method: 'PUT', path: '/v1/admin/routes/test-route', body: routeEntry('test-route') };
    case 'deleteRouteEntry': {
      await askJson(server, { method: 'PUT', path: '/v1/admin/routes/brief-route', body: routeEntry('brief-route') });
      return { method: 'DELETE', path: '/v1/admin/routes/brief-route' };
    }
    case 'listRoutes': return { path: '/v1/routes' };
    case 'retrieveRoute': return { path: '/v1/routes/balanced' };
    case 'putRoute': return { method: 'PUT', path: '/v1/routes/own-route', body: { id: 'own-route', stands_for: ['sandbox/echo'] } };
    case 'deleteRoute': {
      await askJson(server, { method: 'PUT', path: '/v1/routes/brief-own-route', body: routeEntry('brief-own-route') });
      return { method: 'DELETE', path: '/v1/routes/brief-own-route' };
    }
    case 'explainRoute': return { path: '/v1/routes/explain', body: { operation: 'chat.completions', request: hello({ model: 'balanced' }) } };
    case 'createGrant': return { path: '/v1/admin/ledger/grants', body: { workspace: (await sampleOf(server)).payer.workspace, amount_nano_usd: '1000000', note: 'test' } };
    case 'createAdjustment': return { path: '/v1/admin/ledger/adjustments', body: { workspace: (await sampleOf(server)).payer.workspace, amount_nano_usd: '1' } };
    case 'createRefund': return { path: '/v1/admin/ledger/refunds', body: { workspace: (await sampleOf(server)).payer.workspace, request: await paidRequest(server) } };
    case 'checkLedger': return { path: '/v1/admin/ledger/check' };
    default: return goodRolloutRequest(server, id);
  }
}

export const PLAN = { name: 'Test', tiers: { basic: { allowed: true, messages_per_day: null }, pro: { allowed: true, messages_per_day: 5 }, ultimate: { allowed: false, messages_per_day: 0 } } };
/** Its key is tried at the upstream of the tests. */
export const OWN_KEY_PROVIDER = 'together';
/** Another at the same upstream, whose stored key is looked at. */
const STORED_KEY_PROVIDER = 'groq';

function modelEntry(id: string): Record<string, unknown> {
  return { id, name: id, tier: 'pro', context_window: 1000, max_output_tokens: 100, targets: [{ provider: 'sandbox', model: 'echo', unpriced: true }] };
}

function routeEntry(id: string): Record<string, unknown> {
  return { id, description: id, objective: 'weighted', targets: [{ model: 'sandbox/chat', weight: 3 }, 'sandbox/echo'], fallback: { attempts: 2 } };
}

function providerEntry(id: string): Record<string, unknown> {
  return { id, name: id, wire: 'openai-chat', base_url: 'http://127.0.0.1:9/v1', key_env: null, key_required: false, discover: false };
}

async function providerKeys(server: ServerUnderTest, provider: string): Promise<string[]> {
  const { data } = await askJson(server, { path: '/v1/provider-keys' }) as { data?: { id: string; provider: string }[] };
  return (data ?? []).filter((key) => key.provider === provider).map((key) => key.id);
}

async function forgetProviderKeys(server: ServerUnderTest, provider: string): Promise<void> {
  for (const id of await providerKeys(server, provider)) await askJson(server, { method: 'DELETE', path: `/v1/provider-keys/${id}` });
}

async function storeProviderKey(server: ServerUnderTest): Promise<string> {
  const [known] = await providerKeys(server, STORED_KEY_PROVIDER);
  return known ?? String((await askJson(server, { path: '/v1/provider-keys', body: { provider: STORED_KEY_PROVIDER, key: 'sk-own-0123456789' } }, 201))['id']);
}

/** A request that the balance of the sample has paid for. */
async function paidRequest(server: ServerUnderTest): Promise<string> {
  const { payer } = await sampleOf(server);
  const reply = await call(server.url, { path: '/v1/chat/completions', key: payer.key, body: hello({ model: PRICED_MODEL }) });
  if (reply.status !== 200) throw new Error(`nothing was paid: ${reply.status} ${reply.body.toString('utf8')}`);
  return reply.headers['x-request-id'] ?? '';
}

/** The sandbox, for money: so that a charge needs no upstream. */
export const PRICED_MODEL = 'priced/echo';
export const PRICED = { id: PRICED_MODEL, name: 'Priced', tier: 'pro', context_window: 100_000, max_output_tokens: 1000, targets: [{ provider: 'sandbox', model: 'echo', price: { input: 1_000_000_000, output: 1_000_000_000 } }] };

async function goodOperation(server: ServerUnderTest, id: OperationId): Promise<RequestParts> {
  const keyId = async (): Promise<string> => (await createKey(server, { name: 'target' })).id;
  switch (id) {
    case 'createChatCompletion': return { path: '/v1/chat/completions', body: hello() };
    case 'createCompletion': return { path: '/v1/completions', body: { model: 'sandbox/echo', prompt: 'Reply with exactly: Hello' } };
    case 'createEmbedding': return { path: '/v1/embeddings', body: { model: 'sandbox/embedding', input: 'Hello', dimensions: 8 } };
    case 'createTranscription': return transcription();
    case 'createSpeech': return speech();
    case 'createResponse': return { path: '/v1/responses', body: { model: 'sandbox/echo', input: 'Reply with exactly: Hello' } };
    case 'retrieveResponse': return { path: `/v1/responses/${await anyResponse(server)}` };
    case 'deleteResponse': return { method: 'DELETE', path: `/v1/responses/${await anyResponse(server)}` };
    case 'cancelResponse': return cancelled(server);
    case 'countResponseInputTokens': return { path: '/v1/responses/input_tokens', body: { model: 'sandbox/echo', input: 'Hello' } };
    case 'listResponseInputItems': return { path: `/v1/responses/${await anyResponse(server)}/input_items` };
    case 'createVideo': return { path: '/v1/videos', body: BRIEF_VIDEO };
    case 'listVideos': return { path: '/v1/videos' };
    case 'retrieveVideo': return { path: `/v1/videos/${await madeVideo(server, false)}` };
    case 'deleteVideo': return { method: 'DELETE', path: `/v1/videos/${await madeVideo(server, false)}` };
    case 'retrieveVideoContent': return { path: `/v1/videos/${await madeVideo(server, true)}/content` };
    case 'getNative': return { path: '/v1/native/sandbox/models' };
    case 'postNative': return { path: '/v1/native/sandbox/chat/completions', body: hello({ model: 'echo' }) };
    case 'deleteNative': return { method: 'DELETE', path: '/v1/native/sandbox/files/file-1' };
    case 'createImage': return image();
    case 'createImageEdit': return edit();
    case 'retrieveImageContent': return { path: `/v1/images/${await drawn(server)}/content` };
    case 'listModels': return { path: '/v1/models' };
    case 'retrieveModel': return { path: '/v1/models/google/gemini-2.5-flash' };
    case 'createKey': return { path: '/v1/keys', body: { name: 'made in a test' } };
    case 'listKeys': return { path: '/v1/keys' };
    case 'retrieveKey': return { path: `/v1/keys/${await keyId()}` };
    case 'updateKey': return { method: 'PATCH', path: `/v1/keys/${await keyId()}`, body: { name: 'renamed' } };
    case 'deleteKey': return { method: 'DELETE', path: `/v1/keys/${await keyId()}` };
    case 'listUsage': return { path: '/v1/usage' };
    case 'retrieveReport': return { path: '/v1/reports/overview' };
    case 'listRequests': return { path: '/v1/requests' };
    case 'exportRequests': return { path: '/v1/requests/export' };
    case 'retrieveRequestBody': return { path: `/v1/requests/${await keptRequest(server)}/body` };
    case 'deleteRequestBody': return { method: 'DELETE', path: `/v1/requests/${await keptRequest(server)}/body` };
    case 'deleteRequestBodies': return { method: 'DELETE', path: '/v1/requests/bodies' };
    case 'retrieveRequest': return { path: `/v1/requests/${await anyRequest(server)}` };
    case 'listReceiptKeys': return { path: '/v1/receipt-keys' };
    case 'receiveStripeEvent': return stripeEvent({ id: `evt_${String(nextEvent++)}`, type: 'customer.created', data: { object: {} } });
    case 'getOpenapiYaml': return { path: '/v1/openapi.yaml' };
    case 'getOpenapiJson': return { path: '/v1/openapi.json' };
    default: throw new Error(`no good request is known for ${id}`);
  }
}

let nextEvent = 1;

/** Made in no time. */
export const BRIEF_VIDEO = { model: 'sandbox/video', prompt: 'A paper boat.', size: '1280x720', seconds: '4', sandbox: { step_ms: 1 } };

/** A video of the first key's; waited for, when it must be there to be fetched. */
async function madeVideo(server: ServerUnderTest, isAwaited: boolean): Promise<string> {
  const { id } = await askJson(server, { path: '/v1/videos', body: BRIEF_VIDEO });
  if (isAwaited) await eventually(async () => ((await askJson(server, { path: `/v1/videos/${String(id)}` }))['status'] === 'completed' ? true : null));
  return String(id);
}

async function anyRequest(server: ServerUnderTest): Promise<string> {
  const reply = await call(server.url, { path: '/v1/chat/completions', key: server.key, body: hello() });
  return reply.headers['x-request-id'] ?? '';
}

/** A request whose bodies are kept. */
async function keptRequest(server: ServerUnderTest): Promise<string> {
  const workspace = `/v1/workspaces/${(await sampleOf(server)).own}`;
  await askJson(server, { method: 'PATCH', path: workspace, body: { request_bodies: { keep: 'full' } } });
  const id = await anyRequest(server);
  await eventually(async () => ((await call(server.url, { path: `/v1/requests/${id}/body`, key: server.key })).status === 200 ? true : null));
  await askJson(server, { method: 'PATCH', path: workspace, body: { request_bodies: { keep: 'none' } } });
  return id;
}

async function anyResponse(server: ServerUnderTest): Promise<string> {
  return String((await askJson(server, { path: '/v1/responses', body: { model: 'sandbox/echo', input: 'Reply with exactly: Hello' } }))['id']);
}

/** An answer is cancelled already: nothing goes on behind a test, and again does no harm. */
async function cancelled(server: ServerUnderTest): Promise<RequestParts> {
  const body = { model: 'sandbox/echo', input: 'Hello', background: true, sandbox: { first_token_ms: 60_000 } };
  const request = { method: 'POST', path: `/v1/responses/${String((await askJson(server, { path: '/v1/responses', body }))['id'])}/cancel` };
  await askJson(server, request);
  return request;
}

/** Signed as Stripe signs it: https://docs.stripe.com/webhooks#verify-manually, read 2026-11. */
export function stripeEvent(event: Readonly<Record<string, unknown>>, secret = STRIPE_WEBHOOK_SECRET): RequestParts {
  const body = JSON.stringify({ object: 'event', created: 1, ...event });
  const time = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');
  return { path: '/v1/webhooks/stripe', body, headers: { 'content-type': 'application/json', 'stripe-signature': `t=${time},v1=${signature}` } };
}

export const STRIPE_WEBHOOK_SECRET = 'whsec_conformance';


/** Creates a key with the server's first key. */
export async function createKey(server: ServerUnderTest, body: Readonly<Record<string, unknown>>): Promise<{ id: string; secret: string }> {
  const reply = await call(server.url, { path: '/v1/keys', key: server.key, body });
  if (reply.status !== 201) throw new Error(`no key was made: ${reply.status} ${reply.body.toString('utf8')}`);
  return JSON.parse(reply.body.toString('utf8')) as { id: string; secret: string };
}

/** A chat body that any server answers. */
export function hello(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { model: 'sandbox/echo', messages: [{ role: 'user', content: 'Reply with exactly: Hello' }], ...more };
}
