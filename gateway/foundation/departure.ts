/** This file is the light signal that a call must end early; an AbortController per request costs more than the rest of dispatch. */

/** Why a call must end before its reply is complete. */
export type DepartureReason = 'client_gone' | 'cancelled' | 'revoked' | 'shutdown';

/** Tells the parts of one call that it must end; fires at most once. */
export interface Departure {
  readonly reason: DepartureReason | null;
  /** Calls back once when the call must end, at once if it already must. One listener a call: a later one replaces it. */
  onDepart(listener: (reason: DepartureReason) => void): void;
  /** Likewise, after that one, for who only looks on; one a call as well. */
  onGone(listener: () => void): void;
}

export class DepartureSignal implements Departure {
  reason: DepartureReason | null = null;
  #listener: ((reason: DepartureReason) => void) | null = null;
  #witness: (() => void) | null = null;

  onDepart(listener: (reason: DepartureReason) => void): void {
    this.#listener = listener;
    if (this.reason) listener(this.reason);
  }

  onGone(listener: () => void): void {
    this.#witness = listener;
    if (this.reason) listener();
  }

  /** Ends the call for this reason; later reasons are ignored. */
  depart(reason: DepartureReason): void {
    if (this.reason) return;
    this.reason = reason;
    this.#listener?.(reason);
    this.#witness?.();
  }
}
