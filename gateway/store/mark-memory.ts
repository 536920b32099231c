/** This file remembers which of the newest marks are in the store, so that a busy gateway does not write the same ones with every batch. */

/** Marks remembered; beyond that they are written again. */
const KNOWN_MAX = 50_000;

/** The memory of one connection, whose transactions come one after the other. */
export interface MarkMemory {
  /** True for a mark of this time that was committed. */
  has(startMs: number, mark: string): boolean;
  /** What the transaction under way writes; what an earlier attempt at it has proposed is forgotten. */
  propose(marks: readonly ProposedMark[]): void;
  /** The transaction is committed. */
  confirm(): void;
  /** Something was not committed: nothing is known any more. */
  clear(): void;
}

export interface ProposedMark {
  readonly startMs: number;
  readonly mark: string;
}

/** Makes an empty memory. */
export function createMarkMemory(): MarkMemory {
  const known = new Set<string>();
  let proposed: readonly ProposedMark[] = [];
  let newestMs = 0;
  return {
    has: (startMs, mark) => startMs === newestMs && known.has(mark),
    propose(marks) { proposed = marks; },
    confirm() {
      for (const { startMs, mark } of proposed) {
        if (startMs > newestMs || known.size >= KNOWN_MAX) known.clear();
        if (startMs > newestMs) newestMs = startMs;
        if (startMs === newestMs) known.add(mark);
      }
      proposed = [];
    },
    clear() {
      known.clear();
      proposed = [];
    },
  };
}
