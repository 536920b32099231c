/** This file leaves out of a plan who rests after failures; when all do, those are asked nevertheless that at least answer. */
import type { Target } from '../foundation/terms.ts';
import type { HealthView, Rest } from './health.ts';
import type { PlanStep, Skipped } from './steps.ts';

/** The steps that are left, in their order, and who was left out. */
export interface Rested {
  readonly steps: readonly PlanStep[];
  readonly skipped: readonly Skipped[];
  /** All of them rest: a refusal costs little, it is the upstream's to say, and one caller's odd requests must not shut a target for all others. */
  readonly isLastResort: boolean;
}

const MS_PER_SECOND = 1000;

/** Leaves out the steps that rest. One that does not answer stays out in any case: its deadline is not to be paid by every caller. */
export function withoutRests(steps: readonly PlanStep[], health: HealthView, nowMs: number): Rested {
  if (!steps.some((step) => isOpen(step, health, nowMs))) return { steps, skipped: [], isLastResort: false };
  const awake = steps.filter((step) => !isOpen(step, health, nowMs));
  const left = awake.length > 0 ? awake : steps.filter(({ target }) => !isSlow(health.restOf(target, nowMs)));
  return {
    steps: left, isLastResort: awake.length === 0,
    skipped: steps.filter((step) => !left.includes(step)).map((step) => skipOf(step, health.restOf(step.target, nowMs), nowMs)),
  };
}

/** True of a target that is not asked even when nobody else is left. */
export function isSlow(rest: Rest | null): boolean {
  return rest !== null && rest.reason === 'slow';
}

/** The sandbox is in this process, and a workspace's own key says nothing of the operator's. */
export function isJudged({ provider }: Target): boolean {
  return provider.wire !== 'sandbox' && provider.isOwnKey !== true;
}

/** What is said of a target that does not answer and is left alone. */
export function slowMessage({ provider }: Target, seconds: number): string {
  return `${provider.name} did not answer in time when it was last asked, and is left alone for ${seconds} s. Ask again then, or ask for another model.`;
}

/** In whole seconds, from 1 up. */
export function secondsOf({ untilMs }: Rest, nowMs: number): number {
  return Math.max(1, Math.ceil((untilMs - nowMs) / MS_PER_SECOND));
}

function isOpen({ target }: PlanStep, health: HealthView, nowMs: number): boolean {
  return isJudged(target) && health.stateOf(target, nowMs) === 'open';
}

function skipOf({ model, target }: PlanStep, rest: Rest | null, nowMs: number): Skipped {
  const seconds = rest === null ? 1 : secondsOf(rest, nowMs);
  const detail = isSlow(rest) ? slowMessage(target, seconds) : `${target.id} has failed and is left alone for ${seconds} s.`;
  return { model, target: target.id, reason: 'unhealthy', detail, retryAfterSeconds: seconds };
}
