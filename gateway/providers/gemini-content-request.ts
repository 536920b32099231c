/** This file writes a chat request as the body of Gemini's `generateContent`. */
import type { ChatCompletionRequest } from '../../generated/client/types.gen.ts';
import { arrayAt, isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { warnOfUnplaced } from './dropped-fields.ts';
import type { Places } from './dropped-fields.ts';
import type { Warn } from './gemini-content-media.ts';
import { writePrompt } from './gemini-content-messages.ts';
import { thinkingConfig, thinksByLevel } from './gemini-content-thinking.ts';
import { writeTools } from './gemini-content-tools.ts';

const LACKS = 'dropped, Gemini has nothing like it';

/** Every field of the contract: null for what is written below, or why it is dropped. */
const FIELDS: Readonly<Record<keyof ChatCompletionRequest, string | null>> = {
  model: null, messages: null, stream: null, stream_options: null, max_completion_tokens: null, max_tokens: null, temperature: null, top_p: null,
  frequency_penalty: null, presence_penalty: null, n: null, stop: null, seed: null, logprobs: null, top_logprobs: null, tools: null,
  tool_choice: null, functions: null, function_call: null, response_format: null, reasoning_effort: null, modalities: null,
  logit_bias: LACKS,
  parallel_tool_calls: 'dropped, Gemini may always call several tools at once',
  verbosity: LACKS,
  audio: 'dropped, this wire gives no spoken answers',
  prediction: LACKS,
  web_search_options: 'dropped, this wire does not search the web',
  moderation: LACKS,
  store: 'dropped, nothing is stored',
  metadata: 'dropped, nothing is stored',
  service_tier: 'dropped, only the standard tier is used',
  user: LACKS,
  safety_identifier: LACKS,
  prompt_cache_key: 'dropped, Gemini finds common prefixes itself',
  prompt_cache_retention: 'dropped, Gemini finds common prefixes itself',
  prompt_cache_options: 'dropped, Gemini finds common prefixes itself',
  sandbox: 'dropped, the sandbox is another provider',
};

/** What asks for nothing but what Gemini does anyway is left out without a word. */
const HARMLESS: Readonly<Record<string, readonly unknown[]>> = { parallel_tool_calls: [true], store: [false], service_tier: ['auto', 'default', 'standard'], verbosity: ['medium'] };

const PLACES: Places = {
  why: new Map(Object.entries(FIELDS)),
  own: 'extra_body',
  isHarmless: (field, value) => HARMLESS[field]?.includes(value) === true || (isJsonObject(value) && Object.keys(value).length === 0),
};

const SEED_MAX = 2 ** 31 - 1;

/** Gemini's request and one line for each field that was changed or dropped. */
export interface GeminiRequest {
  readonly body: JsonObject;
  readonly warnings: readonly string[];
}

export interface GeminiRequestOptions {
  readonly upstreamModel: string;
  /** Fields an operator wants dropped. */
  readonly dropFields: readonly string[];
}

/** Writes the request. Fields it has no words for are dropped and reported. */
export function writeGeminiRequest(request: ChatCompletionRequest, { upstreamModel, dropFields }: GeminiRequestOptions): GeminiRequest {
  const warnings = new Set<string>();
  const warn: Warn = (field, why) => { warnings.add(`${field}: ${why}`); };
  const body: Record<string, unknown> = { ...request };
  for (const field of dropFields) {
    if (body[field] === undefined) continue;
    delete body[field];
    warn(field, `dropped, ${upstreamModel} does not take it`);
  }
  warnOfUnplaced(body, PLACES, warn);
  const { system, contents } = writePrompt(arrayAt(body, 'messages'), { needsSignatures: thinksByLevel(upstreamModel), warn });
  const generationConfig = { ...sampling(body, warn), ...format(body, warn), ...thinkingConfig(body, upstreamModel, warn) };
  return {
    body: {
      ...(system.length > 0 ? { systemInstruction: { parts: system } } : {}),
      contents,
      ...writeTools(body, warn),
      ...(Object.keys(generationConfig).length > 0 ? { generationConfig } : {}),
    },
    warnings: [...warnings],
  };
}

function numberAt(body: JsonObject, key: string): number | null {
  const value = body[key];
  return typeof value === 'number' ? value : null;
}

/** What shapes the choice of tokens (https://ai.google.dev/api/generate-content#generationconfig, 2026-11). */
function sampling(body: JsonObject, warn: Warn): JsonObject {
  const config: Record<string, unknown> = {};
  const caps = [numberAt(body, 'max_completion_tokens'), numberAt(body, 'max_tokens')].filter((cap) => cap !== null);
  if (caps.length > 0) config['maxOutputTokens'] = Math.min(...caps);
  const seed = numberAt(body, 'seed');
  if (seed !== null && seed === Math.trunc(seed) && Math.abs(seed) <= SEED_MAX) config['seed'] = seed;
  else if (seed !== null) warn('seed', 'dropped, Gemini takes 32 bits');
  const same = [['temperature', 'temperature'], ['topP', 'top_p']] as const;
  for (const [name, field] of same) {
    const value = numberAt(body, field);
    if (value !== null) config[name] = value;
  }
  // Most models refuse penalties, even those that change nothing.
  const penalties = [['frequencyPenalty', 'frequency_penalty'], ['presencePenalty', 'presence_penalty']] as const;
  for (const [name, field] of penalties) {
    const value = numberAt(body, field);
    if (value !== null && value !== 0) config[name] = value;
  }
  const choices = numberAt(body, 'n');
  if (choices !== null && choices > 1) config['candidateCount'] = choices;
  const stops = (typeof body['stop'] === 'string' ? [body['stop']] : arrayAt(body, 'stop')).filter((stop) => stop !== '');
  if (stops.length > 0) config['stopSequences'] = stops;
  const tops = numberAt(body, 'top_logprobs');
  if (body['logprobs'] === true) {
    config['responseLogprobs'] = true;
    if (tops !== null && tops > 0) config['logprobs'] = tops;
  } else if (tops !== null && tops > 0) warn('top_logprobs', 'dropped, logprobs is not set');
  return config;
}

/** The form of the answer. A schema goes as the JSON Schema it is (`responseJsonSchema`, https://ai.google.dev/gemini-api/docs/structured-output, 2026-11). */
function format(body: JsonObject, warn: Warn): JsonObject {
  const config: Record<string, unknown> = {};
  const wanted = objectAt(body, 'response_format');
  const type = stringAt(wanted, 'type');
  if (type === 'json_object' || type === 'json_schema') config['responseMimeType'] = 'application/json';
  const schema = objectAt(objectAt(wanted, 'json_schema'), 'schema');
  if (type === 'json_schema' && schema) config['responseJsonSchema'] = schema;
  const kinds = arrayAt(body, 'modalities');
  if (kinds.includes('image')) config['responseModalities'] = kinds.includes('text') ? ['TEXT', 'IMAGE'] : ['IMAGE'];
  if (kinds.some((kind) => kind !== 'text' && kind !== 'image')) warn('modalities', 'this wire gives text and images only');
  return config;
}
