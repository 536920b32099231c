/** This file is one timer for all open exchanges: a timer of its own for each deadline of each stream costs more than the stream. */
import type { Clock } from '../foundation/clock.ts';
import { Roster } from '../foundation/roster.ts';
import type { Seat } from '../foundation/roster.ts';

/** Something with deadlines; asked on every beat while it is open. */
export interface Watched {
  beat(monotonicMs: number): void;
}

export interface Pulse {
  watch(watched: Watched): Seat<Watched>;
  unwatch(seat: Seat<Watched>): void;
  stop(): void;
}

/** Between beats, in ms: how late a deadline may be noticed. */
export const BEAT_MS = 250;

/** Starts the pulse of one gateway. */
export function createPulse(clock: Clock): Pulse {
  const open = new Roster<Watched>();
  const stop = clock.every(BEAT_MS, () => {
    const now = clock.monotonic();
    for (const watched of open.present()) watched.beat(now);
  });
  return {
    watch: (watched) => open.join(watched),
    unwatch(seat) { open.leave(seat); },
    stop,
  };
}
