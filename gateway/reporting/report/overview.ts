/** This file picks the most important of all reports. */
import type { ReportFindingCode } from '../../../generated/client/types.gen.ts';
import type { ReportFacts, ReportPart } from './facts.ts';
import { reportInstability } from './evals.ts';
import { reportFailures } from './failures.ts';
import { reportModels } from './models.ts';
import { reportRoutes } from './routes.ts';
import { nothing, reportSpend } from './spend.ts';

/** Findings of each report; each puts its most important first. */
const FINDINGS_EACH = 4;
/** What only says that nothing can be said. */
const silent: ReadonlySet<ReportFindingCode> = new Set<ReportFindingCode>(['routes_too_few', 'failures_too_few', 'jobs_too_few', 'job_no_clear_difference', 'spend_before_too_few', 'evals_none', 'evals_not_shown', 'evals_asked_once', 'prompts_stable']);
const tables = ['spend by_key', 'spend by_model', 'spend by_route', 'failures by_error', 'failures by_target', 'models by_eval_and_model', 'models by_job_and_model', 'spend by_day'] as const;

/** The first findings of every report, and its main tables. */
export function reportOverview(facts: ReportFacts): ReportPart {
  const parts: readonly (readonly [string, ReportPart])[] = [
    ['spend', reportSpend(facts)], ['routes', reportRoutes(facts)], ['failures', reportFailures(facts)], ['models', reportModels(facts)], ['instability', reportInstability(facts)],
  ];
  const shown = tables.flatMap((wanted) => parts.flatMap(([name, part]) => part.tables.filter((table) => `${name} ${table.name}` === wanted)));
  if (facts.totals.requests === 0 && facts.totals.nanoUsd === 0n) return { findings: [nothing(facts)], tables: shown };
  return { findings: parts.flatMap(([, { findings }]) => findings.filter(({ code }) => !silent.has(code)).slice(0, FINDINGS_EACH)), tables: shown };
}
