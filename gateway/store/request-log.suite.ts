/** This file is what every Store must do for the request log: find every row a filter takes, once and in order, and sum what it has. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toNanoUsd } from '../foundation/money.ts';
import type { CacheState, Outcome, RequestRecord } from '../foundation/terms.ts';
import type { LogPlace, RequestBodyRow, RequestFilter } from './request-log-row.ts';
import { sampleRecord, sampleSettle } from './sample-rows.ts';
import { apply, record } from './store-under-test.ts';
import type { WithPlace } from './store-under-test.ts';
import type { Store } from './store.ts';
import { describeUsageDays } from './usage-days.suite.ts';

const TIMEOUT_MS = 120_000;
const HOUR_MS = 3_600_000;
/** 2026-11-20, two hours before midnight. */
const START_MS = Date.UTC(2026, 10, 20, 22);
const RECORDS = 1200;
const PAGES_MAX = 10_000;

const everything: RequestFilter = {
  workspaceId: 'ws_1', fromMs: null, toMs: null, keyId: null, userId: null, model: null, route: null, operation: null, outcome: null, errorCodes: null, status: null, cache: null,
  costMin: null, costMax: null, withRefunds: false,
};

/** Different in everything that is filtered by, some of it rare; in bursts, many at the same millisecond. */
function variedRecord(index: number): RequestRecord {
  const failed = index % 17 === 0;
  const outcome: Outcome = failed ? 'upstream_error' : index % 29 === 0 ? 'client_gone' : 'ok';
  return sampleRecord(index, {
    startedMs: START_MS + Math.floor(index / 40) * 1.3 * HOUR_MS + (index % 40 < 20 ? 0 : index),
    workspaceId: index % 11 === 0 ? 'ws_2' : 'ws_1',
    keyId: index % 401 === 0 ? 'key_rare' : `key_${index % 3}`, userId: `user_${index % 3}`,
    modelAsked: index % 2 === 0 ? 'fast' : 'slow', model: failed ? null : index % 2 === 0 ? 'a/quick' : 'b/good', target: failed ? null : 'a/quick',
    route: index % 5 === 0 ? null : `route-${index % 4}`, isDegraded: index % 50 === 0, cache: index % 10 === 0 ? 'hit' : null,
    operation: index % 97 === 0 ? 'createEmbedding' : 'createChatCompletion',
    outcome, errorCode: failed ? (index % 34 === 0 ? 'upstream_timeout' : 'upstream_error') : null, status: failed ? 502 : 200,
    charge: { messages: 1, nanoUsd: toNanoUsd(index % 211 === 0 ? 1_000_000 : index % 100), priceVersion: 'v', isUnpriced: index % 3 === 0 },
    firstByteMs: index % 2 === 0 ? 4.5 : null, failedAttempts: null, lastAttemptMs: index % 9 === 0 ? 1.25 : null,
  });
}

export const records = Array.from({ length: RECORDS }, (_, index) => variedRecord(index + 1));

/** What the filter says, said plainly. */
function takes(filter: RequestFilter, row: RequestRecord): boolean {
  const { fromMs, toMs, model, errorCodes, costMin, costMax } = filter;
  const equal: [unknown, unknown][] = [
    [filter.keyId, row.keyId], [filter.userId, row.userId], [filter.route, row.route], [filter.operation, row.operation], [filter.outcome, row.outcome], [filter.status, row.status],
    [filter.cache, row.cache],
  ];
  return row.workspaceId === filter.workspaceId && equal.every(([asked, is]) => asked === null || asked === is)
    && (fromMs === null || row.startedMs >= fromMs) && (toMs === null || row.startedMs < toMs)
    && (model === null || model === row.model || model === row.modelAsked)
    && (errorCodes === null || (row.errorCode !== null && errorCodes.includes(row.errorCode)))
    && (costMin === null || row.charge.nanoUsd >= costMin) && (costMax === null || row.charge.nanoUsd <= costMax);
}

function expected(filter: RequestFilter): string[] {
  const found = records.filter((row) => takes(filter, row));
  return found.sort((a, b) => b.startedMs - a.startedMs || (a.id < b.id ? 1 : -1)).map(({ id }) => id);
}

/** Turns every page until there is none. */
async function readAll(store: Store, filter: RequestFilter, page: { limit: number; looksMax: number }): Promise<string[]> {
  const ids: string[] = [];
  let after: LogPlace | null = null;
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const { rows, next } = await store.listRequests(filter, { ...page, after });
    expect(rows.length).toBeLessThanOrEqual(page.limit);
    ids.push(...rows.map(({ id }) => id));
    if (!next) return ids;
    after = next;
  }
  throw new Error('the pages have no end');
}

const maybe = <Value>(values: readonly Value[]): fc.Arbitrary<Value | null> => fc.option(fc.constantFrom(...values), { freq: 1 });
const time = fc.option(fc.nat({ max: 45 * HOUR_MS }).map((ms) => START_MS + ms), { freq: 2 });
const filters: fc.Arbitrary<RequestFilter> = fc.record({
  workspaceId: fc.constantFrom('ws_1', 'ws_1', 'ws_2', 'ws_none'), fromMs: time, toMs: time, keyId: maybe(['key_rare', 'key_1', 'key_none']), userId: maybe(['user_1', 'user_2']),
  model: maybe(['fast', 'b/good', 'nobody']), route: maybe(['route-1', 'route-none']), operation: maybe(['createEmbedding', 'createChatCompletion']),
  outcome: maybe<Outcome>(['ok', 'upstream_error', 'client_gone']), errorCodes: maybe([['upstream_timeout'], ['upstream_error', 'upstream_timeout'], ['nothing']]),
  status: maybe([200, 502]), cache: maybe<CacheState>(['hit', 'miss']), costMin: maybe([0n, 50n, 1_000_000n]), costMax: maybe([0n, 50n]), withRefunds: fc.boolean(),
}).map((filter) => ({ ...filter, ...sparse(filter) }));

/** Most filters ask one thing or two: what is asked too much finds nothing. */
function sparse(filter: RequestFilter): Partial<RequestFilter> {
  const asked = Object.entries(filter).filter(([name, value]) => value !== null && !['workspaceId', 'fromMs', 'toMs', 'withRefunds'].includes(name));
  return Object.fromEntries(asked.slice(asked.length % 3).map(([name]) => [name, null]));
}

async function filledStore(open: () => Promise<Store>): Promise<Store> {
  const store = await open();
  await Promise.all(records.map((row) => apply(store, sampleSettle(row))));
  return store;
}

export function describeRequestLog(withPlace: WithPlace): void {
  test('every row a filter takes is found once and in order, however the pages are cut and however little is looked at', withPlace(async (open) => {
    const store = await filledStore(open);
    await fc.assert(fc.asyncProperty(filters, fc.constantFrom(1, 7, 100), fc.constantFrom(1, 300, 1_000_000), async (filter, limit, looksMax) => {
      expect(await readAll(store, filter, { limit, looksMax })).toEqual(expected(filter));
    }), { numRuns: 60 });
    expect(await readAll(store, everything, { limit: 100, looksMax: 1 })).toEqual(expected(everything));
  }), TIMEOUT_MS);

  test('sums of any time and filter are those of its rows', withPlace(async (open) => {
    const store = await filledStore(open);
    await fc.assert(fc.asyncProperty(filters, async ({ workspaceId, fromMs, toMs, keyId, userId, model }) => {
      const found = records.filter((row) => takes({ ...everything, workspaceId, fromMs, toMs, keyId, userId, model }, row));
      expect(await store.sumUsage({ workspaceId, fromMs, toMs, keyId, userId, model })).toMatchObject({
        requests: found.length, promptTokens: found.length * 100, nanoUsd: found.reduce((sum, { charge }) => sum + charge.nanoUsd, 0n),
        unpricedRequests: found.filter(({ charge }) => charge.isUnpriced).length,
      });
    }), { numRuns: 60 });
  }), TIMEOUT_MS);

  test('a row shows its route, what the cache said and how long its last attempt took', withPlace(async (open) => {
    const store = await open();
    const row = sampleRecord(1, { route: 'cheap-fast', isDegraded: true, cache: 'miss', lastAttemptMs: 2.5 });
    await record(store, row);
    expect((await store.listRequests(everything, { limit: 1, after: null, looksMax: 1 })).rows).toMatchObject([row]);
  }), TIMEOUT_MS);

  test('names too long for an index are cut in sums alone', withPlace(async (open) => {
    const store = await open();
    const long = 'x'.repeat(5000);
    const row = sampleRecord(1, { modelAsked: long, model: `${long}1`, target: long, route: long });
    await record(store, row);
    expect((await store.listRequests({ ...everything, model: `${long}1` }, { limit: 1, after: null, looksMax: 1000 })).rows).toMatchObject([row]);
    expect(await store.sumUsage({ ...everything, model: long })).toMatchObject({ requests: 1 });
  }), TIMEOUT_MS);

  test('evidence older than its time is forgotten, and what it cost is not', withPlace(async (open) => {
    const store = await open();
    const timed = (ms: number): RequestRecord => sampleRecord(1, { id: `req_${ms.toString(16).padStart(12, '0')}7${'0'.repeat(19)}`, startedMs: ms });
    const [old, young] = [timed(START_MS), timed(START_MS + 10)];
    await Promise.all([record(store, old), record(store, young)]);
    expect(await store.expireRequestLog(START_MS)).toBe(0);
    expect(await store.expireRequestLog(START_MS + 10)).toBe(1);
    expect(await store.expireRequestLog(START_MS + 10)).toBe(0);
    expect(await readAll(store, everything, { limit: 10, looksMax: 1000 })).toEqual([young.id]);
    expect(await store.sumUsage(everything)).toMatchObject({ requests: 2, nanoUsd: 2000n });
    expect(await store.checkLedger()).toEqual([]);
  }), TIMEOUT_MS);

  describeUsageDays(withPlace);
  describeBodies(withPlace);
}

const sampleBody = (index: number, changes: Partial<RequestBodyRow> = {}): RequestBodyRow => ({
  id: `req_${index}`, workspaceId: 'ws_1', kekId: 'k1', wrappedKey: new Uint8Array([1]), iv: new Uint8Array([2]), ciphertext: new Uint8Array([3, index]),
  tag: new Uint8Array([4]), createdMs: START_MS, expiresMs: START_MS + 1000, ...changes,
});

function describeBodies(withPlace: WithPlace): void {
  test('bodies are found by their workspace until they expire or are deleted', withPlace(async (open) => {
    const store = await open();
    await store.insertRequestBodies([sampleBody(1), sampleBody(2), sampleBody(3, { workspaceId: 'ws_2' })]);
    await store.insertRequestBodies([sampleBody(1, { ciphertext: new Uint8Array([9]) })]);
    const find = async (id: string, workspaceId = 'ws_1', nowMs = START_MS): Promise<number[] | null> => {
      const found = await store.findRequestBody(workspaceId, id, nowMs);
      return found && [...found.ciphertext];
    };
    expect(await find('req_1')).toEqual([3, 1]);
    expect(await find('req_1', 'ws_2')).toBeNull();
    expect(await find('req_1', 'ws_1', START_MS + 1000)).toBeNull();
    expect(await store.deleteRequestBody('ws_2', 'req_1', START_MS)).toBe(false);
    expect(await store.deleteRequestBody('ws_1', 'req_1', START_MS)).toBe(true);
    expect(await find('req_1')).toBeNull();
    expect(await store.deleteRequestBodies('ws_1')).toBe(1);
    expect(await store.deleteRequestBodies('ws_1')).toBe(0);
    expect(await find('req_3', 'ws_2')).toEqual([3, 3]);
    expect(await store.expireRequestBodies(START_MS + 999)).toBe(0);
    expect(await store.expireRequestBodies(START_MS + 1000)).toBe(1);
  }), TIMEOUT_MS);
}
