/** This file sums up a run of an eval set: how each contender did, who is better if anybody is, and what that comes to in sentences. Pure. */
import type { EvalContenderSummary, EvalRunState, EvalSummary } from '../../generated/client/types.gen.ts';
import type { EvalFacts } from '../foundation/eval-facts.ts';
import { concludeEval } from './eval-conclusion.ts';
import { percentile, wilson } from './interval.ts';

/** Prompts that are named, of those that are unstable. */
const UNSTABLE_MAX = 20;
const CODES_MAX = 100;

export interface EvalOutcome {
  readonly evalId: string;
  readonly runId: string;
  readonly state: EvalRunState;
  readonly spentNanoUsd: bigint;
  readonly contenders: readonly { readonly model: string; readonly target?: string }[];
}

/** What is counted of one contender while its answers pass by; of an answer nothing is kept but its latency. */
interface Count {
  passed: number;
  failed: number;
  undetermined: number;
  errors: number;
  costNanoUsd: bigint;
  judgeCostNanoUsd: bigint;
  attempts: number;
  readonly latencies: number[];
  readonly codes: Map<string, number>;
  /** By prompt: how often it was asked, and how often an answer passed. */
  readonly items: Map<string, { asked: number; passed: number }>;
}

/** Takes one answer after the other, those that have ended, and tells what they come to. */
export interface EvalTally {
  add(facts: EvalFacts): void;
  summarise(outcome: EvalOutcome): EvalSummary;
}

/** Makes a tally of nothing. */
export function createEvalTally(): EvalTally {
  const counts: Count[] = [];
  return {
    add(facts) {
      if (facts.verdict !== null) addTo(counts[facts.contender] ??= newCount(), facts);
    },
    summarise({ evalId, runId, state, spentNanoUsd, contenders }) {
      const summaries = contenders.map(({ model, target }, contender) => summaryOf(counts[contender] ?? newCount(), { contender, model, target: target ?? null }));
      const winner = winnerOf(summaries);
      return {
        object: 'eval.summary',
        eval: evalId,
        run: runId,
        state,
        answers: summaries.reduce((sum, { answers }) => sum + answers, 0),
        spent_nano_usd: String(spentNanoUsd),
        contenders: summaries,
        winner,
        conclusion: concludeEval(summaries, { state, winner }),
      };
    },
  };
}

/** Whose interval lies above that of every other; null when there is none. */
export function winnerOf(contenders: readonly EvalContenderSummary[]): number | null {
  const best = contenders.find(({ pass_rate_low: low }, at) => low !== null && contenders.every(({ pass_rate_high: high }, other) => other === at || (high !== null && high < low)));
  return contenders.length > 1 ? best?.contender ?? null : null;
}

function newCount(): Count {
  return { passed: 0, failed: 0, undetermined: 0, errors: 0, costNanoUsd: 0n, judgeCostNanoUsd: 0n, attempts: 0, latencies: [], codes: new Map(), items: new Map() };
}

function addTo(count: Count, facts: EvalFacts): void {
  count.costNanoUsd += facts.costNanoUsd;
  count.judgeCostNanoUsd += facts.judgeCostNanoUsd;
  count.attempts += facts.attempts;
  if (facts.latencyMs !== null) count.latencies.push(facts.latencyMs);
  switch (facts.verdict) {
    case 'pass': count.passed++; break;
    case 'fail': count.failed++; break;
    case 'error': {
      const code = facts.errorCode ?? 'internal_error';
      count.errors++;
      count.codes.set(code, (count.codes.get(code) ?? 0) + 1);
      break;
    }
    // What could not be judged says nothing of whether it is stable.
    case 'undetermined': count.undetermined++; return;
    case null: return;
    default: facts.verdict satisfies never;
  }
  const item = count.items.get(facts.itemId) ?? { asked: 0, passed: 0 };
  item.asked++;
  if (facts.verdict === 'pass') item.passed++;
  count.items.set(facts.itemId, item);
}

function summaryOf(count: Count, who: { readonly contender: number; readonly model: string; readonly target: string | null }): EvalContenderSummary {
  const { passed, failed, undetermined, errors, costNanoUsd } = count;
  const judged = passed + failed + errors;
  const answers = judged + undetermined;
  const interval = judged === 0 ? null : wilson(passed, judged);
  const latencies = count.latencies.sort((left, right) => left - right);
  const repeated = [...count.items].filter(([, { asked }]) => asked > 1);
  const unstable = repeated.filter(([, item]) => item.passed > 0 && item.passed < item.asked).map(([id]) => id);
  return {
    ...who,
    answers, passed, failed, undetermined, errors,
    pass_rate: judged === 0 ? null : passed / judged,
    pass_rate_low: interval?.low ?? null,
    pass_rate_high: interval?.high ?? null,
    cost_nano_usd: String(costNanoUsd),
    judge_cost_nano_usd: String(count.judgeCostNanoUsd),
    // Rounded up: what is said to be the cost is never less than it.
    cost_per_useful_nano_usd: passed === 0 ? null : String((costNanoUsd + BigInt(passed) - 1n) / BigInt(passed)),
    latency_p50_ms: percentile(latencies, 50),
    latency_p95_ms: percentile(latencies, 95),
    attempts_per_answer: answers === 0 ? null : count.attempts / answers,
    error_classes: [...count.codes].map(([code, times]) => ({ code, count: times })).sort((left, right) => right.count - left.count || (left.code < right.code ? -1 : 1)).slice(0, CODES_MAX),
    instability: repeated.length === 0 ? null : unstable.length / repeated.length,
    unstable_items: unstable.slice(0, UNSTABLE_MAX),
  };
}
