/** This file finds where a SQLite store and the reference ledger differ. */
import type { DatabaseSync } from 'node:sqlite';
import type { ReferenceLedger } from './ledger-reference.suite.ts';

const COUNTERS = 'SELECT id, CAST(cap AS TEXT) AS cap, cap_rev, CAST(used AS TEXT) AS used, CAST(held AS TEXT) AS held, recall_ms FROM counter ORDER BY id';
const LINES = 'SELECT h.id, h.node_id, h.kind, l.counter_id, CAST(l.amount AS TEXT) AS amount FROM hold h LEFT JOIN hold_line l ON l.hold_id = h.id ORDER BY h.id, l.counter_id';
const KEYS = 'SELECT scope, ikey, request_id, state, req_hash FROM idem ORDER BY scope, ikey';
const ROWS = `SELECT id, outcome, CAST(charged_nusd AS TEXT) AS charged, CAST(overrun_nusd AS TEXT) AS lost, overrun_msgs, lines
  FROM usage_event WHERE outcome <> 'refund' ORDER BY id`;
const REFUNDS = "SELECT ref, CAST(SUM(amount) AS TEXT) AS amount FROM transfer WHERE kind = 'refund' GROUP BY ref ORDER BY ref";

/** Compares what is open: counters, holds and keys. Null when both say the same. */
export function findDifference(db: DatabaseSync, reference: ReferenceLedger): string | null {
  return firstDifference('counters', readAll(db, COUNTERS), [...reference.counters].map(([id, { cap, revision, used, recallMs }]) =>
    [id, cap, revision, used, reference.held(id), recallMs]))
    ?? firstDifference('holds', readAll(db, LINES), [...reference.holds.values()].flatMap(({ id, nodeId, isLease, lines }) => {
      const found: [string, bigint | string][] = lines.size === 0 ? [['', '']] : [...lines];
      return found.map((line) => [id, nodeId, isLease ? 'lease' : 'req', ...line]);
    }))
    ?? firstDifference('keys', readAll(db, KEYS), [...reference.keys].map(([id, { requestId, reply, bodyHash }]) =>
      [...splitLast(id), requestId, reply ? 'done' : 'open', bodyHash]));
}

/** Compares what was settled: every usage row, and what was refunded of it. */
export function findRowDifference(db: DatabaseSync, reference: ReferenceLedger): string | null {
  const rows = [...reference.rows];
  const found = db.prepare(ROWS).all().map((row) => Object.values({ ...row, lines: sortedLines(String(row['lines'])) }).join(' | '));
  return firstDifference('usage rows', found, rows.map(([id, { outcome, charged, lostNanoUsd, lostMessages, moved }]) =>
    [id, outcome, charged, lostNanoUsd, lostMessages, [...moved].map(([counterId, amount]) => `${counterId},${amount}`).sort().join(' ')]))
    ?? firstDifference('refunds', readAll(db, REFUNDS), rows.filter(([, { refunded }]) => refunded > 0n).map(([id, { refunded }]) => [id, refunded]));
}

/** In what order a row names its counters is nobody's business. */
function sortedLines(text: string): string {
  const lines: unknown = JSON.parse(text);
  return Array.isArray(lines) ? lines.map(String).sort().join(' ') : text;
}

function readAll(db: DatabaseSync, sql: string): string[] {
  return db.prepare(sql).all().map((row) => Object.values(row).join(' | '));
}

function firstDifference(what: string, found: readonly string[], expected: readonly (readonly unknown[])[]): string | null {
  const wanted = expected.map((values) => values.join(' | ')).sort();
  const there = found.toSorted();
  const at = there.findIndex((line, index) => line !== wanted[index]);
  if (at === -1 && there.length === wanted.length) return null;
  const index = at === -1 ? there.length : at;
  return `${what}: the store has ${there[index] ?? 'nothing more'}, the reference ${wanted[index] ?? 'nothing more'}`;
}

/** The scope and the key, which has no space in it. */
function splitLast(text: string): [string, string] {
  const at = text.lastIndexOf(' ');
  return [text.slice(0, at), text.slice(at + 1)];
}
