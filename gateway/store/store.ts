/** This file is the Store interface: what every engine promises. SQLite is the first implementation; PostgreSQL is to be a second and no more. */
import type { RequestRecord, Scope } from '../foundation/terms.ts';

/** A developer key as kept: never its secret, only the keyed hash of it. Times in ms since the epoch. */
export interface KeyRow {
  /** `key_` + the 16-character key id inside the key itself. */
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  /** HMAC-SHA256(pepper, secret), 32 bytes. */
  readonly secretHash: Uint8Array;
  /** Which pepper hashed it. */
  readonly pepperId: string;
  /** Last four characters of the whole key, for recognition. */
  readonly last4: string;
  readonly scopes: readonly Scope[];
  readonly models: readonly string[] | null;
  readonly createdMs: number;
  readonly expiresMs: number | null;
  readonly revokedMs: number | null;
}

/** What a member may change of a key; absent fields stay. */
export interface KeyChange {
  readonly name?: string;
  readonly scopes?: readonly Scope[];
  readonly models?: readonly string[] | null;
  readonly expiresMs?: number | null;
  /** Set once; a revoked key can't be brought back. */
  readonly revokedMs?: number;
}

export interface WorkspaceRow {
  readonly id: string;
  readonly name: string;
  readonly createdMs: number;
}

/** A page of rows, newest first, by keyset on (time, id). */
export interface Page {
  readonly limit: number;
  /** The id of the last row of the page before; null for the first page. */
  readonly after: string | null;
}

export interface UsageFilter {
  readonly workspaceId: string;
  readonly keyId: string | null;
  readonly model: string | null;
  /** Inclusive, ms since the epoch. */
  readonly fromMs: number | null;
  /** Exclusive, ms since the epoch. */
  readonly toMs: number | null;
}

/** Sums over a usage filter. */
export interface UsageTotals {
  readonly requests: number;
  readonly messages: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  readonly nanoUsd: bigint;
  readonly unpricedRequests: number;
}

/** A row cannot be written now (disk full, closed, queue full); nothing was written. */
export class StoreUnavailable extends Error {}

/**
 * The only room that persists. Every write resolves after it is durable (fsynced), and rejects with
 * StoreUnavailable when it is not. Writes of one tick share a message, writes of one batch a transaction.
 */
export interface Store {
  /**
   * Writes the usage row and the request row of one request in one transaction, then calls back with null, or
   * with the failure. A second record with the same id changes nothing and succeeds. A callback and not a
   * promise: it is on the hot path.
   */
  recordRequest(record: RequestRecord, done: (failure: Error | null) => void): void;
  /** Rows handed to `recordRequest` and not yet durable. */
  readonly pendingRecords: number;

  createWorkspace(row: WorkspaceRow): Promise<void>;
  /** The oldest workspaces first. */
  listWorkspaces(): Promise<WorkspaceRow[]>;

  insertKey(row: KeyRow): Promise<void>;
  findKey(id: string): Promise<KeyRow | null>;
  listKeys(workspaceId: string, page: Page): Promise<KeyRow[]>;
  /** Applies the change and advances the key revision in one transaction; null when this workspace has no such key. */
  changeKey(workspaceId: string, id: string, change: KeyChange): Promise<KeyRow | null>;
  /** Deletes the key (its usage stays); false when this workspace has no such key. */
  deleteKey(workspaceId: string, id: string): Promise<boolean>;

  listUsage(filter: UsageFilter, page: Page): Promise<RequestRecord[]>;
  sumUsage(filter: UsageFilter): Promise<UsageTotals>;
  findRequest(workspaceId: string, id: string): Promise<RequestRecord | null>;

  /**
   * Calls back whenever keys may have been changed by another process; the listener must drop what it cached.
   * Changes made through this Store do not call it.
   */
  onForeignChange(listener: () => void): void;
  /** Resolves when a trivial read works; rejects otherwise. For readiness. */
  ping(): Promise<void>;
  /** Waits for pending writes, then closes. */
  close(): Promise<void>;
}
