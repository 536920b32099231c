/** This file measures what the commit of one durable row costs by itself: what strict durability adds to a lone request. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../gateway/foundation/clock.ts';
import { createIds } from '../gateway/foundation/ids.ts';
import { defaultLimits } from '../gateway/foundation/limits.ts';
import type { NanoUsd } from '../gateway/foundation/money.ts';
import type { RequestRecord } from '../gateway/foundation/terms.ts';
import { openSqliteStore, sqliteFile } from '../gateway/store/sqlite.ts';

const rowsBefore = 200;
const rowsMeasured = 1000;

function recordOf(id: string): RequestRecord {
  return {
    id, workspaceId: 'ws_bench', keyId: 'key_0123456789abcdef', userId: 'user_bench', operation: 'createChatCompletion', modelAsked: 'openai/gpt-4o-mini', model: 'openai/gpt-4o-mini',
    upstreamModel: 'bench-model', provider: 'openai', target: 'openai/gpt-4o-mini', attempts: 1, isStream: false, status: 200, outcome: 'ok', errorCode: null,
    finishReason: 'stop', upstreamId: 'chatcmpl-bench0000000000000000000000', basis: 'provider', startedMs: systemClock.now(), latencyMs: 1.5, firstByteMs: null,
    usage: { promptTokens: 180, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: 100, reasoningTokens: 0 },
    charge: { messages: 1, nanoUsd: 87_000n as NanoUsd, priceVersion: 'bench', isUnpriced: false }, payer: 'plan', failedAttempts: null, lastAttemptMs: null, route: null, isDegraded: false, cache: null, rollout: null, evalRun: null,
  };
}

/**
 * The median time from handing a record to Interline's own store until it is durable, in µs, one record after the other and nothing else going on:
 * the disk's part, the transaction, and the way to the store's thread and back.
 */
export async function measureCommit(parent: string): Promise<number> {
  const folder = join(parent, `commit-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const store = await openSqliteStore({ file: sqliteFile(folder), limits: defaultLimits, clock: systemClock });
  const makeId = createIds(systemClock);
  const times: number[] = [];
  for (let at = 0; at < rowsBefore + rowsMeasured; at++) {
    const begun = performance.now();
    await new Promise<void>((resolve, reject) => {
      store.apply({ kind: 'settle', record: recordOf(makeId('req')), lines: [], idempotency: null, isFirstWord: true }, (failure) => (failure === null ? resolve() : reject(failure)));
    });
    if (at >= rowsBefore) times.push((performance.now() - begun) * 1000);
  }
  await store.close();
  rmSync(folder, { recursive: true, force: true });
  return times.sort((a, b) => a - b)[rowsMeasured / 2] ?? 0;
}
