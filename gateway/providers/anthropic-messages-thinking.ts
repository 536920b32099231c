/** This file carries Claude's thinking through chat messages and back: its text, its signatures, and how much of it is asked for. */
import { isJsonObject, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { ModelRule } from './anthropic-messages-models.ts';

/** Takes one line for each thing that was changed or dropped. */
export type Warn = (line: string) => void;

/** OpenRouter's name for what follows, so that clients which keep its `reasoning_details` keep ours (openrouter.ai/docs, "Reasoning tokens", read 2026-11). */
const FORMAT = 'anthropic-claude-v1';

/**
 * A piece of a thinking block; pieces of the same index make one block. The index counts what comes before it: thinking, calls,
 * and all text as one.
 */
export function thinkingDetail(index: number, text: string, signature: string | null): JsonObject {
  return { type: 'reasoning.text', text, ...(signature === null ? {} : { signature }), format: FORMAT, index };
}

/** Thinking that is only given encrypted. */
export function redactedDetail(index: number, data: string): JsonObject {
  return { type: 'reasoning.encrypted', data, format: FORMAT, index };
}

interface Gathered {
  readonly index: unknown;
  /** Of thinking that was given encrypted; null for text. */
  readonly data: string | null;
  text: string;
  signature: string | null;
}

/**
 * Puts the thinking of the `reasoning_details` a caller sends back, whole or in the pieces a stream gave them in, where it was
 * among the other blocks of its turn: newer models take it nowhere else. Something always follows it.
 */
export function weaveThinking(details: readonly unknown[], others: readonly JsonObject[], warn: Warn): JsonObject[] {
  const rest = [...others];
  const woven: JsonObject[] = [];
  for (const { index, data, text, signature } of gather(details, warn)) {
    const place = typeof index === 'number' ? index : 0;
    woven.push(...rest.splice(0, Math.max(0, Math.min(place - woven.length, rest.length - 1))));
    woven.push(...(data === null ? signedBlock(text, signature, warn) : [{ type: 'redacted_thinking', data }]));
  }
  return [...woven, ...rest];
}

function gather(details: readonly unknown[], warn: Warn): Gathered[] {
  const blocks: Gathered[] = [];
  for (const detail of details) {
    if (!isJsonObject(detail) || !isOurs(detail)) {
      warn('messages: reasoning of another provider is not sent');
      continue;
    }
    const data = detail['type'] === 'reasoning.encrypted' ? stringAt(detail, 'data') : null;
    const last = blocks.at(-1);
    const isSame = last !== undefined && data === null && last.data === null && last.signature === null && last.index === detail['index'];
    const block = isSame ? last : { index: detail['index'], data, text: '', signature: null };
    if (!isSame) blocks.push(block);
    block.text += stringAt(detail, 'text') ?? '';
    block.signature = stringAt(detail, 'signature');
  }
  return blocks;
}

function isOurs(detail: JsonObject): boolean {
  const format = detail['format'];
  if (format !== undefined && format !== null && format !== FORMAT) return false;
  return detail['type'] === 'reasoning.text' || (detail['type'] === 'reasoning.encrypted' && stringAt(detail, 'data') !== null);
}

/** A thinking block with its signature; without one Anthropic refuses the whole request. */
export function signedBlock(text: string, signature: string | null, warn: Warn): JsonObject[] {
  if (signature !== null && signature !== '') return [{ type: 'thinking', thinking: text, signature }];
  warn('messages: reasoning without a signature is not sent');
  return [];
}

/** What decides how a model is made to think. */
export interface ReasoningWish {
  /** The caller's word for it; null when it left that to the model. */
  readonly effort: string | null;
  readonly rule: ModelRule;
  /** The cap that is sent as max_tokens; thinking counts towards it. */
  readonly maxTokens: number;
  /** The model is made to call a tool. */
  readonly isForced: boolean;
  /** The conversation goes on after a tool call that was made without thinking. */
  readonly continuesUnthought: boolean;
}

/** What is sent for it; null where the field is left out. */
export interface ReasoningPlan {
  readonly thinking: JsonObject | null;
  readonly effort: string | null;
}

const NOTHING: ReasoningPlan = { thinking: null, effort: null };
/** Recent models leave the text of their thinking out unless they are asked for it. */
const SHOWN = { type: 'adaptive', display: 'summarized' };
const EFFORTS: Readonly<Record<string, string>> = { minimal: 'low', low: 'low', medium: 'medium', high: 'high', xhigh: 'xhigh', max: 'max' };
const BUDGETS: Readonly<Record<string, number>> = { minimal: 1024, low: 2048, medium: 8192, high: 16_384, xhigh: 32_768, max: 32_768 };
/** The smallest budget there is (platform.claude.com, "Extended thinking", read 2026-11). */
const BUDGET_MIN = 1024;
/** Of the cap, what may be thought with: the rest is for the answer. */
const BUDGET_SHARE = 0.8;

/** Maps a reasoning_effort: to an effort where thinking is adaptive, and to a budget within the cap where it is not. */
export function planReasoning(wish: ReasoningWish, warn: Warn): ReasoningPlan {
  const { effort, rule } = wish;
  // What these models say between tool calls comes as thinking: it would be lost (platform.claude.com, "What's new in Claude Opus 5.5").
  if (effort === null) return rule.alwaysThinks ? { thinking: SHOWN, effort: null } : NOTHING;
  if (effort === 'none') return planSilence(rule, warn);
  if (!Object.hasOwn(EFFORTS, effort)) {
    warn('reasoning_effort: dropped, not a word this model knows');
    return NOTHING;
  }
  if (rule.thinking === 'none') {
    warn('reasoning_effort: dropped, the model does not reason');
    return NOTHING;
  }
  if (rule.thinking === 'budget') return planBudget({ ...wish, effort }, warn);
  const known = EFFORTS[effort] ?? 'high';
  if (!rule.isRecent) return { thinking: { type: 'adaptive' }, effort: known === 'xhigh' ? 'max' : known };
  return { thinking: SHOWN, effort: known };
}

/** Some models can't be kept from thinking; others think unless they are told not to. */
function planSilence(rule: ModelRule, warn: Warn): ReasoningPlan {
  if (rule.thinking !== 'adaptive') return NOTHING;
  if (!rule.alwaysThinks) return { thinking: { type: 'disabled' }, effort: null };
  warn('reasoning_effort: none sent as low, the model always reasons');
  return { thinking: null, effort: 'low' };
}

function planBudget({ effort, maxTokens, isForced, continuesUnthought }: ReasoningWish & { readonly effort: string }, warn: Warn): ReasoningPlan {
  const budget = Math.min(BUDGETS[effort] ?? BUDGET_MIN, Math.floor(maxTokens * BUDGET_SHARE));
  const why = budget < BUDGET_MIN ? `max_tokens ${maxTokens} leaves no room to reason`
    : isForced ? 'this model does not reason when it must call a tool'
      : continuesUnthought ? 'the tool call it goes on from was made without reasoning'
        : null;
  if (why === null) return { thinking: { type: 'enabled', budget_tokens: budget }, effort: null };
  warn(`reasoning_effort: dropped, ${why}`);
  return NOTHING;
}
