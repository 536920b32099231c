/** This file writes Anthropic's Messages request for a chat request; every field is mapped, or dropped with a warning. */
import type { ChatCompletionRequest } from '../../generated/client/types.gen.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { ruleOf } from './anthropic-messages-models.ts';
import type { ModelRule } from './anthropic-messages-models.ts';
import { toPrompt } from './anthropic-messages-prompt.ts';
import { fitSchema } from './anthropic-messages-schema.ts';
import { planReasoning } from './anthropic-messages-thinking.ts';
import type { Warn } from './anthropic-messages-thinking.ts';
import { planTools } from './anthropic-messages-tools.ts';
import { withoutDropped } from './dropped-fields.ts';
import type { WireRequest } from './wire.ts';

/** What is generated at most when the caller names no cap: Anthropic wants one always. */
const OUTPUT_TOKENS_DEFAULT = 32_000;
const OUTPUT_TOKENS_UNKNOWN = 4096;

/** A request body and what had to be changed or dropped for it. */
export interface MessagesBody {
  readonly json: string;
  readonly warnings: readonly string[];
}

/** Writes the body of `POST /messages` (platform.claude.com, "Create a Message", read 2026-11). */
export function toMessagesBody(request: WireRequest): MessagesBody {
  const warnings = new Set<string>();
  const warn: Warn = (line) => { warnings.add(line); };
  const rule = ruleOf(request.target.upstreamModel);
  const body = withoutDropped(request, warn);
  warnOfDropped(body, warn);
  const prompt = toPrompt(body.messages, warn);
  const { tools, choice, isForced } = planTools(body, rule, warn);
  const maxTokens = capOf(body, rule, warn);
  const reasoning = planReasoning({ effort: body.reasoning_effort ?? null, rule, maxTokens, isForced, continuesUnthought: prompt.continuesUnthought }, warn);
  const config = { ...(reasoning.effort === null ? {} : { effort: reasoning.effort }), ...outputFormat(body, rule, warn) };
  const isThinking = reasoning.thinking !== null && reasoning.thinking['type'] !== 'disabled';
  const json: JsonObject = {
    model: request.target.upstreamModel,
    max_tokens: maxTokens,
    ...(prompt.system.length === 0 ? {} : { system: prompt.system }),
    messages: prompt.messages,
    ...(tools.length === 0 ? {} : { tools }),
    ...(choice === null ? {} : { tool_choice: choice }),
    ...(reasoning.thinking === null ? {} : { thinking: reasoning.thinking }),
    ...(Object.keys(config).length === 0 ? {} : { output_config: config }),
    ...sampling(body, { takesSampling: rule.takesSampling, isThinking }, warn),
    ...stopSequences(body, warn),
    ...serviceTier(body, warn),
    ...userMetadata(body, warn),
    ...(request.isStream ? { stream: true } : {}),
  };
  return { json: JSON.stringify(json), warnings: [...warnings] };
}

const MAPPED: ReadonlySet<string> = new Set([
  'model', 'messages', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens', 'temperature', 'top_p', 'stop', 'tools', 'tool_choice',
  'parallel_tool_calls', 'functions', 'function_call', 'response_format', 'reasoning_effort', 'service_tier', 'user', 'safety_identifier',
]);

/** Fields of the contract that Anthropic lacks, with the values that ask for nothing. */
const LACKING: Readonly<Record<string, readonly unknown[]>> = {
  n: [1], frequency_penalty: [0], presence_penalty: [0], seed: [], logit_bias: ['{}'], logprobs: [false], top_logprobs: [0], verbosity: [],
  modalities: ['["text"]'], audio: [], prediction: [], web_search_options: [], moderation: [], store: [false], metadata: ['{}'],
  prompt_cache_key: [], prompt_cache_retention: [], prompt_cache_options: ['{}'], sandbox: [],
};

/** Unknown fields named in warnings, and how much of each name: a header has its limits. */
const UNKNOWN_FIELDS_MAX = 20;
const FIELD_CHARS_MAX = 64;

function warnOfDropped(body: ChatCompletionRequest, warn: Warn): void {
  let unknown = 0;
  for (const [field, value] of Object.entries(body)) {
    if (MAPPED.has(field) || value === null || value === undefined) continue;
    const harmless = Object.hasOwn(LACKING, field) ? LACKING[field] : undefined;
    if (harmless?.includes(typeof value === 'object' ? JSON.stringify(value) : value) === true) continue;
    if (harmless) warn(`${field}: dropped, the provider has no such option`);
    else if (unknown++ < UNKNOWN_FIELDS_MAX) warn(`${field.slice(0, FIELD_CHARS_MAX)}: dropped, unknown to this provider's wire`);
  }
  if (unknown > UNKNOWN_FIELDS_MAX) warn(`${unknown - UNKNOWN_FIELDS_MAX} more fields: dropped, unknown to this provider's wire`);
}

/** The smaller of the caller's caps, and never more than the model gives. */
function capOf(body: ChatCompletionRequest, { outputTokensMax }: ModelRule, warn: Warn): number {
  const asked = [body.max_tokens, body.max_completion_tokens].filter((cap) => typeof cap === 'number');
  if (asked.length === 0) return outputTokensMax === null ? OUTPUT_TOKENS_UNKNOWN : Math.min(OUTPUT_TOKENS_DEFAULT, outputTokensMax);
  const cap = Math.min(...asked);
  if (outputTokensMax === null || cap <= outputTokensMax) return cap;
  warn(`max_tokens: sent as ${outputTokensMax}, the most this model generates`);
  return outputTokensMax;
}

/** Temperature goes up to 1; newer models take only one of the two fields, and while they think neither. */
function sampling(body: ChatCompletionRequest, { takesSampling, isThinking }: { takesSampling: boolean; isThinking: boolean }, warn: Warn): JsonObject {
  const { temperature, top_p: topP } = body;
  // 1 is the default of both.
  const wants = { temperature: typeof temperature === 'number' && temperature !== 1, topP: typeof topP === 'number' && topP !== 1 };
  if (!takesSampling || isThinking) {
    const why = takesSampling ? 'not taken while the model reasons' : 'not taken by this model';
    if (wants.temperature) warn(`temperature: dropped, ${why}`);
    if (wants.topP) warn(`top_p: dropped, ${why}`);
    return {};
  }
  if (typeof temperature !== 'number') return wants.topP ? { top_p: topP } : {};
  if (wants.topP && wants.temperature) warn('top_p: dropped, not taken together with temperature');
  if (temperature === 1) return wants.topP ? { top_p: topP } : { temperature };
  if (temperature > 1) warn('temperature: sent as 1, the most the provider takes');
  return { temperature: Math.min(temperature, 1) };
}

function stopSequences({ stop }: ChatCompletionRequest, warn: Warn): JsonObject {
  const asked = typeof stop === 'string' ? [stop] : stop ?? [];
  const visible = asked.filter((sequence) => sequence.trim() !== '');
  if (visible.length < asked.length) warn('stop: blank sequences dropped, the provider refuses them');
  return visible.length === 0 ? {} : { stop_sequences: visible };
}

function serviceTier({ service_tier: tier }: ChatCompletionRequest, warn: Warn): JsonObject {
  if (tier === null || tier === undefined || tier === 'auto') return {};
  if (tier === 'default' || tier === 'standard_only') return { service_tier: 'standard_only' };
  warn('service_tier: dropped, the provider has auto and default');
  return {};
}

const USER_CHARS_MAX = 256;
/** Anthropic refuses ids that look like an e-mail address or a telephone number. */
const PERSONAL = /[^\s@]@[^\s@]+\.[^\s@]|^\+?[\d\s().-]{7,}$/;

function userMetadata(body: ChatCompletionRequest, warn: Warn): JsonObject {
  const id = body.safety_identifier ?? body.user ?? '';
  if (id === '') return {};
  const field = typeof body.safety_identifier === 'string' ? 'safety_identifier' : 'user';
  if (id.length > USER_CHARS_MAX || PERSONAL.test(id)) {
    warn(`${field}: dropped, the provider takes only opaque ids of up to ${USER_CHARS_MAX} characters`);
    return {};
  }
  if (field === 'safety_identifier' && typeof body.user === 'string' && body.user !== id) warn('user: dropped, safety_identifier is sent');
  return { metadata: { user_id: id } };
}

function outputFormat({ response_format: format }: ChatCompletionRequest, rule: ModelRule, warn: Warn): JsonObject {
  if (!format || format.type === 'text') return {};
  if (format.type === 'json_object') {
    warn('response_format: json_object dropped, the provider takes json_schema');
    return {};
  }
  const { schema } = format.json_schema;
  if (!schema || !rule.takesSchemas) {
    warn(`response_format: dropped, ${schema ? 'the model does not take it' : 'it has no schema'}`);
    return {};
  }
  const fitted = fitSchema(schema);
  if (fitted.described.length > 0) warn(`response_format: described but not enforced: ${fitted.described.join(', ')}`);
  return { format: { type: 'json_schema', schema: fitted.schema } };
}
