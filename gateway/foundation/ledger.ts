/** This file holds the words of money: counters, asks, holds, settlements and transfers, as every room that touches money knows them. */
import type { NanoUsd } from './money.ts';
import type { RequestRecord, Tier } from './terms.ts';

/** unit: what a counter counts: whole nano-USD, or messages. */
export type Unit = 'nusd' | 'msg';

/** counter kind: wallet (prepaid balance), quota (a tier's messages a day), pool (messages several tiers share), budget (a limit somebody set). */
export type CounterKind = 'wallet' | 'quota' | 'pool' | 'budget';

/**
 * counter: something of which at most `cap` may be used or held: `used + held + ask <= cap`. One rule for money and messages.
 * Its period is part of its id, so nothing is ever reset: a new day is a new counter.
 */
export interface CounterSpec {
  /** `w:<ws>` · `q:<ws>:<tier>:<period>` · `p:<ws>:<period>` · `b:<budget>:<period>`. */
  readonly id: string;
  readonly kind: CounterKind;
  /** The workspace of a wallet, quota or pool; the budget of a budget. */
  readonly scopeId: string;
  readonly unit: Unit;
  /** `all`, `2026-11`, `2026-W47` or `2026-11-21`. */
  readonly period: string;
  /** Null: counted, never limited. Ignored for a wallet, whose cap is the sum of its credits and lives in the store alone. */
  readonly cap: bigint | null;
  /** The revision of the plan, workspace or budget that gave the cap: the store keeps the cap of the highest it has seen. */
  readonly capRevision: number;
}

/** ask: how much a request may cost a counter at most. */
export interface Ask {
  readonly counter: CounterSpec;
  readonly amount: bigint;
  /** Of a call that models of several tiers may answer: those this counter pays for. Absent: it pays whatever answers. */
  readonly tiers?: readonly Tier[];
}

/** lease: a slice of a counter held by one gateway, out of which it admits requests without asking the store. */
export interface LeaseChange {
  readonly leaseId: string;
  readonly counterId: string;
  /** What goes back to the counter, unused. */
  readonly amount: bigint;
}

/** Of one idempotent request: whose key, and what it asked. */
export interface IdempotencyClaim {
  /** Workspace and operation. */
  readonly scope: string;
  readonly key: string;
  /** SHA-256 of the body, base64. */
  readonly bodyHash: string;
  readonly expiresMs: number;
}

/** What an idempotent request was answered. */
export interface KeptReply {
  readonly status: number;
  readonly contentType: string;
  /** Null: it was too large to keep. UTF-8 bytes as a latin1 string for `text/event-stream`, like every ByteText. */
  readonly body: string | null;
  readonly requestId: string;
}

/** hold: sets money and messages aside for a request before any upstream is called. */
export interface HoldOp {
  readonly kind: 'hold';
  /** The request id; the usage row that ends the hold has the same. */
  readonly id: string;
  readonly nodeId: string;
  /** Tried in order; the first all of whose asks fit is taken. `[[]]` asks for nothing. */
  readonly options: readonly (readonly Ask[])[];
  /** Returned before the options are tried. */
  readonly giveBack: readonly LeaseChange[];
  /** The usage row to be written should this gateway die with the hold open; its usage and charge are zero. */
  readonly draft: RequestRecord;
  readonly nowMs: number;
  /** After this the hold is released by whoever sweeps. */
  readonly expiresMs: number;
  readonly idempotency: IdempotencyClaim | null;
  /** True for a job's: it never expires and outlives every gateway; only the end of the job ends it. */
  readonly isJob?: boolean;
}

/** Why an ask did not fit. */
export interface Denial {
  readonly ask: Ask;
  /** As the store has it; 0 for a wallet without credits. */
  readonly cap: bigint;
  readonly used: bigint;
  readonly held: bigint;
}

export type HoldAnswer =
  /** `rooms`: what is still free of each counter of the taken option after the hold; null where there is no cap. `maybeLeased`: no other gateway wants it, so a lease may be asked for. */
  | { readonly kind: 'granted'; readonly option: number; readonly rooms: readonly (bigint | null)[] }
  /** One for each option. */
  | { readonly kind: 'denied'; readonly denials: readonly Denial[] }
  /** It would fit if other gateways gave back what they leased; they have been told (`recalledMs`), so ask again soon. */
  | { readonly kind: 'contended'; readonly denials: readonly Denial[] }
  /** A hold or a usage row with this id is already there. */
  | { readonly kind: 'duplicate' }
  /** The idempotency key was used before: with its reply, while it is still being answered (null), or for another body. */
  | { readonly kind: 'answered'; readonly reply: KeptReply }
  | { readonly kind: 'unanswered' }
  | { readonly kind: 'other_body' };

/** One counter of a settlement. */
export interface SettleLine {
  readonly counter: CounterSpec;
  /** What was set aside for it, in its own hold or in a lease; 0 for a counter without a cap. */
  readonly asked: bigint;
  /** What was used. */
  readonly actual: bigint;
  /** The lease out of which it was admitted; null when it has its own hold, or none. */
  readonly leaseId: string | null;
}

/**
 * settle: ends a request exactly once: writes its usage row and request row, releases what was held, counts what was used. Of
 * each unit at most what every capped counter has room for is charged: what is more is the operator's, recorded as overrun.
 */
export interface SettleOp {
  readonly kind: 'settle';
  readonly record: RequestRecord;
  readonly lines: readonly SettleLine[];
  readonly idempotency: { readonly scope: string; readonly key: string; readonly reply: KeptReply | null } | null;
  /** True when nothing of this request was ever sent to the store, so that there is nothing to look for. A second settlement is refused all the same. */
  readonly isFirstWord: boolean;
}

/** observe: notes on an open hold what is already certain, so that a crash costs the caller no more and no less. */
export interface ObserveOp {
  readonly kind: 'observe';
  readonly id: string;
  readonly record: RequestRecord;
  /** The counters that bear what the record says, where not all of the hold's do. */
  readonly borneBy?: readonly string[];
}

/** journal: turns a request admitted out of leases into a hold of its own, because it has been open for long. */
export interface JournalOp {
  readonly kind: 'journal';
  readonly id: string;
  readonly nodeId: string;
  /** `leaseId` is empty for an ask that is in no lease, because its counter has no cap. */
  readonly lines: readonly { readonly leaseId: string; readonly ask: Ask }[];
  readonly record: RequestRecord;
  /** As in ObserveOp. */
  readonly borneBy?: readonly string[];
  readonly nowMs: number;
  readonly expiresMs: number;
}

/** lease: asks for a slice of a counter; less, or nothing, is given when there is little room or another gateway wants it. */
export interface LeaseOp {
  readonly kind: 'lease';
  readonly leaseId: string;
  readonly nodeId: string;
  readonly counter: CounterSpec;
  readonly amount: bigint;
  readonly nowMs: number;
}

export interface LeaseAnswer {
  readonly kind: 'leased';
  /** 0 or more. */
  readonly amount: bigint;
}

/** give back: returns unused slices of leases. */
export interface GiveBackOp {
  readonly kind: 'give_back';
  readonly changes: readonly LeaseChange[];
}

/** Everything the ledger is asked on the path of a request; many are committed in one transaction, in the order given. */
export type LedgerOp = HoldOp | SettleOp | ObserveOp | JournalOp | LeaseOp | GiveBackOp;

export type LedgerAnswer = HoldAnswer | LeaseAnswer | { readonly kind: 'done' };

/** counter state: what a counter says at one moment. */
export interface CounterState {
  readonly id: string;
  readonly kind: CounterKind;
  readonly scopeId: string;
  readonly unit: Unit;
  readonly period: string;
  readonly cap: bigint | null;
  readonly used: bigint;
  readonly held: bigint;
}

/** transfer kind: why money moved. */
export type TransferKind = 'topup' | 'fee' | 'grant' | 'usage' | 'refund' | 'expire' | 'adjust';

/**
 * transfer: one movement of money, one debit and one credit, never changed. Accounts: `w:<ws>` (a wallet), `sys:revenue`,
 * `sys:fees`, `sys:grants`, `ext:<payment provider>`.
 */
export interface TransferRow {
  /** Deterministic, so that a repeated event changes nothing: `u:<usage>`, `tu:<payment>`, `fee:<payment>`, `gr:<grant>`, `rf:<usage>`. */
  readonly id: string;
  readonly kind: TransferKind;
  readonly workspaceId: string;
  readonly debitAccount: string;
  readonly creditAccount: string;
  /** More than 0. */
  readonly amount: NanoUsd;
  /** What it is for: a request id, a payment id, an operator's note id. */
  readonly reference: string;
  readonly note: string | null;
  readonly createdMs: number;
}

/** violation: a promise of the ledger that does not hold. */
export interface Violation {
  /** `I1` … as in docs/ledger.md. */
  readonly invariant: string;
  /** The row it was found at. */
  readonly subject: string;
  readonly detail: string;
}

/** The account of a workspace's wallet, and the id of its counter. */
export function walletId(workspaceId: string): string {
  return `w:${workspaceId}`;
}
