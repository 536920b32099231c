/** This file is the Store interface: what every engine promises. There are two: SQLite in a thread, and PostgreSQL. */
import type { CachedReplyCalls } from './cached-reply-row.ts';
import type { EvalCalls } from './eval-row.ts';
import type { JobCalls } from './job-row.ts';
import type { MediaCalls } from './media-row.ts';
import type { NodeRow } from './node-row.ts';
import type { ClockName } from './clocks.ts';
import type { LaneCalls } from './lane-row.ts';
import type { ProviderKeyRow } from './provider-key-row.ts';
import type { ReportReads } from './report-row.ts';
import type { RequestLogCalls, RequestLogReads } from './request-log-row.ts';
import type { AuditCalls, AuditStamp } from './audit-row.ts';
import type { RolloutCalls, RolloutReads } from './rollout-row.ts';
import type { ResponseCalls } from './response-row.ts';
import type { WorkspaceRouteCalls } from './workspace-route.ts';
import type {
  CounterState, LedgerAnswer, LedgerOp, TransferKind, TransferRow, Violation,
} from '../foundation/ledger.ts';
import type { OwnRoute } from '../foundation/own-route.ts';
import type { ReplyCacheSetting } from '../foundation/reply-cache.ts';
import type { Billing, Budget, KeptBodies, OwnKeyRef, RateLimits, Role, Scope, SettledRequest } from '../foundation/terms.ts';

export type { ProviderKeyRow } from './provider-key-row.ts';

/** A developer key as kept: never its secret, only the keyed hash of it. Times in ms since the epoch. */
export interface KeyRow {
  /** `key_` + the 16-character key id inside the key itself. */
  readonly id: string;
  /** Its current workspace. */
  readonly workspaceId: string;
  readonly userId: string;
  /** True: it can't select another workspace of its user, for somebody else has made it. */
  readonly isBound: boolean;
  readonly name: string;
  /** HMAC-SHA256(pepper, secret), 32 bytes. */
  readonly secretHash: Uint8Array;
  /** Which pepper hashed it. */
  readonly pepperId: string;
  /** Last four characters of the whole key, for recognition. */
  readonly last4: string;
  readonly scopes: readonly Scope[];
  readonly models: readonly string[] | null;
  readonly limits: RateLimits;
  readonly createdMs: number;
  readonly expiresMs: number | null;
  readonly revokedMs: number | null;
}

/** What a member may change of a key; absent fields stay. */
export interface KeyChange {
  readonly name?: string;
  readonly scopes?: readonly Scope[];
  readonly models?: readonly string[] | null;
  readonly limits?: RateLimits;
  readonly workspaceId?: string;
  readonly expiresMs?: number | null;
  /** Set once; a revoked key can't be brought back. */
  readonly revokedMs?: number;
}

export interface WorkspaceRow {
  readonly id: string;
  readonly name: string;
  readonly planId: string;
  readonly billing: Billing;
  readonly limits: RateLimits;
  /** Suspended workspaces can be looked at, but call no model. */
  readonly isSuspended: boolean;
  readonly keptBodies: KeptBodies;
  /** For how many days bodies are kept. */
  readonly bodyDays: number;
  readonly replyCache: ReplyCacheSetting;
  /** From the clock `access`, at the last change. */
  readonly revision: number;
  readonly createdMs: number;
}

export type WorkspaceChange = Partial<Pick<WorkspaceRow, 'name' | 'planId' | 'billing' | 'limits' | 'isSuspended' | 'keptBodies' | 'bodyDays'>> & { readonly replyCache?: Partial<ReplyCacheSetting> };

/** A person or a service to whom keys belong. */
export interface UserRow {
  readonly id: string;
  readonly name: string;
  /** Lower case, unique. */
  readonly email: string | null;
  readonly isDisabled: boolean;
  readonly createdMs: number;
}

export type UserChange = Partial<Pick<UserRow, 'name' | 'email' | 'isDisabled'>>;

export interface MemberRow {
  readonly workspaceId: string;
  readonly user: UserRow;
  readonly role: Role;
  readonly createdMs: number;
}

/** How a change of members ended: the last owner can be neither removed nor demoted. */
export type MemberChange = MemberRow | 'not_found' | 'last_owner';

/** A key, and everything its calls in one workspace are judged by. */
export interface AccessRow {
  readonly key: KeyRow;
  readonly isUserDisabled: boolean;
  /** Null: the user is no member of the workspace asked for, or there is none. */
  readonly membership: { readonly workspace: WorkspaceRow; readonly role: Role } | null;
  readonly budgets: readonly Budget[];
  readonly ownKeys: readonly OwnKeyRef[];
  readonly routes: readonly OwnRoute[];
}

/** What may be changed of a budget; its scope, unit and period are what its counters are named for, and stay. */
export type BudgetChange = Partial<Pick<Budget, 'name' | 'amount' | 'isHard' | 'thresholds'>>;

/** What an operator has put over the catalogue of the program and of the file: whole entries, as JSON. */
export interface CatalogEntryRow {
  readonly kind: 'plan' | 'model' | 'provider' | 'route';
  readonly id: string;
  /** JSON; null hides the entry beneath. */
  readonly body: string | null;
  readonly revision: number;
  readonly changedMs: number;
}

export interface LedgerFilter {
  readonly workspaceId: string;
  readonly kinds: readonly TransferKind[] | null;
  /** Inclusive and exclusive, ms since the epoch. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

/** How a refund ended. */
export type RefundAnswer = { readonly kind: 'refunded'; readonly transfer: TransferRow } | { readonly kind: 'too_much'; readonly left: bigint } | { readonly kind: 'not_found' };

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
  /** Inclusive and exclusive, ms since the epoch. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly userId: string | null;
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
export interface Store extends MediaCalls, ResponseCalls, JobCalls, LaneCalls, CachedReplyCalls, RequestLogCalls, RequestLogReads, ReportReads, WorkspaceRouteCalls, EvalCalls, AuditCalls, RolloutCalls, RolloutReads {
  /**
   * Takes one operation of the ledger and calls back once it is durable: with its answer, or with the failure. Operations
   * are decided in the order they are given, many in one transaction; a denied one costs nothing and aborts nobody. Repeating
   * one changes nothing. A callback and not a promise: it is on the hot path.
   */
  apply(op: LedgerOp, done: (failure: Error | null, answer: LedgerAnswer | null) => void): void;
  /** Operations handed to `apply` and not yet durable. */
  readonly pendingRecords: number;

  // Workspaces, users, members. Changes advance the clock `access`, in the same transaction.
  /** With its owner, where one is named: both or neither. */
  createWorkspace(row: WorkspaceRow, ownerId?: string): Promise<void>;
  findWorkspace(id: string): Promise<WorkspaceRow | null>;
  changeWorkspace(id: string, change: WorkspaceChange): Promise<WorkspaceRow | null>;
  /** The oldest first. */
  listWorkspaces(page: Page): Promise<WorkspaceRow[]>;
  /** Those the user is a member of, with the role in each; the oldest first. */
  listWorkspacesOf(userId: string): Promise<{ readonly workspace: WorkspaceRow; readonly role: Role }[]>;
  /** Rejects with EmailTaken when another user has the e-mail address. */
  createUser(row: UserRow): Promise<void>;
  findUser(id: string): Promise<UserRow | null>;
  findUserByEmail(email: string): Promise<UserRow | null>;
  changeUser(id: string, change: UserChange): Promise<UserRow | null>;
  listUsers(page: Page): Promise<UserRow[]>;
  /** False when the user is a member already. */
  addMember(workspaceId: string, userId: string, given: { readonly role: Role; readonly createdMs: number }): Promise<boolean>;
  /** Those whose user is oldest first. */
  listMembers(workspaceId: string, page: Page): Promise<MemberRow[]>;
  findMember(workspaceId: string, userId: string): Promise<MemberRow | null>;
  changeMember(workspaceId: string, userId: string, role: Role): Promise<MemberChange>;
  /** Also revokes the user's keys whose current workspace this is. */
  removeMember(workspaceId: string, userId: string, nowMs: number): Promise<MemberChange>;

  insertKey(row: KeyRow): Promise<void>;
  findKey(id: string): Promise<KeyRow | null>;
  /** The key and its standing in a workspace; null for the key's own. Null when there is no such key. */
  findAccess(keyId: string, workspaceId: string | null): Promise<AccessRow | null>;
  /** `userId` null: of everybody. */
  listKeys(workspaceId: string, userId: string | null, page: Page): Promise<KeyRow[]>;
  /** Applies the change and advances the clock in one transaction; null when this workspace has no such key. */
  changeKey(workspaceId: string, id: string, change: KeyChange): Promise<KeyRow | null>;
  /** Deletes the key (its usage stays); false when this workspace has no such key. */
  deleteKey(workspaceId: string, id: string): Promise<boolean>;

  createBudget(row: Budget): Promise<Budget>;
  findBudget(workspaceId: string, id: string): Promise<Budget | null>;
  listBudgets(workspaceId: string, page: Page): Promise<Budget[]>;
  /** Also moves the caps of the budget's counters, in the same transaction. */
  changeBudget(workspaceId: string, id: string, change: BudgetChange): Promise<Budget | null>;
  /** Its counters stay, for usage names them. */
  deleteBudget(workspaceId: string, id: string): Promise<boolean>;

  insertProviderKey(row: ProviderKeyRow): Promise<ProviderKeyRow>;
  findProviderKey(workspaceId: string, id: string): Promise<ProviderKeyRow | null>;
  listProviderKeys(workspaceId: string, page: Page): Promise<ProviderKeyRow[]>;
  deleteProviderKey(workspaceId: string, id: string): Promise<boolean>;

  /** Where the clock `catalog` stands: it advances with every entry put or deleted, and never falls. */
  catalogRevision(): Promise<number>;
  /** All of them: they are few. Writing one advances the clock `catalog`. */
  listCatalogEntries(): Promise<CatalogEntryRow[]>;
  /** `by` has it written into the audit log, in the same transaction; so below. */
  putCatalogEntry(entry: Omit<CatalogEntryRow, 'revision'>, by?: AuditStamp): Promise<CatalogEntryRow>;
  /** Notes what the program and the operator's file give besides; what was not the last that was noted advances the clock `catalog`. */
  noteCatalogBeneath(digest: string): Promise<void>;
  /** False when there was none. */
  deleteCatalogEntry(kind: CatalogEntryRow['kind'], id: string, by?: AuditStamp): Promise<boolean>;

  listUsage(filter: UsageFilter, page: Page): Promise<SettledRequest[]>;
  sumUsage(filter: UsageFilter): Promise<UsageTotals>;
  findRequest(workspaceId: string, id: string): Promise<SettledRequest | null>;

  /**
   * Posts transfers that are not charges, all or none: credits and debits of wallets move the wallet's cap. False when the
   * first of them is there already, and then nothing was changed. Rejects with InsufficientRoom when a debit would take what is used or held.
   */
  postTransfers(rows: readonly TransferRow[]): Promise<boolean>;
  /** Gives back (a part of) what a request was charged: a `refund` usage row with negative lines, and a transfer. */
  refund(workspaceId: string, requestId: string, given: { readonly amount: bigint | null; readonly note: string | null; readonly nowMs: number }): Promise<RefundAnswer>;
  /** The newest first. */
  listTransfers(filter: LedgerFilter, page: Page): Promise<TransferRow[]>;
  listTransfersOldestFirst(filter: LedgerFilter, page: Page): Promise<TransferRow[]>;
  /** What a wallet had, holds included, just before a moment; 0 where there is none. */
  balanceBefore(workspaceId: string, ms: number): Promise<bigint>;
  /** The transfers that name this reference, the oldest first. */
  listTransfersFor(workspaceId: string, reference: string): Promise<TransferRow[]>;
  /** Those that exist, in no order. */
  readCounters(ids: readonly string[]): Promise<CounterState[]>;

  // Nodes and recovery.
  registerNode(node: NodeRow): Promise<void>;
  listNodes(): Promise<NodeRow[]>;
  /** A sign of life, and which of this node's leases others want back. `isFenced`: the node was taken for dead, its holds are gone. */
  beat(nodeId: string, nowMs: number): Promise<{ readonly isFenced: boolean; readonly recalled: readonly LeaseRecall[] }>;
  /**
   * Settles every hold of a node that is dead at what was observed (outcome `recovered`; nothing when it had an idempotency
   * key, which is freed), releases its leases and removes it. Gives how many holds were ended. Safe to run twice and in two places.
   */
  recoverNode(nodeId: string, nowMs: number): Promise<number>;
  /** Ends holds past their expiry (outcome `expired`) and forgets old idempotency keys. */
  sweep(nowMs: number): Promise<number>;
  /** Frees an idempotency key whose request was refused before anything was bought. */
  forgetIdempotency(scope: string, key: string, requestId: string): Promise<void>;

  /** Every promise of the ledger, over everything; reads one snapshot. Empty when all hold. */
  checkLedger(): Promise<Violation[]>;

  /** Calls back whenever another process, not this Store, has changed `access` (keys, users, members, workspaces, budgets, provider keys, routes of workspaces) `catalog` or `health` (lanes that rest). */
  onForeignChange(listener: (clock: ClockName) => void): void;
  /** Resolves when a trivial read works; rejects otherwise. For readiness. */
  ping(): Promise<void>;
  /** Waits for pending writes, then closes. */
  close(): Promise<void>;
}

/** A lease another gateway waits for. */
export interface LeaseRecall {
  readonly leaseId: string;
  readonly counterId: string;
}

/** Another user has this e-mail address. */
export class EmailTaken extends Error {}

/** A wallet can't be debited by so much: it is used or held. */
export class InsufficientRoom extends Error {}
