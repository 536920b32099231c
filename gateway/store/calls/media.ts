/** This file holds the calls about media: which bytes are kept for whom, and how often. */
import { readInteger, readText } from '../columns.ts';
import type { Row } from '../columns.ts';
import { insertSql } from '../insert-sql.ts';
import type { MediaRow } from '../media-row.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';

/** Rows deleted, and files handed out, in one transaction. */
const CHUNK = 100;
/** Whoever took a file on and has not forgotten it for this long has died, in ms. */
const COLLECTING_MS = 10 * 60_000;

const columns = ['id', 'ws_id', 'kind', 'sha256', 'content_type', 'bytes', 'created_ms', 'expires_ms'] as const;
const COLUMNS = columns.join(', ');
/** Both engines lock the row that is there, so that nobody begins to take its file away meanwhile; and give nothing when somebody has. */
const ADD_REFERENCE = `INSERT INTO media_blob (sha256, refs) VALUES (?, 1)
  ON CONFLICT (sha256) DO UPDATE SET refs = media_blob.refs + 1 WHERE media_blob.collecting_ms = 0 RETURNING refs`;
const DROP_REFERENCE = 'UPDATE media_blob SET refs = refs - 1 WHERE sha256 = ?';
const INSERT = insertSql('media', columns);
const FIND = `SELECT ${COLUMNS} FROM media WHERE id = ? AND ws_id = ? AND expires_ms > ?`;
const KEEP = 'UPDATE media SET expires_ms = ? WHERE id = ? AND ws_id = ? RETURNING id';
const DELETE = 'DELETE FROM media WHERE id = ? AND ws_id = ? RETURNING sha256';
const FIND_EXPIRED = 'SELECT id, ws_id FROM media WHERE expires_ms <= ? ORDER BY expires_ms, id LIMIT ?';
const FIND_UNUSED = 'SELECT sha256 FROM media_blob WHERE refs = 0 AND collecting_ms <= ? ORDER BY sha256 LIMIT ?';
const COLLECT = 'UPDATE media_blob SET collecting_ms = ? WHERE sha256 = ? AND refs = 0 AND collecting_ms <= ? RETURNING sha256';
const FORGET = 'DELETE FROM media_blob WHERE sha256 = ? AND refs = 0 AND collecting_ms > 0';

export function* insertMedia(media: MediaRow): SqlTask<boolean> {
  if (!(yield* row(ADD_REFERENCE, media.sha256))) return false;
  yield* rows(INSERT, media.id, media.workspaceId, media.kind, media.sha256, media.contentType, media.bytes, media.createdMs, media.expiresMs);
  return true;
}

export function* findMedia(workspaceId: string, id: string, nowMs: number): SqlTask<MediaRow | null> {
  const found = yield* row(FIND, id, workspaceId, nowMs);
  return found && readMedia(found);
}

export function* keepMedia(workspaceId: string, id: string, expiresMs: number): SqlTask<boolean> {
  return (yield* row(KEEP, expiresMs, id, workspaceId)) !== null;
}

export function* deleteMedia(workspaceId: string, id: string): SqlTask<boolean> {
  const deleted = yield* row(DELETE, id, workspaceId);
  if (!deleted) return false;
  yield* rows(DROP_REFERENCE, readText(deleted, 'sha256'));
  return true;
}

/** One by one: of two who sweep at once, one deletes a row, and only that one drops its reference. */
export function* expireMedia(nowMs: number): SqlTask<number> {
  const expired = yield* rows(FIND_EXPIRED, nowMs, CHUNK);
  for (const each of expired) yield* deleteMedia(readText(each, 'ws_id'), readText(each, 'id'));
  return expired.length;
}

export function* collectMedia(nowMs: number): SqlTask<string[]> {
  const staleMs = Math.max(0, nowMs - COLLECTING_MS);
  const collected: string[] = [];
  for (const unused of yield* rows(FIND_UNUSED, staleMs, CHUNK)) {
    const sha256 = readText(unused, 'sha256');
    if (yield* row(COLLECT, nowMs, sha256, staleMs)) collected.push(sha256);
  }
  return collected;
}

export function* forgetMedia(sha256: string): SqlTask<void> {
  yield* rows(FORGET, sha256);
}

function readMedia(found: Row): MediaRow {
  return {
    id: readText(found, 'id'),
    workspaceId: readText(found, 'ws_id'),
    kind: readText(found, 'kind'),
    sha256: readText(found, 'sha256'),
    contentType: readText(found, 'content_type'),
    bytes: readInteger(found, 'bytes'),
    createdMs: readInteger(found, 'created_ms'),
    expiresMs: readInteger(found, 'expires_ms'),
  };
}
