/** This file is the table of what Claude models take: how they think, how much they generate, and which fields they refuse. */

/** What one family of models takes. */
export interface ModelRule {
  /** Most tokens it generates; null when that is not known. */
  readonly outputTokensMax: number | null;
  /** `adaptive` takes `output_config.effort` and refuses or deprecates budgets; `budget` takes `thinking.budget_tokens`. */
  readonly thinking: 'adaptive' | 'budget' | 'none';
  /** Takes temperature or top_p other than the default. */
  readonly takesSampling: boolean;
  /** Knows the effort `xhigh`, and shows its thinking only when asked to: the two came with the same models. */
  readonly isRecent: boolean;
  /** Refuses `thinking: {type: disabled}`. */
  readonly alwaysThinks: boolean;
  /** Takes a tool_choice that makes it call a tool. */
  readonly takesForcedTools: boolean;
  /** Takes `output_config.format` and strict tools. */
  readonly takesSchemas: boolean;
}

const RECENT: ModelRule = {
  outputTokensMax: 128_000, thinking: 'adaptive', takesSampling: false, isRecent: true, alwaysThinks: false, takesForcedTools: true, takesSchemas: true,
};
const BUDGET: ModelRule = {
  outputTokensMax: 64_000, thinking: 'budget', takesSampling: true, isRecent: false, alwaysThinks: false, takesForcedTools: true, takesSchemas: true,
};
const OLD: ModelRule = { ...BUDGET, outputTokensMax: 4096, thinking: 'none', takesSchemas: false };

/**
 * The first pattern that fits holds; what comes after the last release known here is taken to be like the newest.
 * From platform.claude.com (effort, thinking, structured outputs, "What's new" of Opus 5, Opus 5.5, Sonnet 5.5 and Haiku 5.5) and
 * the AI SDK's getModelCapabilities (`ai` 7.0.113), both read 2026-11.
 */
const RULES: readonly (readonly [RegExp, ModelRule])[] = [
  [/claude-(?:(?:opus|sonnet)-5-5|(?:fable|mythos)-5-\d)(?!\d)/, { ...RECENT, alwaysThinks: true, takesForcedTools: false }],
  [/claude-(?:fable|mythos)-/, { ...RECENT, alwaysThinks: true }],
  [/claude-(?:opus|sonnet)-4-6(?!\d)/, { ...RECENT, takesSampling: true, isRecent: false }],
  [/claude-(?:opus|sonnet|haiku)-4-5(?!\d)/, BUDGET],
  [/claude-opus-4-1(?!\d)/, { ...BUDGET, outputTokensMax: 32_000 }],
  [/claude-opus-4-(?:0|\d{8})(?!\d)|claude-opus-4$/, { ...BUDGET, outputTokensMax: 32_000, takesSchemas: false }],
  [/claude-sonnet-4-(?:0|\d{8})(?!\d)|claude-sonnet-4$|claude-3-7-/, { ...BUDGET, takesSchemas: false }],
  [/claude-3-5-/, { ...OLD, outputTokensMax: 8192 }],
  [/claude-(?:[123]|instant)/, OLD],
  [/claude-/, RECENT],
];

/** Other vendors' models behind the same API: nothing is known of them, so nothing special is sent. */
const UNKNOWN: ModelRule = { ...OLD, outputTokensMax: null };

/** The rule of a model, by the upstream's name of it. */
export function ruleOf(upstreamModel: string): ModelRule {
  const name = upstreamModel.toLowerCase().replaceAll('.', '-');
  return RULES.find(([pattern]) => pattern.test(name))?.[1] ?? UNKNOWN;
}
