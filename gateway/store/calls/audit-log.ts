/** This file holds the calls about the audit log: a row is written within the transaction of the change it tells of. */
import { redactJson } from '../../foundation/redact.ts';
import type { AuditAction, AuditFilter, AuditKind, AuditRow, AuditStamp } from '../audit-row.ts';
import { readInteger, readOneOf, readText, readTextOrNull } from '../columns.ts';
import type { Row } from '../columns.ts';
import { insertSql } from '../insert-sql.ts';
import { rows } from '../sql-task.ts';
import type { SqlTask, SqlValue } from '../sql-task.ts';
import { LAST_ID } from './pages.ts';

/** Total over the unions, so that a new action which can't be read back does not compile. */
const actionNames: { readonly [Name in AuditAction]: Name } = {
  'rollout.create': 'rollout.create', 'rollout.change': 'rollout.change', 'rollout.promote': 'rollout.promote', 'rollout.roll_back': 'rollout.roll_back',
  'rollout.delete': 'rollout.delete', 'route.put': 'route.put', 'route.delete': 'route.delete', 'model.put': 'model.put', 'model.delete': 'model.delete',
  'provider.put': 'provider.put', 'provider.delete': 'provider.delete', 'plan.put': 'plan.put', 'plan.delete': 'plan.delete',
};
const kindNames: { readonly [Name in AuditKind]: Name } = { rollout: 'rollout', route: 'route', model: 'model', provider: 'provider', plan: 'plan' };
const actions = Object.values(actionNames);
const kinds = Object.values(kindNames);

const columns = ['id', 'ts_ms', 'key_id', 'user_id', 'request_id', 'action', 'subject_kind', 'subject', 'before', 'after'] as const;
const INSERT = insertSql('audit_log', columns);

/** What was done to what. */
export interface Audited {
  readonly action: AuditAction;
  readonly kind: AuditKind;
  readonly subject: string;
  /** JSON; what the stamp hides of it is blanked here. */
  readonly before: string | null;
  readonly after: string | null;
}

/** Writes one row. To be called within the task that makes the change. */
export function* writeAudit(by: AuditStamp, { action, kind, subject, before, after }: Audited): SqlTask<void> {
  const shown = (text: string | null): string | null => (text === null ? null : redactJson(text, by.hides));
  yield* rows(INSERT, by.id, by.atMs, by.keyId, by.userId, by.requestId, action, kind, subject, shown(before), shown(after));
}

export function* listAuditLog(filter: AuditFilter, { limit, after }: { readonly limit: number; readonly after: string | null }): SqlTask<AuditRow[]> {
  const asked: readonly (readonly [condition: string, value: SqlValue])[] = [
    ['ts_ms >= ?', filter.fromMs], ['ts_ms < ?', filter.toMs], ['action = ?', filter.action], ['subject_kind = ?', filter.kind],
    ['subject = ?', filter.subject], ['key_id = ?', filter.keyId], ['user_id = ?', filter.userId],
  ];
  const told = asked.filter(([, value]) => value !== null);
  const sql = `SELECT ${columns.join(', ')} FROM audit_log WHERE ${['id < ?', ...told.map(([condition]) => condition)].join(' AND ')} ORDER BY id DESC LIMIT ?`;
  return (yield* rows(sql, after ?? LAST_ID, ...told.map(([, value]) => value), limit)).map(readAudit);
}

function readAudit(found: Row): AuditRow {
  return {
    id: readText(found, 'id'), atMs: readInteger(found, 'ts_ms'), keyId: readText(found, 'key_id'), userId: readText(found, 'user_id'),
    requestId: readText(found, 'request_id'), action: readOneOf(found, 'action', actions), kind: readOneOf(found, 'subject_kind', kinds),
    subject: readText(found, 'subject'), before: readTextOrNull(found, 'before'), after: readTextOrNull(found, 'after'),
  };
}
