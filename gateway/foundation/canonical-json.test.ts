/** This file checks that texts that say the same are written the same, and that no two that differ are. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from './canonical-json.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

const values = fc.jsonValue({ maxDepth: 4, noUnicodeString: false }) as fc.Arbitrary<Json>;

/** The same value, its fields in another order, with blanks and escapes as a caller may write them. */
function otherwise(value: Json, turn: number): string {
  const blank = [' ', '', '\n', '\t '][turn % 4] ?? '';
  if (Array.isArray(value)) return `[${blank}${value.map((item: Json) => otherwise(item, turn + 1)).join(`${blank},`)}]${blank}`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value as { readonly [name: string]: Json });
    if (turn % 2 === 0) fields.reverse();
    return `{${blank}${fields.map(([name, each]) => `${escaped(name)}${blank}:${otherwise(each, turn + 1)}`).join(`,${blank}`)}}`;
  }
  return blank + (typeof value === 'string' ? escaped(value) : JSON.stringify(value));
}

function escaped(text: string): string {
  return `"${[...text].map((each) => (each.length === 1 ? `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}` : JSON.stringify(each).slice(1, -1))).join('')}"`;
}

describe('a JSON text', () => {
  test('is the same however it is written', () => {
    fc.assert(fc.property(values, fc.nat(7), (value, turn) => {
      expect(canonicalJson(otherwise(value, turn))).toBe(canonicalJson(JSON.stringify(value)));
    }));
  });

  test('says what it said', () => {
    fc.assert(fc.property(values, (value) => {
      const text = JSON.stringify(value);
      expect(JSON.parse(canonicalJson(text))).toEqual(JSON.parse(text));
    }));
  });

  test('is another one when anything it says is another', () => {
    fc.assert(fc.property(values, values, (one, other) => {
      const [a, b] = [JSON.stringify(one), JSON.stringify(other)];
      let isSame = true;
      try {
        expect(JSON.parse(a)).toEqual(JSON.parse(b));
      } catch {
        isSame = false;
      }
      expect(canonicalJson(a) === canonicalJson(b)).toBe(isSame);
    }));
    fc.assert(fc.property(fc.array(values, { minLength: 2 }), (items) => {
      const [first, second] = items.map((item) => canonicalJson(JSON.stringify(item)));
      const swapped = [items[1], items[0], ...items.slice(2)];
      expect(canonicalJson(JSON.stringify(items)) === canonicalJson(JSON.stringify(swapped))).toBe(first === second);
    }));
  });

  test.each([
    ['1.50', '1.5', true], ['1.0', '1', true], ['-0', '0', true], ['0.10', '0.1', true],
    ['9007199254740993', '9007199254740992', false], ['0.1', '0.1000000000000000055', false], ['1e400', '1e500', false], ['1e2', '100', false],
    ['{"a":1,"a":2}', '{"a":2}', false], ['{"a":1,"a":2}', '{"a":2,"a":1}', false], ['"\\u0041\\/"', '"A/"', true], ['"1"', '1', false], ['null', '"null"', false],
    ['{"a":"b\\"c"}', '{ "a" : "b\\u0022c" }', true], ['[]', '{}', false], ['[[],[]]', '[[]]', false], ['[1,2]', '[12]', false],
  ])('%s and %s', (one, other, isSame) => {
    expect(canonicalJson(one) === canonicalJson(other)).toBe(isSame);
  });
});
