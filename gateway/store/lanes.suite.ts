/** This file is what every Store must do for lanes that rest: others learn of them, and forget them in time. */
import { expect, test } from '@jest/globals';
import { TEST_TIMEOUT_MS } from './store-under-test.ts';
import type { WithPlace } from './store-under-test.ts';

const NOW_MS = 1_800_000_000_000;

export function describeLanes(withPlace: WithPlace): void {
  test('a lane that rests is known to every process until its rest is over', withPlace(async (open) => {
    const [here, there] = [await open(), await open()];
    const heard = new Promise<string>((resolve) => { there.onForeignChange(resolve); });
    await here.putLaneOpening({ lane: 'openai/gpt-5', reason: 'slow', untilMs: NOW_MS + 1000 }, NOW_MS);
    expect(await heard).toBe('health');
    await here.putLaneOpening({ lane: 'openai/gpt-5#2', reason: 'credential', untilMs: NOW_MS + 60_000 }, NOW_MS);
    await here.putLaneOpening({ lane: 'openai/gpt-5', reason: 'failing', untilMs: NOW_MS + 2000 }, NOW_MS + 500);
    expect(await there.listLaneOpenings(NOW_MS + 1999)).toEqual([
      { lane: 'openai/gpt-5', reason: 'failing', untilMs: NOW_MS + 2000 },
      { lane: 'openai/gpt-5#2', reason: 'credential', untilMs: NOW_MS + 60_000 },
    ]);
    expect((await there.listLaneOpenings(NOW_MS + 2000)).map(({ lane }) => lane)).toEqual(['openai/gpt-5#2']);
  }), TEST_TIMEOUT_MS);
}
