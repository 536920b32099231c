/** This file is what every Store must do for sums of usage: be those of its rows, whatever days were closed before and after they came. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createManualClock } from '../foundation/clock.ts';
import { toNanoUsd } from '../foundation/money.ts';
import type { RequestRecord } from '../foundation/terms.ts';
import { sampleRecord, sampleSettle } from './sample-rows.ts';
import { apply } from './store-under-test.ts';
import type { WithPlace } from './store-under-test.ts';
import type { UsageFilter } from './store.ts';

const TIMEOUT_MS = 120_000;
const HOUR_MS = 3_600_000;
const DAYS = 4;
const HOURS_OF_DAY = 24;
/** More rows than one run can make. */
const RUN_ROWS = 10_000;
const START_MS = Date.UTC(2026, 10, 20);

/** What happens next: requests end, some of which began long ago, time passes, a gateway closes what it finds. */
type Step =
  | { readonly kind: 'settle'; readonly by: 0 | 1; readonly ages: readonly number[] }
  | { readonly kind: 'pass'; readonly hours: number }
  | { readonly kind: 'close'; readonly by: 0 | 1; readonly times: number };

const by = fc.constantFrom<0 | 1>(0, 1);
const steps: fc.Arbitrary<readonly Step[]> = fc.array(fc.oneof(
  fc.record({ kind: fc.constant('settle' as const), by, ages: fc.array(fc.oneof(fc.nat(2), fc.nat(DAYS * HOURS_OF_DAY)), { minLength: 1, maxLength: 12 }) }),
  fc.record({ kind: fc.constant('pass' as const), hours: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ kind: fc.constant('close' as const), by, times: fc.integer({ min: 1, max: 5 }) }),
), { minLength: 5, maxLength: 20 });

const time = fc.option(fc.nat({ max: 2 * DAYS * HOURS_OF_DAY }).map((hours) => START_MS + (hours - DAYS * HOURS_OF_DAY / 2) * HOUR_MS + (hours % 3) * 1_234_567), { freq: 2 });
const filters: fc.Arbitrary<UsageFilter> = fc.record({
  workspaceId: fc.constantFrom('ws_0', 'ws_1', 'ws_2'), fromMs: time, toMs: time, keyId: fc.option(fc.constantFrom('key_0', 'key_1'), { freq: 1 }),
  userId: fc.option(fc.constantFrom('user_0', 'user_1'), { freq: 1 }), model: fc.option(fc.constantFrom('fast', 'a/quick'), { freq: 1 }),
});

function vary(index: number, startedMs: number, run = 0): RequestRecord {
  const failed = index % 5 === 0;
  return sampleRecord(index, {
    startedMs, workspaceId: `ws_${index % 3}_${run}`, keyId: `key_${index % 4}`, userId: `user_${index % 4 % 2}`, modelAsked: index % 2 === 0 ? 'fast' : 'slow', model: failed ? null : 'a/quick',
    target: failed ? null : 'a/quick', route: index % 7 === 0 ? null : `route-${index % 2}`, charge: { messages: 1, nanoUsd: toNanoUsd(index), priceVersion: 'v', isUnpriced: index % 6 === 0 },
  });
}

function takes({ workspaceId, fromMs, toMs, keyId, userId, model }: UsageFilter, row: RequestRecord): boolean {
  return row.workspaceId === workspaceId && (fromMs === null || row.startedMs >= fromMs) && (toMs === null || row.startedMs < toMs) && (keyId === null || row.keyId === keyId)
    && (userId === null || row.userId === userId) && (model === null || row.model === model || row.modelAsked === model);
}

export function describeUsageDays(withPlace: WithPlace): void {
  test('sums are those of the rows, whatever days are closed before and after they come, and whichever gateway does it', withPlace(async (open) => {
    const clock = createManualClock(START_MS);
    // Nobody asks here what the other has changed, least of all eight times a second of weeks.
    const stores = [await open(clock, { revisionPollMs: HOUR_MS }), await open(clock, { revisionPollMs: HOUR_MS })] as const;
    let runs = 0;
    // One place for all: each has workspaces and a time of its own, and goes on from what the ones before have closed.
    await fc.assert(fc.asyncProperty(steps, fc.array(filters, { minLength: 8, maxLength: 8 }), async (happened, asked) => {
      const run = runs++;
      const sinceMs = clock.now() - START_MS;
      const rows: RequestRecord[] = [];
      for (const step of happened) {
        if (step.kind === 'pass') clock.advance(step.hours * HOUR_MS);
        else if (step.kind === 'close') for (let times = 0; times < step.times; times++) await stores[step.by].closeUsageDay(clock.now());
        else {
          const more = step.ages.map((age, at) => vary(run * RUN_ROWS + rows.length + at + 1, clock.now() - age * HOUR_MS, run));
          rows.push(...more);
          await Promise.all(more.map((row) => apply(stores[step.by], sampleSettle(row))));
        }
      }
      for (const { workspaceId, fromMs, toMs, ...rest } of asked) {
        const filter = { ...rest, workspaceId: `${workspaceId}_${run}`, fromMs: fromMs === null ? null : fromMs + sinceMs, toMs: toMs === null ? null : toMs + sinceMs };
        const found = rows.filter((row) => takes(filter, row));
        expect(await stores[0].sumUsage(filter)).toMatchObject({
          requests: found.length, promptTokens: found.length * 100, nanoUsd: found.reduce((sum, { charge }) => sum + charge.nanoUsd, 0n),
          unpricedRequests: found.filter(({ charge }) => charge.isUnpriced).length,
        });
      }
    }), { numRuns: 8, endOnFailure: true });
  }), TIMEOUT_MS);

  test('a day is closed two hours after its end, one workspace after the other, and once', withPlace(async (open) => {
    const clock = createManualClock(START_MS + 20 * HOUR_MS);
    const store = await open(clock);
    await Promise.all([1, 2, 3, 4].map((index) => apply(store, sampleSettle(vary(index, clock.now())))));
    expect(await store.closeUsageDay(START_MS + 26 * HOUR_MS - 1)).toBe(false);
    for (const closed of [true, true, true, false]) expect(await store.closeUsageDay(START_MS + 26 * HOUR_MS)).toBe(closed);
    expect(await store.sumUsage({ workspaceId: 'ws_1_0', fromMs: null, toMs: null, keyId: null, userId: null, model: null })).toMatchObject({ requests: 2 });
  }), TIMEOUT_MS);
}
