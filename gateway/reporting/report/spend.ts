/** This file says what was spent, by day, key, model and route, and what has changed against the time before. */
import type { ReportFinding, ReportLine, ReportTable } from '../../../generated/client/types.gen.ts';
import { DAY_MS } from './facts.ts';
import type { ReportFacts, ReportPart } from './facts.ts';
import { change, count, day, formatDay, formatTime, named, percent, say, times, usd } from './figures.ts';
import { divide, NO_SUMS, sumBy } from './measures.ts';
import type { Sums } from './measures.ts';
import { allSumColumns, sumColumns, sumLine, tableOf } from './tables.ts';

/** A day is dear when it cost so many times the median day, … */
const PEAK_TIMES = 2n;
/** … of at least so many days. */
const PEAK_DAYS_MIN = 7;
const DAYS_MAX = 1000;

/** Everything that is said of spending. */
export function reportSpend(facts: ReportFacts): ReportPart {
  if (facts.totals.requests === 0 && facts.totals.nanoUsd === 0n) return { findings: [nothing(facts)], tables: spendTables(facts) };
  return {
    findings: [total(facts), ...changed(facts), ...dearest(facts), ...peak(facts), ...unpriced(facts)],
    tables: spendTables(facts),
  };
}

/** Said where there is nothing to be said. */
export function nothing({ span }: ReportFacts): ReportFinding {
  return say('no_requests', null)`There were no requests from ${day('first_day', span.fromMs)} to ${day('last_day', span.toMs - DAY_MS)}.`;
}

/** What was spent in all. */
export function total({ span, totals }: ReportFacts): ReportFinding {
  return say('spend_total', null)`Spent ${usd('cost', totals.nanoUsd)} on ${count('requests', totals.requests, 'request')} from ${day('first_day', span.fromMs)} to ${day('last_day', span.toMs - DAY_MS)}.`;
}

function daysOf({ span }: ReportFacts): number {
  return Math.round((span.toMs - span.fromMs) / DAY_MS);
}

/** More or less than before, and whether because of how many requests there were or of what each cost. */
function changed(facts: ReportFacts): ReportFinding[] {
  const { totals, before, requestsMin } = facts;
  const days = count('days', daysOf(facts), 'day');
  if (totals.requests < requestsMin) return [];
  if (before.requests < requestsMin || before.nanoUsd <= 0n) {
    return [say('spend_before_too_few', null)`The ${days} before had ${count('requests_before', before.requests, 'request')} and cost ${usd('cost_before', before.nanoUsd)}; that is too little to compare with.`];
  }
  const more = totals.nanoUsd - before.nanoUsd;
  const each = (sums: Sums): bigint => divide(sums.nanoUsd, BigInt(sums.requests));
  const [now, then] = [usd('cost_per_request', each(totals)), usd('cost_per_request_before', each(before))];
  const requests = [count('requests_before', before.requests), count('requests', totals.requests)] as const;
  const costBefore = usd('cost_before', before.nanoUsd);
  if (more === 0n) return [say('spend_change', null)`That is as much as in the ${days} before (${costBefore}).`];
  const by = change('change', more < 0n ? -more : more, before.nanoUsd);
  return [say('spend_change', null)`That is ${by} ${more < 0n ? 'less' : 'more'} than in the ${days} before (${costBefore}): requests went from ${requests[0]} to ${requests[1]}, and the cost of one from ${then} to ${now}.`];
}

interface Named {
  readonly name: string;
  readonly sums: Sums;
}

/** Who of each kind has spent the most. */
function dearest(facts: ReportFacts): ReportFinding[] {
  const [key] = byName(facts, 'key');
  const [model] = byName(facts, 'model').filter(({ name }) => name !== '');
  const [route] = byName(facts, 'route').filter(({ name }) => name !== '');
  return [
    ...top(facts, key, 'key'),
    ...top(facts, model, 'model'),
    ...top(facts, route, 'route'),
  ];
}

function byName({ keys, splits }: ReportFacts, kind: 'key' | 'model' | 'route'): Named[] {
  if (kind === 'key') return sumBy(keys, ({ keyId }) => keyId ?? '');
  return sumBy(splits, ({ model, route }) => (kind === 'model' ? model : route) ?? '');
}

const codes = { key: 'spend_top_key', model: 'spend_top_model', route: 'spend_top_route' } as const;

function top({ totals, keyNames }: ReportFacts, first: Named | undefined, kind: 'key' | 'model' | 'route'): ReportFinding[] {
  if (!first || first.sums.nanoUsd <= 0n || totals.nanoUsd <= 0n) return [];
  const { name, sums } = first;
  const title = kind === 'key' ? keyNames.get(name) : undefined;
  const called = title === undefined ? '' : named('title', title);
  const who = named(kind, name);
  const [cost, share, requests] = [usd('cost', sums.nanoUsd), percent('share', sums.nanoUsd, totals.nanoUsd), count('requests', sums.requests, 'request')];
  const write = say(codes[kind], { kind, name });
  if (called === '') return [write`Of the ${kind}s, ${who} cost the most: ${cost}, ${share} of all, for ${requests}.`];
  return [write`Of the ${kind}s, ${called} (${who}) cost the most: ${cost}, ${share} of all, for ${requests}.`];
}

/** A day that stands out. */
function peak({ days, requestsMin }: ReportFacts): ReportFinding[] {
  const some = days.filter(({ requests }) => requests > 0).sort((a, b) => (a.nanoUsd < b.nanoUsd ? -1 : a.nanoUsd > b.nanoUsd ? 1 : 0));
  const dear = some.at(-1);
  const usual = some[Math.floor((some.length - 1) / 2)];
  if (!dear || !usual || some.length < PEAK_DAYS_MIN || dear.requests < requestsMin || usual.nanoUsd <= 0n || dear.nanoUsd < PEAK_TIMES * usual.nanoUsd) return [];
  return [say('spend_peak_day', null)`The dearest day was ${day('day', dear.startMs ?? 0)} with ${usd('cost', dear.nanoUsd)}, ${times('times', dear.nanoUsd, usual.nanoUsd)} the median day (${usd('median', usual.nanoUsd)}).`];
}

function unpriced({ totals }: ReportFacts): ReportFinding[] {
  if (totals.unpricedRequests === 0) return [];
  return [say('spend_unpriced', null)`There is no price for ${count('unpriced', totals.unpricedRequests, 'request')}, which no sum of money here has in it.`];
}

/** By day, key, model and route. */
export function spendTables(facts: ReportFacts): ReportTable[] {
  const lines = (kind: 'key' | 'model' | 'route') => byName(facts, kind).map(({ name, sums }) => sumLine({ name, title: kind === 'key' ? facts.keyNames.get(name) ?? null : null }, sums, sumColumns));
  return [
    dayTable(facts),
    tableOf({ name: 'by_key', title: 'By key', basis: 'all', columns: sumColumns }, lines('key')),
    tableOf({ name: 'by_model', title: 'By model that answered', basis: 'all', columns: sumColumns }, lines('model')),
    tableOf({ name: 'by_route', title: 'By route', basis: 'all', columns: sumColumns }, lines('route')),
  ];
}

/** Every day from the first, those without requests too. */
export function dayTable({ span, days }: ReportFacts): ReportTable {
  const byDay = new Map(days.map((group) => [group.startMs, group]));
  const lines: ReportLine[] = [];
  for (let at = span.fromMs; at < span.toMs && lines.length < DAYS_MAX; at += DAY_MS) {
    lines.push(sumLine({ name: formatDay(at) }, byDay.get(at) ?? NO_SUMS, allSumColumns));
  }
  return tableOf({ name: 'by_day', title: 'By day', basis: 'all', columns: allSumColumns }, lines, DAYS_MAX);
}

/** Every hour of the last two days that has requests, the oldest first. */
export function hourTable({ hours }: ReportFacts): ReportTable {
  const lines = [...hours].sort((a, b) => (a.startMs ?? 0) - (b.startMs ?? 0)).map((group) => sumLine({ name: formatTime(group.startMs ?? 0) }, group, sumColumns));
  return tableOf({ name: 'by_hour', title: 'The last two days by hour', basis: 'all', columns: sumColumns }, lines, DAYS_MAX);
}
