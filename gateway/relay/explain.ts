/** This file explains who would answer a request, by the plan the request itself would go by; nobody is asked. */
import type { ExplainedTarget, RouteExplanation } from '../../generated/client/types.gen.ts';
import { asRefusal, fail } from '../foundation/errors.ts';
import type { Refusal } from '../foundation/errors.ts';
import { outlineJson } from '../foundation/json-outline.ts';
import type { Call } from '../foundation/operation.ts';
import { ZERO_NANO_USD } from '../foundation/money.ts';
import type { Caller } from '../foundation/terms.ts';
import { asksOf } from '../metering/asks.ts';
import { planModel } from '../routing/plan.ts';
import type { Plan, PlanStep } from '../routing/steps.ts';
import { foreseeSteps } from '../routing/walk.ts';
import type { Candidate } from './admit.ts';
import { askChatOf } from './ask-chat.ts';
import { askEmbeddings } from './ask-embeddings.ts';
import { askResponse } from './ask-response.ts';
import type { Ask } from './ask.ts';
import type { Asking } from './choice.ts';
import { chooseTargets, planOf } from './choose.ts';
import { toContractPolicy } from './describe-route.ts';
import type { House } from './house.ts';
import { checkModelAllowed } from './relay.ts';
import { readSteering } from './steering.ts';

/** Explains a request. What would be refused is told as such; only what is wrong with the request itself is refused here, too. */
export async function explain(house: House, call: Call<'explainRoute'>): Promise<RouteExplanation> {
  const caller = call.caller ?? fail('missing_api_key');
  const ask = await askOf(house, call.body, caller);
  const asking: Asking = { caller, ask, steering: readSteering(call), nowMs: house.clock.now() };
  const { plan, refusal } = await decide(house, asking);
  return {
    object: 'route_explanation',
    asked: asking.steering.route ?? ask.model,
    route: plan.route,
    rollout: plan.rollout ? { id: plan.rollout.running.id, side: plan.rollout.side } : null,
    model: plan.steps[0]?.model ?? null,
    targets: plan.steps.map((step) => explainStep(house, asking, step)),
    order: foreseeSteps(plan, 'server_error').map(({ target }) => target.id),
    skipped: plan.skipped.map(({ model, target, reason, detail }) => ({ model, target, reason, detail })),
    fallback: toContractPolicy(plan.policy),
    refusal: refusal && { code: refusal.code, message: refusal.message, param: refusal.options.param ?? null },
  };
}

/** The plan that relay would go by; what it refuses has none, but for a route whose models are all skipped. */
async function decide(house: House, asking: Asking): Promise<{ plan: Plan; refusal: Refusal | null }> {
  try {
    const choice = await chooseTargets(house, asking);
    if (choice.model !== null) checkModelAllowed(asking.caller, choice.model);
    checkPayer(house, asking.caller, choice);
    return { plan: choice.plan, refusal: null };
  } catch (thrown) {
    const refusal = asRefusal(thrown);
    if (refusal.code === 'internal_error' || refusal.code === 'store_unavailable') throw refusal;
    return { plan: { ...await planOf(house, asking) ?? planModel([]), steps: [] }, refusal };
  }
}

const NOTHING = { nanoUsd: ZERO_NANO_USD, messages: 0n };

/** Refuses what nobody would pay for, whatever it costs: the rest is known only when something is set aside. */
function checkPayer({ keeper, clock }: House, caller: Caller, { tier, isOwnKey, mix }: Candidate): void {
  const { account } = caller;
  asksOf({ account, caller, plan: keeper.findPlan(account.planId), tier, size: NOTHING, nowMs: clock.now(), isOwnKey, ...(mix ? { mix } : {}) });
}

function explainStep({ health }: House, { caller, nowMs }: Asking, { target, model, row, isOwnKey }: PlanStep): ExplainedTarget {
  return {
    target: target.id, model, tier: row?.tier ?? 'basic',
    paid_by: isOwnKey ? 'own_key' : caller.account.billing,
    // One that is left alone is asked only when the caller names it.
    state: health.stateOf(target, nowMs) === 'closed' ? 'closed' : 'trial',
    latency_ms: health.latencyMsOf(target),
  };
}

function askOf(house: House, body: Call<'explainRoute'>['body'], caller: Caller): Ask | Promise<Ask> {
  switch (body.operation) {
    case 'chat.completions': return askChatOf(body.request);
    case 'responses': return askResponse(house, { body: body.request, caller });
    case 'embeddings': {
      const bodyText = JSON.stringify(body.request);
      return askEmbeddings({ body: body.request, bodyText, outline: outlineJson(bodyText, Number.MAX_SAFE_INTEGER) });
    }
    default: return body satisfies never;
  }
}
