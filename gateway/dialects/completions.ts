/** This file is the dialect of OpenAI's legacy completions: a prompt is a chat of one message, and its answer a text. https://platform.openai.com/docs/api-reference/completions (2026-11). */
import type { ChatCompletionRequest, CompletionRequest, ErrorResponse } from '../../generated/client/types.gen.ts';
import { NO_BYTES, decodeText, encodeText, joinBytes } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { fail } from '../foundation/errors.ts';
import { arrayAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import { DONE_EVENT, dataEvent, eventPayload, eventsIn } from '../foundation/sse.ts';
import type { Dialect, DialectStream } from './dialect.ts';

/** Fields that mean the same in both, unknown ones included; the rest are translated. */
const TRANSLATED: ReadonlySet<string> = new Set(['prompt', 'suffix', 'best_of', 'echo', 'logprobs']);

/** Makes the chat of a completions request. Refuses what no chat can be told with unsupported_field. */
export function chatOfCompletion(body: CompletionRequest): ChatCompletionRequest {
  const { logprobs } = body;
  if (typeof body.suffix === 'string' && body.suffix !== '') refuse('suffix', 'No chat can be told what is to come after its answer. Say it in the prompt.');
  if ((body.best_of ?? 1) > (body.n ?? 1)) refuse('best_of', 'No chat says how likely its answers are, so the best of several can\'t be chosen. Ask for n of them.');
  if (body.echo === true && typeof logprobs === 'number') refuse('echo', 'No chat says how likely its prompt was. Leave out echo or logprobs.');
  const same = Object.entries(body).filter(([key, value]) => !TRANSLATED.has(key) && value !== null);
  return {
    ...Object.fromEntries(same),
    model: body.model,
    messages: [{ role: 'user', content: promptOf(body) }],
    ...(typeof logprobs === 'number' ? { logprobs: true, top_logprobs: logprobs } : {}),
  };
}

function refuse(param: string, message: string): never {
  return fail('unsupported_field', { param, message });
}

function promptOf({ prompt }: CompletionRequest): string {
  if (typeof prompt === 'string') return prompt;
  const [first] = prompt;
  if (typeof first !== 'string') return refuse('prompt', 'Tokens are of one model\'s vocabulary; send the prompt as text.');
  if (prompt.length > 1) refuse('prompt', `One prompt a request: this one has ${prompt.length}. Send one request for each.`);
  return first;
}

/** Makes the dialect of one request. */
export function completionsDialect(body: CompletionRequest): Dialect {
  const echoed = body.echo === true ? promptOf(body) : '';
  return {
    toReply(completion) {
      const reply = parseJson(completion);
      const choices = arrayAt(reply, 'choices').map((choice, index) => choiceOf(choice, { index, echoed, offset: 0, text: textOf(objectAt(choice, 'message')) }));
      return JSON.stringify({ ...frameOf(reply), choices, ...(isJsonObject(reply) && isJsonObject(reply['usage']) ? { usage: reply['usage'] } : {}) });
    },
    openStream: () => openStream(echoed),
  };
}

function openStream(echoed: string): DialectStream {
  /** Code points of each choice's text so far; a choice that is not there has said nothing yet. */
  const offsets = new Map<number, number>();
  const readChunk = (event: ByteText): ByteText => {
    const payload = eventPayload(event);
    if (payload === null) return event;
    const chunk = parseJson(decodeText(payload));
    const choices = arrayAt(chunk, 'choices').flatMap((choice, at) => {
      const index = isJsonObject(choice) && typeof choice['index'] === 'number' ? choice['index'] : at;
      const offset = offsets.get(index);
      const text = textOf(objectAt(choice, 'delta'));
      const isSilent = text === '' && stringAt(choice, 'finish_reason') === null;
      if (isSilent && offset !== undefined) return [];
      if (isSilent && echoed === '') return [];
      offsets.set(index, (offset ?? lengthOf(echoed)) + lengthOf(text));
      return [choiceOf(choice, { index, echoed: offset === undefined ? echoed : '', offset: offset ?? 0, text })];
    });
    const usage = isJsonObject(chunk) && isJsonObject(chunk['usage']) ? { usage: chunk['usage'] } : {};
    if (choices.length === 0 && !('usage' in usage)) return NO_BYTES;
    return dataEvent(JSON.stringify({ ...frameOf(chunk), choices, ...usage }));
  };
  return {
    read(event) {
      const told = eventsIn(event).map(readChunk).reduce(joinBytes, NO_BYTES);
      return told === '' ? null : told;
    },
    finish: () => DONE_EVENT,
    fail: (error: ErrorResponse) => encodeText(`data: ${JSON.stringify(error)}\n\n`),
  };
}

function frameOf(reply: unknown) {
  const fingerprint = stringAt(reply, 'system_fingerprint');
  const created = isJsonObject(reply) && typeof reply['created'] === 'number' ? reply['created'] : 0;
  return {
    id: `cmpl-${(stringAt(reply, 'id') ?? '').replace(/^chatcmpl-/, '')}`, object: 'text_completion' as const, created, model: stringAt(reply, 'model') ?? '',
    ...(fingerprint === null ? {} : { system_fingerprint: fingerprint }),
  };
}

/** A refusal is an answer too; thoughts have no place here. */
function textOf(message: unknown): string {
  return stringAt(message, 'content') ?? stringAt(message, 'refusal') ?? '';
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
  return { text: echoed + text, index, logprobs: logprobsOf(arrayAt(objectAt(choice, 'logprobs'), 'content'), offset), finish_reason: reasonOf(stringAt(choice, 'finish_reason')) };
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
    return { text, at, logprob: logprobOf(token), top: Object.fromEntries(arrayAt(token, 'top_logprobs').map((top) => [stringAt(top, 'token') ?? '', logprobOf(top)])) };
  });
  return {
    tokens: told.map(({ text }) => text), token_logprobs: told.map(({ logprob }) => logprob), top_logprobs: told.map(({ top }) => top), text_offset: told.map(({ at }) => at),
  };
}

function logprobOf(token: unknown): number {
  return isJsonObject(token) && typeof token['logprob'] === 'number' ? token['logprob'] : 0;
}

function lengthOf(text: string): number {
  return [...text].length;
}
