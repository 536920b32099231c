/** This file runs eval sets on both engines: the right one wins, a killed gateway loses nothing, and no budget is exceeded. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ANSWER_COST, BUDGET, EvalStage, items, product, RUN_MS_MAX, says, sum } from './eval-stage.ts';
import { askJson, balanceOf } from './payer.ts';
import { call } from './raw-client.ts';

describe.each(['sqlite', 'postgres'] as const)('on %s', (engine) => {
  const stage = new EvalStage();
  const { ask, makeSet, makeRun, untilEnded, untilDone, resultsOf, rowsOf } = stage;

  beforeAll(() => stage.open(engine), 30_000);
  afterAll(() => stage.close());

  describe('thirty prompts and two routes', () => {
    test('the right one wins, and everything is charged, logged and told', async () => {
      const before = await balanceOf(stage.server, stage.payer.key);
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
      expect(new Set(rows.map((row) => row['key']))).toEqual(new Set([stage.payer.keyId]));
      // 20 and 10 tokens for each of thirty.
      expect(sum(rows, 'charged_nano_usd')).toBe(30n * ANSWER_COST);
      expect(before - await balanceOf(stage.server, stage.payer.key)).toBe(30n * ANSWER_COST);
      expect(ended['spent_nano_usd']).toBe(String(30n * ANSWER_COST));
      const results = await resultsOf(set, run);
      expect(results.map((each) => each['id'])).toEqual([...new Set(results.map((each) => each['id']))].sort());
      expect(results).toHaveLength(60);
      expect(results.find((each) => each['contender'] === 1)).toMatchObject({ item_name: 'times 0', verdict: 'pass', output: 'The answer is 700.', target: 'vllm/right', prompt_tokens: 20, completion_tokens: 10, attempts: 1 });
      const csv = await call(stage.server.url, { path: `/v1/evals/${set}/runs/${run}/export`, key: stage.payer.key });
      expect(csv.body.toString('utf8').trimEnd().split('\r\n')).toHaveLength(61);
    }, RUN_MS_MAX);

    test('a gateway that is killed again and again loses nothing and pays for nothing twice', async () => {
      stage.upstream.play('slow', says(product, { waitMs: 40 }));
      const set = await makeSet({ items: items(30) });
      const run = await makeRun(set, { contenders: [{ model: 'slow' }, { model: 'sandbox/echo' }], concurrency: 4 });
      const before = await balanceOf(stage.server, stage.payer.key);
      for (const done of [8, 25]) {
        await untilDone(set, run, done);
        await stage.server.kill();
        stage.server = await stage.server.restart();
      }
      const ended = await untilEnded(set, run);
      expect(ended).toMatchObject({ state: 'completed', progress: { total: 60, done: 60, failed: 0 } });
      expect(await ask(`/evals/${set}/runs/${run}/summary`)).toMatchObject({ winner: 0, contenders: [{ passed: 30 }, { passed: 0 }] });
      // A call that was under way at a kill is asked again; one that was answered never is.
      expect(stage.upstream.requests('slow').length).toBeLessThanOrEqual(30 + 2 * 4);
      expect(before - await balanceOf(stage.server, stage.payer.key)).toBe(30n * ANSWER_COST);
      expect(sum(await resultsOf(set, run), 'cost_nano_usd')).toBe(30n * ANSWER_COST);
      expect((await askJson(stage.server, { path: '/v1/admin/ledger/check' }))['ok']).toBe(true);
    }, 60_000);
  });

  describe('two gateways on one store', () => {
    test('do a run once: what the one leaves behind, killed or stopped, the other goes on with', async () => {
      stage.upstream.play('slow', says(product, { waitMs: 40 }));
      const before = await balanceOf(stage.server, stage.payer.key);
      const set = await makeSet({ items: items(30) });
      const run = await makeRun(set, { contenders: [{ model: 'slow' }, { model: 'right' }], concurrency: 3 });
      const other = await stage.server.restart();
      await untilDone(set, run, 8);
      await stage.server.stop();
      stage.server = other;
      expect(await untilEnded(set, run)).toMatchObject({ state: 'completed', progress: { total: 60, done: 60, failed: 0 }, spent_nano_usd: String(60n * ANSWER_COST) });
      expect(before - await balanceOf(stage.server, stage.payer.key)).toBe(60n * ANSWER_COST);
      expect(new Set((await resultsOf(set, run)).map((each) => each['id'])).size).toBe(60);
    }, 60_000);
  });

  describe('a budget', () => {
    test('is never exceeded; with a larger one the run goes on where it stopped', async () => {
      const set = await makeSet({ items: items(20) });
      const before = await balanceOf(stage.server, stage.payer.key);
      // A call may cost 50 tokens of output and its prompt; it costs 60,000.
      const run = await makeRun(set, { budget_nano_usd: '700000', concurrency: 8 });
      const stopped = await untilEnded(set, run);
      expect(stopped['state']).toBe('stopped_by_budget');
      const spent = BigInt(String(stopped['spent_nano_usd']));
      expect(spent).toBeGreaterThan(0n);
      expect(spent).toBeLessThanOrEqual(700_000n);
      expect(before - await balanceOf(stage.server, stage.payer.key)).toBe(spent);
      expect(await ask(`/evals/${set}/runs/${run}/resume`, { body: { budget_nano_usd: '1' }, status: 400 })).toMatchObject({ error: { param: 'budget_nano_usd' } });
      const done = (stopped['progress'] as { done: number }).done;
      const asked = stage.upstream.requests('right').length;
      await ask(`/evals/${set}/runs/${run}/resume`, { body: { budget_nano_usd: BUDGET } });
      expect(await untilEnded(set, run)).toMatchObject({ state: 'completed', spent_nano_usd: String(20n * ANSWER_COST), progress: { done: 40 } });
      expect(stage.upstream.requests('right').length - asked).toBe(20 - Number(spent / ANSWER_COST));
      expect(done).toBeLessThan(40);
    }, RUN_MS_MAX);

    test('holds even when an upstream says it has used more than it was asked for', async () => {
      stage.upstream.play('greedy', says(product, { tokens: 5000 }));
      const set = await makeSet({ items: items(10) });
      const before = await balanceOf(stage.server, stage.payer.key);
      const run = await makeRun(set, { contenders: [{ model: 'greedy' }, { model: 'sandbox/echo' }], budget_nano_usd: '1000000', concurrency: 3 });
      expect((await untilEnded(set, run))['state']).toBe('stopped_by_budget');
      expect(before - await balanceOf(stage.server, stage.payer.key)).toBeLessThanOrEqual(1_000_000n);
    }, RUN_MS_MAX);
  });
});
