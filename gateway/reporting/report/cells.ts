/** This file says how a report's figures are shown to people: what reports, columns and names are called, and how a value is written. */
import type { Report, ReportColumn, ReportLine, ReportName } from '../../../generated/client/types.gen.ts';
import { toMs } from '../../foundation/page.ts';
import { DAY_MS } from './facts.ts';
import { formatCount, formatDay, formatNanoUsd, formatTime, showName } from './figures.ts';

export const reportTitles: Readonly<Record<ReportName, string>> = { overview: 'Overview', spend: 'Spend', routes: 'Routes', failures: 'Failures', instability: 'Unstable prompts', models: 'Models and jobs' };

export const columnTitles: Readonly<Record<ReportColumn, string>> = {
  requests: 'Requests', failed_requests: 'Failed', degraded_requests: 'Degraded', attempts: 'Calls', failed_attempts: 'Failed calls', prompt_tokens: 'Prompt tokens', cached_tokens: 'Cached tokens',
  completion_tokens: 'Output tokens', reasoning_tokens: 'Reasoning tokens', counted_messages: 'Messages', cost_nano_usd: 'Cost, USD', cost_per_answer_nano_usd: 'Cost per answer, USD',
  unpriced_requests: 'Unpriced', mean_latency_ms: 'Mean latency, ms', median_latency_ms: 'Median latency, ms', first_seen: 'First seen', last_seen: 'Last seen', answers: 'Answers', passed_answers: 'Passed',
  cost_per_useful_nano_usd: 'Cost per passed answer, USD', unstable_percent: 'Unstable, %',
};

const NOTHING = '–';

/** What a cell shows; a dash where there is nothing to show. */
export function cellText(line: ReportLine, column: ReportColumn): string {
  const value = line[column];
  if (value === null || value === undefined) return NOTHING;
  if (typeof value === 'string') return formatNanoUsd(BigInt(value));
  if (column === 'unstable_percent') return value.toFixed(1);
  return column === 'first_seen' || column === 'last_seen' ? formatTime(toMs(value)) : formatCount(value);
}

/** What stands where a table has a line without a name. */
const unnamed: Readonly<Record<string, string>> = { by_route: '(no route)', by_model: '(nobody answered)', by_route_and_model: '(nobody answered)', by_error: '(no code)' };

/** What a line is called: its title, its name, and of what it is a part. */
export function lineTitle(line: ReportLine, table: string): string {
  const name = line.name === '' ? unnamed[table] ?? '(none)' : showName(line.name);
  const whole = line.title === null ? name : `${showName(line.title)} (${name})`;
  return line.within === null ? whole : `${showName(line.within)} › ${whole}`;
}

/** What is above everything: which report, of which days. */
export function headline(report: Report): string {
  return `${reportTitles[report.report]}, ${formatDay(toMs(report.from))} to ${formatDay(toMs(report.to) - DAY_MS)}`;
}

/** Whose requests are in it, and when it was made. */
export function byline({ workspace, key, user, generated_at: at, sample }: Report): string {
  const parts = [
    `Workspace ${workspace}`, ...(key === null ? [] : [`key ${key}`]), ...(user === null ? [] : [`user ${user}`]), `made ${formatTime(toMs(at))}`,
    ...(sample === null || sample.is_complete ? [] : [`${formatCount(sample.requests)} of ${formatCount(sample.of)} requests looked at one by one`]),
  ];
  return parts.join(' · ');
}
