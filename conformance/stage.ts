/** This file sets up the servers, keys and upstreams in which every reply of the contract can be provoked. */
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import type { OperationId } from '../generated/operations.ts';
import { begin, call } from './raw-client.ts';
import type { RawReply, RequestParts } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** Keys that are limited, each in one way. */
export interface StageKeys {
  readonly inference: string;
  readonly management: string;
  readonly expired: string;
  readonly revoked: string;
  /** May call `sandbox/*` only. */
  readonly sandboxOnly: string;
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
  readonly full: Lazy<ServerUnderTest>;
  /** Has got SIGTERM, with a stream still open. */
  readonly draining: Lazy<ServerUnderTest>;
  /** A key and a usage row in its store are not what they should be, and keys can't be inserted or deleted. */
  readonly damaged: Lazy<DamagedServer>;
  close(): Promise<void>;
}

export interface DamagedServer {
  readonly server: ServerUnderTest;
  readonly damagedKey: { readonly id: string; readonly secret: string };
}

type Lazy<Value> = () => Promise<Value>;

export const FIRST_BYTE_MS = 300;

/** Starts what every test needs; the rest starts when it is first asked for. */
export async function openStage(): Promise<Stage> {
  const upstream = await startReplayUpstream();
  const main = await startServer({ env: { VLLM_BASE_URL: upstream.url }, limits: { upstreamFirstByteMs: FIRST_BYTE_MS, upstreamIdleMs: FIRST_BYTE_MS } });
  const idle = await createKey(main, { name: 'idle' });
  return {
    main,
    upstream,
    keys: await makeKeys(main),
    idleKeyId: idle.id,
    impatient: once(() => startServer({ limits: { clientHeadersTimeoutMs: 200, clientRequestTimeoutMs: 300, connectionsCheckingIntervalMs: 50 } })),
    full: once(startFull),
    draining: once(startDraining),
    damaged: once(startDamaged),
    async close() {
      await upstream.close();
      await stopServers();
    },
  };
}

function once<Value>(make: () => Promise<Value>): Lazy<Value> {
  let made: Promise<Value> | null = null;
  return () => made ??= make();
}

/** Creates a key with the server's first key. */
export async function createKey(server: ServerUnderTest, body: Readonly<Record<string, unknown>>): Promise<{ id: string; secret: string }> {
  const reply = await call(server.url, { path: '/v1/keys', key: server.key, body });
  if (reply.status !== 201) throw new Error(`no key was made: ${reply.status} ${reply.body.toString('utf8')}`);
  return JSON.parse(reply.body.toString('utf8')) as { id: string; secret: string };
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
  };
}

/** Keys are made until the store's log may not grow any more. */
async function startFull(): Promise<ServerUnderTest> {
  const whole = await startServer();
  await whole.stop();
  const full = await whole.restart({ fileKilobytesMax: 128 });
  await eventually(async () => {
    const reply = await call(full.url, { path: '/v1/keys', key: full.key, body: { name: 'filler '.repeat(14) } });
    return reply.status === 503 ? reply : null;
  });
  return full;
}

async function startDraining(): Promise<ServerUnderTest> {
  const server = await startServer();
  const body = { model: 'sandbox/echo', messages: [{ role: 'user', content: 'hello' }], stream: true, sandbox: { hang_after_events: 1 } };
  const stream = await begin(server.url, { path: '/v1/chat/completions', key: server.key, body });
  await stream.head();
  server.terminate();
  await eventually(async () => ((await call(server.url, { path: '/readyz' })).status === 503 ? true : null));
  return server;
}

async function startDamaged(): Promise<DamagedServer> {
  const server = await startServer();
  const damagedKey = await createKey(server, { name: 'to be damaged' });
  await call(server.url, { path: '/v1/chat/completions', key: server.key, body: hello() });
  const db = new DatabaseSync(join(server.dataFolder, 'interline.db'));
  db.exec('PRAGMA busy_timeout = 5000');
  db.prepare('UPDATE api_key SET models = ? WHERE id = ?').run('{}', damagedKey.id);
  db.exec(`UPDATE request_log SET latency_us = ${2 ** 60};
    CREATE TRIGGER no_insert BEFORE INSERT ON api_key BEGIN SELECT RAISE(ABORT, 'damaged'); END;
    CREATE TRIGGER no_update BEFORE UPDATE ON api_key BEGIN SELECT RAISE(ABORT, 'damaged'); END;
    CREATE TRIGGER no_delete BEFORE DELETE ON api_key BEGIN SELECT RAISE(ABORT, 'damaged'); END;`);
  db.close();
  return { server, damagedKey };
}

/** A chat body that any server answers. */
export function hello(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { model: 'sandbox/echo', messages: [{ role: 'user', content: 'Reply with exactly: Hello' }], ...more };
}

/** A request of an operation that is answered with success, but for its key. */
export async function goodRequest(stage: Stage, id: OperationId, server: ServerUnderTest = stage.main): Promise<RequestParts> {
  const keyId = async (): Promise<string> => (server === stage.main && id !== 'deleteKey' ? stage.idleKeyId : (await createKey(server, { name: 'target' })).id);
  switch (id) {
    case 'createChatCompletion': return { path: '/v1/chat/completions', body: hello() };
    case 'listModels': return { path: '/v1/models' };
    case 'retrieveModel': return { path: '/v1/models/google/gemini-2.5-flash' };
    case 'createKey': return { path: '/v1/keys', body: { name: 'made in a test' } };
    case 'listKeys': return { path: '/v1/keys' };
    case 'retrieveKey': return { path: `/v1/keys/${await keyId()}` };
    case 'updateKey': return { method: 'PATCH', path: `/v1/keys/${await keyId()}`, body: { name: 'renamed' } };
    case 'deleteKey': return { method: 'DELETE', path: `/v1/keys/${await keyId()}` };
    case 'listUsage': return { path: '/v1/usage' };
    case 'getOpenapiYaml': return { path: '/v1/openapi.yaml' };
    case 'getOpenapiJson': return { path: '/v1/openapi.json' };
    default: return id satisfies never;
  }
}

/** Sends a good request of an operation, with some of it changed. */
export async function ask(stage: Stage, id: OperationId, changes: Partial<RequestParts> = {}): Promise<RawReply> {
  return call(stage.main.url, { key: stage.main.key, ...await goodRequest(stage, id), ...changes });
}
