/** This file holds the calls about developer keys. */
import { advanceClock } from '../clocks.ts';
import { readInteger } from '../columns.ts';
import { insertSql } from '../insert-sql.ts';
import { applyKeyChange, keyColumns, keyValues, readKey } from '../key-rows.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';
import type { KeyChange, KeyRow, Page } from '../store.ts';
import { FIRST } from './pages.ts';

const COLUMNS = keyColumns.join(', ');
const INSERT = insertSql('api_key', keyColumns);
const FIND = `SELECT ${COLUMNS} FROM api_key WHERE id = ? AND deleted = 0`;
/** A deleted key keeps its place in the pages, so its row is asked for whatever it is. */
const FIND_PLACE = 'SELECT created_ms FROM api_key WHERE id = ? AND ws_id = ?';
const LIST = `SELECT ${COLUMNS} FROM api_key
  WHERE ws_id = ? AND deleted = 0 AND (CAST(? AS TEXT) IS NULL OR user_id = ?) AND (created_ms, id) < (?, ?)
  ORDER BY created_ms DESC, id DESC LIMIT ?`;
const UPDATE = `UPDATE api_key SET ${keyColumns.map((column) => `${column} = ?`).join(', ')} WHERE id = ?`;
const REMOVE = 'UPDATE api_key SET deleted = 1, secret_hash = ? WHERE ws_id = ? AND id = ? AND deleted = 0 RETURNING id';
const NO_SECRET = new Uint8Array(0);

export function* insertKey(key: KeyRow): SqlTask<void> {
  yield* advanceClock('access');
  yield* rows(INSERT, ...keyValues(key));
}

export function* findKey(id: string): SqlTask<KeyRow | null> {
  const found = yield* row(FIND, id);
  return found && readKey(found);
}

export function* listKeys(workspaceId: string, userId: string | null, { after, limit }: Page): SqlTask<KeyRow[]> {
  const place = after === null ? FIRST : yield* row(FIND_PLACE, after, workspaceId);
  if (!place) return [];
  return (yield* rows(LIST, workspaceId, userId, userId, readInteger(place, 'created_ms'), after ?? '', limit)).map(readKey);
}

export function* changeKey(workspaceId: string, id: string, change: KeyChange): SqlTask<KeyRow | null> {
  yield* advanceClock('access');
  const key = yield* findKey(id);
  if (key?.workspaceId !== workspaceId) return null;
  const changed = applyKeyChange(key, change);
  yield* rows(UPDATE, ...keyValues(changed), id);
  return changed;
}

export function* deleteKey(workspaceId: string, id: string): SqlTask<boolean> {
  yield* advanceClock('access');
  return (yield* row(REMOVE, NO_SECRET, workspaceId, id)) !== null;
}
