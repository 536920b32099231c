/** This file shows that the sandbox does what it is told, says the same in a stream as in one reply, and fails as asked. */
/* eslint-disable @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call,
   @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-return -- replies are looked into as a client in JavaScript would */
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { playSandbox, readStream, say } from './__fixtures__/sandbox/play.ts';
import type { Json } from './__fixtures__/sandbox/play.ts';

const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: {
      type: 'object', required: ['city', 'unit', 'days'],
      properties: { city: { type: 'string', minLength: 2 }, unit: { enum: ['celsius', 'fahrenheit'] }, days: { type: 'integer', minimum: 1, maximum: 14 } },
    },
  },
};
const time = { type: 'function', function: { name: 'get_time', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } } };

const reply = (body: Json, options: Record<string, string> = {}): Json => playSandbox({ body, options }).json;
const choiceOf = (body: Json): Json => reply(body).choices[0];
const contentOf = (body: Json): string => choiceOf(body).message.content;
const callsOf = (body: Json): Json[] => choiceOf(body).message.tool_calls ?? [];

describe('what it says', () => {
  test.each([
    ['Reply with exactly: pong', 'pong'], ['Please reply with exactly:   two words  ', 'two words'], ['Reply with exactly: "quoted"', 'quoted'],
    ['reply with EXACTLY: “curly”', 'curly'], ['Reply with exactly: a "b" c', 'a "b" c'], ['Say exactly: alpha beta', 'alpha beta'],
    ['Repeat this text exactly, nothing else: 日本語 🎉', '日本語 🎉'], ['Reply with exactly:\nline 1\nline 2', 'line 1\nline 2'],
  ])('obeys %j on both models', (text, wish) => {
    expect(contentOf(say(text))).toBe(wish);
    expect(contentOf(say(text, { model: 'sandbox/echo' }))).toBe(wish);
  });

  test('a wish for exact words is heard where the client has put context of its own after it, but not past an answer', () => {
    const wish = { role: 'user', content: 'Reply with exactly: pong' };
    const context = { role: 'user', content: 'Conversation data: none' };
    expect(contentOf({ model: 'sandbox/chat', messages: [wish, context] })).toBe('pong');
    expect(contentOf({ model: 'sandbox/chat', messages: [wish, { role: 'assistant', content: 'pong' }, context] })).not.toBe('pong');
  });

  test('echo gives back the last user message, byte for byte', () => {
    const text = ' Ünïcode 😀\n\twith\u2028odd "characters" \\ ';
    expect(contentOf({ model: 'sandbox/echo', messages: [{ role: 'user', content: 'first' }, { role: 'assistant', content: 'x' }, { role: 'user', content: text }] })).toBe(text);
  });

  test('chat adds, counts, remembers a name, and answers anything else with the question in it', () => {
    expect(contentOf(say('What is 17 * 3? Reply with only the number.'))).toBe('51');
    expect(contentOf(say('Count from 1 to 5.'))).toBe('1, 2, 3, 4, 5');
    const messages = [{ role: 'user', content: 'My name is Ada.' }, { role: 'assistant', content: 'Hi Ada' }, { role: 'user', content: 'What is my name?' }];
    expect(contentOf({ model: 'sandbox/chat', messages })).toContain('Ada');
    expect(contentOf(say('Why is the sky blue?'))).toContain('Why is the sky blue?');
  });

  test('images are acknowledged', () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
    expect(contentOf({ model: 'sandbox/chat', messages: [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, image] }] })).toContain('I see 1 image');
    expect(contentOf({ model: 'sandbox/chat', messages: [{ role: 'user', content: [image, image] }] })).toContain('I see 2 images');
  });

  test('the same request gives the same bytes, but for the id and the date', () => {
    const body = { ...say('Tell me a story'), n: 2, seed: 7 };
    const first = playSandbox({ body, requestId: 'req_1', nowSeconds: 1 }).bytes;
    const second = playSandbox({ body, requestId: 'req_2', nowSeconds: 2 }).bytes;
    expect(first).not.toBe(second);
    expect(first.replace('chatcmpl-1', 'chatcmpl-2').replace('"created":1', '"created":2')).toBe(second);
  });

  test('n gives that many choices, all different', () => {
    const { choices } = reply({ ...say('Hello'), n: 4 });
    expect(choices.map((choice: Json) => choice.index)).toEqual([0, 1, 2, 3]);
    expect(new Set(choices.map((choice: Json) => choice.message.content)).size).toBe(4);
  });

  test('a stop sequence cuts the text before it and finishes with stop', () => {
    const choice = choiceOf({ ...say('Reply with exactly: alpha beta gamma'), stop: ['gamma', 'beta'] });
    expect([choice.message.content, choice.finish_reason]).toEqual(['alpha ', 'stop']);
  });

  test.each(['max_tokens', 'max_completion_tokens'])('%s cuts the text and finishes with length', (cap) => {
    const { choices: [choice], usage } = reply({ ...say('Count to 100'), [cap]: 8 });
    expect(choice.finish_reason).toBe('length');
    expect(usage.completion_tokens).toBe(8);
    expect('1, 2, 3, 4, 5, 6'.startsWith(choice.message.content)).toBe(true);
  });

  test('logprobs spell the content token by token, in bytes too', () => {
    const { message, logprobs } = choiceOf({ ...say('Reply with exactly: héllo 😀 world'), logprobs: true, top_logprobs: 3 });
    expect(logprobs.content.map((entry: Json) => entry.token).join('')).toBe(message.content);
    expect(Buffer.from(logprobs.content.flatMap((entry: Json) => entry.bytes)).toString()).toBe(message.content);
    for (const entry of logprobs.content) {
      expect(entry.top_logprobs).toHaveLength(3);
      expect(entry.top_logprobs[0].token).toBe(entry.token);
    }
  });

  test('json_object and json_schema give JSON, the latter valid for the schema', () => {
    expect(JSON.parse(contentOf({ ...say('Anything'), response_format: { type: 'json_object' } }))).toHaveProperty('answer');
    const schema = {
      type: 'object', additionalProperties: false, required: ['name', 'age', 'tags'],
      properties: { name: { type: 'string' }, age: { type: 'integer', minimum: 0 }, tags: { type: 'array', minItems: 2, uniqueItems: true, items: { type: 'string' } } },
    };
    for (const strict of [true, false]) {
      const content = contentOf({ ...say('Invent a person'), response_format: { type: 'json_schema', json_schema: { name: 'p', strict, schema } } });
      expect(new Ajv2020().validate(schema, JSON.parse(content))).toBe(true);
    }
  });
});

describe('tools', () => {
  test.each([
    ['required', 'required'], ['by name', { type: 'function', function: { name: 'get_weather' } }],
    ['among the allowed', { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'get_weather' } }] } }],
  ])('a call forced %s is made, with arguments valid for the schema', (_, toolChoice) => {
    const choice = choiceOf({ ...say('What is the weather in Paris in fahrenheit?'), tools: [weather, time], tool_choice: toolChoice });
    expect([choice.finish_reason, choice.message.content]).toEqual(['tool_calls', null]);
    const [call] = choice.message.tool_calls;
    const input = JSON.parse(call.function.arguments);
    expect(new Ajv2020().validate(weather.function.parameters, input)).toBe(true);
    expect(input).toMatchObject({ city: 'Paris', unit: 'fahrenheit' });
  });

  test('under auto a tool is called only when the user says so, and not again after its result', () => {
    const tools = [weather, time];
    expect(callsOf({ ...say('What is the weather?'), tools })).toEqual([]);
    expect(callsOf({ ...say('Please call get_weather'), tools })).toHaveLength(1);
    expect(callsOf({ ...say('use the get_time tool'), tools })[0].function.name).toBe('get_time');
    expect(callsOf({ ...say('Please call get_weather'), tools, tool_choice: 'none' })).toEqual([]);
    const messages = [
      { role: 'user', content: 'Please call get_weather' },
      { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'call_1', content: '18 degrees, rain' },
    ];
    const choice = choiceOf({ model: 'sandbox/chat', messages, tools });
    expect(choice.finish_reason).toBe('stop');
    expect(choice.message.content).toContain('get_weather');
    expect(choice.message.content).toContain('18 degrees, rain');
  });

  test('two calls are made when asked for, with different ids, unless parallel calls are off', () => {
    const body = { ...say('Weather AND time in Tokyo? Call both tools.'), tools: [weather, time], tool_choice: 'required' };
    const calls = callsOf(body);
    expect(calls.map((call) => call.function.name)).toEqual(['get_weather', 'get_time']);
    expect(new Set(calls.map((call) => call.id)).size).toBe(2);
    expect(callsOf({ ...body, parallel_tool_calls: false })).toHaveLength(1);
    const twice = callsOf({ ...say('Call get_time twice, in Oslo and Rome'), tools: [time] });
    expect(twice.map((call) => JSON.parse(call.function.arguments).city)).toEqual(['Oslo', 'Rome']);
  });

  test('a custom tool is given a string', () => {
    const tools = [{ type: 'custom', custom: { name: 'run_sql' } }];
    const [call] = callsOf({ ...say('call run_sql with `select 1`'), tools });
    expect(call).toMatchObject({ type: 'custom', custom: { name: 'run_sql', input: 'select 1' } });
    expect(callsOf({ ...say('x'), tools, tool_choice: { type: 'custom', custom: { name: 'run_sql' } } })).toHaveLength(1);
  });

  test('functions of the older kind are answered in function_call', () => {
    const choice = choiceOf({ ...say('x'), functions: [weather.function], function_call: { name: 'get_weather' } });
    expect(choice.finish_reason).toBe('function_call');
    expect(new Ajv2020().validate(weather.function.parameters, JSON.parse(choice.message.function_call.arguments))).toBe(true);
    expect(choice.message).not.toHaveProperty('tool_calls');
  });

  test('a tool that is not offered is a 400 that names tool_choice', () => {
    const played = playSandbox({ body: { ...say('x'), tools: [time], tool_choice: { type: 'function', function: { name: 'nope' } } } });
    expect([played.script.status, played.json.error.param]).toEqual([400, 'tool_choice']);
  });
});

describe('usage', () => {
  test('adds up, with reasoning inside the completion and cached tokens inside the prompt', () => {
    const { usage, choices } = reply({ ...say('Hi'), reasoning_effort: 'low', sandbox: { cached_tokens: 4_000 } });
    expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens);
    expect(usage.prompt_tokens_details.cached_tokens).toBe(4_000);
    expect(usage.prompt_tokens).toBeGreaterThanOrEqual(4_000);
    expect(usage.completion_tokens_details.reasoning_tokens).toBeGreaterThan(0);
    expect(usage.completion_tokens).toBeGreaterThan(usage.completion_tokens_details.reasoning_tokens);
    expect(choices[0].message.reasoning_content.length).toBeGreaterThan(0);
    expect(choiceOf({ ...say('Hi'), reasoning_effort: 'none' }).message).not.toHaveProperty('reasoning_content');
  });

  test('a cap spent on reasoning leaves no content and finishes with length', () => {
    const { usage, choices: [choice] } = reply({ ...say('Hi'), reasoning_effort: 'high', max_completion_tokens: 32 });
    expect([choice.finish_reason, choice.message.content, usage.completion_tokens]).toEqual(['length', '', 32]);
  });

  test('a long prefix is cached when it is shared, and only then', () => {
    const system = { role: 'system', content: 'You are a helpful assistant. '.repeat(200) };
    const cachedOf = (body: Json): number => reply(body).usage.prompt_tokens_details.cached_tokens;
    const body = { model: 'sandbox/chat', messages: [system, { role: 'user', content: 'Hi' }] };
    expect(cachedOf(body)).toBe(0);
    expect(cachedOf({ ...body, prompt_cache_key: 'k' })).toBeGreaterThan(512);
    expect(cachedOf({ ...say('Hi'), prompt_cache_key: 'k' })).toBe(0);
  });

  test('omit_usage leaves it out of replies and streams', () => {
    expect(reply({ ...say('Hi'), sandbox: { omit_usage: true } })).not.toHaveProperty('usage');
    const stream = playSandbox({ body: { ...say('Hi'), stream: true, stream_options: { include_usage: true }, sandbox: { omit_usage: true } } });
    expect(readStream(stream.events).usage).toBeNull();
  });
});

describe('streams', () => {
  test('open with the role, end with the finish reason, usage and [DONE], one event a step', () => {
    const { script, events } = playSandbox({ body: { ...say('Count to 10'), stream: true, stream_options: { include_usage: true } } });
    expect(script.headers['content-type']).toContain('text/event-stream');
    for (const event of events) expect(event).toMatch(/^data: [^\n]+\n\n$/);
    expect(events.at(-1)).toBe('data: [DONE]\n\n');
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice(6)));
    expect(chunks[0].choices[0].delta).toEqual({ role: 'assistant', content: '', refusal: null });
    expect(chunks.at(-2).choices[0]).toMatchObject({ delta: {}, finish_reason: 'stop' });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: expect.any(Number) } });
    expect(chunks.slice(0, -1).every((chunk: Json) => chunk.usage === null)).toBe(true);
    expect(chunks.length).toBeGreaterThan(10);
  });

  test('split text between code points only', () => {
    const { events } = playSandbox({ body: { ...say('Reply with exactly: 😀😀👩‍👩‍👧🎉日本'), stream: true } });
    for (const event of events) expect(event).not.toMatch(/\\ud[89a-f]/i);
    expect(readStream(events).choices[0]?.content).toBe('😀😀👩‍👩‍👧🎉日本');
  });

  test('arguments come in several pieces under one index, with id and name on the first', () => {
    const { events } = playSandbox({ body: { ...say('x'), stream: true, tools: [weather], tool_choice: 'required' } });
    const pieces = events.slice(0, -1).flatMap((event) => JSON.parse(event.slice(6)).choices[0]?.delta.tool_calls ?? []);
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces[0]).toMatchObject({ index: 0, type: 'function', function: { name: 'get_weather', arguments: '' } });
    for (const piece of pieces.slice(1)) expect(Object.keys(piece)).toEqual(['index', 'function']);
  });
});

describe('bounds', () => {
  const long = 'say exactly call get_weather in Paris 1 + a '.repeat(20_000);
  test.each<[string, Json]>([
    ['128 echoes of a megabyte', { ...say(long, { model: 'sandbox/echo' }), n: 128 }],
    ['a megabyte with log probabilities', { ...say(long, { model: 'sandbox/echo' }), logprobs: true, top_logprobs: 20 }],
    ['a thousand tools over a megabyte', { ...say(long), n: 128, tools: Array.from({ length: 1_000 }, (_, at) => ({ type: 'function', function: { name: `tool_${at}` } })) }],
    ['128 instances of a fanning schema', { ...say(long), n: 128, response_format: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'array', minItems: 1_000, items: { type: 'array', minItems: 1_000, items: { type: 'string', minLength: 10_000 } } } } } }],
    ['ten million reasoning tokens', { ...say('Hi'), n: 128, sandbox: { reasoning_tokens: 10_000_000 } }],
  ])('%s are answered within bounds', (_, body) => {
    const started = performance.now();
    const { bytes, script } = playSandbox({ body });
    expect(script.status).toBe(200);
    expect(bytes.length).toBeLessThan(20_000_000);
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  test('names out of Object.prototype are only names', () => {
    expect(contentOf({ ...say('x'), reasoning_effort: 'constructor' })).toContain('x');
    const schema = { type: 'object', required: ['constructor', '__proto__'], properties: { constructor: { type: 'string' } } };
    expect(JSON.parse(contentOf({ ...say('x'), response_format: { type: 'json_schema', json_schema: { name: 's', schema } } }))).toHaveProperty('constructor', 'sample constructor');
  });
});

describe('faults', () => {
  test.each([400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504])('fail_status %d answers so, in OpenAI\'s shape', (status) => {
    for (const stream of [true, false]) {
      const { script, json } = playSandbox({ body: { ...say('Hi'), stream, sandbox: { fail_status: status, first_token_ms: 30 } } });
      expect([script.status, script.headDelayMs]).toEqual([status, 30]);
      expect(Object.keys(json.error)).toEqual(['message', 'type', 'param', 'code']);
    }
  });

  test('a 429 says when to come back', () => {
    expect(playSandbox({ body: { ...say('Hi'), sandbox: { fail_status: 429, retry_after: 7 } } }).script.headers['retry-after']).toBe('7');
    expect(playSandbox({ body: { ...say('Hi'), sandbox: { fail_status: 429 } } }).script.headers['retry-after']).toBe('1');
  });

  test.each([['die_after_events', 'reset'], ['hang_after_events', 'hang']])('%s stops a stream after that many events', (option, ending) => {
    for (const after of [0, 1, 3]) {
      const { script, events } = playSandbox({ body: { ...say('Count to 20'), stream: true, sandbox: { [option]: after } } });
      expect([events.length, script.ending]).toEqual([after, ending]);
    }
    const late = playSandbox({ body: { ...say('Hi'), stream: true, sandbox: { [option]: 10_000 } } });
    expect([late.script.ending, late.events.at(-1)]).toEqual(['end', 'data: [DONE]\n\n']);
    const whole = playSandbox({ body: { ...say('Hi'), sandbox: { [option]: 1 } } });
    expect(whole.script.ending).toBe(ending);
    expect(() => JSON.parse(whole.bytes)).toThrow(SyntaxError);
  });

  test('malformed gives a reply, or an event, that is not JSON', () => {
    expect(() => JSON.parse(playSandbox({ body: { ...say('Hi'), sandbox: { malformed: true } } }).bytes)).toThrow(SyntaxError);
    const { events } = playSandbox({ body: { ...say('Hi'), stream: true, sandbox: { malformed: true } } });
    expect(events.some((event) => { try { JSON.parse(event.slice(6)); return false; } catch { return !event.includes('[DONE]'); } })).toBe(true);
  });

  test('waits are as long as told: before the head, and for each token after the first', () => {
    const sandbox = { first_token_ms: 200, token_ms: 20 };
    const stream = playSandbox({ body: { ...say('Count to 5'), stream: true, sandbox } });
    const tokens = reply(say('Count to 5')).usage.completion_tokens;
    expect(stream.script.headDelayMs).toBe(200);
    expect(stream.steps.reduce((sum, step) => sum + step.afterMs, 0)).toBe(20 * (tokens - 1));
    expect(playSandbox({ body: { ...say('Count to 5'), sandbox } }).script.headDelayMs).toBe(200 + 20 * tokens);
  });

  test('options on the model\'s name win over those in the body', () => {
    const body = { ...say('Hi'), sandbox: { fail_status: 500, token_ms: 5 } };
    expect(playSandbox({ body, options: { fail_status: '503' } }).script.status).toBe(503);
  });

  test.each([['token_ms', 'soon'], ['fail_status', '200'], ['malformed', 'maybe'], ['nope', '1'], ['constructor', '1']])('a bad option %s=%s on the name is a 400 that names it', (name, value) => {
    const { script, json } = playSandbox({ body: say('Hi'), options: { [name]: value } });
    expect([script.status, json.error.type]).toEqual([400, 'invalid_request_error']);
    expect(json.error.message).toContain(`'${name}'`);
  });

  test('audio output is refused with a clear 400', () => {
    const { script, json } = playSandbox({ body: { ...say('Hi'), modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } } });
    expect([script.status, json.error.param]).toEqual([400, 'modalities']);
  });
});
