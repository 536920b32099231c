/** This file says which model serves which job best, as far as the log tells: how often it answers, at what cost, how quickly. */
import type { ReportFinding, ReportLine, ReportTable } from '../../../generated/client/types.gen.ts';
import type { SettledRequest } from '../../foundation/terms.ts';
import { attemptsOf } from '../attempts.ts';
import { bestFindings, evalTable } from './evals.ts';
import type { ReportFacts, ReportPart } from './facts.ts';
import { isUpstreamFault } from './failures.ts';
import { count, milliseconds, named, percent, say, usd } from './figures.ts';
import { divide, isAbove, median } from './measures.ts';
import type { Median, Share } from './measures.ts';
import { tableOf } from './tables.ts';

/** A prompt is long from so many tokens on. */
const LONG_PROMPT_TOKENS = 32_000;
/** One costs clearly less where it is a fifth less: what is asked of two models is never quite the same. */
const CHEAPER = { part: 4n, whole: 5n };
const JOBS_MAX = 20;

/** What one model did of one job. */
interface Served {
  readonly model: string;
  /** Calls of it, and those of them that failed for what the upstream did. */
  readonly attempts: number;
  readonly failed: number;
  readonly answers: number;
  readonly nanoUsd: bigint;
  readonly unpriced: number;
  readonly latency: Median | null;
}

interface Job {
  readonly name: string;
  readonly requests: number;
  readonly served: readonly Served[];
}

/** Jobs by what the log shows of a request. One request may be of several. */
const kinds: readonly { readonly name: string; readonly takes: (row: SettledRequest) => boolean }[] = [
  { name: 'answers that call tools', takes: ({ finishReason }) => finishReason === 'tool_calls' || finishReason === 'function_call' },
  { name: 'long prompts', takes: ({ usage }) => usage.promptTokens >= LONG_PROMPT_TOKENS },
  { name: 'answers with reasoning', takes: ({ usage }) => usage.reasoningTokens > 0 },
  { name: 'prompts with pictures', takes: ({ usage }) => (usage.media?.imageTokens ?? 0) > 0 },
];

/** What operations are called where people read. */
const operations: Readonly<Record<string, string>> = {
  createChatCompletion: 'chat', createCompletion: 'text completions', createResponse: 'responses', createEmbedding: 'embeddings', createImage: 'images', createImageEdit: 'edits of images',
  createTranscription: 'transcriptions', createSpeech: 'speech', createVideo: 'videos',
};

/** Everything that evals and the log say of models and jobs; evals first, for they know how good an answer was. */
export function reportModels(facts: ReportFacts): ReportPart {
  const jobs = jobsOf(facts.sample.rows).slice(0, JOBS_MAX);
  const findings = [...bestFindings(facts), ...jobs.flatMap((job) => jobFindings(job, facts))];
  return { findings: findings.length > 0 ? findings : [tooFew(jobs, facts)], tables: [evalTable(facts), jobTable(jobs, facts)] };
}

function tooFew(jobs: readonly Job[], { requestsMin, sample }: ReportFacts): ReportFinding {
  return say('jobs_too_few', null)`None of ${count('jobs', jobs.length, 'kind')} of request among ${count('looked_at', sample.rows.length, 'request')} was served by two models that were called at least ${count('requests_min', requestsMin, 'time')} each, so none can be compared.`;
}

/** Each operation, each route and each kind, the most requests first. */
function jobsOf(rows: readonly SettledRequest[]): Job[] {
  const byJob = new Map<string, SettledRequest[]>();
  for (const row of rows) {
    if (row.outcome === 'refund') continue;
    const names = [operations[row.operation] ?? row.operation, ...(row.route === null ? [] : [`route ${row.route}`]), ...kinds.filter(({ takes }) => takes(row)).map(({ name }) => name)];
    for (const name of names) {
      const some = byJob.get(name);
      if (some) some.push(row);
      else byJob.set(name, [row]);
    }
  }
  const models = modelsOf(rows);
  // What is the same requests by another name is told once, by the name of the operation or the route.
  const told = [...byJob].filter(([, some], at, all) => !all.slice(0, at).some(([, others]) => others.length === some.length && others.every((row, place) => row === some[place])));
  return told.map(([name, some]) => ({ name, requests: some.length, served: servedBy(some, models) })).sort((a, b) => b.requests - a.requests);
}

/** Which model a target is of, as the rows it answered tell; a target that never answered is known by its own name. */
function modelsOf(rows: readonly SettledRequest[]): ReadonlyMap<string, string> {
  return new Map(rows.flatMap(({ target, model }) => (target === null || model === null ? [] : [[target, model]])));
}

function servedBy(rows: readonly SettledRequest[], models: ReadonlyMap<string, string>): Served[] {
  const byModel = new Map<string, { attempts: number; failed: number; answers: number; nanoUsd: bigint; unpriced: number; latencies: number[] }>();
  const of = (model: string) => {
    const known = byModel.get(model) ?? { attempts: 0, failed: 0, answers: 0, nanoUsd: 0n, unpriced: 0, latencies: [] };
    byModel.set(model, known);
    return known;
  };
  for (const row of rows) {
    for (const { target, code } of attemptsOf(row)) {
      const model = of(models.get(target) ?? target);
      model.attempts++;
      if (isUpstreamFault(code)) model.failed++;
    }
    // Who answered, or broke off, bears what it cost.
    if (row.target === null || row.attempts === 0) continue;
    const model = of(row.model ?? models.get(row.target) ?? row.target);
    model.nanoUsd += row.charge.nanoUsd;
    if (row.charge.isUnpriced) model.unpriced++;
    if (row.errorCode !== null || row.outcome !== 'ok') continue;
    model.answers++;
    model.latencies.push(row.lastAttemptMs ?? row.latencyMs);
  }
  return [...byModel].map(([model, { latencies, ...counted }]) => ({ model, ...counted, latency: median(latencies) })).sort((a, b) => b.attempts - a.attempts);
}

const failing = ({ failed, attempts }: Served): Share => ({ part: failed, whole: attempts });
const costOf = ({ nanoUsd, answers }: Served): bigint => divide(nanoUsd, BigInt(answers));

/** Who fails least; of those who are not clearly behind, who costs least and who is quickest, where that is clear. */
function jobFindings(job: Job, facts: ReportFacts): ReportFinding[] {
  const able = job.served.filter(({ attempts, answers }) => attempts >= facts.requestsMin && answers > 0);
  if (able.length < 2) return [];
  const [first] = [...able].sort((a, b) => a.failed * b.attempts - b.failed * a.attempts);
  if (!first) return [];
  const behind = able.filter((each) => isAbove(failing(each), failing(first)));
  const good = able.filter((each) => !behind.includes(each));
  const findings = [...fewestFailures(job, good, behind), ...leastCost(job, good), ...quickest(job, good)];
  if (findings.length > 0) return findings;
  const looked = count('calls', able.reduce((sum, { attempts }) => sum + attempts, 0), 'call');
  return [say('job_no_clear_difference', { kind: 'job', name: job.name })`For ${named('job', job.name)} there is no clear difference between the ${count('models', able.length, 'model')} that served it, over ${looked}: none fails more, costs a fifth more or is slower than all others.`];
}

function fewestFailures(job: Job, good: readonly Served[], behind: readonly Served[]): ReportFinding[] {
  const [best, other] = good;
  const [worst] = [...behind].sort((a, b) => b.failed * a.attempts - a.failed * b.attempts);
  if (!best || !worst) return [];
  const [calls, callsOfWorst] = [count('calls', best.attempts, 'call'), count('calls_of_worst', worst.attempts, 'call')];
  const [share, shareOfWorst] = [percent('failed_share', best.failed, best.attempts), percent('failed_share_of_worst', worst.failed, worst.attempts)];
  const [who, whoIsWorst] = [named('model', best.model), named('worst_model', worst.model)];
  const write = say('job_fails_least', { kind: 'job', name: job.name });
  if (other) return [write`For ${named('job', job.name)}, ${whoIsWorst} fails clearly more than others: ${shareOfWorst} of ${callsOfWorst}, against ${share} of ${calls} of ${who}.`];
  return [write`For ${named('job', job.name)}, ${who} fails clearly less than all others: ${share} of ${calls}, against ${shareOfWorst} of ${callsOfWorst} of ${whoIsWorst}.`];
}

function leastCost(job: Job, good: readonly Served[]): ReportFinding[] {
  if (good.some(({ unpriced }) => unpriced > 0)) return [];
  const [cheapest, next] = [...good].sort((a, b) => (costOf(a) < costOf(b) ? -1 : costOf(a) > costOf(b) ? 1 : 0));
  if (!cheapest || !next || costOf(next) <= 0n || costOf(cheapest) * CHEAPER.whole > costOf(next) * CHEAPER.part) return [];
  return [say('job_costs_least', { kind: 'job', name: job.name })`For ${named('job', job.name)}, ${named('model', cheapest.model)} costs least of those that fail no more than others: ${usd('cost_per_answer', costOf(cheapest))} for each of ${count('answers', cheapest.answers, 'answer')}; the next, ${named('next_model', next.model)}, costs ${usd('cost_per_answer_of_next', costOf(next))}.`];
}

/** Quicker than all others, beyond what chance may do to the middle. */
function quickest(job: Job, good: readonly Served[]): ReportFinding[] {
  const measured = good.flatMap((each) => (each.latency ? [{ model: each.model, latency: each.latency }] : [])).sort((a, b) => a.latency.middle - b.latency.middle);
  const [first, next] = measured;
  if (!first || !next || measured.some((each) => each !== first && each.latency.low <= first.latency.high)) return [];
  return [say('job_quickest', { kind: 'job', name: job.name })`For ${named('job', job.name)}, ${named('model', first.model)} is the quickest of those that fail no more than others: half of its answers took ${milliseconds('median', first.latency.middle)} or less; the next, ${named('next_model', next.model)}, took ${milliseconds('median_of_next', next.latency.middle)}.`];
}

function jobTable(jobs: readonly Job[], { sample }: ReportFacts): ReportTable {
  const lines = jobs.flatMap(({ name, served }) => served.map((each): ReportLine => ({
    name: each.model, title: null, within: name, attempts: each.attempts, failed_attempts: each.failed, cost_nano_usd: String(each.nanoUsd),
    cost_per_answer_nano_usd: each.answers > 0 ? String(costOf(each)) : null, unpriced_requests: each.unpriced, median_latency_ms: each.latency ? Math.round(each.latency.middle) : null,
  })));
  return tableOf({ name: 'by_job_and_model', title: 'Models of each job', basis: sample.isComplete ? 'all' : 'sample', columns: ['attempts', 'failed_attempts', 'cost_nano_usd', 'cost_per_answer_nano_usd', 'unpriced_requests', 'median_latency_ms'] }, lines, JOBS_MAX * JOBS_MAX);
}
