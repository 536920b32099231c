/** This file waits before the same target is asked once more. */
import type { UpstreamFailure } from '../providers/wire.ts';
import type { Work } from './attempt-outcome.ts';

/** Where the upstream does not say when it may be asked again, in ms. */
const PAUSE_MS = 250;
/** A longer wait is none that a caller would sit through, whatever the policy's seconds, in ms. */
const PAUSE_MS_MAX = 60_000;
const MS_PER_SECOND = 1000;

/** How long to wait before asking again, in ms: as the upstream's `Retry-After` says; Infinity when that is too long for anybody. */
export function pauseMsOf({ retryAfterSeconds }: Pick<UpstreamFailure, 'retryAfterSeconds'>): number {
  const ms = retryAfterSeconds === null ? PAUSE_MS : retryAfterSeconds * MS_PER_SECOND;
  return ms > PAUSE_MS_MAX ? Number.POSITIVE_INFINITY : ms;
}

/** Waits; false when the call has to end meanwhile. One whose reply is kept goes on without its caller. */
export function pause({ house, call, trail }: Pick<Work, 'house' | 'call' | 'trail'>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = house.clock.after(ms, () => { resolve(true); });
    call.departure.onDepart((reason) => {
      if (reason === 'client_gone' && trail.isKept) return;
      cancel();
      resolve(false);
    });
  });
}
