/** This file makes rows for the tests of stores and of what stands on them. */
import { toNanoUsd } from '../foundation/money.ts';
import type { RequestRecord } from '../foundation/terms.ts';
import type { KeyRow } from './store.ts';

const START_MS = 1_800_000_000_000;
const SECRET_HASH_BYTES = 32;

/** A record whose id and time follow from its index. */
export function sampleRecord(index: number, changes: Partial<RequestRecord> = {}): RequestRecord {
  return {
    id: `req_${String(index).padStart(8, '0')}`,
    workspaceId: 'ws_1',
    keyId: 'key_1',
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
    startedMs: START_MS + index,
    latencyMs: 12.345,
    firstByteMs: 4.5,
    ...changes,
  };
}

/** A key row whose id and time follow from its index. */
export function sampleKey(index: number, changes: Partial<KeyRow> = {}): KeyRow {
  return {
    id: `key_${String(index).padStart(16, '0')}`,
    workspaceId: 'ws_1',
    name: `key ${index}`,
    secretHash: new Uint8Array(SECRET_HASH_BYTES).fill(index),
    pepperId: 'p1',
    last4: 'x7Qd',
    scopes: ['inference'],
    models: null,
    createdMs: START_MS + index,
    expiresMs: null,
    revokedMs: null,
    ...changes,
  };
}
