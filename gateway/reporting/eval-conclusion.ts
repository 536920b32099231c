/** This file says in plain sentences what a run of an eval set has found. Pure. */
import type { EvalContenderSummary, EvalRunState } from '../../generated/client/types.gen.ts';

/** A cost or a latency is told as different from so much on. */
const TELLING_RATIO = 1.2;
const NANO_USD_PER_USD = 1_000_000_000;
const MS_PER_SECOND = 1000;

/** The sentences, the most important first; each has its figures. */
export function concludeEval(contenders: readonly EvalContenderSummary[], { state, winner }: { readonly state: EvalRunState; readonly winner: number | null }): string[] {
  const judged = contenders.filter(({ pass_rate: rate }) => rate !== null);
  const sentences = [
    ...unfinished(state),
    ...quality(judged, winner),
    ...money(judged, winner),
    ...speed(judged),
    ...contenders.flatMap(failures),
    ...contenders.flatMap(unstable),
    ...contenders.flatMap(unjudged),
  ];
  return sentences.length === 0 ? ['There is no answer yet, so nothing can be said.'] : sentences;
}

/** What a contender is called: models may be compared with themselves. */
export function nameOf({ contender, model, target }: Pick<EvalContenderSummary, 'contender' | 'model' | 'target'>): string {
  return target === null ? `${model} (#${contender + 1})` : `${model} at ${target} (#${contender + 1})`;
}

function unfinished(state: EvalRunState): string[] {
  switch (state) {
    case 'completed': return [];
    case 'queued':
    case 'running': return ['The run has not ended: this is what is known so far.'];
    case 'cancelled': return ['The run was cancelled: this is what was known by then.'];
    case 'stopped_by_budget': return ['The run was stopped by its budget: this is what was known by then.'];
    case 'failed': return ['The run has failed: this is what was known by then.'];
    default: return state satisfies never;
  }
}

function quality(judged: readonly EvalContenderSummary[], winner: number | null): string[] {
  const [best, next] = [...judged].sort((left, right) => (right.pass_rate ?? 0) - (left.pass_rate ?? 0));
  if (!best) return [];
  if (!next) return [`${nameOf(best)}: ${share(best)}.`];
  if (winner === best.contender) return [`${nameOf(best)} is better: ${share(best)}, against ${share(next)} of ${nameOf(next)}.`];
  return [`There is no clear difference in quality between ${nameOf(best)} (${share(best)}) and ${nameOf(next)} (${share(next)}): their intervals overlap.`];
}

/** `29 of 30 passed (97 %, 83 to 99 %)` */
function share({ passed, failed, errors, pass_rate: rate, pass_rate_low: low, pass_rate_high: high }: EvalContenderSummary): string {
  return `${passed} of ${passed + failed + errors} passed (${percent(rate)} %, ${percent(low)} to ${percent(high)} %)`;
}

function percent(value: number | null): string {
  return String(Math.round((value ?? 0) * 100));
}

function money(judged: readonly EvalContenderSummary[], winner: number | null): string[] {
  const useless = judged.filter((each) => each.cost_per_useful_nano_usd === null && each.cost_nano_usd !== '0').map((each) => `${nameOf(each)} cost ${usd(each.cost_nano_usd)} and gave no useful answer.`);
  const priced = judged.flatMap((each) => (each.cost_per_useful_nano_usd === null ? [] : [{ each, cost: Number(each.cost_per_useful_nano_usd) }])).sort((left, right) => left.cost - right.cost);
  const [cheap] = priced;
  const dear = priced.at(-1);
  if (!cheap || !dear || cheap === dear || dear.cost === 0) return useless;
  const costs = `${usd(cheap.cost)} per useful answer of ${nameOf(cheap.each)}, ${usd(dear.cost)} of ${nameOf(dear.each)}, failed ones counted in`;
  if (dear.cost < cheap.cost * TELLING_RATIO) return [...useless, `They cost about the same: ${costs}.`];
  const times = cheap.cost === 0 ? 'The first costs nothing' : `The second costs ${(dear.cost / cheap.cost).toFixed(1)} times as much`;
  const advice = winner === null && judged.length > 1 ? ' As quality does not tell them apart, the cheaper one will do.' : '';
  return [...useless, `${times}: ${costs}.${advice}`];
}

/** Figures of money for people: as many digits as it takes to see two of them. */
function usd(nanoUsd: string | number): string {
  const amount = Number(nanoUsd) / NANO_USD_PER_USD;
  if (amount === 0) return '0 USD';
  return amount >= 0.1 ? `${amount.toFixed(2)} USD` : `${Number(amount.toPrecision(2)).toFixed(Math.min(9, 1 - Math.floor(Math.log10(amount))))} USD`;
}

function speed(judged: readonly EvalContenderSummary[]): string[] {
  const timed = judged.flatMap((each) => (each.latency_p50_ms === null || each.latency_p95_ms === null ? [] : [{ each, half: each.latency_p50_ms, most: each.latency_p95_ms }]))
    .sort((left, right) => left.half - right.half);
  const [quick] = timed;
  const slow = timed.at(-1);
  if (!quick || !slow || quick === slow) return [];
  const verb = slow.half < quick.half * TELLING_RATIO ? 'They are about as quick' : `${nameOf(quick.each)} is quicker`;
  return [`${verb}: half of the answers of ${nameOf(quick.each)} were there after ${seconds(quick.half)} (95 % after ${seconds(quick.most)}), of ${nameOf(slow.each)} after ${seconds(slow.half)} (95 % after ${seconds(slow.most)}).`];
}

function seconds(ms: number): string {
  return ms < MS_PER_SECOND ? `${Math.round(ms)} ms` : `${(ms / MS_PER_SECOND).toFixed(1)} s`;
}

function failures(each: EvalContenderSummary): string[] {
  if (each.errors === 0) return [];
  const [first] = each.error_classes;
  return [`${nameOf(each)} gave no answer ${each.errors} times of ${each.answers}${first ? `, most often for ${first.code} (${first.count})` : ''}.`];
}

function unstable(each: EvalContenderSummary): string[] {
  if (each.instability === null || each.instability === 0) return [];
  return [`${nameOf(each)} is unstable at ${percent(each.instability)} % of the prompts it was asked more than once: some of its answers passed and others did not.`];
}

function unjudged(each: EvalContenderSummary): string[] {
  return each.undetermined === 0 ? [] : [`${each.undetermined} of ${each.answers} answers of ${nameOf(each)} could not be judged; they are left out of its share.`];
}
