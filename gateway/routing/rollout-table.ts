/** This file names what is being rolled out: under which name, and what its candidate means. */
import type { RolloutTerms } from '../store/rollout-row.ts';
import type { Meaning } from './entries.ts';

/** A rollout that runs, and what its candidate means. */
export interface RunningRollout {
  readonly id: string;
  readonly terms: RolloutTerms;
  readonly candidate: Meaning;
}

/** What is rolled out under one name. */
export interface NamedRollouts {
  /** What answers in the place of what the name says: the candidate that was promoted last; null for none. */
  readonly promoted: Meaning | null;
  readonly running: RunningRollout | null;
}

/** By name. */
export type RolloutTable = ReadonlyMap<string, NamedRollouts>;

export const NO_ROLLOUTS: RolloutTable = new Map();
