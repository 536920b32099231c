/** This file holds the calls that state a balance: what it was at a moment, and what moved it from then on, the oldest first. */
import { walletId } from '../../foundation/ledger.ts';
import type { TransferRow } from '../../foundation/ledger.ts';
import { readBigInt, readInteger } from '../columns.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';
import type { LedgerFilter, Page } from '../store.ts';
import { readTransfer, transferKinds, TRANSFER_SELECTION } from '../transfer-rows.ts';

const FIND_PLACE = 'SELECT ts_ms FROM transfer WHERE id = ? AND ws_id = ?';
const LIST = `SELECT ${TRANSFER_SELECTION} FROM transfer
  WHERE ws_id = ? AND kind IN (${transferKinds.map(() => '?').join(', ')}) AND ts_ms >= ? AND ts_ms < ? AND (ts_ms, id) > (?, ?)
  ORDER BY ts_ms, id LIMIT ?`;
/** One statement, so that wallet and transfers are of one moment. What was asked for lately is cheap: the transfers since are taken back. */
const BALANCE = `SELECT CAST(
    COALESCE((SELECT cap - used FROM counter WHERE id = ?), 0)
    - COALESCE((SELECT SUM(CASE WHEN credit_acct = ? THEN amount WHEN debit_acct = ? THEN -amount ELSE 0 END) FROM transfer WHERE ws_id = ? AND ts_ms >= ?), 0)
  AS TEXT) AS balance`;

export function* balanceBefore(workspaceId: string, ms: number): SqlTask<bigint> {
  const wallet = walletId(workspaceId);
  return readBigInt((yield* row(BALANCE, wallet, wallet, wallet, workspaceId, ms)) ?? {}, 'balance');
}

export function* listTransfersOldestFirst({ workspaceId, kinds, fromMs, toMs }: LedgerFilter, { after, limit }: Page): SqlTask<TransferRow[]> {
  const place = after === null ? null : yield* row(FIND_PLACE, after, workspaceId);
  if (after !== null && !place) return [];
  const afterMs = place ? readInteger(place, 'ts_ms') : -1;
  const asked = transferKinds.map((kind) => (kinds === null || kinds.includes(kind) ? kind : ''));
  // The bound on the time is what the index is entered by; the cursor then tells equal times apart.
  const startMs = Math.max(fromMs ?? 0, afterMs);
  return (yield* rows(LIST, workspaceId, ...asked, startMs, toMs ?? Number.MAX_SAFE_INTEGER, afterMs, after ?? '', limit)).map(readTransfer);
}
