/** This file says how much a Gemini model is to think. */
import { isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Warn } from './gemini-content-media.ts';

/** Whether a model takes `thinkingLevel` and insists on thought signatures: Gemini 3 and later, and the aliases that follow the newest. */
export function thinksByLevel(model: string): boolean {
  const version = /gemini-(\d+)/.exec(model)?.[1];
  return version === undefined ? /gemini-.*latest/.test(model) : Number(version) >= 3;
}

/** Tokens of thought for Gemini 2.5, as Google's own OpenAI endpoint gives them. */
const BUDGETS: Readonly<Record<string, number>> = { none: 0, minimal: 1024, low: 1024, medium: 8192, high: 24576 };
/** The least Gemini 2.5 Pro thinks; it can't be stopped. */
const PRO_BUDGET_MIN = 128;

/**
 * Writes `thinkingConfig` for `reasoning_effort`, or for what Google's OpenAI endpoint takes in its place,
 * `extra_body.google.thinking_config` (https://ai.google.dev/gemini-api/docs/openai#thinking, 2026-11). Thoughts are shown where effort was asked for.
 */
export function thinkingConfig(body: JsonObject, model: string, warn: Warn): JsonObject {
  const own = ownConfig(body, warn);
  if (own) return { thinkingConfig: own };
  const asked = stringAt(body, 'reasoning_effort');
  if (asked === null) return {};
  const effort = asked === 'xhigh' || asked === 'max' ? 'high' : asked;
  if (effort !== asked) warn('reasoning_effort', `${asked} sent as high, Gemini's most`);
  if (BUDGETS[effort] === undefined) {
    warn('reasoning_effort', 'dropped, Gemini does not know the word');
    return {};
  }
  if (thinksByLevel(model)) return { thinkingConfig: { thinkingLevel: levelOf(effort, model, warn), includeThoughts: true } };
  if (!model.includes('gemini-2.5')) {
    warn('reasoning_effort', `dropped, ${model} does not take it`);
    return {};
  }
  return { thinkingConfig: budgetOf(effort, model, warn) };
}

/** Flash-Lite, and Flash up to 3.6; later ones and Pro answer 400 (https://docs.cloud.google.com/vertex-ai/generative-ai/docs/thinking, 2026-11). */
function takesMinimal(model: string): boolean {
  return /flash-lite|gemini-3(?:\.[1-6])?-flash/.test(model);
}

function levelOf(effort: string, model: string, warn: Warn): string {
  if (effort !== 'none' && effort !== 'minimal') return effort;
  const least = takesMinimal(model) ? 'minimal' : 'low';
  if (least !== effort) warn('reasoning_effort', `${effort} sent as ${least}, the least ${model} takes`);
  return least;
}

function budgetOf(effort: string, model: string, warn: Warn): JsonObject {
  if (effort !== 'none') return { thinkingBudget: BUDGETS[effort], includeThoughts: true };
  if (!model.includes('pro')) return { thinkingBudget: 0 };
  warn('reasoning_effort', `none sent as ${PRO_BUDGET_MIN} tokens, the least ${model} takes`);
  return { thinkingBudget: PRO_BUDGET_MIN };
}

function ownConfig(body: JsonObject, warn: Warn): JsonObject | null {
  const extra = objectAt(body, 'extra_body');
  if (!extra) return null;
  const google = objectAt(extra, 'google');
  const said = objectAt(google, 'thinking_config') ?? objectAt(google, 'thinkingConfig');
  if (Object.keys(extra).length > 1 || !google || Object.keys(google).length > 1 || !said) warn('extra_body', 'only google.thinking_config is taken');
  if (!said) return null;
  if (isJsonObject(said) && stringAt(body, 'reasoning_effort') !== null) warn('reasoning_effort', 'dropped, extra_body.google.thinking_config says otherwise');
  const config: Record<string, unknown> = {};
  const names = [['thinkingBudget', 'thinking_budget'], ['thinkingLevel', 'thinking_level'], ['includeThoughts', 'include_thoughts']] as const;
  for (const [name, field] of names) {
    const value = said[field] ?? said[name];
    if (value !== undefined && value !== null) config[name] = value;
  }
  return config;
}
