/** This file holds the calls about the gateways on one store: signs of life, and the end of what dead ones have left open. */
import { readInteger, readOneOf, readText } from '../columns.ts';
import type { Row } from '../columns.ts';
import { insertSql } from '../insert-sql.ts';
import { commitEntries } from '../ledger-commit.ts';
import { LEASE_QUIET_MS } from '../ledger-core.ts';
import type { EndEntry } from '../ledger-entries.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';
import type { NodeRow } from '../node-row.ts';
import type { LeaseRecall } from '../store.ts';

/** Part of the work of ending holds, done in one transaction. */
export interface EndedHolds {
  /** Requests whose hold was ended. */
  readonly ended: number;
  /** False: call again. */
  readonly isDone: boolean;
}

/** Holds ended in one transaction: others' commits come in between. */
const CHUNK = 256;
/** A recall is told to the lease's owner for this long, in ms: its clock may be so much behind the asker's. */
const RECALL_MS = 60_000;

const nodeColumns = ['id', 'host', 'pid', 'started', 'beats', 'started_ms'] as const;
const REGISTER = `${insertSql('node', nodeColumns)} ON CONFLICT (id) DO NOTHING`;
const LIST = `SELECT ${nodeColumns.join(', ')} FROM node ORDER BY started_ms, id`;
const FIND = 'SELECT id FROM node WHERE id = ?';
const LOCK = 'SELECT id FROM node WHERE id = ? ORDER BY id {{for_update}}';
const BEAT = 'UPDATE node SET beats = beats + 1 WHERE id = ? RETURNING id';
const REMOVE = 'DELETE FROM node WHERE id = ?';
/** Of a lease given after the quiet that follows a recall, nobody has wanted anything back yet. */
const FIND_RECALLS = `SELECT h.id, h.counter_id FROM counter c JOIN hold h ON h.counter_id = c.id AND h.kind = 'lease'
  WHERE c.recall_ms > 0 AND c.recall_ms > ? AND h.node_id = ? AND h.created_ms < c.recall_ms + ?`;
const FIND_HOLDS = 'SELECT id, kind FROM hold WHERE node_id = ? ORDER BY id LIMIT ?';
const FIND_EXPIRED = "SELECT id, kind FROM hold WHERE expires_ms <= ? AND kind = 'req' ORDER BY expires_ms, id LIMIT ?";
const FORGET_KEYS = 'DELETE FROM idem WHERE expires_ms <= ?';
const FORGET_KEY = "DELETE FROM idem WHERE scope = ? AND ikey = ? AND request_id = ? AND state = 'open'";

const holdKinds = ['req', 'job', 'lease'] as const;
const noCounters: ReadonlySet<string> = new Set();

export function* registerNode(node: NodeRow): SqlTask<void> {
  yield* rows(REGISTER, node.id, node.host, node.pid, node.started, node.beats, node.startedMs);
}

export function* listNodes(): SqlTask<NodeRow[]> {
  return (yield* rows(LIST)).map((found) => ({
    id: readText(found, 'id'),
    host: readText(found, 'host'),
    pid: readInteger(found, 'pid'),
    started: readText(found, 'started'),
    beats: readInteger(found, 'beats'),
    startedMs: readInteger(found, 'started_ms'),
  }));
}

/** What a node is told when it shows that it lives. */
export interface BeatAnswer {
  readonly isFenced: boolean;
  readonly recalled: readonly LeaseRecall[];
}

/** A sign of life that others see. */
export function* beatNode(nodeId: string, nowMs: number): SqlTask<BeatAnswer> {
  return yield* answerBeat(yield* row(BEAT, nodeId), { nodeId, nowMs });
}

/** The same answer, and nothing is written. */
export function* lookAtNode(nodeId: string, nowMs: number): SqlTask<BeatAnswer> {
  return yield* answerBeat(yield* row(FIND, nodeId), { nodeId, nowMs });
}

function* answerBeat(found: Row | null, { nodeId, nowMs }: { nodeId: string; nowMs: number }): SqlTask<BeatAnswer> {
  if (!found) return { isFenced: true, recalled: [] };
  const recalled = yield* rows(FIND_RECALLS, nowMs - RECALL_MS, nodeId, LEASE_QUIET_MS);
  return { isFenced: false, recalled: recalled.map((each) => ({ leaseId: readText(each, 'id'), counterId: readText(each, 'counter_id') })) };
}

/**
 * Ends some of what a dead node holds; with the last of it, the node. The node is locked first: a batch of it that is still on
 * its way is waited for, and one that comes later finds the node gone and gets no lease.
 */
export function* recoverChunk(nodeId: string, nowMs: number): SqlTask<EndedHolds> {
  yield* row(LOCK, nodeId);
  const found = yield* rows(FIND_HOLDS, nodeId, CHUNK);
  const ended = yield* endAll(found, { outcome: 'recovered', nowMs });
  const isDone = found.length < CHUNK;
  if (isDone) yield* rows(REMOVE, nodeId);
  return { ended, isDone };
}

/** Ends some of the holds that are past their time; with the last of them, forgets old idempotency keys. */
export function* sweepChunk(nowMs: number): SqlTask<EndedHolds> {
  const found = yield* rows(FIND_EXPIRED, nowMs, CHUNK);
  const ended = yield* endAll(found, { outcome: 'expired', nowMs });
  const isDone = found.length < CHUNK;
  if (isDone) yield* rows(FORGET_KEYS, nowMs);
  return { ended, isDone };
}

export function* forgetIdempotency(scope: string, key: string, requestId: string): SqlTask<void> {
  yield* rows(FORGET_KEY, scope, key, requestId);
}

function* endAll(found: readonly Row[], { outcome, nowMs }: { outcome: NonNullable<EndEntry['outcome']>; nowMs: number }): SqlTask<number> {
  const entries = found.map((each): EndEntry => ({ kind: 'end', id: readText(each, 'id'), outcome }));
  if (entries.length > 0) yield* commitEntries(entries, { nowMs, known: noCounters, isWary: true });
  return found.filter((each) => readOneOf(each, 'kind', holdKinds) === 'req').length;
}
