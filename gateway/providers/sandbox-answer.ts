/** This file composes a sandbox model's whole answer, choice by choice, within caps and stop sequences, and counts it. */
import { chooseTools, makeCalls } from './sandbox-calls.ts';
import type { SandboxCall } from './sandbox-calls.ts';
import type { SandboxOptions } from './sandbox-options.ts';
import type { Ask } from './sandbox-request.ts';
import { TOKEN_CHARS_MAX, splitTokens } from './sandbox-tokens.ts';
import { createContentWriter, findExact } from './sandbox-words.ts';

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
  const tools = chooseTools(ask);
  const voice: Voice = {
    calls: (index) => makeCalls(ask, tools, index),
    content: tools.length > 0 ? () => '' : createContentWriter(ask),
    reasoning: writeReasoning(ask, wantedReasoning(ask, options)),
    reasoningTokens: wantedReasoning(ask, options),
  };
  const choices = Array.from({ length: ask.choices }, (_, index) => composeChoice(ask, voice, index));
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

/** What there is to say, worked out once for all choices. */
interface Voice {
  readonly calls: (index: number) => readonly SandboxCall[];
  readonly content: (index: number) => string;
  readonly reasoning: readonly string[];
  readonly reasoningTokens: number;
}

// The most a sandbox model says in one reply, all choices together; less where each token is told with its chances.
const VISIBLE_TOKENS_MAX = 262_144;
const SCORED_TOKENS_MAX = 4_096;

function composeChoice(ask: Ask, voice: Voice, index: number): Choice {
  const cap = ask.maxTokens ?? Number.MAX_SAFE_INTEGER;
  const reasoningTokens = Math.min(voice.reasoningTokens, cap);
  const modelCap = Math.floor((ask.topLogprobs === null ? VISIBLE_TOKENS_MAX : SCORED_TOKENS_MAX) / ask.choices);
  const { tokens, ...visible } = compose({ ask, voice, index }, Math.min(cap - reasoningTokens, modelCap));
  const reasoning = voice.reasoning.slice(0, reasoningTokens);
  return { index, reasoning, reasoningTokens, ...visible, completionTokens: reasoningTokens + tokens };
}

interface Visible {
  readonly content: readonly string[] | null;
  readonly calls: readonly AnswerCall[];
  readonly finishReason: FinishReason;
  readonly tokens: number;
}

function compose({ ask, voice, index }: { ask: Ask; voice: Voice; index: number }, cap: number): Visible {
  if (cap === 0) return { content: [], calls: [], finishReason: 'length', tokens: 0 };
  const calls = voice.calls(index);
  if (calls.length > 0) return composeCalls(calls, ask.toolChoice.style === 'legacy', cap);
  const text = cutAtStop(voice.content(index), ask.stops);
  // Enough of the text to see whether it goes beyond the cap.
  const tokens = splitTokens(text.slice(0, TOKEN_CHARS_MAX * (cap + 1)));
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

const EFFORT_TOKENS = new Map([['minimal', 8], ['low', 24], ['medium', 64], ['high', 160], ['xhigh', 320], ['max', 640]]);
const EFFORT_TOKENS_DEFAULT = 64;
/** More reasoning than this, all choices together, is counted but not written out. */
const REASONING_TOKENS_WRITTEN_MAX = 4_096;

function wantedReasoning(ask: Ask, options: SandboxOptions): number {
  if (options.reasoningTokens !== null) return options.reasoningTokens;
  return ask.effort === null ? 0 : EFFORT_TOKENS.get(ask.effort) ?? EFFORT_TOKENS_DEFAULT;
}

const THOUGHTS = 'Let me read the request again. Does it ask for a tool, for JSON, for exact words, or for a plain answer? '
  + 'Nothing in it contradicts the rest. A short and truthful answer is best, so that is what comes next. ';

function writeReasoning(ask: Ask, tokens: number): readonly string[] {
  if (tokens === 0) return [];
  const opening = findExact(ask.text) === null ? 'The user wants an answer. ' : 'The user wants exact words. ';
  const thoughts = [...splitTokens(opening + THOUGHTS)];
  const length = Math.min(tokens, Math.ceil(REASONING_TOKENS_WRITTEN_MAX / ask.choices));
  return Array.from({ length }, (_, position) => thoughts[position % thoughts.length] ?? '');
}
