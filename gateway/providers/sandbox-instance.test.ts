/** This file shows that generated instances are valid for their schemas, judged by Ajv, and that no schema can hang the sandbox. */
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { makeInstance } from './sandbox-instance.ts';
import { splitTokens } from './sandbox-tokens.ts';

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);

function expectValid(schema: object, text = 'Book a table for 4 in Paris and Rome'): void {
  for (const variant of [0, 1, 2, 7]) {
    const instance = makeInstance(schema, { text, variant });
    const isValid = ajv.validate(schema, instance);
    if (!isValid) throw new Error(`${JSON.stringify(instance)} is not valid for ${JSON.stringify(schema)}: ${ajv.errorsText()}`);
    expect(makeInstance(schema, { text, variant })).toEqual(instance);
  }
}

const schemas: readonly (readonly [name: string, schema: object])[] = [
  ['nothing', {}], ['null', { type: 'null' }], ['const', { const: { a: 1 } }], ['enum', { enum: [null, 'x', 3] }],
  ['bounds', { type: 'integer', minimum: 5, maximum: 7 }], ['open bounds', { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 }],
  ['negative', { type: 'integer', maximum: -3 }], ['multiples', { type: 'integer', multipleOf: 7, minimum: 15 }], ['fractions', { type: 'number', multipleOf: 0.25, minimum: 0.3 }],
  ['open whole bounds', { type: 'integer', exclusiveMinimum: 3, exclusiveMaximum: 5 }],
  ['lengths', { type: 'string', minLength: 40, maxLength: 44 }], ['one character', { type: 'string', maxLength: 1 }],
  ['unique items', { type: 'array', items: { type: 'string' }, minItems: 5, uniqueItems: true }],
  ['unique numbers', { type: 'array', items: { type: 'number', minimum: 0, maximum: 1 }, minItems: 6, uniqueItems: true }],
  ['unique enum', { type: 'array', items: { enum: ['a', 'b', 'paris'] }, minItems: 3, uniqueItems: true }],
  ['tuple', { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }], items: false, minItems: 2 }],
  ['contains', { type: 'array', contains: { const: 9 }, items: { type: 'integer' } }],
  ['nested', { type: 'object', required: ['a'], properties: { a: { type: 'object', required: ['b'], properties: { b: { type: 'array', items: { type: 'object', properties: { c: { type: 'boolean' } } }, minItems: 2 } } } } }],
  ['nothing more', { type: 'object', properties: { a: { type: 'string' }, b: { type: 'integer' } }, additionalProperties: false }],
  ['many properties', { type: 'object', minProperties: 4, additionalProperties: { type: 'integer' } }],
  ['references', { $ref: '#/$defs/node', $defs: { node: { type: 'object', required: ['name', 'next'], properties: { name: { type: 'string' }, next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } } } } }],
  ['a tree', { type: 'object', required: ['children'], properties: { children: { type: 'array', items: { $ref: '#' } } } }],
  ['all of', { allOf: [{ type: 'object', required: ['a'], properties: { a: { type: 'integer', minimum: 3 } } }, { required: ['b'], properties: { a: { maximum: 5 }, b: { type: 'string' } } }] }],
  ['any of', { anyOf: [{ type: 'null' }, { type: 'object', required: ['kind'], properties: { kind: { const: 'x' } } }] }],
  ['one of, told apart', { oneOf: [{ type: 'object', required: ['a'], properties: { a: { type: 'integer' } } }, { type: 'object', required: ['b'], properties: { b: { type: 'string' } } }] }],
  ['one of two numbers', { oneOf: [{ type: 'number', minimum: 10 }, { type: 'string' }] }],
  ['two types', { type: ['string', 'null'] }], ['dependent', { type: 'object', required: ['a'], properties: { a: { type: 'integer' } }, dependentRequired: { a: ['b'] } }],
  ['closed property', { type: 'object', properties: { a: false, b: { type: 'string' } } }],
  ['odd names', { type: 'object', required: ['__proto__x', 'a.b', '([', 'constructor', 'toString'], properties: { 'a.b': { type: 'string' }, '([': { type: 'string' }, constructor: { type: 'string' } } }],
  ...['date-time', 'date', 'time', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uri', 'uri-reference', 'uuid', 'json-pointer', 'regex', 'byte']
    .map((format) => [`format ${format}`, { type: 'string', format }] as const),
  ...['^[A-Z]{3}-\\d{4}$', '^(foo|bar)+$', '^\\+?[1-9]\\d{6,14}$', '^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$', '^#(?:[0-9a-fA-F]{3}){1,2}$', '^[\\w.-]+/[\\w.-]+$', '\\p{Lu}\\p{Ll}*',
    '^v?(?<major>0|[1-9]\\d*)\\.(\\d+)$', '^\\u0041\\x42$', '^a{2,}$', '[-a]', '^.{3}$', '^$', '^[\\]\\-^]$']
    .map((pattern) => [`pattern ${pattern}`, { type: 'string', pattern }] as const),
  ['pattern and length', { type: 'string', pattern: '^[a-z]+-\\d*$', minLength: 12 }],
];

describe('makeInstance', () => {
  test.each(schemas)('is valid for %s', (_, schema) => { expectValid(schema); });

  test('is valid for random schemas of the kinds that tools use', () => {
    const { schema } = fc.letrec<{ schema: object; leaf: object }>((tie) => ({
      leaf: fc.oneof(
        fc.record({ type: fc.constantFrom('string', 'boolean', 'integer', 'number', 'null') }),
        fc.record({ enum: fc.uniqueArray(fc.oneof(fc.string(), fc.integer()), { minLength: 1 }) }),
        fc.tuple(fc.integer({ min: -50, max: 50 }), fc.nat(100)).map(([minimum, width]) => ({ type: 'integer', minimum, maximum: minimum + width })),
        fc.tuple(fc.nat(20), fc.nat(20)).map(([minLength, width]) => ({ type: 'string', minLength, maxLength: minLength + width })),
        fc.record({ type: fc.constant('string'), format: fc.constantFrom('date', 'email', 'uuid') }),
      ),
      schema: fc.oneof({ maxDepth: 4 }, tie('leaf'),
        fc.dictionary(fc.string(), tie('schema'), { maxKeys: 4, noNullPrototype: true })
          .chain((properties) => fc.subarray(Object.keys(properties)).map((required) => ({ type: 'object', properties, required, additionalProperties: false }))),
        fc.record({ type: fc.constant('array'), items: tie('schema'), minItems: fc.nat(3) }),
        fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) })),
    }));
    fc.assert(fc.property(schema, fc.string(), (anySchema, text) => {
      const instance = makeInstance(anySchema, { text, variant: 0 });
      const isValid = ajv.validate(anySchema, instance);
      expect({ instance, isValid }).toEqual({ instance, isValid: true });
    }), { numRuns: 120 });
  });

  test('takes names, numbers and quoted or named values out of the text', () => {
    const strings = (...names: string[]): object => ({ type: 'object', required: names, properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) });
    expect(makeInstance(strings('path', 'content'), { text: 'Call write_file with path notes.md and content exactly:\n<b> & "c".', variant: 0 }))
      .toEqual({ path: 'notes.md', content: '<b> & "c".' });
    expect(makeInstance({ type: 'object', properties: { party_size: { type: 'integer' }, restaurant: { type: 'string' } } }, { text: 'Book a table at Chez Nous for 4 people.', variant: 0 }))
      .toEqual({ party_size: 4, restaurant: 'Chez Nous' });
    expect(makeInstance(strings('title'), { text: 'A page with title "Hello there"', variant: 0 })).toEqual({ title: 'Hello there' });
  });

  test.each<readonly [string, object]>([
    ['requires itself', { type: 'object', required: ['a'], properties: { a: { $ref: '#' } } }],
    ['requires itself ten times', { type: 'object', required: [...'abcdefghij'], properties: Object.fromEntries([...'abcdefghij'].map((name) => [name, { $ref: '#' }])) }],
    ['refers to itself', { $ref: '#' }], ['merges itself', { allOf: [{ $ref: '#' }, { $ref: '#' }] }],
    ['wants a million items', { type: 'array', items: { type: 'string' }, minItems: 1_000_000 }],
    ['wants a long match', { type: 'string', pattern: '^((a+)+)+b{1000}$', minLength: 1_000_000 }],
    ['nests groups', { type: 'string', pattern: '('.repeat(900) }], ['repeats repeats', { type: 'string', pattern: '(((a{1000}){1000}){1000}){1000}' }],
    ['refers nowhere', { $ref: '#/$defs/none' }], ['is no schema', { type: 7, properties: 'x', required: {}, enum: 'y', minLength: -1 }],
  ])('a schema that %s ends soon', (_, schema) => {
    const started = performance.now();
    JSON.stringify(makeInstance(schema, { text: 'x', variant: 0 }));
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('splitTokens', () => {
  test('the tokens of any text join to the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => { expect(splitTokens(text).join('')).toBe(text); }), { numRuns: 500 });
  });
});
