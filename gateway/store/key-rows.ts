/** This file builds key rows from SQL rows and applies changes to them; the same for every engine. */
import type { Scope } from '../foundation/terms.ts';
import { readBytes, readInteger, readIntegerOrNull, readText, readTexts, readTextOrNull } from './columns.ts';
import type { Row } from './columns.ts';
import type { SqlValue } from './sql-task.ts';
import type { KeyChange, KeyRow } from './store.ts';
import { limitColumns, limitValues, readLimits } from './workspace-rows.ts';

/** Columns of api_key, in the order of `keyValues`. */
export const keyColumns = [
  'id', 'ws_id', 'user_id', 'bound', 'name', 'secret_hash', 'pepper_id', 'last4', 'scopes', 'models',
  'created_ms', 'expires_ms', 'revoked_ms', ...limitColumns,
] as const;

const scopes: { readonly [Name in Scope]: Name } = { inference: 'inference', management: 'management', operator: 'operator' };

export function keyValues(key: KeyRow): SqlValue[] {
  return [
    key.id, key.workspaceId, key.userId, key.isBound ? 1 : 0, key.name, key.secretHash, key.pepperId, key.last4,
    JSON.stringify(key.scopes), key.models === null ? null : JSON.stringify(key.models),
    key.createdMs, key.expiresMs, key.revokedMs, ...limitValues(key.limits),
  ];
}

export function readKey(row: Row): KeyRow {
  return {
    id: readText(row, 'id'),
    workspaceId: readText(row, 'ws_id'),
    userId: readText(row, 'user_id'),
    isBound: readInteger(row, 'bound') === 1,
    name: readText(row, 'name'),
    secretHash: readBytes(row, 'secret_hash'),
    pepperId: readText(row, 'pepper_id'),
    last4: readText(row, 'last4'),
    scopes: readTexts(row, 'scopes').filter(isScope),
    models: readTextOrNull(row, 'models') === null ? null : readTexts(row, 'models'),
    limits: readLimits(row),
    createdMs: readInteger(row, 'created_ms'),
    expiresMs: readIntegerOrNull(row, 'expires_ms'),
    revokedMs: readIntegerOrNull(row, 'revoked_ms'),
  };
}

/** Gives the row as it is after the change; the time of revocation is set once and stays. */
export function applyKeyChange(row: KeyRow, change: KeyChange): KeyRow {
  return {
    ...row,
    name: change.name ?? row.name,
    scopes: change.scopes ?? row.scopes,
    models: change.models === undefined ? row.models : change.models,
    limits: change.limits ?? row.limits,
    workspaceId: change.workspaceId ?? row.workspaceId,
    expiresMs: change.expiresMs === undefined ? row.expiresMs : change.expiresMs,
    revokedMs: row.revokedMs ?? change.revokedMs ?? null,
  };
}

function isScope(text: string): text is Scope {
  return Object.hasOwn(scopes, text);
}
