/** This file holds the calls about who belongs to a workspace. */
import { advanceClock } from '../clocks.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';
import type { Role } from '../../foundation/terms.ts';
import type { MemberChange, MemberRow, Page } from '../store.ts';
import { readMember, userColumns } from '../workspace-rows.ts';

const MEMBERS = `SELECT ${userColumns.map((column) => `u.${column}`).join(', ')}, m.ws_id, m.role, m.created_ms AS joined_ms
  FROM member m JOIN app_user u ON u.id = m.user_id WHERE m.ws_id = ?`;
const FIND = `${MEMBERS} AND m.user_id = ?`;
const LIST = `${MEMBERS} AND m.user_id > ? ORDER BY m.user_id LIMIT ?`;
const INSERT = 'INSERT INTO member (ws_id, user_id, role, created_ms) VALUES (?, ?, ?, ?) ON CONFLICT (ws_id, user_id) DO NOTHING RETURNING user_id';
const UPDATE = 'UPDATE member SET role = ? WHERE ws_id = ? AND user_id = ?';
const REMOVE = 'DELETE FROM member WHERE ws_id = ? AND user_id = ?';
const REVOKE_KEYS = 'UPDATE api_key SET revoked_ms = ? WHERE ws_id = ? AND user_id = ? AND revoked_ms IS NULL';
const FIND_OTHER_OWNER = "SELECT user_id FROM member WHERE ws_id = ? AND role = 'owner' AND user_id <> ? LIMIT 1";

export function* addMember(workspaceId: string, userId: string, given: { readonly role: Role; readonly createdMs: number }): SqlTask<boolean> {
  yield* advanceClock('access');
  return yield* insertMember(workspaceId, userId, given);
}

/** Within a write that has advanced its clock. */
export function* insertMember(workspaceId: string, userId: string, given: { readonly role: Role; readonly createdMs: number }): SqlTask<boolean> {
  return (yield* row(INSERT, workspaceId, userId, given.role, given.createdMs)) !== null;
}

/** The oldest users first, by their ids: a member's place stays when the member is gone. */
export function* listMembers(workspaceId: string, { after, limit }: Page): SqlTask<MemberRow[]> {
  return (yield* rows(LIST, workspaceId, after ?? '', limit)).map(readMember);
}

export function* findMember(workspaceId: string, userId: string): SqlTask<MemberRow | null> {
  const found = yield* row(FIND, workspaceId, userId);
  return found && readMember(found);
}

export function* changeMember(workspaceId: string, userId: string, role: Role): SqlTask<MemberChange> {
  yield* advanceClock('access');
  const member = yield* findMember(workspaceId, userId);
  if (!member) return 'not_found';
  if (role !== 'owner' && (yield* isLastOwner(member))) return 'last_owner';
  yield* rows(UPDATE, role, workspaceId, userId);
  return { ...member, role };
}

export function* removeMember(workspaceId: string, userId: string, nowMs: number): SqlTask<MemberChange> {
  yield* advanceClock('access');
  const member = yield* findMember(workspaceId, userId);
  if (!member) return 'not_found';
  if (yield* isLastOwner(member)) return 'last_owner';
  yield* rows(REMOVE, workspaceId, userId);
  yield* rows(REVOKE_KEYS, nowMs, workspaceId, userId);
  return member;
}

/** Two owners can't leave at once and find each other there: writes under one clock run one after the other. */
function* isLastOwner(member: MemberRow): SqlTask<boolean> {
  return member.role === 'owner' && (yield* row(FIND_OTHER_OWNER, member.workspaceId, member.user.id)) === null;
}
