/** This file writes amounts for people: money in USD to the last nano-USD, messages by their number. */
import type { Unit } from '../foundation/ledger.ts';

const NANO_DIGITS = 9;
const NANO_PER_USD = 10n ** BigInt(NANO_DIGITS);

/** `0.0213 USD`, `1 message`, `30 messages`. Exact: no digit that is not 0 is left out. */
export function amountText(amount: bigint, unit: Unit): string {
  if (unit === 'nusd') return `${usdText(amount)} USD`;
  return amount === 1n ? '1 message' : `${amount} messages`;
}

/** Nano-USD as a decimal number of USD: `10`, `0.0213`, `-0.000000001`. */
export function usdText(nanoUsd: bigint): string {
  const magnitude = nanoUsd < 0n ? -nanoUsd : nanoUsd;
  const fraction = String(magnitude % NANO_PER_USD).padStart(NANO_DIGITS, '0').replace(/0+$/, '');
  return `${nanoUsd < 0n ? '-' : ''}${magnitude / NANO_PER_USD}${fraction === '' ? '' : `.${fraction}`}`;
}
