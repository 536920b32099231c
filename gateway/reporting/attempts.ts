/** This file tells the attempts of a request, one by one: those that failed before the last, and the last. */
import type { ReceiptAttempt } from '../../generated/client/types.gen.ts';
import { isJsonObject, stringAt } from '../foundation/json-value.ts';
import type { SettledRequest } from '../foundation/terms.ts';

/** The upstream calls, in order. The last one's latency is the request's when there was no other; null where it was not measured apart. */
export function attemptsOf(row: SettledRequest): ReceiptAttempt[] {
  const parsed: unknown = row.failedAttempts === null ? [] : JSON.parse(row.failedAttempts);
  const failed = (Array.isArray(parsed) ? parsed : []).filter(isJsonObject).map((attempt): ReceiptAttempt => ({
    target: stringAt(attempt, 'target') ?? '', code: stringAt(attempt, 'code'), latency_ms: typeof attempt['latency_ms'] === 'number' ? attempt['latency_ms'] : null,
  }));
  // The last attempt is not among the failed ones when it was the one that answered, or broke off later.
  if (row.attempts <= failed.length || row.target === null) return failed;
  return [...failed, { target: row.target, code: row.errorCode, latency_ms: failed.length === 0 ? row.latencyMs : row.lastAttemptMs }];
}
