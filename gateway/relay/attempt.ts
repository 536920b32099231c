/** This file tries targets in order while the failure is retryable and no byte has reached the caller. */
import { fail } from '../foundation/errors.ts';
import type { Reply } from '../foundation/operation.ts';
import type { Target } from '../foundation/terms.ts';
import { wireOf } from '../providers/index.ts';
import type { UpstreamFailure } from '../providers/wire.ts';
import { AttemptFailed, outcomeOf, refusalOf } from './attempt-outcome.ts';
import type { Attempt, Work } from './attempt-outcome.ts';
import { JsonAttempt } from './json-attempt.ts';
import { StreamAttempt } from './stream-attempt.ts';
import { notAsAsked } from './strict.ts';

/** Attempts per call, over all targets. */
const ATTEMPTS_MAX = 3;

/** Tries targets until one answers. Throws a Refusal, already recorded, when none does. */
export async function attempt(work: Work, targets: readonly Target[]): Promise<Reply<'createChatCompletion'>> {
  let last: UpstreamFailure | null = null;
  for (const target of targets.slice(0, ATTEMPTS_MAX)) {
    work.trail.target = target;
    work.trail.attempts++;
    const startedAt = work.house.clock.monotonic();
    try {
      return await attemptOnce(work, target);
    } catch (thrown) {
      if (!(thrown instanceof AttemptFailed)) throw thrown;
      last = thrown.failure;
      work.trail.noteFailure(target, last.code, startedAt);
      work.house.log.warn({ requestId: work.call.requestId, target: target.id, code: last.code, detail: last.detail }, 'attempt failed');
      if (!last.isRetryable || work.call.departure.reason) break;
    }
  }
  if (!last) fail('model_not_available', { param: 'model' });
  const refusal = refusalOf(last);
  await work.trail.refuse(refusal, outcomeOf(last));
  throw refusal;
}

function attemptOnce(work: Work, target: Target): Promise<Reply<'createChatCompletion'>> {
  const wire = wireOf(target.provider.wire);
  const { call } = work;
  const request = wire.encode({
    target,
    body: call.body,
    bodyText: call.bodyText,
    outline: call.outline,
    isStream: work.isStream,
    requestId: call.requestId,
    nowSeconds: Math.floor(work.house.clock.now() / 1000),
  });
  if (work.isStrict && request.warnings.length > 0) return Promise.reject(new AttemptFailed(notAsAsked(request.warnings)));
  const made: Attempt = { target, wire, request };
  return new Promise((resolve, reject) => {
    const settle = { resolve, reject };
    if (work.isStream) new StreamAttempt(work, made, settle).start();
    else new JsonAttempt(work, made, settle).start();
  });
}
