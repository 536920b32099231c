import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { ChatCompletionRequest } from '../../generated/client/types.gen.ts';
import { outlineJson } from '../foundation/json-outline.ts';
import { arrayAt, isJsonObject, objectAt, parseJson } from '../foundation/json-value.ts';
import type { Provider, Target } from '../foundation/terms.ts';
import { authorization } from './authorization.ts';
import { geminiContentWire as wire } from './gemini-content.ts';

const provider: Provider = { id: 'google', name: 'Google', wire: 'gemini-content', baseUrl: 'http://localhost/v1beta', apiKey: 'AIza-test', headers: { 'x-extra': '1' }, quirks: {} };

function encode(fields: object, { model = 'gemini-3-flash', isStream = false, target = {} }: { model?: string; isStream?: boolean; target?: Partial<Target> } = {}) {
  const body = { model: 'google/x', messages: [{ role: 'user', content: 'Hi' }], ...fields } as unknown as ChatCompletionRequest;
  const bodyText = JSON.stringify(body);
  const request = wire.encode({
    target: { id: `google/${model}`, provider, upstreamModel: model, price: null, quirks: {}, options: {}, ...target },
    body, bodyText, outline: outlineJson(bodyText, Number.MAX_SAFE_INTEGER), isStream, files: [], requestId: 'req_1', nowSeconds: 0,
  });
  if (request.kind !== 'http') throw new Error('not an HTTP request');
  return { ...request, json: parseJson(String(request.body)) };
}

const config = (fields: object, model?: string) => objectAt(encode(fields, model === undefined ? {} : { model }).json, 'generationConfig');
const contents = (messages: unknown[], model?: string) => arrayAt(encode({ messages }, model === undefined ? {} : { model }).json, 'contents');

describe('the request', () => {
  test('names model, way and key', () => {
    const { method, path, headers, json, warnings } = encode({});
    expect({ method, path, warnings }).toEqual({ method: 'POST', path: '/models/gemini-3-flash:generateContent', warnings: [] });
    expect(headers).toMatchObject({ 'x-goog-api-key': 'AIza-test', 'x-extra': '1', accept: 'application/json', 'accept-encoding': 'identity' });
    expect(headers).not.toHaveProperty('authorization');
    expect(json).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] });
    expect(encode({ stream: true, stream_options: { include_usage: true } }, { isStream: true })).toMatchObject({ path: '/models/gemini-3-flash:streamGenerateContent?alt=sse', headers: { accept: 'text/event-stream' }, warnings: [] });
    expect(encode({}, { model: 'tunedModels/mine?x' }).path).toBe('/tunedModels/mine%3Fx:generateContent');
  });

  test('authorization is the wire\'s', () => {
    expect(authorization({ ...provider, wire: 'openai-chat' })).toEqual({ authorization: 'Bearer AIza-test' });
    expect(authorization({ ...provider, apiKey: null })).toEqual({});
  });

  test.each([
    [{ max_tokens: 10 }, { maxOutputTokens: 10 }],
    [{ max_tokens: 10, max_completion_tokens: 20 }, { maxOutputTokens: 10 }],
    [{ max_tokens: null, max_completion_tokens: 20 }, { maxOutputTokens: 20 }],
    [{ temperature: 0, top_p: 0.5, seed: 7 }, { temperature: 0, topP: 0.5, seed: 7 }],
    [{ frequency_penalty: 0.5, presence_penalty: -1 }, { frequencyPenalty: 0.5, presencePenalty: -1 }],
    [{ frequency_penalty: 0, presence_penalty: 0, n: 1 }, null],
    [{ n: 3 }, { candidateCount: 3 }],
    [{ stop: 'END' }, { stopSequences: ['END'] }],
    [{ stop: ['a', 'b'] }, { stopSequences: ['a', 'b'] }],
    [{ logprobs: true, top_logprobs: 3 }, { responseLogprobs: true, logprobs: 3 }],
    [{ response_format: { type: 'text' } }, null],
    [{ response_format: { type: 'json_object' } }, { responseMimeType: 'application/json' }],
    [{ response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { $defs: {}, type: 'object', additionalProperties: false } } } }, { responseMimeType: 'application/json', responseJsonSchema: { $defs: {}, type: 'object', additionalProperties: false } }],
    [{ modalities: ['text', 'image'] }, { responseModalities: ['TEXT', 'IMAGE'] }],
    [{ modalities: ['text'] }, null],
    [{ reasoning_effort: 'low' }, { thinkingConfig: { thinkingLevel: 'low', includeThoughts: true } }],
    [{ reasoning_effort: 'minimal' }, { thinkingConfig: { thinkingLevel: 'minimal', includeThoughts: true } }],
    [{ extra_body: { google: { thinking_config: { thinking_budget: 64, include_thoughts: true } } } }, { thinkingConfig: { thinkingBudget: 64, includeThoughts: true } }],
    [{ store: false, parallel_tool_calls: true, service_tier: 'auto', verbosity: 'medium', metadata: {}, logit_bias: {}, user: null }, null],
  ])('%j is said without a warning', (fields, expected) => {
    expect(config(fields)).toEqual(expected);
    expect(encode(fields).warnings).toEqual([]);
  });

  test.each([
    ['gemini-3-pro-preview', 'minimal', { thinkingLevel: 'low', includeThoughts: true }, 1],
    ['gemini-3-flash', 'none', { thinkingLevel: 'minimal', includeThoughts: true }, 1],
    ['gemini-3.8-flash', 'minimal', { thinkingLevel: 'low', includeThoughts: true }, 1],
    ['gemini-3.5-flash-lite', 'minimal', { thinkingLevel: 'minimal', includeThoughts: true }, 0],
    ['gemini-flash-latest', 'max', { thinkingLevel: 'high', includeThoughts: true }, 1],
    ['gemini-2.5-flash', 'none', { thinkingBudget: 0 }, 0],
    ['gemini-2.5-flash', 'medium', { thinkingBudget: 8192, includeThoughts: true }, 0],
    ['gemini-2.5-pro', 'none', { thinkingBudget: 128 }, 1],
    ['gemini-2.0-flash', 'low', undefined, 1],
    ['gemini-3-flash', 'somewhat', undefined, 1],
  ])('%s thinks %s', (model, effort, expected, warnings) => {
    expect(config({ reasoning_effort: effort }, model)?.['thinkingConfig']).toEqual(expected);
    expect(encode({ reasoning_effort: effort }, { model }).warnings).toHaveLength(warnings);
  });

  test.each([
    'logit_bias', 'parallel_tool_calls', 'verbosity', 'audio', 'prediction', 'web_search_options', 'moderation', 'store', 'metadata', 'service_tier', 'user', 'safety_identifier',
    'prompt_cache_key', 'prompt_cache_retention', 'prompt_cache_options', 'top_k', 'somebody_elses',
  ])('%s is dropped with one line', (field) => {
    const values: Record<string, unknown> = { parallel_tool_calls: false, store: true, logit_bias: { 5: 1 }, metadata: { a: 'b' } };
    const { json, warnings } = encode({ [field]: values[field] ?? { x: 1 } });
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`^${field}: dropped, `))]);
    expect(json).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] });
  });

  test('a seed of more than 32 bits is dropped, and a flood of unknown fields is cut short', () => {
    expect(encode({ seed: 2 ** 40 })).toMatchObject({ json: { contents: [{}] }, warnings: ['seed: dropped, Gemini takes 32 bits'] });
    expect(encode(Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`field${index}`, 1]))).warnings).toHaveLength(17);
  });

  test('an operator\'s quirks hold here too', () => {
    const { json, warnings } = encode({ seed: 4, n: 2 }, { target: { quirks: { dropFields: ['seed', 'absent'] } } });
    expect(objectAt(json, 'generationConfig')).toEqual({ candidateCount: 2 });
    expect(warnings).toEqual(['seed: dropped, gemini-3-flash does not take it']);
  });
});

describe('messages', () => {
  test('instructions are gathered, and asked when they are all there is', () => {
    const { json, warnings } = encode({ messages: [
      { role: 'system', content: 'One.' }, { role: 'developer', content: [{ type: 'text', text: 'Two.' }] }, { role: 'user', content: 'Hi', name: 'ada' }, { role: 'system', content: 'Three.' },
    ] });
    expect(json).toEqual({ systemInstruction: { parts: [{ text: 'One.' }, { text: 'Two.' }, { text: 'Three.' }] }, contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] });
    expect(warnings).toEqual(['messages: the names of participants are not sent', 'messages: instructions within the conversation are sent with those at its start']);
    expect(encode({ messages: [{ role: 'system', content: 'Go.' }] }).json).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Go.' }] }] });
  });

  test.each([
    [{ type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } }, { inlineData: { mimeType: 'image/png', data: 'aGk=' } }, 0],
    [{ type: 'image_url', image_url: { url: 'https://example.org/a.webp?x=1', detail: 'high' } }, { fileData: { mimeType: 'image/webp', fileUri: 'https://example.org/a.webp?x=1' } }, 2],
    [{ type: 'document_url', document_url: 'data:text/plain,h%C3%A9' }, { inlineData: { mimeType: 'text/plain', data: 'aMOp' } }, 0],
    [{ type: 'video_url', video_url: { url: 'https://www.youtube.com/watch?v=1' } }, { fileData: { mimeType: 'video/mp4', fileUri: 'https://www.youtube.com/watch?v=1' } }, 1],
    [{ type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'mp3' } }, { inlineData: { mimeType: 'audio/mpeg', data: 'UklGRg==' } }, 0],
    [{ type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } }, { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0=' } }, 0],
    [{ type: 'file', file: { filename: 'a.csv', file_data: 'YSxi' } }, { inlineData: { mimeType: 'text/csv', data: 'YSxi' } }, 0],
    [{ type: 'file', file: { file_id: 'file-1' } }, null, 1],
  ])('a part %j', (part, expected, warnings) => {
    const seen = encode({ messages: [{ role: 'user', content: [{ type: 'text', text: 'Look' }, part] }] });
    expect(seen.json).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Look' }, ...(expected ? [expected] : [])] }] });
    expect(seen.warnings).toHaveLength(warnings);
  });

  const called = { role: 'assistant', content: null, tool_calls: [
    { id: 'a', type: 'function', function: { name: 'add', arguments: '{"x":1}' }, extra_content: { google: { thought_signature: 'sig' } } },
    { id: 'b', type: 'function', function: { name: 'now', arguments: '' } },
  ] };

  test('results find the names of their calls and go together', () => {
    expect(contents([
      { role: 'user', content: 'Hi' }, called,
      { role: 'tool', tool_call_id: 'a', content: '{"sum":12345678901234567890}' }, { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: 'noon' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } }] },
      { role: 'user', content: 'So?' },
    ])).toEqual([
      { role: 'user', parts: [{ text: 'Hi' }] },
      { role: 'model', parts: [{ functionCall: { id: 'a', name: 'add', args: { x: 1 } }, thoughtSignature: 'sig' }, { functionCall: { id: 'b', name: 'now', args: {} } }] },
      { role: 'user', parts: [
        { functionResponse: { id: 'a', name: 'add', response: { output: '{"sum":12345678901234567890}' } } },
        { functionResponse: { id: 'b', name: 'now', response: { output: 'noon' } } }, { inlineData: { mimeType: 'image/png', data: 'aGk=' } },
      ] },
      { role: 'user', parts: [{ text: 'So?' }] },
    ]);
  });

  test('the older form of calls and results', () => {
    expect(contents([{ role: 'user', content: 'Hi' }, { role: 'assistant', function_call: { name: 'f', arguments: '{}' } }, { role: 'function', name: 'f', content: 'done' }], 'gemini-2.5-flash').slice(1)).toEqual([
      { role: 'model', parts: [{ functionCall: { name: 'f', args: {} } }] }, { role: 'user', parts: [{ functionResponse: { name: 'f', response: { output: 'done' } } }] },
    ]);
  });

  test('calls whose signatures were lost are marked where the model insists, with a warning', () => {
    const bare = { ...called, tool_calls: called.tool_calls.map(({ id, type, function: call }) => ({ id, type, function: call })) };
    const messages = [{ role: 'user', content: 'Hi' }, bare];
    expect(arrayAt(contents(messages)[1], 'parts').map((part) => (isJsonObject(part) ? part['thoughtSignature'] : null))).toEqual(['skip_thought_signature_validator', undefined]);
    expect(encode({ messages }).warnings).toEqual(['messages: tool calls came back without their extra_content.google.thought_signature']);
    expect(JSON.stringify(contents(messages, 'gemini-2.5-flash'))).not.toContain('thoughtSignature');
    expect(encode({ messages: [{ role: 'user', content: 'Hi' }, called] }).warnings).toEqual([]);
  });

  test('a reply sent back as it came gives Gemini its own parts, signatures unchanged', () => {
    const recorded = readFileSync(new URL('./__fixtures__/gemini-content/call.json', import.meta.url), 'utf8');
    const completion = parseJson(wire.toReply?.(recorded, { requestId: 'req_1', upstreamModel: 'm', nowSeconds: 0 }) ?? '');
    const message = objectAt(arrayAt(completion, 'choices')[0], 'message');
    const { json, warnings } = encode({ messages: [{ role: 'user', content: 'Hi' }, message] });
    const sent = arrayAt(arrayAt(json, 'contents')[1], 'parts');
    const own = arrayAt(objectAt(arrayAt(parseJson(recorded), 'candidates')[0], 'content'), 'parts');
    expect(sent).toEqual(own.map((part) => {
      const call = objectAt(part, 'functionCall');
      return isJsonObject(part) && call ? { ...part, functionCall: { id: 'call_1_0_0', ...call } } : part;
    }));
    expect(warnings).toEqual([]);
  });

  test('thinking parts, refusals, images and the signature of an empty answer', () => {
    expect(contents([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [{ type: 'thinking', thinking: 'Hm.', signature: 's1' }, { type: 'thinking', thinking: 'unsigned' }, { type: 'text', text: 'Yes' }, { type: 'refusal', refusal: 'No' }] },
      { role: 'assistant', content: '', reasoning_content: 'not sent', extra_content: { google: { thought_signature: 's2' } }, images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' }, extra_content: { google: { thought_signature: 's3' } } }] },
      { role: 'assistant', content: null },
    ]).slice(1)).toEqual([
      { role: 'model', parts: [{ text: 'Hm.', thought: true, thoughtSignature: 's1' }, { text: 'Yes' }, { text: 'No' }] },
      { role: 'model', parts: [{ text: '', thoughtSignature: 's2' }, { inlineData: { mimeType: 'image/png', data: 'aGk=' }, thoughtSignature: 's3' }] },
    ]);
  });

  test('arguments that are no object, and results that answer nothing, are sent with a warning', () => {
    const { json, warnings } = encode({ messages: [
      { role: 'user', content: 'Hi' }, { role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{"cut' } }, { id: 'c', type: 'custom', custom: { name: 'sql', input: 'select 1' } }] }, { role: 'tool', tool_call_id: 'zzz', content: 'x' },
    ] }, { model: 'gemini-2.5-flash' });
    expect(arrayAt(json, 'contents').slice(1)).toEqual([
      { role: 'model', parts: [{ functionCall: { id: 'a', name: 'f', args: { arguments: '{"cut' } } }, { functionCall: { id: 'c', name: 'sql', args: { input: 'select 1' } } }] },
      { role: 'user', parts: [{ functionResponse: { id: 'zzz', name: 'unknown', response: { output: 'x' } } }] },
    ]);
    expect(warnings).toHaveLength(2);
  });
});

describe('tools', () => {
  const parameters = { type: 'object', properties: { x: { type: ['integer', 'null'] } }, additionalProperties: false };
  const tools = [{ type: 'function', function: { name: 'add', description: 'Adds.', parameters } }, { type: 'function', function: { name: 'now', parameters: {} } }];
  const declared = [{ name: 'add', description: 'Adds.', parametersJsonSchema: parameters }, { name: 'now' }];
  const calling = (functionCallingConfig: object) => ({ toolConfig: { functionCallingConfig } });

  test.each([
    [undefined, {}],
    ['auto', {}],
    ['none', calling({ mode: 'NONE' })],
    ['required', calling({ mode: 'ANY' })],
    [{ type: 'function', function: { name: 'add' } }, calling({ mode: 'ANY', allowedFunctionNames: ['add'] })],
    [{ type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'now' } }] } }, calling({ mode: 'ANY', allowedFunctionNames: ['now'] })],
  ])('tool_choice %j', (choice, expected) => {
    const { json, warnings } = encode({ tools, tool_choice: choice });
    expect(json).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }], tools: [{ functionDeclarations: declared }], ...expected });
    expect(warnings).toEqual([]);
  });

  test('a free choice among some, strict tools, and the older form', () => {
    expect(encode({ tools, tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'now' } }] } } }).json).toMatchObject({ tools: [{ functionDeclarations: [{ name: 'now' }] }] });
    expect(encode({ tools: [{ type: 'function', function: { name: 'add', strict: true } }] }).json).toMatchObject(calling({ mode: 'VALIDATED' }));
    const older = encode({ functions: [{ name: 'add' }], function_call: { name: 'add' } });
    expect(older.json).toMatchObject({ tools: [{ functionDeclarations: [{ name: 'add' }] }], ...calling({ mode: 'ANY', allowedFunctionNames: ['add'] }) });
    expect(older.warnings).toEqual(['functions: sent as tools; calls come back as tool_calls']);
  });

  test('other tools are dropped with a warning', () => {
    const { json, warnings } = encode({ tools: [{ type: 'web_search' }, { type: 'custom', custom: { name: 'sql' } }], tool_choice: { type: 'custom', custom: { name: 'sql' } } });
    expect(json).not.toHaveProperty('tools');
    expect(warnings).toEqual([
      'tools: a tool of type web_search is dropped, this wire takes functions only', 'tools: a tool of type custom is dropped, this wire takes functions only', 'tool_choice: dropped, Gemini can only be made to call functions',
    ]);
  });
});
