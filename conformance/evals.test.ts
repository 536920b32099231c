/** This file runs eval sets through real gateways: the right one wins, a killed gateway loses nothing, and no budget is ever exceeded. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { askJson, balanceOf, makePayer, pricedModel } from './payer.ts';
import type { Payer } from './payer.ts';
import { call } from './raw-client.ts';
import { seededRandom } from './recorded-streams.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { Replay, ReplayUpstream } from './replay-upstream.ts';
import { eventually, makeFolder, startServer, stopServers } from './server-under-test.ts';
import type { ServerOptions, ServerUnderTest } from './server-under-test.ts';

type Json = Record<string, unknown>;

/** Nano-USD per million tokens. */
const PRICE = { input: 1_000_000_000, output: 4_000_000_000 };
const GRANTED = 10_000_000_000n;
const RUN_MS_MAX = 30_000;
const BUDGET = '100000000';

let upstream: ReplayUpstream;
let server: ServerUnderTest;
let payer: Payer;

/** What the scripted upstream says, by the last message it is asked. */
function says(answer: (prompt: string) => string, waitMs = 0): (body: string) => Replay {
  return (body) => {
    const { messages } = JSON.parse(body) as { messages: { content: string }[] };
    const text = answer(messages.at(-1)?.content ?? '');
    return {
      headers: { 'content-type': 'application/json' },
      steps: [...(waitMs > 0 ? [{ waitMs }] : []), { write: JSON.stringify({
        id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: text, refusal: null }, logprobs: null, finish_reason: 'stop' }],
        usage: { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30 },
      }) }],
    };
  };
}

/** What a model that can multiply says. */
const product = (prompt: string): string => `The answer is ${Number(/\d+/.exec(prompt)?.[0] ?? 0) * 7}.`;
const items = (count: number): Json[] => Array.from({ length: count }, (_, at) => ({
  name: `times ${at}`, request: { messages: [{ role: 'user', content: `What is seven times ${at + 100}?` }], max_completion_tokens: 50 }, checks: [{ type: 'contains', value: String((at + 100) * 7) }],
}));

async function ask(path: string, { body, key = payer.key, status = 200, method }: { body?: unknown; key?: string; status?: number; method?: string } = {}): Promise<Json> {
  return askJson({ url: server.url, key }, { path: `/v1${path}`, ...(body === undefined ? {} : { body }), ...(method === undefined ? {} : { method }) }, status);
}

async function makeSet(more: Json): Promise<string> {
  return String((await ask('/evals', { body: { name: 'a set', ...more }, status: 201 }))['id']);
}

async function makeRun(set: string, more: Json, key = payer.key): Promise<string> {
  return String((await ask(`/evals/${set}/runs`, { key, body: { contenders: [{ model: 'right' }, { model: 'sandbox/echo' }], budget_nano_usd: BUDGET, ...more }, status: 201 }))['id']);
}

async function untilEnded(set: string, run: string): Promise<Json> {
  return eventually(async () => {
    const found = await ask(`/evals/${set}/runs/${run}`);
    return found['state'] === 'queued' || found['state'] === 'running' ? null : found;
  }, RUN_MS_MAX);
}

async function resultsOf(set: string, run: string): Promise<Json[]> {
  const reply = await call(server.url, { path: `/v1/evals/${set}/runs/${run}/export?format=jsonl`, key: payer.key });
  return reply.body.toString('utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Json);
}

/** The rows of the request log that say they are of this run. */
async function rowsOf(run: string): Promise<Json[]> {
  const reply = await call(server.url, { path: '/v1/requests/export?format=jsonl', key: payer.key });
  return reply.body.toString('utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Json).filter((row) => row['eval_run'] === run);
}

const sum = (rows: readonly Json[], field: string): bigint => rows.reduce((all, row) => all + BigInt(String(row[field])), 0n);

const OPTIONS: ServerOptions = { limits: { evalLookMs: 50, evalLeaseMs: 1500 } };

beforeAll(async () => {
  upstream = await startReplayUpstream();
  upstream.play('right', says(product));
  server = await startServer({
    ...OPTIONS,
    env: { VLLM_BASE_URL: upstream.url },
    config: { models: ['right', 'slow', 'busy', 'judge', 'mute', 'moody', 'greedy'].map((name) => pricedModel(name, name, PRICE)).concat([
      pricedModel('cheap', 'right', { input: 1_000_000, output: 3_000_000 }), pricedModel('dear', 'right', { input: 33_333_333_333, output: 77_777_777_777 }),
    ]) },
  });
  payer = await makePayer(server, { billing: 'balance', nanoUsd: GRANTED });
}, 30_000);
afterAll(async () => {
  await upstream.close();
  await stopServers();
});

describe('thirty prompts and two routes', () => {
  test('the right one wins, and everything is charged, logged and told', async () => {
    const before = await balanceOf(server, payer.key);
    await ask('/routes/careful', { method: 'PUT', body: { id: 'careful', description: 'Counts.', targets: ['right'] } });
    await ask('/routes/careless', { method: 'PUT', body: { id: 'careless', description: 'Repeats.', targets: ['sandbox/echo'] } });
    const set = await makeSet({ items: items(30) });
    const run = await makeRun(set, { contenders: [{ model: 'careless' }, { model: 'careful' }] });
    const ended = await untilEnded(set, run);
    expect(ended).toMatchObject({ state: 'completed', progress: { total: 60, done: 60, failed: 0, left: 0, eta_seconds: 0 }, error: null });
    const summary = await ask(`/evals/${set}/runs/${run}/summary`);
    expect(summary).toMatchObject({ winner: 1, answers: 60, contenders: [{ passed: 0, failed: 30 }, { passed: 30, failed: 0, pass_rate: 1 }] });
    expect((summary['conclusion'] as string[])[0]).toContain('careful (#2) is better: 30 of 30 passed');
    const rows = await rowsOf(run);
    expect(rows).toHaveLength(60);
    expect(new Set(rows.map((row) => row['route']))).toEqual(new Set(['careful', 'careless']));
    expect(new Set(rows.map((row) => row['key']))).toEqual(new Set([payer.keyId]));
    // 20 and 10 tokens for each of thirty.
    expect(sum(rows, 'charged_nano_usd')).toBe(30n * 60_000n);
    expect(before - await balanceOf(server, payer.key)).toBe(30n * 60_000n);
    expect(ended['spent_nano_usd']).toBe(String(30n * 60_000n));
    const results = await resultsOf(set, run);
    expect(results.map((each) => each['id'])).toEqual([...new Set(results.map((each) => each['id']))].sort());
    expect(results).toHaveLength(60);
    expect(results.find((each) => each['contender'] === 1)).toMatchObject({ item_name: 'times 0', verdict: 'pass', output: 'The answer is 700.', target: 'vllm/right', prompt_tokens: 20, completion_tokens: 10, attempts: 1 });
    const csv = await call(server.url, { path: `/v1/evals/${set}/runs/${run}/export`, key: payer.key });
    expect(csv.body.toString('utf8').trimEnd().split('\r\n')).toHaveLength(61);
  }, RUN_MS_MAX);

  test('a gateway that is killed again and again loses nothing and pays for nothing twice', async () => {
    upstream.play('slow', says(product, 40));
    const set = await makeSet({ items: items(30) });
    const run = await makeRun(set, { contenders: [{ model: 'slow' }, { model: 'sandbox/echo' }], concurrency: 4 });
    const before = await balanceOf(server, payer.key);
    for (const done of [8, 25]) {
      await eventually(async () => (Number(((await ask(`/evals/${set}/runs/${run}`))['progress'] as Json)['done']) >= done ? true : null), RUN_MS_MAX);
      await server.kill();
      server = await server.restart();
    }
    const ended = await untilEnded(set, run);
    expect(ended).toMatchObject({ state: 'completed', progress: { total: 60, done: 60, failed: 0 } });
    expect(await ask(`/evals/${set}/runs/${run}/summary`)).toMatchObject({ winner: 0, contenders: [{ passed: 30 }, { passed: 0 }] });
    // A call that was under way at a kill is asked again; one that was answered never is.
    expect(upstream.requests('slow').length).toBeLessThanOrEqual(30 + 2 * 4);
    expect(before - await balanceOf(server, payer.key)).toBe(30n * 60_000n);
    expect(sum(await resultsOf(set, run), 'cost_nano_usd')).toBe(30n * 60_000n);
    expect((await askJson(server, { path: '/v1/admin/ledger/check' }))['ok']).toBe(true);
  }, 60_000);
});

describe('two gateways on one store', () => {
  test('do a run once: what the one leaves behind, killed or stopped, the other goes on with', async () => {
    upstream.play('slow', says(product, 40));
    const before = await balanceOf(server, payer.key);
    const set = await makeSet({ items: items(30) });
    const run = await makeRun(set, { contenders: [{ model: 'slow' }, { model: 'right' }], concurrency: 3 });
    const other = await server.restart();
    await eventually(async () => (Number(((await ask(`/evals/${set}/runs/${run}`))['progress'] as Json)['done']) > 8 ? true : null));
    await server.stop();
    server = other;
    expect(await untilEnded(set, run)).toMatchObject({ state: 'completed', progress: { total: 60, done: 60, failed: 0 }, spent_nano_usd: String(60n * 60_000n) });
    expect(before - await balanceOf(server, payer.key)).toBe(60n * 60_000n);
    expect(new Set((await resultsOf(set, run)).map((each) => each['id'])).size).toBe(60);
  }, 60_000);
});

describe('a budget', () => {
  test('is never exceeded; with a larger one the run goes on where it stopped', async () => {
    const set = await makeSet({ items: items(20) });
    const before = await balanceOf(server, payer.key);
    // A call may cost 50 tokens of output and its prompt; it costs 60,000.
    const run = await makeRun(set, { budget_nano_usd: '700000', concurrency: 8 });
    const stopped = await untilEnded(set, run);
    expect(stopped['state']).toBe('stopped_by_budget');
    const spent = BigInt(String(stopped['spent_nano_usd']));
    expect(spent).toBeGreaterThan(0n);
    expect(spent).toBeLessThanOrEqual(700_000n);
    expect(before - await balanceOf(server, payer.key)).toBe(spent);
    expect(await ask(`/evals/${set}/runs/${run}/resume`, { body: { budget_nano_usd: '1' }, status: 400 })).toMatchObject({ error: { param: 'budget_nano_usd' } });
    const done = (stopped['progress'] as { done: number }).done;
    const asked = upstream.requests('right').length;
    await ask(`/evals/${set}/runs/${run}/resume`, { body: { budget_nano_usd: BUDGET } });
    expect(await untilEnded(set, run)).toMatchObject({ state: 'completed', spent_nano_usd: String(20n * 60_000n), progress: { done: 40 } });
    expect(upstream.requests('right').length - asked).toBe(20 - Number(spent / 60_000n));
    expect(done).toBeLessThan(40);
  }, RUN_MS_MAX);

  test('holds even when an upstream says it has used more than it was asked for', async () => {
    const greedy = says(product);
    upstream.play('greedy', (body) => ({ ...greedy(body), steps: [{ write: JSON.stringify({
      id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: 'x', refusal: null }, logprobs: null, finish_reason: 'stop' }],
      usage: { prompt_tokens: 20, completion_tokens: 5000, total_tokens: 5020 },
    }) }] }));
    const set = await makeSet({ items: items(10) });
    const before = await balanceOf(server, payer.key);
    const run = await makeRun(set, { contenders: [{ model: 'greedy' }, { model: 'sandbox/echo' }], budget_nano_usd: '1000000', concurrency: 3 });
    expect((await untilEnded(set, run))['state']).toBe('stopped_by_budget');
    expect(before - await balanceOf(server, payer.key)).toBeLessThanOrEqual(1_000_000n);
  }, RUN_MS_MAX);
});

describe('budgets at random', () => {
  test('none is exceeded, whatever the prices, by however many calls at once', async () => {
    const random = seededRandom(20261121);
    const set = await makeSet({ items: items(8) });
    const spent: bigint[] = [];
    for (let round = 0; round < 12; round++) {
      const budget = BigInt(Math.floor(10 ** (3 + 4 * random())));
      const contenders = ['right', 'cheap', 'dear'].toSorted(() => random() - 0.5).slice(0, 2).map((model) => ({ model }));
      const before = await balanceOf(server, payer.key);
      const run = await makeRun(set, { contenders, budget_nano_usd: String(budget), concurrency: 1 + Math.floor(random() * 16), repetitions: 1 + Math.floor(random() * 3) });
      const ended = await untilEnded(set, run);
      const charged = before - await balanceOf(server, payer.key);
      expect({ round, fits: charged <= budget, said: ended['spent_nano_usd'] }).toEqual({ round, fits: true, said: String(charged) });
      expect(['completed', 'stopped_by_budget']).toContain(ended['state']);
      spent.push(charged);
    }
    expect(spent.filter((each) => each > 0n).length).toBeGreaterThan(3);
  }, 60_000);
});

/** `npm run eval`, as a process of its own. */
function command(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const script = new URL('../scripts/eval.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args, '--base-url', `${server.url}/v1`], { env: { ...process.env, NODE_OPTIONS: '', INTERLINE_KEY: payer.key } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => { output += bytes.toString('utf8'); });
  return new Promise((resolve) => { child.once('close', (code) => { resolve({ code, output }); }); });
}

describe('npm run eval', () => {
  const writeSet = (): string => {
    const file = join(makeFolder(), 'prompts.jsonl');
    writeFileSync(file, [...items(10).map((item) => JSON.stringify(item)), 'no JSON', ''].join('\n'));
    return file;
  };

  test('does what the API does, and writes what it found', async () => {
    const folder = makeFolder();
    const files = { json: join(folder, 'a.json'), csv: join(folder, 'a.csv'), jsonl: join(folder, 'a.jsonl') };
    const { code, output } = await command([
      '--set', writeSet(), '--contenders', 'right,sandbox/echo', '--budget', '0.01', '--require', 'right:pass_rate>=0.9', '--json', files.json, '--csv', files.csv, '--jsonl', files.jsonl,
    ]);
    expect({ code, output }).toMatchObject({ code: 0 });
    for (const part of ['10 prompts of', 'skipped line 11', '20/20', '10/10', 'right (#1) is better']) expect(output).toContain(part);
    expect(JSON.parse(readFileSync(files.json, 'utf8'))).toMatchObject({ winner: 0, answers: 20 });
    expect(readFileSync(files.csv, 'utf8').trimEnd().split('\r\n')).toHaveLength(21);
    expect(readFileSync(files.jsonl, 'utf8').trimEnd().split('\n')).toHaveLength(20);
  }, RUN_MS_MAX);

  test('fails where a requirement is missed, and where it is none', async () => {
    const { code, output } = await command(['--set', writeSet(), '--contenders', 'right,sandbox/echo', '--budget', '0.01', '--require', 'pass_rate>=0.5']);
    expect(code).toBe(1);
    expect(output).toContain('MISSED pass_rate>=0.5: sandbox/echo has 0');
    expect((await command(['--require', 'beauty>=1']))).toMatchObject({ code: 2, output: expect.stringContaining('is no requirement') });
    expect((await command([]))).toMatchObject({ code: 2, output: expect.stringContaining('usage') });
  }, RUN_MS_MAX);

  test('is stopped by its budget, and goes on with a larger one', async () => {
    const { code, output } = await command(['--set', writeSet(), '--contenders', 'right,sandbox/echo', '--budget', '0.0004']);
    expect(code).toBe(2);
    const [, which = ''] = /--resume ([\w/]+)/.exec(output) ?? [];
    expect(await command(['--resume', which, '--budget', '0.01'])).toMatchObject({ code: 0 });
    expect(await command(['--resume', which])).toMatchObject({ code: 0 });
  }, RUN_MS_MAX);
});

describe('a judge', () => {
  const judged = { judge: { model: 'judge', pass_mark: 7 }, checks: [{ type: 'judge', rubric: 'Says the product.' }] };
  const plain = (count: number): Json[] => items(count).map(({ name, request }) => ({ name, request }));

  test('passes and fails, is paid, and counts in the budget', async () => {
    upstream.play('judge', says((prompt) => {
      const { answer } = JSON.parse(prompt) as { answer: string };
      return answer.startsWith('The answer is') ? '```json\n{"reason":"It does.","score":9}\n```' : '{"reason":"It does not.","score":2}';
    }));
    const set = await makeSet({ ...judged, items: plain(6) });
    const before = await balanceOf(server, payer.key);
    const run = await makeRun(set, {});
    const ended = await untilEnded(set, run);
    expect(ended).toMatchObject({ state: 'completed', spent_nano_usd: String(18n * 60_000n) });
    expect(before - await balanceOf(server, payer.key)).toBe(18n * 60_000n);
    expect(await ask(`/evals/${set}/runs/${run}/summary`)).toMatchObject({
      contenders: [{ passed: 6, cost_nano_usd: '360000', judge_cost_nano_usd: '360000', cost_per_useful_nano_usd: '60000' }, { failed: 6, cost_nano_usd: '0', judge_cost_nano_usd: '360000' }],
    });
    const [result] = await resultsOf(set, run);
    expect(result).toMatchObject({ checks: [{ type: 'judge', verdict: 'pass', detail: '9 of 10: It does.' }], judge_cost_nano_usd: '60000' });
    expect(result?.['requests']).toHaveLength(2);
    expect(await rowsOf(run)).toHaveLength(24);
  }, RUN_MS_MAX);

  test('that says nothing that can be read, or is not there, leaves it undetermined', async () => {
    upstream.play('mute', says(() => 'I would rather not say. {"score": 10}'));
    const set = await makeSet({ ...judged, judge: { model: 'mute' }, items: plain(2) });
    const run = await makeRun(set, {});
    await untilEnded(set, run);
    expect(await ask(`/evals/${set}/runs/${run}/summary`)).toMatchObject({ winner: null, contenders: [{ undetermined: 2, passed: 0, pass_rate: null }, { undetermined: 2 }] });
    upstream.play('mute', { status: 500, headers: { 'content-type': 'application/json' }, steps: [{ write: '{}' }] });
    const again = await makeRun(set, {});
    await untilEnded(set, again);
    const results = await resultsOf(set, again);
    expect(results.map((each) => each['verdict'])).toEqual(Array(4).fill('undetermined'));
    expect(JSON.stringify(results[0])).toContain('The judge gave no answer');
  }, RUN_MS_MAX);
});

describe('repetitions', () => {
  test('are asked anew whatever the reply cache has, and show which prompts are unstable', async () => {
    let turn = 0;
    upstream.play('moody', says((prompt) => (turn++ % 2 === 0 ? product(prompt) : 'Not today.')));
    await ask(`/workspaces/${payer.workspace}`, { method: 'PATCH', body: { reply_cache: { enabled: true } } });
    const set = await makeSet({ items: items(5) });
    const run = await makeRun(set, { contenders: [{ model: 'moody' }, { model: 'right' }], repetitions: 2, concurrency: 1 });
    await untilEnded(set, run);
    await ask(`/workspaces/${payer.workspace}`, { method: 'PATCH', body: { reply_cache: { enabled: false } } });
    const summary = await ask(`/evals/${set}/runs/${run}/summary`);
    expect(summary).toMatchObject({ winner: null, answers: 20, contenders: [{ passed: 5, failed: 5, instability: 1 }, { passed: 10, instability: 0, unstable_items: [] }] });
    expect((summary['contenders'] as { unstable_items: string[] }[])[0]?.unstable_items).toHaveLength(5);
    expect((summary['conclusion'] as string[]).join(' ')).toContain('unstable at 100 % of the prompts');
  }, RUN_MS_MAX);
});

describe('limits', () => {
  test('are waited for: of the key, and of an upstream that says when to come back', async () => {
    let turnedAway = 0;
    const answers = says(product);
    upstream.play('busy', (body) => (turnedAway++ % 3 === 0 ? { status: 429, headers: { 'content-type': 'application/json', 'retry-after': '0' }, steps: [{ write: '{"error":{"message":"slow down","type":"rate_limit_error"}}' }] } : answers(body)));
    const narrow = String((await askJson(server, {
      path: '/v1/admin/keys', body: { name: 'narrow', user: payer.user, workspace: payer.workspace, scopes: ['inference', 'management'], limits: { concurrent_requests: 1 } },
    }, 201))['secret']);
    const set = await makeSet({ items: items(6) });
    const run = await makeRun(set, { contenders: [{ model: 'busy' }, { model: 'sandbox/echo' }], concurrency: 3 }, narrow);
    expect(await untilEnded(set, run)).toMatchObject({ state: 'completed', progress: { done: 12, failed: 0 } });
    const results = await resultsOf(set, run);
    expect(results.filter((each) => each['contender'] === 0).map((each) => each['verdict'])).toEqual(Array(6).fill('pass'));
    expect(results.reduce((all, each) => all + Number(each['waits']), 0)).toBeGreaterThan(0);
  }, RUN_MS_MAX);

  test('a key that is revoked stops its run, which another can resume', async () => {
    const made = await askJson(server, { path: '/v1/admin/keys', body: { name: 'brief', user: payer.user, workspace: payer.workspace, scopes: ['inference', 'management'] } }, 201);
    const set = await makeSet({ items: items(30) });
    upstream.play('slow', says(product, 100));
    const run = await makeRun(set, { contenders: [{ model: 'slow' }, { model: 'sandbox/echo' }], concurrency: 1 }, String(made['secret']));
    await ask(`/keys/${String(made['id'])}`, { method: 'PATCH', body: { revoked: true } });
    expect(await untilEnded(set, run)).toMatchObject({ state: 'failed', error: { code: 'revoked_api_key' } });
    upstream.play('slow', says(product));
    await ask(`/evals/${set}/runs/${run}/resume`, { body: {} });
    expect(await untilEnded(set, run)).toMatchObject({ state: 'completed', key: payer.keyId, error: null });
  }, RUN_MS_MAX);

  test('what is cancelled stops, and can be resumed', async () => {
    upstream.play('slow', says(product, 50));
    const set = await makeSet({ items: items(20) });
    const run = await makeRun(set, { contenders: [{ model: 'slow' }, { model: 'sandbox/echo' }], concurrency: 2 });
    await eventually(async () => (Number(((await ask(`/evals/${set}/runs/${run}`))['progress'] as Json)['done']) > 3 ? true : null));
    expect(await ask(`/evals/${set}/runs/${run}/cancel`, { method: 'POST' })).toMatchObject({ state: 'cancelled' });
    expect(await ask(`/evals/${set}/runs/${run}/cancel`, { method: 'POST' })).toMatchObject({ state: 'cancelled' });
    const before = upstream.requests('slow').length;
    await ask(`/evals/${set}/runs/${run}/resume`, { body: {} });
    expect(await untilEnded(set, run)).toMatchObject({ state: 'completed', progress: { done: 40 }, spent_nano_usd: String(20n * 60_000n) });
    expect(upstream.requests('slow').length).toBeGreaterThan(before);
    expect(await ask(`/evals/${set}/runs/${run}/cancel`, { method: 'POST', status: 400 })).toMatchObject({ error: { param: 'run' } });
  }, RUN_MS_MAX);
});

describe('prompts', () => {
  const chat = async (content: string, key = payer.key): Promise<string> => {
    const reply = await call(server.url, { path: '/v1/chat/completions', key, body: { model: 'right', messages: [{ role: 'user', content }], max_completion_tokens: 50, temperature: null, metadata: { a: 'b' } } });
    return reply.headers['x-request-id'] ?? '';
  };
  const keep = (how: string): Promise<Json> => ask(`/workspaces/${payer.workspace}`, { method: 'PATCH', body: { request_bodies: { keep: how } } });

  test('are picked from the log by their ids and by a filter, where they were kept in full', async () => {
    const unkept = await chat('What is seven times 900?');
    await keep('redacted');
    const redacted = await chat('What is seven times 901?');
    await eventually(async () => ((await call(server.url, { path: `/v1/requests/${redacted}/body`, key: payer.key })).status === 200 ? true : null));
    await keep('full');
    const kept = await chat('What is seven times 902?');
    await eventually(async () => ((await call(server.url, { path: `/v1/requests/${kept}/body`, key: payer.key })).status === 200 ? true : null));
    await keep('none');
    const set = await makeSet({});
    const nobody = `req_${'0'.repeat(32)}`;
    const added = await ask(`/evals/${set}/items`, { body: { requests: [unkept, redacted, kept, nobody], checks: [{ type: 'contains', value: '6314' }] } });
    expect(added).toMatchObject({ added: 1, skipped: [{ source: unkept, reason: 'Nothing is kept of its body.' }, { source: redacted }, { source: nobody, reason: 'There is no such request.' }] });
    const { data: [item] } = await ask(`/evals/${set}/items`) as { data: Json[] };
    expect(item).toMatchObject({ source_request: kept, checks: [{ type: 'contains', value: '6314' }] });
    expect(item?.['request']).toEqual({ messages: [{ role: 'user', content: 'What is seven times 902?' }], max_completion_tokens: 50 });
    expect(await ask(`/evals/${set}/items`, { body: { filter: { limit: 3, outcome: 'ok' } } })).toMatchObject({ added: 1, skipped: [{ source: redacted }, { source: unkept }] });
    const user = String((await askJson(server, { path: '/v1/admin/users', body: { name: 'member' } }, 201))['id']);
    await ask('/members', { body: { user, role: 'member' }, status: 201 });
    const member = String((await askJson(server, { path: '/v1/admin/keys', body: { name: 'k', user, workspace: payer.workspace, scopes: ['inference', 'management'] } }, 201))['secret']);
    expect(await ask(`/evals/${set}/items`, { key: member, body: { requests: [kept] } })).toMatchObject({ added: 0, skipped: [{ reason: 'There is no such request.' }] });
    const run = await makeRun(set, { contenders: [{ model: 'right', target: 'vllm/right' }, { model: 'sandbox/echo' }] });
    await untilEnded(set, run);
    expect(await ask(`/evals/${set}/runs/${run}/summary`)).toMatchObject({ contenders: [{ target: 'vllm/right', answers: 2, errors: 0 }, { target: null }] });
  }, RUN_MS_MAX);

  test('come as JSONL, each line held to the contract; what a run asks is what was there when it was begun', async () => {
    const set = await makeSet({});
    const lines = ['{"prompt":"What is seven times 1?"}', '', '{"prompt":"x","request":{"messages":[]}}', '{"prompt":"x","checks":[{"type":"no such check"}]}', '[]', '{"promt":"x"}', '{"prompt":"What is seven times 2?","checks":[]}'];
    const added = await ask(`/evals/${set}/items`, { body: { jsonl: lines.join('\n'), checks: [{ type: 'contains', value: '7' }] } });
    expect(added).toMatchObject({ added: 2, skipped: [{ source: 'line 3' }, { source: 'line 4' }, { source: 'line 5' }, { source: 'line 6' }] });
    for (const body of [{}, { jsonl: 'x', requests: [`req_${'0'.repeat(32)}`] }, { items: [{ prompt: 'x', request: { messages: [{ role: 'user', content: 'x' }] } }] }, { items: [{ prompt: 'x', checks: [{ type: 'regex', pattern: '(' }] }] }]) {
      expect(await ask(`/evals/${set}/items`, { body, status: 400 })).toMatchObject({ error: { code: 'invalid_request' } });
    }
    upstream.play('slow', says(product, 200));
    const run = await makeRun(set, { contenders: [{ model: 'slow' }, { model: 'sandbox/echo' }], concurrency: 1 });
    await ask(`/evals/${set}/items`, { body: { items: items(1) } });
    await ask(`/evals/${set}`, { method: 'PATCH', body: { name: 'renamed', checks: [{ type: 'contains', value: 'nobody says this' }] } });
    const [, second] = (await ask(`/evals/${set}/items`) as unknown as { data: { id: string }[] }).data;
    await ask(`/evals/${set}/items/${second?.id ?? ''}`, { method: 'DELETE' });
    expect(await untilEnded(set, run)).toMatchObject({ state: 'completed', progress: { total: 2, done: 2 } });
    expect((await resultsOf(set, run)).find((each) => each['contender'] === 0)).toMatchObject({ verdict: 'pass' });
    expect(await ask(`/evals/${set}`)).toMatchObject({ name: 'renamed', items: 2 });
  }, RUN_MS_MAX);

  test('of names that lead nowhere, and of nothing, no run is begun; what was deleted is gone', async () => {
    const set = await makeSet({ items: items(1) });
    const refused = async (body: Json): Promise<unknown> => ((await ask(`/evals/${set}/runs`, { body: { contenders: [{ model: 'right' }, { model: 'sandbox/echo' }], budget_nano_usd: '1', ...body }, status: 400 }))['error'] as Json)['param'];
    expect(await refused({ contenders: [{ model: 'right' }, { model: 'nobody/nothing' }] })).toBe('contenders.1.model');
    expect(await refused({ repetitions: 21 })).toBe('repetitions');
    const empty = await makeSet({});
    expect(await ask(`/evals/${empty}/runs`, { body: { contenders: [{ model: 'right' }, { model: 'right' }], budget_nano_usd: '1' }, status: 400 })).toMatchObject({ error: { param: 'eval' } });
    const run = await makeRun(set, {});
    await untilEnded(set, run);
    await ask(`/evals/${set}`, { method: 'DELETE' });
    for (const path of [`/evals/${set}`, `/evals/${set}/items`, `/evals/${set}/runs`, `/evals/${set}/runs/${run}`, `/evals/${set}/runs/${run}/results`]) {
      expect(await ask(path, { status: 404 })).toMatchObject({ error: { code: 'eval_not_found' } });
    }
  }, RUN_MS_MAX);
});
