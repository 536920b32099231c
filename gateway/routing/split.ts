/** This file splits the callers of a name that is being rolled out: the same key is always on the same side, and more percent only move more keys over. */
import { hash } from 'node:crypto';
import type { RolloutTerms } from '../store/rollout-row.ts';

/** side: who is to answer a caller while a name is rolled out: the new one, or the old. */
export type Side = 'candidate' | 'baseline';

/** part: who did answer, as the request log says it; fallback: the candidate was to, and could not. */
export type RolloutPart = Side | 'fallback';

/** What a split is a function of. */
export interface SplitTerms {
  readonly id: string;
  readonly terms: Pick<RolloutTerms, 'percentage' | 'keys'>;
}

const HASH_HEX_DIGITS = 13;
const HASH_RANGE = 16 ** HASH_HEX_DIGITS;
const PERCENT = 100;

/** The side of a key: nothing but the rollout's id, its share and its chosen keys decides. */
export function sideOf({ id, terms }: SplitTerms, keyId: string): Side {
  return isWithin(terms.percentage, `${id}\n${keyId}`) || terms.keys.includes(keyId) ? 'candidate' : 'baseline';
}

/** Whether the candidate is asked in the shadow of a request. */
export function isShadowed({ id, terms }: { readonly id: string; readonly terms: Pick<RolloutTerms, 'shadowPercentage'> }, requestId: string): boolean {
  return isWithin(terms.shadowPercentage, `${id}\nshadow\n${requestId}`);
}

/** The part a request has in a rollout, and how the request log names it. */
export interface PartTaken {
  readonly part: RolloutPart;
  readonly logged: string;
}

/** Names a part. */
export function asPart(id: string, part: RolloutPart): PartTaken {
  return { part, logged: `${id}/${part}` };
}

/** Each seed has its place between 0 and 100; it is within all that reach beyond it. */
function isWithin(percentage: number, seed: string): boolean {
  if (percentage <= 0) return false;
  return Number.parseInt(hash('sha256', seed, 'hex').slice(0, HASH_HEX_DIGITS), 16) * PERCENT < percentage * HASH_RANGE;
}
