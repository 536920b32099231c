/** This file says where the attempts of a call go: which targets may be asked now, by which credential, and what is said when all of them rest. */
import type { Clock } from '../foundation/clock.ts';
import type { ErrorCode } from '../foundation/errors.ts';
import type { Target } from '../foundation/terms.ts';
import type { UpstreamFailure } from '../providers/wire.ts';
import type { Health, Rest, Visit } from '../routing/health.ts';

/** The target as it is asked, and its place on a lane; null for one whose health is nobody's business. */
export interface Place {
  readonly target: Target;
  readonly visit: Visit | null;
}

interface Parts {
  readonly health: Health;
  readonly clock: Clock;
}

/** After these another credential of the same provider may fare better. */
const OF_THE_CREDENTIAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['upstream_rate_limited', 'upstream_auth_failed']);

/**
 * Gives one place after the other; told how the last one failed (null at first). Targets that rest are passed over. When none at all may
 * be asked, they are asked nevertheless: a refusal costs little, it is the upstream's to say, and one caller's odd requests must not shut a
 * target for all others. Only one that does not answer stays alone: its deadline is not to be paid by every caller.
 */
export function* placesOf({ health, clock }: Parts, targets: readonly Target[]): Generator<Place, undefined, UpstreamFailure | null> {
  let isAnyGiven = false;
  for (const target of targets) {
    let isAgain = true;
    while (isAgain) {
      const visit = isJudged(target) ? health.begin(target, { isLastResort: false }) : null;
      if (!visit && isJudged(target)) break;
      isAnyGiven = true;
      const failure: UpstreamFailure | null = yield { target: visit?.target ?? target, visit };
      isAgain = failure !== null && target.provider.otherKeys !== undefined && OF_THE_CREDENTIAL.has(failure.code);
    }
  }
  if (isAnyGiven) return;
  for (const target of targets) {
    const visit = isSlow(health.restOf(target, clock.now())) ? null : health.begin(target, { isLastResort: true });
    if (visit) yield { target: visit.target, visit };
  }
}

/** What is said of a target that does not answer and is left alone; null when none of these is. */
export function findRest({ health, clock }: Parts, targets: readonly Target[]): UpstreamFailure | null {
  const nowMs = clock.now();
  for (const target of targets) {
    const rest = health.restOf(target, nowMs);
    if (!rest || !isSlow(rest)) continue;
    const seconds = Math.max(1, Math.ceil((rest.untilMs - nowMs) / MS_PER_SECOND));
    return {
      code: 'upstream_timeout', isRetryable: false, param: null, upstream: null, retryAfterSeconds: seconds, detail: `${target.id} rests`,
      message: `${target.provider.name} did not answer in time when it was last asked, and is left alone for ${seconds} s. Ask again then, or ask for another model.`,
    };
  }
  return null;
}

const MS_PER_SECOND = 1000;

function isSlow(rest: Rest | null): boolean {
  return rest !== null && rest.reason === 'slow';
}

/** The sandbox is in this process, and a workspace's own key says nothing of the operator's. */
function isJudged({ provider }: Target): boolean {
  return provider.wire !== 'sandbox' && provider.isOwnKey !== true;
}
