/** This file is what the ledger decides by and what it decides, as rows: read before, written after. */
import type { CounterState } from '../foundation/ledger.ts';
import type { SqlValue } from './sql-task.ts';

export interface CounterRow extends CounterState {
  readonly capRevision: number;
  /** When somebody last wanted what others lease of it; 0: never. */
  readonly recallMs: number;
}

/** An open hold: of a request, of a job, or a lease. */
export interface HoldRow {
  readonly id: string;
  readonly kind: 'req' | 'job' | 'lease';
  /** Empty for a job: no gateway's death ends it. */
  readonly nodeId: string;
  /** Of which a lease is a slice; null for a request. */
  readonly counterId: string | null;
  /** The record to be written should it be ended by others; null for a lease, and where nobody has asked for it. */
  readonly draft: string | null;
  readonly idempotency: { readonly scope: string; readonly key: string } | null;
  readonly createdMs: number;
  readonly expiresMs: number;
  /** By counter. */
  readonly lines: ReadonlyMap<string, bigint>;
}

/** An idempotency key that was used. */
export interface KeyUse {
  readonly scope: string;
  readonly key: string;
  readonly bodyHash: string;
  readonly requestId: string;
  readonly state: 'open' | 'done';
  readonly status: number | null;
  readonly contentType: string | null;
  readonly body: string | null;
  readonly expiresMs: number;
}

/** How much is leased of counters, by counter and node. A counter that is not in it was not looked at. */
export type LeasedAmounts = ReadonlyMap<string, ReadonlyMap<string, bigint>>;

/** Everything a batch touches, as it was before. */
export interface LedgerRows {
  readonly counters: readonly CounterRow[];
  readonly holds: readonly HoldRow[];
  /** Of the requests of the batch, those that have their usage row already. */
  readonly settled: ReadonlySet<string>;
  readonly keys: readonly KeyUse[];
  /** Of the nodes of the batch, those that are registered. */
  readonly nodes: ReadonlySet<string>;
  readonly leased: LeasedAmounts;
}

/** Everything a batch changes. Rows of values are in the order of the columns in ledger-writes.ts. */
export interface LedgerWrites {
  readonly counters: readonly CounterRow[];
  readonly newHolds: readonly HoldRow[];
  /** Holds whose draft has changed. */
  readonly drafts: readonly { readonly id: string; readonly draft: string }[];
  readonly changedLines: readonly { readonly holdId: string; readonly counterId: string; readonly amount: bigint }[];
  readonly endedHolds: readonly string[];
  readonly usage: readonly (readonly SqlValue[])[];
  readonly evidence: readonly (readonly SqlValue[])[];
  readonly transfers: readonly (readonly SqlValue[])[];
  readonly newKeys: readonly KeyUse[];
  /** Keys whose request has been answered, if they are still this request's. */
  readonly finishedKeys: readonly KeyUse[];
  /** Keys that are free again, if they are still this request's. */
  readonly freedKeys: readonly { readonly scope: string; readonly key: string; readonly requestId: string }[];
}

/** The id under which a key is looked up in memory. */
export function keyId(scope: string, key: string): string {
  return `${scope}\n${key}`;
}
