/** This file holds the statements that read usage back: pages, sums and single requests. */
import type { DatabaseSync } from 'node:sqlite';
import { readBigInt, readInteger } from './columns.ts';
import { evidenceColumns, readRecord, usageColumns } from './record-rows.ts';
import type { Calls } from './sqlite-messages.ts';
import type { UsageFilter } from './store.ts';

type UsageCalls = Pick<Calls, 'listUsage' | 'sumUsage' | 'findRequest'>;

const RECORD_COLUMNS = [
  ...usageColumns.map((column) => (column === 'nusd' ? 'CAST(u.nusd AS TEXT) AS nusd' : `u.${column}`)),
  ...evidenceColumns.map((column) => `r.${column}`),
].join(', ');

const FILTER = `u.ws_id = :ws AND u.ts_ms >= :from AND u.ts_ms < :to
  AND (:key IS NULL OR u.key_id = :key) AND (:model IS NULL OR u.model = :model OR u.model_asked = :model)`;

/** Prepares the calls that read usage. A model filter matches the model that answered and the one that was asked for. */
export function createUsageCalls(db: DatabaseSync): UsageCalls {
  const list = db.prepare(`SELECT ${RECORD_COLUMNS} FROM usage_event u JOIN request_log r ON r.id = u.id
    WHERE ${FILTER}
      AND (u.ts_ms, u.id) < (:cursorMs, :cursorId)
    ORDER BY u.ts_ms DESC, u.id DESC LIMIT :limit`);
  const sum = db.prepare(`SELECT COUNT(*) AS requests, COALESCE(SUM(msgs), 0) AS msgs,
      COALESCE(SUM(prompt_tok), 0) AS prompt_tok, COALESCE(SUM(cached_tok), 0) AS cached_tok,
      COALESCE(SUM(compl_tok), 0) AS compl_tok, COALESCE(SUM(reasoning_tok), 0) AS reasoning_tok,
      CAST(COALESCE(SUM(nusd), 0) AS TEXT) AS nusd, COALESCE(SUM(unpriced), 0) AS unpriced
    FROM usage_event u WHERE ${FILTER}`);
  const find = db.prepare(`SELECT ${RECORD_COLUMNS} FROM usage_event u JOIN request_log r ON r.id = u.id
    WHERE u.id = ? AND u.ws_id = ?`);

  const findTime = db.prepare('SELECT ts_ms FROM usage_event WHERE id = ? AND ws_id = ?');

  return {
    listUsage: (filter, { after, limit }) => {
      const parameters = toParameters(filter);
      if (after === null) return list.all({ ...parameters, cursorMs: parameters.to, cursorId: '', limit }).map(readRecord);
      const place = findTime.get(after, filter.workspaceId);
      if (!place) return [];
      // The bound on the time is what SQLite finds its place in the index by; the cursor then tells equal times apart.
      const cursorMs = readInteger(place, 'ts_ms');
      return list.all({ ...parameters, to: Math.min(parameters.to, cursorMs + 1), cursorMs, cursorId: after, limit }).map(readRecord);
    },
    sumUsage: (filter) => {
      const row = sum.get(toParameters(filter)) ?? {};
      return {
        requests: readInteger(row, 'requests'),
        messages: readInteger(row, 'msgs'),
        promptTokens: readInteger(row, 'prompt_tok'),
        cachedTokens: readInteger(row, 'cached_tok'),
        completionTokens: readInteger(row, 'compl_tok'),
        reasoningTokens: readInteger(row, 'reasoning_tok'),
        nanoUsd: readBigInt(row, 'nusd'),
        unpricedRequests: readInteger(row, 'unpriced'),
      };
    },
    findRequest: (workspaceId, id) => {
      const row = find.get(id, workspaceId);
      return row ? readRecord(row) : null;
    },
  };
}

function toParameters(filter: UsageFilter) {
  return {
    ws: filter.workspaceId,
    key: filter.keyId,
    model: filter.model,
    from: filter.fromMs ?? 0,
    to: filter.toMs ?? Number.MAX_SAFE_INTEGER,
  };
}
