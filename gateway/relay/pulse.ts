/** This file is one timer for all open exchanges: a timer of its own for each deadline of each stream costs more than the stream. */
import type { Clock } from '../foundation/clock.ts';

/** Something with deadlines; asked on every beat while it is open. */
export interface Watched {
  beat(monotonicMs: number): void;
}

export interface Pulse {
  watch(watched: Watched): void;
  unwatch(watched: Watched): void;
  stop(): void;
}

/** Between beats, in ms: how late a deadline may be noticed. */
export const BEAT_MS = 250;

/** Starts the pulse of one gateway. */
export function createPulse(clock: Clock): Pulse {
  const open = new Set<Watched>();
  const stop = clock.every(BEAT_MS, () => {
    const now = clock.monotonic();
    for (const watched of open) watched.beat(now);
  });
  return {
    watch(watched) { open.add(watched); },
    unwatch(watched) { open.delete(watched); },
    stop,
  };
}
