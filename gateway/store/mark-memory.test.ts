/** This file tests what is remembered of marks: only what was committed, and only of the newest time. */
import { expect, test } from '@jest/globals';
import { createMarkMemory } from './mark-memory.ts';

test('a mark is known once its transaction is committed, and not before', () => {
  const memory = createMarkMemory();
  memory.propose([{ startMs: 1, mark: 'a' }]);
  expect(memory.has(1, 'a')).toBe(false);
  memory.confirm();
  expect([memory.has(1, 'a'), memory.has(1, 'b'), memory.has(2, 'a')]).toEqual([true, false, false]);
});

test('what an attempt has proposed that was made again is not known', () => {
  const memory = createMarkMemory();
  memory.propose([{ startMs: 1, mark: 'a' }]);
  memory.propose([]);
  memory.confirm();
  expect(memory.has(1, 'a')).toBe(false);
});

test('after a failure nothing is known', () => {
  const memory = createMarkMemory();
  memory.propose([{ startMs: 1, mark: 'a' }]);
  memory.confirm();
  memory.propose([{ startMs: 1, mark: 'b' }]);
  memory.clear();
  memory.confirm();
  expect([memory.has(1, 'a'), memory.has(1, 'b')]).toEqual([false, false]);
});

test('a new time takes the place of the one before, and an older one is never remembered', () => {
  const memory = createMarkMemory();
  memory.propose([{ startMs: 5, mark: 'a' }, { startMs: 6, mark: 'b' }, { startMs: 5, mark: 'c' }]);
  memory.confirm();
  expect([memory.has(5, 'a'), memory.has(6, 'b'), memory.has(5, 'c')]).toEqual([false, true, false]);
});
