/** This file undoes a hold that was refused because the connection broke, where the database had taken it all the same. */
import type { HoldOp, LeaseChange } from '../foundation/ledger.ts';
import { readBigInt, readText, readTextOrNull } from './columns.ts';
import { NEVER_MS } from './ledger-core.ts';
import { row, rows } from './sql-task.ts';
import type { SqlTask } from './sql-task.ts';

const FIND_NODE = 'SELECT id FROM node WHERE id = ? {{for_key_share}}';
const FIND_HOLD = "SELECT id FROM hold WHERE id = ? AND kind = 'req'";
const FIND_LINES = 'SELECT counter_id, CAST(amount AS TEXT) AS amount FROM hold_line WHERE hold_id = ?';
const ADD_HELD = 'UPDATE counter SET held = held + ? WHERE id = ?';
const FREE_KEY = "DELETE FROM idem WHERE scope = ? AND ikey = ? AND request_id = ? AND state = 'open'";
const OPEN_LEASE = `INSERT INTO hold (id, kind, node_id, counter_id, created_ms, expires_ms) VALUES (?, 'lease', ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;
const ADD_TO_LEASE = `INSERT INTO hold_line (hold_id, counter_id, amount) VALUES (?, ?, ?)
  ON CONFLICT (hold_id, counter_id) DO UPDATE SET amount = hold_line.amount + excluded.amount`;

/**
 * Releases the hold and frees its idempotency key. Its gateway was told that nothing was taken and goes on with what it had
 * leased, so what the hold gave back is leased to it again, as far as nobody else has taken it. Does nothing where there is no hold.
 */
export function* undoHold(op: HoldOp): SqlTask<void> {
  const node = yield* row(FIND_NODE, op.nodeId);
  const lines = yield* rows(FIND_LINES, op.id);
  const counterIds = [...lines.map((line) => readText(line, 'counter_id')), ...op.giveBack.map(({ counterId }) => counterId)];
  const free = yield* lockCounters([...new Set(counterIds)]);
  // Looked at again under the locks: somebody may have ended it meanwhile.
  if (!(yield* row(FIND_HOLD, op.id))) return;
  for (const line of yield* rows(FIND_LINES, op.id)) {
    const counterId = readText(line, 'counter_id');
    const amount = readBigInt(line, 'amount');
    yield* rows(ADD_HELD, -amount, counterId);
    free.add(counterId, amount);
  }
  yield* rows('DELETE FROM hold_line WHERE hold_id = ?', op.id);
  yield* rows('DELETE FROM hold WHERE id = ?', op.id);
  if (op.idempotency) yield* rows(FREE_KEY, op.idempotency.scope, op.idempotency.key, op.id);
  if (!node) return;
  for (const change of op.giveBack) yield* leaseAgain(op, change, free);
}

function* leaseAgain(op: HoldOp, { leaseId, counterId, amount }: LeaseChange, free: Free): SqlTask<void> {
  const given = free.take(counterId, amount);
  if (given <= 0n) return;
  yield* rows(OPEN_LEASE, leaseId, op.nodeId, counterId, op.nowMs, NEVER_MS);
  yield* rows(ADD_TO_LEASE, leaseId, counterId, given);
  yield* rows(ADD_HELD, given, counterId);
}

/** What is free of the counters that are locked. */
interface Free {
  add(counterId: string, amount: bigint): void;
  /** Takes an amount, or as much as there is. */
  take(counterId: string, amount: bigint): bigint;
}

function* lockCounters(ids: readonly string[]): SqlTask<Free> {
  const rooms = new Map<string, bigint | null>();
  if (ids.length > 0) {
    const places = ids.map(() => '?').join(', ');
    const found = yield* rows(`SELECT id, CAST(cap - used - held AS TEXT) AS room FROM counter WHERE id IN (${places}) ORDER BY id {{for_update}}`, ...ids);
    for (const each of found) rooms.set(readText(each, 'id'), readTextOrNull(each, 'room') === null ? null : readBigInt(each, 'room'));
  }
  return {
    add(counterId, amount) {
      const room = rooms.get(counterId);
      if (typeof room === 'bigint') rooms.set(counterId, room + amount);
    },
    take(counterId, amount) {
      const room = rooms.get(counterId);
      if (room === undefined) return 0n;
      if (room === null || room >= amount) {
        if (room !== null) rooms.set(counterId, room - amount);
        return amount;
      }
      rooms.set(counterId, room > 0n ? 0n : room);
      return room > 0n ? room : 0n;
    },
  };
}
