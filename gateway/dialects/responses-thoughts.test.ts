/** This file holds gathered thoughts against the plain definition of how two pieces are joined. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { GatheredThoughts, NO_THOUGHTS } from './responses-thoughts.ts';
import type { Thoughts } from './responses-thoughts.ts';

/** One after the other, as pieces of the same turn: short, and as slow as all that came before is long. */
function joinThoughts(first: Thoughts, second: Thoughts): Thoughts {
  return {
    text: first.text + second.text,
    field: first.text === '' ? second.field : first.field,
    details: second.details.reduce(addDetail, first.details),
    extra: first.extra && second.extra ? mergeExtra(first.extra, second.extra) : first.extra ?? second.extra,
    calls: { ...first.calls, ...second.calls },
  };
}

function addDetail(details: readonly JsonObject[], detail: JsonObject): readonly JsonObject[] {
  const last = details.at(-1);
  const text = stringAt(detail, 'text');
  const before = stringAt(last, 'text');
  const isSame = last !== undefined && text !== null && before !== null && last['index'] !== undefined && last['index'] === detail['index']
    && last['type'] === detail['type'] && typeof last['signature'] !== 'string';
  return isSame ? [...details.slice(0, -1), { ...last, ...detail, text: before + text }] : [...details, detail];
}

function mergeExtra(first: JsonObject, second: JsonObject): JsonObject {
  const merged: Record<string, unknown> = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const before = merged[key];
    merged[key] = isJsonObject(before) && isJsonObject(value) ? { ...before, ...value } : value;
  }
  return merged;
}

const NAMES = ['b', 'a', '1', 'constructor'];
const small = fc.oneof(fc.constantFrom<unknown>(null, 0, 1, '', 'x', false), fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom<unknown>(null, 1, [], { deep: 1 })));
const objects = fc.dictionary(fc.constantFrom(...NAMES), small);
const detail = fc.record({
  type: fc.constantFrom<unknown>('reasoning.text', 'reasoning.summary', null), index: fc.constantFrom<unknown>(0, 1, '0', null), text: fc.constantFrom<unknown>('', 'a', 'bc', null, 7),
  signature: fc.constantFrom<unknown>('s', null, 1), format: small,
}, { requiredKeys: [] });
const piece: fc.Arbitrary<Thoughts> = fc.record({
  text: fc.constantFrom('', 'a', 'bc'), field: fc.constantFrom('reasoning_content', 'reasoning'), details: fc.array(detail, { maxLength: 4 }), extra: fc.option(objects),
  calls: fc.dictionary(fc.constantFrom('call_1', '2', 'call_3'), objects),
});

describe('gathered thoughts', () => {
  test('are those of the pieces, joined one by one', () => {
    fc.assert(fc.property(fc.option(piece, { nil: undefined }), fc.array(piece, { maxLength: 12 }), (first, pieces) => {
      const gathered = new GatheredThoughts(first);
      for (const each of pieces) gathered.add(each);
      const joined = pieces.reduce(joinThoughts, first ?? NO_THOUGHTS);
      expect(JSON.stringify(gathered.read())).toBe(JSON.stringify(joined));
      expect(gathered.isEmpty).toBe(JSON.stringify({ ...joined, field: '' }) === JSON.stringify({ ...NO_THOUGHTS, field: '' }));
    }), { numRuns: 1000 });
  });

  test('are the same whenever they are read, and what was read or given stays as it was', () => {
    fc.assert(fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const given = JSON.stringify(pieces);
      const gathered = new GatheredThoughts();
      const reads = pieces.map((each) => {
        gathered.add(each);
        const read = gathered.read();
        return { read, was: JSON.stringify(read) };
      });
      expect(reads.map(({ read }) => JSON.stringify(read))).toEqual(reads.map(({ was }) => was));
      expect(reads.at(-1)?.read ?? NO_THOUGHTS).toEqual(pieces.reduce(joinThoughts, NO_THOUGHTS));
      expect(JSON.stringify(pieces)).toBe(given);
    }), { numRuns: 200 });
  });

  // Joined two by two, as many took minutes.
  test('are gathered at once however many they are', () => {
    const many = 100_000;
    const gathered = new GatheredThoughts();
    for (let at = 0; at < many; at++) gathered.add({ ...NO_THOUGHTS, details: [{ index: at, text: 'x' }], extra: { google: { [`k${at}`]: 1 } }, calls: { [`call_${at}`]: {} } });
    const { details, extra, calls } = gathered.read();
    expect([details.length, Object.keys(objectAt(extra, 'google') ?? {}).length, Object.keys(calls).length]).toEqual([many, many, many]);
  });
});
