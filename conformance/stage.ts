/** This file sets up the servers, keys and upstreams in which every reply of the contract can be provoked. */
import type { OperationId } from '../generated/operations.ts';
import { startDamaged, startFull } from './damage.ts';
import { startFakeStripe } from './fake-stripe.ts';
import type { FakeStripe } from './fake-stripe.ts';
import type { BrokenServer, DamagedServer } from './damage.ts';
import { PRICED, STRIPE_WEBHOOK_SECRET, createKey, goodRequestTo } from './good-requests.ts';
import { PRICED_EMBEDDING, PRICED_VIDEO } from './model-requests.ts';
import { PRICED_SPEECH, PRICED_TRANSCRIPTION } from './audio-requests.ts';
import { PRICED_IMAGE } from './image-requests.ts';
import { askJson, makePayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { begin, call } from './raw-client.ts';
import type { RawReply, RequestParts } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerOptions, ServerUnderTest } from './server-under-test.ts';

/** Keys that are limited, each in one way. */
export interface StageKeys {
  readonly inference: string;
  readonly management: string;
  readonly expired: string;
  readonly revoked: string;
  /** May call `sandbox/*` only. */
  readonly sandboxOnly: string;
  /** Of members with other roles than owner, in the first key's workspace: a key for each. */
  readonly billing: string;
  readonly member: string;
  /** In a workspace that has what its name says. */
  readonly payers: Readonly<Record<'suspended' | 'basicOnly' | 'poor' | 'slow', Payer>>;
}

export interface Stage {
  /** A healthy server with `vllm` at the replay upstream and short upstream deadlines. */
  readonly main: ServerUnderTest;
  readonly upstream: ReplayUpstream;
  readonly keys: StageKeys;
  /** Id of a key nobody uses. */
  readonly idleKeyId: string;
  /** Cuts slow callers after a few hundred ms. */
  readonly impatient: Lazy<ServerUnderTest>;
  /** Can't write any more. */
  readonly full: Lazy<BrokenServer>;
  /** Has no payment provider. */
  readonly unpaid: Lazy<ServerUnderTest>;
  /** Has got SIGTERM, with a stream still open. */
  readonly draining: Lazy<ServerUnderTest>;
  /** Some rows of its store are not what they should be, and nothing but usage can be written. */
  readonly damaged: Lazy<DamagedServer>;
  /** The payment provider. */
  readonly payments: FakeStripe;
  close(): Promise<void>;
}

type Lazy<Value> = () => Promise<Value>;

export const FIRST_BYTE_MS = 300;
/** A gateway that drains must still do so when the last operation is asked, in ms. */
const DRAIN_MS = 600_000;

/** Starts what every test needs; the rest starts when it is first asked for. */
export async function openStage(): Promise<Stage> {
  const upstream = await startReplayUpstream();
  const payments = await startFakeStripe();
  const options: ServerOptions = {
    env: { VLLM_BASE_URL: upstream.url, TOGETHER_BASE_URL: upstream.url, GROQ_BASE_URL: upstream.url, STRIPE_SECRET_KEY: 'sk_test_conformance', STRIPE_WEBHOOK_SECRET, STRIPE_API_BASE: payments.url },
    config: { models: [PRICED, PRICED_EMBEDDING, PRICED_SPEECH, PRICED_TRANSCRIPTION, PRICED_VIDEO, PRICED_IMAGE] },
    limits: { upstreamFirstByteMs: FIRST_BYTE_MS, upstreamIdleMs: FIRST_BYTE_MS },
  };
  const main = await startServer(options);
  const idle = await createKey(main, { name: 'idle' });
  return {
    main,
    upstream,
    payments,
    keys: await makeKeys(main),
    idleKeyId: idle.id,
    impatient: once(() => startServer({ ...options, limits: { clientHeadersTimeoutMs: 200, clientRequestTimeoutMs: 300, connectionsCheckingIntervalMs: 50 } })),
    full: once(() => startFull(options)),
    unpaid: once(() => startServer()),
    draining: once(() => startDraining({ ...(options.env ? { env: options.env } : {}), limits: { drainMs: DRAIN_MS } })),
    damaged: once(() => startDamaged(options)),
    async close() {
      await Promise.all([upstream.close(), payments.close()]);
      await stopServers();
    },
  };
}

function once<Value>(make: () => Promise<Value>): Lazy<Value> {
  let made: Promise<Value> | null = null;
  return () => made ??= make();
}

/** Changes a key with the server's first key. */
export async function patchKey(server: ServerUnderTest, id: string, body: Readonly<Record<string, unknown>>): Promise<void> {
  const reply = await call(server.url, { method: 'PATCH', path: `/v1/keys/${id}`, key: server.key, body });
  if (reply.status !== 200) throw new Error(`the key was not changed: ${reply.status} ${reply.body.toString('utf8')}`);
}

async function makeKeys(server: ServerUnderTest): Promise<StageKeys> {
  const inference = await createKey(server, { name: 'inference', scopes: ['inference'] });
  const management = await createKey(server, { name: 'management', scopes: ['management'] });
  const expired = await createKey(server, { name: 'expired' });
  await patchKey(server, expired.id, { expires_at: 1 });
  const revoked = await createKey(server, { name: 'revoked' });
  await patchKey(server, revoked.id, { revoked: true });
  const sandboxOnly = await createKey(server, { name: 'sandbox only', models: ['sandbox/*'] });
  return {
    inference: inference.secret, management: management.secret, expired: expired.secret, revoked: revoked.secret, sandboxOnly: sandboxOnly.secret,
    billing: await keyOfRole(server, 'billing'),
    member: await keyOfRole(server, 'member'),
    payers: await makePayers(server),
  };
}

async function startDraining(options: ServerOptions): Promise<ServerUnderTest> {
  // What it waits for is silent: it must not be cut for that before every operation has been asked.
  const server = await startServer({ ...options, limits: { ...options.limits, upstreamIdleMs: DRAIN_MS } });
  const body = { model: 'sandbox/echo', messages: [{ role: 'user', content: 'hello' }], stream: true, sandbox: { hang_after_events: 1 } };
  const stream = await begin(server.url, { path: '/v1/chat/completions', key: server.key, body });
  await stream.head();
  server.terminate();
  await eventually(async () => ((await call(server.url, { path: '/readyz' })).status === 503 ? true : null));
  return server;
}

/** A key of a new member of the first key's workspace, who has this role there. */
async function keyOfRole(server: ServerUnderTest, role: string): Promise<string> {
  const { id: user } = await askJson(server, { path: '/v1/admin/users', body: { name: role } }, 201);
  await askJson(server, { path: '/v1/members', body: { user, role } }, 201);
  const { data } = await askJson(server, { path: '/v1/workspaces' }) as { data?: { id: string }[] };
  const made = await askJson(server, { path: '/v1/admin/keys', body: { name: role, user, workspace: data?.[0]?.id, scopes: ['inference', 'management', 'operator'] } }, 201);
  return String(made['secret']);
}

async function makePayers(server: ServerUnderTest): Promise<StageKeys['payers']> {
  const none = { allowed: false, messages_per_day: 0 };
  await askJson(server, { method: 'PUT', path: '/v1/admin/plans/basic-only', body: { name: 'Basic only', tiers: { basic: { allowed: true, messages_per_day: 1 }, pro: none, ultimate: none } } });
  const suspended = await makePayer(server, { name: 'suspended' });
  await askJson(server, { method: 'PATCH', path: `/v1/admin/workspaces/${suspended.workspace}`, body: { suspended: true } });
  return {
    suspended,
    basicOnly: await makePayer(server, { plan: 'basic-only' }),
    poor: await makePayer(server, { billing: 'balance', nanoUsd: 1_000_000n }),
    slow: await makePayer(server, { limits: { requests_per_minute: 1, tokens_per_minute: null, concurrent_requests: null } }),
  };
}

/** A request of an operation that is answered with success, but for its key. */
export function goodRequest(stage: Stage, id: OperationId, server: ServerUnderTest = stage.main): Promise<RequestParts> {
  return goodRequestTo(server, id);
}

/** Sends a good request of an operation, with some of it changed. */
export async function ask(stage: Stage, id: OperationId, changes: Partial<RequestParts> = {}): Promise<RawReply> {
  return call(stage.main.url, { key: stage.main.key, ...await goodRequest(stage, id), ...changes });
}
