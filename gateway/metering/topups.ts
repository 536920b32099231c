/** This file computes top-ups: what is paid, what the fee is and what is credited, in whole numbers. */
import { fail } from '../foundation/errors.ts';
import { walletId } from '../foundation/ledger.ts';
import type { TransferRow } from '../foundation/ledger.ts';
import { toNanoUsd } from '../foundation/money.ts';
import type { NanoUsd } from '../foundation/money.ts';

/** Who bears the fee: `on_top` is paid in addition (pay 10.50, get 10.00), `deducted` is taken out (pay 10.00, get 9.50). */
export type FeeMode = 'on_top' | 'deducted';

/** What a top-up costs here. */
export interface TopupTerms {
  readonly feeMode: FeeMode;
  /** In hundredths of a percent. */
  readonly feeBasisPoints: number;
  /** The least that can be topped up, in nano-USD. */
  readonly minimum: bigint;
}

/** A top-up in numbers, all in whole cents. */
export interface TopupAmounts {
  readonly pays: NanoUsd;
  readonly fee: NanoUsd;
  readonly credits: NanoUsd;
}

/** 10 USD with 5 % on top. */
export const DEFAULT_TERMS: TopupTerms = { feeMode: 'on_top', feeBasisPoints: 500, minimum: 10_000_000_000n };

/** Nano-USD of a cent: what payment providers count in. */
export const NANO_PER_CENT = 10_000_000n;
const BASIS_POINTS = 10_000n;
/** What a payment provider takes at once, in nano-USD: 100,000 USD. */
const MAXIMUM = 100_000_000_000_000n;

/**
 * Computes a top-up of `amount` nano-USD: credited in full when the fee is on top, else paid. The fee is rounded up to a whole cent. Throws a Refusal
 * `invalid_request` for an amount that is too small, too large or no whole number of cents, and for one of which the fee leaves nothing.
 */
export function computeTopup(amount: bigint, terms: TopupTerms): TopupAmounts {
  const refuse = (why: string): never => fail('invalid_request', { param: 'amount_nano_usd', message: why });
  if (amount < terms.minimum) refuse(`A top-up is at least ${formatUsd(terms.minimum)} USD.`);
  if (amount > MAXIMUM) refuse(`A top-up is at most ${formatUsd(MAXIMUM)} USD.`);
  if (amount % NANO_PER_CENT !== 0n) refuse('A top-up is a whole number of cents.');
  const cents = amount / NANO_PER_CENT;
  const feeCents = (cents * BigInt(terms.feeBasisPoints) + BASIS_POINTS - 1n) / BASIS_POINTS;
  const fee = feeCents * NANO_PER_CENT;
  if (terms.feeMode === 'deducted' && fee >= amount) refuse('The fee would leave nothing of such a top-up.');
  return terms.feeMode === 'on_top'
    ? { pays: toNanoUsd(amount + fee), fee: toNanoUsd(fee), credits: toNanoUsd(amount) }
    : { pays: toNanoUsd(amount), fee: toNanoUsd(fee), credits: toNanoUsd(amount - fee) };
}

/** A payment that was made, as the payment provider told it. */
export interface Payment {
  /** The provider's name, e.g. `stripe`. */
  readonly provider: string;
  /** The provider's own id of the payment: told twice, it is credited once. */
  readonly id: string;
  readonly workspaceId: string;
  readonly topupId: string;
}

/** The two movements of a payment, which are posted together: what is credited, and the fee. */
export function transfersOf(payment: Payment, amounts: TopupAmounts, createdMs: number): TransferRow[] {
  const shared = { workspaceId: payment.workspaceId, debitAccount: `ext:${payment.provider}`, reference: payment.topupId, createdMs };
  const topup: TransferRow = { ...shared, id: `tu:${payment.id}`, kind: 'topup', creditAccount: walletId(payment.workspaceId), amount: amounts.credits, note: null };
  if (amounts.fee === 0n) return [topup];
  return [topup, { ...shared, id: `fee:${payment.id}`, kind: 'fee', creditAccount: 'sys:fees', amount: amounts.fee, note: null }];
}

const NANO_DIGITS = 9;
const CENT_DIGITS = 2;

/** An amount in USD with at least two and at most nine decimals, none of them made up. */
export function formatUsd(nanoUsd: bigint): string {
  const digits = (nanoUsd < 0n ? -nanoUsd : nanoUsd).toString().padStart(NANO_DIGITS + 1, '0');
  const whole = digits.slice(0, -NANO_DIGITS);
  const rest = digits.slice(-NANO_DIGITS);
  const decimals = rest.slice(0, CENT_DIGITS) + rest.slice(CENT_DIGITS).replace(/0+$/, '');
  return `${nanoUsd < 0n ? '-' : ''}${whole}.${decimals}`;
}
