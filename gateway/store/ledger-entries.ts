/** This file makes of the ledger's operations what the threads pass on and the ledger decides by: rows are flat, drafts are text. */
import type { CounterSpec, GiveBackOp, HoldOp, JournalOp, KeptReply, LeaseOp, LedgerOp, SettleOp } from '../foundation/ledger.ts';
import type { Outcome, Payer, RequestRecord } from '../foundation/terms.ts';
import { draftText, flattenRecord } from './record-rows.ts';
import type { RecordValue } from './record-rows.ts';

/** A hold whose draft is text. */
export interface HoldEntry extends Omit<HoldOp, 'draft'> {
  readonly draft: string;
}

export interface JournalEntry extends Omit<JournalOp, 'record' | 'borneBy'> {
  readonly draft: string;
}

export interface ObserveEntry {
  readonly kind: 'observe';
  readonly id: string;
  readonly draft: string;
}

/** Of a record, what the ledger decides by. */
export interface Charged {
  readonly id: string;
  readonly workspaceId: string;
  readonly payer: Payer;
  readonly nanoUsd: bigint;
  readonly messages: bigint;
}

/** What a settlement did to one counter's room: as SettleLine. */
export interface EntryLine {
  readonly counter: CounterSpec;
  readonly asked: bigint;
  readonly actual: bigint;
  readonly leaseId: string | null;
}

export interface SettleEntry extends Charged {
  readonly kind: 'settle';
  /** The flattened record. */
  readonly values: readonly RecordValue[];
  readonly lines: readonly EntryLine[];
  readonly idempotency: SettledKey | null;
  readonly isFirstWord: boolean;
}

export interface SettledKey {
  readonly scope: string;
  readonly key: string;
  readonly reply: KeptReply | null;
}

/** end: ends a hold that nobody else will: a request's is settled at its draft, a lease is released; and that of a job, with its record. */
export type EndEntry = { readonly kind: 'end'; readonly id: string } & (
  | { readonly outcome: Extract<Outcome, 'recovered' | 'expired'> }
  | { readonly outcome: null; readonly record: string }
);

export type LedgerEntry = HoldEntry | SettleEntry | ObserveEntry | JournalEntry | LeaseOp | GiveBackOp | EndEntry;

/** The entry of an operation. */
export function toEntry(op: LedgerOp): LedgerEntry {
  switch (op.kind) {
    case 'hold': {
      const { draft, ...rest } = op;
      return { ...rest, draft: draftText(draft) };
    }
    case 'journal': {
      const { record, borneBy, ...rest } = op;
      return { ...rest, draft: draftText(record, borneBy) };
    }
    case 'observe':
      return { kind: 'observe', id: op.id, draft: draftText(op.record, op.borneBy) };
    case 'settle':
      return toSettleEntry(op);
    case 'lease':
    case 'give_back':
      return op;
  }
}

function toSettleEntry({ record, lines, idempotency, isFirstWord }: SettleOp): SettleEntry {
  return { kind: 'settle', ...chargedOf(record), values: flattenRecord(record), lines, idempotency, isFirstWord };
}

/** What the ledger decides by. Throws a RangeError for messages that are no whole number. */
export function chargedOf(record: RequestRecord): Charged {
  return {
    id: record.id, workspaceId: record.workspaceId, payer: record.payer, nanoUsd: record.charge.nanoUsd,
    messages: BigInt(record.charge.messages),
  };
}
