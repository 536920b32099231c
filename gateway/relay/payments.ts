/** This file takes payments: it has a payment page made for a top-up, and credits the balance once the provider has said that it was paid. */
import type { Clock } from '../foundation/clock.ts';
import type { MakeId } from '../foundation/ids.ts';
import type { TransferRow } from '../foundation/ledger.ts';
import type { Log } from '../foundation/log.ts';
import { toNanoUsd } from '../foundation/money.ts';
import { computeTopup, transfersOf } from '../metering/topups.ts';
import type { TopupAmounts, TopupTerms } from '../metering/topups.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { Store } from '../store/store.ts';

/** A payment page to be made. */
export interface Checkout {
  readonly topupId: string;
  readonly workspaceId: string;
  readonly amounts: TopupAmounts;
  readonly successUrl: string;
  readonly cancelUrl: string;
}

/** What a payment provider says was paid, and what its page had been made for. */
export interface PaidEvent {
  readonly kind: 'paid';
  readonly eventId: string;
  /** The provider's id of the payment; the same in every event about it. */
  readonly paymentId: string;
  readonly topupId: string;
  readonly workspaceId: string;
  readonly paidNanoUsd: bigint;
  /** Lower case. */
  readonly currency: string;
  /** As noted with the page when it was made. */
  readonly expected: { readonly pays: bigint; readonly fee: bigint; readonly credits: bigint };
}

/** What a signed event says. */
export type ProviderEvent =
  | PaidEvent
  /** It is about a page of ours and is not what was agreed. */
  | { readonly kind: 'fault'; readonly eventId: string; readonly detail: string }
  /** A payment was or may be taken back at the provider. The balance stays: what of it is to be taken away is an operator's decision. */
  | { readonly kind: 'taken_back'; readonly eventId: string; readonly detail: string }
  /** It is about something else, or nothing has been paid yet. */
  | { readonly kind: 'other' };

/** One payment provider. */
export interface PaymentProvider {
  readonly name: string;
  /** Makes a payment page and gives its address. Throws a Refusal `payment_provider_failed`. */
  createCheckout(checkout: Checkout): Promise<string>;
  /** Verifies the signature over the text as it came, and reads the event. Throws a Refusal `invalid_signature`. */
  readEvent(body: string, signature: string | undefined): Promise<ProviderEvent>;
}

/** A top-up that waits to be paid. */
export interface OpenTopup {
  readonly id: string;
  readonly url: string;
  readonly amounts: TopupAmounts;
}

export interface Payments {
  readonly provider: string;
  readonly terms: TopupTerms;
  /** Makes a payment page. Refuses with invalid_request (amount) and payment_provider_failed. */
  topUp(wanted: { readonly workspaceId: string; readonly amount: bigint; readonly successUrl: string; readonly cancelUrl: string }): Promise<OpenTopup>;
  /** Takes an event; true when it credited a balance that had not been credited for this payment before. Refuses with invalid_signature and store_unavailable. */
  takeEvent(body: string, signature: string | undefined): Promise<boolean>;
}

export interface PaymentParts {
  readonly provider: PaymentProvider;
  readonly terms: TopupTerms;
  readonly store: Pick<Store, 'postTransfers' | 'findWorkspace'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly makeId: MakeId;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
}

/** Makes the desk at which one payment provider's payments are taken. */
export function createPayments(parts: PaymentParts): Payments {
  const { provider, terms, log } = parts;
  return {
    provider: provider.name,
    terms,
    async topUp({ amount, ...wanted }) {
      const amounts = computeTopup(amount, terms);
      const id = parts.makeId('topup');
      return { id, url: await provider.createCheckout({ ...wanted, topupId: id, amounts }), amounts };
    },
    async takeEvent(body, signature) {
      const event = await provider.readEvent(body, signature);
      switch (event.kind) {
        case 'paid': return credit(parts, event);
        case 'fault':
          log.error({ event: event.eventId, detail: event.detail }, 'a payment was not credited');
          return false;
        case 'taken_back':
          log.warn({ event: event.eventId, detail: event.detail }, 'a payment is being taken back; the balance is as it was');
          return false;
        case 'other': return false;
        default: return event satisfies never;
      }
    },
  };
}

async function credit({ provider, store, clock, log }: PaymentParts, event: PaidEvent): Promise<boolean> {
  const told = { event: event.eventId, payment: event.paymentId, topup: event.topupId, workspaceId: event.workspaceId };
  const fault = await faultOf(event, store);
  if (fault !== null) {
    // Answered with success all the same: the provider would send it again for days, and it would never become right.
    log.error({ ...told, detail: fault }, 'a payment was not credited');
    return false;
  }
  const isNew = await orUnavailable(store.postTransfers(rowsOf(event, provider.name, clock.now())));
  log.info({ ...told, isNew }, 'a payment was made');
  return isNew;
}

/** The rows a payment makes: with the fee that was agreed when its page was made, whatever the terms are now. */
function rowsOf(event: PaidEvent, provider: string, nowMs: number): TransferRow[] {
  const { pays, fee, credits } = event.expected;
  return transfersOf(
    { provider, id: event.paymentId, workspaceId: event.workspaceId, topupId: event.topupId },
    { pays: toNanoUsd(pays), fee: toNanoUsd(fee), credits: toNanoUsd(credits) },
    nowMs,
  );
}

async function faultOf(event: PaidEvent, store: PaymentParts['store']): Promise<string | null> {
  const { pays, fee, credits } = event.expected;
  if (event.currency !== 'usd') return `paid in ${event.currency}`;
  if (event.paidNanoUsd !== pays) return `paid ${event.paidNanoUsd}, expected ${pays}`;
  if (credits <= 0n || fee < 0n || pays !== credits + fee) return 'its amounts do not add up';
  if (!await orUnavailable(store.findWorkspace(event.workspaceId))) return 'there is no such workspace';
  return null;
}
