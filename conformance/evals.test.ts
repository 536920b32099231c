/** This file runs eval sets through a real gateway in every way the contract has: judges, repetitions, limits, budgets at random, and the command. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ANSWER_COST, EvalStage, items, product, RUN_MS_MAX, says } from './eval-stage.ts';
import type { Json } from './eval-stage.ts';
import { askJson, balanceOf } from './payer.ts';
import { call } from './raw-client.ts';
import { seededRandom } from './recorded-streams.ts';
import { eventually, makeFolder } from './server-under-test.ts';

const stage = new EvalStage();
const { ask, makeSet, makeRun, untilEnded, untilDone, resultsOf, rowsOf } = stage;

beforeAll(() => stage.open(), 30_000);
afterAll(() => stage.close());

describe('budgets at random', () => {
  test('none is exceeded, whatever the prices, by however many calls at once', async () => {
    const random = seededRandom(20261121);
    const set = await makeSet({ items: items(8) });
    const spent: bigint[] = [];
    for (let round = 0; round < 12; round++) {
      const budget = BigInt(Math.floor(10 ** (3 + 4 * random())));
      const contenders = ['right', 'cheap', 'dear'].toSorted(() => random() - 0.5).slice(0, 2).map((model) => ({ model }));
      const before = await balanceOf(stage.server, stage.payer.key);
      const run = await makeRun(set, { contenders, budget_nano_usd: String(budget), concurrency: 1 + Math.floor(random() * 16), repetitions: 1 + Math.floor(random() * 3) });
      const ended = await untilEnded(set, run);
      const charged = before - await balanceOf(stage.server, stage.payer.key);
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
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args, '--base-url', `${stage.server.url}/v1`], { env: { ...process.env, NODE_OPTIONS: '', INTERLINE_KEY: stage.payer.key } });
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
    stage.upstream.play('judge', says((prompt) => {
      const { answer } = JSON.parse(prompt) as { answer: string };
      return answer.startsWith('The answer is') ? '```json\n{"reason":"It does.","score":9}\n```' : '{"reason":"It does not.","score":2}';
    }));
    const set = await makeSet({ ...judged, items: plain(6) });
    const before = await balanceOf(stage.server, stage.payer.key);
    const run = await makeRun(set, {});
    const ended = await untilEnded(set, run);
    expect(ended).toMatchObject({ state: 'completed', spent_nano_usd: String(18n * ANSWER_COST) });
    expect(before - await balanceOf(stage.server, stage.payer.key)).toBe(18n * ANSWER_COST);
    expect(await ask(`/evals/${set}/runs/${run}/summary`)).toMatchObject({
      contenders: [{ passed: 6, cost_nano_usd: '360000', judge_cost_nano_usd: '360000', cost_per_useful_nano_usd: '60000' }, { failed: 6, cost_nano_usd: '0', judge_cost_nano_usd: '360000' }],
    });
    const [result] = await resultsOf(set, run);
    expect(result).toMatchObject({ checks: [{ type: 'judge', verdict: 'pass', detail: '9 of 10: It does.' }], judge_cost_nano_usd: '60000' });
    expect(result?.['requests']).toHaveLength(2);
    expect(await rowsOf(run)).toHaveLength(24);
  }, RUN_MS_MAX);

  test('that says nothing that can be read, or is not there, leaves it undetermined', async () => {
    stage.upstream.play('mute', says(() => 'I would rather not say. {"score": 10}'));
    const set = await makeSet({ ...judged, judge: { model: 'mute' }, items: plain(2) });
    const run = await makeRun(set, {});
    await untilEnded(set, run);
    expect(await ask(`/evals/${set}/runs/${run}/summary`)).toMatchObject({ winner: null, contenders: [{ undetermined: 2, passed: 0, pass_rate: null }, { undetermined: 2 }] });
    stage.upstream.play('mute', { status: 500, headers: { 'content-type': 'application/json' }, steps: [{ write: '{}' }] });
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
    stage.upstream.play('moody', says((prompt) => (turn++ % 2 === 0 ? product(prompt) : 'Not today.')));
    await ask(`/workspaces/${stage.payer.workspace}`, { method: 'PATCH', body: { reply_cache: { enabled: true } } });
    const set = await makeSet({ items: items(5) });
    const run = await makeRun(set, { contenders: [{ model: 'moody' }, { model: 'right' }], repetitions: 2, concurrency: 1 });
    await untilEnded(set, run);
    await ask(`/workspaces/${stage.payer.workspace}`, { method: 'PATCH', body: { reply_cache: { enabled: false } } });
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
    stage.upstream.play('busy', (body) => (turnedAway++ % 3 === 0 ? { status: 429, headers: { 'content-type': 'application/json', 'retry-after': '0' }, steps: [{ write: '{"error":{"message":"slow down","type":"rate_limit_error"}}' }] } : answers(body)));
    const narrow = String((await askJson(stage.server, {
      path: '/v1/admin/keys', body: { name: 'narrow', user: stage.payer.user, workspace: stage.payer.workspace, scopes: ['inference', 'management'], limits: { concurrent_requests: 1 } },
    }, 201))['secret']);
    const set = await makeSet({ items: items(6) });
    const run = await makeRun(set, { contenders: [{ model: 'busy' }, { model: 'sandbox/echo' }], concurrency: 3 }, narrow);
    expect(await untilEnded(set, run)).toMatchObject({ state: 'completed', progress: { done: 12, failed: 0 } });
    const results = await resultsOf(set, run);
    expect(results.filter((each) => each['contender'] === 0).map((each) => each['verdict'])).toEqual(Array(6).fill('pass'));
    expect(results.reduce((all, each) => all + Number(each['waits']), 0)).toBeGreaterThan(0);
  }, RUN_MS_MAX);

  test('a key that is revoked stops its run, which another can resume', async () => {
    const made = await askJson(stage.server, { path: '/v1/admin/keys', body: { name: 'brief', user: stage.payer.user, workspace: stage.payer.workspace, scopes: ['inference', 'management'] } }, 201);
    const set = await makeSet({ items: items(30) });
    stage.upstream.play('slow', says(product, { waitMs: 100 }));
    const run = await makeRun(set, { contenders: [{ model: 'slow' }, { model: 'sandbox/echo' }], concurrency: 1 }, String(made['secret']));
    await ask(`/keys/${String(made['id'])}`, { method: 'PATCH', body: { revoked: true } });
    expect(await untilEnded(set, run)).toMatchObject({ state: 'failed', error: { code: 'revoked_api_key' } });
    stage.upstream.play('slow', says(product));
    await ask(`/evals/${set}/runs/${run}/resume`, { body: {} });
    expect(await untilEnded(set, run)).toMatchObject({ state: 'completed', key: stage.payer.keyId, error: null });
  }, RUN_MS_MAX);

  test('what is cancelled stops, and can be resumed', async () => {
    stage.upstream.play('slow', says(product, { waitMs: 50 }));
    const set = await makeSet({ items: items(20) });
    const run = await makeRun(set, { contenders: [{ model: 'slow' }, { model: 'sandbox/echo' }], concurrency: 2 });
    await untilDone(set, run, 3);
    expect(await ask(`/evals/${set}/runs/${run}/cancel`, { method: 'POST' })).toMatchObject({ state: 'cancelled' });
    expect(await ask(`/evals/${set}/runs/${run}/cancel`, { method: 'POST' })).toMatchObject({ state: 'cancelled' });
    const before = stage.upstream.requests('slow').length;
    await ask(`/evals/${set}/runs/${run}/resume`, { body: {} });
    expect(await untilEnded(set, run)).toMatchObject({ state: 'completed', progress: { done: 40 }, spent_nano_usd: String(20n * ANSWER_COST) });
    expect(stage.upstream.requests('slow').length).toBeGreaterThan(before);
    expect(await ask(`/evals/${set}/runs/${run}/cancel`, { method: 'POST', status: 400 })).toMatchObject({ error: { param: 'run' } });
  }, RUN_MS_MAX);
});

describe('prompts', () => {
  const chat = async (content: string, key = stage.payer.key): Promise<string> => {
    const reply = await call(stage.server.url, { path: '/v1/chat/completions', key, body: { model: 'right', messages: [{ role: 'user', content }], max_completion_tokens: 50, temperature: null, metadata: { a: 'b' } } });
    return reply.headers['x-request-id'] ?? '';
  };
  const keep = (how: string): Promise<Json> => ask(`/workspaces/${stage.payer.workspace}`, { method: 'PATCH', body: { request_bodies: { keep: how } } });

  test('are picked from the log by their ids and by a filter, where they were kept in full', async () => {
    const unkept = await chat('What is seven times 900?');
    await keep('redacted');
    const redacted = await chat('What is seven times 901?');
    await eventually(async () => ((await call(stage.server.url, { path: `/v1/requests/${redacted}/body`, key: stage.payer.key })).status === 200 ? true : null));
    await keep('full');
    const kept = await chat('What is seven times 902?');
    await eventually(async () => ((await call(stage.server.url, { path: `/v1/requests/${kept}/body`, key: stage.payer.key })).status === 200 ? true : null));
    await keep('none');
    const set = await makeSet({});
    const nobody = `req_${'0'.repeat(32)}`;
    const added = await ask(`/evals/${set}/items`, { body: { requests: [unkept, redacted, kept, nobody], checks: [{ type: 'contains', value: '6314' }] } });
    expect(added).toMatchObject({ added: 1, skipped: [{ source: unkept, reason: 'Nothing is kept of its body.' }, { source: redacted }, { source: nobody, reason: 'There is no such request.' }] });
    const { data: [item] } = await ask(`/evals/${set}/items`) as { data: Json[] };
    expect(item).toMatchObject({ source_request: kept, checks: [{ type: 'contains', value: '6314' }] });
    expect(item?.['request']).toEqual({ messages: [{ role: 'user', content: 'What is seven times 902?' }], max_completion_tokens: 50 });
    expect(await ask(`/evals/${set}/items`, { body: { filter: { limit: 3, outcome: 'ok' } } })).toMatchObject({ added: 1, skipped: [{ source: redacted }, { source: unkept }] });
    const user = String((await askJson(stage.server, { path: '/v1/admin/users', body: { name: 'member' } }, 201))['id']);
    await ask('/members', { body: { user, role: 'member' }, status: 201 });
    const member = String((await askJson(stage.server, { path: '/v1/admin/keys', body: { name: 'k', user, workspace: stage.payer.workspace, scopes: ['inference', 'management'] } }, 201))['secret']);
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
    stage.upstream.play('slow', says(product, { waitMs: 200 }));
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
