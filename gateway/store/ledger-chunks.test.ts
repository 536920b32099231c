/** This file shows when a gateway's sign of life is written, and when it only looks whether it is still itself. */
import { describe, expect, test } from '@jest/globals';
import type { BeatAnswer } from './calls/nodes.ts';
import { createBeat, endAllHolds } from './ledger-chunks.ts';

/** A beat whose store says what the test wants, and remembers which way it was asked. */
function setUp() {
  const calls: string[] = [];
  const state: { answer: BeatAnswer } = { answer: { isFenced: false, recalled: [] } };
  const ask = (way: string) => (nodeId: string, nowMs: number) => {
    calls.push(`${way} ${nodeId} ${nowMs}`);
    return Promise.resolve(state.answer);
  };
  return { calls, state, beat: createBeat({ write: ask('write'), look: ask('look') }) };
}

describe('a beat', () => {
  test('is written the first time and every two seconds, by each node for itself; in between it only looks', async () => {
    const { calls, beat } = setUp();
    for (const [node, at] of [['a', 0], ['a', 0], ['a', 1999], ['b', 1999], ['a', 2000], ['a', 2001]] as const) await beat(node, at);
    expect(calls).toEqual(['write a 0', 'look a 0', 'look a 1999', 'write b 1999', 'write a 2000', 'look a 2001']);
  });

  test('is written when the clock was set back', async () => {
    const { calls, beat } = setUp();
    await beat('a', 5000);
    await beat('a', 4999);
    expect(calls).toEqual(['write a 5000', 'write a 4999']);
  });

  test('of a node that was fenced off is written again the next time', async () => {
    const { calls, state, beat } = setUp();
    await beat('a', 0);
    state.answer = { ...state.answer, isFenced: true };
    await beat('a', 2000);
    await beat('a', 2001);
    expect(calls).toEqual(['write a 0', 'write a 2000', 'write a 2001']);
  });
});

test('holds are ended chunk after chunk until none are left, and summed', async () => {
  const chunks = [{ ended: 3, isDone: false }, { ended: 2, isDone: false }, { ended: 0, isDone: true }, { ended: 9, isDone: true }];
  expect(await endAllHolds(() => Promise.resolve(chunks.shift() ?? { ended: 0, isDone: true }))).toBe(5);
  expect(chunks).toHaveLength(1);
});
