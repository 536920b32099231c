/** This file tries targets in order while the failure is retryable and no byte has reached the caller. */
import { fail } from '../foundation/errors.ts';
import type { BytesReply, EventsReply } from '../foundation/operation.ts';
import type { Target } from '../foundation/terms.ts';
import type { UpstreamFailure } from '../providers/wire.ts';
import { AttemptFailed, outcomeOf, refusalOf } from './attempt-outcome.ts';
import type { Attempt, Work } from './attempt-outcome.ts';
import type { Ask } from './ask.ts';
import { JsonAttempt } from './json-attempt.ts';
import { findRest, placesOf } from './places.ts';
import type { Place } from './places.ts';
import { StreamAttempt } from './stream-attempt.ts';
import { notAsAsked } from './strict.ts';

/** Attempts per call, over all targets. */
const ATTEMPTS_MAX = 3;

/** Tries targets until one answers. Throws a Refusal, already recorded, when none does. */
export async function attempt(work: Work, targets: readonly Target[]): Promise<BytesReply | EventsReply> {
  const { house, call, trail } = work;
  const places = placesOf(house, targets);
  let last: UpstreamFailure | null = null;
  while (trail.attempts < ATTEMPTS_MAX) {
    const { value: place } = places.next(last);
    if (!place) break;
    trail.target = place.target;
    trail.attempts++;
    const startedAt = house.clock.monotonic();
    try {
      return await attemptOnce(work, place);
    } catch (thrown) {
      house.health.left(place.visit);
      if (!(thrown instanceof AttemptFailed)) throw thrown;
      last = thrown.failure;
      trail.noteFailure(place.target, last.code, startedAt);
      house.log.warn({ requestId: call.requestId, target: place.target.id, code: last.code, detail: last.detail }, 'attempt failed');
      if (!last.isRetryable || call.departure.reason) break;
    }
  }
  last ??= findRest(house, targets);
  if (!last) fail('model_not_available', { param: 'model' });
  const refusal = refusalOf(last);
  await trail.refuse(refusal, outcomeOf(last));
  throw refusal;
}

function attemptOnce(work: Work, { target, visit }: Place): Promise<BytesReply | EventsReply> {
  const { call, ask, house } = work;
  const written = ask.write(target, { requestId: call.requestId, nowSeconds: Math.floor(house.clock.now() / 1000) });
  if (!written) return Promise.reject(new AttemptFailed(cannotBeAsked(target, ask)));
  const { wire, request } = written;
  if (work.isStrict && request.warnings.length > 0) return Promise.reject(new AttemptFailed(notAsAsked(request.warnings)));
  const made: Attempt = { target, visit, wire, request };
  return new Promise((resolve, reject) => {
    const settle = { resolve, reject };
    if (written.isStream ?? ask.isStream) new StreamAttempt(work, made, settle).start();
    else new JsonAttempt(work, made, settle).start();
  });
}

function cannotBeAsked(target: Target, ask: Ask): UpstreamFailure {
  const message = `${target.provider.name} has no way to be asked for ${ask.kind} that this gateway knows.`;
  return { code: 'unsupported_model', isRetryable: true, message, param: 'model', upstream: null, retryAfterSeconds: null, detail: `${target.id}: no wire for ${ask.kind}` };
}
