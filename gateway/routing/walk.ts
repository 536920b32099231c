/** This file walks through a plan: after each failure it says which target comes next, or that there is none. */
import type { CatalogFallbackStep } from '../../generated/catalog-types.ts';
import type { Plan, PlanStep } from './steps.ts';
import type { FailureClass } from './policy.ts';

/** unsupported: a target has no way to be asked this as it is; nobody was called, and another may have one. */
export type Failed = FailureClass | 'unsupported';

/** What comes next. */
export interface NextStep {
  readonly step: PlanStep;
  /** The same target once more. */
  readonly isRetry: boolean;
}

const ELSEWHERE: readonly CatalogFallbackStep[] = ['switch_provider', 'degrade'];

/** The state of one request on its way through a plan. Which steps it may use does not change under way. */
export class Walk {
  readonly #plan: Plan;
  readonly #mayUse: (step: PlanStep) => boolean;
  readonly #tried = new Set<PlanStep>();
  readonly #models = new Set<string>();
  #current: PlanStep;
  #attempts = 1;
  #retries = 0;

  constructor(plan: Plan, first: PlanStep, mayUse: (step: PlanStep) => boolean) {
    this.#plan = plan;
    this.#mayUse = mayUse;
    this.#current = first;
    this.#note(first);
  }

  /** The next step after a failure of the current one; null when that was the last. `canRetry`: there is time to ask the same target again. */
  next(failed: Failed, canRetry = true): NextStep | null {
    const { policy, steps } = this.#plan;
    if (this.#attempts >= policy.attemptsMax) return null;
    const actions = failed === 'unsupported' ? ELSEWHERE : policy.on[failed];
    for (const action of actions) {
      switch (action) {
        case 'stop': return null;
        case 'retry':
          if (canRetry && this.#retries < actions.filter((each) => each === 'retry').length) return this.#retry();
          break;
        case 'switch_provider': {
          const step = steps.find((each) => each.model === this.#current.model && this.#isFree(each));
          if (step) return this.#goTo(step);
          break;
        }
        case 'degrade': {
          const step = steps.find((each) => !this.#models.has(each.model) && this.#isFree(each));
          if (step) return this.#goTo(step);
          break;
        }
        default: action satisfies never;
      }
    }
    return null;
  }

  /** The next step when the current one can't be begun: it is passed over and counts for nothing. Null when there is none. */
  pass(): PlanStep | null {
    const step = this.#plan.steps.find((each) => this.#isFree(each));
    if (!step) return null;
    this.#attempts--;
    return this.#goTo(step).step;
  }

  /** Counts one more attempt at the current step, with another of its provider's credentials; false when there may be none. */
  again(): boolean {
    if (this.#attempts >= this.#plan.policy.attemptsMax) return false;
    this.#attempts++;
    return true;
  }

  #retry(): NextStep {
    this.#attempts++;
    this.#retries++;
    return { step: this.#current, isRetry: true };
  }

  #goTo(step: PlanStep): NextStep {
    this.#attempts++;
    this.#retries = 0;
    this.#current = step;
    this.#note(step);
    return { step, isRetry: false };
  }

  #note(step: PlanStep): void {
    this.#tried.add(step);
    this.#models.add(step.model);
  }

  #isFree(step: PlanStep): boolean {
    return !this.#tried.has(step) && this.#mayUse(step);
  }
}

/** The steps that would be asked if each of them failed in this way, one after the other. */
export function foreseeSteps(plan: Plan, failed: Failed): PlanStep[] {
  const [first] = plan.steps;
  if (!first) return [];
  const walk = new Walk(plan, first, () => true);
  const steps = [first];
  for (let next = walk.next(failed); next; next = walk.next(failed)) steps.push(next.step);
  return steps;
}
