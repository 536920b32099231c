/** This file says how an attempt failed, as far as it decides what is done next. */
import type { UpstreamFailure } from '../providers/wire.ts';
import type { Failed } from '../routing/walk.ts';

/**
 * How upstreams say that a prompt is too long for a model, in the code, the type or the words of their error. OpenAI, Groq: the code
 * `context_length_exceeded`; Anthropic: "prompt is too long: 250000 tokens > 200000 maximum" and "exceed context limit"; Gemini: "The input token count
 * (…) exceeds the maximum number of tokens allowed"; OpenRouter, DeepSeek, Together, vLLM: "maximum context length is"; xAI: "maximum prompt length is";
 * llama.cpp: the type `exceed_context_size_error`; Mistral: "too large for model with … maximum context length". Each as its documentation or source
 * had it in 2026-11.
 */
const TOO_LONG = /context_length_exceeded|exceed_context_size|prompt is too long|exceeds? (?:the |its )?(?:available |maximum )?context|input token count.{0,40}exceeds|maximum (?:context|prompt) length/i;

/**
 * How they say that their content filter refused the request: OpenAI `content_policy_violation` and `moderation_blocked`, Azure `content_filter`,
 * Alibaba `data_inspection_failed`, Anthropic "blocked by content filtering policy", DeepSeek "Content Exists Risk".
 */
const FILTERED = /content_policy_violation|moderation_blocked|content_filter|data_?inspection_?failed|content filtering policy|content exists risk/i;

/** The class of a failure; null for one after which nobody else may be asked, whatever the policy says. */
export function classOf(failure: UpstreamFailure): Failed | null {
  const { code, isRetryable } = failure;
  if (code === 'upstream_rejected') return rejectedAs(failure);
  if (!isRetryable) return null;
  switch (code) {
    case 'upstream_timeout': return 'timeout';
    case 'upstream_rate_limited': return 'rate_limited';
    case 'upstream_unreachable': return 'connection';
    case 'unsupported_field':
    case 'unsupported_model': return 'unsupported';
    default: return 'server_error';
  }
}

function rejectedAs({ message, upstream }: UpstreamFailure): Failed {
  const said = `${upstream?.code ?? ''} ${upstream?.type ?? ''} ${message ?? ''}`;
  if (TOO_LONG.test(said)) return 'context_length';
  return FILTERED.test(said) ? 'content_filter' : 'refusal';
}
