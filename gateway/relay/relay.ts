/** This file is the hallway: the only path on which money moves, from a name to a settled reply. */
import { isModelAllowed } from '../access/allowed-models.ts';
import { asRefusal, fail } from '../foundation/errors.ts';
import type { Refusal } from '../foundation/errors.ts';
import type { BytesReply, Call, EventsReply, OperationId } from '../foundation/operation.ts';
import type { Caller } from '../foundation/terms.ts';
import { admit } from './admit.ts';
import type { Ask } from './ask.ts';
import { answerCached } from './answer-cached.ts';
import { attempt } from './attempt.ts';
import { readCaching } from './caching.ts';
import { chooseTargets } from './choose.ts';
import { followRefusal, followReply } from './follow-bodies.ts';
import type { House } from './house.ts';
import { replay } from './idempotency.ts';
import { offerShadow } from './shadow-call.ts';
import { readSteering } from './steering.ts';
import { passStoreGate } from './store-gate.ts';
import { readStrict } from './strict.ts';
import { Trail } from './trail.ts';

/**
 * Relays one call, of any kind: resolve → hold → attempt → settle. Every call that gets here leaves one usage row, but for those told to slow down, those
 * answered by what was kept, and those refused because no row can be written. Throws a Refusal for everything that went wrong before the first byte.
 */
export async function relay(house: House, call: Call<OperationId>, ask: Ask): Promise<BytesReply | EventsReply> {
  const caller = call.caller ?? fail('missing_api_key');
  passStoreGate(house);
  const trail = new Trail(house, call, { caller, model: ask.model, isStream: ask.isStream, evalRun: ask.evalRun });
  try {
    const isStrict = readStrict(call);
    const steering = readSteering(call);
    const caching = caller.account.replyCache === null ? null : readCaching(caller, call, ask);
    const choice = chooseTargets(house, { caller, ask, steering, nowMs: house.clock.now() });
    const candidate = choice instanceof Promise ? await choice : choice;
    trail.model = candidate.model;
    trail.route = candidate.plan.route;
    if (candidate.model !== null) checkModelAllowed(caller, candidate.model);
    const kept = await admit({ house, call, ask, caller, trail }, candidate);
    if (kept) {
      trail.ticket?.release();
      return replay(kept);
    }
    trail.countHold();
    const { rollout } = candidate.plan;
    if (rollout) trail.noteRollout(rollout, false);
    const work = { house, call, ask, trail, isStrict, warnings: house.warnings.for(caller) };
    if (!ask.background) {
      const { plan } = candidate;
      const reply = caching ? await answerCached({ work, plan, caching, steering }) : await attempt(work, plan);
      if (trail.rollout) offerShadow({ house, call, ask, caller, plan });
      return follow({ house, call, caller }, reply);
    }
    const reply = await ask.background.begin(trail, work.warnings);
    ask.background.run(attempt(work, candidate.plan).then(
      (answer) => follow({ house, call, caller }, answer),
      async (thrown: unknown) => { throw await refused({ house, call, caller, trail }, thrown); },
    ));
    return reply;
  } catch (thrown) {
    throw await refused({ house, call, caller, trail }, thrown);
  }
}

interface Asked {
  readonly house: House;
  readonly call: Call<OperationId>;
  readonly caller: Caller;
}

function follow({ house, call, caller: { account } }: Asked, reply: BytesReply | EventsReply): BytesReply | EventsReply {
  return account.keptBodies === 'none' ? reply : followReply(house, { call, account }, reply);
}

async function refused({ house, call, caller: { account }, trail }: Asked & { readonly trail: Trail }, thrown: unknown): Promise<Refusal> {
  const refusal = asRefusal(thrown);
  if (leavesNoRow(refusal)) trail.ticket?.release();
  else {
    await trail.refuse(refusal, 'refused');
    if (account.keptBodies !== 'none') followRefusal(house, { call, account }, refusal);
  }
  return refusal;
}

/** Refuses a model its key may not call with model_not_allowed (`model`). */
export function checkModelAllowed({ models }: Pick<Caller, 'models'>, model: string): void {
  if (isModelAllowed(models, model)) return;
  fail('model_not_allowed', { param: 'model', message: `This key may not call ${model}. Ask for a key that allows it, or see GET /models for those it may call.` });
}

/** Who is told to slow down, or asks twice, must not be able to fill the store by it. */
export function leavesNoRow(refusal: Refusal): boolean {
  return NO_ROW.has(refusal.code);
}

const NO_ROW: ReadonlySet<string> = new Set(['rate_limited', 'concurrency_limited', 'idempotency_key_in_use', 'idempotency_key_reused', 'idempotency_reply_not_kept']);
