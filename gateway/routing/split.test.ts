/** This file tests who is on which side of a rollout: as many as were asked for, always the same, and nobody moved back by more percent. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isShadowed, sideOf } from './split.ts';

const KEYS = 10_000;
/** As keys are made: sixteen characters of 64. */
const keys = Array.from({ length: KEYS }, (_, at) => `key_${Buffer.from(String(at).padStart(12, '0')).toString('base64url')}`);
const terms = (percentage: number, chosen: readonly string[] = []): { percentage: number; keys: readonly string[] } => ({ percentage, keys: chosen });
const onSide = (id: string, percentage: number): string[] => keys.filter((key) => sideOf({ id, terms: terms(percentage) }, key) === 'candidate');
const ids = fc.uuid({ version: 7 }).map((uuid) => `roll_${uuid.replaceAll('-', '')}`);

describe('the split of 10,000 keys', () => {
  test('gives the candidate 10 % of them, give or take one, whichever rollout it is', () => {
    fc.assert(fc.property(ids, (id) => {
      const share = onSide(id, 10).length / KEYS * 100;
      expect(Math.abs(share - 10)).toBeLessThan(1);
    }), { numRuns: 20 });
  });

  test('is the same whenever it is asked, and by whichever gateway', () => {
    const once = onSide('roll_1', 10);
    expect(onSide('roll_1', 10)).toEqual(once);
    // Said by hand once, so that another version of this program can't move anybody: the first keys of two rollouts.
    expect(['roll_1', 'roll_2'].map((id) => onSide(id, 0.05))).toMatchInlineSnapshot(`
[
  [
    "key_MDAwMDAwMDAwMzM3",
    "key_MDAwMDAwMDA2OTU3",
    "key_MDAwMDAwMDA4MDE4",
  ],
  [
    "key_MDAwMDAwMDAyNjQz",
    "key_MDAwMDAwMDA2NjU5",
    "key_MDAwMDAwMDA3MjE4",
    "key_MDAwMDAwMDA4NDQx",
    "key_MDAwMDAwMDA4OTYz",
  ],
]
`);
  });

  test('only adds keys when there are more percent, and none at all and everybody at its ends', () => {
    fc.assert(fc.property(ids, fc.double({ min: 0, max: 100, noNaN: true }), fc.double({ min: 0, max: 100, noNaN: true }), (id, one, other) => {
      const more = new Set(onSide(id, Math.max(one, other)));
      expect(onSide(id, Math.min(one, other)).filter((key) => !more.has(key))).toEqual([]);
    }), { numRuns: 10 });
    expect([onSide('roll_1', 0).length, onSide('roll_1', 100).length]).toEqual([0, KEYS]);
  });

  test('is another one for another rollout: nobody is always the first to try what is new', () => {
    const [one, other] = [new Set(onSide('roll_1', 10)), onSide('roll_2', 10)];
    expect(other.filter((key) => one.has(key)).length).toBeLessThan(KEYS * 0.02);
  });

  test('has the chosen keys on the side of the candidate', () => {
    const chosen = keys.slice(0, 3);
    expect(keys.filter((key) => sideOf({ id: 'roll_1', terms: terms(0, chosen) }, key) === 'candidate')).toEqual(chosen);
  });
});

test('a shadow falls on its share of the requests, drawn apart from the keys', () => {
  const requests = keys.map((_, at) => `req_${at.toString(16).padStart(32, '0')}`);
  const drawn = requests.filter((request) => isShadowed({ id: 'roll_1', terms: { shadowPercentage: 25 } }, request));
  expect(Math.abs(drawn.length / KEYS * 100 - 25)).toBeLessThan(1.5);
  expect(requests.filter((request) => isShadowed({ id: 'roll_1', terms: { shadowPercentage: 0 } }, request))).toEqual([]);
});
