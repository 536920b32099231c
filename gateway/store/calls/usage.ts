/** This file holds the calls that read usage back: pages, sums and single requests. */
import type { SettledRequest } from '../../foundation/terms.ts';
import { readBigInt, readInteger } from '../columns.ts';
import { readSettled, SETTLED_SELECTION } from '../record-rows.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask, SqlValue } from '../sql-task.ts';
import type { Page, UsageFilter, UsageTotals } from '../store.ts';

const FILTER = `u.ws_id = ? AND u.ts_ms >= ? AND u.ts_ms < ?
  AND (CAST(? AS TEXT) IS NULL OR u.key_id = ?) AND (CAST(? AS TEXT) IS NULL OR u.user_id = ?)
  AND (CAST(? AS TEXT) IS NULL OR u.model = ? OR u.model_asked = ?)`;
const LIST = `SELECT ${SETTLED_SELECTION} FROM usage_event u JOIN request_log r ON r.id = u.id
  WHERE ${FILTER} AND (u.ts_ms, u.id) < (?, ?) ORDER BY u.ts_ms DESC, u.id DESC LIMIT ?`;
/** A refund is no request: it takes back what another has cost. */
const SUM = `SELECT COALESCE(SUM(CASE WHEN u.outcome = 'refund' THEN 0 ELSE 1 END), 0) AS requests, ${[
  ['msgs', 'msgs'], ['prompt_tok', 'prompt_tok'], ['cached_tok', 'cached_tok'], ['compl_tok', 'compl_tok'],
  ['reasoning_tok', 'reasoning_tok'], ['unpriced', 'unpriced'],
].map(([column, name]) => `CAST(COALESCE(SUM(u.${column}), 0) AS BIGINT) AS ${name}`).join(', ')},
  CAST(COALESCE(SUM(u.nusd), 0) AS TEXT) AS nusd FROM usage_event u WHERE ${FILTER}`;
const FIND = `SELECT ${SETTLED_SELECTION} FROM usage_event u JOIN request_log r ON r.id = u.id WHERE u.id = ? AND u.ws_id = ?`;
const FIND_PLACE = 'SELECT ts_ms FROM usage_event WHERE id = ? AND ws_id = ?';

/** A model filter matches the model that answered and the one that was asked for. */
export function* listUsage(filter: UsageFilter, { after, limit }: Page): SqlTask<SettledRequest[]> {
  const place = after === null ? null : yield* row(FIND_PLACE, after, filter.workspaceId);
  if (after !== null && !place) return [];
  const toMs = filter.toMs ?? Number.MAX_SAFE_INTEGER;
  const beforeMs = place ? readInteger(place, 'ts_ms') : Number.MAX_SAFE_INTEGER;
  // The bound on the time is what the index is entered by; the cursor then tells equal times apart.
  const bounded = place ? { ...filter, toMs: Math.min(toMs, beforeMs + 1) } : filter;
  return (yield* rows(LIST, ...filterValues(bounded), beforeMs, after ?? '', limit)).map(readSettled);
}

export function* sumUsage(filter: UsageFilter): SqlTask<UsageTotals> {
  const found = (yield* row(SUM, ...filterValues(filter))) ?? {};
  return {
    requests: readInteger(found, 'requests'),
    messages: readInteger(found, 'msgs'),
    promptTokens: readInteger(found, 'prompt_tok'),
    cachedTokens: readInteger(found, 'cached_tok'),
    completionTokens: readInteger(found, 'compl_tok'),
    reasoningTokens: readInteger(found, 'reasoning_tok'),
    nanoUsd: readBigInt(found, 'nusd'),
    unpricedRequests: readInteger(found, 'unpriced'),
  };
}

export function* findRequest(workspaceId: string, id: string): SqlTask<SettledRequest | null> {
  const found = yield* row(FIND, id, workspaceId);
  return found && readSettled(found);
}

function filterValues({ workspaceId, keyId, userId, model, fromMs, toMs }: UsageFilter): SqlValue[] {
  return [workspaceId, fromMs ?? 0, toMs ?? Number.MAX_SAFE_INTEGER, keyId, keyId, userId, userId, model, model, model];
}
