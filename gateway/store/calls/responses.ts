/** This file holds the calls about answers of Responses: sealed envelopes that follow one another. */
import { readInteger, readText, readTextOrNull } from '../columns.ts';
import type { Row } from '../columns.ts';
import { insertSql } from '../insert-sql.ts';
import type { FoundResponse, OpenResponse, ResponseChainWish, ResponseEnding, ResponseRow } from '../response-row.ts';
import { readSealed } from '../sealed-columns.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';

/** Rows deleted in one transaction. */
const CHUNK = 100;

const columns = ['id', 'ws_id', 'previous_id', 'kek_id', 'wrapped_key', 'iv', 'ciphertext', 'tag', 'created_ms', 'expires_ms', 'open_node'] as const;
// Nobody has to notice that a gateway died for its answers to have failed: they have when it is signed on no more.
const GONE = 'NOT EXISTS (SELECT 1 FROM node WHERE node.id = response.open_node)';
const COLUMNS = [
  ...columns.map((column) => `response.${column}`), 'response.cancelled',
  `CASE WHEN response.open_node IS NULL THEN 'ended' WHEN ${GONE} THEN 'lost' ELSE 'open' END AS progress`,
].join(', ');
const INSERT = insertSql('response', columns);
const FIND = `SELECT ${COLUMNS} FROM response WHERE id = ? AND ws_id = ? AND expires_ms > ?`;
const CHAIN = `WITH RECURSIVE chain (link, before, depth) AS (
    SELECT id, previous_id, 1 FROM response WHERE id = ? AND ws_id = ? AND expires_ms > ?
    UNION ALL
    SELECT response.id, response.previous_id, chain.depth + 1 FROM chain JOIN response ON response.id = chain.before
    WHERE response.ws_id = ? AND response.expires_ms > ? AND chain.depth < ?
  ) SELECT ${COLUMNS} FROM chain JOIN response ON response.id = chain.link ORDER BY chain.depth`;
const END = `UPDATE response SET kek_id = ?, wrapped_key = ?, iv = ?, ciphertext = ?, tag = ?, open_node = NULL
  WHERE id = ? AND ws_id = ? AND open_node = ? AND NOT ${GONE} RETURNING cancelled`;
const CANCEL = 'UPDATE response SET cancelled = 1 WHERE id = ? AND ws_id = ? AND expires_ms > ? AND open_node IS NOT NULL RETURNING id';
const OPEN = 'SELECT id, cancelled FROM response WHERE open_node = ?';
const DELETE = 'DELETE FROM response WHERE id = ? AND ws_id = ? AND expires_ms > ? RETURNING id';
const EXPIRE = 'DELETE FROM response WHERE id IN (SELECT id FROM response WHERE expires_ms <= ? ORDER BY expires_ms, id LIMIT ?) RETURNING id';

export function* insertResponse(kept: ResponseRow): SqlTask<void> {
  yield* rows(
    INSERT, kept.id, kept.workspaceId, kept.previousId, kept.kekId, kept.wrappedKey, kept.iv, kept.ciphertext, kept.tag, kept.createdMs, kept.expiresMs, kept.openNode,
  );
}

export function* findResponse(workspaceId: string, id: string, nowMs: number): SqlTask<FoundResponse | null> {
  const found = yield* row(FIND, id, workspaceId, nowMs);
  return found && readResponse(found);
}

export function* listResponseChain({ workspaceId, id, nowMs, max }: ResponseChainWish): SqlTask<FoundResponse[]> {
  return (yield* rows(CHAIN, id, workspaceId, nowMs, workspaceId, nowMs, max)).map(readResponse);
}

export function* endResponse({ id, workspaceId, openNode, ...sealed }: ResponseEnding): SqlTask<'kept' | 'cancelled' | null> {
  const ended = yield* row(END, sealed.kekId, sealed.wrappedKey, sealed.iv, sealed.ciphertext, sealed.tag, id, workspaceId, openNode);
  if (!ended) return null;
  return readInteger(ended, 'cancelled') === 1 ? 'cancelled' : 'kept';
}

export function* cancelResponse(workspaceId: string, id: string, nowMs: number): SqlTask<boolean> {
  return (yield* row(CANCEL, id, workspaceId, nowMs)) !== null;
}

export function* listOpenResponses(nodeId: string): SqlTask<OpenResponse[]> {
  return (yield* rows(OPEN, nodeId)).map((found) => ({ id: readText(found, 'id'), isCancelled: readInteger(found, 'cancelled') === 1 }));
}

export function* deleteResponse(workspaceId: string, id: string, nowMs: number): SqlTask<boolean> {
  return (yield* row(DELETE, id, workspaceId, nowMs)) !== null;
}

export function* expireResponses(nowMs: number): SqlTask<number> {
  return (yield* rows(EXPIRE, nowMs, CHUNK)).length;
}

function readResponse(found: Row): FoundResponse {
  return {
    id: readText(found, 'id'),
    workspaceId: readText(found, 'ws_id'),
    previousId: readTextOrNull(found, 'previous_id'),
    ...readSealed(found),
    createdMs: readInteger(found, 'created_ms'),
    expiresMs: readInteger(found, 'expires_ms'),
    openNode: readTextOrNull(found, 'open_node'),
    progress: progressOf(readText(found, 'progress')),
    isCancelled: readInteger(found, 'cancelled') === 1,
  };
}

function progressOf(text: string): FoundResponse['progress'] {
  if (text === 'open' || text === 'lost') return text;
  return 'ended';
}
