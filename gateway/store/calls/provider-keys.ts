/** This file holds the calls about the provider keys workspaces have stored: sealed envelopes, opened elsewhere. */
import { providerKeyColumns, providerKeyValues, readProviderKey } from '../budget-rows.ts';
import { advanceClock } from '../clocks.ts';
import { insertSql } from '../insert-sql.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';
import type { Page, ProviderKeyRow } from '../store.ts';
import { LAST_ID } from './pages.ts';

const COLUMNS = providerKeyColumns.join(', ');
const INSERT = insertSql('provider_key', providerKeyColumns);
const FIND = `SELECT ${COLUMNS} FROM provider_key WHERE ws_id = ? AND id = ?`;
const LIST = `SELECT ${COLUMNS} FROM provider_key WHERE ws_id = ? AND id < ? ORDER BY id DESC LIMIT ?`;
const DELETE = 'DELETE FROM provider_key WHERE ws_id = ? AND id = ? RETURNING id';

/** Rejects when the workspace has a key for this provider already. */
export function* insertProviderKey(key: ProviderKeyRow): SqlTask<ProviderKeyRow> {
  const made = { ...key, revision: yield* advanceClock('access') };
  yield* rows(INSERT, ...providerKeyValues(made));
  return made;
}

export function* findProviderKey(workspaceId: string, id: string): SqlTask<ProviderKeyRow | null> {
  const found = yield* row(FIND, workspaceId, id);
  return found && readProviderKey(found);
}

export function* listProviderKeys(workspaceId: string, { after, limit }: Page): SqlTask<ProviderKeyRow[]> {
  return (yield* rows(LIST, workspaceId, after ?? LAST_ID, limit)).map(readProviderKey);
}

export function* deleteProviderKey(workspaceId: string, id: string): SqlTask<boolean> {
  yield* advanceClock('access');
  return (yield* row(DELETE, workspaceId, id)) !== null;
}
