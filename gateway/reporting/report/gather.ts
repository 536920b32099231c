/** This file reads what reports are made of: sums for all requests, and a bounded number of them one by one. */
import type { Limits } from '../../foundation/limits.ts';
import type { SettledRequest } from '../../foundation/terms.ts';
import { orUnavailable } from '../../store/or-unavailable.ts';
import type { ErrorTimes, Grouping, UsageGroup } from '../../store/report-row.ts';
import type { FoundRequests, LogPlace, RequestFilter } from '../../store/request-log-row.ts';
import type { Store } from '../../store/store.ts';
import { readEvals } from './eval-facts.ts';
import type { EvalStore } from './eval-facts.ts';
import { DAY_MS } from './facts.ts';
import type { LookedAt, ReportFacts, ReportSpan } from './facts.ts';
import { NO_SUMS } from './measures.ts';

export type ReportStore = EvalStore & Pick<Store, 'groupUsage' | 'listErrorTimes' | 'listRequests' | 'findKey'>;
export type ReportLimits = Pick<Limits, 'reportDaysMax' | 'reportSampleRowsMax' | 'reportRequestsMin' | 'requestLogLooksMax'>;

/** Whose requests are looked at. */
export interface ReportView {
  readonly workspaceId: string;
  readonly keyId: string | null;
  readonly userId: string | null;
}

/** What is to be read besides sums by day, key, route, operation and model. */
export interface Needs {
  readonly sample: boolean;
  readonly failures: boolean;
  readonly evals: boolean;
}

interface Gathering {
  readonly store: ReportStore;
  readonly view: ReportView;
  readonly span: ReportSpan;
  readonly limits: ReportLimits;
}

const HOURS_MS = 2 * DAY_MS;
/** Groups of one kind: more names than a table shows and fewer than a reply may hold. */
const GROUPS_MAX = 1000;
/** Of routes, operations and models, whose names are the catalogue's and so are few. */
const SPLITS_MAX = 20_000;
/** Of all requests: in all, by day, by key, and by what the catalogue names. */
const groupings: readonly Grouping[] = [
  { by: [], limit: 1 }, { by: ['day'], limit: GROUPS_MAX }, { by: ['key'], limit: GROUPS_MAX }, { by: ['route', 'operation', 'model'], limit: SPLITS_MAX },
];
const ASKED: Grouping = { by: ['asked'], limit: GROUPS_MAX };
const KEYS_NAMED_MAX = 50;
const FAILED_ROWS_MAX = 500;
const PAGE_ROWS = 1000;
/** Places of the time from which a sample is taken, and rows it may pass over for each one that it takes. */
const PIECES = 96;
const PIECES_AT_ONCE = 8;
const LOOKS_PER_ROW = 10;
const LOOKS_MIN = 1000;
const PAGES_MAX = 200;
/** What is rare is looked for in so many pages, each of bounded work. */
const FAILED_PAGES_MAX = 6;

/** Reads everything a report needs; a store that can't be reached is refused with store_unavailable. */
export async function gatherFacts(gathering: Gathering, needs: Needs): Promise<ReportFacts> {
  return orUnavailable(gather(gathering, needs));
}

async function gather(gathering: Gathering, needs: Needs): Promise<ReportFacts> {
  const { store, view, span, limits } = gathering;
  const before = { ...span, fromMs: span.fromMs - (span.toMs - span.fromMs), toMs: span.fromMs };
  const lastDays = { ...span, fromMs: Math.max(span.fromMs, span.toMs - HOURS_MS) };
  const groups = ({ fromMs, toMs }: ReportSpan, groupings: readonly Grouping[]): Promise<UsageGroup[][]> => store.groupUsage({ ...view, fromMs, toMs, groupings });
  const [[[totals] = [], days = [], keys = [], splits = [], asked = []], [[then] = []], [hours = []], times] = await Promise.all([
    groups(span, needs.failures ? [...groupings, ASKED] : groupings),
    groups(before, [{ by: [], limit: 1 }]),
    needs.failures ? groups(lastDays, [{ by: ['hour'], limit: GROUPS_MAX }]) : Promise.resolve<UsageGroup[][]>([]),
    needs.failures ? store.listErrorTimes(view.workspaceId, span.fromMs, span.toMs) : Promise.resolve([]),
  ]);
  const isWhole = view.keyId === null && view.userId === null;
  const [sample, failed, keyNames, evals] = await Promise.all([
    needs.sample ? readSample(gathering, days) : NOBODY,
    needs.failures ? readFailed(gathering, times, totals?.errors ?? 0) : NOBODY,
    readKeyNames(gathering, keys),
    needs.evals && isWhole ? readEvals(store, view.workspaceId, span) : null,
  ]);
  return {
    span, requestsMin: limits.reportRequestsMin, totals: totals ?? NO_SUMS, before: then ?? NO_SUMS, days, keys, asked, splits, hours, keyNames, sample, failed, errorTimes: isWhole ? times : null, evals,
  };
}

const NOBODY: LookedAt = { rows: [], isComplete: false };

function filterOf({ view, span }: Gathering, changes: Partial<RequestFilter> = {}): RequestFilter {
  return {
    ...view, fromMs: span.fromMs, toMs: span.toMs, model: null, route: null, operation: null, outcome: null, errorCodes: null, status: null, cache: null, costMin: null, costMax: null, withRefunds: false, ...changes,
  };
}

/** All requests where they are few; else of each day so many as it has a share in them, from several places of it. */
async function readSample(gathering: Gathering, days: readonly UsageGroup[]): Promise<LookedAt> {
  const rowsMax = gathering.limits.reportSampleRowsMax;
  const requests = days.reduce((sum, day) => sum + day.requests, 0);
  if (requests <= rowsMax) return readAll(gathering, filterOf(gathering), requests);
  const busy = days.filter((day) => day.requests > 0);
  const piecesEach = Math.max(1, Math.floor(PIECES / busy.length));
  const pieces = busy.flatMap((day) => Array.from({ length: piecesEach }, (_, at) => ({
    fromMs: (day.startMs ?? 0) + Math.floor(at * DAY_MS / piecesEach), toMs: (day.startMs ?? 0) + Math.floor((at + 1) * DAY_MS / piecesEach),
    limit: Math.max(1, Math.round(rowsMax * day.requests / requests / piecesEach)),
  })));
  const rows = [];
  for (let at = 0; at < pieces.length; at += PIECES_AT_ONCE) {
    const found = await Promise.all(pieces.slice(at, at + PIECES_AT_ONCE).map(({ fromMs, toMs, limit }) => (
      gathering.store.listRequests(filterOf(gathering, { fromMs, toMs }), { limit, after: null, looksMax: LOOKS_MIN + limit * LOOKS_PER_ROW })
    )));
    rows.push(...found.flatMap((page) => page.rows));
  }
  return { rows, isComplete: false };
}

/** Everything there is, page by page; complete when as many were found as there are. */
async function readAll(gathering: Gathering, filter: RequestFilter, requests: number): Promise<LookedAt> {
  const rows = await readPages(gathering, filter, { rowsMax: requests + PAGE_ROWS, pagesMax: PAGES_MAX });
  return { rows, isComplete: rows.length >= requests };
}

/** The newest failures, by way of the times that are marked to have some. */
async function readFailed(gathering: Gathering, times: readonly ErrorTimes[], errors: number): Promise<LookedAt> {
  if (times.length === 0) return { rows: [], isComplete: errors === 0 };
  const rows = await readPages(gathering, filterOf(gathering, { errorCodes: times.map(({ code }) => code) }), { rowsMax: FAILED_ROWS_MAX, pagesMax: FAILED_PAGES_MAX });
  return { rows, isComplete: rows.length >= errors };
}

/** The newest first, until there are enough or no more, or too much was looked at. */
async function readPages({ store, limits }: Gathering, filter: RequestFilter, { rowsMax, pagesMax }: { readonly rowsMax: number; readonly pagesMax: number }): Promise<SettledRequest[]> {
  const rows: SettledRequest[] = [];
  let after: LogPlace | null = null;
  for (let pages = 0; pages < pagesMax && rows.length < rowsMax; pages++) {
    const page: FoundRequests = await store.listRequests(filter, { limit: Math.min(PAGE_ROWS, rowsMax - rows.length), after, looksMax: limits.requestLogLooksMax });
    rows.push(...page.rows);
    after = page.next;
    if (after === null) break;
  }
  return rows;
}

/** What the keys that cost the most are called, as far as they are this workspace's. */
async function readKeyNames({ store, view }: Gathering, keys: readonly UsageGroup[]): Promise<Map<string, string>> {
  const rows = await Promise.all(keys.slice(0, KEYS_NAMED_MAX).map(({ keyId }) => store.findKey(keyId ?? '')));
  return new Map(rows.flatMap((row) => (row?.workspaceId === view.workspaceId ? [[row.id, row.name]] : [])));
}
