/** This file holds the calls about eval sets and their prompts. */
import { evalItemColumns, evalItemValues, evalSetColumns, evalSetValues, readEvalItem, readEvalSet, selectionOf } from '../eval-columns.ts';
import type { EvalItemRow, EvalSetChange, EvalSetRow } from '../eval-row.ts';
import { insertSql } from '../insert-sql.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';
import type { Page } from '../store.ts';
import { LAST_ID } from './pages.ts';

const SET = selectionOf(evalSetColumns);
const ITEM = selectionOf(evalItemColumns);
const INSERT = insertSql('eval_set', evalSetColumns);
const FIND = `SELECT ${SET} FROM eval_set WHERE ws_id = ? AND id = ?`;
const LIST = `SELECT ${SET} FROM eval_set WHERE ws_id = ? AND id < ? ORDER BY id DESC LIMIT ?`;
const CHANGE = `UPDATE eval_set SET name = COALESCE(?, name), description = COALESCE(?, description), kek_id = COALESCE(?, kek_id), wrapped_key = COALESCE(?, wrapped_key),
  iv = COALESCE(?, iv), ciphertext = COALESCE(?, ciphertext), tag = COALESCE(?, tag), changed_ms = ? WHERE ws_id = ? AND id = ? RETURNING ${SET}`;
const DELETE = 'DELETE FROM eval_set WHERE ws_id = ? AND id = ? RETURNING id';
const DELETE_ITEMS = 'DELETE FROM eval_item WHERE set_id = ?';
/** Its runs are over, and their time is. */
const ABANDON = "UPDATE eval_run SET state = CASE WHEN state = 'completed' THEN state ELSE 'cancelled' END, fence = fence + 1, expires_ms = 0 WHERE set_id = ?";
const COUNT = 'UPDATE eval_set SET items = items + ?, changed_ms = ? WHERE ws_id = ? AND id = ? AND items + ? <= ? RETURNING items';
const INSERT_ITEM = insertSql('eval_item', evalItemColumns);
const LIST_ITEMS = `SELECT ${ITEM} FROM eval_item WHERE set_id = ? AND id > ? AND ws_id = ? ORDER BY id LIMIT ?`;
const DELETE_ITEM = 'DELETE FROM eval_item WHERE ws_id = ? AND set_id = ? AND id = ? RETURNING id';
const UNCOUNT = 'UPDATE eval_set SET items = items - 1 WHERE id = ?';

export function* insertEval(set: EvalSetRow): SqlTask<void> {
  yield* rows(INSERT, ...evalSetValues(set));
}

export function* findEval(workspaceId: string, id: string): SqlTask<EvalSetRow | null> {
  const found = yield* row(FIND, workspaceId, id);
  return found && readEvalSet(found);
}

export function* listEvals(workspaceId: string, { after, limit }: Page): SqlTask<EvalSetRow[]> {
  return (yield* rows(LIST, workspaceId, after ?? LAST_ID, limit)).map(readEvalSet);
}

export function* changeEval(workspaceId: string, id: string, { name, description, sealed, changedMs }: EvalSetChange): SqlTask<EvalSetRow | null> {
  const changed = yield* row(
    CHANGE, name ?? null, description ?? null, sealed?.kekId ?? null, sealed?.wrappedKey ?? null, sealed?.iv ?? null, sealed?.ciphertext ?? null, sealed?.tag ?? null,
    changedMs, workspaceId, id,
  );
  return changed && readEvalSet(changed);
}

export function* deleteEval(workspaceId: string, id: string): SqlTask<boolean> {
  if (!(yield* row(DELETE, workspaceId, id))) return false;
  yield* rows(DELETE_ITEMS, id);
  yield* rows(ABANDON, id);
  return true;
}

export function* insertEvalItems(
  workspaceId: string, setId: string, { items, max, nowMs }: { readonly items: readonly EvalItemRow[]; readonly max: number; readonly nowMs: number },
): SqlTask<'added' | 'not_found' | 'too_many'> {
  const counted = yield* row(COUNT, items.length, nowMs, workspaceId, setId, items.length, max);
  if (!counted) return (yield* row(FIND, workspaceId, setId)) ? 'too_many' : 'not_found';
  for (const item of items) yield* rows(INSERT_ITEM, ...evalItemValues(item));
  return 'added';
}

export function* listEvalItems(workspaceId: string, setId: string, { after, limit }: Page): SqlTask<EvalItemRow[]> {
  return (yield* rows(LIST_ITEMS, setId, after ?? '', workspaceId, limit)).map(readEvalItem);
}

export function* deleteEvalItem(workspaceId: string, setId: string, id: string): SqlTask<boolean> {
  if (!(yield* row(DELETE_ITEM, workspaceId, setId, id))) return false;
  yield* rows(UNCOUNT, setId);
  return true;
}
