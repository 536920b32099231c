/** This file says where requests fail, by whom, with which error, at which upstream, and since when. */
import type { ReportFinding, ReportFindingCode, ReportLine, ReportSubject, ReportTable } from '../../../generated/client/types.gen.ts';
import { toSeconds } from '../../foundation/page.ts';
import type { SettledRequest } from '../../foundation/terms.ts';
import { attemptsOf } from '../attempts.ts';
import { DAY_MS } from './facts.ts';
import type { ReportFacts, ReportPart } from './facts.ts';
import { count, minute, named, percent, say } from './figures.ts';
import { isAbove, sumBy, without } from './measures.ts';
import type { Sums } from './measures.ts';
import { dayTable, hourTable, nothing } from './spend.ts';
import { sumColumns, sumLine, tableOf } from './tables.ts';

/** Sentences about one kind of place at most. */
const PLACES_MAX = 3;
/** Errors told of one by one. */
const ERRORS_MAX = 3;
/** Marks are of so much time, in ms. */
const SPAN_MS = 600_000;

/** Everything that is said of failures. */
export function reportFailures(facts: ReportFacts): ReportPart {
  return { findings: findings(facts), tables: failureTables(facts) };
}

function findings(facts: ReportFacts): ReportFinding[] {
  const { totals, requestsMin } = facts;
  if (totals.requests === 0) return [nothing(facts)];
  if (totals.errors === 0) return [say('failures_none', null)`None of ${count('requests', totals.requests, 'request')} failed.`];
  const all = say('failures_total', null)`${percent('failed_share', totals.errors, totals.requests)} of all requests failed: ${count('failed', totals.errors)} of ${count('requests', totals.requests)}.`;
  const errors = errorFindings(facts);
  if (totals.requests < requestsMin) return [all, say('failures_too_few', null)`That is too few requests to say where they fail more than elsewhere: it takes at least ${count('requests_min', requestsMin)}.`, ...errors];
  const places = [...targetFindings(facts), ...placeFindings(facts)];
  const even = say('failures_even', null)`No key, name that was asked for, route, kind of request or upstream with at least ${count('requests_min', requestsMin, 'request')} fails clearly more often than the rest.`;
  return [all, ...change(facts), ...(places.length > 0 ? places : [even]), ...errors, ...hourFinding(facts)];
}

/** A change that is none by its figures is not told as one. */
function change({ span, totals, before, requestsMin }: ReportFacts): ReportFinding[] {
  if (before.requests < requestsMin) return [];
  const [now, then] = [{ part: totals.errors, whole: totals.requests }, { part: before.errors, whole: before.requests }];
  const [share, failed, requests] = [percent('failed_share_before', then.part, then.whole), count('failed_before', then.part), count('requests_before', then.whole)];
  const days = count('days', Math.round((span.toMs - span.fromMs) / DAY_MS), 'day');
  const write = say('failures_change', null);
  if (isAbove(now, then)) return [write`That is clearly more than in the ${days} before: ${share} (${failed} of ${requests}).`];
  if (isAbove(then, now)) return [write`That is clearly less than in the ${days} before: ${share} (${failed} of ${requests}).`];
  return [write`There is no clear difference to the ${days} before: ${share} (${failed} of ${requests}).`];
}

interface Kind {
  readonly code: ReportFindingCode;
  readonly kind: ReportSubject['kind'];
  readonly words: string;
  readonly named: readonly { readonly name: string; readonly sums: Sums }[];
}

/** Where failures are clearly more frequent than everywhere else, the most failures first. */
function placeFindings(facts: ReportFacts): ReportFinding[] {
  const { keys, asked, splits } = facts;
  const kinds: readonly Kind[] = [
    { code: 'failures_route', kind: 'route', words: 'to route', named: sumBy(splits, ({ route }) => route ?? '') },
    { code: 'failures_asked', kind: 'asked', words: 'that ask for', named: sumBy(asked, (group) => group.asked ?? '') },
    { code: 'failures_key', kind: 'key', words: 'of key', named: sumBy(keys, ({ keyId }) => keyId ?? '') },
    { code: 'failures_operation', kind: 'operation', words: 'for', named: sumBy(splits, ({ operation }) => operation ?? '') },
  ];
  return kinds.flatMap((kind) => outstanding(kind, facts));
}

function outstanding({ code, kind, words, named: all }: Kind, { totals, requestsMin, keyNames }: ReportFacts): ReportFinding[] {
  const clear = all.filter(({ name, sums }) => {
    const rest = without(totals, sums);
    return name !== '' && sums.requests >= requestsMin && rest.requests >= requestsMin && isAbove({ part: sums.errors, whole: sums.requests }, { part: rest.errors, whole: rest.requests });
  });
  return clear.sort((a, b) => b.sums.errors - a.sums.errors).slice(0, PLACES_MAX).map(({ name, sums }) => {
    const rest = without(totals, sums);
    const title = kind === 'key' ? keyNames.get(name) : undefined;
    const [share, failed, requests] = [percent('failed_share', sums.errors, sums.requests), count('failed', sums.errors), count('requests', sums.requests)];
    const others = percent('failed_share_of_others', rest.errors, rest.requests);
    if (title === undefined) return say(code, { kind, name })`Requests ${words} ${named('name', name)} fail more: ${share} (${failed} of ${requests}), against ${others} of all others.`;
    return say(code, { kind, name })`Requests ${words} ${named('title', title)} (${named('name', name)}) fail more: ${share} (${failed} of ${requests}), against ${others} of all others.`;
  });
}

/** What failed for what the upstream did, and not for what it was asked. */
export function isUpstreamFault(code: string | null): boolean {
  return code?.startsWith('upstream_') === true && code !== 'upstream_rejected';
}

interface Upstream {
  readonly target: string;
  readonly attempts: number;
  readonly failed: number;
  readonly latencies: readonly number[];
}

/** Calls of each upstream, one by one: those a fallback made good too. */
export function upstreamsOf(rows: readonly SettledRequest[]): Upstream[] {
  const byTarget = new Map<string, { attempts: number; failed: number; latencies: number[] }>();
  for (const attempt of rows.flatMap(attemptsOf)) {
    const upstream = byTarget.get(attempt.target) ?? { attempts: 0, failed: 0, latencies: [] };
    byTarget.set(attempt.target, upstream);
    upstream.attempts++;
    if (isUpstreamFault(attempt.code)) upstream.failed++;
    else if (attempt.code === null && attempt.latency_ms !== null) upstream.latencies.push(attempt.latency_ms);
  }
  return [...byTarget].map(([target, upstream]) => ({ target, ...upstream })).sort((a, b) => b.failed - a.failed || b.attempts - a.attempts);
}

function targetFindings({ sample, requestsMin }: ReportFacts): ReportFinding[] {
  const upstreams = upstreamsOf(sample.rows);
  const [attempts, failed] = [upstreams.reduce((sum, each) => sum + each.attempts, 0), upstreams.reduce((sum, each) => sum + each.failed, 0)];
  const clear = upstreams.filter((each) => each.attempts >= requestsMin && attempts - each.attempts >= requestsMin
    && isAbove({ part: each.failed, whole: each.attempts }, { part: failed - each.failed, whole: attempts - each.attempts }));
  return clear.slice(0, PLACES_MAX).map((each) => {
    const looked = sample.isComplete ? '' : ' that were looked at';
    const others = percent('failed_share_of_others', failed - each.failed, attempts - each.attempts);
    return say('failures_target', { kind: 'target', name: each.target })`Calls of upstream ${named('target', each.target)} fail more: ${percent('failed_share', each.failed, each.attempts)} (${count('failed', each.failed)} of ${count('attempts', each.attempts, 'call')}${looked}), against ${others} of all other calls.`;
  });
}

interface ErrorKind {
  readonly code: string;
  readonly rows: readonly SettledRequest[];
}

/** The newest failures by their error, the most frequent first. */
function errorsOf({ failed }: ReportFacts): ErrorKind[] {
  const byCode = new Map<string, SettledRequest[]>();
  for (const row of failed.rows) {
    const code = row.errorCode ?? '';
    const some = byCode.get(code);
    if (some) some.push(row);
    else byCode.set(code, [row]);
  }
  return [...byCode].map(([code, rows]) => ({ code, rows })).sort((a, b) => b.rows.length - a.rows.length || (a.code < b.code ? -1 : 1));
}

/** Which errors, at which upstream mostly, and whether they are new. */
function errorFindings(facts: ReportFacts): ReportFinding[] {
  const { failed, errorTimes, span } = facts;
  const kinds = errorsOf(facts).slice(0, ERRORS_MAX).map(({ code, rows }) => {
    const [worst] = upstreamsOf(rows).filter((each) => each.failed > 0);
    const write = say('failures_error', { kind: 'error', name: code });
    const [share, some, of] = [percent('share', rows.length, failed.rows.length), count('failed', rows.length), count('looked_at', failed.rows.length)];
    const all = failed.isComplete ? 'all failures' : 'the newest failures';
    if (!worst) return write`${share} of ${all} are ${named('error', code)} (${some} of ${of}).`;
    return write`${share} of ${all} are ${named('error', code)} (${some} of ${of}), most of them after calls of ${named('target', worst.target)} (${count('failed_calls', worst.failed, 'failed call')}).`;
  });
  const news = (errorTimes ?? []).filter(({ beforeMs, firstMs }) => beforeMs === null && firstMs >= span.fromMs + DAY_MS);
  return [...kinds, ...news.slice(0, ERRORS_MAX).map(({ code, firstMs, lastMs, spans }) => (
    say('failures_error_new', { kind: 'error', name: code })`${named('error', code)} is new: it was never seen before ${minute('first_seen', firstMs)}, and last within ten minutes of ${minute('last_seen', lastMs)}, in ${count('spans', spans, 'span')} of ten minutes.`
  ))];
}

/** The worst hour of the last two days, where it is clearly worse than the rest of them. */
function hourFinding({ hours, requestsMin }: ReportFacts): ReportFinding[] {
  const [requests, errors] = [hours.reduce((sum, each) => sum + each.requests, 0), hours.reduce((sum, each) => sum + each.errors, 0)];
  const [worst] = [...hours].sort((a, b) => b.errors - a.errors);
  if (!worst || worst.requests < requestsMin || requests - worst.requests < requestsMin) return [];
  if (!isAbove({ part: worst.errors, whole: worst.requests }, { part: errors - worst.errors, whole: requests - worst.requests })) return [];
  return [say('failures_hour', null)`Of the last two days, the hour from ${minute('hour', worst.startMs ?? 0)} was the worst: ${percent('failed_share', worst.errors, worst.requests)} of its requests failed (${count('failed', worst.errors)} of ${count('requests', worst.requests)}), against ${percent('failed_share_of_others', errors - worst.errors, requests - worst.requests)} of all others.`];
}

function failureTables(facts: ReportFacts): ReportTable[] {
  const { sample, failed, errorTimes, keys, asked, splits, keyNames } = facts;
  const times = new Map((errorTimes ?? []).map((each) => [each.code, each]));
  const lines = (all: readonly { name: string; sums: Sums }[]): ReportLine[] => all.filter(({ sums }) => sums.errors > 0).sort((a, b) => b.sums.errors - a.sums.errors)
    .map(({ name, sums }) => sumLine({ name, title: keyNames.get(name) ?? null }, sums, sumColumns));
  const errors = errorsOf(facts).map(({ code, rows }): ReportLine => {
    const seen = times.get(code);
    // A span that is not over may say a time to come.
    const lastMs = seen ? Math.min(seen.lastMs + SPAN_MS, facts.span.toMs, facts.span.nowMs) : null;
    return { name: code, title: null, within: null, failed_requests: rows.length, first_seen: seen ? toSeconds(seen.firstMs) : null, last_seen: lastMs === null ? null : toSeconds(lastMs) };
  });
  const upstreams = upstreamsOf(sample.rows).map((each): ReportLine => ({ name: each.target, title: null, within: null, attempts: each.attempts, failed_attempts: each.failed }));
  return [
    tableOf({ name: 'by_error', title: 'By error', basis: failed.isComplete ? 'all' : 'failures', columns: ['failed_requests', 'first_seen', 'last_seen'] }, errors),
    tableOf({ name: 'by_target', title: 'Calls of upstreams', basis: sample.isComplete ? 'all' : 'sample', columns: ['attempts', 'failed_attempts'] }, upstreams),
    tableOf({ name: 'by_route', title: 'By route', basis: 'all', columns: sumColumns }, lines(sumBy(splits, ({ route }) => route ?? ''))),
    tableOf({ name: 'by_asked', title: 'By the name that was asked for', basis: 'all', columns: sumColumns }, lines(sumBy(asked, (group) => group.asked ?? ''))),
    tableOf({ name: 'by_key', title: 'By key', basis: 'all', columns: sumColumns }, lines(sumBy(keys, ({ keyId }) => keyId ?? ''))),
    dayTable(facts),
    hourTable(facts),
  ];
}
