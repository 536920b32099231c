/** This file says which route is expensive, and why: its models, its attempts, the length of its prompts and answers, what it pays for failures. */
import type { ReportFinding, ReportLine, ReportTable } from '../../../generated/client/types.gen.ts';
import type { SettledRequest } from '../../foundation/terms.ts';
import type { ReportFacts, ReportPart } from './facts.ts';
import { count, mean, named, percent, say, times, usd } from './figures.ts';
import { addAll, answered, costPerAnswer, isAbove, sumBy } from './measures.ts';
import type { Sums } from './measures.ts';
import { sumColumns, sumLine, tableOf } from './tables.ts';

/** A route is expensive where an answer costs so much more than elsewhere: a quarter more. Less is not told from what was asked of it. */
const EXPENSIVE = { part: 5n, whole: 4n };
/** A cause is told where it makes half as much again. */
const LONGER = { part: 3n, whole: 2n };
/** Attempts of a hundred requests that are no first ones. */
const REPEATED_PERCENT_MIN = 10;
/** Of a route's requests or its cost, a part to speak of. */
const PERCENT_MIN = 5;
const HUNDRED = 100;

/** A route, and everything else that was asked for by the same operations. */
interface Compared {
  readonly route: string;
  readonly sums: Sums;
  readonly others: Sums;
  readonly models: readonly { readonly name: string; readonly sums: Sums }[];
  readonly looked: readonly SettledRequest[];
}

/** Everything that is said of routes. */
export function reportRoutes(facts: ReportFacts): ReportPart {
  const compared = compareRoutes(facts);
  const enough = compared.filter(({ sums, others }) => answered(sums) >= facts.requestsMin && answered(others) >= facts.requestsMin);
  const expensive = enough.filter(isExpensive).sort((a, b) => ratioOf(b) - ratioOf(a));
  const findings = expensive.flatMap((one) => [expense(one), ...causes(one, facts)]);
  const degraded = compared.flatMap((one) => degradation(one, facts));
  return { findings: [...(findings.length > 0 ? findings : [verdict(compared, enough, facts)]), ...degraded], tables: routeTables(facts, compared) };
}

function compareRoutes({ splits, sample }: ReportFacts): Compared[] {
  return sumBy(splits.filter(({ route }) => route !== null && route !== ''), ({ route }) => route ?? '').map(({ name, sums }) => {
    const own = splits.filter(({ route }) => route === name);
    const operations = new Set(own.map(({ operation }) => operation));
    return {
      route: name, sums,
      others: addAll(splits.filter(({ route, operation }) => route !== name && operations.has(operation))),
      models: sumBy(own, ({ model }) => model ?? ''),
      looked: sample.rows.filter(({ route, outcome }) => route === name && outcome !== 'refund'),
    };
  });
}

function isExpensive({ sums, others }: Compared): boolean {
  const [own, theirs] = [costPerAnswer(sums), costPerAnswer(others)];
  // What has no price can't be told to be cheap.
  if (own === null || theirs === null || theirs <= 0n || others.unpricedRequests * HUNDRED > others.requests * PERCENT_MIN) return false;
  return own * EXPENSIVE.whole >= theirs * EXPENSIVE.part;
}

/** For their order alone. */
function ratioOf({ sums, others }: Compared): number {
  return Number(costPerAnswer(sums) ?? 0n) / Math.max(1, Number(costPerAnswer(others) ?? 1n));
}

function expense({ route, sums, others }: Compared): ReportFinding {
  const [own, theirs] = [costPerAnswer(sums) ?? 0n, costPerAnswer(others) ?? 1n];
  return say('route_expensive', { kind: 'route', name: route })`Route ${named('route', route)} costs ${usd('cost_per_answer', own)} for each answer, ${times('times', own, theirs)} what other requests for the same operations cost (${usd('cost_per_answer_of_others', theirs)}), over ${count('answers', answered(sums), 'answer')}.`;
}

function verdict(all: readonly Compared[], enough: readonly Compared[], { requestsMin }: ReportFacts): ReportFinding {
  if (enough.length > 0) return say('routes_alike', null)`None of the ${count('routes', enough.length, 'route')} with at least ${count('requests_min', requestsMin, 'answer')} costs clearly more for an answer than other requests do.`;
  return say('routes_too_few', null)`None of the ${count('routes', all.length, 'route')} that were asked can be compared: it takes at least ${count('requests_min', requestsMin, 'answer')} by a route and as many by other requests for the same operations.`;
}

function causes(one: Compared, facts: ReportFacts): ReportFinding[] {
  return [...becauseOfModel(one, facts), ...becauseOfLength(one), ...becauseOfAttempts(one), ...becauseOfFailures(one), ...becauseOfPaidFailures(one, facts)];
}

/** Its dearest model, against its cheapest one, or against all others where it has but one. */
function becauseOfModel({ route, sums, models }: Compared, { requestsMin }: ReportFacts): ReportFinding[] {
  const known = models.filter(({ name, sums: each }) => name !== '' && answered(each) >= requestsMin && each.nanoUsd > 0n).map(({ name, sums: each }) => ({ name, sums: each, cost: costPerAnswer(each) ?? 0n }));
  const ordered = known.sort((a, b) => (a.cost < b.cost ? 1 : a.cost > b.cost ? -1 : 0));
  const [dearest] = ordered;
  const cheapest = ordered.at(-1);
  if (!dearest || !cheapest || sums.nanoUsd <= 0n) return [];
  const write = say('route_because_model', { kind: 'route', name: route });
  const share = percent('share_of_cost', dearest.sums.nanoUsd, sums.nanoUsd);
  const answers = percent('share_of_answers', answered(dearest.sums), answered(sums));
  const cost = usd('cost_per_answer', dearest.cost);
  if (dearest === cheapest) return [write`${share} of what ${named('route', route)} costs is for ${named('model', dearest.name)}, which gives ${answers} of its answers at ${cost} each.`];
  return [write`${share} of what ${named('route', route)} costs is for ${named('model', dearest.name)}, its dearest model, which gives ${answers} of its answers at ${cost} each; its cheapest, ${named('cheapest_model', cheapest.name)}, answers at ${usd('cheapest_cost_per_answer', cheapest.cost)}.`];
}

/** Tokens of an answer, of the route and of others, where it is clearly more. */
function becauseOfLength({ route, sums, others }: Compared): ReportFinding[] {
  const isLonger = (own: number, theirs: number): boolean => theirs > 0 && BigInt(own) * BigInt(answered(others)) * LONGER.whole >= BigInt(theirs) * BigInt(answered(sums)) * LONGER.part;
  const ratio = (own: number, theirs: number) => times('times', BigInt(own) * BigInt(answered(others)), BigInt(theirs) * BigInt(answered(sums)));
  const about = { kind: 'route', name: route } as const;
  const findings: ReportFinding[] = [];
  if (isLonger(sums.completionTokens, others.completionTokens)) {
    findings.push(say('route_because_long_answers', about)`Answers of ${named('route', route)} are ${ratio(sums.completionTokens, others.completionTokens)} as long as others: ${mean('tokens', sums.completionTokens, answered(sums))} tokens against ${mean('tokens_of_others', others.completionTokens, answered(others))}.`);
  }
  if (isLonger(sums.promptTokens, others.promptTokens)) {
    findings.push(say('route_because_long_prompts', about)`Prompts to ${named('route', route)} are ${ratio(sums.promptTokens, others.promptTokens)} as long as others: ${mean('tokens', sums.promptTokens, answered(sums))} tokens for an answer against ${mean('tokens_of_others', others.promptTokens, answered(others))}.`);
  }
  return findings;
}

function becauseOfAttempts({ route, sums, others }: Compared): ReportFinding[] {
  const repeated = sums.attempts - sums.requests;
  if (repeated * HUNDRED < sums.requests * REPEATED_PERCENT_MIN || others.requests <= 0) return [];
  return [say('route_because_attempts', { kind: 'route', name: route })`${named('route', route)} takes ${mean('attempts', sums.attempts, sums.requests)} attempts for a request; others take ${mean('attempts_of_others', others.attempts, others.requests)}.`];
}

function becauseOfFailures({ route, sums, others }: Compared): ReportFinding[] {
  if (!isAbove({ part: sums.errors, whole: sums.requests }, { part: others.errors, whole: others.requests }) || sums.errors * HUNDRED < sums.requests * PERCENT_MIN) return [];
  return [say('route_because_failures', { kind: 'route', name: route })`${percent('failed_share', sums.errors, sums.requests)} of the requests to ${named('route', route)} fail (${count('failed', sums.errors)} of ${count('requests', sums.requests)}), and leave their cost to fewer answers; of others it is ${percent('failed_share_of_others', others.errors, others.requests)}.`];
}

/** Where it is said what was looked at: all, or a sample. */
function lookedAt(rows: readonly SettledRequest[], { sample }: ReportFacts): readonly [string, ReturnType<typeof count>, string] {
  return [sample.isComplete ? 'Of its ' : 'Of a sample of ', count('looked_at', rows.length, 'request'), sample.isComplete ? '' : ' of it'];
}

function becauseOfPaidFailures({ route, looked }: Compared, facts: ReportFacts): ReportFinding[] {
  if (looked.length < facts.requestsMin) return [];
  const spent = looked.reduce((sum, { charge }) => sum + charge.nanoUsd, 0n);
  const lost = looked.reduce((sum, { charge, errorCode }) => sum + (errorCode === null ? 0n : charge.nanoUsd), 0n);
  if (spent <= 0n || lost * BigInt(HUNDRED) < spent * BigInt(PERCENT_MIN)) return [];
  const [of, rows, it] = lookedAt(looked, facts);
  return [say('route_because_paid_failures', { kind: 'route', name: route })`${of}${rows}${it}, ${percent('lost_share', lost, spent)} of the cost of ${named('route', route)} (${usd('lost', lost)} of ${usd('spent', spent)}) was for requests that failed after they had begun to answer.`];
}

/** Answers by what a route only falls back to. */
function degradation({ route, looked }: Compared, facts: ReportFacts): ReportFinding[] {
  const degraded = looked.filter(({ isDegraded }) => isDegraded).length;
  if (looked.length < facts.requestsMin || degraded * HUNDRED < looked.length * PERCENT_MIN) return [];
  const [of, rows, it] = lookedAt(looked, facts);
  return [say('route_degraded', { kind: 'route', name: route })`${of}${rows}${it}, ${percent('degraded_share', degraded, looked.length)} (${count('degraded', degraded)}) were answered by less than ${named('route', route)} would have chosen.`];
}

/** By route, by model within each, and how the sample was answered. */
function routeTables(facts: ReportFacts, compared: readonly Compared[]): ReportTable[] {
  const columns = [...sumColumns, 'attempts'] as const;
  const routes = sumBy(facts.splits, ({ route }) => route ?? '');
  const parts = compared.flatMap(({ route, models }) => models.map(({ name, sums }) => sumLine({ name, within: route }, sums, sumColumns)));
  const degraded = compared.filter(({ looked }) => looked.length > 0).map(({ route, looked }): ReportLine => ({
    name: route, title: null, within: null, requests: looked.length, degraded_requests: looked.filter(({ isDegraded }) => isDegraded).length, failed_requests: looked.filter(({ errorCode }) => errorCode !== null).length,
  }));
  return [
    tableOf({ name: 'by_route', title: 'By route', basis: 'all', columns }, routes.map(({ name, sums }) => sumLine({ name }, sums, columns))),
    tableOf({ name: 'by_route_and_model', title: 'Models of each route', basis: 'all', columns: sumColumns }, parts),
    tableOf({ name: 'degraded', title: 'How routes were answered', basis: facts.sample.isComplete ? 'all' : 'sample', columns: ['requests', 'degraded_requests', 'failed_requests'] }, degraded),
  ];
}
