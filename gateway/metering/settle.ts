/** This file assembles what a request is charged for: which usage is believed, how it is known, and what it costs. */
import { ZERO_NANO_USD } from '../foundation/money.ts';
import type { Price } from '../foundation/prices.ts';
import type { Basis, Charge, Usage } from '../foundation/terms.ts';
import { shareOf } from './cached-share.ts';
import { UNPRICED, boundUsage, priceUsage } from './price.ts';

/** A usage of nothing. */
export const NO_USAGE: Usage = {
  promptTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: 0, reasoningTokens: 0,
};

export interface SettleInput {
  /** What the provider said; zeros are values and are believed. Null when it said nothing. */
  readonly reported: Usage | null;
  /** What was counted in its place, or null when nothing was asked of an upstream. */
  readonly counted: Usage | null;
  /** `counted` when the whole reply was seen, `observed` when only a part of it was. Absent: `counted`. */
  readonly countedBasis?: 'counted' | 'observed';
  /** Where the price comes from; null when no target was reached. */
  readonly target: { readonly price: Price | null } | null;
  /** Of an answer out of the reply cache: how much of the charge is asked for it, in percent. Absent or null: a model has answered. */
  readonly cachedPercent?: number | null;
}

export interface Settlement {
  readonly usage: Usage;
  readonly basis: Basis;
  readonly charge: Charge;
}

/**
 * Decides usage, basis and charge of one request. The provider's own usage comes first, then what was counted; without
 * either nothing is charged, not even the one message a request costs. The usage returned is the one that was charged.
 */
export function settle({ reported, counted, countedBasis, target, cachedPercent = null }: SettleInput): Settlement {
  const price = target?.price ?? null;
  const believed = reported ?? counted;
  if (believed === null) return { usage: NO_USAGE, basis: 'none', charge: chargeNothing(price) };
  const usage = boundUsage(believed);
  if (cachedPercent !== null) return { usage, basis: 'cached', charge: shareOf(priceUsage(usage, price), cachedPercent) };
  const basis = reported === null ? countedBasis ?? 'counted' : 'provider';
  return { usage, basis, charge: priceUsage(usage, price) };
}

function chargeNothing(price: Price | null): Charge {
  return { messages: 0, nanoUsd: ZERO_NANO_USD, priceVersion: price?.version ?? UNPRICED, isUnpriced: price === null };
}
