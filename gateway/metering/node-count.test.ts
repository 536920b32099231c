import { describe, expect, test } from '@jest/globals';
import { createManualClock } from '../foundation/clock.ts';
import type { NodeRow } from '../store/node-row.ts';
import { createNodeCount } from './node-count.ts';

const node = (id: string): NodeRow => ({ id, host: 'host', pid: 1, started: '1', beats: 0, startedMs: 1 });

describe('the count of gateways', () => {
  test('is one before it is known, follows the store, and stands while the store is away', async () => {
    const clock = createManualClock();
    let answer: () => Promise<NodeRow[]> = () => Promise.resolve([node('a'), node('b'), node('c')]);
    const count = createNodeCount({ store: { listNodes: () => answer() }, clock });
    expect(count.nodes).toBe(1);
    await Promise.resolve();
    expect(count.nodes).toBe(3);
    answer = () => Promise.reject(new Error('away'));
    clock.advance(10_000);
    await Promise.resolve();
    expect(count.nodes).toBe(3);
    answer = () => Promise.resolve([]);
    clock.advance(10_000);
    await Promise.resolve();
    await Promise.resolve();
    expect(count.nodes).toBe(1);
    count.stop();
    answer = () => Promise.resolve([node('a'), node('b')]);
    clock.advance(60_000);
    await Promise.resolve();
    expect(count.nodes).toBe(1);
  });
});
