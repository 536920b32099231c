/** This file holds the reading of a form's schema: unions, references, lists and files. */
import { expect, test } from '@jest/globals';
import type { Contract, Schema } from './contract.ts';
import { formFieldsOf } from './form-fields.ts';

const contractOf = (schemas: Record<string, Schema>): Contract => ({ openapi: '3.1.0', paths: {}, components: { schemas, responses: {}, parameters: {} } });

test('every way a field may come is found, through references and unions', () => {
  const contract = contractOf({
    Form: {
      type: 'object',
      properties: {
        file: { $ref: '#/components/schemas/File' },
        image: { oneOf: [{ $ref: '#/components/schemas/File' }, { type: 'array', items: { $ref: '#/components/schemas/File' } }] },
        temperature: { type: ['number', 'null'] },
        n: { type: 'integer' },
        stream: { type: 'boolean' },
        mode: { enum: ['a', 'b'] },
        chunking: { oneOf: [{ const: 'auto' }, { type: 'object', properties: { type: { type: 'string' }, tree: { $ref: '#/components/schemas/Tree' } } }] },
      },
    },
    File: { type: 'string', format: 'binary' },
    Tree: { type: 'object', properties: { next: { $ref: '#/components/schemas/Tree' } } },
  });
  const fields = formFieldsOf(contract, { $ref: '#/components/schemas/Form' });
  expect(fields).toMatchObject({
    file: { reads: ['file'] },
    image: { reads: ['file'], items: { reads: ['file'] } },
    temperature: { reads: ['number'] },
    n: { reads: ['number'] },
    stream: { reads: ['boolean'] },
    mode: { reads: ['string'] },
    chunking: { reads: ['object', 'string'], fields: { type: { reads: ['string'] }, tree: { reads: ['object'] } } },
  });
});

test('a form that is no object can not be', () => {
  expect(() => formFieldsOf(contractOf({}), { type: 'string' })).toThrow('must be an object');
});
