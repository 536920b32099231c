/** This file composes a sandbox model's whole answer, choice by choice, within caps and stop sequences, and counts it. */
import { makeCalls } from './sandbox-calls.ts';
import type { SandboxCall } from './sandbox-calls.ts';
import type { SandboxOptions } from './sandbox-options.ts';
import type { Ask } from './sandbox-request.ts';
import { splitTokens } from './sandbox-tokens.ts';
import { findExact, writeContent } from './sandbox-words.ts';

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'function_call';

export interface AnswerCall extends SandboxCall {
  /** The input as it is streamed. */
  readonly tokens: readonly string[];
}

export interface Choice {
  readonly index: number;
  readonly reasoning: readonly string[];
  /** Null where tools are called instead. */
  readonly content: readonly string[] | null;
  readonly calls: readonly AnswerCall[];
  readonly finishReason: FinishReason;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
}

export interface Answer {
  readonly choices: readonly Choice[];
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
}

/** Composes the answer. Reasoning is spent first, as with real models; what is left of the cap is for the visible part. */
export function composeAnswer(ask: Ask, options: SandboxOptions): Answer {
  const choices = Array.from({ length: ask.choices }, (_, index) => composeChoice(ask, options, index));
  const cachedTokens = options.cachedTokens ?? ask.cachedTokens;
  return {
    choices,
    // Told to report more cached tokens than there are, the prompt grows: cached tokens are always part of it.
    promptTokens: Math.max(ask.promptTokens, cachedTokens),
    cachedTokens,
    completionTokens: choices.reduce((sum, choice) => sum + choice.completionTokens, 0),
    reasoningTokens: choices.reduce((sum, choice) => sum + choice.reasoningTokens, 0),
  };
}

function composeChoice(ask: Ask, options: SandboxOptions, index: number): Choice {
  const cap = ask.maxTokens ?? Number.MAX_SAFE_INTEGER;
  const wanted = wantedReasoning(ask, options);
  const reasoningTokens = Math.min(wanted, cap);
  const left = cap - reasoningTokens;
  const reasoning = writeReasoning(ask, reasoningTokens);
  const visible = left === 0 && wanted > 0 ? { content: [], calls: [], finishReason: 'length' as const, tokens: 0 } : compose(ask, left, index);
  return {
    index, reasoning, reasoningTokens,
    content: visible.content,
    calls: visible.calls,
    finishReason: visible.finishReason,
    completionTokens: reasoningTokens + visible.tokens,
  };
}

interface Visible {
  readonly content: readonly string[] | null;
  readonly calls: readonly AnswerCall[];
  readonly finishReason: FinishReason;
  readonly tokens: number;
}

function compose(ask: Ask, cap: number, index: number): Visible {
  const calls = makeCalls(ask, index);
  if (calls.length > 0) return composeCalls(calls, ask.toolChoice.style === 'legacy', cap);
  const text = writeContent(ask, index);
  const tokens = splitTokens(cutAtStop(text, ask.stops));
  const isCut = tokens.length > cap;
  const content = isCut ? tokens.slice(0, cap) : tokens;
  return { content, calls: [], finishReason: isCut ? 'length' : 'stop', tokens: content.length };
}

function cutAtStop(text: string, stops: readonly string[]): string {
  const hits = stops.map((stop) => text.indexOf(stop)).filter((at) => at !== -1);
  return hits.length === 0 ? text : text.slice(0, Math.min(...hits));
}

/** A call costs one token for its name and its input's tokens; a cap cuts the input short and drops later calls. */
function composeCalls(calls: readonly SandboxCall[], isLegacy: boolean, cap: number): Visible {
  const kept: AnswerCall[] = [];
  let tokens = 0;
  let isCut = false;
  for (const call of calls) {
    if (tokens >= cap) {
      isCut = true;
      break;
    }
    const whole = splitTokens(call.input);
    const part = whole.slice(0, cap - tokens - 1);
    if (part.length < whole.length) isCut = true;
    tokens += 1 + part.length;
    kept.push({ ...call, input: part.join(''), tokens: part });
  }
  const finishReason = isCut ? 'length' : isLegacy ? 'function_call' : 'tool_calls';
  return { content: null, calls: kept, finishReason, tokens };
}

const EFFORT_TOKENS: Readonly<Record<string, number>> = { minimal: 8, low: 24, medium: 64, high: 160, xhigh: 320, max: 640 };
const EFFORT_TOKENS_DEFAULT = 64;
/** More reasoning than this is counted but not written out. */
const REASONING_TOKENS_WRITTEN_MAX = 4_096;

function wantedReasoning(ask: Ask, options: SandboxOptions): number {
  if (options.reasoningTokens !== null) return options.reasoningTokens;
  return ask.effort === null ? 0 : EFFORT_TOKENS[ask.effort] ?? EFFORT_TOKENS_DEFAULT;
}

const THOUGHTS = 'Let me read the request again. Does it ask for a tool, for JSON, for exact words, or for a plain answer? '
  + 'Nothing in it contradicts the rest. A short and truthful answer is best, so that is what comes next. ';

function writeReasoning(ask: Ask, tokens: number): readonly string[] {
  if (tokens === 0) return [];
  const opening = findExact(ask.text) === null ? 'The user wants an answer. ' : 'The user wants exact words. ';
  const thoughts = [...splitTokens(opening + THOUGHTS)];
  const length = Math.min(tokens, REASONING_TOKENS_WRITTEN_MAX);
  return Array.from({ length }, (_, position) => thoughts[position % thoughts.length] ?? '');
}
