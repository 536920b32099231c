/** This file plans a call for a route, and says what it may cost: the dearest of those who may answer, in the tiers they are paid by. */
import { isModelAllowed } from '../access/allowed-models.ts';
import { ZERO_NANO_USD } from '../foundation/money.ts';
import type { Target, Tier } from '../foundation/terms.ts';
import { isTierOpen } from '../metering/asks.ts';
import type { RouteTerms } from '../routing/entries.ts';
import { ownTargets } from '../routing/own-targets.ts';
import type { OwnKey } from '../routing/own-targets.ts';
import { planRoute } from '../routing/plan.ts';
import type { Plan, PlanStep } from '../routing/steps.ts';
import { failPlan } from '../routing/plan-refusal.ts';
import type { RequestFacts } from '../routing/request-facts.ts';
import type { Asking, Choice } from './choice.ts';
import type { House } from './house.ts';

/** Of a call of which nothing is known but its kind. */
export const NO_REQUEST_FACTS: RequestFacts = {
  hasTools: false, hasImages: false, hasAudio: false, hasFiles: false, wantsSchema: false, promptTokens: 0, promptTokensAtLeast: 0, affinity: '',
};

const NO_TARGETS: readonly Target[] = [];

/** A call for a route. */
export interface PlannedCall extends Asking {
  readonly terms: RouteTerms;
  /** The workspace's own. */
  readonly keys: readonly OwnKey[];
  /** The workspace pays nothing for it, so that its plan does not matter. */
  readonly isFree?: boolean;
}

/** Plans a call for a route; there may be no step in the plan. Throws a Refusal `model_not_available` for a key of the workspace's own that can't be opened. */
export function planCall(house: Pick<House, 'catalog' | 'keeper' | 'health'>, asking: PlannedCall): Plan {
  const { catalog, keeper, health } = house;
  const { caller, ask, steering, terms, keys, nowMs, isFree = false } = asking;
  const { account } = caller;
  const plan = keeper.findPlan(account.planId);
  return planRoute({
    terms, health, nowMs,
    kind: ask.kind,
    facts: ask.facts?.() ?? NO_REQUEST_FACTS,
    isAllowed: (model) => isModelAllowed(caller.models, model),
    isTierOpen: (tier) => isFree || isTierOpen(account, plan, tier),
    ownTargets: (meaning) => (keys.length === 0 ? NO_TARGETS : ownTargets(catalog, meaning, keys)),
    seed: caller.keyId,
    pinned: steering.target,
    ...(ask.size ? { costOf: (target, maxOutputTokens) => ask.size?.({ prices: [target.price], maxOutputTokens, ...outputLimit(terms) }).nanoUsd ?? ZERO_NANO_USD } : {}),
  });
}

function outputLimit({ row }: RouteTerms): { readonly outputTokensMax?: number } {
  const most = row.limits?.output_tokens_max;
  return most === undefined ? {} : { outputTokensMax: most };
}

/** What is to be set aside for a plan. Throws a Refusal that says why when it has no step. */
export function candidateOf(plan: Plan): Choice {
  const [first] = plan.steps;
  if (!first?.row) return failPlan(plan);
  const paid = plan.steps.filter((step) => !step.isOwnKey);
  const tiers = [...new Set(paid.flatMap(({ row }) => (row ? [row.tier] : [])))];
  const hasOwnKey = paid.length < plan.steps.length;
  const isMixed = tiers.length > 1 || (tiers.length > 0 && hasOwnKey);
  const payable = paid.length > 0 ? paid : plan.steps;
  return {
    model: first.model, row: first.row, plan,
    targets: payable.map(({ target }) => target),
    tier: tierOf(payable) ?? first.row.tier,
    maxOutputTokens: mostOutput(payable),
    isOwnKey: paid.length === 0,
    ...(plan.outputTokensMax === undefined ? {} : { outputTokensMax: plan.outputTokensMax }),
    ...(isMixed ? { mix: { tiers, hasOwnKey } } : {}),
  };
}

function tierOf([first]: readonly PlanStep[]): Tier | undefined {
  return first?.row?.tier;
}

/** What any of them can generate; null when that is not known of one. */
function mostOutput(steps: readonly PlanStep[]): number | null {
  let most = 0;
  for (const { row } of steps) {
    if (!row?.max_output_tokens) return null;
    if (row.max_output_tokens > most) most = row.max_output_tokens;
  }
  return most;
}
