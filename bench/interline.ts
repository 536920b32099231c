/** This file starts Interline as its users start it, with keys, validation, holds, settlements and strictly durable usage rows on, for the bench to measure. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Books, type Gateway, type Site, freePort, untilReady } from './gateway.ts';
import type { InterlineName } from './options.ts';
import { start } from './processes.ts';
import { proveGuards } from './requests.ts';

/** A priced model of the catalogue, so that every row is charged; its provider's place is taken by the bench's upstream. */
export const benchModel = 'openai/gpt-4o-mini';

export interface InterlineSetting {
  /** `interline-unlimited`: its workspace is the one of a new installation, which pays nothing and has no limits. The others' pays. */
  readonly name: InterlineName;
  readonly dataFolder: string;
  /** Flags for node itself, such as those of a profile. */
  readonly nodeArgs: readonly string[];
}

/** What `interline-route` is asked by: the bench's model, and another that would answer if it failed. */
const benchRoute = {
  id: 'bench-route', description: 'What the bench asks for.', objective: 'order', targets: [benchModel, 'openai/gpt-4o'],
  fallback: { on: { rate_limited: ['retry', 'switch_provider', 'degrade'] }, attempts: 3, seconds: 60, attempt_seconds: 30 },
};

/** More than any run spends: a million USD. */
const grantNanoUsd = 10n ** 15n;
/** The most the contract allows; a gateway on one core does not come near. */
const rateLimits = { requests_per_minute: 1_000_000, tokens_per_minute: 1_000_000_000, concurrent_requests: 10_000 };

/** Someone to answer for, and where. */
interface Caller {
  readonly port: number;
  readonly key: string;
}

async function ask({ port, key }: Caller, path: string, body?: unknown, method = 'POST'): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const init = body === undefined ? {} : { method, body: JSON.stringify(body) };
  const response = await fetch(`http://127.0.0.1:${port}/v1${path}`, { ...init, headers, signal: AbortSignal.timeout(20_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 500)}`);
  // What the gateway under test says of itself; numbers that are wrong would show.
  return JSON.parse(text) as Record<string, unknown>;
}

/** A key whose workspace pays from its balance, has a hard budget, and whose own limits are judged on every request. */
async function makePayer(operator: Caller): Promise<Caller> {
  const user = await ask(operator, '/admin/users', { name: 'bench' });
  const workspace = await ask(operator, '/admin/workspaces', { name: 'bench', owner: user['id'], plan: 'unlimited', billing: 'balance' });
  const key = await ask(operator, '/admin/keys', { name: 'bench', user: user['id'], workspace: workspace['id'], scopes: ['inference', 'management'], limits: rateLimits });
  await ask(operator, '/admin/ledger/grants', { workspace: workspace['id'], amount_nano_usd: String(grantNanoUsd) });
  const payer = { port: operator.port, key: String(key['secret']) };
  const scope = { type: 'workspace', id: workspace['id'] };
  await ask(payer, '/budgets', { name: 'bench', scope, unit: 'usd', amount: String(grantNanoUsd), period: 'total', hard: true });
  return payer;
}

async function readBooks(caller: Caller, pays: boolean): Promise<Books> {
  const { totals } = await ask(caller, '/usage?limit=1') as { readonly totals: { readonly requests: number; readonly cost_nano_usd: string } };
  const paid = pays ? String(grantNanoUsd - BigInt(String((await ask(caller, '/balance'))['balance_nano_usd']))) : null;
  return { rows: totals.requests, chargedNanoUsd: totals.cost_nano_usd, paidNanoUsd: paid };
}

/**
 * Starts Interline from this repository, or the older one, waits for /readyz and proves that keys and validation are on.
 * @throws Error when it does not start, or lets something pass that it should refuse.
 */
export async function startInterline(setting: InterlineSetting, site: Site): Promise<Gateway> {
  const { name, dataFolder } = setting;
  const folder = name === 'interline-before' ? site.before?.folder : site.root;
  const entry = join(folder ?? '', 'server/start.mjs');
  if (folder === undefined || !existsSync(entry)) throw new Error(`There is no server/start.mjs for ${name}.`);
  mkdirSync(dataFolder, { recursive: true });
  const port = await freePort();
  const logPath = join(site.folder, `${name}.log`);
  const env = {
    PORT: String(port), HOST: '127.0.0.1', INTERLINE_DATA: dataFolder, NODE_ENV: 'production',
    OPENAI_API_KEY: 'bench', OPENAI_BASE_URL: `http://127.0.0.1:${site.upstreamPort}/v1`,
  };
  const args = ['--max-semi-space-size=16', '--disable-warning=ExperimentalWarning', ...setting.nodeArgs, entry];
  const begun = performance.now();
  const running = start({ name, command: process.execPath, args, cores: site.gatewayCore, cwd: folder, env }, logPath);
  const readyMs = await untilReady(`http://127.0.0.1:${port}/readyz`, running, { begun, logPath });
  const operator = { port, key: readFileSync(join(dataFolder, 'first-key'), 'utf8').trim() };
  const pays = name !== 'interline-unlimited';
  const caller = pays ? await makePayer(operator) : operator;
  const door = { port, path: '/v1/chat/completions', headers: { authorization: `Bearer ${caller.key}` } };
  if (name === 'interline-route') await ask(operator, `/admin/routes/${benchRoute.id}`, benchRoute, 'PUT');
  await proveGuards(name, door, site.model);
  const close = async () => {
    const books = await readBooks(caller, pays);
    await running.stop();
    return books;
  };
  const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown';
  const at = name === 'interline-before' && site.before ? `at ${site.before.what} ` : '';
  const model = name === 'interline-route' ? benchRoute.id : site.model;
  return { name, version: `interline ${version} ${at}on node ${process.version}`, doors: { json: door, stream: door }, model, running, readyMs, close };
}
