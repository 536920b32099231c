/** This file shows, for random requests, that a stream says what a whole reply says, and that both keep OpenAI's contract and ours. */
/* eslint-disable @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call,
   @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-return -- replies are looked into as a client in JavaScript would */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { parse } from 'yaml';
import { playSandbox, readStream } from './__fixtures__/sandbox/play.ts';
import type { Json } from './__fixtures__/sandbox/play.ts';

const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom('Hello', 'Count to 30', 'Reply with exactly: one two three', 'call get_weather', 'Call both tools', 'use the run_sql tool',
    'call get_weather twice for Oslo and Rome', 'Tell me a story', 'What is 12 + 30?'),
);
const message = fc.oneof(
  texts.map((content) => ({ role: 'user', content })),
  texts.map((text) => ({ role: 'user', content: [{ type: 'text', text }, { type: 'image_url', image_url: { url: 'https://example.com/a.png' } }] })),
  texts.map((content) => ({ role: 'system', content })),
  texts.map((content) => ({ role: 'assistant', content })),
  texts.map((content) => ({ role: 'tool', tool_call_id: 'call_1', content })),
);
const weather = { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } }, required: ['city', 'days'] } };
const tools = fc.subarray([{ type: 'function', function: weather }, { type: 'function', function: { name: 'get_time' } }, { type: 'custom', custom: { name: 'run_sql' } }], { minLength: 1 });
const schema = { type: 'object', properties: { title: { type: 'string' }, score: { type: 'number', minimum: 0, maximum: 1 } }, required: ['title', 'score'] };

const optional = {
  n: fc.integer({ min: 1, max: 4 }),
  stop: fc.oneof(fc.constantFrom('e', ' ', 'two'), fc.array(fc.constantFrom('a', '{', '1'), { maxLength: 4 })),
  max_tokens: fc.integer({ min: 1, max: 40 }),
  max_completion_tokens: fc.integer({ min: 1, max: 40 }),
  logprobs: fc.boolean(),
  top_logprobs: fc.integer({ min: 0, max: 20 }),
  seed: fc.integer(),
  reasoning_effort: fc.constantFrom('none', 'minimal', 'low', 'medium', 'high', 'xhigh'),
  service_tier: fc.constantFrom('auto', 'default', 'flex', 'priority', 'whatever'),
  response_format: fc.constantFrom<Json>({ type: 'text' }, { type: 'json_object' }, { type: 'json_schema', json_schema: { name: 's', schema } }),
  prompt_cache_key: fc.constant('k'),
  parallel_tool_calls: fc.boolean(),
  sandbox: fc.record({ cached_tokens: fc.nat(5_000), reasoning_tokens: fc.nat(50), omit_usage: fc.boolean() }, { requiredKeys: [] }),
};
const toolUse = fc.oneof(
  fc.constant({}),
  fc.record({ tools, tool_choice: fc.constantFrom('auto', 'required', 'none') }),
  fc.constant({ functions: [weather], function_call: { name: 'get_weather' } }),
);
const bodies = fc.tuple(
  fc.record({ model: fc.constantFrom('sandbox/echo', 'sandbox/chat'), messages: fc.array(message, { minLength: 1, maxLength: 5 }) }),
  fc.record(optional, { requiredKeys: [] }), toolUse,
).map((parts): Json => Object.assign({}, ...parts));

/** A stream does not tell the type of custom calls. */
function withoutType(call: Json): Json {
  const plain = { ...call };
  delete plain.type;
  return plain;
}

/** What a client is told, in one form for both ways of telling. */
function heardInReply(reply: Json): Json {
  const choices = reply.choices.map(({ message: { role, content, reasoning_content: reasoning, tool_calls: calls, function_call: functionCall }, logprobs, finish_reason: finishReason }: Json) => ({
    role, content, reasoning: reasoning ?? '', functionCall: functionCall ?? null, finishReason,
    calls: (calls ?? []).map((call: Json) => withoutType(call)),
    logprobs: content === '' ? null : logprobs?.content ?? null,
  }));
  return { choices, usage: reply.usage ?? null };
}

describe('for random requests', () => {
  test('a stream says the same text, calls, log probabilities, finish reasons and usage as a whole reply', () => {
    fc.assert(fc.property(bodies, (body) => {
      const whole = playSandbox({ body });
      const stream = playSandbox({ body: { ...body, stream: true } });
      expect([whole.script.status, stream.script.status]).toEqual([200, 200]);
      const { choices, usage } = readStream(stream.events);
      expect({ choices, usage }).toEqual(heardInReply(whole.json));
    }), { numRuns: 300 });
  });
});

type Judge = { readonly reply: ValidateFunction; readonly chunk: ValidateFunction };

function ourJudge(): Judge {
  const contract: Json = JSON.parse(readFileSync(new URL('../../generated/openapi.json', import.meta.url), 'utf8'));
  return judgeOf(contract, ['ChatCompletion', 'ChatCompletionChunk']);
}

function judgeOf(contract: Json, [reply, chunk]: [string, string]): Judge {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
  ajv.addSchema({ $id: 'contract', components: { schemas: contract.components.schemas } });
  const compile = (name: string): ValidateFunction => ajv.compile({ $ref: `contract#/components/schemas/${name}` });
  return { reply: compile(reply), chunk: compile(chunk) };
}

const theirs = new URL('../../../shared/openai/openapi.yaml', import.meta.url);

/** OpenAI's own document, with its 3.0 `nullable` read as it is meant. */
function theirJudge(): Judge {
  const contract: Json = parse(readFileSync(theirs, 'utf8'), { maxAliasCount: -1 });
  // Compiling all 1,422 schemas is not needed: Ajv compiles what is reached from the two.
  return judgeOf({ components: { schemas: readNullable(contract.components.schemas) } }, ['CreateChatCompletionResponse', 'CreateChatCompletionStreamResponse']);
}

function readNullable(node: Json): Json {
  if (Array.isArray(node)) return node.map(readNullable);
  if (typeof node !== 'object' || node === null) return node;
  const left = Object.entries(node).filter(([key]) => !['nullable', 'discriminator', '$recursiveAnchor'].includes(key));
  const plain = Object.fromEntries(left.map(([key, value]) => (key === '$recursiveRef' ? ['$ref', value] : [key, readNullable(value)])));
  return node.nullable === true ? { anyOf: [plain, { type: 'null' }] } : plain;
}

function expectValid(judge: Judge, body: Json): void {
  const whole = playSandbox({ body }).json;
  if (!judge.reply(whole)) throw new Error(`reply: ${JSON.stringify(judge.reply.errors)}\n${JSON.stringify(whole)}`);
  for (const chunk of readStream(playSandbox({ body: { ...body, stream: true, stream_options: { include_usage: true } } }).events).chunks) {
    if (!judge.chunk(chunk)) throw new Error(`chunk: ${JSON.stringify(judge.chunk.errors)}\n${JSON.stringify(chunk)}`);
  }
}

describe('contracts', () => {
  test('replies and every event of a stream are valid by our contract', () => {
    const judge = ourJudge();
    fc.assert(fc.property(bodies, (body) => { expectValid(judge, body); }), { numRuns: 150 });
  });

  (existsSync(theirs) ? test : test.skip)('replies and every event of a stream are valid by OpenAI\'s own document', () => {
    const judge = theirJudge();
    fc.assert(fc.property(bodies, (body) => { expectValid(judge, body); }), { numRuns: 150 });
    expect(judge.reply({ ...playSandbox({ body: { model: 'sandbox/echo', messages: [{ role: 'user', content: 'x' }] } }).json, object: 'wrong' })).toBe(false);
  }, 60_000);
});
