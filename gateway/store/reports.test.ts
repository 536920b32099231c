/** This file tests on both engines what reports are made of: groups of sums, and when errors were seen. */
import { describe, expect, jest, test } from '@jest/globals';
import { postgresPlaces, sqlitePlaces } from '../../scripts/store-places.ts';
import type { GroupQuery, UsageDimension, UsageGroup } from './report-row.ts';
import { records } from './request-log.suite.ts';
import { dimensionOf, sampleSettle } from './sample-rows.ts';
import { apply, inPlace } from './store-under-test.ts';
import type { Store } from './store.ts';

jest.setTimeout(120_000);

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SPAN_MS = 600_000;
const FROM_MS = Date.UTC(2026, 10, 20);
const END_MS = FROM_MS + 5 * DAY_MS;

async function filled(open: () => Promise<Store>): Promise<Store> {
  const store = await open();
  await Promise.all(records.map((row) => apply(store, sampleSettle(row))));
  return store;
}

type Question = Omit<GroupQuery, 'groupings'>;
const all: Question = { workspaceId: 'ws_1', keyId: null, userId: null, fromMs: FROM_MS, toMs: END_MS };

/** The same sums, made of the rows one by one. */
function expected(query: Question, by: readonly UsageDimension[]): Map<string, object> {
  const groups = new Map<string, { requests: number; errors: number; attempts: number; completionTokens: number; latencyUs: number; nanoUsd: bigint; unpricedRequests: number }>();
  for (const row of records) {
    if (row.workspaceId !== query.workspaceId || row.startedMs < query.fromMs || row.startedMs >= query.toMs) continue;
    if ((query.keyId !== null && row.keyId !== query.keyId) || (query.userId !== null && row.userId !== query.userId)) continue;
    const id = JSON.stringify(by.map((dimension) => dimensionOf(row, dimension)));
    const sum = groups.get(id) ?? { requests: 0, errors: 0, attempts: 0, completionTokens: 0, latencyUs: 0, nanoUsd: 0n, unpricedRequests: 0 };
    groups.set(id, {
      requests: sum.requests + 1, errors: sum.errors + (row.errorCode === null ? 0 : 1), attempts: sum.attempts + row.attempts,
      completionTokens: sum.completionTokens + row.usage.completionTokens, latencyUs: sum.latencyUs + Math.round(row.latencyMs * 1000), nanoUsd: sum.nanoUsd + row.charge.nanoUsd,
      unpricedRequests: sum.unpricedRequests + (row.charge.isUnpriced ? 1 : 0),
    });
  }
  return groups;
}

function found(groups: readonly UsageGroup[], by: readonly UsageDimension[]): Map<string, object> {
  return new Map(groups.map(({ startMs, keyId, asked, model, route, operation, requests, errors, attempts, completionTokens, latencyUs, nanoUsd, unpricedRequests }) => {
    const names: Readonly<Record<UsageDimension, string | number | null>> = { day: startMs, hour: startMs, key: keyId, asked, model, route, operation };
    return [JSON.stringify(by.map((dimension) => names[dimension])), { requests, errors, attempts, completionTokens, latencyUs, nanoUsd, unpricedRequests }];
  }));
}

const questions: readonly (readonly UsageDimension[])[] = [[], ['day'], ['key'], ['model'], ['asked'], ['route'], ['operation'], ['route', 'operation', 'model'], ['day', 'route'], ['key', 'model']];

describe.each([['SQLite', sqlitePlaces()], ['PostgreSQL', postgresPlaces()]] as const)('what reports are made of, on %s', (_engine, makePlace) => {
  const withPlace = inPlace(makePlace);

  test('groups of any kind have the sums of their rows, the dearest first', withPlace(async (open) => {
    const store = await filled(open);
    const views: Partial<Question>[] = [{}, { keyId: 'key_1' }, { userId: 'user_2', keyId: 'key_2' }, { fromMs: FROM_MS + DAY_MS, toMs: FROM_MS + 2 * DAY_MS }, { workspaceId: 'ws_2' }];
    const check = async (): Promise<void> => {
      for (const view of views) {
        const query = { ...all, ...view };
        const together = await store.groupUsage({ ...query, groupings: questions.map((by) => ({ by, limit: 1000 })) });
        const byHour = await store.groupUsage({ ...query, groupings: [{ by: ['hour'], limit: 1000 }] });
        for (const [at, by] of [...questions, ['hour'] as const].entries()) {
          const groups = [...together, ...byHour][at] ?? [];
          expect({ by, groups: found(groups, by) }).toEqual({ by, groups: expected(query, by) });
          const costs = groups.map(({ nanoUsd }) => nanoUsd);
          expect(costs).toEqual([...costs].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0)));
        }
      }
    };
    // With no day closed, with the first day of one workspace, and with all days.
    await check();
    expect(await store.closeUsageDay(END_MS + DAY_MS)).toBe(true);
    await check();
    while (await store.closeUsageDay(END_MS + DAY_MS));
    await check();
    expect(await store.groupUsage({ ...all, groupings: [{ by: ['hour'], limit: 3 }] })).toMatchObject([{ length: 3 }]);
    expect(await store.groupUsage({ ...all, workspaceId: 'ws_none', groupings: [{ by: ['key'], limit: 3 }, { by: [], limit: 1 }] })).toMatchObject([[], [{ requests: 0, nanoUsd: 0n }]]);
    expect(await store.groupUsage({ ...all, groupings: [{ by: [], limit: 1 }] })).toMatchObject([[{ nanoUsd: (await store.sumUsage({ ...all, model: null })).nanoUsd }]]);
  }));

  test('an error is told with the first and the last ten minutes that have it, and with those before', withPlace(async (open) => {
    const store = await filled(open);
    const fromMs = FROM_MS + DAY_MS;
    const toMs = fromMs + 12 * HOUR_MS;
    const spansOf = (code: string, within: (ms: number) => boolean): number[] => [...new Set(records
      .filter((row) => row.workspaceId === 'ws_1' && row.errorCode === code && within(row.startedMs))
      .map(({ startedMs }) => startedMs - startedMs % SPAN_MS))].sort((a, b) => a - b);
    const wanted = ['upstream_error', 'upstream_timeout'].map((code) => {
      const spans = spansOf(code, (ms) => ms >= fromMs && ms < toMs);
      return { code, spans: spans.length, firstMs: spans[0], lastMs: spans.at(-1), beforeMs: spansOf(code, (ms) => ms < fromMs).at(-1) ?? null };
    });
    expect(await store.listErrorTimes('ws_1', fromMs, toMs)).toEqual(wanted);
    expect(await store.listErrorTimes('ws_1', FROM_MS, END_MS)).toMatchObject([{ beforeMs: null }, { beforeMs: null }]);
    expect(await store.listErrorTimes('ws_none', FROM_MS, END_MS)).toEqual([]);
  }));
});
