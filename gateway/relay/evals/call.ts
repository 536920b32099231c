/** This file makes one call of a run of an eval set: through relay, like any call of the key that began the run, and within the run's budget. */
import type { ChatCompletionRequest } from '../../../generated/client/types.gen.ts';
import { decodeText } from '../../foundation/byte-text.ts';
import { DepartureSignal } from '../../foundation/departure.ts';
import { Refusal, asRefusal } from '../../foundation/errors.ts';
import { outlineJson } from '../../foundation/json-outline.ts';
import { arrayAt, objectAt, parseJson, stringAt } from '../../foundation/json-value.ts';
import type { BytesReply, Call, EventsReply } from '../../foundation/operation.ts';
import type { Caller, SettledRequest } from '../../foundation/terms.ts';
import { askChat } from '../ask-chat.ts';
import type { Ask } from '../ask.ts';
import { CACHE_HEADER } from '../caching.ts';
import type { Reservation, RunBudget } from './budget.ts';
import type { CalledTool } from './plan.ts';
import type { House } from '../house.ts';
import { relay } from '../relay.ts';
import { TARGET_HEADER } from '../steering.ts';

/** What is to be asked, by whom and of whom. */
export interface EvalCall {
  readonly runId: string;
  readonly caller: Caller;
  readonly body: ChatCompletionRequest;
  readonly target: string | null;
  /** The same call again has the same: it is answered from what was kept, and charged once. */
  readonly idempotencyKey: string;
}

/** A call that left a row: what is told of it there. */
export interface Rowed {
  readonly requestId: string;
  readonly costNanoUsd: bigint;
  readonly row: SettledRequest | null;
}

export type EvalCallEnd =
  | { readonly kind: 'answered'; readonly text: string; readonly toolCalls: readonly CalledTool[]; readonly rowed: Rowed }
  /** It does not fit in the budget beside what is under way; nobody was asked. `isAlone`: nothing was under way, so it will never fit. */
  | { readonly kind: 'no_room'; readonly isAlone: boolean }
  | { readonly kind: 'refused'; readonly why: Why; readonly rowed: Rowed };

/** Why a call was refused, by its code in the contract. */
export interface Why {
  readonly code: string;
  readonly message: string;
  /** For the log: which limit stands in the way. */
  readonly detail: string;
  /** Null where nobody says when to come back. */
  readonly retryAfterMs: number | null;
}

const MS_PER_SECOND = 1000;

/** Makes the call. Never rejects for what went wrong with it; rejects when the store can't tell what it cost. */
export async function makeEvalCall(house: House, wanted: EvalCall, { budget, departures }: { readonly budget: RunBudget; readonly departures: Set<DepartureSignal> }): Promise<EvalCallEnd> {
  const departure = new DepartureSignal();
  const call = callOf(house, wanted, departure);
  const held: { reservation: Reservation | null; noRoom: Extract<EvalCallEnd, { kind: 'no_room' }> | null } = { reservation: null, noRoom: null };
  const ask = within(askChat(call), wanted.runId, (nanoUsd) => {
    held.reservation = budget.reserve(nanoUsd);
    held.noRoom = held.reservation ? null : { kind: 'no_room', isAlone: budget.open === 0 };
    return held.reservation !== null;
  });
  departures.add(departure);
  let cost: bigint | null = null;
  try {
    const reply = await relay(house, call, ask).catch((thrown: unknown) => asRefusal(thrown));
    if (held.noRoom) return held.noRoom;
    const rowed = await rowOf(house, wanted, { reply, requestId: call.requestId });
    cost = rowed.costNanoUsd;
    return reply instanceof Refusal ? { kind: 'refused', why: whyOf(reply), rowed } : readReply(reply, rowed);
  } finally {
    departures.delete(departure);
    // What it has cost nobody can tell now; it is no more than this.
    if (held.reservation) budget.end(held.reservation, cost ?? held.reservation.nanoUsd);
  }
}

/** The caller whose every call counts in a budget of the run's own, in the ledger: it holds whatever an upstream says it has used, and over all gateways. */
export function withRunBudget(caller: Caller, run: { readonly id: string; readonly budgetNanoUsd: bigint; readonly budgetRevision: number; readonly createdMs: number }): Caller {
  const { account, workspaceId } = caller;
  const budget = {
    id: run.id, workspaceId, name: `the eval run ${run.id}`, scope: 'workspace', scopeId: workspaceId, unit: 'nusd', amount: run.budgetNanoUsd, period: 'total', timeZone: 'UTC', isHard: true,
    thresholds: [], revision: run.budgetRevision, createdMs: run.createdMs,
  } as const;
  return {
    ...caller,
    account: { ...account, budgets: [...account.budgets, budget] },
    get isRevoked() { return caller.isRevoked; },
    onRevoked: (listener) => caller.onRevoked(listener),
  };
}

/** The counter of `withRunBudget`. */
export function counterOf(runId: string): string {
  return `b:${runId}:all`;
}

/** The ask, sized against the budget before anything is set aside. Who does not fit leaves no row. */
function within(ask: Ask, evalRun: string, fits: (nanoUsd: bigint) => boolean): Ask {
  return {
    ...ask,
    evalRun,
    size(input) {
      const size = ask.size(input);
      if (!fits(size.nanoUsd)) throw new Refusal('concurrency_limited', { detail: 'the budget of the eval run has no room' });
      return size;
    },
  };
}

function callOf(house: House, { caller, body, target, idempotencyKey }: EvalCall, departure: DepartureSignal): Call<'createChatCompletion'> {
  const bodyText = JSON.stringify(body);
  return {
    operationId: 'createChatCompletion',
    requestId: house.makeId('req'),
    body,
    bodyText,
    outline: outlineJson(bodyText, house.limits.jsonDepthMax),
    files: [],
    path: {},
    query: {},
    // What was answered to somebody else before says nothing of how good, quick or dear a model is.
    headers: { 'idempotency-key': idempotencyKey, [CACHE_HEADER]: 'bypass', ...(target === null ? {} : { [TARGET_HEADER]: target }) },
    caller,
    departure,
    receivedAt: house.clock.monotonic(),
  };
}

/** What the call that was really made has cost: an answer that was kept is an earlier one's. */
async function rowOf({ store }: House, { runId, caller }: EvalCall, { reply, requestId }: { readonly reply: BytesReply | EventsReply | Refusal; readonly requestId: string }): Promise<Rowed> {
  const id = (reply instanceof Refusal ? undefined : reply.headers?.['x-interline-original-request']) ?? requestId;
  const row = await store.findRequest(caller.workspaceId, id);
  if (!row) return { requestId: id, costNanoUsd: 0n, row };
  // Of a key of the workspace's own nothing is charged here; it costs all the same.
  const line = row.settled.lines.find(({ counterId }) => counterId === counterOf(runId));
  return { requestId: id, costNanoUsd: line?.amount ?? row.charge.nanoUsd, row };
}

function readReply(reply: BytesReply | EventsReply, rowed: Rowed): EvalCallEnd {
  if (!('bytes' in reply)) throw new Error('an answer of an eval came as events');
  const text = typeof reply.bytes === 'string' ? decodeText(reply.bytes) : Buffer.from(reply.bytes).toString('utf8');
  const body: unknown = parseJson(text);
  if (reply.status >= 400) return { kind: 'refused', why: keptWhy(body, rowed), rowed };
  const message = objectAt(arrayAt(body, 'choices')[0], 'message');
  return { kind: 'answered', text: textIn(message), toolCalls: arrayAt(message, 'tool_calls').map(toolIn), rowed };
}

function whyOf(refusal: Refusal): Why {
  const { detail, headers } = refusal.options;
  const seconds = Number(headers?.['retry-after'] ?? Number.NaN);
  return { code: refusal.code, message: refusal.message, detail: detail ?? '', retryAfterMs: Number.isFinite(seconds) ? seconds * MS_PER_SECOND : null };
}

/** Of a refusal that was kept for the key: there is nothing to wait for. */
function keptWhy(body: unknown, { row }: Rowed): Why {
  const error = objectAt(body, 'error');
  return { code: row?.errorCode ?? stringAt(error, 'code') ?? 'internal_error', message: stringAt(error, 'message') ?? '', detail: '', retryAfterMs: 0 };
}

function textIn(message: unknown): string {
  const whole = stringAt(message, 'content');
  if (whole !== null) return whole;
  return arrayAt(message, 'content').map((part) => stringAt(part, 'text') ?? '').join('') || (stringAt(message, 'refusal') ?? '');
}

function toolIn(call: unknown): CalledTool {
  const called = objectAt(call, 'function');
  return called ? { name: stringAt(called, 'name') ?? '', arguments: stringAt(called, 'arguments') ?? '' } : { name: stringAt(objectAt(call, 'custom'), 'name') ?? '', arguments: stringAt(objectAt(call, 'custom'), 'input') ?? '' };
}
