/** This file lists the audit log in the contract's words. */
import type { AuditEntry, AuditLog, ListAuditLogData } from '../../generated/client/types.gen.ts';
import { isJsonObject, parseJson } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { askedPage, pageOf, toMs, toSeconds } from '../foundation/page.ts';
import type { AuditCalls, AuditRow } from '../store/audit-row.ts';
import { orUnavailable } from '../store/or-unavailable.ts';

/** One page, the newest first. */
export async function listAuditLog(store: AuditCalls, query: NonNullable<ListAuditLogData['query']>, limitDefault: number): Promise<AuditLog> {
  const page = askedPage(query, limitDefault);
  const rows = await orUnavailable(store.listAuditLog({
    fromMs: query.from === undefined ? null : toMs(query.from), toMs: query.to === undefined ? null : toMs(query.to),
    action: query.action ?? null, kind: query.kind ?? null, subject: query.subject ?? null, keyId: query.key ?? null, userId: query.user ?? null,
  }, page));
  return pageOf(rows, page.limit - 1, { item: toEntry, idOf: ({ id }) => id });
}

function toEntry({ id, atMs, action, kind, subject, keyId, userId, requestId, before, after }: AuditRow): AuditEntry {
  return {
    id, object: 'audit_entry', created_at: toSeconds(atMs), action, kind, subject, key: keyId, user: userId, request: requestId,
    before: thing(before), after: thing(after),
  };
}

function thing(text: string | null): JsonObject | null {
  const value = text === null ? null : parseJson(text);
  return isJsonObject(value) ? value : null;
}
