/** This file compares the sides of a rollout: what each answered, how fast, and what a useful answer costs. */
import type { Percentiles, RolloutComparison, RolloutError, RolloutSide } from '../../generated/client/types.gen.ts';
import { isJsonObject, parseJson, stringAt } from '../foundation/json-value.ts';
import { toSeconds } from '../foundation/page.ts';
import type { Outcome } from '../foundation/terms.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { RolloutCall, RolloutCallPage, RolloutReads } from '../store/rollout-row.ts';

export interface Compared {
  readonly id: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Of each side, so many of the newest are looked at. */
  readonly sampleMax: number;
  readonly shadowDropped: number;
}

/** Reads both sides and the shadow. The work is bounded, however many requests there are. */
export async function compareRollout(store: RolloutReads, { id, fromMs, toMs, sampleMax, shadowDropped }: Compared): Promise<RolloutComparison> {
  const page: RolloutCallPage = { fromMs, toMs, limit: sampleMax + 1 };
  const read = (part: string): Promise<RolloutCall[]> => orUnavailable(store.listRolloutCalls(`${id}/${part}`, page));
  const [baseline, candidate, fallback, shadow] = await Promise.all([read('baseline'), read('candidate'), read('fallback'), orUnavailable(store.listShadowCalls(id, page))]);
  return {
    object: 'rollout.comparison', rollout: id, from: toSeconds(fromMs), to: toSeconds(toMs),
    baseline: describeSide({ calls: baseline, fallbacks: [], sampleMax }),
    candidate: describeSide({ calls: candidate, fallbacks: fallback, sampleMax }),
    shadow: describeSide({ calls: shadow, fallbacks: [], sampleMax }),
    shadow_dropped: shadowDropped,
  };
}

/** Ways to end that say nothing of who answers. */
const BY_OTHERS: ReadonlySet<Outcome> = new Set<Outcome>(['client_gone', 'cancelled', 'revoked', 'shutdown', 'recovered', 'expired']);

interface SideCalls {
  readonly calls: readonly RolloutCall[];
  /** What the candidate was to answer, and another did. */
  readonly fallbacks: readonly RolloutCall[];
  readonly sampleMax: number;
}

/** The figures of one side. What a fallback took and cost is not the candidate's, but for its failure. */
export function describeSide({ calls: all, fallbacks: allFallbacks, sampleMax }: SideCalls): RolloutSide {
  const [calls, fallbacks] = [all.slice(0, sampleMax), allFallbacks.slice(0, sampleMax)];
  const good = calls.filter(({ outcome }) => outcome === 'ok');
  const judged = calls.filter(({ outcome }) => !BY_OTHERS.has(outcome)).length + fallbacks.length;
  const cost = calls.reduce((sum, { nanoUsd }) => sum + nanoUsd, 0n);
  return {
    requests: calls.length + fallbacks.length,
    complete: all.length <= sampleMax && allFallbacks.length <= sampleMax,
    successes: good.length,
    success_rate: judged === 0 ? null : good.length / judged,
    fallbacks: fallbacks.length,
    errors: countErrors(calls, fallbacks),
    latency_ms: percentilesOf(good.map(({ latencyMs }) => latencyMs)),
    first_byte_ms: percentilesOf(good.flatMap(({ firstByteMs }) => firstByteMs ?? [])),
    prompt_tokens: calls.reduce((sum, { promptTokens }) => sum + promptTokens, 0),
    completion_tokens: calls.reduce((sum, { completionTokens }) => sum + completionTokens, 0),
    cost_nano_usd: cost.toString(),
    cost_per_success_nano_usd: good.length === 0 ? null : (cost / BigInt(good.length)).toString(),
  };
}

function countErrors(calls: readonly RolloutCall[], fallbacks: readonly RolloutCall[]): RolloutError[] {
  const counts = new Map<string, number>();
  const count = (code: string): void => { counts.set(code, (counts.get(code) ?? 0) + 1); };
  for (const { outcome, errorCode } of calls) if (outcome !== 'ok') count(errorCode ?? outcome);
  for (const { failedAttempts } of fallbacks) count(firstFailure(failedAttempts) ?? RESTED);
  return [...counts].map(([code, times]) => ({ code, count: times })).sort((one, other) => other.count - one.count || (one.code < other.code ? -1 : 1));
}

/** The candidate was not even asked: it had failed before, and was left alone. */
const RESTED = 'resting';

function firstFailure(failedAttempts: string | null): string | null {
  const attempts: unknown = failedAttempts === null ? null : parseJson(failedAttempts);
  const first: unknown = Array.isArray(attempts) ? attempts[0] : null;
  return isJsonObject(first) ? stringAt(first, 'code') : null;
}

/** Nearest rank: a value that was really measured. */
function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share: number): number | null => sorted[Math.ceil(sorted.length * share) - 1] ?? null;
  return { p50: at(0.5), p95: at(0.95) };
}
