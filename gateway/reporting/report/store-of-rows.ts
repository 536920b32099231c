/** This file is a store for tests that holds requests in a list and answers everything by looking at each of them. */
import { writeEvalFacts } from '../../foundation/eval-facts.ts';
import type { EvalFacts } from '../../foundation/eval-facts.ts';
import { toNanoUsd } from '../../foundation/money.ts';
import type { RequestRecord, SettledRequest } from '../../foundation/terms.ts';
import type { EvalReportRow, EvalResultRow } from '../../store/eval-row.ts';
import type { Grouping, GroupQuery, UsageDimension, UsageGroup } from '../../store/report-row.ts';
import type { RequestFilter } from '../../store/request-log-row.ts';
import { dimensionOf, sampleKey, sampleRecord } from '../../store/sample-rows.ts';
import { createEvalTally } from '../eval-summary.ts';
import type { ReportLimits, ReportStore } from './gather.ts';
import { addAll } from './measures.ts';

const SPAN_MS = 600_000;
const US_PER_MS = 1000;

export const limits: ReportLimits = { reportDaysMax: 92, reportSampleRowsMax: 3000, reportRequestsMin: 50, requestLogLooksMax: 20_000 };

/** So many requests that are alike, spread evenly over a time. */
export function requestsOf(count: number, time: { readonly fromMs: number; readonly toMs: number }, changes: Partial<Omit<RequestRecord, 'charge'>> & { readonly nanoUsd?: number; readonly unpriced?: boolean } = {}): RequestRecord[] {
  const { nanoUsd = 1000, unpriced = false, ...rest } = changes;
  return Array.from({ length: count }, (_, at) => sampleRecord(at, {
    id: `req_${String(serial++).padStart(8, '0')}`, startedMs: time.fromMs + Math.floor(at * (time.toMs - time.fromMs) / count), latencyMs: 100 + at % 7,
    charge: { messages: 1, nanoUsd: toNanoUsd(nanoUsd), priceVersion: 'v', isUnpriced: unpriced }, ...rest,
  }));
}

let serial = 1;

function groupOf(row: RequestRecord, by: readonly UsageDimension[]): UsageGroup {
  const name = (dimension: UsageDimension): string | null => (by.includes(dimension) ? String(dimensionOf(row, dimension)) : null);
  const start = by.find((dimension) => dimension === 'day' || dimension === 'hour');
  return {
    startMs: start === undefined ? null : Number(dimensionOf(row, start)), keyId: name('key'), asked: name('asked'), model: name('model'), route: name('route'), operation: name('operation'),
    requests: row.outcome === 'refund' ? 0 : 1, errors: row.errorCode === null ? 0 : 1, attempts: row.attempts, messages: row.charge.messages, promptTokens: row.usage.promptTokens,
    cachedTokens: row.usage.cachedTokens, completionTokens: row.usage.completionTokens, reasoningTokens: row.usage.reasoningTokens, unpricedRequests: row.charge.isUnpriced ? 1 : 0,
    latencyUs: Math.round(row.latencyMs * US_PER_MS), nanoUsd: row.charge.nanoUsd,
  };
}

function isSeen(row: RequestRecord, { workspaceId, keyId, userId, fromMs, toMs }: Pick<RequestFilter, 'workspaceId' | 'keyId' | 'userId' | 'fromMs' | 'toMs'>): boolean {
  return row.workspaceId === workspaceId && (keyId === null || row.keyId === keyId) && (userId === null || row.userId === userId) && row.startedMs >= (fromMs ?? 0) && row.startedMs < (toMs ?? Infinity);
}

function groupAll(rows: readonly RequestRecord[], query: GroupQuery, { by, limit }: Grouping): UsageGroup[] {
  const groups = new Map<string, UsageGroup[]>();
  for (const row of rows.filter((each) => isSeen(each, query))) {
    const id = JSON.stringify(by.map((dimension) => dimensionOf(row, dimension)));
    const some = groups.get(id);
    if (some) some.push(groupOf(row, by));
    else groups.set(id, [groupOf(row, by)]);
  }
  const sums = [...groups.values()].flatMap((some) => (some[0] ? [{ ...some[0], ...addAll(some) }] : []));
  return sums.sort((a, b) => (a.nanoUsd === b.nanoUsd ? b.requests - a.requests : a.nanoUsd < b.nanoUsd ? 1 : -1)).slice(0, limit);
}

/** A completed run as it is kept. */
export interface SampleEval {
  readonly run: EvalReportRow;
  readonly results: readonly EvalResultRow[];
}

/** For each contender, of each prompt, whether its answers passed. */
export type Verdicts = Readonly<Record<string, readonly (readonly boolean[])[]>>;

/** A run of an eval of this name; prompts are called by their number. Each answer costs `nanoUsd`. */
export function evalOf(name: string, endedMs: number, { verdicts, nanoUsd = {} }: { readonly verdicts: Verdicts; readonly nanoUsd?: Readonly<Record<string, bigint>> }): SampleEval {
  const tally = createEvalTally();
  const results: EvalResultRow[] = [];
  const models = Object.keys(verdicts);
  for (const [contender, model] of models.entries()) {
    for (const [item, passed] of (verdicts[model] ?? []).entries()) {
      for (const [repetition, isPassed] of passed.entries()) {
        const facts: EvalFacts = {
          itemId: `evitem_${item}`, itemName: item === 0 ? 'the first' : null, contender, repetition, verdict: isPassed ? 'pass' : 'fail', checks: [], errorCode: null, model, target: null, attempts: 1, waits: 0,
          promptTokens: 1, completionTokens: 1, costNanoUsd: nanoUsd[model] ?? 1000n, judgeCostNanoUsd: 0n, latencyMs: 100, requests: [], endedMs,
        };
        tally.add(facts);
        results.push({ id: `evitem_${item}.00${contender}.0${repetition}`, state: 'done', facts: writeEvalFacts(facts), said: null });
      }
    }
  }
  const summary = tally.summarise({ evalId: `eval_${name}`, runId: `evrun_${name}_${endedMs}`, state: 'completed', spentNanoUsd: 0n, contenders: models.map((model) => ({ model })) });
  return {
    run: { runId: `evrun_${name}_${endedMs}`, setId: `eval_${name}`, setName: name, endedMs, spentNanoUsd: 0n, summary: JSON.stringify(summary) },
    results: results.sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

/** A store of these requests; keys have the names given. */
export function storeOf(rows: readonly RequestRecord[], keyNames: Readonly<Record<string, string>> = {}, evals: readonly SampleEval[] = []): ReportStore {
  const newest = [...rows].sort((a, b) => b.startedMs - a.startedMs || (a.id < b.id ? 1 : -1));
  return {
    groupUsage: (query) => Promise.resolve(query.groupings.map((grouping) => (
      grouping.by.length === 0 ? [{ ...groupOf(sampleRecord(0), []), ...addAll(groupAll(rows, query, grouping)) }] : groupAll(rows, query, grouping)
    ))),
    listErrorTimes: (workspaceId, fromMs, toMs) => {
      const seen = rows.filter((row) => row.workspaceId === workspaceId && row.errorCode !== null);
      const codes = [...new Set(seen.map(({ errorCode }) => errorCode ?? ''))].sort();
      return Promise.resolve(codes.flatMap((code) => {
        const spans = [...new Set(seen.filter(({ errorCode }) => errorCode === code).map(({ startedMs }) => startedMs - startedMs % SPAN_MS))].sort((a, b) => a - b);
        const within = spans.filter((ms) => ms >= fromMs && ms < toMs);
        const [first] = within;
        return first === undefined ? [] : [{ code, spans: within.length, firstMs: first, lastMs: within.at(-1) ?? first, beforeMs: spans.filter((ms) => ms < fromMs).at(-1) ?? null }];
      }));
    },
    listRequests: (filter, { limit, after }) => {
      const found = newest.filter((row) => isSeen(row, filter) && row.outcome !== 'refund' && (filter.errorCodes === null || filter.errorCodes.includes(row.errorCode ?? '')));
      const start = after === null ? 0 : found.findIndex(({ id }) => id === after.id) + 1;
      const page = found.slice(start, start + limit);
      const last = page.at(-1);
      return Promise.resolve({ rows: page.map(settled), next: last && start + limit < found.length ? { ms: last.startedMs, id: last.id } : null });
    },
    listEvalReports: (_workspaceId, limit) => Promise.resolve(evals.slice(0, limit).map(({ run }) => run)),
    listEvalResults: (_workspaceId, runId, { after }) => Promise.resolve((evals.find(({ run }) => run.runId === runId)?.results ?? []).filter(({ id }) => id > (after ?? '')).slice(0, 1)),
    findKey: (id) => Promise.resolve(keyNames[id] === undefined ? null : sampleKey(1, { id, name: keyNames[id] })),
  };
}

function settled(row: RequestRecord): SettledRequest {
  return { ...row, settled: { charged: toNanoUsd(0), overrunNanoUsd: toNanoUsd(0), overrunMessages: 0, lines: [], settledMs: row.startedMs } };
}
