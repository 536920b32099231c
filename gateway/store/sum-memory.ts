/** This file remembers what one connection knows of the sums that are in the store: their marks, the numbers of their series, and which days are closed. */
import { createMarkMemory } from './mark-memory.ts';
import type { MarkMemory } from './mark-memory.ts';

/** Series remembered; beyond that they are looked up again. */
const KNOWN_MAX = 20_000;

/** The memory of one connection, whose transactions come one after the other. */
export interface SumMemory {
  readonly marks: MarkMemory;
  /** The number of a series that was committed. */
  seriesId(name: string): number | undefined;
  /** What the transaction under way has looked up or made; what an earlier attempt at it has proposed is forgotten. */
  propose(series: readonly (readonly [name: string, id: number])[]): void;
  /** The newest day of which something is closed, as far as it was read; null when it never was. It only ever moves on. */
  closedDayMs: number | null;
  /** The transaction is committed. */
  confirm(): void;
  /** Something was not committed: nothing is known any more. */
  clear(): void;
}

/** Makes an empty memory. */
export function createSumMemory(): SumMemory {
  const marks = createMarkMemory();
  const series = new Map<string, number>();
  let proposed: readonly (readonly [name: string, id: number])[] = [];
  return {
    marks,
    seriesId: (name) => series.get(name),
    propose(found) { proposed = found; },
    closedDayMs: null,
    confirm() {
      marks.confirm();
      for (const [name, id] of proposed) {
        if (series.size >= KNOWN_MAX) series.clear();
        series.set(name, id);
      }
      proposed = [];
    },
    clear() {
      marks.clear();
      series.clear();
      proposed = [];
    },
  };
}
