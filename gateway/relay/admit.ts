/** This file admits a call: it has a place in the rate limits, and what it may cost is set aside, or it is told exactly why not. */
import { fail } from '../foundation/errors.ts';
import type { KeptReply } from '../foundation/ledger.ts';
import type { Call, OperationId } from '../foundation/operation.ts';
import type { Caller, Target, Tier } from '../foundation/terms.ts';
import { asksOf } from '../metering/asks.ts';
import type { Mix } from '../metering/asks.ts';
import { refusalOf } from '../metering/denials.ts';
import type { PlaceRequest, Placed } from '../metering/ledger.ts';
import { asStoreRefusal } from '../store/or-unavailable.ts';
import type { Ask } from './ask.ts';
import type { House } from './house.ts';
import { claimOf, failUnanswered } from './idempotency.ts';
import type { Trail } from './trail.ts';

/** What the call is to be answered by. */
export interface Candidate {
  /** Of which the dearest is what the call may cost. */
  readonly targets: readonly Target[];
  /** Of the first that is tried. */
  readonly tier: Tier;
  /** Most tokens the model generates; null when unknown. */
  readonly maxOutputTokens: number | null;
  /** Most tokens of one answer, by the limits of the route; absent: as the request and the model say. */
  readonly outputTokensMax?: number;
  /** True when the workspace's own provider keys pay. */
  readonly isOwnKey: boolean;
  /** True when the operator lets it pass without a price, and nobody pays. */
  readonly isFree?: boolean;
  /** When not all of them are paid alike. */
  readonly mix?: Mix;
}

/** Sets aside what a call may cost: by the ledger's own way, or with the job it makes. */
export type Place = (request: PlaceRequest) => Placed | Promise<Placed>;

/**
 * Takes a place in the rate limits and sets aside what the call may cost at most; both are the trail's from then on. Gives the kept reply of a call
 * that was made before. Throws a Refusal that says which limit stands in the way, what is left of it and when to come back.
 */
export async function admit(
  work: { house: House; call: Call<OperationId>; ask: Pick<Ask, 'size'>; caller: Caller; trail: Trail }, candidate: Candidate, place: Place = (request) => work.house.ledger.place(request),
): Promise<KeptReply | null> {
  const { house, call, ask, caller, trail } = work;
  const claim = claimOf(house, call, caller);
  const size = ask.size({ prices: candidate.targets.map((target) => target.price), maxOutputTokens: candidate.maxOutputTokens, ...(candidate.outputTokensMax === undefined ? {} : { outputTokensMax: candidate.outputTokensMax }) });
  const nowMs = house.clock.now();
  const plan = house.keeper.findPlan(caller.account.planId);
  const { mix } = candidate;
  const { options, payer, reach } = asksOf({
    account: caller.account, caller, plan, tier: candidate.tier, size, nowMs, isOwnKey: candidate.isOwnKey || candidate.isFree === true, ...(mix ? { mix } : {}),
  });
  trail.payer = candidate.isFree === true ? 'none' : payer;
  trail.promptTokensAtLeast = size.promptTokensAtLeast;
  trail.mediaAtLeast = size.mediaAtLeast;
  const ticket = house.rates.admit({ caller, tokens: size.promptTokens });
  trail.ticket = ticket instanceof Promise ? await ticket : ticket;
  const placing = place({ requestId: call.requestId, options, makeDraft: () => trail.draft(), idempotency: claim });
  const placed = placing instanceof Promise ? await placing.catch(asStoreRefusal) : placing;
  if (placed.kind === 'placed') {
    trail.placing = placed.placing;
    if (mix) trail.reach = reach?.[placed.placing.option] ?? null;
    return null;
  }
  return answerUnplaced(placed, () => refusalOf(placed.kind === 'denied' ? placed.denials : [], { account: caller.account, plan, size, nowMs }));
}

function answerUnplaced(placed: Exclude<Placed, { kind: 'placed' }>, makeRefusal: () => Error): KeptReply {
  switch (placed.kind) {
    case 'answered': return placed.reply;
    case 'unanswered': return failUnanswered();
    case 'other_body': return fail('idempotency_key_reused', { param: 'idempotency-key' });
    case 'denied': throw makeRefusal();
    default: return placed satisfies never;
  }
}
