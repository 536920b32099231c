/** This file writes what a batch of the ledger has changed: one update for each counter, few statements for all. */
import type { CounterRow, HoldRow, KeyUse, LedgerWrites } from './ledger-rows.ts';
import { evidenceColumns, settledColumns, toValue, usageColumns } from './record-rows.ts';
import { forIds, forRows, tupleOf } from './sql-lists.ts';
import { rows } from './sql-task.ts';
import type { SqlTask, SqlValue } from './sql-task.ts';
import { transferColumns } from './transfer-rows.ts';
import { addSums } from './usage-sums.ts';
import type { AddSumsOptions } from './usage-sums.ts';

const usageAll = [...usageColumns, ...settledColumns];
const evidenceAll = ['id', ...evidenceColumns];
const holdColumns = ['id', 'kind', 'node_id', 'counter_id', 'record', 'idem_scope', 'idem_key', 'created_ms', 'expires_ms'];
const lineColumns = ['hold_id', 'counter_id', 'amount'];
const keyColumns = ['scope', 'ikey', 'req_hash', 'request_id', 'state', 'status', 'content_type', 'body', 'expires_ms'];

/** The types are said, for PostgreSQL can't tell them from a list of values. */
const COUNTER_TUPLE = '(CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT))';
const MOVE_COUNTERS = `WITH v(id, cap, cap_rev, used, held, recall_ms) AS (VALUES {{rows}})
  UPDATE counter SET cap = v.cap, cap_rev = v.cap_rev, used = v.used, held = v.held, recall_ms = v.recall_ms FROM v WHERE counter.id = v.id`;
const LINE_TUPLE = '(CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT))';
const CHANGE_LINES = `WITH v(hold_id, counter_id, amount) AS (VALUES {{rows}})
  UPDATE hold_line SET amount = v.amount FROM v WHERE hold_line.hold_id = v.hold_id AND hold_line.counter_id = v.counter_id`;
const DRAFT_TUPLE = '(CAST(? AS TEXT), CAST(? AS TEXT))';
const CHANGE_DRAFTS = 'WITH v(id, record) AS (VALUES {{rows}}) UPDATE hold SET record = v.record FROM v WHERE hold.id = v.id';
const END_HOLDS = 'DELETE FROM hold WHERE id IN ({{ids}})';
const END_LINES = 'DELETE FROM hold_line WHERE hold_id IN ({{ids}})';
const KEY_TUPLE = '(CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT))';
const FREE_KEYS = `WITH v(scope, ikey, request_id) AS (VALUES {{rows}})
  DELETE FROM idem WHERE (scope, ikey, request_id) IN (SELECT scope, ikey, request_id FROM v)`;
const ADD_HOLDS = insertRows('hold', holdColumns);
const ADD_LINES = insertRows('hold_line', lineColumns);
const ADD_USAGE = insertRows('usage_event', usageAll);
const ADD_EVIDENCE = insertRows('request_log', evidenceAll);
const ADD_TRANSFERS = insertRows('transfer', transferColumns);
/** No ON CONFLICT: of two nodes that claim a key at once, the second must not take it from the first. */
const ADD_KEYS = insertRows('idem', keyColumns);
const FINISH_KEY = "UPDATE idem SET state = 'done', status = ?, content_type = ?, body = ? WHERE scope = ? AND ikey = ? AND request_id = ?";

/** Writes everything, in the transaction in which it was read and decided. What is ended goes before what is new: an id may be both. */
export function* writeAll(writes: LedgerWrites, summing: AddSumsOptions): SqlTask<void> {
  yield* addUsage(writes);
  yield* forRows(MOVE_COUNTERS, COUNTER_TUPLE, writes.counters.map(counterValues));
  yield* forRows(CHANGE_LINES, LINE_TUPLE, writes.changedLines.map(({ holdId, counterId, amount }) => [holdId, counterId, toValue(amount)]));
  yield* forRows(CHANGE_DRAFTS, DRAFT_TUPLE, writes.drafts.map(({ id, draft }) => [id, draft]));
  yield* forIds(END_LINES, writes.endedHolds);
  yield* forIds(END_HOLDS, writes.endedHolds);
  yield* forRows(ADD_HOLDS, tupleOf(holdColumns), writes.newHolds.map(holdValues));
  yield* forRows(ADD_LINES, tupleOf(lineColumns), writes.newHolds.flatMap(lineValues));
  yield* forRows(FREE_KEYS, KEY_TUPLE, writes.freedKeys.map(({ scope, key, requestId }) => [scope, key, requestId]));
  yield* forRows(ADD_KEYS, tupleOf(keyColumns), writes.newKeys.map(keyValues));
  for (const use of writes.finishedKeys) yield* rows(FINISH_KEY, use.status, use.contentType, use.body, use.scope, use.key, use.requestId);
  yield* addSums(writes, summing);
}

/** Adds usage rows, their evidence and their transfers; the primary key of the first refuses what was settled before. */
export function* addUsage({ usage, evidence, transfers }: Pick<LedgerWrites, 'usage' | 'evidence' | 'transfers'>): SqlTask<void> {
  yield* forRows(ADD_USAGE, tupleOf(usageAll), usage);
  yield* forRows(ADD_EVIDENCE, tupleOf(evidenceAll), evidence);
  yield* forRows(ADD_TRANSFERS, tupleOf(transferColumns), transfers);
}

/** Moves counters to what they are by now. */
export function* moveCounters(counters: readonly CounterRow[]): SqlTask<void> {
  yield* forRows(MOVE_COUNTERS, COUNTER_TUPLE, counters.map(counterValues));
}

function insertRows(table: string, columns: readonly string[]): string {
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES {{rows}}`;
}

function counterValues({ id, cap, capRevision, used, held, recallMs }: CounterRow): SqlValue[] {
  return [id, cap === null ? null : toValue(cap), capRevision, toValue(used), toValue(held), recallMs];
}

function holdValues(hold: HoldRow): SqlValue[] {
  return [
    hold.id, hold.kind, hold.nodeId, hold.counterId, hold.draft, hold.idempotency?.scope ?? null, hold.idempotency?.key ?? null,
    hold.createdMs, hold.expiresMs,
  ];
}

function lineValues({ id, lines }: HoldRow): SqlValue[][] {
  return [...lines].map(([counterId, amount]) => [id, counterId, toValue(amount)]);
}

function keyValues(use: KeyUse): SqlValue[] {
  return [use.scope, use.key, use.bodyHash, use.requestId, use.state, use.status, use.contentType, use.body, use.expiresMs];
}
