/** This file is the only place that reads time; everything else is handed a clock, so tests can hold it still. */

export interface Clock {
  /** Wall time in milliseconds since the epoch. */
  now(): number;
  /** Monotonic milliseconds with fractions, for durations. */
  monotonic(): number;
  /** Calls back once after `ms`; returns a function that cancels it. */
  after(ms: number, callback: () => void): () => void;
  /** Calls back every `ms` without keeping the process alive; returns a function that stops it. */
  every(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => { clearTimeout(timer); };
  },
  every(ms, callback) {
    const timer = setInterval(callback, ms);
    timer.unref();
    return () => { clearInterval(timer); };
  },
};

/** Milliseconds since the epoch as `2026-11-21T12:00:00.000Z`. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** A clock a test moves by hand; `advance` fires due timers in order. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
}

interface Timer {
  due: number;
  readonly every: number | null;
  readonly callback: () => void;
}

/** Makes a clock that stands still at `startMs` until it is advanced. */
export function createManualClock(startMs = 1_800_000_000_000): ManualClock {
  let now = startMs;
  let nextId = 0;
  const timers = new Map<number, Timer>();
  const schedule = (ms: number, every: number | null, callback: () => void): (() => void) => {
    const id = nextId++;
    timers.set(id, { due: now + ms, every, callback });
    return () => { timers.delete(id); };
  };
  // Days may pass at once, and with them hundreds of thousands of timers: nothing is copied for each.
  const nextDue = (end: number): readonly [number, Timer] | null => {
    let first: readonly [number, Timer] | null = null;
    for (const entry of timers) {
      if (entry[1].due <= end && (!first || entry[1].due < first[1].due)) first = entry;
    }
    return first;
  };
  return {
    now: () => now,
    monotonic: () => now - startMs,
    after: (ms, callback) => schedule(ms, null, callback),
    every: (ms, callback) => schedule(ms, ms, callback),
    advance(ms) {
      const end = now + ms;
      for (let next = nextDue(end); next; next = nextDue(end)) {
        const [id, timer] = next;
        now = Math.max(now, timer.due);
        if (timer.every === null) timers.delete(id);
        else timer.due += timer.every;
        timer.callback();
      }
      now = end;
    },
  };
}
