/** This file shows how many answers a gateway makes in the background, whose they are, and how it hears that one was stopped elsewhere. */
import { expect, test } from '@jest/globals';
import { createManualClock } from '../foundation/clock.ts';
import { Refusal } from '../foundation/errors.ts';
import { createLog } from '../foundation/log.ts';
import type { OpenResponse } from '../store/response-row.ts';
import { createBackgroundRuns } from './background-runs.ts';

const LOOK_MS = 500;

function makeWorld() {
  const clock = createManualClock();
  const asked: ((open: OpenResponse[] | Error) => void)[] = [];
  const responses = {
    listOpen: (): Promise<OpenResponse[]> => new Promise((resolve, reject) => {
      asked.push((open) => { if (open instanceof Error) reject(open); else resolve(open); });
    }),
  };
  const runs = createBackgroundRuns({ responses, nodeId: () => 'node_1', clock, limits: { backgroundRunsMax: 2, backgroundEventsBytesMax: 1000, backgroundLookMs: LOOK_MS }, log: createLog('silent') });
  /** One look, answered with this. */
  const look = async (open: OpenResponse[] | Error): Promise<void> => {
    clock.advance(LOOK_MS);
    asked.shift()?.(open);
    for (let turns = 0; turns < 5; turns++) await Promise.resolve();
  };
  return { runs, look, asked, clock };
}

test('there are so many at once, and a place is free again when one has ended or was never begun', () => {
  const { runs } = makeWorld();
  const [first, second] = [runs.open(), runs.open()];
  expect(() => runs.open()).toThrow(Refusal);
  first.leave();
  first.leave();
  expect(runs.departures.size).toBe(1);
  runs.open();
  expect(() => runs.open()).toThrow('answers in the background');
  second.leave();
});

test('one is found by its workspace, from its begin to its end, and stopped by it alone', async () => {
  const { runs } = makeWorld();
  const open = runs.open();
  expect(runs.find('ws_1', 'resp_1')).toBeNull();
  open.begin('ws_1', 'resp_1');
  expect(runs.find('ws_1', 'resp_1')).toBe(open.run);
  expect(runs.find('ws_2', 'resp_1')).toBeNull();
  await runs.stop('ws_2', 'resp_1');
  expect(open.run.departure.reason).toBeNull();
  let isStopped = false;
  const stopping = runs.stop('ws_1', 'resp_1').then(() => { isStopped = true; });
  expect(open.run.departure.reason).toBe('cancelled');
  await Promise.resolve();
  expect(isStopped).toBe(false);
  open.leave();
  await stopping;
  expect(runs.find('ws_1', 'resp_1')).toBeNull();
});

test('one that was cancelled or deleted through another gateway is stopped at the next look; nobody looks for nothing', async () => {
  const { runs, look, asked, clock } = makeWorld();
  clock.advance(LOOK_MS);
  expect(asked).toHaveLength(0);
  const one = runs.open();
  one.begin('ws_1', 'resp_1');
  await look(new Error('the store is away'));
  await look([{ id: 'resp_1', isCancelled: false }]);
  expect(one.run.departure.reason).toBeNull();
  // What begins while the store is asked is not in what it tells.
  clock.advance(LOOK_MS);
  const two = runs.open();
  two.begin('ws_1', 'resp_2');
  asked.shift()?.([{ id: 'resp_1', isCancelled: false }]);
  for (let turns = 0; turns < 5; turns++) await Promise.resolve();
  expect(two.run.departure.reason).toBeNull();
  await look([{ id: 'resp_1', isCancelled: true }]);
  expect([one, two].map(({ run }) => run.departure.reason)).toEqual(['cancelled', 'cancelled']);
  runs.close();
  clock.advance(10 * LOOK_MS);
  expect([runs.isClosed, asked.length]).toEqual([true, 0]);
});
