/** This file ends gateways in the middle of answers made in the background, and asks one gateway for what another makes: nothing stays in progress, and each is charged once. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ResponseCreateParamsNonStreaming } from 'openai/resources/responses/responses';
import type { UsageRow } from '../generated/client/types.gen.ts';
import { startPostgres, stopPostgres } from '../scripts/postgres-under-test.ts';
import { ANSWER, GRANT, TEST_MS_MAX, asker, at, begin, costOf, ended, eventsAfter, followDeltas, judged, onlyRow, openBackgroundStage, refused } from './background-stage.ts';
import type { BackgroundStage } from './background-stage.ts';
import { PRICED, PRICED_MODEL } from './good-requests.ts';
import { askJson, balanceOf } from './payer.ts';
import { eventually, stopServers } from './server-under-test.ts';

/** Answers of every age: from done to hardly begun. */
const MANY = 30;

/** Until a stream has been noted, and a little more. */
const NOTED_MS = 1800;
/** Until a gateway has looked whether what it makes was cancelled through another, and a little more. */
const LOOK_MS_MAX = 1500;

let stage: BackgroundStage;
beforeAll(async () => { stage = await openBackgroundStage(); }, TEST_MS_MAX);
afterAll(async () => {
  await stage.upstream.close();
  await stopServers();
  await stopPostgres();
});

describe('an answer whose gateway', () => {
  test('is killed has failed, is charged what was noted of it, and is not followed', async () => {
    let me = await asker(await stage.start());
    const { id } = await begin(me, 'silent');
    await followDeltas(me, id, 3);
    await new Promise((resolve) => { setTimeout(resolve, NOTED_MS); });
    await me.server.kill();
    me = at(await me.server.restart(), me.payer);
    expect(await ended(me, id)).toMatchObject({ id, status: 'failed', background: true, error: { code: 'server_error', message: expect.stringContaining('stopped') }, output: [] });
    const row = await onlyRow(me);
    expect(row).toMatchObject({ outcome: 'recovered', basis: 'observed', charged_nano_usd: costOf(row) });
    expect(row.completion_tokens).toBeGreaterThan(0);
    expect(await eventsAfter(me, id, 5)).toMatchObject([{ type: 'response.failed', sequence_number: 6, response: { status: 'failed' } }]);
    expect(await refused(me.client.responses.cancel(id))).toMatchObject({ status: 400 });
    expect(await refused(begin(me, 'whole', { previous_response_id: id }))).toMatchObject({ status: 400, param: 'previous_response_id' });
    expect((await me.client.responses.inputItems.list(id)).data).toHaveLength(1);
    await onlyRow(me);
  }, TEST_MS_MAX);

  test('is stopped is waited for', async () => {
    let me = await asker(await stage.start());
    const { id } = await begin(me, 'slow');
    await followDeltas(me, id, 3);
    const stopped = me.server.stop();
    stage.upstream.release('slow');
    expect(await stopped).toBe(0);
    me = at(await me.server.restart(), me.payer);
    expect(await ended(me, id)).toMatchObject({ status: 'completed', output_text: 'one two three four' });
    expect(await onlyRow(me)).toMatchObject({ outcome: 'ok', charged_nano_usd: String(ANSWER) });
  }, TEST_MS_MAX);

  test('is stopped before its end has failed with what came of it, and says why', async () => {
    let me = await asker(await stage.start({ limits: { drainMs: 50 } }));
    const { id } = await begin(me, 'silent');
    await followDeltas(me, id, 3);
    expect(await me.server.stop()).toBe(0);
    me = at(await me.server.restart(), me.payer);
    const answer = await ended(me, id);
    expect(answer).toMatchObject({ status: 'failed', error: { code: 'server_error', message: expect.stringContaining('shutting down') }, output: [{ status: 'incomplete', content: [{ text: 'one two three ' }] }] });
    expect((await eventsAfter(me, id)).slice(-2)).toMatchObject([{ type: 'error', code: 'shutting_down' }, { type: 'response.failed' }]);
    const row = await onlyRow(me);
    expect(row).toMatchObject({ outcome: 'shutdown', basis: 'observed', charged_nano_usd: costOf(row) });
  }, TEST_MS_MAX);
});

describe('answers', () => {
  test('of every age end with their gateway, each charged once for what was noted of it', async () => {
    let me = await asker(await stage.start({ config: { models: [PRICED] } }));
    const open: string[] = [];
    for (let index = 0; index < MANY; index++) {
      const body = { model: PRICED_MODEL, input: `Reply with exactly: ${'word '.repeat(60)}`, max_output_tokens: 500, background: true, sandbox: { token_ms: index * 4 } };
      open.push((await me.client.responses.create(body as ResponseCreateParamsNonStreaming)).id);
    }
    await new Promise((resolve) => { setTimeout(resolve, NOTED_MS); });
    await me.server.kill();
    me = at(await me.server.restart(), me.payer);
    const answers = await Promise.all(open.map((id) => ended(me, id)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(['completed', 'failed']));
    const { data } = await askJson({ url: me.server.url, key: me.payer.key }, { path: '/v1/usage?limit=100' }) as { data: UsageRow[] };
    expect(new Set(data.map(({ id }) => id)).size).toBe(data.length);
    expect(data.length).toBeLessThanOrEqual(MANY);
    expect(data.filter(({ outcome }) => outcome === 'ok').length).toBeGreaterThanOrEqual(answers.filter(({ status }) => status === 'completed').length);
    for (const row of data) expect(row.charged_nano_usd).toBe(costOf(row));
    expect(GRANT - await balanceOf(me.server, me.payer.key)).toBe(data.reduce((sum, row) => sum + BigInt(row.charged_nano_usd), 0n));
    expect(await askJson(me.server, { path: '/v1/admin/ledger/check' })).toMatchObject({ violations: [] });
  }, TEST_MS_MAX);

  test('are kept once their database is back', async () => {
    const postgres = await startPostgres();
    const me = await asker(await stage.start({ env: { INTERLINE_DATABASE_URL: postgres.url } }));
    const { id } = await begin(me, 'late');
    await followDeltas(me, id, 3);
    await postgres.kill();
    await eventually(() => (me.server.output().includes('no sign of life') ? true : null));
    const served = stage.upstream.requests('late').at(-1)?.bytesWritten ?? 0;
    stage.upstream.release('late');
    await eventually(() => ((stage.upstream.requests('late').at(-1)?.bytesWritten ?? 0) > served ? true : null));
    await postgres.restart();
    const answer = await eventually(() => me.client.responses.retrieve(id).then((found) => (found.status === 'in_progress' ? null : found), () => null), TEST_MS_MAX / 2);
    expect(judged(answer)).toMatchObject({ status: 'completed', output_text: 'one two three four' });
    expect(await onlyRow(me)).toMatchObject({ outcome: 'ok', charged_nano_usd: String(ANSWER) });
  }, TEST_MS_MAX * 2);
});

describe('an answer that another gateway makes', () => {
  test('is seen, cancelled and followed through any', async () => {
    const postgres = await startPostgres();
    const env = { INTERLINE_DATABASE_URL: postgres.url };
    const here = await asker(await stage.start({ env }));
    const there = at(await stage.start({ env, dataFolder: here.server.dataFolder }), here.payer);
    const before = stage.upstream.requests('silent').length;
    const { id } = await begin(here, 'silent');
    await followDeltas(here, id, 3);
    expect(judged(await there.client.responses.retrieve(id)).status).toBe('in_progress');
    const follower = eventsAfter(here, id);
    const startedAt = performance.now();
    expect(judged(await there.client.responses.cancel(id)).status).toBe('cancelled');
    const leftAt = await stage.upstream.requests('silent')[before]?.left ?? Number.POSITIVE_INFINITY;
    expect(leftAt - startedAt).toBeLessThan(LOOK_MS_MAX);
    const told = await follower;
    expect(told.at(-1)).toMatchObject({ type: 'response.incomplete', response: { status: 'cancelled', output: [{ content: [{ text: 'one two three ' }] }] } });
    expect(await eventsAfter(there, id)).toEqual(told);
    expect(judged(await there.client.responses.cancel(id))).toMatchObject({ status: 'cancelled', output: [{ content: [{ text: 'one two three ' }] }] });
    const row = await onlyRow(there);
    expect(row).toMatchObject({ outcome: 'cancelled', basis: 'observed', charged_nano_usd: costOf(row) });
    const one = await asker(here.server);
    const across = await begin(one, 'across');
    const live = eventsAfter(one, across.id);
    const late = eventsAfter(at(there.server, one.payer), across.id, 4);
    await followDeltas(one, across.id, 3);
    stage.upstream.release('across');
    expect((await live).at(-1)).toMatchObject({ type: 'response.completed' });
    expect(await late).toEqual((await live).slice(5));
    expect(await onlyRow(one)).toMatchObject({ outcome: 'ok', charged_nano_usd: String(ANSWER) });
  }, TEST_MS_MAX * 2);
});
