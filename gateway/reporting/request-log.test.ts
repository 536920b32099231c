/** This file tests what is asked of the request log, and that an export holds no more than a page of it. */
import { describe, expect, test } from '@jest/globals';
import { createManualClock } from '../foundation/clock.ts';
import type { SettledRequest } from '../foundation/terms.ts';
import { toNanoUsd } from '../foundation/money.ts';
import type { FoundRequests, LogPage, RequestFilter } from '../store/request-log-row.ts';
import { sampleRecord } from '../store/sample-rows.ts';
import { StoreUnavailable } from '../store/store.ts';
import { exportRequestLog, listRequestLog, toFilter } from './request-log.ts';
import type { LogQuery } from './request-log.ts';

const view = { workspaceId: 'ws_1', keyId: null, userId: null, keptFromMs: 5000 };
const PAGE_ROWS = 500;

function sampleSettled(index: number, changes: Partial<SettledRequest> = {}): SettledRequest {
  return { ...sampleRecord(index), settled: { charged: toNanoUsd(0), overrunNanoUsd: toNanoUsd(0), overrunMessages: 0, lines: [], settledMs: 0 }, ...changes };
}

/** A store of so many rows, whose `pagesGood` first pages can be read. */
function storeOf(count: number, pagesGood = Infinity) {
  const pages: LogPage[] = [];
  return {
    pages,
    listRequests(_filter: RequestFilter, page: LogPage): Promise<FoundRequests> {
      if (pages.length >= pagesGood) return Promise.reject(new StoreUnavailable('away'));
      pages.push(page);
      const start = page.after ? Number(page.after.id) : 0;
      const rows = Array.from({ length: Math.min(page.limit, count - start) }, (_, index) => sampleSettled(start + index));
      const end = start + rows.length;
      return Promise.resolve({ rows, next: end < count ? { ms: 1, id: String(end) } : null });
    },
  };
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

describe('a query', () => {
  test.each<[LogQuery, Partial<RequestFilter>]>([
    [{}, { fromMs: 5000, toMs: null, errorCodes: null, costMin: null }],
    [{ from: 4, to: 9 }, { fromMs: 5000, toMs: 9000 }],
    [{ from: 6 }, { fromMs: 6000 }],
    [{ error_code: 'upstream_timeout' }, { errorCodes: ['upstream_timeout'] }],
    [{ error_type: 'insufficient_quota' }, { errorCodes: ['insufficient_balance', 'budget_exhausted', 'in_flight_budget', 'request_exceeds_budget', 'quota_exceeded'] }],
    [{ error_type: 'insufficient_quota', error_code: 'quota_exceeded' }, { errorCodes: ['quota_exceeded'] }],
    [{ error_type: 'insufficient_quota', error_code: 'upstream_timeout' }, { errorCodes: [''] }],
    [{ cost_min_nano_usd: '9223372036854775808', cost_max_nano_usd: '7' }, { costMin: 2n ** 63n - 1n, costMax: 7n }],
  ])('%j', (query, filter) => {
    expect(toFilter(query, view)).toMatchObject(filter);
  });
});

describe('a page', () => {
  test('says where to go on, and how far it looked', async () => {
    const store = storeOf(3);
    const page = await listRequestLog(store, toFilter({}, view), { limit: 2, cursor: '7000.1', looksMax: 9, clock: createManualClock() });
    expect(page).toMatchObject({ has_more: false, next_cursor: null, searched_to: null });
    expect(await listRequestLog(store, toFilter({}, view), { limit: 2, cursor: undefined, looksMax: 9, clock: createManualClock() })).toMatchObject({ has_more: true, next_cursor: '1.2', searched_to: 0 });
    expect(store.pages).toEqual([{ limit: 2, after: { ms: 7000, id: '1' }, looksMax: 9 }, { limit: 2, after: null, looksMax: 9 }]);
  });

  test('is looked for in steps, until enough was looked at or it took a tenth of a second', async () => {
    const clock = createManualClock();
    const looks: number[] = [];
    const empty = (ms: number) => ({
      listRequests(_filter: RequestFilter, { looksMax }: LogPage): Promise<FoundRequests> {
        looks.push(looksMax);
        clock.advance(ms);
        return Promise.resolve({ rows: [], next: { ms: 9000 - looks.length, id: '' } });
      },
    });
    expect(await listRequestLog(empty(1), toFilter({}, view), { limit: 2, cursor: undefined, looksMax: 5000, clock })).toMatchObject({ data: [], has_more: true, next_cursor: '8997.' });
    expect(looks.splice(0)).toEqual([2000, 2000, 1000]);
    await listRequestLog(empty(60), toFilter({}, view), { limit: 2, cursor: undefined, looksMax: 1_000_000, clock });
    expect(looks).toEqual([2000, 2000]);
  });
});

describe('an export', () => {
  test('reads on only as it is read', async () => {
    const store = storeOf(100 * PAGE_ROWS);
    const stream = await exportRequestLog(store, toFilter({}, view), 'jsonl');
    expect(store.pages).toHaveLength(1);
    const chunks = stream.iterator({ destroyOnReturn: true });
    for (let read = 0; read < 3; read++) await chunks.next();
    expect(store.pages.length).toBeLessThan(8);
    await chunks.return?.();
    expect(stream.destroyed).toBe(true);
  });

  test('has every row once', async () => {
    const text = await textOf(await exportRequestLog(storeOf(2 * PAGE_ROWS + 1), toFilter({}, view), 'csv'));
    const ids = text.split('\r\n').slice(1, -1).map((line) => line.split(',')[0]);
    expect(ids).toEqual(Array.from({ length: 2 * PAGE_ROWS + 1 }, (_, index) => sampleRecord(index).id));
  });

  test('that fails at once is refused, and one that fails later breaks off', async () => {
    await expect(exportRequestLog(storeOf(9, 0), toFilter({}, view), 'csv')).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(textOf(await exportRequestLog(storeOf(9 * PAGE_ROWS, 2), toFilter({}, view), 'csv'))).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  test('writes for a spreadsheet what is no formula, and for a program what is one row', async () => {
    const odd = { modelAsked: '=cmd|"x",1', failedAttempts: '[{"target":"a/m","code":"upstream_timeout","latency_ms":1}]', attempts: 2, lastAttemptMs: 3 };
    const store = { listRequests: () => Promise.resolve({ rows: [sampleSettled(1, odd)], next: null }) };
    expect(await textOf(await exportRequestLog(store, toFilter({}, view), 'csv'))).toContain(`,"'=cmd|""x"",1",`);
    expect(await textOf(await exportRequestLog(store, toFilter({}, view), 'csv'))).toContain(',2,a/m upstream_timeout,');
    expect(JSON.parse(await textOf(await exportRequestLog(store, toFilter({}, view), 'jsonl')))).toMatchObject({
      model_asked: '=cmd|"x",1', attempts: [{ target: 'a/m', code: 'upstream_timeout', latency_ms: 1 }, { target: 'google/gemini-2.5-flash', code: null, latency_ms: 3 }],
    });
  });
});
