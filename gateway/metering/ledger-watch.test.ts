/** This file shows when the promises of the ledger are checked, and what is told of them. */
import { describe, expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { createManualClock } from '../foundation/clock.ts';
import type { Violation } from '../foundation/ledger.ts';
import { createLog } from '../foundation/log.ts';
import { createLedgerWatch } from './ledger-watch.ts';

const broken: Violation = { invariant: 'I1', subject: 'w:ws_1', detail: 'held 1, holds 0' };

function start(check: () => Violation[] | Promise<Violation[]>) {
  const clock = createManualClock();
  let checks = 0;
  const store = { checkLedger: async () => { checks++; return check(); } };
  const watch = createLedgerWatch({ store, clock, log: createLog('silent') });
  return { clock, watch, checks: () => checks };
}

describe('the ledger watch', () => {
  test('it checks at once, and tells what it found until the next check finds it mended', async () => {
    let found = [broken];
    const { clock, watch, checks } = start(() => found);
    expect(watch.violations()).toEqual([]);
    await turn();
    expect(watch.violations()).toEqual([broken]);
    found = [];
    clock.advance(59_000);
    await turn();
    expect(checks()).toBe(1);
    clock.advance(1000);
    await turn();
    expect(checks()).toBe(2);
    expect(watch.violations()).toEqual([]);
    await watch.close();
    clock.advance(600_000);
    expect(checks()).toBe(2);
  });

  test('a check that takes long is repeated after sixty times as long', async () => {
    let end = (): void => undefined;
    const { clock, watch, checks } = start(() => new Promise((resolve) => { end = () => { resolve([]); }; }));
    clock.advance(10_000);
    end();
    await turn();
    clock.advance(599_000);
    expect(checks()).toBe(1);
    clock.advance(1000);
    expect(checks()).toBe(2);
    end();
    await watch.close();
  });

  test('the log is told of what is broken, and of a store that can not say; of nothing else', async () => {
    const told: [string, unknown][] = [];
    const log = Object.assign(createLog('silent'), {
      error: (fields: unknown) => { told.push(['error', fields]); }, warn: (fields: unknown) => { told.push(['warn', fields]); },
    });
    const away = new Error('away');
    const answers = [(): Violation[] => [], (): Violation[] => [broken], (): Violation[] => { throw away; }];
    const clock = createManualClock();
    const watch = createLedgerWatch({ store: { checkLedger: () => Promise.resolve().then(answers.shift() ?? ((): Violation[] => [])) }, clock, log });
    for (let round = 0; round < 3; round++) {
      await turn();
      clock.advance(60_000);
    }
    await turn();
    expect(told).toEqual([['error', { violations: [broken] }], ['warn', { error: away }]]);
    await watch.close();
  });

  test('who asks while a check is under way is given its answer', async () => {
    const { watch, checks } = start(() => [broken]);
    expect(await watch.checkNow()).toEqual([broken]);
    expect(checks()).toBe(1);
    await watch.checkNow();
    expect(checks()).toBe(2);
    await watch.close();
  });

  test('a check that fails is tried again, and what was found before stands', async () => {
    let isAway = false;
    const { clock, watch, checks } = start(() => {
      if (isAway) throw new Error('away');
      return [broken];
    });
    await turn();
    isAway = true;
    await expect(watch.checkNow()).rejects.toThrow('away');
    clock.advance(60_000);
    await turn();
    expect(checks()).toBe(3);
    expect(watch.violations()).toEqual([broken]);
    await watch.close();
  });
});
