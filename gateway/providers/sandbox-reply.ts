/** This file writes a sandbox answer in OpenAI's shapes: one JSON reply, or the chunks of a stream. */
import type {
  ChatCompletion, ChatCompletionChunk, ChatDelta, ChatReplyMessage, ChoiceLogprobs, CompletionUsage, ToolCallDelta,
} from '../../generated/client/types.gen.ts';
import type { Answer, AnswerCall, Choice } from './sandbox-answer.ts';
import type { Ask } from './sandbox-request.ts';
import { hexOf, scoreTokens } from './sandbox-tokens.ts';

export interface Envelope {
  readonly id: string;
  readonly created: number;
}

/** One chunk of a stream, and how many tokens it brings. */
export interface Chunk {
  readonly json: ChatCompletionChunk;
  readonly tokens: number;
}

/** The whole reply. */
export function shapeReply(ask: Ask, answer: Answer, envelope: Envelope & { readonly hasUsage: boolean }): ChatCompletion {
  return {
    ...head(ask, envelope, 'chat.completion'),
    choices: answer.choices.map((choice) => ({
      index: choice.index,
      message: shapeMessage(ask, choice),
      logprobs: logprobsOf(ask, choice.content),
      finish_reason: choice.finishReason,
    })),
    ...(envelope.hasUsage ? { usage: shapeUsage(answer) } : {}),
  };
}

// Words of OpenAI's that can be answered; `auto`, and what the sandbox does not know, are served as `default`.
const SERVICE_TIERS = new Set(['default', 'flex', 'scale', 'priority']);

type Head<Kind> = Pick<ChatCompletion, 'id' | 'created' | 'model' | 'service_tier' | 'system_fingerprint'> & { object: Kind };

function head<Kind extends string>(ask: Ask, { id, created }: Envelope, object: Kind): Head<Kind> {
  const { serviceTier } = ask;
  return {
    id, object, created,
    model: ask.model,
    ...(serviceTier === null ? {} : { service_tier: SERVICE_TIERS.has(serviceTier) ? serviceTier : 'default' }),
    system_fingerprint: `fp_${hexOf(ask.model).slice(0, 10)}`,
  };
}

function shapeMessage(ask: Ask, choice: Choice): ChatReplyMessage {
  return {
    role: 'assistant',
    content: choice.content === null ? null : choice.content.join(''),
    refusal: null,
    ...(choice.reasoning.length > 0 ? { reasoning_content: choice.reasoning.join('') } : {}),
    ...shapeCalls(ask, choice.calls),
  };
}

function shapeCalls(ask: Ask, calls: readonly AnswerCall[]): Pick<ChatReplyMessage, 'tool_calls' | 'function_call'> {
  const [first] = calls;
  if (!first) return {};
  if (ask.toolChoice.style === 'legacy') return { function_call: { name: first.name, arguments: first.input } };
  return {
    tool_calls: calls.map(({ id, kind, name, input }) => (kind === 'custom'
      ? { id, type: 'custom', custom: { name, input } }
      : { id, type: 'function', function: { name, arguments: input } })),
  };
}

function logprobsOf(ask: Ask, tokens: readonly string[] | null): ChoiceLogprobs | null {
  if (ask.topLogprobs === null || tokens === null) return null;
  return { content: scoreTokens(tokens, ask.topLogprobs), refusal: null };
}

function shapeUsage(answer: Answer): CompletionUsage {
  return {
    prompt_tokens: answer.promptTokens,
    completion_tokens: answer.completionTokens,
    total_tokens: answer.promptTokens + answer.completionTokens,
    prompt_tokens_details: { cached_tokens: answer.cachedTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: answer.reasoningTokens, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0,
    },
  };
}

/** One change to one choice, before it is written as a chunk. */
interface Delta {
  readonly index: number;
  readonly delta: ChatDelta;
  readonly logprobs: ChoiceLogprobs | null;
  readonly finishReason: string | null;
  readonly tokens: number;
}

/**
 * The chunks of a stream: for each choice the role, then reasoning, content or calls bit by bit, then the finish
 * reason; choices take turns. Usage comes last, in a chunk without choices.
 */
export function shapeChunks(ask: Ask, answer: Answer, envelope: Envelope & { readonly hasUsage: boolean }): readonly Chunk[] {
  const top = head(ask, envelope, 'chat.completion.chunk');
  // A caller who asked for usage finds the field on every chunk, null until the last.
  const rest = ask.wantsUsage && envelope.hasUsage ? { usage: null } : {};
  const deltas = takeTurns(answer.choices.map((choice) => deltasOf(ask, choice)));
  const chunks = deltas.map(({ index, delta, logprobs, finishReason, tokens }): Chunk => ({
    json: { ...top, choices: [{ index, delta, logprobs, finish_reason: finishReason }], ...rest }, tokens,
  }));
  if (envelope.hasUsage) chunks.push({ json: { ...top, choices: [], usage: shapeUsage(answer) }, tokens: 0 });
  return chunks;
}

function takeTurns(queues: readonly (readonly Delta[])[]): readonly Delta[] {
  const longest = Math.max(...queues.map((queue) => queue.length));
  return Array.from({ length: longest }, (_, turn) => queues.flatMap((queue) => queue[turn] ?? [])).flat();
}

/** A choice is told in at most so many chunks, so that a long echo does not drown the reader in events. */
const CHUNKS_MAX = 512;
const CALL_CHUNKS_MAX = 64;

function deltasOf(ask: Ask, choice: Choice): readonly Delta[] {
  const plain: Omit<Delta, 'delta'> = { index: choice.index, logprobs: null, finishReason: null, tokens: 0 };
  const content = choice.content === null ? null : '';
  return [
    { ...plain, delta: { role: 'assistant', content, refusal: null } },
    ...group(choice.reasoning, CHUNKS_MAX).map((tokens) => ({ ...plain, delta: { reasoning_content: tokens.join('') }, tokens: tokens.length })),
    ...group(choice.content ?? [], CHUNKS_MAX).map((tokens, at, groups) => ({
      ...plain,
      delta: { content: tokens.join('') },
      logprobs: shiftedLogprobs(ask, choice, { from: at * (groups[0]?.length ?? 0), tokens }),
      tokens: tokens.length,
    })),
    ...choice.calls.flatMap((call, position) => callDeltas(ask, call, position).map(({ delta, tokens }) => ({ ...plain, delta, tokens }))),
    { ...plain, delta: {}, finishReason: choice.finishReason },
  ];
}

function shiftedLogprobs(ask: Ask, choice: Choice, { from, tokens }: { from: number; tokens: readonly string[] }): ChoiceLogprobs | null {
  if (ask.topLogprobs === null || choice.content === null) return null;
  return { content: scoreTokens(tokens, ask.topLogprobs, from), refusal: null };
}

/** The call's id and name come first with an empty input, then its input bit by bit, as OpenAI streams it. */
function callDeltas(ask: Ask, call: AnswerCall, index: number): readonly Pick<Delta, 'delta' | 'tokens'>[] {
  const bits = group(call.tokens, CALL_CHUNKS_MAX);
  if (ask.toolChoice.style === 'legacy') {
    return [{ delta: { function_call: { name: call.name, arguments: '' } }, tokens: 1 },
      ...bits.map((bit) => ({ delta: { function_call: { arguments: bit.join('') } }, tokens: bit.length }))];
  }
  // OpenAI's chunk schema knows no `type` but `function`: a custom call is told by its `custom` field alone.
  const first: ToolCallDelta = call.kind === 'custom'
    ? { index, id: call.id, custom: { name: call.name, input: '' } }
    : { index, id: call.id, type: 'function', function: { name: call.name, arguments: '' } };
  return [{ delta: { tool_calls: [first] }, tokens: 1 },
    ...bits.map((bit) => {
      const input = bit.join('');
      const next = call.kind === 'custom' ? { index, custom: { input } } : { index, function: { arguments: input } };
      return { delta: { tool_calls: [next] }, tokens: bit.length };
    })];
}

function group(tokens: readonly string[], groupsMax: number): readonly (readonly string[])[] {
  const size = Math.max(1, Math.ceil(tokens.length / groupsMax));
  return Array.from({ length: Math.ceil(tokens.length / size) }, (_, at) => tokens.slice(at * size, (at + 1) * size));
}
