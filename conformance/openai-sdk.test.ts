/** This file drives the unmodified official `openai` package against a gateway, directly and through a second gateway as its upstream. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI, {
  APIError, APIUserAbortError, AuthenticationError, BadRequestError, InternalServerError, NotFoundError, PermissionDeniedError, RateLimitError,
} from 'openai';
import type { ChatCompletionTool } from 'openai/resources/chat/completions';
import { startServer } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

let sandboxed: ServerUnderTest;
let chained: ServerUnderTest;

/** Two processes, on a machine that may be busy. */
const START_MS_MAX = 60_000;

beforeAll(async () => {
  sandboxed = await startServer();
  chained = await startServer({ env: { VLLM_BASE_URL: `${sandboxed.url}/v1`, VLLM_API_KEY: sandboxed.key } });
}, START_MS_MAX);

afterAll(async () => {
  await chained.stop();
  await sandboxed.stop();
}, START_MS_MAX);

const weatherTool: ChatCompletionTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Tells the weather of a city.',
    parameters: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 1 } }, required: ['city', 'days'], additionalProperties: false },
  },
};
const timeTool: ChatCompletionTool = {
  type: 'function',
  function: { name: 'get_time', parameters: { type: 'object', properties: { zone: { type: 'string' } }, required: ['zone'] } },
};

const said = (content: string): { role: 'user'; content: string }[] => [{ role: 'user', content }];

const lanes = [
  { lane: 'directly', prefix: '', server: () => sandboxed },
  { lane: 'through a second Interline as its upstream', prefix: 'vllm/', server: () => chained },
] as const;

describe.each(lanes)('the openai package $lane', ({ prefix, server }) => {
  const echo = `${prefix}sandbox/echo`;
  const chat = `${prefix}sandbox/chat`;
  const client = (apiKey = server().key): OpenAI => new OpenAI({ baseURL: `${server().url}/v1`, apiKey, maxRetries: 0 });
  const refused = async (promise: Promise<unknown>): Promise<APIError> => {
    const error: unknown = await promise.then(() => null, (thrown: unknown) => thrown);
    if (error instanceof APIError) return error;
    throw new Error(`expected an API error, got ${String(error)}`);
  };

  test('lists the models to its end, each with the fields of a model', async () => {
    const models = [];
    for await (const model of client().models.list()) models.push(model);
    expect(models.map((model) => model.id)).toEqual(expect.arrayContaining([echo, chat]));
    for (const model of models) expect(model).toMatchObject({ object: 'model', created: expect.any(Number), owned_by: expect.any(String) });
  });

  test('retrieves a model whose name has slashes, which the package percent-encodes', async () => {
    expect(await client().models.retrieve('google/gemini-2.5-flash')).toMatchObject({ id: 'google/gemini-2.5-flash', object: 'model' });
    expect(await client().models.retrieve(echo)).toMatchObject({ object: 'model' });
  });

  test('gets an answer with its usage and the request id', async () => {
    const { data, request_id: requestId } = await client().chat.completions.create({ model: echo, messages: said('Reply with exactly: Grüße, 世界 🙂') }).withResponse();
    expect(data.choices[0]).toMatchObject({ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Grüße, 世界 🙂' } });
    expect(data.usage?.total_tokens).toBe((data.usage?.prompt_tokens ?? 0) + (data.usage?.completion_tokens ?? 0));
    expect(requestId).toMatch(/^req_[0-9a-f]{32}$/);
  });

  test('streams the same text it answers whole, and no usage it did not ask for', async () => {
    const whole = await client().chat.completions.create({ model: echo, messages: said('Reply with exactly: one two three four five') });
    const stream = await client().chat.completions.create({ model: echo, messages: said('Reply with exactly: one two three four five'), stream: true });
    let text = '';
    let chunks = 0;
    let finish: string | null = null;
    for await (const chunk of stream) {
      chunks++;
      expect(chunk.object).toBe('chat.completion.chunk');
      expect(chunk.usage ?? null).toBeNull();
      text += chunk.choices[0]?.delta.content ?? '';
      finish = chunk.choices[0]?.finish_reason ?? finish;
    }
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(text).toBe('one two three four five');
    expect(chunks).toBeGreaterThan(3);
    expect(finish).toBe('stop');
  });

  test('streams the usage last when it is asked for, equal to that of the whole answer', async () => {
    const body = { model: chat, messages: said('Count from 1 to 7.') };
    const whole = await client().chat.completions.create(body);
    const usages = [];
    const stream = await client().chat.completions.create({ ...body, stream: true, stream_options: { include_usage: true } });
    for await (const chunk of stream) if (chunk.usage) usages.push({ usage: chunk.usage, choices: chunk.choices });
    expect(usages).toEqual([{ usage: whole.usage, choices: [] }]);
  });

  test('answers n choices, and stops at a stop sequence', async () => {
    const many = await client().chat.completions.create({ model: chat, messages: said('Hello'), n: 3 });
    expect(many.choices.map((choice) => choice.index)).toEqual([0, 1, 2]);
    const stopped = await client().chat.completions.create({ model: echo, messages: said('Reply with exactly: alpha beta gamma'), stop: 'gamma' });
    expect(stopped.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'alpha beta ' } });
    const cut = await client().chat.completions.create({ model: chat, messages: said('Count from 1 to 100.'), max_completion_tokens: 5 });
    expect(cut.choices[0]?.finish_reason).toBe('length');
    expect(cut.usage?.completion_tokens).toBe(5);
  });

  test('calls a tool it is forced to call, with arguments of the schema', async () => {
    const reply = await client().chat.completions.create({
      model: chat, messages: said('How warm is it in Paris?'), tools: [timeTool, weatherTool],
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
    });
    const [choice] = reply.choices;
    expect(choice?.finish_reason).toBe('tool_calls');
    const call = choice?.message.tool_calls?.[0];
    expect(call).toMatchObject({ type: 'function', function: { name: 'get_weather' }, id: expect.stringMatching(/^call_/) });
    const given: unknown = JSON.parse(call?.type === 'function' ? call.function.arguments : '{}');
    expect(given).toEqual({ city: expect.any(String), days: expect.any(Number) });
  });

  test('calls two tools at once, unless parallel calls are off', async () => {
    const body = { model: chat, messages: said('Call both tools, get_weather and get_time.'), tools: [weatherTool, timeTool], tool_choice: 'required' as const };
    const both = await client().chat.completions.create(body);
    expect(both.choices[0]?.message.tool_calls?.map((call) => call.type === 'function' && call.function.name).sort()).toEqual(['get_time', 'get_weather']);
    const one = await client().chat.completions.create({ ...body, parallel_tool_calls: false });
    expect(one.choices[0]?.message.tool_calls).toHaveLength(1);
  });

  test("assembles a streamed tool call with the package's own stream helper", async () => {
    const body = { model: chat, messages: said('How warm is it in Oslo?'), tools: [weatherTool], tool_choice: 'required' as const };
    const pieces: string[] = [];
    const stream = client().chat.completions.stream(body);
    stream.on('tool_calls.function.arguments.delta', (event) => { pieces.push(event.arguments_delta); });
    const final = await stream.finalChatCompletion();
    const whole = await client().chat.completions.create(body);
    expect(final.choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name: 'get_weather', arguments: pieces.join('') } });
    expect(pieces.length).toBeGreaterThan(1);
    const call = whole.choices[0]?.message.tool_calls?.[0];
    expect(pieces.join('')).toBe(call?.type === 'function' ? call.function.arguments : '');
  });

  test("runs a tool in the package's runTools loop and answers with what it gave", async () => {
    const asked: unknown[] = [];
    const runner = client().chat.completions.runTools({
      model: chat,
      messages: said('Call get_weather for Paris.'),
      tools: [{
        type: 'function',
        function: {
          name: 'get_weather',
          description: 'Tells the weather of a city.',
          parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
          parse: (text: string): unknown => JSON.parse(text),
          function: (given: unknown) => {
            asked.push(given);
            return '21 degrees';
          },
        },
      }],
    });
    expect(await runner.finalContent()).toContain('21 degrees');
    expect(asked).toEqual([{ city: expect.any(String) }]);
  });

  test('answers in the structure that was asked for, whole and streamed', async () => {
    const format = {
      type: 'json_schema' as const,
      json_schema: {
        name: 'weather', strict: true,
        schema: {
          type: 'object',
          properties: { city: { type: 'string' }, celsius: { type: 'number' }, sky: { enum: ['clear', 'cloudy'] } },
          required: ['city', 'celsius', 'sky'], additionalProperties: false,
        },
      },
    };
    const body = { model: chat, messages: said('How warm is it in Rome?'), response_format: format };
    const whole = await client().chat.completions.create(body);
    const value: unknown = JSON.parse(whole.choices[0]?.message.content ?? '');
    expect(value).toEqual({ city: expect.any(String), celsius: expect.any(Number), sky: expect.stringMatching(/^(clear|cloudy)$/) });
    const streamed = await client().chat.completions.stream(body).finalChatCompletion();
    expect(streamed.choices[0]?.message.content).toBe(whole.choices[0]?.message.content);
    const parsed = await client().chat.completions.parse({ ...body, response_format: { type: 'json_object' } });
    expect(typeof JSON.parse(parsed.choices[0]?.message.content ?? '')).toBe('object');
  });

  test('reports log probabilities of the tokens it answered', async () => {
    const reply = await client().chat.completions.create({ model: chat, messages: said('Reply with exactly: yes'), logprobs: true, top_logprobs: 2 });
    const content = reply.choices[0]?.logprobs?.content ?? [];
    expect(content.map((token) => token.token).join('')).toBe('yes');
    for (const token of content) expect(token.top_logprobs).toHaveLength(2);
  });

  test.each([
    ['a wrong key', AuthenticationError, 401, 'invalid_api_key', () => client('wm_v2.junk').models.list()],
    ['an unknown model', NotFoundError, 404, 'model_not_found', () => client().chat.completions.create({ model: 'nobody/nothing', messages: said('Hi') })],
    ['a body of the wrong type', BadRequestError, 400, 'invalid_request', () => client().chat.completions.create({ model: echo, messages: said('Hi'), temperature: 9 })],
  ] as const)('throws its own error class for %s', async (_what, errorClass, status, code, call) => {
    const error = await refused(Promise.resolve(call()));
    expect(error).toBeInstanceOf(errorClass);
    expect(error).toMatchObject({ status, code, requestID: expect.stringMatching(/^req_[0-9a-f]{32}$/), error: { request_id: error.requestID } });
  });

  test("throws NotFoundError naming the key that would bring the model's provider to life", async () => {
    const error = await refused(client().chat.completions.create({ model: 'google/gemini-2.5-flash', messages: said('Hi') }));
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error.code).toBe('model_not_available');
    expect(error.message).toContain('GEMINI_API_KEY');
  });

  test('throws PermissionDeniedError for a model the key is not limited to', async () => {
    const made = await fetch(`${server().url}/v1/keys`, {
      method: 'POST', headers: { authorization: `Bearer ${server().key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'narrow', models: ['nobody/*'] }),
    });
    const { secret } = await made.json() as { secret: string };
    const error = await refused(client(secret).chat.completions.create({ model: echo, messages: said('Hi') }));
    expect(error).toBeInstanceOf(PermissionDeniedError);
    expect(error.code).toBe('model_not_allowed');
  });

  test.each([
    [429, RateLimitError, 429],
    [500, InternalServerError, 502],
    [503, InternalServerError, 502],
    [504, InternalServerError, 504],
    [400, BadRequestError, 400],
  ] as const)('throws its own error class when the upstream fails with %i', async (failStatus, errorClass, status) => {
    const body = { model: chat, messages: said('Hi'), sandbox: { fail_status: failStatus, retry_after: 7 } };
    for (const stream of [false, true]) {
      const error = await refused(client().chat.completions.create({ ...body, stream }));
      expect(error).toBeInstanceOf(errorClass);
      expect(error.status).toBe(status);
      expect(error.requestID).toMatch(/^req_/);
      if (failStatus === 429) expect(error.headers?.get('retry-after')).toBe('7');
    }
  });

  test('a stream that dies in the middle throws, and never looks finished', async () => {
    const stream = await client().chat.completions.create({
      ...{ sandbox: { die_after_events: 3 } }, model: chat, messages: said('Count from 1 to 50.'), stream: true,
    });
    const finishes: unknown[] = [];
    const error = await refused((async () => { for await (const chunk of stream) finishes.push(chunk.choices[0]?.finish_reason); })());
    expect(error.code).toBe('upstream_stream_failed');
    expect(finishes.length).toBeGreaterThan(0);
    expect(finishes.every((finish) => finish === null)).toBe(true);
  });

  test('can be aborted in the middle of a stream', async () => {
    const stream = await client().chat.completions.create({
      ...{ sandbox: { token_ms: 20 } }, model: chat, messages: said('Count from 1 to 500.'), stream: true,
    });
    let chunks = 0;
    for await (const chunk of stream) {
      expect(chunk.id).toBeTruthy();
      if (++chunks === 3) stream.controller.abort();
    }
    expect(chunks).toBeLessThan(100);
    const controller = new AbortController();
    const pending = client().chat.completions.create({ ...{ sandbox: { first_token_ms: 5000 } }, model: chat, messages: said('Hi') }, { signal: controller.signal });
    controller.abort();
    await expect(pending).rejects.toBeInstanceOf(APIUserAbortError);
  });
});
