/** This file holds the calls about jobs: made with their hold, claimed by one gateway at a time, ended with their settlement. */
import type { HoldAnswer, HoldOp, KeptReply } from '../../foundation/ledger.ts';
import type { RequestRecord } from '../../foundation/terms.ts';
import { readInteger, readOneOf, readText } from '../columns.ts';
import type { Row } from '../columns.ts';
import { insertSql } from '../insert-sql.ts';
import { jobColumns, jobValues, mediaText, readJob } from '../job-columns.ts';
import type { JobDeletion, JobEnding, JobPage, JobRow, JobStep } from '../job-row.ts';
import { commitEntries } from '../ledger-commit.ts';
import { toEntry } from '../ledger-entries.ts';
import { draftText } from '../record-rows.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask, SqlValue } from '../sql-task.ts';
import { deleteMedia, keepMedia } from './media.ts';
import { LAST_ID } from './pages.ts';

/** Jobs deleted in one transaction. */
const CHUNK = 100;

const COLUMNS = jobColumns.join(', ');
const OPEN = "state IN ('queued', 'submitting', 'running', 'storing')";
const ENDED = "state IN ('completed', 'failed')";
const INSERT = insertSql('job', jobColumns);
const ANSWER_KEY = "UPDATE idem SET state = 'done', status = ?, content_type = ?, body = ? WHERE scope = ? AND ikey = ? AND request_id = ?";
const FIND = `SELECT ${COLUMNS} FROM job WHERE ws_id = ? AND id = ? AND hidden = 0`;
const LIST_DOWN = `SELECT ${COLUMNS} FROM job WHERE ws_id = ? AND id < ? AND hidden = 0 ORDER BY id DESC LIMIT ?`;
const LIST_UP = `SELECT ${COLUMNS} FROM job WHERE ws_id = ? AND id > ? AND hidden = 0 ORDER BY id LIMIT ?`;
/** A job somebody else is just claiming is passed over. */
const FIND_DUE = `SELECT id FROM job WHERE ${OPEN} AND run_at <= ? AND lease_until <= ? ORDER BY run_at, id LIMIT ? {{for_update_skip_locked}}`;
const CLAIM = `UPDATE job SET fence = fence + 1, lease_until = ? WHERE id = ? RETURNING ${COLUMNS}`;
const RENEW = `UPDATE job SET lease_until = ? WHERE id = ? AND fence = ? AND ${OPEN} RETURNING id`;
const STEP = `UPDATE job SET state = COALESCE(?, state), upstream_id = COALESCE(?, upstream_id), progress = COALESCE(?, progress), result = COALESCE(?, result),
  failures = COALESCE(?, failures), run_at = COALESCE(?, run_at), lease_until = CASE WHEN ? = 1 THEN 0 ELSE lease_until END
  WHERE id = ? AND fence = ? AND ${OPEN} RETURNING id`;
const FINISH = `UPDATE job SET state = ?, media = ?, error_code = ?, error_message = ?, progress = CASE WHEN ? = 'completed' THEN 100 ELSE progress END,
  completed_ms = ?, expires_ms = ?, lease_until = 0 WHERE id = ? AND fence = ? AND ${OPEN} RETURNING request_id, ws_id, hidden`;
const LOCK = 'SELECT id, state, request_id FROM job WHERE ws_id = ? AND id = ? AND hidden = 0 {{for_update}}';
const HIDE = 'UPDATE job SET hidden = 1 WHERE id = ?';
const DELETE = 'DELETE FROM job WHERE id = ? RETURNING media';
const FIND_EXPIRED = `SELECT id, ws_id FROM job WHERE ${ENDED} AND expires_ms <= ? ORDER BY expires_ms, id LIMIT ?`;

const noCounters: ReadonlySet<string> = new Set();
const states = ['queued', 'submitting', 'running', 'storing', 'completed', 'failed'] as const;

export function* createJob(hold: HoldOp, job: JobRow, reply: KeptReply): SqlTask<HoldAnswer> {
  const { answers: [answer] } = yield* commitEntries([toEntry(hold)], { nowMs: hold.nowMs, known: noCounters, isWary: true });
  if (!answer || answer.kind === 'leased' || answer.kind === 'done') throw new Error('a hold was not answered');
  if (answer.kind !== 'granted') return answer;
  yield* rows(INSERT, ...jobValues(job));
  const { idempotency, id } = hold;
  if (idempotency) yield* rows(ANSWER_KEY, reply.status, reply.contentType, reply.body, idempotency.scope, idempotency.key, id);
  return answer;
}

export function* findJob(workspaceId: string, id: string): SqlTask<JobRow | null> {
  const found = yield* row(FIND, workspaceId, id);
  return found && readJob(found);
}

export function* listJobs(workspaceId: string, { after, limit, isAscending }: JobPage): SqlTask<JobRow[]> {
  const found = isAscending ? yield* rows(LIST_UP, workspaceId, after ?? '', limit) : yield* rows(LIST_DOWN, workspaceId, after ?? LAST_ID, limit);
  return found.map(readJob);
}

export function* claimJobs(nowMs: number, leaseMs: number, limit: number): SqlTask<JobRow[]> {
  const claimed: JobRow[] = [];
  for (const due of yield* rows(FIND_DUE, nowMs, nowMs, limit)) {
    const found = yield* row(CLAIM, nowMs + leaseMs, readText(due, 'id'));
    if (found) claimed.push(readJob(found));
  }
  return claimed;
}

export function* renewJob(id: string, fence: number, untilMs: number): SqlTask<boolean> {
  return (yield* row(RENEW, untilMs, id, fence)) !== null;
}

export function* stepJob(id: string, fence: number, step: JobStep): SqlTask<boolean> {
  const { state, upstreamId, progress, result, failures, runAtMs } = step;
  const values: SqlValue[] = [state ?? null, upstreamId ?? null, progress ?? null, result ?? null, failures ?? null, runAtMs ?? null, runAtMs === undefined ? 0 : 1];
  return (yield* row(STEP, ...values, id, fence)) !== null;
}

export function* finishJob(id: string, fence: number, ending: JobEnding): SqlTask<boolean> {
  const { state, media, error, record, endedMs, expiresMs } = ending;
  const found = yield* row(FINISH, state, mediaText(media), error?.code ?? null, error?.message ?? null, state, endedMs, expiresMs, id, fence);
  if (!found) return false;
  yield* settleJob(readText(found, 'request_id'), record, endedMs);
  // What nobody can ask for any more is not kept.
  if (readInteger(found, 'hidden') === 1) yield* rows(DELETE, id);
  else for (const mediaId of Object.values(media ?? {})) yield* keepMedia(readText(found, 'ws_id'), mediaId, expiresMs);
  return true;
}

export function* deleteJob(workspaceId: string, id: string, { cancelled, nowMs }: { readonly cancelled: RequestRecord; readonly nowMs: number }): SqlTask<JobDeletion | null> {
  const found = yield* row(LOCK, workspaceId, id);
  if (!found) return null;
  switch (readOneOf(found, 'state', states)) {
    case 'queued':
      yield* settleJob(readText(found, 'request_id'), cancelled, nowMs);
      yield* rows(DELETE, id);
      return { kind: 'cancelled' };
    case 'submitting':
    case 'running':
    case 'storing':
      yield* rows(HIDE, id);
      return { kind: 'hidden' };
    case 'completed':
    case 'failed':
      return { kind: 'deleted', media: yield* removeJob(workspaceId, id) };
  }
}

/** One by one: of two who sweep at once, one deletes a job. */
export function* sweepJobs(nowMs: number): SqlTask<number> {
  const expired = yield* rows(FIND_EXPIRED, nowMs, CHUNK);
  for (const each of expired) yield* removeJob(readText(each, 'ws_id'), readText(each, 'id'));
  return expired.length;
}

/** With its media. */
function* removeJob(workspaceId: string, id: string): SqlTask<string[]> {
  const deleted: Row | null = yield* row(DELETE, id);
  const media: unknown = deleted && typeof deleted['media'] === 'string' ? JSON.parse(deleted['media']) : null;
  const ids = typeof media === 'object' && media !== null ? Object.values(media).filter((each): each is string => typeof each === 'string') : [];
  for (const mediaId of ids) yield* deleteMedia(workspaceId, mediaId);
  return ids;
}

/** The hold ends with this row, and is charged by its own lines. */
function* settleJob(requestId: string, record: RequestRecord, nowMs: number): SqlTask<void> {
  yield* commitEntries([{ kind: 'end', id: requestId, outcome: null, record: draftText(record) }], { nowMs, known: noCounters, isWary: true });
}
