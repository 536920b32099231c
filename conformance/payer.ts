/** This file makes workspaces that pay, with a member who has a key, over the operator's API; for tests about money. */
import { call } from './raw-client.ts';
import type { RequestParts } from './raw-client.ts';
import type { ServerUnderTest } from './server-under-test.ts';

export interface Payer {
  readonly workspace: string;
  readonly user: string;
  readonly keyId: string;
  /** Opens inference and management of its workspace. */
  readonly key: string;
}

export interface PayerOptions {
  readonly billing?: 'plan' | 'balance';
  readonly plan?: string;
  /** Given as a grant, in nano-USD. */
  readonly nanoUsd?: bigint;
  readonly name?: string;
  /** Of the key. */
  readonly limits?: Readonly<Record<string, number | null>>;
}

/** Sends a request and gives its JSON. Throws when the status is another. */
export async function askJson(server: Pick<ServerUnderTest, 'url' | 'key'>, parts: RequestParts, status = 200): Promise<Record<string, unknown>> {
  const reply = await call(server.url, { key: server.key, ...parts });
  const text = reply.body.toString('utf8');
  if (reply.status !== status) throw new Error(`${parts.method ?? ''} ${parts.path}: ${reply.status} instead of ${status}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

/** Makes a user, a workspace of theirs and a key in it. */
export async function makePayer(server: Pick<ServerUnderTest, 'url' | 'key'>, options: PayerOptions = {}): Promise<Payer> {
  const { billing = 'plan', plan = 'unlimited', nanoUsd, name = 'payer', limits } = options;
  const user = await askJson(server, { path: '/v1/admin/users', body: { name } }, 201);
  const workspace = await askJson(server, { path: '/v1/admin/workspaces', body: { name, owner: user['id'], plan, billing } }, 201);
  const made = await askJson(server, {
    path: '/v1/admin/keys', body: { name, user: user['id'], workspace: workspace['id'], scopes: ['inference', 'management'], ...(limits ? { limits } : {}) },
  }, 201);
  if (nanoUsd !== undefined) await askJson(server, { path: '/v1/admin/ledger/grants', body: { workspace: workspace['id'], amount_nano_usd: String(nanoUsd) } }, 201);
  return { workspace: String(workspace['id']), user: String(user['id']), keyId: String(made['id']), key: String(made['secret']) };
}

/** What the wallet has, in nano-USD, as GET /balance says it. A reply's charge is in it once the reply has ended. */
export async function balanceOf(server: Pick<ServerUnderTest, 'url'>, key: string): Promise<bigint> {
  return BigInt(String((await askJson({ url: server.url, key }, { path: '/v1/balance' }))['balance_nano_usd']));
}

/** A model with a price, at the upstream `VLLM_BASE_URL` names; for the operator's configuration. */
export function pricedModel(id: string, upstreamModel: string, price: { readonly input: number; readonly output: number; readonly cache_read?: number }): Record<string, unknown> {
  return { id, name: id, tier: 'pro', context_window: 100_000, max_output_tokens: 8000, targets: [{ provider: 'vllm', model: upstreamModel, price }] };
}
