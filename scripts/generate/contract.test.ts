/** This file tests what Redocly cannot say of the contract: that schemas compile, refuse well, and stay inside what our tools bear. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { defaultLimits } from '../../gateway/foundation/limits.ts';
import { errorCatalogue } from '../../generated/errors.ts';
import { listOperations } from './contract.ts';
import type { Contract, Schema } from './contract.ts';

interface WrittenSchema extends Schema {
  properties?: Record<string, WrittenSchema>;
  description?: string;
  required?: string[];
  enum?: string[];
  const?: string;
  discriminator?: { propertyName: string; mapping: Record<string, string> };
}

const root = path.resolve(import.meta.dirname, '../..');
const schemaFolder = path.join(root, 'spec', 'schemas');
const schemas = new Map(readdirSync(schemaFolder).map((file) => [file, readYaml(path.join(schemaFolder, file))]));
const contract = JSON.parse(readFileSync(path.join(root, 'generated', 'openapi.json'), 'utf8')) as Contract;
const ajv = createAjv();

function readYaml(file: string): WrittenSchema {
  return parse(readFileSync(file, 'utf8')) as WrittenSchema;
}

function createAjv(): Ajv2020 {
  const served = JSON.parse(JSON.stringify(contract), (name, value: unknown) => (name === 'mapping' ? undefined : value)) as object;
  const made = new Ajv2020({ discriminator: true, strict: false });
  addFormats.default(made);
  made.addSchema({ ...served, $id: 'contract' });
  return made;
}

function compile(name: string): ValidateFunction {
  return ajv.compile({ $ref: `contract#/components/schemas/${name}` });
}

/** Every object of a YAML document that is a schema, with where it stands. */
function walk(node: unknown, place: string, visit: (schema: WrittenSchema, place: string) => void): void {
  if (node === null || typeof node !== 'object') return;
  if (!Array.isArray(node)) visit(node, place);
  for (const [name, value] of Object.entries(node)) {
    if (!['examples', 'example', 'mapping', 'enum', 'required'].includes(name)) walk(value, `${place}/${name}`, visit);
  }
}

describe('schemas as they are written', () => {
  test('every schema and every property says what it is', () => {
    const silent: string[] = [];
    for (const [file, schema] of schemas) {
      if (!schema.description) silent.push(file);
      for (const [name, property] of Object.entries(schema.properties ?? {})) {
        if (!property.$ref && !property.description) silent.push(`${file} ${name}`);
      }
    }
    expect(silent).toEqual([]);
  });

  test('a reference has no siblings', () => {
    const crowded: string[] = [];
    for (const [file, schema] of schemas) {
      walk(schema, file, (one, place) => { if (typeof one.$ref === 'string' && Object.keys(one).length > 1) crowded.push(place); });
    }
    expect(crowded).toEqual([]);
  });

  test('a discriminated union is an object, and each of its branches requires and fixes the tag', () => {
    for (const [file, { type, oneOf, discriminator }] of schemas) {
      if (!discriminator) continue;
      // Ajv looks at the tag of objects only: without the type, a string would pass as any of the branches.
      expect([file, type]).toEqual([file, 'object']);
      const tags = (oneOf ?? []).flatMap(({ $ref }) => {
        const branch = schemas.get(path.basename($ref ?? ''));
        const tag = branch?.properties?.[discriminator.propertyName];
        expect(branch?.required).toContain(discriminator.propertyName);
        return tag?.enum ?? [tag?.const];
      });
      expect([file, Object.keys(discriminator.mapping)]).toEqual([file, tags]);
    }
  });

  test("an entry of the operator's file has exactly the fields of the built-in one", () => {
    for (const name of ['Provider', 'Model']) {
      expect(schemas.get(`Catalog${name}Change.yaml`)?.properties).toEqual(schemas.get(`Catalog${name}.yaml`)?.properties);
    }
  });

  test('the operator may set every limit there is, and no other', () => {
    expect(Object.keys(schemas.get('CatalogLimits.yaml')?.properties ?? {}).sort()).toEqual(Object.keys(defaultLimits).sort());
  });
});

describe('schemas as the server compiles them', () => {
  test('every schema compiles', () => {
    for (const name of Object.keys(contract.components.schemas)) expect(() => compile(name)).not.toThrow();
  });

  test('every example of a body or a reply is valid', () => {
    const checked = listOperations(contract).flatMap(({ operation }) => {
      const replies = Object.values(operation.responses).map(({ $ref, content }) =>
        $ref ? contract.components.responses[path.basename($ref)]?.content : content);
      return [operation.requestBody?.content, ...replies].flatMap((content) => Object.values(content ?? {}));
    });
    for (const { schema, examples } of checked) {
      const validate = compile(path.basename(schema.$ref ?? ''));
      for (const [name, { value }] of Object.entries(examples ?? {})) {
        expect([name, validate(value), validate.errors]).toEqual([name, true, null]);
      }
    }
  });
});

describe('a chat request', () => {
  const validate = compile('ChatCompletionRequest');
  const user = { role: 'user', content: 'hi' };
  const call = { id: 'call_1', function: { name: 'f', arguments: '{}' } };

  test.each([
    ['an unknown role', { messages: [{ role: 'robot', content: 'hi' }] }, '/messages/0 value of tag "role" must be in oneOf'],
    ['no role', { messages: [{ content: 'hi' }] }, '/messages/0 tag "role" must be string'],
    ['a message that is a string', { messages: ['hi'] }, '/messages/0 must be object'],
    ['an unknown part', { messages: [{ role: 'user', content: [{ type: 'smell' }] }] }, '/messages/0/content/0 value of tag "type" must be in oneOf'],
    ['no messages', { messages: [] }, '/messages must NOT have fewer than 1 items'],
    ['a user message without content', { messages: [{ role: 'user' }] }, "/messages/0 must have required property 'content'"],
    ['an unknown tool', { messages: [user], tools: [{ type: 'hammer' }] }, '/tools/0 value of tag "type" must be in oneOf'],
    ['an unknown response format', { messages: [user], response_format: { type: 'xml' } }, '/response_format value of tag "type" must be in oneOf'],
    ['a response format that is a string', { messages: [user], response_format: 'json_object' }, '/response_format must be object'],
    ['an unknown tool choice', { messages: [user], tool_choice: 'maybe' }, '/tool_choice must be equal to one of the allowed values'],
    ['a temperature of 3', { messages: [user], temperature: 3 }, '/temperature must be <= 2'],
    ['no choices', { messages: [user], n: 0 }, '/n must be >= 1'],
  ])('with %s is refused, and the error names the place', (_, body, expected) => {
    expect(validate({ model: 'm', ...body })).toBe(false);
    expect(validate.errors?.map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`)).toContain(expected);
  });

  test.each([
    ['fields nobody knows', { messages: [{ ...user, mood: 'good' }], top_k: 5, provider: { order: ['x'] } }],
    ['null for every option', { messages: [user], ...Object.fromEntries(nullableOptions().map((name) => [name, null])) }],
    ['a message sent back as Groq sent it', { messages: [user, { role: 'assistant', tool_calls: [call], reasoning: 'because' }] }],
    ['a message sent back as Mistral sent it', { messages: [{ role: 'assistant', tool_calls: null, content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }, { type: 'text', text: '4' }] }] }],
    ['a cache mark on a part', { messages: [{ role: 'system', content: [{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } }] }] }],
    ['an image as a tool answer', { messages: [{ role: 'tool', tool_call_id: 'c', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }] }] }],
    ['a tool the upstream runs', { messages: [user], tools: [{ type: 'web_search', max_uses: 3 }] }],
    ['a custom tool with a grammar', { messages: [user], tools: [{ type: 'custom', custom: { name: 't', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "a"' } } } }] }],
    ['every form of tool choice', { messages: [user], tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] } } }],
  ])('with %s is taken', (_, body) => {
    expect([validate({ model: 'm', ...body }), validate.errors]).toEqual([true, null]);
  });
});

function nullableOptions(): string[] {
  const properties = schemas.get('ChatCompletionRequest.yaml')?.properties ?? {};
  return Object.keys(properties).filter((name) => !['model', 'messages', 'sandbox'].includes(name));
}

describe('the error catalogue', () => {
  test('every message is one line that ends like a sentence, and every code has its help', () => {
    for (const [code, { message, help }] of Object.entries(errorCatalogue)) {
      expect([code, message]).toEqual([code, expect.stringMatching(/^[A-Z][^\n]*\.$/)]);
      expect([code, help]).toEqual([code, expect.stringMatching(/^[^\n]+[.…]$/)]);
    }
  });
});
