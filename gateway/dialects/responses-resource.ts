/** This file writes the answer of Responses as one object, whatever stage it is at. */
import type { ResponseRequest } from '../../generated/client/types.gen.ts';
import { arrayAt, countAt, isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { openAiTier } from '../foundation/service-tiers.ts';

/** What an answer is at one moment. */
export interface Stage {
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled';
  /** The model that answers. */
  readonly model: string;
  readonly output: readonly JsonObject[];
  readonly usage: JsonObject | null;
  /** Unix seconds; null until it is complete. */
  readonly completedAt: number | null;
  readonly incompleteReason: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly serviceTier: string | null;
}

/** What stays the same over all stages. */
export interface Frame {
  readonly id: string;
  readonly body: ResponseRequest;
  /** Unix seconds. */
  readonly createdAt: number;
}

/** Writes the answer with every field OpenAI and Open Responses (2026-04-24) want there. */
export function writeResource({ id, body, createdAt }: Frame, stage: Stage): JsonObject {
  return {
    id, object: 'response', created_at: createdAt, completed_at: stage.completedAt, status: stage.status, background: body.background === true,
    error: stage.error, incomplete_details: stage.incompleteReason === null ? null : { reason: stage.incompleteReason },
    instructions: body.instructions ?? null, max_output_tokens: body.max_output_tokens ?? null, max_tool_calls: body.max_tool_calls ?? null,
    model: stage.model, output: stage.output, parallel_tool_calls: body.parallel_tool_calls ?? true, previous_response_id: body.previous_response_id ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null, reasoning: { effort: null, summary: null, ...present(body.reasoning) },
    safety_identifier: body.safety_identifier ?? null, service_tier: stage.serviceTier ?? body.service_tier ?? 'default', store: body.store ?? true,
    temperature: body.temperature ?? 1, text: { ...present(body.text), format: formatOf(objectAt(body.text, 'format')) }, tool_choice: body.tool_choice ?? 'auto',
    tools: arrayAt(body, 'tools').map(toolOf), top_logprobs: body.top_logprobs ?? 0, top_p: body.top_p ?? 1,
    presence_penalty: body.presence_penalty ?? 0, frequency_penalty: body.frequency_penalty ?? 0, truncation: body.truncation ?? 'disabled',
    usage: stage.usage, ...(typeof body.user === 'string' ? { user: body.user } : {}), metadata: body.metadata ?? {},
  };
}

function present(object: unknown): JsonObject {
  return isJsonObject(object) ? object : {};
}

function formatOf(format: JsonObject | null): JsonObject {
  if (format === null) return { type: 'text' };
  return format['type'] === 'json_schema' ? { description: null, ...format, strict: format['strict'] ?? false } : format;
}

function toolOf(tool: unknown): unknown {
  if (!isJsonObject(tool)) return tool;
  if (tool['type'] === 'namespace') return { ...tool, tools: arrayAt(tool, 'tools').map(toolOf) };
  if (tool['type'] !== 'function') return tool;
  return { ...tool, description: tool['description'] ?? null, parameters: tool['parameters'] ?? null, strict: tool['strict'] ?? false };
}

/** A chat's usage in the words of Responses; null where there is none. */
export function usageOf(usage: unknown): JsonObject | null {
  if (!isJsonObject(usage)) return null;
  const prompt = objectAt(usage, 'prompt_tokens_details');
  const input = countAt(usage, 'prompt_tokens');
  const output = countAt(usage, 'completion_tokens');
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: countAt(prompt, 'cached_tokens'), cache_write_tokens: countAt(prompt, 'cache_write_tokens') || countAt(prompt, 'cache_creation_tokens') },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: countAt(objectAt(usage, 'completion_tokens_details'), 'reasoning_tokens') },
    total_tokens: countAt(usage, 'total_tokens') || input + output,
  };
}

/** Why an answer is not complete, by its chat's finish_reason; null when it is. */
export function incompleteReasonOf(finishReason: string | null): string | null {
  if (finishReason === 'length') return 'max_output_tokens';
  return finishReason === 'content_filter' ? 'content_filter' : null;
}

/** How likely a token was; nothing for what is no such thing, or can't be written. */
export function logprobOf(said: unknown): JsonObject[] {
  return likely(said).map((token) => ({ ...token, top_logprobs: arrayAt(said, 'top_logprobs').flatMap(likely) }));
}

const encoder = new TextEncoder();

/** A response always tells the bytes, which streams of its own API leave out: they are those of the text. */
function likely(said: unknown): JsonObject[] {
  const token = stringAt(said, 'token');
  if (!isJsonObject(said) || token === null || !Number.isFinite(said['logprob'])) return [];
  const bytes = arrayAt(said, 'bytes');
  const isWhole = bytes.every((byte) => typeof byte === 'number' && Number.isInteger(byte) && byte >= 0 && byte <= 255);
  return [{ token, logprob: said['logprob'], bytes: isWhole && Array.isArray(said['bytes']) ? bytes : [...encoder.encode(token)] }];
}

/** The sources of an answer, as OpenAI's chat tells them: `url_citation`. */
export function annotationOf(annotation: unknown): JsonObject[] {
  const cited = objectAt(annotation, 'url_citation');
  const url = stringAt(cited, 'url');
  if (url === null) return [];
  return [{ type: 'url_citation', url, title: stringAt(cited, 'title') ?? '', start_index: countAt(cited, 'start_index'), end_index: countAt(cited, 'end_index') }];
}

/** The processing class a chat tells, in OpenAI's names; null when it tells none. */
export function serviceTierOf(chat: unknown): string | null {
  const told = stringAt(chat, 'service_tier');
  return told === null ? null : openAiTier(told);
}
