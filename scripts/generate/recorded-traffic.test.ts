/** This file holds the contract against recorded traffic and OpenAI's own document, where they are present beside the repository. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import type { Contract, Schema } from './contract.ts';

const root = path.resolve(import.meta.dirname, '../..');
const fixtures = path.join(root, '..', 'shared', 'fixtures');
const openai = path.join(root, '..', 'shared', 'openai', 'openapi.yaml');
/** The recordings of providers that speak OpenAI's chat wire. */
const WIRES = ['alibaba', 'cerebras', 'deepseek/chat', 'groq', 'mistral', 'moonshotai', 'openai/chat', 'openai-compatible/chat', 'perplexity', 'xai'];

const contract = JSON.parse(readFileSync(path.join(root, 'generated', 'openapi.json'), 'utf8')) as Contract;
const served = JSON.parse(JSON.stringify(contract), (name, value: unknown) => (name === 'mapping' ? undefined : value)) as object;
const ajv = new Ajv2020({ discriminator: true, strict: false });
addFormats.default(ajv);
ajv.addSchema({ ...served, $id: 'contract' });
const compile = (name: string) => ajv.compile({ $ref: `contract#/components/schemas/${name}` });

interface Recorded {
  readonly file: string;
  readonly reply: { choices?: { message?: object }[]; object?: string };
}

function readReplies(): Recorded[] {
  return list('.json').flatMap((file) => readJson(file, readFileSync(file, 'utf8'))).filter(({ reply }) => reply.choices);
}

function readChunks(): Recorded[] {
  return list('.chunks.txt').flatMap((file) =>
    readFileSync(file, 'utf8').split('\n').flatMap((line) => readJson(file, line.replace(/^data: ?/, '')))).filter(({ reply }) => reply.choices);
}

function list(ending: string): string[] {
  return WIRES.map((wire) => path.join(fixtures, wire)).filter(existsSync)
    .flatMap((folder) => readdirSync(folder).filter((name) => name.endsWith(ending)).map((name) => path.join(folder, name)));
}

function readJson(file: string, text: string): Recorded[] {
  try {
    const reply: unknown = JSON.parse(text);
    return typeof reply === 'object' && reply !== null ? [{ file: path.relative(fixtures, file), reply }] : [];
  } catch {
    return [];
  }
}

(existsSync(fixtures) ? describe : describe.skip)('recorded traffic of the OpenAI wire', () => {
  test('every reply is a ChatCompletion', () => {
    const validate = compile('ChatCompletion');
    const replies = readReplies();
    expect(replies.length).toBeGreaterThan(15);
    for (const { file, reply } of replies) expect([file, validate(reply), validate.errors]).toEqual([file, true, null]);
  });

  test('every event is a ChatCompletionChunk', () => {
    const validate = compile('ChatCompletionChunk');
    const chunks = readChunks();
    expect(chunks.length).toBeGreaterThan(1000);
    for (const { file, reply } of chunks) expect([file, validate(reply), validate.errors]).toEqual([file, true, null]);
  });

  test('every message may be sent back as it came', () => {
    const validate = compile('ChatCompletionRequest');
    for (const { file, reply } of readReplies()) {
      const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }, ...(reply.choices ?? []).flatMap(({ message }) => message ?? [])] };
      expect([file, validate(body), validate.errors]).toEqual([file, true, null]);
    }
  });
});

(existsSync(openai) ? test : test.skip)("our chat request has every field of OpenAI's", () => {
  const theirs = (parse(readFileSync(openai, 'utf8')) as Contract).components.schemas;
  const fieldsOf = (schema: Schema | undefined): string[] => {
    if (schema?.$ref) return fieldsOf(theirs[path.basename(schema.$ref)]);
    return [...Object.keys(schema?.properties ?? {}), ...(schema?.allOf ?? []).flatMap(fieldsOf)];
  };
  const fields = fieldsOf(theirs['CreateChatCompletionRequest']);
  expect(fields.length).toBeGreaterThan(30);
  expect(Object.keys(contract.components.schemas['ChatCompletionRequest']?.properties ?? {})).toEqual(expect.arrayContaining(fields));
});
