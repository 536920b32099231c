/** This file checks what an answer out of the reply cache costs, whoever pays, and that nobody is let in by it. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { askJson, balanceOf } from './payer.ts';
import { COST, ENGINES, GRANT, TEST_MS_MAX, closeCacheStage, codeOf, openCacheStage, plan, stateOf, text } from './reply-cache-stage.ts';
import type { CacheStage } from './reply-cache-stage.ts';
import { eventually } from './server-under-test.ts';

describe.each(ENGINES)('an answer out of the reply cache on %s', (engine) => {
  let stage: CacheStage;
  beforeAll(async () => { stage = await openCacheStage(engine); }, TEST_MS_MAX);
  beforeEach(() => stage.begin(), TEST_MS_MAX);
  afterAll(() => closeCacheStage(stage));

  test.each([[undefined, 0n, 0], [100, COST, 1], [33, (COST * 33n + 99n) / 100n, 1]])('costs %s percent of it, as the plan says', async (percent, cost, messages) => {
    await askJson(stage.server, { method: 'PUT', path: '/v1/admin/plans/cached', body: plan(percent) });
    const pays = await stage.payer({ billing: 'balance', plan: 'cached', nanoUsd: GRANT });
    await stage.ask({}, { key: pays.key });
    const again = await stage.hit(() => stage.ask({}, { key: pays.key }), { who: pays });
    expect(await balanceOf(stage.server, pays.key)).toBe(GRANT - COST - cost);
    expect(await stage.rowOf(again, pays)).toMatchObject({ charged_nano_usd: String(cost), counted_messages: messages });
    const counts = await stage.payer({ plan: 'cached' });
    await stage.ask({}, { key: counts.key });
    await stage.hit(() => stage.ask({}, { key: counts.key }), { who: counts });
    const { data } = await stage.manage({ path: '/v1/limits' }, { who: counts }) as unknown as { data: { subject: string; used: string }[] };
    expect(Number(data.find(({ subject }) => subject === 'pro')?.used)).toBe(1 + messages);
    expect((await askJson(stage.server, { path: '/v1/admin/ledger/check' }))).toMatchObject({ violations: [] });
  }, TEST_MS_MAX);

  test('refuses whoever would be refused without it', async () => {
    await stage.ask();
    await stage.hit(() => stage.ask());
    await stage.manage({ path: '/v1/budgets', body: { name: 'none', scope: { type: 'key', id: stage.me.keyId }, unit: 'usd', amount: '1', period: 'total' } }, { status: 201 });
    const refused = await eventually(async () => {
      const reply = await stage.ask();
      return reply.status === 200 ? null : reply;
    });
    expect([refused.status, codeOf(refused), (await stage.rowOf(refused)).cache]).toEqual([402, 'request_exceeds_budget', null]);
    await askJson(stage.server, { method: 'PUT', path: '/v1/admin/plans/cached', body: plan(0) });
    const few = await stage.payer({ plan: 'cached' });
    for (let index = 0; index < 5; index++) await stage.ask({ seed: index }, { key: few.key });
    const over = await stage.ask({ seed: 1 }, { key: few.key });
    expect([over.status, codeOf(over)]).toEqual([429, 'quota_exceeded']);
    const slow = await stage.payer({ limits: { requests_per_minute: 3 } });
    const replies = [];
    for (let index = 0; index < 6; index++) replies.push(await stage.ask({}, { key: slow.key }));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429, 429]);
  }, TEST_MS_MAX);

  test('never takes more than a budget has, however many ask at once', async () => {
    await askJson(stage.server, { method: 'PUT', path: '/v1/admin/plans/full', body: plan(100) });
    const many = await stage.payer({ billing: 'balance', plan: 'full', nanoUsd: GRANT });
    await stage.ask({}, { key: many.key });
    await stage.hit(() => stage.ask({}, { key: many.key }), { who: many });
    const before = await balanceOf(stage.server, many.key);
    const amount = 10n * COST;
    await stage.manage({ path: '/v1/budgets', body: { name: 'ten', scope: { type: 'workspace', id: many.workspace }, unit: 'usd', amount: String(amount), period: 'total' } }, { who: many, status: 201 });
    const replies = await Promise.all(Array.from({ length: 40 }, () => stage.ask({}, { key: many.key })));
    const hits = replies.filter((reply) => stateOf(reply) === 'hit').length;
    expect(hits).toBeGreaterThan(0);
    expect(replies.filter(({ status }) => status === 402)).toHaveLength(40 - hits);
    const spent = before - await balanceOf(stage.server, many.key);
    expect(spent).toBe(BigInt(hits) * COST);
    expect(spent).toBeLessThanOrEqual(amount);
    expect((await askJson(stage.server, { path: '/v1/admin/ledger/check' }))).toMatchObject({ violations: [] });
  }, TEST_MS_MAX);

  test('costs nothing where the workspace’s own key has paid for it, and is not given for the operator’s', async () => {
    const first = await stage.ask();
    await stage.hit(() => stage.ask());
    const { id } = await stage.manage({ path: '/v1/provider-keys', body: { provider: 'vllm', key: 'sk-own-0123456789', base_url: stage.upstream.url } }, { status: 201 });
    const own = await eventually(async () => {
      const reply = await stage.ask();
      return stateOf(reply) === 'miss' ? reply : null;
    });
    expect(text(own)).not.toBe(text(first));
    expect(await stage.rowOf(own)).toMatchObject({ payer: 'own_key', charged_nano_usd: '0' });
    const again = await stage.hit(() => stage.ask(), { count: 2 });
    expect(text(again)).toBe(text(own));
    expect(await stage.rowOf(again)).toMatchObject({ payer: 'own_key', charged_nano_usd: '0', cache: 'hit' });
    expect(await balanceOf(stage.server, stage.me.key)).toBe(GRANT - COST);
    await stage.manage({ method: 'DELETE', path: `/v1/provider-keys/${String(id)}` });
    await eventually(async () => (text(await stage.ask()) === text(first) ? true : null));
  }, TEST_MS_MAX);

  test('is given for an idempotency key like any other, and again for the same key', async () => {
    await stage.ask();
    await stage.hit(() => stage.ask());
    const headers = { 'idempotency-key': 'once' };
    const once = await stage.ask({}, { headers });
    expect([stateOf(once), once.headers['idempotency-replayed']]).toEqual(['hit', undefined]);
    const twice = await stage.ask({}, { headers });
    expect([stateOf(twice), twice.headers['idempotency-replayed'], text(twice)]).toEqual([undefined, 'true', text(once)]);
    const streamed = await stage.ask({ stream: true });
    await stage.hit(() => stage.ask({ stream: true }, { headers: { 'idempotency-key': 'stream' } }), { count: 2 });
    expect(text(await stage.ask({ stream: true }, { headers: { 'idempotency-key': 'stream' } }))).toBe(text(streamed).replaceAll(/^:.*\n\n/gm, ''));
  }, TEST_MS_MAX);

  test('is paid from the messages of the model that has made it, where a route may come to several', async () => {
    await askJson(stage.server, { method: 'PUT', path: '/v1/admin/plans/cached', body: plan(100) });
    const counts = await stage.payer({ plan: 'cached' });
    await stage.ask({ model: 'tiers' }, { key: counts.key });
    await stage.hit(() => stage.ask({ model: 'tiers' }, { key: counts.key }), { who: counts });
    const { data } = await stage.manage({ path: '/v1/limits' }, { who: counts }) as unknown as { data: { subject: string; used: string; held: string }[] };
    expect(data.filter(({ subject }) => subject === 'basic' || subject === 'pro').map(({ subject, used, held }) => [subject, used, held])).toEqual(expect.arrayContaining([['basic', '2', '0'], ['pro', '0', '0']]));
  }, TEST_MS_MAX);
});
