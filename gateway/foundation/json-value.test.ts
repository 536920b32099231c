/** This file holds what is read of JSON to values that can be counted with and written again. */
import { expect, test } from '@jest/globals';
import { addCounts, countAt, finiteAt, parseJson, parseShallowJson } from './json-value.ts';

const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

test('JSON that nests deeper than can be written again is none', () => {
  expect(JSON.stringify(parseJson(nested(1000)))).toBe(nested(1000));
  expect(parseJson(nested(1001))).toBeNull();
  expect(parseJson('['.repeat(200_000) + ']'.repeat(200_000))).toBeNull();
  expect(() => parseShallowJson(nested(20_000))).toThrow(SyntaxError);
  expect(() => parseShallowJson('{')).toThrow(SyntaxError);
});

test('numbers that are too large to be exact, or to be written, count nothing', () => {
  const said = parseJson('{"huge":1e400,"large":9007199254740992,"half":0.5,"less":-1,"text":"1","seven":7}');
  expect(['huge', 'large', 'half', 'less', 'text', 'none', 'seven'].map((key) => countAt(said, key))).toEqual([0, 0, 0, 0, 0, 0, 7]);
  expect(['huge', 'half', 'less', 'text', 'none'].map((key) => finiteAt(said, key))).toEqual([0, 0.5, -1, 0, 0]);
  expect([addCounts(), addCounts(1, 2), addCounts(Number.MAX_SAFE_INTEGER, 2)]).toEqual([0, 3, Number.MAX_SAFE_INTEGER]);
});
