/** This file makes rows for the tests of stores and of what stands on them. */
import { toNanoUsd } from '../foundation/money.ts';
import type { SettleLine, SettleOp } from '../foundation/ledger.ts';
import type { Budget, RateLimits, RequestRecord } from '../foundation/terms.ts';
import type { UsageDimension } from './report-row.ts';
import type { KeyRow, ProviderKeyRow, UserRow, WorkspaceRow } from './store.ts';

const START_MS = 1_800_000_000_000;
const SECRET_HASH_BYTES = 32;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A record whose id and time follow from its index. */
export function sampleRecord(index: number, changes: Partial<RequestRecord> = {}): RequestRecord {
  return {
    id: `req_${String(index).padStart(8, '0')}`,
    workspaceId: 'ws_1',
    keyId: 'key_1',
    userId: 'user_1',
    operation: 'createChatCompletion',
    modelAsked: 'fast',
    model: 'google/gemini-2.5-flash',
    upstreamModel: 'gemini-2.5-flash-002',
    provider: 'google',
    target: 'google/gemini-2.5-flash',
    attempts: 1,
    isStream: true,
    status: 200,
    outcome: 'ok',
    errorCode: null,
    finishReason: 'stop',
    upstreamId: 'chatcmpl-1',
    usage: { promptTokens: 100, cachedTokens: 40, cacheWriteTokens: 5, completionTokens: 20, reasoningTokens: 7 },
    basis: 'provider',
    charge: { messages: 1, nanoUsd: toNanoUsd(1000), priceVersion: 'pi-ai@1.5.2', isUnpriced: false },
    payer: 'plan',
    failedAttempts: null,
    lastAttemptMs: null,
    route: null,
    isDegraded: false,
    cache: null,
    rollout: null,
    evalRun: null,
    startedMs: START_MS + index,
    latencyMs: 12.345,
    firstByteMs: 4.5,
    ...changes,
  };
}

/** Ends a request that held nothing, or what its lines say. */
export function sampleSettle(record: RequestRecord, lines: readonly SettleLine[] = []): SettleOp {
  return { kind: 'settle', record, lines, idempotency: null, isFirstWord: false };
}

export const noLimits: RateLimits = { requestsPerMinute: null, tokensPerMinute: null, concurrentRequests: null };

/** A key row whose id and time follow from its index. */
export function sampleKey(index: number, changes: Partial<KeyRow> = {}): KeyRow {
  return {
    id: `key_${String(index).padStart(16, '0')}`,
    workspaceId: 'ws_1',
    userId: 'user_1',
    isBound: false,
    name: `key ${index}`,
    secretHash: new Uint8Array(SECRET_HASH_BYTES).fill(index),
    pepperId: 'p1',
    last4: 'x7Qd',
    scopes: ['inference'],
    models: null,
    limits: noLimits,
    createdMs: START_MS + index,
    expiresMs: null,
    revokedMs: null,
    ...changes,
  };
}

/** A workspace whose id and time follow from its index. */
export function sampleWorkspace(index: number, changes: Partial<WorkspaceRow> = {}): WorkspaceRow {
  return {
    id: `ws_${index}`, name: `workspace ${index}`, planId: 'unlimited', billing: 'plan', limits: noLimits, isSuspended: false, keptBodies: 'none', bodyDays: 30,
    replyCache: { isOn: false, ttlSeconds: 3600, replyBytesMax: 262_144, bytesMax: 16_777_216 }, revision: 0,
    createdMs: START_MS + index, ...changes,
  };
}

/** A user whose id and time follow from its index. */
export function sampleUser(index: number, changes: Partial<UserRow> = {}): UserRow {
  return { id: `user_${index}`, name: `user ${index}`, email: null, isDisabled: false, createdMs: START_MS + index, ...changes };
}

/** A budget whose id and time follow from its index. */
export function sampleBudget(index: number, changes: Partial<Budget> = {}): Budget {
  return {
    id: `budget_${index}`, workspaceId: 'ws_1', name: `budget ${index}`, scope: 'workspace', scopeId: 'ws_1', unit: 'nusd', amount: 1000n,
    period: 'monthly', timeZone: 'UTC', isHard: true, thresholds: [50, 90], revision: 0, createdMs: START_MS + index, ...changes,
  };
}

/** A sealed provider key whose id and time follow from its index. */
export function sampleProviderKey(index: number, changes: Partial<ProviderKeyRow> = {}): ProviderKeyRow {
  return {
    id: `pk_${index}`, workspaceId: 'ws_1', provider: `provider-${index}`, name: `provider key ${index}`, baseUrl: null, kekId: 'k1',
    wrappedKey: Uint8Array.of(1, 2, 255), iv: Uint8Array.of(0, 3), ciphertext: Uint8Array.of(4), tag: Uint8Array.of(5), last4: 'abcd',
    revision: 0, createdMs: START_MS + index, ...changes,
  };
}

/** What a request is told apart by in a group of sums. */
export function dimensionOf(row: RequestRecord, dimension: UsageDimension): string | number {
  switch (dimension) {
    case 'day': return row.startedMs - row.startedMs % DAY_MS;
    case 'hour': return row.startedMs - row.startedMs % HOUR_MS;
    case 'key': return row.keyId;
    case 'asked': return row.modelAsked;
    case 'model': return row.model ?? '';
    case 'route': return row.route ?? '';
    case 'operation': return row.operation;
  }
}
