/** This file holds the calls about workspaces. */
import { advanceClock } from '../clocks.ts';
import { readInteger } from '../columns.ts';
import { insertSql } from '../insert-sql.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';
import type { Role } from '../../foundation/terms.ts';
import type { Page, WorkspaceChange, WorkspaceRow } from '../store.ts';
import { readRole, readWorkspace, workspaceColumns, workspaceValues } from '../workspace-rows.ts';
import { insertMember } from './members.ts';
import { OLDEST } from './pages.ts';

const COLUMNS = workspaceColumns.join(', ');
const INSERT = `${insertSql('workspace', workspaceColumns)} ON CONFLICT (id) DO NOTHING`;
const FIND = `SELECT ${COLUMNS} FROM workspace WHERE id = ?`;
const UPDATE = `UPDATE workspace SET ${workspaceColumns.map((column) => `${column} = ?`).join(', ')} WHERE id = ?`;
const LIST = `SELECT ${COLUMNS} FROM workspace WHERE (created_ms, id) > (?, ?) ORDER BY created_ms, id LIMIT ?`;
const LIST_OF = `SELECT ${workspaceColumns.map((column) => `w.${column}`).join(', ')}, m.role
  FROM member m JOIN workspace w ON w.id = m.ws_id WHERE m.user_id = ? ORDER BY w.created_ms, w.id`;

/** One that is made twice is one: processes that start at once on an empty store all try. */
export function* createWorkspace(workspace: WorkspaceRow, ownerId?: string): SqlTask<void> {
  const revision = yield* advanceClock('access');
  yield* rows(INSERT, ...workspaceValues({ ...workspace, revision }));
  if (ownerId !== undefined) yield* insertMember(workspace.id, ownerId, { role: 'owner', createdMs: workspace.createdMs });
}

export function* findWorkspace(id: string): SqlTask<WorkspaceRow | null> {
  const found = yield* row(FIND, id);
  return found && readWorkspace(found);
}

export function* changeWorkspace(id: string, change: WorkspaceChange): SqlTask<WorkspaceRow | null> {
  const revision = yield* advanceClock('access');
  const workspace = yield* findWorkspace(id);
  if (!workspace) return null;
  const changed: WorkspaceRow = {
    ...workspace,
    name: change.name ?? workspace.name,
    planId: change.planId ?? workspace.planId,
    billing: change.billing ?? workspace.billing,
    limits: change.limits ?? workspace.limits,
    isSuspended: change.isSuspended ?? workspace.isSuspended,
    keptBodies: change.keptBodies ?? workspace.keptBodies,
    bodyDays: change.bodyDays ?? workspace.bodyDays,
    replyCache: { ...workspace.replyCache, ...change.replyCache },
    revision,
  };
  yield* rows(UPDATE, ...workspaceValues(changed), id);
  return changed;
}

export function* listWorkspaces({ after, limit }: Page): SqlTask<WorkspaceRow[]> {
  const place = after === null ? OLDEST : yield* row('SELECT created_ms FROM workspace WHERE id = ?', after);
  if (!place) return [];
  return (yield* rows(LIST, readInteger(place, 'created_ms'), after ?? '', limit)).map(readWorkspace);
}

export function* listWorkspacesOf(userId: string): SqlTask<{ readonly workspace: WorkspaceRow; readonly role: Role }[]> {
  return (yield* rows(LIST_OF, userId)).map((each) => ({ workspace: readWorkspace(each), role: readRole(each) }));
}
