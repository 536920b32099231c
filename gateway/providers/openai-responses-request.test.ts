import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { ChatCompletionRequest } from '../../generated/client/types.gen.ts';
import { outlineJson } from '../foundation/json-outline.ts';
import { arrayAt, isJsonObject, objectAt, parseJson } from '../foundation/json-value.ts';
import type { Quirks } from '../foundation/terms.ts';
import { openaiResponsesWire as wire } from './openai-responses.ts';

interface Options { readonly model?: string; readonly isStream?: boolean; readonly quirks?: Quirks; readonly apiKey?: string | null; readonly headers?: Record<string, string> }

const HI = [{ role: 'user', content: 'Hi' }];
const ENCRYPTED = ['reasoning.encrypted_content'];

/** Bodies are written as callers write them, with fields the types do not know. */
function encode(body: Record<string, unknown>, { model = 'gpt-5.2-pro', isStream = false, quirks = {}, apiKey = 'sk-test', headers = {} }: Options = {}) {
  const bodyText = JSON.stringify({ model: 'openai/x', messages: HI, ...body });
  const provider = { id: 'openai', name: 'OpenAI', wire: 'openai-responses' as const, baseUrl: 'https://api.openai.com/v1', apiKey, headers, quirks: {} };
  const request = wire.encode({
    target: { id: `openai/${model}`, provider, upstreamModel: model, price: null, quirks, options: {} },
    body: JSON.parse(bodyText) as ChatCompletionRequest, bodyText, outline: outlineJson(bodyText, 1000), isStream, files: [], requestId: 'req_1', nowSeconds: 7,
  });
  if (request.kind !== 'http') throw new Error('not a request');
  const sent = parseJson(String(request.body));
  if (!isJsonObject(sent)) throw new Error('no body');
  return { ...request, sent, input: arrayAt(sent, 'input') };
}

const inputOf = (...messages: unknown[]) => encode({ messages });
const weather = { type: 'function', function: { name: 'get_weather', description: 'Tells it.', parameters: { type: 'object', properties: { city: { type: 'string' } } } } };

describe('openai-responses requests', () => {
  test('go to /responses with a bearer key, and nothing is ever stored', () => {
    const { method, path, headers, sent, warnings } = encode({ max_tokens: 50, store: true, previous_response_id: 'resp_9' }, { isStream: true, headers: { 'x-y': 'z' } });
    expect({ method, path, headers }).toEqual({
      method: 'POST', path: '/responses',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'accept-encoding': 'identity', 'x-y': 'z', authorization: 'Bearer sk-test' },
    });
    expect(sent).toEqual({ model: 'gpt-5.2-pro', input: HI, store: false, max_output_tokens: 50, include: ENCRYPTED, stream: true });
    expect(warnings).toEqual(['store: dropped, nothing is stored at the provider', 'previous_response_id: dropped, this wire does not know it']);
    expect(encode({}, { apiKey: null }).headers).not.toHaveProperty('authorization');
    expect(encode({}).headers['accept']).toBe('application/json');
  });

  const LACKS = 'dropped, the Responses API has nothing like it';
  test.each<[string, Record<string, unknown>, Options, Record<string, unknown>, string[]]>([
    ['the smaller cap holds', { max_tokens: 90, max_completion_tokens: 60 }, {}, { max_output_tokens: 60 }, []],
    ['no cap', {}, {}, { max_output_tokens: undefined }, []],
    ['sampling', { temperature: 0, top_p: 0.5 }, {}, { temperature: 0, top_p: 0.5 }, []],
    ['a field the catalogue drops', { temperature: 0.2 }, { quirks: { dropFields: ['temperature', 'top_k'] } }, { temperature: undefined }, ['temperature: dropped, openai/gpt-5.2-pro does not take it']],
    ['a field of this wire the catalogue drops', {}, { quirks: { dropFields: ['include', 'store', 'input'] } }, { include: undefined, store: false, input: HI }, []],
    ['effort', { reasoning_effort: 'high' }, {}, { reasoning: { effort: 'high' } }, []],
    ['effort and a summary', { reasoning: { effort: 'low', summary: 'auto' } }, {}, { reasoning: { effort: 'low', summary: 'auto' } }, []],
    ['effort said twice', { reasoning_effort: 'high', reasoning: { effort: 'low' } }, {}, { reasoning: { effort: 'high' } }, []],
    ['reasoning in other words', { reasoning: { max_tokens: 100 } }, {}, { reasoning: undefined }, ['reasoning: only effort and summary are taken']],
    ['a model that does not reason', {}, { model: 'gpt-4o-mini' }, { include: undefined }, []],
    ['an aggregator\'s model that does not reason', {}, { model: 'openai/gpt-4.1' }, { include: undefined }, []],
    ['log probabilities', { logprobs: true, top_logprobs: 3 }, { model: 'gpt-4o' }, { include: ['message.output_text.logprobs'], top_logprobs: 3 }, []],
    ['log probabilities with reasoning', { logprobs: true }, {}, { include: [...ENCRYPTED, 'message.output_text.logprobs'], top_logprobs: undefined }, []],
    ['top_logprobs alone', { top_logprobs: 3 }, {}, { top_logprobs: undefined, include: ENCRYPTED }, ['top_logprobs: dropped, logprobs is not set']],
    ['a JSON object', { response_format: { type: 'json_object' } }, {}, { text: { format: { type: 'json_object' } } }, []],
    ['text', { response_format: { type: 'text' } }, {}, { text: undefined }, []],
    ['a schema', { response_format: { type: 'json_schema', json_schema: { name: 'a', description: 'An a.', strict: true, schema: { type: 'object' } } }, verbosity: 'low' }, {},
      { text: { format: { type: 'json_schema', name: 'a', description: 'An a.', strict: true, schema: { type: 'object' } }, verbosity: 'low' } }, []],
    ['no schema', { response_format: { type: 'json_schema', json_schema: { name: 'a' } } }, {}, { text: undefined }, ['response_format: dropped, it has no schema']],
    ['what means the same', { metadata: { a: 'b' }, service_tier: 'flex', user: 'u', safety_identifier: 's', prompt_cache_key: 'k', prompt_cache_retention: '24h', prompt_cache_options: { ttl: '30m' }, moderation: { model: 'm' } }, {},
      { metadata: { a: 'b' }, service_tier: 'flex', user: 'u', safety_identifier: 's', prompt_cache_key: 'k', prompt_cache_retention: '24h', prompt_cache_options: { ttl: '30m' }, moderation: { model: 'm' } }, []],
    ['harmless values', { n: 1, frequency_penalty: 0, presence_penalty: 0, logprobs: false, store: false, modalities: ['text'], logit_bias: {}, stop: [], seed: null, stream_options: { include_usage: true } }, {}, { include: ENCRYPTED }, []],
    ['what has no place', { n: 2, stop: 'END', seed: 7, logit_bias: { 5: 1 }, frequency_penalty: 1, presence_penalty: -1, prediction: { type: 'content', content: 'x' } }, {}, { n: undefined, stop: undefined, seed: undefined },
      [`n: ${LACKS}`, `stop: ${LACKS}`, `seed: ${LACKS}`, `logit_bias: ${LACKS}`, `frequency_penalty: ${LACKS}`, `presence_penalty: ${LACKS}`, `prediction: ${LACKS}`]],
    ['sound', { modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } }, {}, { modalities: undefined }, ['modalities: dropped, this wire gives text only', 'audio: dropped, this wire gives no spoken answers']],
    ['padding', { stream_options: { include_obfuscation: true } }, {}, { stream_options: undefined }, ['stream_options: include_obfuscation dropped, this wire pads no chunks']],
  ])('%s', (_name, body, options, expected, warnings) => {
    const { sent, warnings: said } = encode(body, options);
    for (const [key, value] of Object.entries(expected)) expect(sent[key]).toEqual(value);
    expect(said).toEqual(warnings);
  });

  test('unknown fields are named, up to a number', () => {
    const { warnings } = encode(Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`x${at}${'y'.repeat(at * 10)}`, 1])));
    expect(warnings).toHaveLength(17);
    expect(warnings.at(-1)).toBe('others: dropped, this wire does not know them');
    expect(Math.max(...warnings.map((line) => line.length))).toBeLessThan(110);
  });
});

describe('the input', () => {
  test('keeps system and developer messages where they are', () => {
    const messages = [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'Hi' }, { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] }];
    expect(encode({ messages }).input).toEqual([messages[0], messages[1], { role: 'developer', content: [{ type: 'input_text', text: 'Be kind.' }] }]);
    const { input, warnings } = encode({ messages }, { quirks: { developerRole: false } });
    expect(input[2]).toMatchObject({ role: 'system' });
    expect(warnings).toEqual(['messages: role developer sent as system']);
  });

  test('has text, images, sound and files', () => {
    const { input, warnings } = inputOf({ role: 'user', content: [
      { type: 'text', text: 'Look:', prompt_cache_breakpoint: { mode: 'explicit' } },
      { type: 'image_url', image_url: { url: 'https://www.example.org/a.png', detail: 'low' } }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
      { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' } }, { type: 'file', file: { file_data: 'data:text/plain;base64,AA==' } },
      { type: 'file', file: { file_data: 'AA==' } }, { type: 'document_url', document_url: 'https://www.example.org/a.pdf' },
    ] });
    expect(input).toEqual([{ role: 'user', content: [
      { type: 'input_text', text: 'Look:', prompt_cache_breakpoint: { mode: 'explicit' } },
      { type: 'input_image', image_url: 'https://www.example.org/a.png', detail: 'low' }, { type: 'input_image', image_url: 'data:image/png;base64,AA==', detail: 'auto' },
      { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' }, { type: 'input_file', filename: 'file.txt', file_data: 'data:text/plain;base64,AA==' },
      { type: 'input_file', filename: 'file.pdf', file_data: 'AA==' }, { type: 'input_file', file_url: 'https://www.example.org/a.pdf' },
    ] }]);
    expect(warnings).toEqual([]);
  });

  test('names no file of the operator\'s account, and says what it has no place for', () => {
    const { input, warnings } = inputOf({ role: 'user', name: 'ann', content: [{ type: 'file', file: { file_id: 'file-1' } }, { type: 'video_url', video_url: { url: 'https://www.example.org/a.mp4' } }, { type: 'odd' }] });
    expect(input).toEqual([]);
    expect(warnings).toEqual(['messages: name is not sent', 'messages: a file without file_data is not sent', 'messages: video_url is not sent, this wire has no place for it',
      'messages: a part of an unknown type is not sent', 'messages: an empty message is not sent']);
  });

  test('has calls and their results, of functions and of custom tools', () => {
    const { input, warnings } = inputOf(
      { role: 'assistant', content: 'Let me see.', tool_calls: [{ id: 'call_a', type: 'function', function: { name: 'f', arguments: '' } }, { id: 'call_b', type: 'custom', custom: { name: 'sql', input: 'SELECT 1' } }] },
      { role: 'tool', tool_call_id: 'call_a', content: '21' }, { role: 'tool', tool_call_id: 'call_b', content: [{ type: 'text', text: '1' }] },
    );
    expect(input).toEqual([
      { role: 'assistant', content: 'Let me see.' }, { type: 'function_call', call_id: 'call_a', name: 'f', arguments: '{}' }, { type: 'custom_tool_call', call_id: 'call_b', name: 'sql', input: 'SELECT 1' },
      { type: 'function_call_output', call_id: 'call_a', output: '21' }, { type: 'custom_tool_call_output', call_id: 'call_b', output: [{ type: 'input_text', text: '1' }] },
    ]);
    expect(warnings).toEqual([]);
  });

  test('has calls in the older form, and ids no longer than OpenAI takes them', () => {
    const id = `call_${'x'.repeat(70)}-${'y'.repeat(70)}`;
    const { input } = inputOf(
      { role: 'user', content: 'Hi' }, { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"a":1}' } }, { role: 'function', name: 'f', content: '2' },
      { role: 'assistant', content: null, tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: '{}' } }] }, { role: 'tool', tool_call_id: id, content: '3' },
    );
    expect(input.slice(1, 3)).toEqual([{ type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{"a":1}' }, { type: 'function_call_output', call_id: 'call_1', output: '2' }]);
    const short = id.slice(0, 32) + id.slice(-32);
    expect(input.slice(3)).toMatchObject([{ call_id: short }, { call_id: short }]);
  });

  test('has refusals', () => {
    expect(inputOf({ role: 'assistant', content: null, refusal: 'No.' }).input).toEqual([{ role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] }]);
    expect(inputOf({ role: 'assistant', content: [{ type: 'text', text: 'a' }, { type: 'refusal', refusal: 'No.' }] }).input)
      .toEqual([{ role: 'assistant', content: [{ type: 'output_text', text: 'a', annotations: [] }, { type: 'refusal', refusal: 'No.' }] }]);
  });

  test('has the reasoning of our own replies, where it was', () => {
    const text = readFileSync(new URL('./__fixtures__/openai-responses/reasoning-and-calls.json', import.meta.url), 'utf8');
    const completion = parseJson(wire.toReply?.(text, { requestId: 'req_1', upstreamModel: 'm', nowSeconds: 7 }) ?? '');
    const message = objectAt(arrayAt(completion, 'choices')[0], 'message');
    const { input, warnings } = inputOf(message);
    const [reasoning, , ...calls] = arrayAt(parseJson(text), 'output');
    expect(input[0]).toEqual({ ...objectAt({ reasoning }, 'reasoning'), summary: [{ type: 'summary_text', text: '**Plan** 🙂\n\nTwo cities.' }] });
    expect(input[1]).toEqual({ role: 'assistant', content: 'Ich prüfe 世界 🙂.' });
    const without = (call: unknown) => Object.fromEntries(Object.entries(isJsonObject(call) ? call : {}).filter(([key]) => key !== 'id' && key !== 'status'));
    expect(input.slice(2)).toEqual(calls.map(without));
    expect(warnings).toEqual([]);
  });

  test('says which reasoning it can\'t send', () => {
    const details = [{ type: 'reasoning.text', text: 'a', signature: 's', format: 'anthropic-claude-v1', index: 0 }, { type: 'reasoning.summary', summary: 'b', format: 'openai-responses-v1', index: 0 }, 7];
    const { input, warnings } = inputOf({ role: 'assistant', content: 'x', reasoning_details: details });
    expect(input).toEqual([{ role: 'assistant', content: 'x' }]);
    expect(warnings).toEqual(['messages: reasoning of another provider is not sent', 'messages: reasoning without its encrypted content is not sent']);
    expect(inputOf({ role: 'assistant', content: 'x', reasoning_content: 'b' }).warnings).toEqual(['messages: reasoning without its encrypted content is not sent']);
    expect(inputOf({ role: 'assistant', content: [{ type: 'thinking', thinking: 'b' }, { type: 'image_url', image_url: { url: 'https://www.example.org/' } }] }))
      .toMatchObject({ input: [], warnings: ['messages: reasoning of another provider is not sent', 'messages: an image of the assistant is not sent'] });
  });

  test('says that Gemini\'s signatures are not sent', () => {
    const extra = { extra_content: { google: { thought_signature: 'x' } } };
    const call = { id: 'call_a', type: 'function', function: { name: 'f', arguments: '{}' } };
    for (const message of [{ content: 'x', ...extra }, { content: 'x', tool_calls: [call, { ...call, ...extra }] }]) {
      const { sent, warnings } = encode({ messages: [{ role: 'assistant', ...message }] });
      expect(JSON.stringify(sent)).not.toContain('extra_content');
      expect(warnings).toEqual(['messages: reasoning of another provider is not sent']);
    }
  });

  test('reasoning that nothing follows is left out', () => {
    expect(inputOf({ role: 'assistant', content: '', reasoning_details: [{ type: 'reasoning.encrypted', data: 'x', format: 'openai-responses-v1', index: 0 }] }).input).toEqual([]);
  });
});

describe('the tools', () => {
  const said = (body: Record<string, unknown>) => {
    const { sent, warnings } = encode(body);
    return { tools: sent['tools'], choice: sent['tool_choice'], parallel: sent['parallel_tool_calls'], warnings };
  };
  const sent = { type: 'function', name: 'get_weather', description: 'Tells it.', parameters: weather.function.parameters, strict: false };

  test('are flat, and strict only when they are said to be', () => {
    expect(said({ tools: [weather, { type: 'function', function: { name: 'f', strict: true } }], parallel_tool_calls: false })).toEqual({
      tools: [sent, { type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: true }], choice: undefined, parallel: false, warnings: [],
    });
  });

  test('may be custom', () => {
    const grammar = { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "a"' } };
    expect(said({ tools: [{ type: 'custom', custom: { name: 'a', description: 'An a.', format: grammar } }, { type: 'custom', custom: { name: 'b', format: { type: 'text' } } }] }).tools)
      .toEqual([{ type: 'custom', name: 'a', description: 'An a.', format: { type: 'grammar', syntax: 'lark', definition: 'start: "a"' } }, { type: 'custom', name: 'b' }]);
  });

  test('may be the upstream\'s own, as far as they touch nothing of the operator\'s', () => {
    const mcp = { type: 'mcp', server_label: 'd', server_url: 'https://www.example.org/mcp', require_approval: 'never' };
    const own = [{ type: 'web_search', filters: { allowed_domains: ['example.org'] } }, { type: 'code_interpreter', container: { type: 'auto' } }, mcp];
    expect(said({ tools: own })).toMatchObject({ tools: own, warnings: [] });
    expect(said({ tools: [{ type: 'code_interpreter' }] }).tools).toEqual([own[1]]);
    expect(said({ tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }, { type: 'code_interpreter', container: 'cntr_1' }, { type: 'code_interpreter', container: { type: 'auto', file_ids: ['file-1'] } },
      { ...mcp, connector_id: 'c' }, { ...mcp, require_approval: 'always' }] })).toEqual({ tools: undefined, choice: undefined, parallel: undefined, warnings: [
      'tools: file_search dropped, it would search the files of the operator\'s account', 'tools: code_interpreter dropped, it names a container or files of the operator\'s account',
      'tools: mcp dropped, its connector is one of the operator\'s account', 'tools: mcp dropped, a chat can\'t approve its calls; require_approval must be never',
    ] });
  });

  test('may be asked for in the older forms', () => {
    expect(said({ functions: [weather.function], function_call: { name: 'get_weather' } })).toMatchObject({ tools: [sent], choice: { type: 'function', name: 'get_weather' }, warnings: ['functions: sent as tools, calls come back as tool_calls'] });
    expect(said({ functions: [weather.function], function_call: 'none' })).toMatchObject({ choice: 'none' });
    const place = { city: 'Paris', country: 'FR' };
    expect(said({ web_search_options: { search_context_size: 'low', user_location: { type: 'approximate', approximate: place } } })).toMatchObject({ tools: [{ type: 'web_search', search_context_size: 'low', user_location: { type: 'approximate', ...place } }], warnings: [] });
    expect(said({ web_search_options: {} }).tools).toEqual([{ type: 'web_search' }]);
  });

  test.each([
    ['auto', 'auto'], ['required', 'required'], ['none', 'none'],
    [{ type: 'function', function: { name: 'get_weather' } }, { type: 'function', name: 'get_weather' }],
    [{ type: 'custom', custom: { name: 'a' } }, { type: 'custom', name: 'a' }],
    [{ type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'get_weather' } }, { type: 'custom', custom: { name: 'a' } }, { type: 'web_search' }] } },
      { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'get_weather' }, { type: 'custom', name: 'a' }, { type: 'web_search' }] }],
  ])('are chosen by %j', (asked, choice) => {
    expect(said({ tools: [weather], tool_choice: asked })).toMatchObject({ choice, warnings: [] });
  });

  test('that are none can\'t be chosen', () => {
    expect(said({ tool_choice: 'required' })).toMatchObject({ choice: undefined, warnings: ['tool_choice: dropped, there is no tool to choose'] });
    expect(said({ tool_choice: 'auto' })).toMatchObject({ choice: undefined, warnings: [] });
  });
});
