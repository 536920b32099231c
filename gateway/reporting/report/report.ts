/** This file makes a report: what the log and the evals of a workspace say of a time, as the contract has it. */
import type { Report, ReportName } from '../../../generated/client/types.gen.ts';
import { fail } from '../../foundation/errors.ts';
import { toMs, toSeconds } from '../../foundation/page.ts';
import { DAY_MS } from './facts.ts';
import type { ReportFacts, ReportPart, ReportSpan } from './facts.ts';
import { reportInstability } from './evals.ts';
import { reportFailures } from './failures.ts';
import { gatherFacts } from './gather.ts';
import type { Needs, ReportLimits, ReportStore, ReportView } from './gather.ts';
import { reportModels } from './models.ts';
import { reportOverview } from './overview.ts';
import { reportRoutes } from './routes.ts';
import { reportSpend } from './spend.ts';
import { allSumColumns, sumLine } from './tables.ts';

export type { ReportView } from './gather.ts';

/** How long a report is of when nobody says. */
const DAYS_DEFAULT = 30;

interface Maker {
  readonly needs: Needs;
  readonly make: (facts: ReportFacts) => ReportPart;
  readonly notes: readonly string[];
}

const JOBS_NOTE = 'The log does not know how good an answer was, and models were not asked the same: what it says of jobs is how often, how quickly and at what cost they answered.';

const EVALS_NOTE = 'Of each eval the newest run counts that was completed within these days. A model is clearly better there where its share of passed answers is above all others with a confidence of 95 %.';

/** Total over the names: a report that is not made does not compile. */
const makers: Readonly<Record<ReportName, Maker>> = {
  overview: { needs: { sample: true, failures: true, evals: true }, make: reportOverview, notes: [JOBS_NOTE, EVALS_NOTE] },
  spend: { needs: { sample: false, failures: false, evals: false }, make: reportSpend, notes: [] },
  routes: { needs: { sample: true, failures: false, evals: false }, make: reportRoutes, notes: ['The cost of an answer has all of the cost in it, of failed requests and repeated attempts too.'] },
  failures: { needs: { sample: true, failures: true, evals: false }, make: reportFailures, notes: [] },
  instability: { needs: { sample: false, failures: false, evals: true }, make: reportInstability, notes: [EVALS_NOTE] },
  models: { needs: { sample: true, failures: false, evals: true }, make: reportModels, notes: [JOBS_NOTE, EVALS_NOTE] },
};

/** Of which time, in the contract's seconds. */
export interface ReportQuery {
  readonly from?: number;
  readonly to?: number;
}

/**
 * The days a query is of: thirty when it names no beginning, until today when it names no end. Refuses with invalid_request
 * what has no days, or more than `reportDaysMax`.
 */
export function spanOf({ from, to }: ReportQuery, nowMs: number, { reportDaysMax }: Pick<ReportLimits, 'reportDaysMax'>): ReportSpan {
  const endMs = to === undefined ? nowMs + 1 : toMs(to);
  const untilMs = endMs + (DAY_MS - endMs % DAY_MS) % DAY_MS;
  const fromMs = from === undefined ? Math.max(0, untilMs - Math.min(DAYS_DEFAULT, reportDaysMax) * DAY_MS) : toMs(from) - toMs(from) % DAY_MS;
  if (fromMs >= untilMs) fail('invalid_request', { param: from === undefined ? 'to' : 'from', message: 'A report begins before it ends.' });
  if (untilMs - fromMs > reportDaysMax * DAY_MS) {
    fail('invalid_request', { param: 'from', message: `A report is of ${reportDaysMax} days at most; ask for a longer time in parts.` });
  }
  return { fromMs, toMs: untilMs, nowMs };
}

/** What a report is made with. */
export interface ReportParts {
  readonly store: ReportStore;
  readonly limits: ReportLimits;
  readonly nowMs: number;
}

/** Makes one report over what the view shows. */
export async function makeReport({ store, limits, nowMs }: ReportParts, name: ReportName, { view, query }: { readonly view: ReportView; readonly query: ReportQuery }): Promise<Report> {
  const span = spanOf(query, nowMs, limits);
  const { needs } = makers[name];
  const facts = await gatherFacts({ store, view, span, limits }, needs);
  return writeReport(name, facts, view);
}

/** The report these facts make; pure. */
export function writeReport(name: ReportName, facts: ReportFacts, view: ReportView): Report {
  const { needs, make } = makers[name];
  const { span, totals, before, sample } = facts;
  const { findings, tables } = make(facts);
  return {
    object: 'report', report: name, workspace: view.workspaceId, key: view.keyId, user: view.userId, from: toSeconds(span.fromMs), to: toSeconds(span.toMs), generated_at: toSeconds(span.nowMs),
    requests_min: facts.requestsMin, totals: sumLine({ name: '' }, totals, allSumColumns), before: sumLine({ name: '' }, before, allSumColumns), findings: [...findings], tables: [...tables],
    sample: needs.sample ? { requests: sample.rows.length, of: totals.requests, is_complete: sample.isComplete } : null,
    notes: notesOf(facts, makers[name]),
  };
}

function notesOf({ span, sample, failed, requestsMin }: ReportFacts, { needs, notes }: Maker): string[] {
  return [
    'Days are whole and in UTC. Money is what requests cost by the price list, whoever paid, less what was given back, exact to the nano-USD.',
    ...(span.toMs > span.nowMs ? ['The last day is not over.'] : []),
    `Nothing is concluded from fewer than ${requestsMin} requests. What is called clear is so with a confidence of 95 % on either side.`,
    ...notes,
    ...(needs.sample && !sample.isComplete ? ['What is told of single calls, of degraded answers and of jobs is told of a sample: of each day as many requests as is its share in all.'] : []),
    ...(needs.failures && !failed.isComplete ? ['What is told of errors is told of the newest failures.'] : []),
  ];
}
