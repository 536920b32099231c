/** This file draws an order by weights, the same for the same seed: what is drawn for a conversation once is drawn for it always. */
import { hash } from 'node:crypto';

const HASH_HEX_DIGITS = 13;
const HASH_RANGE = 16 ** HASH_HEX_DIGITS;

/** What is drawn by. A weight of 0 comes after all others. */
export interface Lot {
  readonly name: string;
  readonly weight: number;
}

/**
 * Orders items by weighted rendezvous hashing: an item is first for a share of seeds that is its share of the weights, and when it is taken away only
 * the seeds that had it first change (Schindelhauer and Schomaker, "Weighted Distributed Hash Tables", 2005). Items of one weight 0 keep their order.
 */
export function drawOrder<Item>(items: readonly Item[], seed: string, lotOf: (item: Item) => Lot): Item[] {
  return items
    .map((item) => ({ item, score: scoreOf(lotOf(item), seed) }))
    .sort((one, other) => (one.score === other.score ? 0 : one.score - other.score))
    .map(({ item }) => item);
}

/** Exponentially distributed with the weight as its rate: the least of several falls to each by its share. */
function scoreOf({ name, weight }: Lot, seed: string): number {
  if (weight <= 0) return Number.POSITIVE_INFINITY;
  const fraction = (Number.parseInt(hash('sha256', `${name}\n${seed}`, 'hex').slice(0, HASH_HEX_DIGITS), 16) + 1) / (HASH_RANGE + 1);
  return -Math.log(fraction) / weight;
}
