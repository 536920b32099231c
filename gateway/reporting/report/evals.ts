/** This file says what evals have found: which model does which job best, and which prompts are answered now well and now badly. */
import type { ReportFinding, ReportLine, ReportTable } from '../../../generated/client/types.gen.ts';
import { DAY_MS } from './facts.ts';
import type { ContenderFacts, EvalRunFacts, ReportFacts, ReportPart } from './facts.ts';
import { count, day, named, percent, say, usd } from './figures.ts';
import { isAbove } from './measures.ts';
import type { Share } from './measures.ts';
import { tableOf } from './tables.ts';

/** Prompts told of one by one. */
const PROMPTS_MAX = 5;
/** One costs clearly less where it is a fifth less. */
const CHEAPER = { part: 4n, whole: 5n };
const MILLION = 1_000_000;
const HUNDRED = 100;
const TENTHS = 10;

const shareOf = ({ passed, judged }: ContenderFacts): Share => ({ part: passed, whole: judged });

/** Which contender of each eval is best, or that none is. */
export function bestFindings({ evals }: ReportFacts): ReportFinding[] {
  return (evals ?? []).flatMap((run) => {
    const judged = run.contenders.filter((each) => each.judged > 0).sort((a, b) => b.passed * a.judged - a.passed * b.judged);
    const [first, second] = judged;
    if (!first || !second) return [];
    return [quality(run, first, second), ...cheapest(run, judged.filter((each) => !isAbove(shareOf(first), shareOf(each))))];
  });
}

function quality({ evalId, name, contenders, winner }: EvalRunFacts, first: ContenderFacts, second: ContenderFacts): ReportFinding {
  const about = { kind: 'eval', name: evalId } as const;
  const passed = (each: ContenderFacts, prefix: string) => [percent(`${prefix}pass_share`, each.passed, each.judged), count(`${prefix}passed`, each.passed), count(`${prefix}answers`, each.judged)] as const;
  const [share, some, all] = passed(first, '');
  const [nextShare, nextSome, nextAll] = passed(second, 'next_');
  const [who, next] = [named('model', first.name), named('next_model', second.name)];
  if (winner !== null && contenders[winner] === first) return say('eval_best', about)`In eval ${named('eval', name)}, ${who} is clearly the best: ${share} of its answers passed (${some} of ${all}); of the next, ${next}, ${nextShare} (${nextSome} of ${nextAll}).`;
  return say('eval_no_clear_difference', about)`In eval ${named('eval', name)} there is no clear difference in quality between the best: of ${who}, ${share} of the answers passed (${some} of ${all}), of ${next}, ${nextShare} (${nextSome} of ${nextAll}).`;
}

/** Of those that are not clearly worse than the best. */
function cheapest({ evalId, name }: EvalRunFacts, good: readonly ContenderFacts[]): ReportFinding[] {
  const costs = good.flatMap((each) => (each.perUseful === null ? [] : [{ name: each.name, cost: each.perUseful }])).sort((a, b) => (a.cost < b.cost ? -1 : a.cost > b.cost ? 1 : 0));
  const [least, next] = costs;
  if (!least || !next || next.cost <= 0n || least.cost * CHEAPER.whole > next.cost * CHEAPER.part) return [];
  return [say('eval_costs_least', { kind: 'eval', name: evalId })`Of those that are not clearly worse in eval ${named('eval', name)}, ${named('model', least.name)} costs least: ${usd('cost_per_useful', least.cost)} for each answer that passed, failed ones counted in; the next, ${named('next_model', next.name)}, ${usd('next_cost_per_useful', next.cost)}.`];
}

/** Everything that is said of unstable prompts. */
export function reportInstability(facts: ReportFacts): ReportPart {
  return { findings: instability(facts), tables: [evalTable(facts)] };
}

function instability({ span, evals }: ReportFacts): ReportFinding[] {
  const [from, to] = [day('first_day', span.fromMs), day('last_day', span.toMs - DAY_MS)];
  if (evals === null) return [say('evals_not_shown', null)`Evals are the whole workspace's: a report of one key or user tells nothing of them.`];
  if (evals.length === 0) return [say('evals_none', null)`No eval was run to its end from ${from} to ${to}, so nothing is known of prompts that are answered now well and now badly.`];
  const repeated = evals.filter(({ contenders }) => contenders.some((each) => each.instability !== null));
  if (repeated.length === 0) return [say('evals_asked_once', null)`None of ${count('evals', evals.length, 'eval')} asked a prompt more than once, so nothing is known of prompts that are answered now well and now badly.`];
  const findings = repeated.flatMap((run) => [...unstablePrompts(run), ...unstableModels(run)]);
  return findings.length > 0 ? findings : [say('prompts_stable', null)`In none of ${count('evals', repeated.length, 'eval')} that asked prompts more than once were answers to the same prompt by the same model now well and now badly.`];
}

/** Those that are unstable with the most contenders. */
function unstablePrompts({ evalId, name, contenders, itemNames }: EvalRunFacts): ReportFinding[] {
  const asked = contenders.filter((each) => each.instability !== null).length;
  const byItem = new Map<string, number>();
  for (const id of contenders.flatMap(({ unstableItems }) => unstableItems)) byItem.set(id, (byItem.get(id) ?? 0) + 1);
  const worst = [...byItem].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1)).slice(0, PROMPTS_MAX);
  return worst.map(([id, times]) => {
    const title = itemNames.get(id);
    const [of, all] = [count('unstable_contenders', times), count('contenders', asked, 'contender')];
    const write = say('prompt_unstable', { kind: 'eval', name: evalId });
    if (title === undefined) return write`In eval ${named('eval', name)}, the prompt ${named('prompt', id)} is unstable with ${of} of ${all}: asked again, some answers passed and others did not.`;
    return write`In eval ${named('eval', name)}, the prompt ${named('title', title)} (${named('prompt', id)}) is unstable with ${of} of ${all}: asked again, some answers passed and others did not.`;
  });
}

function unstableModels({ evalId, name, contenders }: EvalRunFacts): ReportFinding[] {
  return contenders.filter((each) => (each.instability ?? 0) > 0).map((each) => (
    say('model_unstable', { kind: 'eval', name: evalId })`In eval ${named('eval', name)}, ${named('model', each.name)} is unstable at ${percent('unstable_share', Math.round((each.instability ?? 0) * MILLION), MILLION)} of the prompts it was asked more than once.`
  ));
}

/** How every contender did. */
export function evalTable({ evals }: ReportFacts): ReportTable {
  const lines = (evals ?? []).flatMap(({ name, contenders }) => contenders.map((each): ReportLine => ({
    name: each.name, title: null, within: name, answers: each.judged, passed_answers: each.passed, cost_nano_usd: String(each.nanoUsd), cost_per_useful_nano_usd: each.perUseful?.toString() ?? null,
    median_latency_ms: each.medianMs === null ? null : Math.round(each.medianMs), unstable_percent: each.instability === null ? null : Math.round(each.instability * HUNDRED * TENTHS) / TENTHS,
  })));
  const columns = ['answers', 'passed_answers', 'cost_nano_usd', 'cost_per_useful_nano_usd', 'median_latency_ms', 'unstable_percent'] as const;
  return tableOf({ name: 'by_eval_and_model', title: 'Models of each eval', basis: 'evals', columns }, lines, HUNDRED);
}
