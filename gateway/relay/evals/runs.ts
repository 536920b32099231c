/** This file holds what a member does with runs of eval sets: begin, look at, cancel and resume them, and read what came of them. */
import type { CreateEvalRunRequest, EvalResult, EvalRun, EvalSummary } from '../../../generated/client/types.gen.ts';
import { findNamed } from '../../routing/own-routes.ts';
import { failNotFound } from '../../routing/resolve.ts';
import { fail } from '../../foundation/errors.ts';
import { readEvalFacts } from '../../foundation/eval-facts.ts';
import { toSeconds } from '../../foundation/page.ts';
import type { Caller } from '../../foundation/terms.ts';
import { createEvalTally } from '../../reporting/eval-summary.ts';
import type { EvalResultRow, EvalRunRow } from '../../store/eval-row.ts';
import { asStoreRefusal } from '../../store/or-unavailable.ts';
import type { Page } from '../../store/store.ts';
import { counterOf } from './call.ts';
import { readRunPlan, readSaid } from './plan.ts';
import type { RunPlan, SetTerms } from './plan.ts';
import { runPlace, saidPlace } from './places.ts';
import { findSetRow, termsOf } from './sets.ts';
import type { House } from '../house.ts';
import { checkModelAllowed } from '../relay.ts';

const MS_PER_SECOND = 1000;
const CONCURRENCY_DEFAULT = 4;
const PAGE = 200;
/** No id of a prompt comes after it. */
const NO_ITEM = '';

export interface OfSet {
  readonly workspaceId: string;
  readonly setId: string;
}

/** Begins a run. Refuses a key without the scope inference, a name that leads nowhere, a judge's check without a judge, and what would be too many answers. */
export async function beginRun(house: House, caller: Caller, { setId, body }: { readonly setId: string; readonly body: CreateEvalRunRequest }): Promise<EvalRun> {
  checkInference(caller);
  const { workspaceId } = caller;
  const set = await findSetRow(house, workspaceId, setId);
  const terms = termsOf(house, set);
  const plan = planOf(body);
  for (const [at, { model }] of plan.contenders.entries()) checkName(house, caller, { model, param: `contenders.${at}.model` });
  if (terms.judge) checkName(house, caller, { model: terms.judge.model, param: 'judge.model' });
  const total = set.items * plan.contenders.length * plan.repetitions;
  if (total === 0) fail('invalid_request', { param: 'eval', message: 'The set has no prompts.' });
  if (total > house.limits.evalAnswersMax) {
    fail('invalid_request', { param: 'repetitions', message: `That would be ${total} answers; a run has at most ${house.limits.evalAnswersMax}.` });
  }
  const id = house.makeId('evrun');
  const nowMs = house.clock.now();
  const run: EvalRunRow = {
    id, workspaceId, setId, keyId: caller.keyId, state: 'queued', plan: JSON.stringify(plan), ...house.vault.seal(JSON.stringify(terms satisfies SetTerms), runPlace({ workspaceId, id })),
    budgetNanoUsd: BigInt(body.budget_nano_usd), budgetRevision: 1, spentNanoUsd: 0n, total, done: 0, failed: 0, lastItem: await lastItemOf(house, { workspaceId, setId }), error: null,
    summary: null, fence: 0, runAtMs: nowMs, createdMs: nowMs, startedMs: null, endedMs: null, expiresMs: nowMs + house.limits.evalRetentionMs,
  };
  await house.store.insertEvalRun(run).catch(asStoreRefusal);
  house.evals.wake();
  return toRun(run, { spent: 0n, nowMs });
}

/** Refuses with eval_not_found. */
export async function findRunRow({ store }: Pick<House, 'store'>, { workspaceId, setId }: OfSet, id: string): Promise<EvalRunRow> {
  return await store.findEvalRun(workspaceId, setId, id).catch(asStoreRefusal) ?? fail('eval_not_found', { param: 'run' });
}

export async function findRun(house: House, of: OfSet, id: string): Promise<EvalRun> {
  return tell(house, await findRunRow(house, of, id));
}

export async function listRuns(house: House, of: OfSet, page: Page): Promise<EvalRun[]> {
  await findSetRow(house, of.workspaceId, of.setId);
  const rows = await house.store.listEvalRuns(of.workspaceId, of.setId, page).catch(asStoreRefusal);
  return Promise.all(rows.map((row) => tell(house, row)));
}

/** Stops a run; what is under way is finished. Refuses one that has completed. */
export async function cancelRun(house: House, of: OfSet, id: string): Promise<EvalRun> {
  await findRunRow(house, of, id);
  const row = await house.store.cancelEvalRun(of.workspaceId, id, house.clock.now()).catch(asStoreRefusal) ?? fail('eval_not_found', { param: 'run' });
  if (row.state !== 'cancelled') fail('invalid_request', { param: 'run', message: 'The run can’t be cancelled any more: it is completed.' });
  house.evals.leave(id);
  return tell(house, row);
}

/** Goes on with a run that was stopped, as this key. Refuses one that was not, and one without a budget that pays for anything more. */
export async function resumeRun(house: House, caller: Caller, { setId, id, budgetNanoUsd }: { readonly setId: string; readonly id: string; readonly budgetNanoUsd: bigint | null }): Promise<EvalRun> {
  checkInference(caller);
  const { workspaceId, keyId } = caller;
  const before = await findRunRow(house, { workspaceId, setId }, id);
  const spent = await spentOf(house, before);
  if ((budgetNanoUsd ?? before.budgetNanoUsd) < spent) {
    fail('invalid_request', { param: 'budget_nano_usd', message: `The run has spent ${spent} nano-USD already; its budget can't be less.` });
  }
  const row = await house.store.resumeEvalRun(workspaceId, id, { budgetNanoUsd, keyId, nowMs: house.clock.now() }).catch(asStoreRefusal)
    ?? fail('invalid_request', { param: 'run', message: `Only a run that was stopped can be resumed; this one is ${before.state}.` });
  house.evals.wake();
  return tell(house, row);
}

/** Results that are there, as far as the page goes. */
export async function listResults(house: House, row: EvalRunRow, page: Page): Promise<EvalResult[]> {
  const { contenders } = readRunPlan(row.plan);
  const results: EvalResult[] = [];
  for (let { after } = page; results.length < page.limit;) {
    const found: EvalResultRow[] = await house.store.listEvalResults(row.workspaceId, row.id, { limit: page.limit, after }).catch(asStoreRefusal);
    results.push(...found.filter(({ state }) => state === 'done').map((result) => toResult(house, row, { result, model: contenders[readEvalFacts(result.facts).contender]?.model ?? '' })));
    after = found.at(-1)?.id ?? null;
    if (found.length < page.limit) break;
  }
  return results.slice(0, page.limit);
}

/** What it comes to so far. */
export async function summariseRun(house: House, row: EvalRunRow): Promise<EvalSummary> {
  const tally = createEvalTally();
  for (let after: string | null = null; ;) {
    const found: EvalResultRow[] = await house.store.listEvalResults(row.workspaceId, row.id, { limit: PAGE, after }).catch(asStoreRefusal);
    for (const { state, facts } of found) if (state === 'done') tally.add(readEvalFacts(facts));
    after = found.at(-1)?.id ?? null;
    if (found.length < PAGE) break;
  }
  return tally.summarise({ evalId: row.setId, runId: row.id, state: row.state, spentNanoUsd: await spentOf(house, row), contenders: readRunPlan(row.plan).contenders });
}

function planOf({ contenders, repetitions, concurrency, temperature, seed, max_completion_tokens: maxCompletionTokens }: CreateEvalRunRequest): RunPlan {
  return {
    contenders, repetitions: repetitions ?? 1, concurrency: concurrency ?? CONCURRENCY_DEFAULT, temperature: temperature ?? null, seed: seed ?? null, maxCompletionTokens: maxCompletionTokens ?? null,
  };
}

function checkInference({ scopes }: Caller): void {
  if (!scopes.includes('inference')) fail('insufficient_scope', { message: 'A run makes calls of this key: it needs the scope inference, too.' });
}

/** A name that leads nowhere, or that the key may not call, is found out before anything is paid. */
function checkName({ catalog }: House, caller: Caller, { model, param }: { readonly model: string; readonly param: string }): void {
  const meaning = findNamed(catalog, caller.account, model) ?? failNamed(catalog, model, param);
  if (!meaning.terms && meaning.entry) checkModelAllowed(caller, meaning.entry.row.id);
}

function failNamed(catalog: House['catalog'], model: string, param: string): never {
  try {
    return failNotFound(catalog, model);
  } catch (thrown) {
    return fail('invalid_request', { param, message: thrown instanceof Error ? thrown.message : model });
  }
}

async function lastItemOf({ store }: House, { workspaceId, setId }: OfSet): Promise<string> {
  let last = NO_ITEM;
  for (;;) {
    const page = await store.listEvalItems(workspaceId, setId, { limit: PAGE, after: last === NO_ITEM ? null : last }).catch(asStoreRefusal);
    last = page.at(-1)?.id ?? last;
    if (page.length < PAGE) return last;
  }
}

/** What the ledger has counted for the run, which knows of calls that are still to be judged; keys of the workspace's own are known to the run alone. */
async function spentOf({ store }: House, { id, spentNanoUsd }: EvalRunRow): Promise<bigint> {
  const [counter] = await store.readCounters([counterOf(id)]).catch(asStoreRefusal);
  return counter && counter.used > spentNanoUsd ? counter.used : spentNanoUsd;
}

async function tell(house: House, row: EvalRunRow): Promise<EvalRun> {
  return toRun(row, { spent: await spentOf(house, row), nowMs: house.clock.now() });
}

function toRun(row: EvalRunRow, { spent, nowMs }: { readonly spent: bigint; readonly nowMs: number }): EvalRun {
  const { contenders, repetitions, concurrency, temperature, seed, maxCompletionTokens } = readRunPlan(row.plan);
  const left = Math.max(0, row.total - row.done);
  return {
    id: row.id,
    object: 'eval.run',
    eval: row.setId,
    key: row.keyId,
    state: row.state,
    contenders: [...contenders],
    repetitions,
    concurrency,
    temperature,
    seed,
    max_completion_tokens: maxCompletionTokens,
    budget_nano_usd: String(row.budgetNanoUsd),
    spent_nano_usd: String(spent),
    progress: { total: row.total, done: row.done, failed: row.failed, left, eta_seconds: etaOf(row, { left, nowMs }) },
    error: row.error,
    created_at: toSeconds(row.createdMs),
    started_at: row.startedMs === null ? null : toSeconds(row.startedMs),
    ended_at: row.endedMs === null ? null : toSeconds(row.endedMs),
    expires_at: toSeconds(row.expiresMs),
  };
}

function etaOf({ state, done, startedMs }: EvalRunRow, { left, nowMs }: { readonly left: number; readonly nowMs: number }): number | null {
  if (left === 0) return 0;
  if (state !== 'running' || done === 0 || startedMs === null) return null;
  return Math.ceil((nowMs - startedMs) / done * left / MS_PER_SECOND);
}

function toResult({ vault }: House, row: EvalRunRow, { result, model }: { readonly result: EvalResultRow; readonly model: string }): EvalResult {
  const facts = readEvalFacts(result.facts);
  const said = result.said && readSaid(vault.open(result.said, saidPlace(row, result.id)));
  return {
    id: result.id,
    object: 'eval.result',
    item: facts.itemId,
    item_name: facts.itemName,
    contender: facts.contender,
    model_asked: model,
    repetition: facts.repetition,
    verdict: facts.verdict ?? 'undetermined',
    checks: facts.checks.map(({ type, verdict }, at) => ({ type, verdict, detail: said?.details[at] ?? null })),
    output: said?.output ?? null,
    tool_calls: said ? [...said.toolCalls] : [],
    error_code: facts.errorCode,
    model: facts.model,
    target: facts.target,
    attempts: facts.attempts,
    waits: facts.waits,
    prompt_tokens: facts.promptTokens,
    completion_tokens: facts.completionTokens,
    cost_nano_usd: String(facts.costNanoUsd),
    judge_cost_nano_usd: String(facts.judgeCostNanoUsd),
    latency_ms: facts.latencyMs,
    requests: [...facts.requests],
    ended_at: toSeconds(facts.endedMs),
  };
}
