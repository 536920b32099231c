/** This file tests that both engines make the same reports of the same requests as looking at each of them does, and that a sample of many is fair. */
import { describe, expect, jest, test } from '@jest/globals';
import { postgresPlaces, sqlitePlaces } from '../../../scripts/store-places.ts';
import type { Report, ReportName } from '../../../generated/client/types.gen.ts';
import type { RequestRecord } from '../../foundation/terms.ts';
import { sampleSettle } from '../../store/sample-rows.ts';
import { apply, inPlace } from '../../store/store-under-test.ts';
import type { ReportStore } from './gather.ts';
import { makeReport } from './report.ts';
import { limits, requestsOf, storeOf } from './store-of-rows.ts';

jest.setTimeout(120_000);

const DAY_MS = 86_400_000;
const TO_MS = Date.UTC(2026, 10, 21);
const FROM_MS = TO_MS - 4 * DAY_MS;
const time = { fromMs: FROM_MS, toMs: TO_MS };
const names: readonly ReportName[] = ['overview', 'spend', 'routes', 'failures', 'instability', 'models'];
const failing = { model: null, errorCode: 'upstream_timeout', outcome: 'timeout' } as const;

/** More on the last day than on all others, of two workspaces. */
const requests: readonly RequestRecord[] = [
  ...requestsOf(150, time, { keyId: 'key_a', model: 'm/a', target: 'p/a', nanoUsd: 100, lastAttemptMs: null }),
  ...requestsOf(120, time, { keyId: 'key_b', model: 'm/b', target: 'p/b', nanoUsd: 900, route: 'best', attempts: 2, failedAttempts: '[{"target":"p/c","code":"upstream_error","latency_ms":4}]', lastAttemptMs: 7 }),
  ...requestsOf(40, { fromMs: TO_MS - DAY_MS, toMs: TO_MS }, { keyId: 'key_b', target: 'p/b', route: 'best', nanoUsd: 0, ...failing }),
  ...requestsOf(300, { fromMs: TO_MS - DAY_MS, toMs: TO_MS }, { keyId: 'key_c', userId: 'user_2', model: 'm/c', target: 'p/c', nanoUsd: 500 }),
  ...requestsOf(80, { fromMs: FROM_MS - 4 * DAY_MS, toMs: FROM_MS }, { nanoUsd: 300 }),
  ...requestsOf(90, time, { workspaceId: 'ws_2', keyId: 'key_z', nanoUsd: 7_000_000 }),
];

function reportOf(store: ReportStore, name: ReportName, { keyId = null, sampleRows = 3000 }: { keyId?: string | null; sampleRows?: number } = {}): Promise<Report> {
  const view = { workspaceId: 'ws_1', keyId, userId: null };
  return makeReport({ store, limits: { ...limits, reportSampleRowsMax: sampleRows }, nowMs: TO_MS }, name, { view, query: { from: FROM_MS / 1000, to: TO_MS / 1000 } });
}

describe.each([['SQLite', sqlitePlaces()], ['PostgreSQL', postgresPlaces()]] as const)('on %s', (_engine, makePlace) => {
  const withPlace = inPlace(makePlace);

  test('every report says what the requests say one by one, and no more than its view shows', withPlace(async (open) => {
    const store = await open();
    await Promise.all(requests.map((row) => apply(store, sampleSettle(row))));
    for (const name of names) {
      for (const keyId of [null, 'key_b', 'key_nobody']) {
        const report = await reportOf(store, name, { keyId });
        expect({ name, keyId, report }).toEqual({ name, keyId, report: await reportOf(storeOf(requests), name, { keyId }) });
        expect(JSON.stringify(report)).not.toContain('key_z');
      }
    }
    const usage = await store.sumUsage({ workspaceId: 'ws_1', keyId: null, userId: null, model: null, fromMs: FROM_MS, toMs: TO_MS });
    expect((await reportOf(store, 'spend')).totals).toMatchObject({
      requests: usage.requests, cost_nano_usd: String(usage.nanoUsd), prompt_tokens: usage.promptTokens, completion_tokens: usage.completionTokens, counted_messages: usage.messages,
    });
  }));

  test('a sample has of each day as much as its share in all, and says that it is one', withPlace(async (open) => {
    const store = await open();
    await Promise.all(requests.map((row) => apply(store, sampleSettle(row))));
    const report = await reportOf(store, 'models', { sampleRows: 200 });
    expect(report.sample).toMatchObject({ of: 610, is_complete: false });
    expect(report.sample?.requests).toBeGreaterThan(150);
    expect(report.sample?.requests).toBeLessThan(250);
    const table = report.tables.find(({ name }) => name === 'by_job_and_model');
    expect(table?.basis).toBe('sample');
    const lines = table?.lines.filter(({ within }) => within === 'chat') ?? [];
    const callsOf = (name: string): number => lines.find((line) => line.name === name)?.attempts ?? 0;
    // Of 610 requests, 300 are m/c's and 120 of another's were sent to its target first.
    expect(Math.abs(callsOf('m/c') / lines.reduce((sum, line) => sum + (line.attempts ?? 0), 0) - 420 / 730)).toBeLessThan(0.1);
  }));
});
