/** This file tries the targets of a plan, as its policy says, while no byte has reached the caller. */
import { fail } from '../foundation/errors.ts';
import type { BytesReply, EventsReply } from '../foundation/operation.ts';
import type { Target } from '../foundation/terms.ts';
import type { UpstreamFailure } from '../providers/wire.ts';
import type { Plan, PlanStep } from '../routing/steps.ts';
import { AttemptFailed, outcomeOf, refusalOf } from './attempt-outcome.ts';
import type { Attempt, Work } from './attempt-outcome.ts';
import type { Ask, OutputLimit } from './ask.ts';
import { passedBy } from './filtered.ts';
import type { Passed } from './filtered.ts';
import { JsonAttempt } from './json-attempt.ts';
import { pause, pauseMsOf } from './pause.ts';
import { placeHeaders } from './place-headers.ts';
import { findRest, firstPlace, placesAfter, placesOf } from './places.ts';
import type { Place, Told } from './places.ts';
import { StreamAttempt } from './stream-attempt.ts';
import { notAsAsked } from './strict.ts';

/** Tries targets until one answers. Throws a Refusal, already recorded, when none does. */
export async function attempt(work: Work, plan: Plan): Promise<BytesReply | EventsReply> {
  const { trail, house, ask } = work;
  const begunAt = house.clock.monotonic();
  const { attemptMs, totalMs } = plan.policy;
  const passed = ask.kind === 'chat' ? passedBy(plan.policy) : null;
  let place = firstPlace(house, plan, trail);
  let places = place ? null : placesOf(house, plan, filterOf(trail));
  place ??= places?.next(null).value ?? null;
  let told: Told | null = null;
  let startedAt = begunAt;
  for (;;) {
    if (!place) return endFailed(work, told?.failure ?? findRest(house, plan) ?? fail('model_not_available', { param: 'model' }));
    if (told && place.isRetry && !await pause(work, pauseMsOf(told.failure))) {
      house.health.left(place.visit);
      return endFailed(work, told.failure);
    }
    trail.take(plan, place.step);
    if (told) startedAt = house.clock.monotonic();
    trail.beginAttempt(startedAt);
    try {
      return await attemptOnce(work, place, { msMax: Math.min(attemptMs, begunAt + totalMs - startedAt), plan, passed });
    } catch (thrown) {
      house.health.left(place.visit);
      if (!(thrown instanceof AttemptFailed)) throw thrown;
      const { failure, accept } = thrown;
      const tried = place.target;
      const leftMs = begunAt + totalMs - house.clock.monotonic();
      const isLast = leftMs <= 0 || work.call.departure.reason !== null;
      told = { failure, canRetry: pauseMsOf(failure) < leftMs };
      places ??= placesAfter(house, plan, { first: place, mayTry: filterOf(trail) });
      place = isLast ? null : places.next(told).value ?? null;
      if (!place && accept) return accept();
      trail.noteFailure(tried, failure.code, startedAt);
      house.log.warn({ requestId: work.call.requestId, target: tried.id, code: failure.code, detail: failure.detail }, 'attempt failed');
    }
  }
}

/** What holds for an attempt besides whom it asks. */
interface Terms {
  readonly msMax: number;
  readonly passed: Passed;
  readonly plan: Plan;
}

function filterOf(trail: Work['trail']): (step: PlanStep) => boolean {
  return (step) => trail.mayTry(step);
}

async function endFailed(work: Work, failure: UpstreamFailure): Promise<never> {
  const refusal = refusalOf(failure, placeHeaders(work.trail));
  await work.trail.refuse(refusal, outcomeOf(failure));
  throw refusal;
}

/** Asks one target. Rejects with AttemptFailed, which nobody has recorded, or with a Refusal, which is. */
export function attemptOnce(work: Work, { step, target, visit }: Omit<Place, 'isRetry'>, { msMax, passed, plan: { outputTokensMax } }: Terms): Promise<BytesReply | EventsReply> {
  const { call, ask, house } = work;
  const written = ask.write(target, { requestId: call.requestId, nowSeconds: Math.floor(house.clock.now() / 1000), ...outputLimit(step, outputTokensMax) });
  if (!written) return Promise.reject(new AttemptFailed(cannotBeAsked(target, ask)));
  const { wire, request } = written;
  if (work.isStrict && request.warnings.length > 0) return Promise.reject(new AttemptFailed(notAsAsked(request.warnings)));
  const made: Attempt = { target, visit, wire, request, msMax, passed };
  return new Promise((resolve, reject) => {
    const settle = { resolve, reject };
    if (written.isStream ?? ask.isStream) new StreamAttempt(work, made, settle).start();
    else new JsonAttempt(work, made, settle).start();
  });
}

function outputLimit({ row }: Place['step'], most: number | undefined): { readonly outputLimit?: OutputLimit } {
  return most === undefined ? {} : { outputLimit: { most, isFelt: (row?.max_output_tokens ?? Infinity) > most } };
}

function cannotBeAsked(target: Target, ask: Ask): UpstreamFailure {
  const message = `${target.provider.name} has no way to be asked for ${ask.kind} that this gateway knows.`;
  return { code: 'unsupported_model', isRetryable: true, message, param: 'model', upstream: null, retryAfterSeconds: null, detail: `${target.id}: no wire for ${ask.kind}` };
}
