/** This file is what every Store must pass, whatever its engine; a test file calls it with a way to open one. */
import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../foundation/clock.ts';
import { toNanoUsd } from '../foundation/money.ts';
import type { RequestRecord } from '../foundation/terms.ts';
import { describeCachedReplies } from './cached-replies.suite.ts';
import { describeCalls } from './calls.suite.ts';
import { describeRequestLog } from './request-log.suite.ts';
import { sampleKey, sampleRecord, sampleSettle } from './sample-rows.ts';
import { inPlace, record, TEST_TIMEOUT_MS } from './store-under-test.ts';
import type { StorePlace, WithPlace } from './store-under-test.ts';
import { StoreUnavailable } from './store.ts';
import type { Store, UsageFilter } from './store.ts';

const everything: UsageFilter = { workspaceId: 'ws_1', keyId: null, userId: null, model: null, fromMs: null, toMs: null };
const firstPage = { limit: 100, after: null };
const MANY_RECORDS = 1000;

/** Declares the suite for one engine. */
export function describeStore(engine: string, makePlace: () => Promise<StorePlace>): void {
  const withPlace = inPlace(makePlace);
  describe(`the ${engine} store`, () => {
    describeRecords(withPlace);
    describeUsage(withPlace);
    describeBounds(withPlace);
    describeCalls(withPlace);
    describeNeighbours(withPlace);
    describeRequestLog(withPlace);
    describeCachedReplies(withPlace);
  });
}

function describeRecords(withPlace: WithPlace): void {
  test('a record is read back as it was written, every field of it', withPlace(async (open) => {
    const store = await open();
    const row = sampleRecord(1);
    const bare = sampleRecord(2, {
      model: null, upstreamModel: null, provider: null, target: null, errorCode: 'upstream_timeout', finishReason: null, upstreamId: null,
      firstByteMs: null, isStream: false, outcome: 'timeout', status: 504, basis: 'none', attempts: 3,
      payer: 'own_key', userId: 'user_2', failedAttempts: '[{"target":"a/b"}]',
    });
    await Promise.all([record(store, row), record(store, bare)]);
    expect(await store.findRequest('ws_1', row.id)).toMatchObject(row);
    expect(await store.findRequest('ws_1', bare.id)).toMatchObject(bare);
  }), TEST_TIMEOUT_MS);

  test('money beyond what a JavaScript number holds loses no digit, alone or summed', withPlace(async (open) => {
    const store = await open();
    const nanoUsd = toNanoUsd(9_007_199_254_740_993_123n);
    const charge = { ...sampleRecord(1).charge, nanoUsd };
    await record(store, sampleRecord(1, { charge }));
    await record(store, sampleRecord(2, { charge: { ...charge, nanoUsd: toNanoUsd(4n) } }));
    expect((await store.findRequest('ws_1', sampleRecord(1).id))?.charge.nanoUsd).toBe(nanoUsd);
    expect((await store.sumUsage(everything)).nanoUsd).toBe(9_007_199_254_740_993_127n);
  }), TEST_TIMEOUT_MS);

  test('a second record with the same id changes nothing and succeeds', withPlace(async (open) => {
    const store = await open();
    const row = sampleRecord(1);
    await Promise.all([record(store, row), record(store, { ...row, status: 500, charge: { ...row.charge, nanoUsd: toNanoUsd(7) } })]);
    await record(store, { ...row, attempts: 9 });
    expect(await store.listUsage(everything, firstPage)).toMatchObject([row]);
  }), TEST_TIMEOUT_MS);

  test('rows survive closing and opening again', withPlace(async (open) => {
    const first = await open();
    const images = { ...sampleRecord(50).usage, media: { images: 2, audioMs: 1500, videoMs: 0, characters: 7, variant: '1024x1024/high' } };
    const heard = { ...sampleRecord(51).usage, media: { images: 0, audioMs: 2500, videoMs: 0, characters: 0, variant: null, audioTokens: 25 } };
    const drawn = { ...sampleRecord(52).usage, media: { images: 1, audioMs: 0, videoMs: 0, characters: 0, variant: '1024x1024/low', imageTokens: 323 } };
    const rows = [...Array.from({ length: 50 }, (_, index) => sampleRecord(index)), sampleRecord(50, { usage: images }), sampleRecord(51, { usage: heard }), sampleRecord(52, { usage: drawn })];
    await Promise.all(rows.map((row) => record(first, row)));
    await first.insertKey(sampleKey(1));
    await first.close();
    const second = await open();
    expect(await second.listUsage(everything, firstPage)).toMatchObject(rows.reverse());
    expect(await second.findKey(sampleKey(1).id)).toEqual(sampleKey(1));
  }), TEST_TIMEOUT_MS);

  test('a row the store must refuse does not sink its neighbours', withPlace(async (open) => {
    const store = await open();
    const poison = sampleRecord(2, { usage: { ...sampleRecord(2).usage, promptTokens: Number.NaN } });
    const negative = sampleRecord(4, { usage: { ...sampleRecord(4).usage, completionTokens: -1 } });
    const rows = [sampleRecord(1), poison, sampleRecord(3), negative, sampleRecord(5)];
    const results = await Promise.allSettled(rows.map((row) => record(store, row)));
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled']);
    expect((await store.listUsage(everything, firstPage)).map((row) => row.id)).toEqual([5, 3, 1].map((index) => sampleRecord(index).id));
    expect(await store.findRequest('ws_1', poison.id)).toBeNull();
  }), TEST_TIMEOUT_MS);
}

function describeUsage(withPlace: WithPlace): void {
  test('pages of usage are newest first and complete, also where times are equal', withPlace(async (open) => {
    const store = await open();
    const rows = Array.from({ length: 25 }, (_, index) => sampleRecord(index, { startedMs: 1000 + Math.floor(index / 5) }));
    await Promise.all(rows.map((row) => record(store, row)));
    const seen: RequestRecord[] = [];
    for (let after: string | null = null; ;) {
      const page: RequestRecord[] = await store.listUsage(everything, { limit: 4, after });
      seen.push(...page);
      after = page.at(-1)?.id ?? null;
      if (after === null) break;
    }
    expect(seen).toMatchObject(rows.reverse());
  }), TEST_TIMEOUT_MS);

  test('a filter by key, user, model or time finds those rows, sums them, and never another workspace\'s', withPlace(async (open) => {
    const store = await open();
    const unpriced = { ...sampleRecord(3).charge, isUnpriced: true, nanoUsd: toNanoUsd(0) };
    await Promise.all([
      record(store, sampleRecord(1, { keyId: 'key_2', userId: 'user_2' })),
      record(store, sampleRecord(2, { model: 'openai/gpt-5', modelAsked: 'openai/gpt-5' })),
      record(store, sampleRecord(3, { charge: unpriced })),
      record(store, sampleRecord(4, { workspaceId: 'ws_2' })),
    ]);
    const idsOf = async (filter: Partial<UsageFilter>): Promise<string[]> =>
      (await store.listUsage({ ...everything, ...filter }, firstPage)).map((row) => row.id);
    expect(await idsOf({})).toEqual([sampleRecord(3).id, sampleRecord(2).id, sampleRecord(1).id]);
    expect(await idsOf({ keyId: 'key_2' })).toEqual([sampleRecord(1).id]);
    expect(await idsOf({ userId: 'user_2' })).toEqual([sampleRecord(1).id]);
    expect(await idsOf({ model: 'openai/gpt-5' })).toEqual([sampleRecord(2).id]);
    expect(await idsOf({ model: 'fast' })).toEqual([sampleRecord(3).id, sampleRecord(1).id]);
    expect(await idsOf({ fromMs: sampleRecord(2).startedMs, toMs: sampleRecord(3).startedMs })).toEqual([sampleRecord(2).id]);
    expect(await store.sumUsage(everything)).toEqual({
      requests: 3, messages: 3, promptTokens: 300, cachedTokens: 120, completionTokens: 60, reasoningTokens: 21, nanoUsd: 2000n, unpricedRequests: 1,
    });
    expect(await store.sumUsage({ ...everything, workspaceId: 'ws_9' })).toMatchObject({ requests: 0, nanoUsd: 0n });
    expect(await store.findRequest('ws_2', sampleRecord(1).id)).toBeNull();
  }), TEST_TIMEOUT_MS);
}

function describeBounds(withPlace: WithPlace): void {
  test('records beyond the queue\'s bound are refused at once, and those taken are written', withPlace(async (open) => {
    const store = await open(systemClock, { storeQueueMax: 10, storeBatchMax: 3 });
    const results = Promise.allSettled(Array.from({ length: 15 }, (_, index) => record(store, sampleRecord(index))));
    expect(store.pendingRecords).toBe(10);
    const settled = await results;
    expect(settled.filter((result) => result.status === 'fulfilled')).toHaveLength(10);
    expect(settled.flatMap((result) => (result.status === 'rejected' ? [result.reason instanceof StoreUnavailable] : []))).toEqual(Array(5).fill(true));
    expect(store.pendingRecords).toBe(0);
    await record(store, sampleRecord(99));
    expect((await store.sumUsage(everything)).requests).toBe(11);
  }), TEST_TIMEOUT_MS);

  test('closing writes what was taken, answers it, and refuses what comes after', withPlace(async (open) => {
    const store = await open();
    const taken = Array.from({ length: MANY_RECORDS }, (_, index) => record(store, sampleRecord(index)));
    const closing = store.close();
    await expect(record(store, sampleRecord(MANY_RECORDS))).rejects.toBeInstanceOf(StoreUnavailable);
    await Promise.all([...taken, closing]);
    await expect(store.ping()).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(store.sumUsage(everything)).rejects.toBeInstanceOf(StoreUnavailable);
    const again = await open();
    expect((await again.sumUsage(everything)).requests).toBe(MANY_RECORDS);
  }), TEST_TIMEOUT_MS);

  test('a callback is never called before apply returns, even when it refuses', withPlace(async (open) => {
    const store = await open(systemClock, { storeQueueMax: 0 });
    let hasReturned = false;
    const answered = new Promise<boolean>((resolve) => { store.apply(sampleSettle(sampleRecord(1)), () => { resolve(hasReturned); }); });
    hasReturned = true;
    expect(await answered).toBe(true);
  }), TEST_TIMEOUT_MS);
}

function describeNeighbours(withPlace: WithPlace): void {
  test('two processes on one store hear of each other\'s changes within a second, and of what changed', withPlace(async (open) => {
    const here = await open();
    const there = await open();
    const changes = hear(there);
    const started = systemClock.monotonic();
    await here.insertKey(sampleKey(1));
    expect(await changes.next()).toBe('access');
    expect(systemClock.monotonic() - started).toBeLessThan(1000);
    expect(await there.findKey(sampleKey(1).id)).toEqual(sampleKey(1));
    await here.putCatalogEntry({ kind: 'plan', id: 'free', body: '{}', changedMs: 1 });
    expect(await changes.next()).toBe('catalog');
  }), TEST_TIMEOUT_MS);

  test('neither its own changes nor other processes\' usage rows count as foreign', withPlace(async (open) => {
    const here = await open();
    const there = await open();
    const changes = hear(here);
    await Promise.all(Array.from({ length: 5 }, (_, index) => here.insertKey(sampleKey(index))));
    await record(there, sampleRecord(1));
    // Whatever moved before this is heard before it, or with it and then first.
    await there.putCatalogEntry({ kind: 'plan', id: 'free', body: '{}', changedMs: 1 });
    expect(await changes.next()).toBe('catalog');
  }), TEST_TIMEOUT_MS);

  test('a foreign change is heard also when it is hidden between own ones', withPlace(async (open) => {
    const here = await open();
    const there = await open();
    const changes = hear(here);
    await here.insertKey(sampleKey(1));
    await there.insertKey(sampleKey(2));
    await here.insertKey(sampleKey(3));
    expect(await changes.next()).toBe('access');
  }), TEST_TIMEOUT_MS);
}

/** Collects what a store says of foreign changes; `next` waits for it. */
function hear(store: Store): { next(): Promise<string> } {
  const heard: string[] = [];
  let wake = (): void => undefined;
  store.onForeignChange((clock) => { heard.push(clock); wake(); });
  return {
    async next() {
      for (;;) {
        const first = heard.shift();
        if (first !== undefined) return first;
        await new Promise<void>((resolve) => { wake = resolve; });
      }
    },
  };
}
