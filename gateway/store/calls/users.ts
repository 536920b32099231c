/** This file holds the calls about users. */
import { advanceClock } from '../clocks.ts';
import { readInteger, readText } from '../columns.ts';
import { insertSql } from '../insert-sql.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';
import { EmailTaken } from '../store.ts';
import type { Page, UserChange, UserRow } from '../store.ts';
import { readUser, userColumns, userValues } from '../workspace-rows.ts';
import { FIRST } from './pages.ts';

const COLUMNS = userColumns.join(', ');
const INSERT = `${insertSql('app_user', userColumns)} ON CONFLICT (id) DO NOTHING`;
const FIND = `SELECT ${COLUMNS} FROM app_user WHERE id = ?`;
const FIND_BY_EMAIL = `SELECT ${COLUMNS} FROM app_user WHERE email = ?`;
const UPDATE = `UPDATE app_user SET ${userColumns.map((column) => `${column} = ?`).join(', ')} WHERE id = ?`;
const LIST = `SELECT ${COLUMNS} FROM app_user WHERE (created_ms, id) < (?, ?) ORDER BY created_ms DESC, id DESC LIMIT ?`;

/** One that is made twice is one: processes that start at once on an empty store all try. */
export function* createUser(user: UserRow): SqlTask<void> {
  yield* advanceClock('access');
  yield* refuseTakenEmail(user);
  yield* rows(INSERT, ...userValues(user));
}

export function* findUser(id: string): SqlTask<UserRow | null> {
  const found = yield* row(FIND, id);
  return found && readUser(found);
}

export function* findUserByEmail(email: string): SqlTask<UserRow | null> {
  const found = yield* row(FIND_BY_EMAIL, email);
  return found && readUser(found);
}

export function* changeUser(id: string, change: UserChange): SqlTask<UserRow | null> {
  yield* advanceClock('access');
  const user = yield* findUser(id);
  if (!user) return null;
  const changed: UserRow = {
    ...user,
    name: change.name ?? user.name,
    email: change.email === undefined ? user.email : change.email,
    isDisabled: change.isDisabled ?? user.isDisabled,
  };
  yield* refuseTakenEmail(changed);
  yield* rows(UPDATE, ...userValues(changed), id);
  return changed;
}

export function* listUsers({ after, limit }: Page): SqlTask<UserRow[]> {
  const place = after === null ? FIRST : yield* row('SELECT created_ms FROM app_user WHERE id = ?', after);
  if (!place) return [];
  return (yield* rows(LIST, readInteger(place, 'created_ms'), after ?? '', limit)).map(readUser);
}

/** Nobody comes between this and the write that follows: writes under one clock run one after the other. */
function* refuseTakenEmail({ id, email }: UserRow): SqlTask<void> {
  if (email === null) return;
  const holder = yield* row(FIND_BY_EMAIL, email);
  if (holder && readText(holder, 'id') !== id) throw new EmailTaken('another user has this e-mail address');
}
