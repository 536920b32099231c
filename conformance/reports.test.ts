/** This file checks reports from outside: what requests that were made are told of, to whom, in which form, and by `npm run report`. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Report } from '../generated/client/types.gen.ts';
import { PRICED, hello } from './good-requests.ts';
import { askJson, makePayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { call } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { eventually, makeFolder, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const REQUESTS = 60;
const HOSTILE = '<script>alert("x")</script>';
let server: ServerUnderTest;
let upstream: ReplayUpstream;
let owner: Payer;
let member = '';

const asking = (model: string, key = owner.key) => call(server.url, { path: '/v1/chat/completions', key, body: hello({ model }) });

async function reportOf(name: string, query = '', key = owner.key): Promise<Report> {
  return await askJson({ url: server.url, key }, { path: `/v1/reports/${name}?${query}` }) as unknown as Report;
}

beforeAll(async () => {
  upstream = await startReplayUpstream();
  const provider = { id: 'broken', name: 'Broken', wire: 'openai-chat', base_url: upstream.url, key_env: null, key_required: false, discover: false };
  const dead = { ...PRICED, id: 'dead/model', targets: [{ provider: 'broken', model: 'fails', unpriced: true }] };
  server = await startServer({ limits: { evalLookMs: 50 }, config: { providers: [provider], models: [PRICED, dead] } });
  upstream.play('fails', { status: 400, headers: { 'content-type': 'application/json' }, steps: [{ write: '{"error":{"message":"boom","type":"server_error"}}' }] });
  owner = await makePayer(server, { billing: 'balance', nanoUsd: 10_000_000_000n });
  const user = String((await askJson(server, { path: '/v1/admin/users', body: { name: 'member' } }, 201))['id']);
  await askJson({ url: server.url, key: owner.key }, { path: '/v1/members', body: { user, role: 'member' } }, 201);
  member = String((await askJson(server, { path: '/v1/admin/keys', body: { name: HOSTILE, user, workspace: owner.workspace, scopes: ['inference', 'management'] } }, 201))['secret']);
  for (let at = 0; at < REQUESTS; at++) await asking(PRICED.id);
  for (let at = 0; at < 3; at++) await asking(PRICED.id, member);
  for (let at = 0; at < 2; at++) await asking('dead/model');
}, 60_000);
afterAll(async () => {
  await stopServers();
  await upstream.close();
});

describe('a report', () => {
  test('has what requests have cost, to the nano-USD, as usage has it', async () => {
    const { totals } = await askJson({ url: server.url, key: owner.key }, { path: '/v1/usage' }) as { totals: Record<string, unknown> };
    for (const name of ['overview', 'spend', 'routes', 'failures', 'instability', 'models']) {
      const report = await reportOf(name);
      expect(report).toMatchObject({ object: 'report', report: name, workspace: owner.workspace, key: null, user: null });
      const { requests, cost_nano_usd, prompt_tokens, completion_tokens, counted_messages, unpriced_requests } = report.totals;
      expect({ requests, cost_nano_usd, prompt_tokens, completion_tokens, counted_messages, unpriced_requests }).toEqual(Object.fromEntries(
        ['requests', 'cost_nano_usd', 'prompt_tokens', 'completion_tokens', 'counted_messages', 'unpriced_requests'].map((field) => [field, totals[field]]),
      ));
    }
    expect(BigInt((await reportOf('spend')).totals.cost_nano_usd ?? 0)).toBeGreaterThan(0n);
  });

  test('says where requests fail', async () => {
    const { findings, totals, tables, generated_at: madeAt } = await reportOf('failures');
    const [error] = tables.find(({ name }) => name === 'by_error')?.lines ?? [];
    expect(error).toMatchObject({ failed_requests: 2 });
    expect(error?.last_seen).toBeGreaterThanOrEqual(error?.first_seen ?? Number.NaN);
    expect(error?.last_seen).toBeLessThanOrEqual(madeAt);
    expect(totals).toMatchObject({ requests: REQUESTS + 5, failed_requests: 2 });
    expect(findings[0]?.sentence).toBe('3.1 % of all requests failed: 2 of 65.');
  });

  test('is of a member’s own requests for the member, and of a key’s own for a key that manages nothing', async () => {
    const own = await reportOf('spend', '', member);
    expect(own.totals.requests).toBe(3);
    expect(own.user).not.toBeNull();
    const plain = await askJson({ url: server.url, key: owner.key }, { path: '/v1/keys', body: { name: 'plain', scopes: ['inference'] } }, 201) as { id: string; secret: string };
    await asking(PRICED.id, plain.secret);
    expect((await reportOf('overview', '', plain.secret)).totals.requests).toBe(1);
    for (const [query, key, code] of [[`key=${'key_AAAAAAAAAAAAAAAA'}`, plain.secret, 'insufficient_scope'], [`user=user_${'0'.repeat(32)}`, member, 'insufficient_role']] as const) {
      const reply = await call(server.url, { path: `/v1/reports/spend?${query}`, key });
      expect({ status: reply.status, body: JSON.parse(reply.body.toString('utf8')) as unknown }).toMatchObject({ status: 403, body: { error: { code } } });
    }
    const stranger = await makePayer(server, { billing: 'balance', nanoUsd: 1_000_000_000n });
    expect((await reportOf('overview', '', stranger.key)).findings.map(({ code }) => code)).toEqual(['no_requests']);
  });

  test('of no days or of too many is refused, and so is one there is not', async () => {
    for (const [path, param] of [['spend?from=100000&to=5', 'from'], ['spend?from=0', 'from'], ['spend?from=1.5', 'from'], ['nothing', 'report'], ['spend?format=pdf', 'format']] as const) {
      const reply = await call(server.url, { path: `/v1/reports/${path}`, key: owner.key });
      expect({ path, status: reply.status, body: JSON.parse(reply.body.toString('utf8')) as unknown }).toMatchObject({ path, status: 400, body: { error: { code: 'invalid_request', param } } });
    }
  });

  test.each([['?format=html', ''], ['', 'text/html,application/xhtml+xml,*/*;q=0.8']])('is a page that runs nothing for %s%s', async (query, accept) => {
    const reply = await call(server.url, { path: `/v1/reports/overview${query}`, key: owner.key, headers: { accept } });
    const page = reply.body.toString('utf8');
    expect(reply.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': expect.stringContaining("default-src 'none'"), 'cache-control': 'private, no-cache' });
    expect(page).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;');
    expect(page).not.toMatch(/<script|https?:\/\//);
  });

  test('is Markdown for whoever likes it best', async () => {
    const reply = await call(server.url, { path: '/v1/reports/spend', key: owner.key, headers: { accept: 'text/markdown, application/json;q=0.4' } });
    expect(reply.headers['content-type']).toBe('text/markdown; charset=utf-8');
    expect(reply.body.toString('utf8')).toMatch(/^# Spend, \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d\n/);
  });
});

describe('a report of evals', () => {
  test('says who is clearly the best, to the workspace and not to its members', async () => {
    const ask = (path: string, body?: unknown, status = 200) => askJson({ url: server.url, key: owner.key }, { path: `/v1${path}`, ...(body === undefined ? {} : { body }) }, status);
    const items = Array.from({ length: 10 }, (_, at) => ({ name: `prompt ${at}`, request: { messages: [{ role: 'user', content: `heron-${at}` }], max_completion_tokens: 20 }, checks: [{ type: 'contains', value: `heron-${at}` }] }));
    const set = String((await ask('/evals', { name: HOSTILE, items }, 201))['id']);
    const run = String((await ask(`/evals/${set}/runs`, { contenders: [{ model: 'dead/model' }, { model: PRICED.id }], budget_nano_usd: '100000000', repetitions: 2 }, 201))['id']);
    await eventually(async () => ((await ask(`/evals/${set}/runs/${run}`))['state'] === 'completed' ? true : null), 30_000);
    const { findings, tables } = await reportOf('models');
    expect(findings[0]).toMatchObject({ code: 'eval_best', about: { kind: 'eval', name: set } });
    expect(findings[0]?.sentence).toBe(`In eval “${HOSTILE}”, “${PRICED.id}” is clearly the best: 100.0 % of its answers passed (20 of 20); of the next, “dead/model”, 0.0 % (0 of 20).`);
    expect(tables.find(({ name }) => name === 'by_eval_and_model')?.lines.map(({ name, passed_answers: passed }) => [name, passed])).toEqual([['dead/model', 0], [PRICED.id, 20]]);
    expect((await reportOf('instability')).findings.map(({ code }) => code)).toEqual(['prompts_stable']);
    expect((await reportOf('instability', '', member)).findings.map(({ code }) => code)).toEqual(['evals_not_shown']);
  }, 60_000);
});

describe('npm run report', () => {
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<{ code: number | null; out: string; err: string }> => new Promise((resolve) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'scripts/report.ts', ...args], { cwd: join(import.meta.dirname, '..'), env: { PATH: process.env['PATH'] ?? '', ...env } });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString('utf8'); });
    child.stderr.on('data', (chunk: Buffer) => { err += chunk.toString('utf8'); });
    child.on('close', (code) => { resolve({ code, out, err }); });
  });

  test('prints text, and writes JSON and pages to a file', async () => {
    const env = { INTERLINE_KEY: owner.key, INTERLINE_BASE_URL: `${server.url}/v1/` };
    const day = new Date().toISOString().slice(0, 10);
    const text = await run(['--from', day, '--to', day], env);
    expect(text).toMatchObject({ code: 0, err: '' });
    expect(text.out).toContain(`# Overview, ${day} to ${day}\n`);
    const file = join(makeFolder(), 'spend.html');
    expect(await run(['--report', 'spend', '--format', 'html', '--out', file, '--key', owner.key, '--base-url', `${server.url}/v1`])).toEqual({ code: 0, out: '', err: '' });
    expect(readFileSync(file, 'utf8')).toMatch(/^<!doctype html>/);
    expect(JSON.parse((await run(['--report', 'failures', '--format', 'json'], env)).out)).toMatchObject({ report: 'failures' });
  });

  test('says what is wrong', async () => {
    const at = ['--key', owner.key, '--base-url', `${server.url}/v1`];
    for (const [args, words] of [
      [['--key', 'x', '--base-url', 'http://127.0.0.1:1/v1'], 'no gateway answers at http://127.0.0.1:1'], [[], 'there is no key'], [[...at, '--from', 'yesterday'], 'no day like'], [[...at, '--format', 'pdf'], 'no format'],
      [[...at, '--report', 'nothing'], 'refused it (400)'], [['--key', 'x', '--base-url', `${server.url}/v1`], 'refused it (401)'], [[...at, '--nothing'], 'usage: npm run report'],
    ] as const) {
      const { code, out, err } = await run(args);
      expect({ args, code, out, err }).toEqual({ args, code: 1, out: '', err: expect.stringContaining(words) });
    }
  });
});
