/** This file declares the money room as relay knows it: a request is placed, perhaps noted while it runs, and settled once. */
import type { IdempotencyClaim, KeptReply, Ask, Denial } from '../foundation/ledger.ts';
import type { RequestRecord, Tier } from '../foundation/terms.ts';
import type { JobRow } from '../store/job-row.ts';

/** What a request may take at most. */
export interface PlaceRequest {
  readonly requestId: string;
  /** Tried in order, as in HoldOp. */
  readonly options: readonly (readonly Ask[])[];
  /** Makes the usage row to be written should the gateway die at once; called only when a hold of its own is placed. */
  makeDraft(): RequestRecord;
  readonly idempotency: IdempotencyClaim | null;
}

/** A request that was admitted. */
export interface Placing {
  readonly requestId: string;
  /** Which of the options was taken. */
  readonly option: number;
  readonly asks: readonly Ask[];
  /** The lease each ask came out of, in their order, null for one that needs none; null as a whole when the request has a hold of its own. */
  readonly leaseIds: readonly (string | null)[] | null;
  readonly idempotency: IdempotencyClaim | null;
}

export type Placed =
  | { readonly kind: 'placed'; readonly placing: Placing }
  /** It can't be paid: one denial for each option. `isInFlight`: it could, if nothing else were open. */
  | { readonly kind: 'denied'; readonly denials: readonly Denial[] }
  | { readonly kind: 'answered'; readonly reply: KeptReply }
  | { readonly kind: 'unanswered' }
  | { readonly kind: 'other_body' };

/** What was used of each ask, by unit. */
export interface Settlement {
  readonly record: RequestRecord;
  /** What an idempotent request was answered; null frees its key. */
  readonly reply: KeptReply | null;
  /** Of a call that models of several tiers might have answered, or somebody's own key: what did. Absent: every ask is charged. */
  readonly answeredBy?: AnsweredBy | undefined;
}

/** The tier of the model that answered, or `own_key` where nothing here is paid. */
export type AnsweredBy = Tier | 'own_key';

/** A job to be made with its hold: never out of a lease, for it outlives this gateway. */
export interface PlaceJob extends PlaceRequest {
  readonly job: JobRow;
  /** What the request that makes it is answered, for whoever repeats it with its idempotency key. */
  readonly reply: KeptReply;
}

export interface Ledger {
  /** At once when the request fits into leases, else after a durable hold. Rejects with StoreUnavailable when the store can't say. */
  place(request: PlaceRequest): Placed | Promise<Placed>;
  /** Makes the job, its hold and what its idempotency key is answered in one transaction. Rejects with StoreUnavailable when the store can't say. */
  placeJob(request: PlaceJob): Promise<Placed>;
  /** Notes what is certain by now of a request that has been open for long; cheap to call on every beat, and lost notes do no harm. */
  note(placing: Placing, makeRecord: () => RequestRecord, answeredBy?: AnsweredBy): void;
  /** Ends the request: the row is written, what was held is freed, what was used is counted. Calls back once it is durable. */
  settle(placing: Placing, settlement: Settlement, done: (failure: Error | null) => void): void;
  /** Gives leases back and signs off. */
  close(): Promise<void>;
}

/** True for an ask that is charged when this answers. */
export function isBorneBy({ tiers }: Ask, answeredBy: AnsweredBy | undefined): boolean {
  if (answeredBy === undefined) return true;
  return answeredBy !== 'own_key' && (tiers === undefined || tiers.includes(answeredBy));
}

/**
 * True for an ask that must be set aside. A counter without a cap is counted when the request is settled; nothing needs no
 * room. Of a wallet only the store knows the cap.
 */
export function needsHold({ counter, amount }: Ask): boolean {
  return amount > 0n && (counter.cap !== null || counter.kind === 'wallet');
}
