/** This file builds key rows from SQL rows and applies changes to them; the same for every engine. */
import type { Scope } from '../foundation/terms.ts';
import { readBytes, readInteger, readIntegerOrNull, readText, readTexts, readTextOrNull } from './columns.ts';
import type { Row } from './columns.ts';
import type { KeyChange, KeyRow, WorkspaceRow } from './store.ts';

export function readKey(row: Row): KeyRow {
  return {
    id: readText(row, 'id'),
    workspaceId: readText(row, 'ws_id'),
    name: readText(row, 'name'),
    secretHash: readBytes(row, 'secret_hash'),
    pepperId: readText(row, 'pepper_id'),
    last4: readText(row, 'last4'),
    scopes: readTexts(row, 'scopes').filter(isScope),
    models: readTextOrNull(row, 'models') === null ? null : readTexts(row, 'models'),
    createdMs: readInteger(row, 'created_ms'),
    expiresMs: readIntegerOrNull(row, 'expires_ms'),
    revokedMs: readIntegerOrNull(row, 'revoked_ms'),
  };
}

export function readWorkspace(row: Row): WorkspaceRow {
  return { id: readText(row, 'id'), name: readText(row, 'name'), createdMs: readInteger(row, 'created_ms') };
}

/** Gives the row as it is after the change; the time of revocation is set once and stays. */
export function applyKeyChange(row: KeyRow, change: KeyChange): KeyRow {
  return {
    ...row,
    name: change.name ?? row.name,
    scopes: change.scopes ?? row.scopes,
    models: change.models === undefined ? row.models : change.models,
    expiresMs: change.expiresMs === undefined ? row.expiresMs : change.expiresMs,
    revokedMs: row.revokedMs ?? change.revokedMs ?? null,
  };
}

function isScope(text: string): text is Scope {
  return text === 'inference' || text === 'management';
}
