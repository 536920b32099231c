/** This file turns a Responses request into a chat request. https://platform.openai.com/docs/api-reference/responses/create (2026-11). */
import type { ChatCompletionRequest, ChatMessage, ResponseFormat, ResponseRequest } from '../../generated/client/types.gen.ts';
import { fail } from '../foundation/errors.ts';
import { isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import { messagesOf } from './responses-items.ts';
import type { OpenThoughts } from './responses-items.ts';
import type { KeptTurn } from './responses-state.ts';
import { toolsOf } from './responses-tools.ts';
import type { Warn } from './responses-tools.ts';
import type { ToolNames } from './responses-names.ts';

/** What the request leans on besides itself. */
export interface RequestContext {
  /** The answers before this one, the oldest first. */
  readonly history: readonly KeptTurn[];
  readonly openThoughts: OpenThoughts;
}

/** The chat in place of a Responses request. */
export interface WrittenChat {
  readonly chat: ChatCompletionRequest;
  readonly names: ToolNames;
  /** One line for each field that was changed or dropped. */
  readonly warnings: readonly string[];
}

/** Fields that mean the same in both. */
const SAME = [
  'temperature', 'top_p', 'presence_penalty', 'frequency_penalty', 'user', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention',
  'prompt_cache_options', 'service_tier', 'moderation', 'sandbox',
] as const;
/** Fields that are translated, kept by the gateway, or have nothing to change in a chat. */
const KNOWN: ReadonlySet<string> = new Set([
  ...SAME, 'model', 'input', 'instructions', 'stream', 'stream_options', 'max_output_tokens', 'tools', 'tool_choice', 'parallel_tool_calls', 'text', 'reasoning',
  'include', 'store', 'metadata', 'previous_response_id', 'truncation', 'top_logprobs', 'max_tool_calls', 'background', 'conversation', 'prompt', 'client_metadata',
]);

/** Fields that ask for what the gateway does not do at all. */
const REFUSED: Readonly<Record<string, string>> = {
  conversation: 'The gateway keeps no conversations. Name the answer before this one in previous_response_id.',
  prompt: 'The gateway keeps no prompt templates. Send the prompt itself as instructions and input.',
};

/** Translates a whole request. Refuses what can't be done for anybody with unsupported_field. `items` is its input, references resolved. */
export function chatOfResponse(body: ResponseRequest, items: readonly unknown[], { history, openThoughts }: RequestContext): WrittenChat {
  const warnings: string[] = [];
  const warn: Warn = (line) => { warnings.push(line); };
  refuseUnsupported(body);
  if (body.background === true && body.store === false) {
    fail('invalid_request', { param: 'background', message: 'An answer made in the background must be stored: leave out store, or background.' });
  }
  for (const [field, value] of Object.entries(body)) {
    if (!KNOWN.has(field) && value !== null) warn(`${field}: dropped, no chat knows it`);
  }
  if (body.truncation === 'auto') warn('truncation: auto dropped, what is too long for the model is refused by it');
  const { fields, names } = toolsOf(body, warn);
  const before = history.flatMap((turn) => [
    ...messagesOf(turn.input, { openThoughts, warn, param: 'previous_response_id' }),
    ...messagesOf(turn.output, { openThoughts, warn, param: 'previous_response_id', kept: turn.thoughts }),
  ]);
  const messages = [...instructionsOf(body), ...before, ...messagesOf(items, { openThoughts, warn, param: 'input' })];
  if (messages.length === 0) fail('invalid_request', { param: 'input', message: 'There is nothing to answer: send input, instructions or previous_response_id.' });
  return { chat: { ...sameOf(body), ...fields, ...formOf(body), model: body.model, messages, ...streamOf(body) }, names, warnings };
}

function refuseUnsupported(body: ResponseRequest): void {
  for (const [param, message] of Object.entries(REFUSED)) {
    const value = (Object.entries(body).find(([field]) => field === param) ?? [])[1];
    if (value !== undefined && value !== null && value !== false) fail('unsupported_field', { param, message });
  }
}

function instructionsOf({ instructions }: ResponseRequest): ChatMessage[] {
  return typeof instructions === 'string' && instructions !== '' ? [{ role: 'system', content: instructions }] : [];
}

function sameOf(body: ResponseRequest): object {
  const wanted = new Set<string>(SAME);
  return Object.fromEntries(Object.entries(body).filter(([field, value]) => wanted.has(field) && value !== null));
}

/** What the answer must look like, and how much may go into it. */
function formOf(body: ResponseRequest): Omit<Partial<ChatCompletionRequest>, 'model' | 'messages'> {
  const effort = stringAt(body.reasoning, 'effort');
  const verbosity = stringAt(body.text, 'verbosity');
  const format = formatOf(objectAt(body.text, 'format'));
  const wantsLogprobs = (body.top_logprobs ?? 0) > 0 || (body.include ?? []).includes('message.output_text.logprobs');
  return {
    ...(typeof body.max_output_tokens === 'number' ? { max_completion_tokens: body.max_output_tokens } : {}),
    ...(effort === null ? {} : { reasoning_effort: effort }),
    ...(verbosity === null ? {} : { verbosity }),
    ...(format === null ? {} : { response_format: format }),
    ...(wantsLogprobs ? { logprobs: true, ...((body.top_logprobs ?? 0) > 0 ? { top_logprobs: body.top_logprobs ?? 0 } : {}) } : {}),
  };
}

function formatOf(format: unknown): ResponseFormat | null {
  const type = stringAt(format, 'type');
  if (type === 'json_object') return { type };
  if (type !== 'json_schema' || !isJsonObject(format)) return null;
  const description = stringAt(format, 'description');
  const strict = format['strict'];
  return {
    type,
    json_schema: {
      name: stringAt(format, 'name') ?? 'answer',
      ...(description === null ? {} : { description }),
      schema: { ...objectAt(format, 'schema') },
      ...(typeof strict === 'boolean' ? { strict } : {}),
    },
  };
}

/** In the background an upstream streams too: what has come of an answer must be known when it is cancelled. */
function streamOf({ stream, background }: ResponseRequest): Pick<ChatCompletionRequest, 'stream' | 'stream_options'> {
  return stream === true || background === true ? { stream: true, stream_options: { include_usage: true } } : {};
}
