/** This file asks until there is an answer, or nothing to hope for: where a limit or an upstream says to come back, a run waits and comes back. */
import type { ChatCompletionRequest } from '../../../generated/client/types.gen.ts';
import { asRefusal } from '../../foundation/errors.ts';
import { counterOf, makeEvalCall } from './call.ts';
import type { EvalCallEnd, Rowed, Why } from './call.ts';
import type { OpenRun } from './open-run.ts';

/** Nobody was asked and nothing was kept: the same call is made again. */
const LATER: ReadonlySet<string> = new Set(['rate_limited', 'concurrency_limited', 'in_flight_budget', 'idempotency_key_in_use', 'store_unavailable', 'shutting_down']);
/** An upstream has no time for us: asked again, it is another call. */
const BUSY = 'upstream_rate_limited';
/** What stands in the way of every further call. */
const STOPS: ReadonlySet<string> = new Set([
  'insufficient_balance', 'budget_exhausted', 'request_exceeds_budget', 'quota_exceeded', 'workspace_suspended', 'revoked_api_key', 'expired_api_key', 'workspace_not_allowed',
]);

/** Another call for the same question, at most so often. */
const CALLS_MAX = 6;
/** Where nobody says when to come back, in ms; twice as long each time. */
const WAIT_MS = 500;
const WAIT_MS_MAX = 60_000;

/** What came of it. */
export type Asked =
  | { readonly kind: 'answered'; readonly end: Extract<EvalCallEnd, { kind: 'answered' }>; readonly bill: Bill }
  | { readonly kind: 'failed'; readonly code: string; readonly bill: Bill };

/** What all its calls came to. */
export interface Bill {
  readonly costNanoUsd: bigint;
  readonly requests: readonly string[];
  readonly attempts: number;
  readonly waits: number;
}

interface MutableBill {
  costNanoUsd: bigint;
  readonly requests: string[];
  attempts: number;
  waits: number;
}

/** One question: its calls are numbered, and each has a key of its own, so that what was answered is never bought twice. */
export interface Question {
  readonly key: string;
  readonly body: ChatCompletionRequest;
  readonly target: string | null;
}

/** Asks. Null when the run was stopped before there was an answer: asked again later, it goes on where it was. */
export async function askUntilAnswered(run: OpenRun, question: Question): Promise<Asked | null> {
  const bill: MutableBill = { costNanoUsd: 0n, requests: [], attempts: 0, waits: 0 };
  for (let number = 0; !run.halt;) {
    const end = await tryOnce(run, question, number);
    if (end === null) continue;
    if (end.kind === 'answered' || !isLater(end.why)) add(bill, end.rowed);
    if (end.kind === 'answered') return { kind: 'answered', end, bill };
    const next = judge(run, end.why, number);
    if (next === 'stop') return null;
    if (next === 'failed') return { kind: 'failed', code: end.why.code, bill };
    if (next === 'again') number++;
    bill.waits++;
    await run.pause(waitMs(end.why, bill.waits));
  }
  return null;
}

/** Null: it did not fit in the budget beside what was under way, and some of that has ended since; or the run was stopped. */
async function tryOnce(run: OpenRun, { key, body, target }: Question, number: number): Promise<Exclude<EvalCallEnd, { kind: 'no_room' }> | null> {
  const { house, row, budget, departures } = run;
  let caller;
  try {
    caller = await run.caller();
  } catch (thrown) {
    const { code, message } = asRefusal(thrown);
    return { kind: 'refused', why: { code, message, detail: '', retryAfterMs: null }, rowed: NO_ROW };
  }
  const end = await makeEvalCall(house, { runId: row.id, caller, body, target, idempotencyKey: `${key}.${number}` }, { budget, departures });
  if (end.kind !== 'no_room') return end;
  if (end.isAlone) run.stop({ kind: 'budget' });
  else await budget.whenFreed();
  return null;
}

const NO_ROW: Rowed = { requestId: '', costNanoUsd: 0n, row: null };

function judge(run: OpenRun, { code, message, detail }: Why, number: number): 'stop' | 'failed' | 'later' | 'again' {
  if (isLater({ code })) return 'later';
  if (STOPS.has(code)) {
    run.stop(detail.startsWith(`${counterOf(run.row.id)}:`) ? { kind: 'budget' } : { kind: 'failed', code, message });
    return 'stop';
  }
  return code === BUSY && number + 1 < CALLS_MAX ? 'again' : 'failed';
}

function isLater({ code }: Pick<Why, 'code'>): boolean {
  return LATER.has(code);
}

function waitMs({ retryAfterMs }: Why, waits: number): number {
  return Math.min(WAIT_MS_MAX, retryAfterMs ?? WAIT_MS * 2 ** Math.min(waits - 1, 10));
}

function add(bill: MutableBill, { requestId, costNanoUsd, row }: Rowed): void {
  bill.costNanoUsd += costNanoUsd;
  if (row) bill.requests.push(requestId);
  bill.attempts += row?.attempts ?? 0;
}
