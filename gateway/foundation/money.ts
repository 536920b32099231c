/** This file defines the unit of money: whole nano-USD (USD × 10⁻⁹) as bigint, and the few ways in and out of it. */

declare const nanoUsd: unique symbol;

/** An amount of money in nano-USD. Never a float; JSON carries it as a decimal string. */
export type NanoUsd = bigint & { readonly [nanoUsd]: true };

const NANO_PER_USD = 1_000_000_000;

/** Brands a whole number of nano-USD. Throws a RangeError when a number is not a safe integer. */
export function toNanoUsd(value: bigint | number): NanoUsd {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new RangeError(`not a whole number of nano-USD: ${value}`);
  }
  return BigInt(value) as NanoUsd;
}

/**
 * Converts a price in decimal USD (as price lists give it) to nano-USD, rounding to the nearest nano.
 * For catalogue data only; no charge is ever computed from a float.
 */
export function nanoUsdFromUsd(usd: number): NanoUsd {
  return toNanoUsd(Math.round(usd * NANO_PER_USD));
}

export const ZERO_NANO_USD = toNanoUsd(0);
