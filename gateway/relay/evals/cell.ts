/** This file makes one answer of a run: asked, kept, checked, judged, and kept again. Each step is durable before the next. */
import type { ChatCompletionRequest, EvalCheck } from '../../../generated/client/types.gen.ts';
import type { CheckVerdict, EvalFacts, EvalVerdict } from '../../foundation/eval-facts.ts';
import type { EvalAdvance } from '../../store/eval-row.ts';
import { askUntilAnswered } from './ask.ts';
import type { Asked } from './ask.ts';
import { checkAnswer } from './checks.ts';
import type { Found } from './checks.ts';
import { askJudge, readVerdict } from './judge.ts';
import type { OpenRun } from './open-run.ts';
import type { Contender, ItemTerms, RunPlan, Said } from './plan.ts';

/** One prompt for one contender, once. */
export interface Cell {
  readonly id: string;
  readonly itemId: string;
  readonly itemName: string | null;
  readonly terms: ItemTerms;
  readonly contender: number;
  readonly repetition: number;
  /** Of one that has an answer, and was not judged before its gateway stopped. */
  readonly answered: { readonly facts: EvalFacts; readonly said: Said } | null;
}

const PASS_MARK = 7;
/** A judge that says nothing that can be read is asked once more. */
const JUDGE_CALLS_MAX = 2;
const NOTHING: EvalAdvance = { spentNanoUsd: 0n, done: 0, failed: 0 };

/** Makes it, or as much of it as the run may still do. Gives its facts when it is done. */
export async function makeCell(run: OpenRun, cell: Cell): Promise<EvalFacts | null> {
  const contender = run.plan.contenders[cell.contender];
  if (!contender || run.halt) return null;
  const answered = cell.answered ?? await answer(run, cell, contender);
  if (!answered) return null;
  return 'code' in answered ? fail(run, cell, answered) : judge(run, cell, answered);
}

/** Asks the contender. With a judge still to come the answer is kept first; it may be long until there is money for him. */
async function answer(run: OpenRun, cell: Cell, contender: Contender): Promise<NonNullable<Cell['answered']> | Extract<Asked, { kind: 'failed' }> | null> {
  const blank = factsOf(cell);
  if (!await run.save({ id: cell.id, state: 'asked', facts: blank, said: null }, NOTHING)) return null;
  const asked = await askUntilAnswered(run, { key: `${run.row.id}.${cell.id}`, body: bodyOf(cell.terms.request, contender, run.plan), target: contender.target ?? null });
  if (asked?.kind !== 'answered') return asked;
  const { end: { text, toolCalls, rowed: { row } }, bill } = asked;
  const facts: EvalFacts = {
    ...blank, ...bill,
    model: row?.model ?? null,
    target: row?.target ?? null,
    promptTokens: row?.usage.promptTokens ?? 0,
    completionTokens: row?.usage.completionTokens ?? 0,
    latencyMs: row?.latencyMs ?? null,
  };
  const said: Said = { output: text.slice(0, run.house.limits.evalOutputCharactersMax), toolCalls, details: [] };
  if (!checksOf(run, cell).some(({ type }) => type === 'judge')) return { facts, said };
  const isMine = await run.save({ id: cell.id, state: 'answered', facts, said }, { ...NOTHING, spentNanoUsd: facts.costNanoUsd });
  return isMine ? { facts, said } : null;
}

async function fail(run: OpenRun, cell: Cell, { code, bill }: Extract<Asked, { kind: 'failed' }>): Promise<EvalFacts | null> {
  const facts: EvalFacts = { ...factsOf(cell), ...bill, verdict: 'error', errorCode: code, endedMs: run.house.clock.now() };
  const isMine = await run.save({ id: cell.id, state: 'done', facts, said: null }, { spentNanoUsd: facts.costNanoUsd, done: 1, failed: 1 });
  return isMine ? facts : null;
}

/** Checks it, asks the judges, and keeps what came of it. */
async function judge(run: OpenRun, cell: Cell, { facts, said }: NonNullable<Cell['answered']>): Promise<EvalFacts | null> {
  const checks = checksOf(run, cell);
  const isKept = checks.some(({ type }) => type === 'judge');
  const judging: Judging = { run, cell, said, costNanoUsd: 0n, requests: [...facts.requests], number: 0 };
  const given = { text: said.output ?? '', toolCalls: said.toolCalls, tokens: facts.completionTokens };
  const found: Found[] = [];
  for (const check of checks) {
    found.push(await checkAnswer(check, given, { thread: run.thread, judge: (asked) => askJudges(judging, asked) }));
    // Nobody was left to judge: it is judged when the run goes on.
    if (judging.isStopped === true) return null;
  }
  const done: EvalFacts = {
    ...facts,
    verdict: verdictOf(found.map(({ verdict }) => verdict)),
    checks: checks.map(({ type }, at) => ({ type, verdict: found[at]?.verdict ?? 'undetermined' })),
    judgeCostNanoUsd: judging.costNanoUsd,
    requests: judging.requests,
    endedMs: run.house.clock.now(),
  };
  const spentNanoUsd = judging.costNanoUsd + (isKept ? 0n : facts.costNanoUsd);
  const isMine = await run.save({ id: cell.id, state: 'done', facts: done, said: { ...said, details: found.map(({ detail }) => detail) } }, { spentNanoUsd, done: 1, failed: 0 });
  return isMine ? done : null;
}

/** What judges of one answer have cost so far. */
interface Judging {
  readonly run: OpenRun;
  readonly cell: Cell;
  readonly said: Said;
  costNanoUsd: bigint;
  readonly requests: string[];
  /** Of the next question: none has the key of another. */
  number: number;
  isStopped?: boolean;
}

async function askJudges(judging: Judging, { rubric, pass_mark: passMark }: Extract<EvalCheck, { type: 'judge' }>): Promise<Found> {
  const { run, cell, said } = judging;
  const { judge: who } = run.terms;
  if (!who) return { verdict: 'undetermined', detail: 'The set names no judge.' };
  const body = askJudge({ model: who.model, rubric, messages: cell.terms.request.messages, said });
  let detail = '';
  for (let calls = 0; calls < JUDGE_CALLS_MAX; calls++) {
    const asked = await askUntilAnswered(run, { key: `${run.row.id}.${cell.id}.j${judging.number++}`, body, target: null });
    if (!asked) {
      judging.isStopped = true;
      return { verdict: 'undetermined', detail: null };
    }
    judging.costNanoUsd += asked.bill.costNanoUsd;
    judging.requests.push(...asked.bill.requests);
    if (asked.kind === 'failed') return { verdict: 'undetermined', detail: `The judge gave no answer: ${asked.code}.` };
    const verdict = readVerdict(asked.end.text, passMark ?? who.pass_mark ?? PASS_MARK);
    if (verdict) return verdict;
    detail = 'The judge’s answer can not be read.';
  }
  return { verdict: 'undetermined', detail };
}

/** All must pass; one that failed decides. */
function verdictOf(verdicts: readonly CheckVerdict[]): EvalVerdict {
  if (verdicts.includes('fail')) return 'fail';
  return verdicts.includes('undetermined') ? 'undetermined' : 'pass';
}

function checksOf({ terms }: OpenRun, cell: Cell): readonly EvalCheck[] {
  return cell.terms.checks ?? terms.checks;
}

/** What a prompt says goes before what the run says. The same, to the byte, whenever it is made. */
function bodyOf(request: ItemTerms['request'], { model }: Contender, { temperature, seed, maxCompletionTokens }: RunPlan): ChatCompletionRequest {
  const isCapped = request.max_completion_tokens !== undefined || request.max_tokens !== undefined;
  return {
    model,
    ...(temperature === null ? {} : { temperature }),
    ...(seed === null ? {} : { seed }),
    ...(maxCompletionTokens === null || isCapped ? {} : { max_completion_tokens: maxCompletionTokens }),
    ...request,
  };
}

function factsOf({ itemId, itemName, contender, repetition }: Cell): EvalFacts {
  return {
    itemId, itemName, contender, repetition, verdict: null, checks: [], errorCode: null, model: null, target: null, attempts: 0, waits: 0, promptTokens: 0, completionTokens: 0,
    costNanoUsd: 0n, judgeCostNanoUsd: 0n, latencyMs: null, requests: [], endedMs: 0,
  };
}
