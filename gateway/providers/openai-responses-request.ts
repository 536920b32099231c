/** This file writes a Responses request for a chat request; every field is mapped, or dropped with a warning. */
import type { ChatCompletionRequest } from '../../generated/client/types.gen.ts';
import { isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Quirks } from '../foundation/terms.ts';
import { droppedFields, warnOfUnplaced, withoutDropped } from './dropped-fields.ts';
import type { Places } from './dropped-fields.ts';
import { toInput } from './openai-responses-input.ts';
import type { Warn } from './openai-responses-reasoning.ts';
import { writeTools } from './openai-responses-tools.ts';
import type { WireRequest } from './wire.ts';

const LACKS = 'dropped, the Responses API has nothing like it';

/** Every field of the contract: null for what is written below, or why it is dropped. */
const FIELDS: Readonly<Record<keyof ChatCompletionRequest, string | null>> = {
  model: null, messages: null, stream: null, stream_options: null, max_completion_tokens: null, max_tokens: null, temperature: null, top_p: null,
  logprobs: null, top_logprobs: null, tools: null, tool_choice: null, functions: null, function_call: null, parallel_tool_calls: null,
  response_format: null, reasoning_effort: null, verbosity: null, web_search_options: null, moderation: null, metadata: null, service_tier: null,
  user: null, safety_identifier: null, prompt_cache_key: null, prompt_cache_retention: null, prompt_cache_options: null,
  frequency_penalty: LACKS, presence_penalty: LACKS, n: LACKS, stop: LACKS, seed: LACKS, logit_bias: LACKS, prediction: LACKS,
  modalities: 'dropped, this wire gives text only',
  audio: 'dropped, this wire gives no spoken answers',
  store: 'dropped, nothing is stored at the provider',
  sandbox: 'dropped, the sandbox is another provider',
};

/** What asks for nothing but what is done anyway is left out without a word. */
const HARMLESS: Readonly<Record<string, readonly unknown[]>> = {
  n: [1], frequency_penalty: [0], presence_penalty: [0], store: [false], logit_bias: ['{}'], modalities: ['["text"]'], stop: ['[]', ''],
};

/** Fields that mean the same on both sides, and go as they are. */
const SAME = [
  'temperature', 'top_p', 'moderation', 'metadata', 'service_tier', 'user', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention', 'prompt_cache_options',
] as const;

const PLACES: Places = {
  why: new Map(Object.entries(FIELDS)),
  own: 'reasoning',
  isHarmless: (field, value) => HARMLESS[field]?.includes(typeof value === 'object' ? JSON.stringify(value) : value) === true,
};

/** A request body and what had to be changed or dropped for it. */
export interface ResponsesBody {
  readonly json: string;
  readonly warnings: readonly string[];
}

/**
 * Writes the body of `POST /responses` (OpenAI's contract, `CreateResponse`, 2026-08). Nothing is ever stored upstream: a reply's
 * state goes back to the caller, and comes with the next request.
 */
export function toResponsesBody(request: WireRequest): ResponsesBody {
  const warnings = new Set<string>();
  const warn: Warn = (field, why) => { warnings.add(`${field}: ${why}`); };
  const quirks: Quirks = { ...request.target.provider.quirks, ...request.target.quirks };
  const body = withoutDropped(request, (line) => { warnings.add(line); });
  warnOfUnplaced(body, PLACES, warn);
  if (body.stream_options?.include_obfuscation === true) warn('stream_options', 'include_obfuscation dropped, this wire pads no chunks');
  const json: Record<string, unknown> = {
    model: request.target.upstreamModel,
    input: toInput(body.messages, { takesDevelopers: quirks.developerRole !== false, warn }),
    store: false,
    ...sameFields(body),
    ...outputCap(body),
    ...writeTools(body, warn),
    ...textOptions(body, warn),
    ...reasoningOptions(body, warn),
    ...included(body, request.target.upstreamModel, warn),
    ...(request.isStream ? { stream: true } : {}),
  };
  // An operator may also name what this wire adds, such as `include`, for a server that knows it not.
  for (const field of droppedFields(request.target)) if (field !== 'model' && field !== 'input' && field !== 'store' && field !== 'stream') Reflect.deleteProperty(json, field);
  return { json: JSON.stringify(json), warnings: [...warnings] };
}

function sameFields(body: ChatCompletionRequest): JsonObject {
  const fields: Record<string, unknown> = {};
  for (const field of SAME) {
    const value = body[field];
    if (value !== null && value !== undefined) fields[field] = value;
  }
  return fields;
}

/** The smaller of the caller's caps. It counts reasoning too, as `max_completion_tokens` does. */
function outputCap(body: ChatCompletionRequest): JsonObject {
  const asked = [body.max_tokens, body.max_completion_tokens].filter((cap) => typeof cap === 'number');
  return asked.length === 0 ? {} : { max_output_tokens: Math.min(...asked) };
}

function textOptions({ response_format: format, verbosity }: ChatCompletionRequest, warn: Warn): JsonObject {
  const text: Record<string, unknown> = {};
  if (format?.type === 'json_object') text['format'] = { type: 'json_object' };
  if (format?.type === 'json_schema') {
    const { name, description, schema, strict } = format.json_schema;
    if (schema) {
      text['format'] = {
        type: 'json_schema', name, schema,
        ...(typeof description === 'string' ? { description } : {}),
        ...(typeof strict === 'boolean' ? { strict } : {}),
      };
    } else warn('response_format', 'dropped, it has no schema');
  }
  if (typeof verbosity === 'string') text['verbosity'] = verbosity;
  return Object.keys(text).length === 0 ? {} : { text };
}

/**
 * How much is thought, and whether a summary of it is shown: only when asked for, with `reasoning.summary`, because OpenAI may refuse
 * it to organisations it has not verified (from memory; unverified).
 */
function reasoningOptions(body: ChatCompletionRequest, warn: Warn): JsonObject {
  const own = objectAt(body, 'reasoning');
  const effort = body.reasoning_effort ?? stringAt(own, 'effort');
  const summary = stringAt(own, 'summary');
  if (isJsonObject(own) && Object.keys(own).some((key) => key !== 'effort' && key !== 'summary')) warn('reasoning', 'only effort and summary are taken');
  if (effort === null && summary === null) return {};
  return { reasoning: { ...(effort === null ? {} : { effort }), ...(summary === null ? {} : { summary }) } };
}

/** OpenAI's models that don't reason refuse to be asked for what they thought (the AI SDK asks only the others, `@ai-sdk/openai`, read 2026-11). */
const UNTHINKING = /(?:^|[/:])(?:gpt-[34](?!\d)|gpt-5-chat|chatgpt-)/;

/** What the reply is to hold besides: the reasoning, encrypted, so that it can come back, and log probabilities when asked for. */
function included(body: ChatCompletionRequest, upstreamModel: string, warn: Warn): JsonObject {
  const include = UNTHINKING.test(upstreamModel) ? [] : ['reasoning.encrypted_content'];
  const wantsLogprobs = body.logprobs === true;
  if (wantsLogprobs) include.push('message.output_text.logprobs');
  const tops = body.top_logprobs ?? 0;
  if (!wantsLogprobs && tops > 0) warn('top_logprobs', 'dropped, logprobs is not set');
  return { ...(include.length === 0 ? {} : { include }), ...(wantsLogprobs && tops > 0 ? { top_logprobs: tops } : {}) };
}
