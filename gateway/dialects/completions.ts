/** This file is the dialect of OpenAI's legacy completions: a prompt is a chat of one message, and its answer a text. https://platform.openai.com/docs/api-reference/completions (2026-11). */
import type { ChatCompletionRequest, CompletionRequest, ErrorResponse } from '../../generated/client/types.gen.ts';
import { NO_BYTES, decodeText, joinBytes } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { fail } from '../foundation/errors.ts';
import { addCounts, arrayAt, countAt, finiteAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { DONE_EVENT, dataEvent, eventPayload, eventsIn, keepAliveOf } from '../foundation/sse.ts';
import type { Dialect, DialectStream } from './dialect.ts';

/** Fields of a completion that are told in another way, or not at all. */
const TRANSLATED: ReadonlySet<string> = new Set(['prompt', 'suffix', 'best_of', 'echo', 'logprobs']);

/** Fields only a chat has: `word` goes along as a string, the rest has no place in a completion. OpenAI refuses them too. */
const CHAT_ONLY: Readonly<Record<Exclude<keyof ChatCompletionRequest, keyof CompletionRequest>, 'word' | null>> = {
  messages: null, max_completion_tokens: null, top_logprobs: null, tools: null, tool_choice: null, parallel_tool_calls: null, functions: null,
  function_call: null, response_format: null, modalities: null, audio: null, prediction: null, web_search_options: null, moderation: null,
  store: null, metadata: null, prompt_cache_options: null, reasoning_effort: 'word', verbosity: 'word', service_tier: 'word',
  safety_identifier: 'word', prompt_cache_key: 'word', prompt_cache_retention: 'word',
};
const CHAT_ONLY_FIELDS: ReadonlyMap<string, 'word' | null> = new Map(Object.entries(CHAT_ONLY));

/** Completions of one call: so many choices a chat may have. */
const CHOICES_MAX = 128;

/**
 * Makes the chats of a completions request, one for each prompt; fields that mean the same in both go along, unknown ones too. Refuses what
 * no chat can be told, and what only a chat has, with unsupported_field; a `best_of` below `n`, more than `promptsMax` prompts and more than
 * 128 completions in all with invalid_request.
 */
export function chatsOfCompletion(body: CompletionRequest, promptsMax: number): readonly ChatCompletionRequest[] {
  refuseUnsupported(body);
  const prompts = promptsOf(body);
  const count = prompts.length * choicesOf(body);
  if (prompts.length > promptsMax) fail('invalid_request', { param: 'prompt', message: `At most ${promptsMax} prompts a request: this one has ${prompts.length}.` });
  if (count > CHOICES_MAX) fail('invalid_request', { param: 'n', message: `At most ${CHOICES_MAX} completions a request: n for each of ${prompts.length} prompts makes ${count}.` });
  const { logprobs } = body;
  const same = Object.fromEntries(Object.entries(body).filter(([key, value]) => !TRANSLATED.has(key) && value !== null));
  const likely = typeof logprobs === 'number' ? { logprobs: true, top_logprobs: logprobs } : {};
  return prompts.map((prompt) => ({ ...same, model: body.model, messages: [{ role: 'user', content: prompt }], ...likely }));
}

/** How many completions each prompt is to have. */
export function choicesOf({ n }: CompletionRequest): number {
  return n ?? 1;
}

function refuseUnsupported(body: CompletionRequest): void {
  const { best_of: best, echo, logprobs, suffix } = body;
  for (const [key, value] of Object.entries(body)) {
    const kind = CHAT_ONLY_FIELDS.get(key);
    if (kind === undefined || value === null || (kind === 'word' && typeof value === 'string')) continue;
    refuse(key, kind === 'word' ? `${key} must be a text.` : `A completion has no ${key}. Ask by POST /chat/completions.`);
  }
  if (typeof suffix === 'string' && suffix !== '') refuse('suffix', 'No chat can be told what is to come after its answer. Say it in the prompt.');
  const choices = choicesOf(body);
  if ((best ?? choices) < choices) fail('invalid_request', { param: 'best_of', message: `best_of must be at least n, which is ${choices}.` });
  if ((best ?? choices) > choices) refuse('best_of', 'No chat says how likely its answers are, so the best of several can\'t be chosen. Ask for n of them.');
  if (echo === true && typeof logprobs === 'number') refuse('echo', 'No chat says how likely its prompt was. Leave out echo or logprobs.');
}

function refuse(param: string, message: string): never {
  return fail('unsupported_field', { param, message });
}

function promptsOf({ prompt }: CompletionRequest): readonly string[] {
  if (typeof prompt === 'string') return [prompt];
  return prompt.map((each: unknown) => (typeof each === 'string' ? each : refuse('prompt', 'Tokens are of one model\'s vocabulary, and a chat takes none: send the prompt as text, or to an upstream\'s own completions by /native/{provider}/completions.')));
}

/** Makes the dialect of one request. */
export function completionsDialect(body: CompletionRequest): Dialect {
  const prompts = body.echo === true ? promptsOf(body) : [];
  const echoOf = (index: number): string => (prompts.length > 1 ? prompts[Math.floor(index / choicesOf(body))] : prompts[0]) ?? '';
  return {
    toReply(completion) {
      const reply = parseJson(completion);
      const choices = arrayAt(reply, 'choices').map((choice, at) => {
        const index = indexOf(choice, at);
        return choiceOf(choice, { index, echoed: echoOf(index), offset: 0, text: textOf(objectAt(choice, 'message')) });
      });
      return JSON.stringify({ ...frameOf(reply), choices, ...usageOf(reply) });
    },
    openStream: () => openStream(echoOf),
  };
}

/** `echoOf` gives what is put before the choice at an index. */
function openStream(echoOf: (index: number) => string): DialectStream {
  /** Code points of each choice's text so far; a choice that is not there has said nothing yet. */
  const offsets = new Map<number, number>();
  const readChunk = (event: ByteText): ByteText => {
    const payload = eventPayload(event);
    if (payload === null) return keepAliveOf(event);
    const chunk = parseJson(decodeText(payload));
    const choices = arrayAt(chunk, 'choices').flatMap((choice, at) => {
      const index = indexOf(choice, at);
      const echoed = echoOf(index);
      const offset = offsets.get(index);
      const text = textOf(objectAt(choice, 'delta'));
      const isSilent = text === '' && stringAt(choice, 'finish_reason') === null && tokensOf(choice).length === 0;
      if (isSilent && offset !== undefined) return [];
      if (isSilent && echoed === '') return [];
      offsets.set(index, (offset ?? lengthOf(echoed)) + lengthOf(text));
      return [choiceOf(choice, { index, echoed: offset === undefined ? echoed : '', offset: offset ?? 0, text })];
    });
    const usage = usageOf(chunk);
    if (choices.length === 0 && !('usage' in usage)) return NO_BYTES;
    return dataEvent(JSON.stringify({ ...frameOf(chunk), choices, ...usage }));
  };
  return {
    read(event) {
      const told = eventsIn(event).map(readChunk).reduce(joinBytes, NO_BYTES);
      return told === '' ? null : told;
    },
    finish: () => DONE_EVENT,
    fail: (error: ErrorResponse) => dataEvent(JSON.stringify(error)),
  };
}

function frameOf(reply: unknown) {
  const fingerprint = stringAt(reply, 'system_fingerprint');
  return {
    id: `cmpl-${(stringAt(reply, 'id') ?? '').replace(/^chatcmpl-/, '')}`, object: 'text_completion' as const, created: countAt(reply, 'created'), model: stringAt(reply, 'model') ?? '',
    ...(fingerprint === null ? {} : { system_fingerprint: fingerprint }),
  };
}

/** The usage of a reply or a chunk, its counts whole; nothing where it counts nothing. */
function usageOf(said: unknown): { usage?: JsonObject } {
  const usage = objectAt(said, 'usage');
  if (!usage || !TOTALS.some((key) => typeof usage[key] === 'number')) return {};
  const [prompt, completion] = [countAt(usage, 'prompt_tokens'), countAt(usage, 'completion_tokens')];
  const details = Object.fromEntries(DETAILS.flatMap((key) => {
    const detail = objectAt(usage, key);
    return detail ? [[key, Object.fromEntries(Object.keys(detail).filter((name) => typeof detail[name] === 'number').map((name) => [name, countAt(detail, name)]))] as const] : [];
  }));
  return { usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: countAt(usage, 'total_tokens') || addCounts(prompt, completion), ...details } };
}

const TOTALS = ['prompt_tokens', 'completion_tokens', 'total_tokens'];
const DETAILS = ['prompt_tokens_details', 'completion_tokens_details'];

/** Where the choice stands: what it says itself, or else its place. */
function indexOf(choice: unknown, at: number): number {
  const index = isJsonObject(choice) ? choice['index'] : null;
  return typeof index === 'number' && Number.isSafeInteger(index) && index >= 0 ? index : at;
}

/** A refusal is an answer too; thoughts have no place here, and of content in parts the texts are told. */
function textOf(message: unknown): string {
  const content = stringAt(message, 'content') ?? arrayAt(message, 'content').map((part) => stringAt(part, 'text') ?? '').join('');
  return content === '' ? stringAt(message, 'refusal') ?? '' : content;
}

function tokensOf(choice: unknown): readonly unknown[] {
  return arrayAt(objectAt(choice, 'logprobs'), 'content');
}

interface Told {
  readonly index: number;
  /** Put before the text. */
  readonly echoed: string;
  /** Where the text begins, in code points. */
  readonly offset: number;
  readonly text: string;
}

function choiceOf(choice: unknown, { index, echoed, offset, text }: Told) {
  return { text: echoed + text, index, logprobs: logprobsOf(tokensOf(choice), offset), finish_reason: reasonOf(stringAt(choice, 'finish_reason')) };
}

/** A call of a tool can't be asked for here; what ends for any other reason has simply ended. */
function reasonOf(reason: string | null): 'stop' | 'length' | 'content_filter' | null {
  if (reason === null || reason === 'length' || reason === 'content_filter') return reason;
  return 'stop';
}

function logprobsOf(tokens: readonly unknown[], offset: number) {
  if (tokens.length === 0) return null;
  let next = offset;
  const told = tokens.map((token) => {
    const text = stringAt(token, 'token') ?? '';
    const at = next;
    next += lengthOf(text);
    return { text, at, logprob: likelihoodOf(token), top: Object.fromEntries(arrayAt(token, 'top_logprobs').map((top) => [stringAt(top, 'token') ?? '', likelihoodOf(top)])) };
  });
  return {
    tokens: told.map(({ text }) => text), token_logprobs: told.map(({ logprob }) => logprob), top_logprobs: told.map(({ top }) => top), text_offset: told.map(({ at }) => at),
  };
}

/** A logarithm of what is 1 at most. */
function likelihoodOf(token: unknown): number {
  return Math.min(0, finiteAt(token, 'logprob'));
}

function lengthOf(text: string): number {
  return [...text].length;
}
