/** This file says where the attempts of a call go: which step of its plan is next, by which credential, and what is said when all of them rest. */
import type { Clock } from '../foundation/clock.ts';
import type { ErrorCode } from '../foundation/errors.ts';
import type { Target } from '../foundation/terms.ts';
import type { UpstreamFailure } from '../providers/wire.ts';
import type { Health, Visit } from '../routing/health.ts';
import type { Plan, PlanStep } from '../routing/steps.ts';
import { isJudged, isSlow, secondsOf, slowMessage } from '../routing/rests.ts';
import { Walk } from '../routing/walk.ts';
import { classOf } from './failure-class.ts';

/** A step as it is asked, and its place on a lane; null for one whose health is nobody's business. */
export interface Place {
  readonly step: PlanStep;
  /** With the credential of its lane. */
  readonly target: Target;
  readonly visit: Visit | null;
  /** The same target once more, which is worth a pause. */
  readonly isRetry: boolean;
}

/** How the last place fared. */
export interface Told {
  readonly failure: UpstreamFailure;
  /** There is time to ask the same target again. */
  readonly canRetry: boolean;
}

interface Parts {
  readonly health: Health;
  readonly clock: Clock;
}

export type Places<Ended> = Generator<Place, Ended, Told | null>;

/** After these another credential of the same provider may fare better. */
const OF_THE_CREDENTIAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['upstream_rate_limited', 'upstream_auth_failed']);

/** The first place of a plan, where its first step can be asked, as nearly always: without what `placesOf` needs to find others. */
export function firstPlace({ health }: Pick<Parts, 'health'>, { steps, isLastResort }: Plan, walker: { mayTry(step: PlanStep): boolean }): Place | null {
  const [step] = steps;
  return step && walker.mayTry(step) ? enter(health, step, { isRetry: false, isLastResort }) : null;
}

/**
 * Gives one place after the other; told how the last one failed (null at first). Who began to rest since the plan was made is passed over. When
 * nobody could be asked, all are asked nevertheless but those that do not answer.
 */
export function placesOf(parts: Parts, plan: Plan, mayTry: (step: PlanStep) => boolean): Places<undefined> {
  return roundsOf(parts, plan, { mayTry, begun: null });
}

/** The places after the first one, which has been asked. */
export function placesAfter(parts: Parts, plan: Plan, asked: { readonly first: Place; readonly mayTry: (step: PlanStep) => boolean }): Places<undefined> {
  const places = roundsOf(parts, plan, { mayTry: asked.mayTry, begun: asked.first });
  places.next(null);
  return places;
}

function* roundsOf(parts: Parts, plan: Plan, { mayTry, begun }: Pick<Round, 'mayTry' | 'begun'>): Places<undefined> {
  const { health, clock } = parts;
  const isAnyGiven = yield* roundOf(parts, plan, { mayTry, begun, isLastResort: plan.isLastResort });
  if (isAnyGiven || plan.isLastResort) return;
  yield* roundOf(parts, plan, { mayTry: (step) => mayTry(step) && !isSlow(health.restOf(step.target, clock.now())), begun: null, isLastResort: true });
}

/** What is said of a target that does not answer and is left alone; null when none of these is. */
export function findRest({ health, clock }: Parts, { steps }: Pick<Plan, 'steps'>): UpstreamFailure | null {
  const nowMs = clock.now();
  for (const { target } of steps) {
    const rest = health.restOf(target, nowMs);
    if (!rest || !isSlow(rest)) continue;
    const seconds = secondsOf(rest, nowMs);
    return {
      code: 'upstream_timeout', isRetryable: false, param: null, upstream: null, retryAfterSeconds: seconds, detail: `${target.id} rests`,
      message: slowMessage(target, seconds),
    };
  }
  return null;
}

interface Round {
  readonly mayTry: (step: PlanStep) => boolean;
  /** The first step's place, where it has been entered already. */
  readonly begun: Place | null;
  readonly isLastResort: boolean;
}

/** Walks through a plan once; true when anybody could be asked. */
function* roundOf({ health }: Parts, plan: Plan, { mayTry, begun, isLastResort }: Round): Places<boolean> {
  let step = plan.steps.find(mayTry) ?? null;
  let walk: Walk | null = null;
  let isAnyGiven = false;
  let isRetry = false;
  while (step) {
    const place = begun !== null && !isAnyGiven ? begun : enter(health, step, { isRetry, isLastResort });
    if (!place) {
      step = (walk ??= new Walk(plan, step, mayTry)).pass();
      isRetry = false;
      continue;
    }
    isAnyGiven = true;
    const told: Told | null = yield place;
    const failed = told && classOf(told.failure);
    if (!told || failed === null) return true;
    walk ??= new Walk(plan, step, mayTry);
    const last: Told | null = yield* otherCredentials(health, { step, told, walk });
    const lastFailed = last && classOf(last.failure);
    if (!last || lastFailed === null) return true;
    const next = walk.next(lastFailed, last.canRetry);
    step = next?.step ?? null;
    isRetry = next?.isRetry === true;
  }
  return isAnyGiven;
}

/** Asks the same target by the other credentials of its provider, as long as it fails for the one it was asked by; gives how the last of them fared. */
function* otherCredentials(health: Health, { step, told, walk }: { readonly step: PlanStep; readonly told: Told; readonly walk: Walk }): Places<Told | null> {
  let last: Told | null = told;
  while (last && step.target.provider.otherKeys !== undefined && OF_THE_CREDENTIAL.has(last.failure.code)) {
    const place = enter(health, step, { isRetry: false, isLastResort: false });
    if (!place) return last;
    if (!walk.again()) {
      health.left(place.visit);
      return last;
    }
    last = yield place;
  }
  return last;
}

/** A retry is the policy's word: it is asked although it has just failed. */
function enter(health: Health, step: PlanStep, { isRetry, isLastResort }: { readonly isRetry: boolean; readonly isLastResort: boolean }): Place | null {
  const { target } = step;
  if (!isJudged(target)) return { step, target, visit: null, isRetry };
  const visit = health.begin(target, { isLastResort: isLastResort || isRetry });
  return visit && { step, target: visit.target, visit, isRetry };
}
