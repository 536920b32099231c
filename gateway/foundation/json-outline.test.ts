import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { editJson, outlineJson } from './json-outline.ts';

const DEPTH = 64;
const anyObject = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }));

describe('outlineJson', () => {
  test('finds every top-level field of any JSON object, however it is spaced', () => {
    fc.assert(fc.property(anyObject, fc.constantFrom(0, 1, 2), (value, space) => {
      const text = JSON.stringify(value, null, space);
      const parsed = JSON.parse(text) as Record<string, unknown>;
      const outline = outlineJson(text, DEPTH);
      for (const field of outline.fields) {
        const key: unknown = JSON.parse(`"${field.key}"`);
        expect(JSON.parse(text.slice(field.valueStart, field.valueEnd))).toEqual(parsed[String(key)]);
      }
      expect(outline.fields).toHaveLength(Object.keys(value).length);
    }), { numRuns: 500 });
  });

  test('stops at the depth limit and says so', () => {
    expect(outlineJson('['.repeat(100_000), DEPTH).depth).toBe(DEPTH + 1);
    expect(outlineJson('{"a":'.repeat(DEPTH) + '1' + '}'.repeat(DEPTH), DEPTH).depth).toBe(DEPTH);
  });

  test('brackets inside strings do not count', () => {
    expect(outlineJson(JSON.stringify({ a: '[[[[{{{{\\"[[[' }), DEPTH).depth).toBe(1);
  });

  test('a key written twice or with escapes is irregular', () => {
    expect(outlineJson('{"model":"a","model":"b"}', DEPTH).isIrregular).toBe(true);
    expect(outlineJson('{"mod\\u0065l":"a"}', DEPTH).isIrregular).toBe(true);
    expect(outlineJson('{"model":"a","x":{"model":"b"}}', DEPTH).isIrregular).toBe(false);
  });

  test('never throws on text that is not JSON', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', 'a', ' ') }), (text) => {
      outlineJson(text, DEPTH);
    }), { numRuns: 2000 });
  });
});

describe('editJson', () => {
  test('sets, renames and drops as a parser would, and leaves all other values alone', () => {
    fc.assert(fc.property(anyObject, fc.string(), fc.boolean(), fc.constantFrom(0, 2), (value, model, isDrop, space) => {
      const text = JSON.stringify({ ...value, extra: [1, { model: 'inner' }], old: 1.50 }, null, space);
      const edited = editJson(text, outlineJson(text, DEPTH), [
        { kind: 'set', key: 'model', json: JSON.stringify(model) },
        { kind: 'rename', key: 'old', to: 'new' },
        ...(isDrop ? [{ kind: 'drop' as const, key: 'extra' }] : []),
      ]);
      const expected: Record<string, unknown> = { ...JSON.parse(text) as object, model };
      expected['new'] = expected['old'];
      delete expected['old'];
      if (isDrop) delete expected['extra'];
      expect(JSON.parse(edited)).toEqual(expected);
    }), { numRuns: 500 });
  });

  test('numbers no double can hold pass unchanged', () => {
    const text = '{"model":"a","seed":12345678901234567890,"t":1.0}';
    expect(editJson(text, outlineJson(text, DEPTH), [{ kind: 'set', key: 'model', json: '"b"' }]))
      .toBe('{"model":"b","seed":12345678901234567890,"t":1.0}');
  });

  test('a doubled key can not smuggle a second model past the edit', () => {
    const text = '{"model":"a","mod\\u0065l":"dear"}';
    expect(editJson(text, outlineJson(text, DEPTH), [{ kind: 'set', key: 'model', json: '"cheap"' }])).toBe('{"model":"cheap"}');
  });
});
