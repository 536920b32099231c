/** This file is what every Store must do for jobs: made with their hold, claimed by one at a time, settled once, whoever dies in between. */
import { expect, test } from '@jest/globals';
import type { KeptReply } from '../foundation/ledger.ts';
import { toNanoUsd } from '../foundation/money.ts';
import type { RequestRecord } from '../foundation/terms.ts';
import type { JobEnding, JobRow } from './job-row.ts';
import { budget, grantOf, holdOp, nodeRow, NOW_MS, quota, readCounter, wallet } from './ledger-samples.ts';
import { sampleRecord } from './sample-rows.ts';
import { TEST_TIMEOUT_MS } from './store-under-test.ts';
import type { WithPlace } from './store-under-test.ts';
import type { Store } from './store.ts';

const PRICE = 40n;
const LEASE_MS = 1000;
const MANY = 20;
const reply: KeptReply = { status: 200, contentType: 'application/json', body: '{}', requestId: sampleRecord(1).id };

function paidRecord(index: number, changes: Partial<RequestRecord> = {}): RequestRecord {
  return sampleRecord(index, {
    operation: 'createVideo', payer: 'balance', basis: 'counted', outcome: 'ok',
    usage: { promptTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: 0, reasoningTokens: 0, media: { images: 0, audioMs: 0, videoMs: 4000, characters: 0, variant: '720p' } },
    charge: { messages: 4, nanoUsd: toNanoUsd(PRICE), priceVersion: 'test', isUnpriced: false }, ...changes,
  });
}

function failedRecord(index: number): RequestRecord {
  const { charge } = paidRecord(index);
  return paidRecord(index, {
    payer: 'none', basis: 'none', outcome: 'upstream_error', errorCode: 'upstream_error', charge: { ...charge, messages: 0, nanoUsd: toNanoUsd(0n) },
    usage: { promptTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: 0, reasoningTokens: 0 },
  });
}

function sampleJob(index: number, changes: Partial<JobRow> = {}): JobRow {
  return {
    id: `video_${String(index).padStart(4, '0')}`, workspaceId: 'ws_1', requestId: sampleRecord(index).id, kind: 'video', state: 'queued', model: 'kling-3.0',
    target: { provider: 'kling', upstreamModel: 'kling-v3', isOwnKey: false, options: { step_ms: '1' } }, spec: '{"prompt":"a boat"}', record: paidRecord(index),
    upstreamId: null, progress: 0, result: null, media: null, error: null, isHidden: false, failures: 0, fence: 0,
    runAtMs: NOW_MS + index, deadlineMs: NOW_MS + 60_000, createdMs: NOW_MS, completedMs: null, expiresMs: NOW_MS + 90_000, ...changes,
  };
}

function ending(index: number, changes: Partial<JobEnding> = {}): JobEnding {
  return { state: 'completed', media: {}, error: null, record: paidRecord(index), endedMs: NOW_MS + 500, expiresMs: NOW_MS + 5000, ...changes };
}

const asks = [{ counter: wallet(), amount: PRICE }, { counter: budget(1000n), amount: PRICE }];

async function makeJob(store: Store, index: number, changes: Partial<JobRow> = {}): Promise<JobRow> {
  const job = sampleJob(index, changes);
  expect(await store.createJob(holdOp(index, asks, { isJob: true }), job, reply)).toMatchObject({ kind: 'granted' });
  return job;
}

async function claimed(store: Store, nowMs = NOW_MS + 1000): Promise<JobRow> {
  const [job] = await store.claimJobs(nowMs, LEASE_MS, 1);
  if (!job) throw new Error('nothing is due');
  return job;
}

const balance = async (store: Store): Promise<unknown> => readCounter(store, wallet().id);
const endedFailed = (index: number): JobEnding => ending(index, { state: 'failed', media: null, error: { code: 'upstream_error', message: 'no' }, record: failedRecord(index) });

export function describeJobs(withPlace: WithPlace): void {
  describeMaking(withPlace);
  describeClaims(withPlace);
  describeEndings(withPlace);
}

function describeMaking(withPlace: WithPlace): void {
  test('a job is there with its hold, every field of it, or neither is', withPlace(async (open) => {
    const store = await open();
    await store.postTransfers([grantOf(100n)]);
    const job = await makeJob(store, 1);
    expect(await store.findJob('ws_1', job.id)).toEqual(job);
    expect(await store.findJob('ws_2', job.id)).toBeNull();
    expect(await balance(store)).toEqual({ cap: 100n, used: 0n, held: PRICE });
    await makeJob(store, 2);
    expect(await store.createJob(holdOp(3, asks, { isJob: true }), sampleJob(3), reply)).toMatchObject({ kind: 'denied' });
    expect(await store.findJob('ws_1', sampleJob(3).id)).toBeNull();
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a repeated request is answered with what the first one was, from the moment its job is there', withPlace(async (open) => {
    const store = await open();
    await store.postTransfers([grantOf(100n)]);
    const idempotency = { scope: 'ws_1:createVideo', key: 'k', bodyHash: 'h', expiresMs: NOW_MS + 10_000 };
    expect(await store.createJob(holdOp(1, asks, { isJob: true, idempotency }), sampleJob(1), reply)).toMatchObject({ kind: 'granted' });
    expect(await store.createJob(holdOp(2, asks, { isJob: true, idempotency }), sampleJob(2), reply)).toEqual({ kind: 'answered', reply });
    expect(await store.createJob(holdOp(3, asks, { isJob: true, idempotency: { ...idempotency, bodyHash: 'x' } }), sampleJob(3), reply)).toEqual({ kind: 'other_body' });
    await store.finishJob((await claimed(store)).id, 1, ending(1));
    expect(await store.createJob(holdOp(4, asks, { isJob: true, idempotency }), sampleJob(4), reply)).toEqual({ kind: 'answered', reply });
    expect(await balance(store)).toEqual({ cap: 100n, used: PRICE, held: 0n });
  }), TEST_TIMEOUT_MS);

  test('the hold of a job outlives its gateway and every sweep', withPlace(async (open) => {
    const store = await open();
    await store.postTransfers([grantOf(100n)]);
    await store.registerNode(nodeRow());
    await makeJob(store, 1);
    expect(await store.recoverNode('node_1', NOW_MS)).toBe(0);
    expect(await store.sweep(NOW_MS + 365 * 86_400_000)).toBe(0);
    expect(await balance(store)).toEqual({ cap: 100n, used: 0n, held: PRICE });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('jobs are listed newest or oldest first, in pages, by their workspace', withPlace(async (open) => {
    const store = await open();
    await store.postTransfers([grantOf(1000n)]);
    for (const index of [1, 2, 3]) await makeJob(store, index);
    const ids = async (isAscending: boolean, after: string | null): Promise<string[]> => (await store.listJobs('ws_1', { limit: 2, after, isAscending })).map(({ id }) => id);
    expect(await ids(false, null)).toEqual(['video_0003', 'video_0002']);
    expect(await ids(false, 'video_0002')).toEqual(['video_0001']);
    expect(await ids(true, 'video_0001')).toEqual(['video_0002', 'video_0003']);
    expect(await store.listJobs('ws_2', { limit: 9, after: null, isAscending: false })).toEqual([]);
  }), TEST_TIMEOUT_MS);
}

function describeClaims(withPlace: WithPlace): void {
  test('of many who claim at once each job goes to one, and again when its lease has run out', withPlace(async (open) => {
    const [store, second, third] = [await open(), await open(), await open()];
    await store.postTransfers([grantOf(100_000n)]);
    for (let index = 1; index <= MANY; index++) await makeJob(store, index);
    const all = (await Promise.all(Array.from({ length: 4 * MANY }, (_, turn) => [store, second, third].map((each) => (turn % 4 === 0 ? each.claimJobs(NOW_MS + 1000, LEASE_MS, 2) : Promise.resolve([])))).flat())).flat();
    expect(all.map(({ id }) => id).sort()).toEqual(Array.from({ length: MANY }, (_, index) => sampleJob(index + 1).id));
    expect(await store.claimJobs(NOW_MS + 1999, LEASE_MS, MANY)).toEqual([]);
    expect(await store.claimJobs(NOW_MS + 2000, LEASE_MS, 1)).toMatchObject([{ id: 'video_0001', fence: 2 }]);
  }), TEST_TIMEOUT_MS);

  test('a job is due only from its time on, and only who holds the newest claim may write', withPlace(async (open) => {
    const store = await open();
    await store.postTransfers([grantOf(100n)]);
    await makeJob(store, 1, { runAtMs: NOW_MS + 500 });
    expect(await store.claimJobs(NOW_MS + 499, LEASE_MS, 9)).toEqual([]);
    const first = await claimed(store, NOW_MS + 500);
    expect(await store.renewJob(first.id, first.fence, NOW_MS + 5000)).toBe(true);
    expect(await store.claimJobs(NOW_MS + 4999, LEASE_MS, 9)).toEqual([]);
    const second = await claimed(store, NOW_MS + 5000);
    expect(second).toMatchObject({ id: first.id, fence: 2 });
    expect(await store.stepJob(first.id, first.fence, { state: 'running' })).toBe(false);
    expect(await store.renewJob(first.id, first.fence, NOW_MS + 9000)).toBe(false);
    expect(await store.finishJob(first.id, first.fence, ending(1))).toBe(false);
    expect(await store.stepJob(second.id, second.fence, { state: 'running', upstreamId: 'up-1', progress: 40, result: '{}', failures: 2, runAtMs: NOW_MS + 6000 })).toBe(true);
    expect(await store.findJob('ws_1', first.id)).toMatchObject({ state: 'running', upstreamId: 'up-1', progress: 40, result: '{}', failures: 2, fence: 2 });
    expect(await claimed(store, NOW_MS + 6000)).toMatchObject({ upstreamId: 'up-1', fence: 3 });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);
}

function describeEndings(withPlace: WithPlace): void {
  test('a completed job is charged what was held, by every counter, exactly once, and its media stay', withPlace(async (open) => {
    const store = await open();
    await store.postTransfers([grantOf(100n)]);
    await makeJob(store, 1);
    const { id, fence } = await claimed(store);
    await store.insertMedia({ id: 'media_1', workspaceId: 'ws_1', kind: 'video', sha256: 'a'.repeat(64), contentType: 'video/mp4', bytes: 1, createdMs: NOW_MS, expiresMs: NOW_MS + 1 });
    expect(await store.finishJob(id, fence, ending(1, { media: { video: 'media_1' } }))).toBe(true);
    expect(await store.finishJob(id, fence, ending(1))).toBe(false);
    expect(await balance(store)).toEqual({ cap: 100n, used: PRICE, held: 0n });
    expect(await readCounter(store, asks[1]?.counter.id ?? '')).toEqual({ cap: 1000n, used: PRICE, held: 0n });
    expect(await store.findRequest('ws_1', sampleRecord(1).id)).toMatchObject({ outcome: 'ok', settled: { charged: PRICE } });
    expect(await store.findJob('ws_1', id)).toMatchObject({ state: 'completed', progress: 100, media: { video: 'media_1' }, completedMs: NOW_MS + 500, expiresMs: NOW_MS + 5000 });
    expect(await store.findMedia('ws_1', 'media_1', NOW_MS + 4999)).not.toBeNull();
    expect(await store.claimJobs(NOW_MS + 99_999, LEASE_MS, 9)).toEqual([]);
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a failed job costs nothing, and all that was held is free again', withPlace(async (open) => {
    const store = await open();
    await store.postTransfers([grantOf(100n)]);
    await makeJob(store, 1);
    const { id, fence } = await claimed(store);
    expect(await store.finishJob(id, fence, endedFailed(1))).toBe(true);
    expect(await balance(store)).toEqual({ cap: 100n, used: 0n, held: 0n });
    expect(await store.findJob('ws_1', id)).toMatchObject({ state: 'failed', error: { code: 'upstream_error', message: 'no' } });
    expect(await store.findRequest('ws_1', sampleRecord(1).id)).toMatchObject({ outcome: 'upstream_error', settled: { charged: 0n } });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a plan’s messages are held and used the same way', withPlace(async (open) => {
    const store = await open();
    const counter = quota(10n);
    await store.createJob(holdOp(1, [{ counter, amount: 4n }], { isJob: true }), sampleJob(1, { record: paidRecord(1, { payer: 'plan' }) }), reply);
    expect(await readCounter(store, counter.id)).toEqual({ cap: 10n, used: 0n, held: 4n });
    const { id, fence } = await claimed(store);
    await store.finishJob(id, fence, ending(1, { record: paidRecord(1, { payer: 'plan' }) }));
    expect(await readCounter(store, counter.id)).toEqual({ cap: 10n, used: 4n, held: 0n });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a job deleted before anybody was asked is cancelled for nothing; one under way is hidden, and charged when it is made', withPlace(async (open) => {
    const store = await open();
    await store.postTransfers([grantOf(100n)]);
    const given = { cancelled: { ...failedRecord(1), outcome: 'client_gone' as const, errorCode: null }, nowMs: NOW_MS };
    await makeJob(store, 1);
    expect(await store.deleteJob('ws_2', sampleJob(1).id, given)).toBeNull();
    expect(await store.deleteJob('ws_1', sampleJob(1).id, given)).toEqual({ kind: 'cancelled' });
    expect(await balance(store)).toEqual({ cap: 100n, used: 0n, held: 0n });
    expect(await store.findRequest('ws_1', sampleRecord(1).id)).toMatchObject({ outcome: 'client_gone' });
    await makeJob(store, 2);
    const { id, fence } = await claimed(store);
    await store.stepJob(id, fence, { state: 'submitting' });
    expect(await store.deleteJob('ws_1', id, { cancelled: failedRecord(2), nowMs: NOW_MS })).toEqual({ kind: 'hidden' });
    expect(await store.findJob('ws_1', id)).toBeNull();
    expect(await store.listJobs('ws_1', { limit: 9, after: null, isAscending: true })).toEqual([]);
    expect(await balance(store)).toEqual({ cap: 100n, used: 0n, held: PRICE });
    expect(await store.finishJob(id, fence, ending(2))).toBe(true);
    expect(await balance(store)).toEqual({ cap: 100n, used: PRICE, held: 0n });
    expect(await store.deleteJob('ws_1', id, { cancelled: failedRecord(2), nowMs: NOW_MS })).toBeNull();
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a job that has ended is deleted with its media, by its workspace or when it expires', withPlace(async (open) => {
    const store = await open();
    await store.postTransfers([grantOf(1000n)]);
    const media = { workspaceId: 'ws_1', kind: 'video', sha256: 'a'.repeat(64), contentType: 'video/mp4', bytes: 1, createdMs: NOW_MS, expiresMs: NOW_MS + 1 };
    for (const index of [1, 2]) {
      await makeJob(store, index);
      await store.insertMedia({ ...media, id: `media_${index}` });
      const { id, fence } = await claimed(store);
      await store.finishJob(id, fence, ending(index, { media: { video: `media_${index}` } }));
    }
    expect(await store.deleteJob('ws_1', sampleJob(1).id, { cancelled: failedRecord(1), nowMs: NOW_MS })).toEqual({ kind: 'deleted', media: ['media_1'] });
    expect(await store.findMedia('ws_1', 'media_1', NOW_MS)).toBeNull();
    expect(await store.sweepJobs(NOW_MS + 4999)).toBe(0);
    expect(await store.sweepJobs(NOW_MS + 5000)).toBe(1);
    expect(await store.findJob('ws_1', sampleJob(2).id)).toBeNull();
    expect(await store.collectMedia(NOW_MS + 5000)).toEqual([media.sha256]);
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('the check names a job without its hold, and one that has ended without its row', withPlace(async (open) => {
    const store = await open();
    await store.postTransfers([grantOf(1000n)]);
    await makeJob(store, 1);
    const { id, fence } = await claimed(store);
    // A failed job whose row says it was made.
    await store.finishJob(id, fence, ending(1, { state: 'failed', error: { code: 'x', message: 'x' } }));
    expect(await store.checkLedger()).toMatchObject([{ invariant: 'I11', subject: id }]);
  }), TEST_TIMEOUT_MS);
}
