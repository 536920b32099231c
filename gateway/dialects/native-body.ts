/** This file reads what a native request may cost out of its body: model, caps, choices; and what can't be metered in it. */
import { fail } from '../foundation/errors.ts';
import type { JsonEdit, JsonOutline } from '../foundation/json-outline.ts';
import { arrayAt, isJsonObject, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { NativeForm } from '../foundation/terms.ts';
import type { MeteredPath } from './native.ts';
import { unmeteredField } from './native-limits.ts';
import type { UnmeteredField } from './native-limits.ts';

/** What a metered request asks for. */
export interface NativeRequest {
  readonly form: NativeForm;
  /** As the provider calls it. */
  readonly model: string;
  readonly isStream: boolean;
  /** The caller of a stream of chat chunks wants the one with usage. */
  readonly wantsUsage: boolean;
  /** Null where the request sets no cap. */
  readonly outputTokens: number | null;
  readonly choices: number;
  /** Fields written anew, so that the provider reads in them what was read here: a name given twice in one is then there once. */
  readonly edits: readonly JsonEdit[];
  /** The first field whose cost can't be known from a price of tokens; null when there is none. */
  readonly unmetered: UnmeteredField | null;
}

/** The fields on which money hangs, as each form spells them. Servers written in Go take them in any case, Google's in two spellings. */
const SPELLINGS: Readonly<Record<NativeForm, readonly string[]>> = {
  chat: ['model', 'stream', 'stream_options', 'n', 'max_tokens', 'max_completion_tokens', 'tools', 'functions', 'modalities'],
  completions: ['model', 'stream', 'stream_options', 'n', 'best_of', 'max_tokens', 'prompt'],
  responses: ['model', 'stream', 'max_output_tokens', 'tools', 'background', 'previous_response_id', 'conversation', 'prompt'],
  embeddings: ['model', 'input'],
  messages: ['model', 'stream', 'max_tokens', 'thinking', 'tools', 'mcp_servers', 'container', 'speed', 'inference_geo'],
  generate: ['model', 'generationConfig', 'generation_config', 'tools', 'cachedContent', 'cached_content'],
  embed: ['model', 'content'],
};

const CHOICES_MAX = 1024;
/** Prompts in one call of completions. */
const PROMPTS_MAX = 2048;

/** Reads a metered request. Refuses (400) a body that could be read in two ways, and values that are not what they should be. */
export function readNativeRequest({ form, model, isStream }: MeteredPath, body: JsonObject, outline: JsonOutline): NativeRequest {
  checkNames(form, outline);
  return {
    form,
    model: model === null ? readModel(body) : readPathModel(model, body),
    isStream: isStream ?? (form !== 'embeddings' && readFlag(body, 'stream')),
    wantsUsage: readWantsUsage(body),
    outputTokens: readCap(form, body),
    choices: readChoices(form, body),
    edits: SPELLINGS[form].flatMap((key): JsonEdit[] => (isNested(body[key]) ? [{ kind: 'set', key, json: JSON.stringify(body[key]) }] : [])),
    unmetered: unmeteredField(form, body),
  };
}

function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** A name that a parser of another kind could take for one that counts is no accident worth supporting. */
function checkNames(form: NativeForm, outline: JsonOutline): void {
  if (outline.isIrregular) {
    fail('invalid_request', { param: null, message: 'A field of the body is given twice, or its name is written with escapes: it could be read in two ways.' });
  }
  const seen = new Map<string, string>();
  const wanted = new Map(SPELLINGS[form].map((name) => [plain(name), name]));
  for (const { key } of outline.fields) {
    const name = wanted.get(plain(key));
    if (name === undefined) continue;
    if (!SPELLINGS[form].includes(key)) fail('invalid_request', { param: key.slice(0, 64), message: `Write the field '${key.slice(0, 64)}' as '${name}'.` });
    if (seen.has(plain(key))) fail('invalid_request', { param: key, message: `The field '${key}' is given twice, in two spellings.` });
    seen.set(plain(key), key);
  }
}

function plain(key: string): string {
  return key.toLowerCase().replaceAll(/[_\s-]/g, '');
}

function readModel(body: JsonObject): string {
  const model = stringAt(body, 'model');
  if (model === null || model === '') fail('invalid_request', { param: 'model', message: "Field 'model' must be a string, the model's name at the provider." });
  return model;
}

/** Gemini's body may repeat the model of the path, and nothing else. */
function readPathModel(model: string, body: JsonObject): string {
  const said = body['model'];
  if (said !== undefined && said !== model && said !== `models/${model}`) {
    fail('invalid_request', { param: 'model', message: `Field 'model' must be left out, or be models/${model} as in the path.` });
  }
  return model;
}

function readFlag(body: JsonObject, key: string): boolean {
  const value = body[key] ?? false;
  return typeof value === 'boolean' ? value : fail('invalid_request', { param: key, message: `Field '${key}' must be true or false.` });
}

function readWantsUsage(body: JsonObject): boolean {
  const options = body['stream_options'];
  return isJsonObject(options) && options['include_usage'] === true;
}

/** A whole number above 0, or null for none; -1, with which some servers mean no limit, is none too. */
function readCount(body: unknown, key: string, param = key): number | null {
  const value = isJsonObject(body) ? body[key] ?? null : null;
  if (value === null) return null;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return fail('invalid_request', { param, message: `Field '${param}' must be a whole number.` });
  return value > 0 ? value : null;
}

function readCap(form: NativeForm, body: JsonObject): number | null {
  switch (form) {
    case 'chat': return most(readCount(body, 'max_tokens'), readCount(body, 'max_completion_tokens'));
    case 'completions': return readCount(body, 'max_tokens');
    case 'responses': return readCount(body, 'max_output_tokens');
    case 'messages': return withThinking(readCount(body, 'max_tokens'), readCount(body['thinking'], 'budget_tokens', 'thinking.budget_tokens'));
    case 'generate': return eitherSpelling(body, ['maxOutputTokens', 'max_output_tokens']);
    case 'embeddings':
    case 'embed': return 0;
    default: return form satisfies never;
  }
}

function most(one: number | null, other: number | null): number | null {
  return one === null || other === null ? one ?? other : Math.max(one, other);
}

/** With interleaved thinking the budget may be larger than `max_tokens`, and comes beside it (platform.claude.com, "Extended thinking", read 2026-11). */
function withThinking(cap: number | null, budget: number | null): number | null {
  return cap === null || budget === null || budget < cap ? cap : cap + budget;
}

/** A number in Gemini's `generationConfig`, whichever way it is spelled; of two the larger. */
function eitherSpelling(body: JsonObject, keys: readonly string[]): number | null {
  const config = body['generationConfig'] ?? body['generation_config'];
  return keys.map((key) => readCount(config, key, `generationConfig.${key}`)).reduce(most, null);
}

function readChoices(form: NativeForm, body: JsonObject): number {
  switch (form) {
    case 'chat': return bounded(readCount(body, 'n') ?? 1, 'n', CHOICES_MAX);
    case 'completions': return bounded(most(readCount(body, 'n'), readCount(body, 'best_of')) ?? 1, 'n', CHOICES_MAX) * bounded(promptsOf(body), 'prompt', PROMPTS_MAX);
    case 'generate': return bounded(eitherSpelling(body, ['candidateCount', 'candidate_count']) ?? 1, 'generationConfig.candidateCount', CHOICES_MAX);
    case 'responses':
    case 'messages':
    case 'embeddings':
    case 'embed': return 1;
    default: return form satisfies never;
  }
}

function bounded(count: number, param: string, max: number): number {
  return count <= max ? count : fail('invalid_request', { param, message: `At most ${max} of '${param}' can be asked for in one call.` });
}

/** A list of texts or of lists of tokens is so many prompts; a list of tokens is one. */
function promptsOf(body: JsonObject): number {
  const prompts = arrayAt(body, 'prompt');
  return prompts.length === 0 || typeof prompts[0] === 'number' ? 1 : prompts.length;
}
