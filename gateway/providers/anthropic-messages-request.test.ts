import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { ChatCompletionRequest } from '../../generated/client/types.gen.ts';
import { outlineJson } from '../foundation/json-outline.ts';
import { arrayAt, isJsonObject, objectAt, parseJson } from '../foundation/json-value.ts';
import type { Quirks } from '../foundation/terms.ts';
import { anthropicMessagesWire as wire } from './anthropic-messages.ts';

interface Options { readonly model?: string; readonly isStream?: boolean; readonly quirks?: Quirks; readonly apiKey?: string | null; readonly headers?: Record<string, string> }

const HI = [{ role: 'user', content: 'Hi' }];

/** Bodies are written as callers write them, with fields the types do not know. */
function encode(body: Record<string, unknown>, { model = 'claude-opus-4-5', isStream = false, quirks = {}, apiKey = 'sk-ant-test', headers = {} }: Options = {}) {
  const bodyText = JSON.stringify({ model: 'anthropic/x', messages: HI, ...body });
  const provider = { id: 'anthropic', name: 'Anthropic', wire: 'anthropic-messages' as const, baseUrl: 'https://api.anthropic.com/v1', apiKey, headers, quirks: {} };
  const request = wire.encode({
    target: { id: `anthropic/${model}`, provider, upstreamModel: model, price: null, quirks, options: {} },
    body: JSON.parse(bodyText) as ChatCompletionRequest, bodyText, outline: outlineJson(bodyText, 1000), isStream, files: [], requestId: 'req_1', nowSeconds: 7,
  });
  if (request.kind !== 'http') throw new Error('not a request');
  const sent = parseJson(String(request.body));
  if (!isJsonObject(sent)) throw new Error('no body');
  return { ...request, sent, turns: arrayAt(sent, 'messages') };
}

describe('anthropic-messages requests', () => {
  test('go to /messages with Anthropic\'s headers', () => {
    const { method, path, headers, sent, warnings } = encode({ max_tokens: 50 }, { isStream: true, headers: { 'anthropic-beta': 'x' } });
    expect({ method, path, headers }).toEqual({
      method: 'POST', path: '/messages',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'accept-encoding': 'identity', 'anthropic-beta': 'x', 'anthropic-version': '2023-06-01', 'x-api-key': 'sk-ant-test' },
    });
    expect(sent).toEqual({ model: 'claude-opus-4-5', max_tokens: 50, messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }], stream: true });
    expect(warnings).toEqual([]);
    expect(encode({}, { apiKey: null }).headers).not.toHaveProperty('x-api-key');
  });

  test.each<[string, Record<string, unknown>, Options, Record<string, unknown>, string[]]>([
    ['the smaller cap holds', { max_tokens: 90, max_completion_tokens: 60 }, {}, { max_tokens: 60 }, []],
    ['no cap', {}, {}, { max_tokens: 32_000 }, []],
    ['no cap, an old model', {}, { model: 'claude-3-haiku-20240307' }, { max_tokens: 4096 }, []],
    ['no cap, another vendor\'s model', {}, { model: 'MiniMax-M2' }, { max_tokens: 4096 }, []],
    ['a cap above the model\'s', { max_tokens: 100_000 }, {}, { max_tokens: 64_000 }, ['max_tokens: sent as 64000, the most this model generates']],
    ['temperature', { temperature: 0.3 }, {}, { temperature: 0.3 }, []],
    ['temperature above 1', { temperature: 1.7 }, {}, { temperature: 1 }, ['temperature: sent as 1, the most the provider takes']],
    ['top_p', { top_p: 0.5, temperature: 1 }, {}, { top_p: 0.5, temperature: undefined }, []],
    ['both', { top_p: 0.5, temperature: 0 }, {}, { top_p: undefined, temperature: 0 }, ['top_p: dropped, not taken together with temperature']],
    ['sampling on a new model', { top_p: 0.5, temperature: 0 }, { model: 'claude-opus-4-7' }, { top_p: undefined, temperature: undefined }, ['temperature: dropped, not taken by this model', 'top_p: dropped, not taken by this model']],
    ['default sampling on a new model', { top_p: 1, temperature: 1 }, { model: 'claude-sonnet-5' }, { top_p: undefined, temperature: undefined }, []],
    ['a field the catalogue drops', { temperature: 0.2 }, { quirks: { dropFields: ['temperature', 'top_k'] } }, { temperature: undefined }, ['temperature: dropped, anthropic/claude-opus-4-5 does not take it']],
    ['one stop', { stop: 'END' }, {}, { stop_sequences: ['END'] }, []],
    ['stops', { stop: ['END', '\n\n'] }, {}, { stop_sequences: ['END'] }, ['stop: blank sequences dropped, the provider refuses them']],
    ['service tiers', { service_tier: 'default' }, {}, { service_tier: 'standard_only' }, []],
    ['a service tier it lacks', { service_tier: 'flex' }, {}, { service_tier: undefined }, ['service_tier: dropped, the provider has auto and default']],
    ['a user', { user: 'u-5f2b7c' }, {}, { metadata: { user_id: 'u-5f2b7c' } }, []],
    ['a user with an address', { user: 'ann@example.com' }, {}, { metadata: undefined }, ['user: dropped, the provider takes only opaque ids of up to 256 characters']],
    ['two users', { user: 'a', safety_identifier: 'b' }, {}, { metadata: { user_id: 'b' } }, ['user: dropped, safety_identifier is sent']],
    ['harmless values', { n: 1, frequency_penalty: 0, presence_penalty: 0, logprobs: false, store: false, modalities: ['text'], logit_bias: {}, seed: null, metadata: {} }, {}, {}, []],
    ['what it lacks', { n: 2, seed: 7, logprobs: true }, {}, { n: undefined, seed: undefined }, ['n: dropped, the provider has no such option', 'seed: dropped, the provider has no such option', 'logprobs: dropped, the provider has no such option']],
    ['what nobody knows', { top_k: 5, thinking: { type: 'enabled' } }, {}, { top_k: undefined, thinking: undefined }, ['top_k: dropped, unknown to this provider\'s wire', 'thinking: dropped, unknown to this provider\'s wire']],
    ['json_object', { response_format: { type: 'json_object' } }, {}, { output_config: undefined }, ['response_format: json_object dropped, the provider takes json_schema']],
    ['text', { response_format: { type: 'text' } }, {}, { output_config: undefined }, []],
    ['a schema', { response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object', properties: { a: { type: 'integer', minimum: 3 } }, required: ['a'] } } } }, {},
      { output_config: { format: { type: 'json_schema', schema: { type: 'object', properties: { a: { type: 'integer', description: '{"minimum":3}' } }, required: ['a'], additionalProperties: false } } } }, ['response_format: described but not enforced: minimum']],
    ['a schema on an old model', { response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } } }, { model: 'claude-sonnet-4-20250514' }, { output_config: undefined }, ['response_format: dropped, the model does not take it']],
  ])('%s', (_, body, options, expected, warnings) => {
    const seen = encode(body, options);
    for (const [field, value] of Object.entries(expected)) expect({ [field]: seen.sent[field] }).toEqual({ [field]: value });
    expect(seen.warnings).toEqual(warnings);
  });

  test('every field of the contract is mapped, or warned of', () => {
    const contract = readFileSync(new URL('../../spec/schemas/ChatCompletionRequest.yaml', import.meta.url), 'utf8');
    const fields = [...contract.matchAll(/^ {2}(\w+):$/gm)].map((match) => match[1] ?? '');
    expect(fields.length).toBeGreaterThan(30);
    const plain = encode({}).body;
    const shapes: Record<string, unknown> = {
      messages: [...HI, ...HI], stop: 'x', tools: [{ type: 'function', function: { name: 'f' } }], functions: [{ name: 'f' }], tool_choice: 'required', function_call: { name: 'f' },
      response_format: { type: 'json_object' }, reasoning_effort: 'low', user: 'u', safety_identifier: 'u', service_tier: 'default', temperature: 0.5, top_p: 0.5,
    };
    // The wire is told of these in another way.
    for (const field of fields.filter((name) => !['model', 'stream', 'stream_options', 'parallel_tool_calls'].includes(name))) {
      const { body, warnings } = encode({ [field]: shapes[field] ?? 12 });
      expect({ field, isTold: body !== plain || warnings.some((line) => line.startsWith(`${field}: `) || field.startsWith('function')) }).toEqual({ field, isTold: true });
      expect(warnings.filter((line) => line.includes('unknown to'))).toEqual([]);
    }
  });
});

describe('reasoning_effort', () => {
  test.each<[string, string, Record<string, unknown>, unknown, unknown, string | null]>([
    ['claude-opus-4-5', 'high', {}, { type: 'enabled', budget_tokens: 16_384 }, undefined, null],
    ['claude-haiku-4-5-20251001', 'minimal', { max_tokens: 4000 }, { type: 'enabled', budget_tokens: 1024 }, undefined, null],
    ['claude-sonnet-4-5', 'high', { max_tokens: 2000 }, { type: 'enabled', budget_tokens: 1600 }, undefined, null],
    ['claude-sonnet-4-5', 'high', { max_tokens: 1280 }, { type: 'enabled', budget_tokens: 1024 }, undefined, null],
    ['claude-sonnet-4-5', 'high', { max_tokens: 1279 }, undefined, undefined, 'reasoning_effort: dropped, max_tokens 1279 leaves no room to reason'],
    ['claude-sonnet-4-5', 'high', { max_tokens: 77 }, undefined, undefined, 'reasoning_effort: dropped, max_tokens 77 leaves no room to reason'],
    ['claude-sonnet-4-5', 'none', {}, undefined, undefined, null],
    ['claude-opus-4-6', 'xhigh', {}, { type: 'adaptive' }, { effort: 'max' }, null],
    ['claude-opus-4-6', 'none', {}, { type: 'disabled' }, undefined, null],
    ['claude-opus-4-7', 'xhigh', { max_tokens: 50 }, { type: 'adaptive', display: 'summarized' }, { effort: 'xhigh' }, null],
    ['claude-opus-5', 'minimal', {}, { type: 'adaptive', display: 'summarized' }, { effort: 'low' }, null],
    ['claude-opus-5-5', 'none', {}, undefined, { effort: 'low' }, 'reasoning_effort: none sent as low, the model always reasons'],
    ['claude-haiku-5-5', 'none', {}, { type: 'disabled' }, undefined, null],
    ['claude-fable-5', 'max', {}, { type: 'adaptive', display: 'summarized' }, { effort: 'max' }, null],
    ['claude-next-9', 'low', {}, { type: 'adaptive', display: 'summarized' }, { effort: 'low' }, null],
    ['claude-3-5-haiku-20241022', 'high', {}, undefined, undefined, 'reasoning_effort: dropped, the model does not reason'],
    ['claude-opus-5', 'extreme', {}, undefined, undefined, 'reasoning_effort: dropped, not a word this model knows'],
  ])('%s at %s, %j', (model, effort, body, thinking, config, warning) => {
    const { sent, warnings } = encode({ reasoning_effort: effort, ...body }, { model });
    expect(sent['thinking']).toEqual(thinking);
    expect(sent['output_config']).toEqual(config);
    expect(warnings).toEqual(warning === null ? [] : [warning]);
    if (typeof body['max_tokens'] === 'number') expect(sent['max_tokens']).toBe(body['max_tokens']);
  });

  test('left to the model, only what would be lost is asked for', () => {
    for (const model of ['claude-opus-4-5', 'claude-opus-4-8', 'claude-opus-5', 'claude-haiku-5-5']) expect(encode({}, { model }).sent).not.toHaveProperty('thinking');
    for (const model of ['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-fable-5.2']) expect(encode({}, { model })).toMatchObject({ sent: { thinking: { type: 'adaptive', display: 'summarized' } }, warnings: [] });
  });

  test('no cap is ever exceeded, and a budget always leaves room', () => {
    for (const effort of ['minimal', 'low', 'medium', 'high', 'xhigh', 'max']) {
      for (let cap = 1; cap < 70_000; cap = Math.ceil(cap * 1.3)) {
        const { sent } = encode({ reasoning_effort: effort, max_tokens: cap });
        expect(sent['max_tokens']).toBe(Math.min(cap, 64_000));
        const budget = objectAt(sent, 'thinking')?.['budget_tokens'] ?? 1024;
        if (sent['thinking'] !== undefined) expect([Number(budget) >= 1024, Number(budget) < cap]).toEqual([true, true]);
      }
    }
  });

  test('a budget is not taken with sampling, with a forced tool, or after a tool call without thinking', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    expect(encode({ reasoning_effort: 'low', temperature: 0, top_p: 0.9 }).warnings).toEqual(['temperature: dropped, not taken while the model reasons', 'top_p: dropped, not taken while the model reasons']);
    expect(encode({ reasoning_effort: 'low', tools, tool_choice: 'required' })).toMatchObject({ sent: { tool_choice: { type: 'any' } }, warnings: ['reasoning_effort: dropped, this model does not reason when it must call a tool'] });
    const call = { role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '' } }] };
    const messages = [...HI, call, { role: 'tool', tool_call_id: 'c', content: '1' }];
    expect(encode({ reasoning_effort: 'low', tools, messages }).warnings).toEqual(['reasoning_effort: dropped, the tool call it goes on from was made without reasoning']);
    const thought = { ...call, reasoning_details: [{ type: 'reasoning.text', text: 'hm', signature: 's', index: 0 }] };
    expect(encode({ reasoning_effort: 'low', tools, messages: [...HI, thought, messages[2]] })).toMatchObject({ sent: { thinking: { budget_tokens: 2048 } }, warnings: [] });
    expect(encode({ reasoning_effort: 'low', tools, messages }, { model: 'claude-opus-5' }).warnings).toEqual([]);
  });
});

describe('messages', () => {
  test('system and developer text goes to the front', () => {
    const { sent, warnings } = encode({ messages: [{ role: 'system', content: 'A' }, { role: 'developer', content: [{ type: 'text', text: 'B', cache_control: { type: 'ephemeral' } }] }, ...HI, { role: 'system', content: 'C' }] });
    expect(sent['system']).toEqual([{ type: 'text', text: 'A' }, { type: 'text', text: 'B', cache_control: { type: 'ephemeral' } }, { type: 'text', text: 'C' }]);
    expect(warnings).toEqual(['messages: system text is moved to the front']);
    expect(encode({ messages: [{ role: 'system', content: 'A' }] })).toMatchObject({ turns: [{ role: 'user', content: [{ text: 'A' }] }], warnings: ['messages: system text alone is sent as the user\'s'] });
  });

  test('parallel results become one user turn, with what the user says after them', () => {
    const { turns, warnings } = encode({ messages: [
      ...HI,
      { role: 'assistant', content: 'Calling.', tool_calls: [{ id: 'call:1.a', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }, { id: 'b', function: { name: 'g', arguments: ' ' } }, { id: 'c', type: 'custom', custom: { name: 'h', input: 'free' } }] },
      { role: 'tool', tool_call_id: 'call:1.a', content: 'one', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: 'two', cache_control: { type: 'ephemeral' } }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] },
      { role: 'tool', tool_call_id: 'c', content: [] },
      { role: 'user', content: 'And?' },
    ] });
    expect(turns.slice(1)).toEqual([
      { role: 'assistant', content: [{ type: 'text', text: 'Calling.' }, { type: 'tool_use', id: 'call_1_a', name: 'f', input: { a: 1 } }, { type: 'tool_use', id: 'b', name: 'g', input: {} }, { type: 'tool_use', id: 'c', name: 'h', input: { input: 'free' } }] },
      { role: 'user', content: [
        { type: 'tool_result', tool_use_id: 'call_1_a', content: 'one', cache_control: { type: 'ephemeral', ttl: '1h' } },
        { type: 'tool_result', tool_use_id: 'b', content: [{ type: 'text', text: 'two' }, { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }], cache_control: { type: 'ephemeral' } },
        { type: 'tool_result', tool_use_id: 'c', content: '' },
        { type: 'text', text: 'And?' },
      ] },
    ]);
    expect(warnings).toEqual([]);
  });

  test('functions in the older form become tools', () => {
    const { sent, turns, warnings } = encode({
      functions: [{ name: 'f', parameters: { properties: {} } }], function_call: { name: 'f' },
      messages: [...HI, { role: 'assistant', content: null, function_call: { name: 'f', arguments: 'broken' } }, { role: 'function', name: 'f', content: '3' }],
    });
    expect(sent).toMatchObject({ tools: [{ name: 'f', input_schema: { type: 'object', properties: {} } }], tool_choice: { type: 'tool', name: 'f' } });
    expect(turns.slice(1)).toEqual([
      { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1', name: 'f', input: { arguments: 'broken' } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: '3' }] },
    ]);
    expect(warnings).toEqual(['messages: arguments that are no JSON object are sent as text', 'functions: sent as tools, calls come back as tool_calls']);
  });

  test.each<[string, unknown, unknown[], string[]]>([
    ['an image by URL', { type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'low' }, cache_control: { type: 'ephemeral' } }, [{ type: 'image', source: { type: 'url', url: 'https://x.test/a.png' }, cache_control: { type: 'ephemeral' } }], ['messages: image detail is not sent']],
    ['a jpg', { type: 'image_url', image_url: { url: 'data:image/jpg;base64,AAAA' } }, [{ type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: 'AAAA' } }], []],
    ['a PDF', { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' } }, [{ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' }, title: 'a.pdf' }], []],
    ['a text', { type: 'file', file: { filename: 'a.txt', file_data: 'data:text/plain;base64,R3LDvMOfZQ==' } }, [{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Grüße' }, title: 'a.txt' }], []],
    ['a text without base64', { type: 'document_url', document_url: 'data:,Gr%C3%BC%C3%9Fe' }, [{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Grüße' } }], []],
    ['a document by URL', { type: 'document_url', document_url: 'https://x.test/a.pdf' }, [{ type: 'document', source: { type: 'url', url: 'https://x.test/a.pdf' } }], []],
    ['an upload', { type: 'file', file: { file_id: 'file_1' } }, [], ['messages: a file without file_data is not sent']],
    ['a zip', { type: 'file', file: { file_data: 'data:application/zip;base64,AAAA' } }, [], ['messages: a file of type application/zip is not sent, the provider does not take it']],
    ['neither', { type: 'file', file: { file_data: 'AAAA' } }, [], ['messages: a file that is neither a URL nor a data URL is not sent']],
    ['sound', { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }, [], ['messages: input_audio is not sent, the provider does not take it']],
    ['a video', { type: 'video_url', video_url: { url: 'https://x.test/a.mp4' } }, [], ['messages: video_url is not sent, the provider does not take it']],
    ['blank text', { type: 'text', text: ' ' }, [], []],
  ])('%s', (_, part, blocks, warnings) => {
    const seen = encode({ messages: [{ role: 'user', content: [{ type: 'text', text: 'See:' }, part] }] });
    expect(arrayAt(seen.turns[0], 'content').slice(1)).toEqual(blocks);
    expect(seen.warnings).toEqual(warnings);
  });

  test('a mark on a message stands on its last block; names, blanks and empty messages are not sent', () => {
    const { turns, warnings } = encode({ messages: [{ role: 'user', name: 'Ann', content: 'Hi', cache_control: { type: 'ephemeral' } }, { role: 'assistant', content: '' }, { role: 'user', content: 'Again' }, { role: 'assistant', content: 'So \n' }] });
    expect(turns).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }, { type: 'text', text: 'Again' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'So' }] },
    ]);
    expect(warnings).toEqual(['messages: name is not sent', 'messages: an empty message is not sent']);
  });
});

describe('reasoning signatures', () => {
  const native = { content: [{ type: 'thinking', thinking: 'Grüße 🙂', signature: 'S1+/=' }, { type: 'redacted_thinking', data: 'R+/=' }, { type: 'thinking', thinking: '', signature: 'S2' }, { type: 'text', text: 'So.' }, { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: [1] } }], stop_reason: 'tool_use' };

  test('a reply sent back as it came is what the provider said', () => {
    const completion = parseJson(wire.toReply?.(JSON.stringify(native), { requestId: 'r', upstreamModel: 'm', nowSeconds: 1 }) ?? '');
    const message = objectAt(arrayAt(completion, 'choices')[0], 'message');
    const { turns, warnings } = encode({ messages: [...HI, message, { role: 'tool', tool_call_id: 'toolu_1', content: '2' }] });
    expect(arrayAt(turns[1], 'content')).toEqual(native.content);
    expect(warnings).toEqual([]);
  });

  test('thinking goes back to its place among calls, and something always follows it', () => {
    const content = [{ type: 'thinking', thinking: 'a', signature: 'A' }, { type: 'text', text: 'So.' }, { type: 'thinking', thinking: 'b', signature: 'B' }, { type: 'tool_use', id: 'x', name: 'f', input: {} }, { type: 'thinking', thinking: 'c', signature: 'C' }, { type: 'tool_use', id: 'y', name: 'f', input: {} }];
    const completion = parseJson(wire.toReply?.(JSON.stringify({ content, stop_reason: 'tool_use' }), { requestId: 'r', upstreamModel: 'm', nowSeconds: 1 }) ?? '');
    const message = objectAt(arrayAt(completion, 'choices')[0], 'message');
    expect(encode({ messages: [...HI, message] }).turns[1]).toEqual({ role: 'assistant', content });
    const far = { role: 'assistant', content: 'So.', reasoning_details: [{ type: 'reasoning.text', text: 'a', signature: 'A', index: 1e9 }] };
    expect(encode({ messages: [...HI, { ...far, content: null }] })).toMatchObject({ turns: [{ role: 'user' }], warnings: ['messages: an empty message is not sent'] });
    expect(encode({ messages: [...HI, far] }).turns[1]).toEqual({ role: 'assistant', content: [content[0], { type: 'text', text: 'So.' }] });
  });

  test('thinking parts and pieces of a stream are taken too', () => {
    const pieces = [{ type: 'reasoning.text', text: 'a', index: 0 }, { type: 'reasoning.text', text: 'b', index: 0 }, { type: 'reasoning.text', text: '', signature: 'S', index: 0 }, { type: 'reasoning.text', text: 'c', signature: 'T', index: 1 }];
    const { turns, warnings } = encode({ messages: [...HI, { role: 'assistant', content: [{ type: 'thinking', thinking: 'd', signature: 'U' }, { type: 'text', text: 'So.' }], reasoning_details: pieces }, ...HI] });
    expect(turns[1]).toEqual({ role: 'assistant', content: [{ type: 'thinking', thinking: 'ab', signature: 'S' }, { type: 'thinking', thinking: 'c', signature: 'T' }, { type: 'thinking', thinking: 'd', signature: 'U' }, { type: 'text', text: 'So.' }] });
    expect(warnings).toEqual([]);
  });

  test.each([
    ['without a signature', { reasoning_content: 'hm' }, 'messages: reasoning without a signature is not sent'],
    ['details without a signature', { reasoning_details: [{ type: 'reasoning.text', text: 'hm' }] }, 'messages: reasoning without a signature is not sent'],
    ['of another provider', { reasoning_details: [{ type: 'reasoning.encrypted', data: 'x', format: 'google-gemini-v1' }, 7] }, 'messages: reasoning of another provider is not sent'],
  ])('reasoning %s is not sent', (_, fields, warning) => {
    const { turns, warnings } = encode({ messages: [...HI, { role: 'assistant', content: 'So.', ...fields }, ...HI] });
    expect(turns[1]).toEqual({ role: 'assistant', content: [{ type: 'text', text: 'So.' }] });
    expect(warnings).toEqual([warning]);
  });
});

describe('tools', () => {
  const f = { type: 'function', function: { name: 'f', description: 'F', parameters: { type: 'object', properties: { a: { type: 'string', maxLength: 3 } } } } };
  const g = { type: 'function', function: { name: 'g', strict: true, parameters: { type: 'object', properties: { a: { oneOf: [{ type: 'string', format: 'date' }, { type: 'array', items: { type: 'object' }, minItems: 2 }] } }, additionalProperties: false } }, cache_control: { type: 'ephemeral' } };

  test('are functions with a schema, strict where the model takes it', () => {
    const { sent, warnings } = encode({ tools: [f, g] });
    expect(sent['tools']).toEqual([
      { name: 'f', description: 'F', input_schema: f.function.parameters },
      {
        name: 'g', strict: true, cache_control: { type: 'ephemeral' },
        input_schema: { type: 'object', properties: { a: { anyOf: [{ type: 'string', format: 'date' }, { type: 'array', items: { type: 'object', additionalProperties: false }, description: '{"minItems":2}' }] } }, additionalProperties: false },
      },
    ]);
    expect(warnings).toEqual(['tools: described but not enforced: minItems']);
    expect(encode({ tools: [g] }, { model: 'claude-sonnet-4-0' })).toMatchObject({ sent: { tools: [{ input_schema: g.function.parameters }] }, warnings: ['tools: strict dropped, the model does not take it'] });
  });

  test.each<[string, Record<string, unknown>, string, unknown, string[]]>([
    ['auto', { tool_choice: 'auto' }, 'claude-opus-5', { type: 'auto' }, []],
    ['none', { tool_choice: 'none', parallel_tool_calls: false }, 'claude-opus-5', { type: 'none' }, []],
    ['required', { tool_choice: 'required' }, 'claude-opus-5', { type: 'any' }, []],
    ['named', { tool_choice: { type: 'function', function: { name: 'f' } } }, 'claude-haiku-5-5', { type: 'tool', name: 'f' }, []],
    ['one at a time', { parallel_tool_calls: false }, 'claude-opus-5', { type: 'auto', disable_parallel_tool_use: true }, []],
    ['required on a model that refuses', { tool_choice: 'required', parallel_tool_calls: false }, 'claude-opus-5-5', { type: 'auto', disable_parallel_tool_use: true }, ['tool_choice: sent as auto, this model can\'t be made to call a tool']],
    ['named on a model that refuses', { tool_choice: { type: 'function', function: { name: 'f' } } }, 'claude-fable-5-2', { type: 'auto' }, ['tool_choice: sent as auto, this model can\'t be made to call a tool']],
    ['custom', { tool_choice: { type: 'custom', custom: { name: 'f' } } }, 'claude-opus-5', undefined, ['tool_choice: custom dropped, only functions are sent']],
  ])('choice: %s', (_, body, model, choice, warnings) => {
    const seen = encode({ tools: [f], ...body }, { model });
    expect(seen.sent['tool_choice']).toEqual(choice);
    expect(seen.warnings).toEqual(warnings);
  });

  test('allowed tools are the only ones sent', () => {
    const { sent } = encode({ tools: [f, g], tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'f' } }] } } });
    expect(sent).toMatchObject({ tools: [{ name: 'f' }], tool_choice: { type: 'any' } });
  });

  test('of other kinds are dropped, and a choice among none with them', () => {
    const { sent, warnings } = encode({ tools: [{ type: 'web_search' }, { type: 'custom', custom: { name: 'c' } }], tool_choice: 'required' });
    expect(sent).not.toHaveProperty('tools');
    expect(warnings).toEqual(['tools: web_search dropped, only functions are sent', 'tools: custom dropped, only functions are sent', 'tool_choice: dropped, there is no tool to choose']);
  });
});
