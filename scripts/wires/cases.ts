/** This file is one good request for every field of a chat request, and for what messages may hold. */
import type { AssistantMessage, ChatCompletionRequest, ContentPart } from '../../generated/client/types.gen.ts';

/** A field's value, and what it makes no sense without. */
export interface FieldCase {
  readonly value: Partial<ChatCompletionRequest>;
  readonly beside?: Partial<ChatCompletionRequest>;
}

const HI: ChatCompletionRequest['messages'] = [{ role: 'user', content: 'Hi' }];
const weather = { name: 'get_weather', description: 'Tells the weather.', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } };
const beside = { tools: [{ type: 'function' as const, function: weather }] };

/** What every request of the table has. */
export const BASE: ChatCompletionRequest = { model: 'maker/model', messages: HI };

/** Every field of the contract, with a value that asks for something. */
export const FIELD_CASES: Readonly<Record<Exclude<keyof ChatCompletionRequest, 'model'>, FieldCase>> = {
  messages: { value: { messages: [...HI, { role: 'assistant', content: 'Hello.' }, { role: 'user', content: 'Bye' }] } },
  stream: { value: { stream: true } },
  stream_options: { value: { stream_options: { include_usage: true } }, beside: { stream: true } },
  max_completion_tokens: { value: { max_completion_tokens: 100 } },
  max_tokens: { value: { max_tokens: 100 } },
  temperature: { value: { temperature: 0.5 } },
  top_p: { value: { top_p: 0.5 } },
  frequency_penalty: { value: { frequency_penalty: 0.5 } },
  presence_penalty: { value: { presence_penalty: 0.5 } },
  n: { value: { n: 2 } },
  stop: { value: { stop: ['END'] } },
  seed: { value: { seed: 7 } },
  logit_bias: { value: { logit_bias: { 50256: -100 } } },
  logprobs: { value: { logprobs: true } },
  top_logprobs: { value: { top_logprobs: 3 }, beside: { logprobs: true } },
  tools: { value: beside },
  tool_choice: { value: { tool_choice: { type: 'function', function: { name: 'get_weather' } } }, beside },
  parallel_tool_calls: { value: { parallel_tool_calls: false }, beside },
  functions: { value: { functions: [weather] } },
  function_call: { value: { function_call: { name: 'get_weather' } }, beside: { functions: [weather] } },
  response_format: { value: { response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: { type: 'object', properties: { answer: { type: 'string' } }, required: ['answer'], additionalProperties: false } } } } },
  reasoning_effort: { value: { reasoning_effort: 'low' } },
  verbosity: { value: { verbosity: 'low' } },
  modalities: { value: { modalities: ['text', 'audio'] }, beside: { audio: { voice: 'alloy', format: 'wav' } } },
  audio: { value: { audio: { voice: 'alloy', format: 'wav' } }, beside: { modalities: ['text', 'audio'] } },
  prediction: { value: { prediction: { type: 'content', content: 'Hello.' } } },
  web_search_options: { value: { web_search_options: { search_context_size: 'low' } } },
  moderation: { value: { moderation: { model: 'omni-moderation-latest' } } },
  store: { value: { store: true } },
  metadata: { value: { metadata: { team: 'blue' } } },
  service_tier: { value: { service_tier: 'flex' } },
  user: { value: { user: 'user-5f2b7c' } },
  safety_identifier: { value: { safety_identifier: 'user-5f2b7c' } },
  prompt_cache_key: { value: { prompt_cache_key: 'chat-1' } },
  prompt_cache_retention: { value: { prompt_cache_retention: '24h' } },
  prompt_cache_options: { value: { prompt_cache_options: { ttl: '30m' } } },
  sandbox: { value: { sandbox: { token_ms: 1 } } },
};

/** Messages that hold something, and a piece of it that must be found in what is sent. */
export interface MessageCase {
  readonly messages: ChatCompletionRequest['messages'];
  readonly mark: string;
}

const say = (part: ContentPart, mark: string): MessageCase => ({ messages: [{ role: 'user', content: [{ type: 'text', text: 'See:' }, part] }], mark });
const said = (message: Omit<AssistantMessage, 'role'> & Record<string, unknown>, mark: string): MessageCase => ({ messages: [...HI, { role: 'assistant', ...message }, ...HI], mark });
const answered = (message: Omit<AssistantMessage, 'role'>, result: ChatCompletionRequest['messages'][number], mark: string): MessageCase => ({ messages: [...HI, { role: 'assistant', ...message }, result], mark });
const call = { id: 'call_1', type: 'function' as const, function: { name: 'get_weather', arguments: '{"city":"Paris"}' } };
const PNG = 'iVBORw0KGgo=';
const image: ContentPart = { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } };

/** What a conversation may hold, in words of its own. */
export const MESSAGE_CASES: Readonly<Record<string, MessageCase>> = {
  'a system message': { messages: [{ role: 'system', content: 'Be brief.' }, ...HI], mark: 'Be brief.' },
  'a developer message': { messages: [{ role: 'developer', content: 'Be brief.' }, ...HI], mark: 'Be brief.' },
  'a system message further on': { messages: [...HI, { role: 'system', content: 'Be brief.' }, ...HI], mark: 'Be brief.' },
  'an image as a data URL': say(image, PNG),
  'an image by URL': say({ type: 'image_url', image_url: { url: 'https://www.example.org/a.png' } }, 'example.org/a.png'),
  'the detail of an image': say({ type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}`, detail: 'low' } }, '"low"'),
  sound: say({ type: 'input_audio', input_audio: { data: 'UklGRiQA', format: 'wav' } }, 'UklGRiQA'),
  'a video by URL': say({ type: 'video_url', video_url: { url: 'https://www.example.org/a.mp4' } }, 'example.org/a.mp4'),
  'a file as a data URL': say({ type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0xLjcK' } }, 'JVBERi0xLjcK'),
  'a document by URL': say({ type: 'document_url', document_url: 'https://www.example.org/a.pdf' }, 'example.org/a.pdf'),
  'a file by id': say({ type: 'file', file: { file_id: 'file-1' } }, 'file-1'),
  'the name of who speaks': { messages: [{ role: 'user', content: 'Hi', name: 'ann-7' }], mark: 'ann-7' },
  'a call and its result': answered({ content: null, tool_calls: [call] }, { role: 'tool', tool_call_id: 'call_1', content: '21 °C' }, '21 °C'),
  'an image as a result': answered({ content: null, tool_calls: [call] }, { role: 'tool', tool_call_id: 'call_1', content: [image] }, PNG),
  'a call of a custom tool': answered({ content: null, tool_calls: [{ id: 'call_1', type: 'custom', custom: { name: 'sql', input: 'SELECT 1' } }] }, { role: 'tool', tool_call_id: 'call_1', content: '1' }, 'SELECT 1'),
  'a call in the older form': answered({ content: null, function_call: call.function }, { role: 'function', name: 'get_weather', content: '21 °C' }, '21 °C'),
  'a refusal': said({ content: null, refusal: 'I will not.' }, 'I will not.'),
  'reasoning that is not signed': said({ content: 'Hello.', reasoning_content: 'They greet.' }, 'They greet.'),
  'reasoning signed by Claude': said({ content: 'Hello.', reasoning_details: [{ type: 'reasoning.text', text: 'They greet.', signature: 'c2lnbmVk', format: 'anthropic-claude-v1', index: 0 }] }, 'c2lnbmVk'),
  'a thought signature of Gemini\'s': said({ content: 'Hello.', extra_content: { google: { thought_signature: 'dGhvdWdodA==' } } }, 'dGhvdWdodA=='),
  'reasoning encrypted by OpenAI or xAI': said({ content: 'Hello.', reasoning_details: [{ type: 'reasoning.encrypted', data: 'ZW5jcnlwdGVk', id: 'rs_1', format: 'openai-responses-v1', index: 0 }] }, 'ZW5jcnlwdGVk'),
};
