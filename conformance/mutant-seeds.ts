/** This file is the good requests that mutants are made of: every operation a key calls, its body whole. */
import { speech, transcription, wav } from './audio-requests.ts';
import { formRequest } from './form.ts';
import type { FormPart } from './form.ts';
import { PIXEL, edit, image } from './image-requests.ts';

/** A request in pieces that can be changed. */
export interface Parts {
  method: string;
  path: string;
  headers: [string, string][];
  body: Buffer | null;
  /** What `content-length` says besides the truth. */
  lengthError: number;
}

/** Makes a good request, anew each time. */
export type Seed = () => Parts;

const user = (content: unknown): object => ({ role: 'user', content });
const tool = { type: 'function', function: { name: 'get_weather', description: 'x', strict: true, parameters: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 1 } }, required: ['city'], additionalProperties: false } } };

const chatBodies: readonly object[] = [
  { model: 'sandbox/echo', messages: [user('Reply with exactly: Hello')] },
  { model: 'sandbox/chat', messages: [{ role: 'system', content: 'Be brief.' }, user([{ type: 'text', text: 'What is this?' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'low' } }])], max_tokens: 20, temperature: 0.2, top_p: 1, seed: 7, user: 'u', metadata: { a: 'b' }, n: 2 },
  { model: 'sandbox/chat', messages: [user('Weather?')], tools: [tool], tool_choice: 'required', parallel_tool_calls: false },
  { model: 'sandbox/chat', messages: [user('Weather?'), { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Paris"}' } }] }, { role: 'tool', tool_call_id: 'call_1', content: '21' }], tools: [tool] },
  { model: 'sandbox/chat', messages: [user('JSON')], response_format: { type: 'json_schema', json_schema: { name: 'w', strict: true, schema: { type: 'object', properties: { celsius: { type: 'number', minimum: -50, maximum: 50 }, sky: { enum: ['clear', 'grey'] }, code: { type: 'string', pattern: '^[A-Z]{2}[0-9]+$', minLength: 3 }, hours: { type: 'array', items: { type: 'integer' }, minItems: 2 } }, required: ['celsius', 'sky', 'code', 'hours'] } } } },
  { model: 'sandbox/echo', messages: [user('Reply with exactly: streamed')], stream: true, stream_options: { include_usage: true }, logprobs: true, top_logprobs: 2, stop: ['a', 'b'] },
  { model: 'vllm/fuzz', messages: [user('hi'), { role: 'developer', content: 'x' }], max_completion_tokens: 5, logit_bias: { 50256: -100 }, unknown_field: { deep: [1, 2, 3] } },
  { model: 'vllm/fuzz', messages: [user('hi')], stream: true, modalities: ['text'], prediction: { type: 'content', content: 'x' }, service_tier: 'auto', reasoning_effort: 'low' },
];

const completionBodies: readonly object[] = [
  { model: 'sandbox/chat', prompt: ['Reply with exactly: Hello'], max_tokens: 20, temperature: 0.2, top_p: 1, n: 2, best_of: 2, stop: ['a', 'b'], seed: 7, user: 'u', suffix: null, logprobs: 2 },
  { model: 'sandbox/echo', prompt: 'Reply with exactly: streamed', stream: true, stream_options: { include_usage: true }, echo: true, presence_penalty: 0.5, frequency_penalty: 0.5, logit_bias: { 50256: -100 } },
  { model: 'vllm/fuzz', prompt: 'hi', stream: true, reasoning_effort: 'low', unknown_field: { deep: [1, 2, 3] } },
  { model: 'sandbox/chat', prompt: ['Reply with exactly: one', 'Say two', 'Three?'], n: 2, echo: true, max_tokens: 20 },
  { model: 'vllm/fuzz', prompt: ['hi', 'ho', 'hu', 'ha', 'he'], stream: true, stream_options: { include_usage: true } },
];
const refusedCompletion = { model: 'vllm/fuzz', prompt: [[1, 2, 3], [4]], best_of: 1 };

const embeddingBodies: readonly object[] = [
  { model: 'sandbox/embedding', input: ['a cat', 'a dog'], encoding_format: 'float', dimensions: 16, user: 'u' },
  { model: 'sandbox/embedding', input: [[1, 2, 3], [4]], encoding_format: 'base64', dimensions: 4, sandbox: { omit_usage: true } },
  { model: 'vllm/fuzz-vectors', input: 'hi', encoding_format: 'base64', unknown_field: { deep: [1, 2, 3] } },
];

const audioForms: readonly Record<string, string>[] = [
  {}, { stream: 'true', 'include[]': 'logprobs', temperature: '0.2', language: 'en' },
  { response_format: 'verbose_json', 'timestamp_granularities[]': 'word', prompt: 'A test.' },
  { response_format: 'diarized_json', 'chunking_strategy[type]': 'server_vad', 'chunking_strategy[threshold]': '0.5', 'known_speaker_names[]': 'agent' },
  { model: 'vllm/fuzz', response_format: 'srt' },
];
const responseBodies: readonly Record<string, unknown>[] = [
  { model: 'sandbox/chat', input: 'Say hi', instructions: 'Be brief.', metadata: { a: 'b' }, text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object', properties: { a: { type: 'string' } } } } } },
  {
    model: 'sandbox/chat', store: false, include: ['reasoning.encrypted_content'], reasoning: { effort: 'low', summary: 'auto' }, stream: true, parallel_tool_calls: true,
    tools: [{ type: 'function', name: 'f', parameters: { type: 'object' } }, { type: 'namespace', name: 'ns', description: 'd', tools: [{ type: 'custom', name: 'sql' }] }, { type: 'web_search' }],
    tool_choice: { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'f' }] },
    input: [
      { role: 'developer', content: 'd' }, { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Call f' }, { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=' }] },
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'gw1.azE.a.b.c.d' }, { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_text', text: 'ok' }] }, { type: 'custom_tool_call', call_id: 'd', namespace: 'ns', name: 'sql', input: 'select 1' },
      { type: 'custom_tool_call_output', call_id: 'd', output: 'ok' }, { type: 'web_search_call', id: 'ws_1', status: 'completed' },
    ],
  },
  { model: 'sandbox/chat', input: 'Say hi', background: true },
  { model: 'sandbox/echo', input: 'Reply with exactly: hi', background: true, stream: true },
];
const refusedResponse = { model: 'sandbox/echo', input: [{ type: 'item_reference', id: `msg_${'0'.repeat(32)}o0` }], previous_response_id: `resp_${'0'.repeat(32)}` };
const speeches: readonly Record<string, unknown>[] = [
  {}, { stream_format: 'sse', response_format: 'pcm', speed: 4 }, { voice: { id: 'voice_1' }, instructions: 'Slowly.', speed: 0.25, input: 'Hi' }, { model: 'vllm/fuzz', response_format: 'mp3' },
];

const imageBodies: readonly Record<string, unknown>[] = [
  { size: '64x64', n: 2, quality: 'high', background: 'transparent', output_format: 'png', output_compression: 100, response_format: 'url', moderation: 'low', style: 'vivid', user: 'u' },
  { size: '64x64', stream: true, partial_images: 2, sandbox: { omit_usage: true } }, { model: 'vllm/fuzz-image', aspect_ratio: '1:1' }, { model: 'vllm/fuzz-image', stream: true },
];
const editForms: readonly Record<string, unknown>[] = [{ size: '64x64', n: 2, input_fidelity: 'high' }, { stream: true, partial_images: 1, size: '64x64' }, { model: 'vllm/fuzz-image' }];

/** A model of each provider of videos that `scripts/fuzz` sets up, and what they take and do not. */
export const VIDEO_MODELS = ['mapped/sora', 'mapped/openrouter', 'veo-3.1-generate-preview', 'kling-3.0', 'seedance-2.0', 'pixverse-5.5'] as const;
const picture = `data:image/png;base64,${PIXEL.toString('base64')}`;
const videoBodies: readonly Record<string, unknown>[] = [
  { model: 'sandbox/video', prompt: 'A paper boat.', size: '64x64', seconds: '1', sandbox: { step_ms: 1 } },
  { model: 'sandbox/video', prompt: 'A paper boat.', seconds: 1, inputReference: { image_url: picture }, endFrame: picture, referenceImages: [picture], audioEnabled: true, sandbox: { step_ms: 1, fail_reason: 'x' } },
  ...VIDEO_MODELS.flatMap((model) => [{ model, prompt: `A kite, by ${model}.`, input_reference: picture }, { model, prompt: 'A boat.', size: '1280x720' }]),
];
const refusedVideos: readonly object[] = [
  ...VIDEO_MODELS.map((model) => ({ model, prompt: 'A boat.', seconds: '8', generateAudio: true, audioEnabled: true, motionControl: {}, referenceVideos: ['https://127.0.0.1/a.mp4'], unknown_field: { deep: [1, 2, 3] } })),
  { model: 'sora-2', prompt: 'Of a retired model.' },
];
const videoForms: readonly Record<string, string>[] = [
  { model: 'sandbox/video', size: '64x64', seconds: '1', 'sandbox[step_ms]': '1' }, { model: 'sandbox/video', seconds: '2', audioEnabled: 'true' },
  ...VIDEO_MODELS.flatMap((model): Record<string, string>[] => [{ model, size: '1280x720' }, { model }]),
];

function videoForm(fields: Record<string, string>, ...names: ('input_reference' | 'endFrame')[]): ReturnType<typeof formRequest> {
  const texts = Object.entries({ prompt: 'A kite.', ...fields }).map(([name, value]): FormPart => ({ name, value }));
  return formRequest('/v1/videos', [...texts, ...names.map((name) => ({ name, value: PIXEL, fileName: 'pixel.png', type: 'image/png' }))]);
}

const nativeBodies: readonly (readonly [path: string, body: object])[] = [
  ['sandbox/chat/completions', { model: 'echo', messages: [user('Reply with exactly: native')], max_tokens: 20, n: 2, stream_options: { include_usage: true } }],
  ['vllm/v1/chat/completions', { model: 'fuzz', messages: [user('hi')], tools: [tool], stream: true, max_completion_tokens: 5 }],
  ['vllm/completions', { model: 'fuzz', prompt: ['hi', 'ho'], max_tokens: 5, echo: true }],
  ['vllm/responses', { model: 'fuzz', input: [{ role: 'user', content: [{ type: 'input_text', text: 'hi' }] }], max_output_tokens: 20, tools: [{ type: 'function', name: 'f', parameters: {} }] }],
  ['vllm/embeddings', { model: 'fuzz-vectors', input: ['hi', 'ho'] }],
  ['anthropic/v1/messages', { model: 'claude-sonnet-4-5', max_tokens: 16, messages: [user([{ type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } }])], tools: [{ name: 'f', input_schema: { type: 'object' } }], thinking: { type: 'enabled', budget_tokens: 1024 } }],
  ['gemini-too/v1beta/models/gemini-2.5-pro:generateContent', { contents: [{ role: 'user', parts: [{ text: 'hi' }] }], generationConfig: { maxOutputTokens: 16, responseModalities: ['TEXT'] }, tools: [{ functionDeclarations: [{ name: 'f' }] }] }],
  ['gemini-too/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse', { contents: [{ parts: [{ text: 'hi' }] }], systemInstruction: { parts: [{ text: 'x' }] } }],
];

const get = (path: string) => (): Parts => ({ method: 'GET', path, headers: [], body: null, lengthError: 0 });
const ranged = (path: string) => (): Parts => ({ method: 'GET', path, headers: [['range', 'bytes=0-99'], ['if-range', '"x"'], ['if-none-match', '"a", W/"b"']], body: null, lengthError: 0 });
const remove = (path: string) => (): Parts => ({ method: 'DELETE', path, headers: [], body: null, lengthError: 0 });
const send = (method: string, path: string, value: object) => (): Parts => ({ method, path, headers: [['content-type', 'application/json']], body: Buffer.from(JSON.stringify(value)), lengthError: 0 });
const form = (path: string, { headers, body }: ReturnType<typeof transcription>) => (): Parts => ({ method: 'POST', path, headers: Object.entries(headers), body, lengthError: 0 });

/** Requests that are answered well. Of what is kept `{image}`, `{video}` and `{response}` stand for one that is there. */
export function goodSeeds(): readonly Seed[] {
  return [
    ...chatBodies.map((body) => send('POST', '/chat/completions', body)),
    ...completionBodies.map((body) => send('POST', '/completions', body)),
    ...responseBodies.map((body) => send('POST', '/responses', body)),
    send('POST', '/responses/input_tokens', { model: 'sandbox/chat', input: 'Say hi', instructions: 'Be brief.' }),
    get('/responses/{response}'), get('/responses/{response}/input_items?limit=1&order=asc'),
    ...embeddingBodies.map((body) => send('POST', '/embeddings', body)),
    ...audioForms.map((fields) => form('/audio/transcriptions', transcription(fields, wav(0.1)))),
    ...speeches.map((fields) => send('POST', '/audio/speech', speech(fields).body as object)),
    ...imageBodies.map((fields) => send('POST', '/images/generations', image(fields).body as object)),
    ...editForms.map((fields) => form('/images/edits', edit(fields))),
    ranged('/images/{image}/content'),
    ...videoBodies.map((body) => send('POST', '/videos', body)),
    ...videoForms.map((fields) => form('/videos', videoForm(fields, 'input_reference'))),
    form('/videos', videoForm({ model: 'kling-3.0' }, 'input_reference', 'endFrame')),
    get('/videos?limit=2&order=asc'), get('/videos/{video}'), ranged('/videos/{video}/content'), get('/videos/{video}/content?variant=thumbnail'),
    ...nativeBodies.map(([path, body]) => send('POST', `/native/${path}`, body)),
    get('/native/sandbox/v1/models?limit=2'), remove('/native/sandbox/files/file-1'),
    get('/models'), get('/models/google/gemini-2.5-flash'), get('/models/google%2Fgemini-2.5-flash'),
    get('/keys?limit=5'), get('/usage?limit=3&from=1&to=9999999999&model=sandbox/echo'), get('/openapi.yaml'), get('/openapi.json'),
    send('POST', '/keys', { name: 'fuzz', scopes: ['inference'], models: ['google/*', 'sandbox/echo'], expires_at: 4_000_000_000 }),
  ];
}

/** Requests that are refused as they are, for what they name or ask. */
export function refusedSeeds(): readonly Seed[] {
  const [key, response, made, video] = ['/keys/key_AAAAAAAAAAAAAAAA', `/responses/resp_${'0'.repeat(32)}`, `/images/img_${'0'.repeat(32)}/content`, `/videos/video_${'0'.repeat(32)}`];
  return [
    send('POST', '/completions', refusedCompletion), send('POST', '/responses', refusedResponse),
    ...['/responses/{response}', response].flatMap((path) => [get(`${path}/input_items?after=x`), send('POST', `${path}/cancel`, {})]), get(response), remove(response),
    get(made), ...refusedVideos.map((body) => send('POST', '/videos', body)), form('/videos', videoForm({ model: 'kling-3.0' }, 'endFrame')),
    get(video), remove(video), get(`${video}/content?variant=spritesheet`), get('/videos?after=x'),
    get('/native/vllm/models'), send('POST', '/native/gemini-too/v1beta/models/gemini-2.5-pro:countTokens', {}),
    get(key), remove(key), send('PATCH', key, { name: 'renamed', scopes: ['management'], expires_at: null }), send('PATCH', key, { revoked: true }),
  ];
}
