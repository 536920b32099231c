/** This file holds the call that reads, for one key, everything its requests are judged by. */
import { BUDGET_SELECTION, readBudget, readOwnKey } from '../budget-rows.ts';
import { readInteger, readText } from '../columns.ts';
import { keyColumns, readKey } from '../key-rows.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';
import type { AccessRow } from '../store.ts';
import { readRole, readWorkspace, workspaceColumns } from '../workspace-rows.ts';

/** A key whose user is not there belongs to nobody, which is no better than to somebody disabled. */
const FIND_KEY = `SELECT ${keyColumns.map((column) => `k.${column}`).join(', ')}, COALESCE(u.disabled, 1) AS user_disabled
  FROM api_key k LEFT JOIN app_user u ON u.id = k.user_id WHERE k.id = ? AND k.deleted = 0`;
const FIND_MEMBERSHIP = `SELECT ${workspaceColumns.map((column) => `w.${column}`).join(', ')}, m.role
  FROM member m JOIN workspace w ON w.id = m.ws_id WHERE m.ws_id = ? AND m.user_id = ?`;
const LIST_BUDGETS = `SELECT ${BUDGET_SELECTION} FROM budget WHERE ws_id = ? ORDER BY created_ms, id`;
const LIST_OWN_KEYS = 'SELECT id, provider, rev FROM provider_key WHERE ws_id = ? ORDER BY id';

const LIST_ROUTES = 'SELECT id, body FROM workspace_route WHERE ws_id = ? ORDER BY id';

export function* findAccess(keyId: string, workspaceId: string | null): SqlTask<AccessRow | null> {
  const found = yield* row(FIND_KEY, keyId);
  if (!found) return null;
  const key = readKey(found);
  const judged = { key, isUserDisabled: readInteger(found, 'user_disabled') === 1 };
  const asked = workspaceId ?? key.workspaceId;
  const membership = yield* row(FIND_MEMBERSHIP, asked, key.userId);
  if (!membership) return { ...judged, membership: null, budgets: [], ownKeys: [], routes: [] };
  return {
    ...judged,
    membership: { workspace: readWorkspace(membership), role: readRole(membership) },
    budgets: (yield* rows(LIST_BUDGETS, asked)).map(readBudget),
    ownKeys: (yield* rows(LIST_OWN_KEYS, asked)).map(readOwnKey),
    routes: (yield* rows(LIST_ROUTES, asked)).map((each) => ({ id: readText(each, 'id'), body: readText(each, 'body') })),
  };
}
