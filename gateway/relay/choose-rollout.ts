/** This file chooses for a name that is being rolled out: the candidate before the old targets for callers on its side, and for all others nothing new. */
import { isModelAllowed } from '../access/allowed-models.ts';
import { asRefusal } from '../foundation/errors.ts';
import type { Refusal } from '../foundation/errors.ts';
import type { RouteTerms } from '../routing/entries.ts';
import type { OwnKey } from '../routing/own-targets.ts';
import { PLAIN_POLICY } from '../routing/policy.ts';
import type { Policy } from '../routing/policy.ts';
import { asRoute } from '../routing/route-terms.ts';
import type { RunningRollout } from '../routing/rollout-table.ts';
import { sideOf } from '../routing/split.ts';
import type { Plan, PlannedRollout, PlanStep } from '../routing/steps.ts';
import type { Asking, Choice } from './choice.ts';
import { candidateOf, planCall } from './choose-route.ts';
import type { House } from './house.ts';
import { NO_STEERING } from './steering.ts';

type Planner = Pick<House, 'catalog' | 'keeper' | 'health'>;

export interface Splitting {
  readonly running: RunningRollout;
  /** The route that is rolled out; null of a model. Its limits hold for the candidate, too. */
  readonly route: RouteTerms | null;
  readonly keys: readonly OwnKey[];
  /** Who would answer without the rollout. Throws a Refusal where nobody would. */
  readonly chooseOld: () => Choice;
}

/**
 * Chooses by the side of the caller's key. The candidate's targets come first, the old ones after them, by the policy of the old route. A request that
 * the candidate is not for (it lacks an ability, the key may not call it, somebody else would have to pay) goes as if there were no rollout.
 */
export function chooseSplit(house: Planner, asking: Asking, { running, route, keys, chooseOld }: Splitting): Choice {
  const limits = route?.row.limits ?? null;
  const side = sideOf(running, asking.caller.keyId);
  if (side === 'baseline') {
    const old = chooseOld();
    return { ...old, plan: { ...old.plan, rollout: { running, side, limits, oldPreferred: old.plan.preferred } } };
  }
  const tried = planCandidate(house, asking, { running, limits, keys, isFree: false });
  const isResting = tried.steps.length === 0 && tried.skipped.some(({ reason }) => reason === 'unhealthy');
  if (tried.steps.length === 0 && !isResting) return chooseOld();
  const old = oldOr(chooseOld);
  if (old === null) return candidateOf({ ...tried, route: route?.id ?? null, rollout: { running, side, limits, oldPreferred: null } });
  if (!isFor(asking, tried, old)) return old;
  return candidateOf(joined({ running, side, limits, oldPreferred: old.plan.preferred }, tried, old.plan));
}

interface Trying extends Pick<PlannedRollout, 'running' | 'limits'> {
  readonly keys: readonly OwnKey[];
  readonly isFree: boolean;
}

/** The plan of the candidate alone; free: the workspace pays nothing for it, so that its plan and its own keys do not matter. */
export function planCandidate(house: Planner, asking: Asking, { running, limits, keys, isFree }: Trying): Plan {
  return planCall(house, { ...asking, steering: NO_STEERING, terms: termsOf(running, limits), keys, isFree });
}

/** A candidate that is no route is judged as the only model of one: never asked what it can't do. */
const plainTerms = new WeakMap<RunningRollout, RouteTerms>();

function termsOf(running: RunningRollout, limits: PlannedRollout['limits']): RouteTerms {
  const own = running.candidate.terms ?? plainTermsOf(running);
  return limits === null ? own : { ...own, row: { ...own.row, limits: { ...own.row.limits, ...limits } } };
}

function plainTermsOf(running: RunningRollout): RouteTerms {
  let made = plainTerms.get(running);
  if (!made) plainTerms.set(running, made = asRoute(running.terms.candidate, running.candidate));
  return made;
}

/** Why the old targets may fail without the candidate being any worse for it. */
const OLD_IS_AWAY: ReadonlySet<string> = new Set(['model_not_available', 'upstream_timeout']);

function oldOr(chooseOld: () => Choice): Choice | null {
  try {
    return chooseOld();
  } catch (thrown) {
    const refusal: Refusal = asRefusal(thrown);
    if (OLD_IS_AWAY.has(refusal.code)) return null;
    throw refusal;
  }
}

/** Nobody pays who did not before, and no key gets by a rollout what its name is refused. */
function isFor({ caller }: Asking, { steps: [first] }: Plan, { plan: old }: Choice): boolean {
  const [oldFirst] = old.steps;
  if (oldFirst?.isOwnKey === true && first?.isOwnKey === false) return false;
  return old.route !== null || !oldFirst || isModelAllowed(caller.models, oldFirst.model);
}

/** The candidate's steps, and after them the old ones. Of two of which one rests, the other alone. */
function joined(rollout: PlannedRollout, tried: Plan, old: Plan): Plan {
  const { candidate } = rollout.running;
  const isOut = tried.steps.length === 0 || (tried.isLastResort && !old.isLastResort);
  const isOldOut = !isOut && old.isLastResort && !tried.isLastResort;
  const steps = isOut ? [] : tried.steps;
  const isTaken = (step: PlanStep): boolean => steps.some(({ target, isOwnKey }) => target.id === step.target.id && isOwnKey === step.isOwnKey);
  const rest = isOldOut ? [] : old.steps.filter((step) => !isTaken(step)).map((step): PlanStep => ({ ...step, isOld: true }));
  return {
    route: old.route,
    steps: [...steps, ...rest],
    skipped: [...tried.skipped, ...old.skipped],
    policy: old.route === null ? afterCandidate(candidate.terms?.policy ?? old.policy) : old.policy,
    preferred: steps[0]?.model ?? old.preferred,
    isLastResort: isOut ? old.isLastResort : tried.isLastResort,
    ...shortest(tried, old),
    rollout,
  };
}

/** Of two limits of an answer's length the lower one holds, whoever answers. */
function shortest({ outputTokensMax: one = Infinity }: Plan, { outputTokensMax: other = Infinity }: Plan): Pick<Plan, 'outputTokensMax'> {
  const most = Math.min(one, other);
  return most === Infinity ? {} : { outputTokensMax: most };
}

/** A model that was named itself has no word on what comes after a candidate that fails: the old one does, within as many attempts more. */
function afterCandidate(policy: Policy): Policy {
  const on = Object.fromEntries(Object.entries(policy.on).map(([failed, actions]) => [failed, actions.includes('switch_provider') && !actions.includes('degrade') ? [...actions, 'degrade' as const] : actions]));
  return { ...policy, attemptsMax: policy.attemptsMax + PLAIN_POLICY.attemptsMax, on: { ...policy.on, ...on } };
}
