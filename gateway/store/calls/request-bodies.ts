/** This file holds the calls that keep bodies of requests as sealed envelopes, and those that forget what has expired of the log. */
import { readInteger, readText } from '../columns.ts';
import { insertSql } from '../insert-sql.ts';
import type { RequestBodyRow } from '../request-log-row.ts';
import { readSealed } from '../sealed-columns.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';

/** Rows deleted in one transaction. */
const CHUNK = 100;
/** Rows of evidence are small. */
const LOG_CHUNK = 1000;

const columns = ['id', 'ws_id', 'kek_id', 'wrapped_key', 'iv', 'ciphertext', 'tag', 'created_ms', 'expires_ms'] as const;
const INSERT = `${insertSql('request_body', columns)} ON CONFLICT (id) DO NOTHING`;
const FIND = `SELECT ${columns.join(', ')} FROM request_body WHERE id = ? AND ws_id = ? AND expires_ms > ?`;
const DELETE = 'DELETE FROM request_body WHERE id = ? AND ws_id = ? AND expires_ms > ? RETURNING id';
const DELETE_ALL = 'DELETE FROM request_body WHERE id IN (SELECT id FROM request_body WHERE ws_id = ? ORDER BY ws_id, id LIMIT ?) RETURNING id';
const EXPIRE = 'DELETE FROM request_body WHERE id IN (SELECT id FROM request_body WHERE expires_ms <= ? ORDER BY expires_ms, id LIMIT ?) RETURNING id';
/** An id begins with the time of its making; a refund's is its request's with a prefix. */
const EXPIRE_LOG = 'DELETE FROM request_log WHERE id IN (SELECT id FROM request_log WHERE id >= ? AND id < ? ORDER BY id LIMIT ?) RETURNING id';
const EXPIRE_SHADOWS = 'DELETE FROM shadow_call WHERE id IN (SELECT id FROM shadow_call WHERE id >= ? AND id < ? ORDER BY id LIMIT ?) RETURNING id';
const PREFIXES = ['req_', 'rf:req_'];
/** Hexadecimal digits of a time in an id: UUIDv7, RFC 9562. */
const TIME_DIGITS = 12;

export function* insertRequestBodies(bodies: readonly RequestBodyRow[]): SqlTask<void> {
  for (const body of bodies) {
    yield* rows(INSERT, body.id, body.workspaceId, body.kekId, body.wrappedKey, body.iv, body.ciphertext, body.tag, body.createdMs, body.expiresMs);
  }
}

export function* findRequestBody(workspaceId: string, id: string, nowMs: number): SqlTask<RequestBodyRow | null> {
  const found = yield* row(FIND, id, workspaceId, nowMs);
  return found && {
    id: readText(found, 'id'),
    workspaceId: readText(found, 'ws_id'),
    ...readSealed(found),
    createdMs: readInteger(found, 'created_ms'),
    expiresMs: readInteger(found, 'expires_ms'),
  };
}

export function* deleteRequestBody(workspaceId: string, id: string, nowMs: number): SqlTask<boolean> {
  return (yield* row(DELETE, id, workspaceId, nowMs)) !== null;
}

export function* deleteRequestBodies(workspaceId: string): SqlTask<number> {
  return (yield* rows(DELETE_ALL, workspaceId, CHUNK)).length;
}

export function* expireRequestBodies(nowMs: number): SqlTask<number> {
  return (yield* rows(EXPIRE, nowMs, CHUNK)).length;
}

export function* expireRequestLog(beforeMs: number): SqlTask<number> {
  const time = Math.max(0, beforeMs).toString(16).padStart(TIME_DIGITS, '0');
  let count = 0;
  for (const prefix of PREFIXES) count += (yield* rows(EXPIRE_LOG, prefix, prefix + time, LOG_CHUNK)).length;
  count += (yield* rows(EXPIRE_SHADOWS, 'req_', `req_${time}`, LOG_CHUNK)).length;
  return count;
}
