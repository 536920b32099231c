/** This file drives answers made in the background with the official `openai` package: polled, followed, stopped, and each charged once. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ResponseStreamEvent } from 'openai/resources/responses/responses';
import { ANSWER, TEST_MS_MAX, asker as askerAt, at, begin, costOf, ended, eventsAfter, followDeltas, judged, onlyRow, openBackgroundStage, refused } from './background-stage.ts';
import type { Asker, BackgroundStage } from './background-stage.ts';
import type { PayerOptions } from './payer.ts';
import { call } from './raw-client.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { eventually, stopServers } from './server-under-test.ts';
import type { ServerOptions, ServerUnderTest } from './server-under-test.ts';

let stage: BackgroundStage;
let upstream: ReplayUpstream;
let server: ServerUnderTest;
beforeAll(async () => {
  stage = await openBackgroundStage();
  ({ upstream } = stage);
  server = await stage.start();
}, TEST_MS_MAX);
afterAll(async () => {
  await upstream.close();
  await stopServers();
});

const asker = (place: ServerUnderTest = server, more: PayerOptions = {}): Promise<Asker> => askerAt(place, more);
const elsewhere = async (more: ServerOptions = {}): Promise<Asker> => askerAt(await stage.start(more));

describe('an answer in the background', () => {
  test('is begun at once, polled to its end, followed by the next, and charged once', async () => {
    const me = await asker();
    const { id, status, background, output } = await begin(me, 'slow');
    expect({ status, background, output }).toEqual({ status: 'in_progress', background: true, output: [] });
    await followDeltas(me, id, 3);
    expect(judged(await me.client.responses.retrieve(id))).toMatchObject({ id, status: 'in_progress', output: [], usage: null });
    expect((await me.client.responses.inputItems.list(id)).data).toMatchObject([{ content: [{ text: 'hello' }] }]);
    expect(await refused(begin(me, 'whole', { previous_response_id: id }))).toMatchObject({ status: 400, param: 'previous_response_id' });
    upstream.release('slow');
    const answer = await ended(me, id);
    expect(answer).toMatchObject({ id, status: 'completed', output_text: 'one two three four', background: true, usage: { input_tokens: 7, output_tokens: 40 }, error: null });
    expect(await onlyRow(me)).toMatchObject({ outcome: 'ok', basis: 'provider', charged_nano_usd: String(ANSWER) });
    const next = await begin(me, 'whole', { previous_response_id: id });
    expect(await ended(me, next.id)).toMatchObject({ status: 'completed', previous_response_id: id });
    expect(upstream.requests('whole').at(-1)?.body).toContain('one two three four');
  }, TEST_MS_MAX);

  test('that its upstream refuses has failed, says why, and costs nothing', async () => {
    const me = await asker();
    const { id } = await begin(me, 'refuses');
    expect(await ended(me, id)).toMatchObject({ status: 'failed', error: { code: 'server_error', message: expect.stringContaining('too hot') }, output: [] });
    expect((await eventsAfter(me, id)).map(({ type, sequence_number }) => [sequence_number, type])).toEqual([[0, 'response.created'], [1, 'response.in_progress'], [2, 'error'], [3, 'response.failed']]);
    expect(await onlyRow(me)).toMatchObject({ outcome: 'refused', charged_nano_usd: '0' });
    expect(await refused(begin(me, 'whole', { previous_response_id: id }))).toMatchObject({ status: 400, param: 'previous_response_id' });
  }, TEST_MS_MAX);

  test('is refused at once where any answer would be', async () => {
    const me = await asker();
    expect(await refused(begin(me, 'nobody'))).toMatchObject({ status: 404, code: 'model_not_found' });
    expect(await refused(begin(me, 'whole', { store: false }))).toMatchObject({ status: 400, param: 'background' });
    const strict = await call(server.url, { path: '/v1/responses', key: me.payer.key, body: { model: 'bg/whole', input: 'hello', background: true, tools: [{ type: 'web_search' }] }, headers: { 'x-interline-strict': 'true' } });
    expect({ status: strict.status, text: strict.body.toString('utf8') }).toEqual({ status: 400, text: expect.stringContaining('tools[0]') });
    expect(await refused(begin(await asker(server, { nanoUsd: 1n }), 'whole'))).toMatchObject({ status: 402, code: 'insufficient_balance' });
  }, TEST_MS_MAX);

  test('takes a place among the calls of its key, and among those its gateway makes', async () => {
    const one = await asker(server, { limits: { requests_per_minute: null, tokens_per_minute: null, concurrent_requests: 1 } });
    const { id } = await begin(one, 'silent');
    expect(await refused(begin(one, 'whole'))).toMatchObject({ status: 429, code: 'concurrency_limited' });
    await one.client.responses.cancel(id);
    expect((await ended(one, (await begin(one, 'whole')).id)).status).toBe('completed');
    const small = await elsewhere({ limits: { backgroundRunsMax: 1 } });
    const first = await begin(small, 'silent');
    expect(await refused(begin(small, 'whole'))).toMatchObject({ status: 429, code: 'concurrency_limited' });
    await small.client.responses.delete(first.id);
    await eventually(() => begin(small, 'whole').then(() => true as const, () => null));
  }, TEST_MS_MAX);

  test.each([false, true])('is given again to who asks with the same Idempotency-Key, once it has ended (as events: %s)', async (stream) => {
    const me = await asker();
    const body = { model: 'bg/whole', input: 'hello', max_output_tokens: 100, background: true, stream };
    const send = (): ReturnType<typeof call> => call(me.server.url, { path: '/v1/responses', key: me.payer.key, body, headers: { 'idempotency-key': 'again' } });
    const first = await send();
    await ended(me, /resp_[0-9a-f]+/.exec(first.body.toString('utf8'))?.[0] ?? '');
    await onlyRow(me);
    const again = await send();
    expect({ status: again.status, replayed: again.headers['idempotency-replayed'], body: again.body.toString('utf8') }).toEqual({ status: 200, replayed: 'true', body: first.body.toString('utf8') });
    await onlyRow(me);
  }, TEST_MS_MAX);
});

describe('the events', () => {
  test('are followed from the start, left, resumed by number, and told again as they were, by another process too', async () => {
    let me = await elsewhere();
    const live: ResponseStreamEvent[] = [];
    const stream = await me.client.responses.create({ model: 'bg/resumed', input: 'hello', max_output_tokens: 100, background: true, stream: true });
    for await (const event of stream) {
      live.push(event);
      if (event.type === 'response.output_text.delta') break;
    }
    const [created] = live;
    const id = created?.type === 'response.created' ? created.response.id : '';
    const after = live.at(-1)?.sequence_number ?? -1;
    const rest = me.client.responses.retrieve(id, { stream: true, starting_after: after });
    upstream.release('resumed');
    for await (const event of await rest) live.push(event);
    expect(live.map(({ sequence_number }) => sequence_number)).toEqual(live.map((_event, index) => index));
    expect(live.at(-1)).toMatchObject({ type: 'response.completed', response: { output: [{ content: [{ text: 'one two three four' }] }] } });
    expect(await eventsAfter(me, id)).toEqual(live);
    await onlyRow(me);
    await me.server.kill();
    me = at(await me.server.restart(), me.payer);
    expect(await eventsAfter(me, id)).toEqual(live);
    expect(await eventsAfter(me, id, after)).toEqual(live.slice(after + 1));
    expect(await eventsAfter(me, id, live.length)).toEqual([]);
    expect(await onlyRow(me)).toMatchObject({ outcome: 'ok', charged_nano_usd: String(ANSWER) });
  }, TEST_MS_MAX);

  test('that were too many to keep leave the last, which has the whole answer', async () => {
    const me = await elsewhere({ limits: { backgroundEventsBytesMax: 500 } });
    const { id } = await begin(me, 'whole');
    await ended(me, id);
    const [last, ...others] = await eventsAfter(me, id);
    expect({ last, others }).toMatchObject({ last: { type: 'response.completed', sequence_number: 11, response: { output: [{ content: [{ text: 'one two three four' }] }] } }, others: [] });
  }, TEST_MS_MAX);

  test('are told of answers made in the background only, and after a number only as events', async () => {
    const me = await asker();
    const { id } = await me.client.responses.create({ model: 'sandbox/echo', input: 'hello' });
    expect(await refused(me.client.responses.retrieve(id, { stream: true }))).toMatchObject({ status: 400, param: 'stream' });
    expect(await refused(me.client.responses.retrieve(id, { starting_after: 1 } as never))).toMatchObject({ status: 400, param: 'starting_after' });
  }, TEST_MS_MAX);
});

describe('an answer that is not wanted any more', () => {
  test('is cancelled: its upstream is left, what came is there and charged, and again does no harm', async () => {
    const me = await asker();
    const before = upstream.requests('silent').length;
    const { id } = await begin(me, 'silent');
    await followDeltas(me, id, 3);
    const answer = judged(await me.client.responses.cancel(id));
    expect(answer).toMatchObject({ id, status: 'cancelled', error: null, output: [{ status: 'incomplete', content: [{ text: 'one two three ' }] }] });
    await upstream.requests('silent')[before]?.left;
    expect(judged(await me.client.responses.cancel(id))).toEqual(answer);
    expect(judged(await me.client.responses.retrieve(id))).toMatchObject({ status: 'cancelled' });
    expect((await eventsAfter(me, id)).at(-1)).toMatchObject({ type: 'response.incomplete', response: { status: 'cancelled' } });
    const row = await onlyRow(me);
    expect(row).toMatchObject({ outcome: 'cancelled', basis: 'observed', charged_nano_usd: costOf(row) });
    expect(row.prompt_tokens).toBeGreaterThan(0);
    expect(row.completion_tokens).toBeGreaterThan(0);
  }, TEST_MS_MAX);

  test('is deleted, and paid for as far as it had come', async () => {
    const me = await asker();
    const { id } = await begin(me, 'silent');
    await followDeltas(me, id, 3);
    await me.client.responses.delete(id);
    expect(await refused(me.client.responses.retrieve(id))).toMatchObject({ status: 404 });
    const row = await onlyRow(me);
    expect(row).toMatchObject({ outcome: 'cancelled', charged_nano_usd: costOf(row) });
  }, TEST_MS_MAX);

  test('can’t be cancelled once it has ended, nor at all when somebody waits for it, nor by others', async () => {
    const me = await asker();
    const { id } = await begin(me, 'whole');
    await ended(me, id);
    expect(await refused(me.client.responses.cancel(id))).toMatchObject({ status: 400, code: 'invalid_request', message: expect.stringContaining('completed') });
    const waited = await me.client.responses.create({ model: 'sandbox/echo', input: 'hello' });
    expect(await refused(me.client.responses.cancel(waited.id))).toMatchObject({ status: 400, code: 'invalid_request' });
    const open = await begin(me, 'silent');
    const { client } = await asker();
    for (const each of [client.responses.cancel(open.id), client.responses.retrieve(open.id), client.responses.retrieve(open.id, { stream: true }), client.responses.delete(open.id)]) {
      expect(await refused(each)).toMatchObject({ status: 404, code: 'response_not_found' });
    }
    expect((await me.client.responses.retrieve(open.id)).status).toBe('in_progress');
    await me.client.responses.cancel(open.id);
  }, TEST_MS_MAX);
});
