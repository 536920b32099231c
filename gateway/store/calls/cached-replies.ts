/** This file holds the calls of the reply cache. Whatever adds or takes away answers of a workspace locks its sum first, so that the sum is never wrong. */
import type { CachedReplyRow, CachedReplyWish } from '../cached-reply-row.ts';
import { readInteger, readText } from '../columns.ts';
import type { Row } from '../columns.ts';
import { insertSql } from '../insert-sql.ts';
import { readSealed } from '../sealed-columns.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';

/** Rows deleted by one statement. */
const CHUNK = 100;

const columns = ['ws_id', 'id', 'kek_id', 'wrapped_key', 'iv', 'ciphertext', 'tag', 'bytes', 'created_ms', 'expires_ms'] as const;
const INSERT = insertSql('cached_reply', columns);
const FIND = `SELECT ${columns.join(', ')} FROM cached_reply WHERE ws_id = ? AND id = ? AND expires_ms > ? AND created_ms > ?`;
const MEASURE = 'SELECT COUNT(*) AS count, CAST(COALESCE(SUM(bytes), 0) AS BIGINT) AS bytes FROM cached_reply WHERE ws_id = ?';
const DELETE_ONE = 'DELETE FROM cached_reply WHERE ws_id = ? AND id = ? RETURNING bytes';
const OLDEST = 'SELECT id, bytes FROM cached_reply WHERE ws_id = ? ORDER BY created_ms, id LIMIT ?';
const SOME = 'SELECT id FROM cached_reply WHERE ws_id = ? ORDER BY created_ms, id LIMIT ?';
const EXPIRED_OF = 'SELECT id FROM cached_reply WHERE ws_id = ? AND expires_ms <= ? ORDER BY expires_ms, id LIMIT ?';
const EXPIRED = 'SELECT ws_id FROM cached_reply WHERE expires_ms <= ? ORDER BY expires_ms, ws_id LIMIT 1';
/** Locks the row of the sum, made where there is none. */
const LOCK = 'INSERT INTO cached_reply_sum (ws_id, bytes) VALUES (?, 0) ON CONFLICT (ws_id) DO UPDATE SET bytes = cached_reply_sum.bytes RETURNING bytes';
const SET_SUM = 'UPDATE cached_reply_sum SET bytes = ? WHERE ws_id = ?';
const FORGET_SUM = 'DELETE FROM cached_reply_sum WHERE ws_id = ? AND bytes = 0';

export function* keepReplies(workspaceId: string, replies: readonly CachedReplyRow[], bytesMax: number): SqlTask<void> {
  let sum = yield* lockSum(workspaceId);
  for (const reply of replies) {
    if (reply.bytes > bytesMax) continue;
    sum -= yield* deleteOne(workspaceId, reply.id);
    sum = yield* makeRoom(workspaceId, { sum, bytesMax: bytesMax - reply.bytes });
    yield* rows(INSERT, workspaceId, reply.id, reply.kekId, reply.wrappedKey, reply.iv, reply.ciphertext, reply.tag, reply.bytes, reply.createdMs, reply.expiresMs);
    sum += reply.bytes;
  }
  yield* rows(SET_SUM, sum, workspaceId);
}

export function* findReply({ workspaceId, id, nowMs, ageMax }: CachedReplyWish): SqlTask<CachedReplyRow | null> {
  const found = yield* row(FIND, workspaceId, id, nowMs, nowMs - ageMax);
  return found && readReply(found);
}

export function* measureReplies(workspaceId: string): SqlTask<{ readonly count: number; readonly bytes: number }> {
  const found = (yield* row(MEASURE, workspaceId)) ?? {};
  return { count: readInteger(found, 'count'), bytes: readInteger(found, 'bytes') };
}

export function* deleteReplies(workspaceId: string): SqlTask<number> {
  return yield* deleteThese(workspaceId, SOME, [workspaceId, CHUNK]);
}

export function* expireReplies(nowMs: number): SqlTask<number> {
  const oldest = yield* row(EXPIRED, nowMs);
  if (!oldest) return 0;
  const workspaceId = readText(oldest, 'ws_id');
  return yield* deleteThese(workspaceId, EXPIRED_OF, [workspaceId, nowMs, CHUNK]);
}

function* lockSum(workspaceId: string): SqlTask<number> {
  return readInteger((yield* row(LOCK, workspaceId)) ?? {}, 'bytes');
}

/** Gives what it took, 0 when it is not there. */
function* deleteOne(workspaceId: string, id: string): SqlTask<number> {
  const gone = yield* row(DELETE_ONE, workspaceId, id);
  return gone ? readInteger(gone, 'bytes') : 0;
}

/** Takes the oldest away until there are at most `bytesMax`; gives how many bytes are left. */
function* makeRoom(workspaceId: string, { sum, bytesMax }: { readonly sum: number; readonly bytesMax: number }): SqlTask<number> {
  let left = sum;
  while (left > bytesMax) {
    const oldest = yield* rows(OLDEST, workspaceId, CHUNK);
    if (oldest.length === 0) return 0;
    for (const each of oldest) {
      if (left <= bytesMax) break;
      left -= yield* deleteOne(workspaceId, readText(each, 'id'));
    }
  }
  return left;
}

function* deleteThese(workspaceId: string, which: string, values: readonly (string | number)[]): SqlTask<number> {
  let sum = yield* lockSum(workspaceId);
  // Read after the lock: nobody else takes them away meanwhile.
  const found = yield* rows(which, ...values);
  for (const each of found) sum -= yield* deleteOne(workspaceId, readText(each, 'id'));
  yield* rows(SET_SUM, sum, workspaceId);
  yield* rows(FORGET_SUM, workspaceId);
  return found.length;
}

function readReply(found: Row): CachedReplyRow {
  return {
    workspaceId: readText(found, 'ws_id'),
    id: readText(found, 'id'),
    ...readSealed(found),
    bytes: readInteger(found, 'bytes'),
    createdMs: readInteger(found, 'created_ms'),
    expiresMs: readInteger(found, 'expires_ms'),
  };
}
