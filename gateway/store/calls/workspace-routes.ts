/** This file holds the calls about the routes workspaces have put for themselves. */
import { advanceClock } from '../clocks.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';

const PUT = `INSERT INTO workspace_route (ws_id, id, body, rev, changed_ms) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (ws_id, id) DO UPDATE SET body = excluded.body, rev = excluded.rev, changed_ms = excluded.changed_ms`;
const DELETE = 'DELETE FROM workspace_route WHERE ws_id = ? AND id = ? RETURNING id';

export function* putWorkspaceRoute(workspaceId: string, id: string, given: { readonly body: string; readonly changedMs: number }): SqlTask<void> {
  const revision = yield* advanceClock('access');
  yield* rows(PUT, workspaceId, id, given.body, revision, given.changedMs);
}

export function* deleteWorkspaceRoute(workspaceId: string, id: string): SqlTask<boolean> {
  yield* advanceClock('access');
  return (yield* row(DELETE, workspaceId, id)) !== null;
}
