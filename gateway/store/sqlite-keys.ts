/** This file holds the statements about workspaces and keys, and the revision clock that tells other processes of changes. */
import type { DatabaseSync } from 'node:sqlite';
import { readInteger } from './columns.ts';
import { applyKeyChange, readKey, readWorkspace } from './key-rows.ts';
import { rollBack } from './sqlite-commit.ts';
import type { Calls } from './sqlite-messages.ts';
import type { KeyRow } from './store.ts';

type KeyCalls = Pick<Calls,
  'createWorkspace' | 'listWorkspaces' | 'insertKey' | 'findKey' | 'listKeys' | 'changeKey' | 'deleteKey' | 'pollRevision'>;

const KEY_COLUMNS = 'id, ws_id, name, secret_hash, pepper_id, last4, scopes, models, created_ms, expires_ms, revoked_ms';
const NO_SECRET = new Uint8Array(0);

/** Prepares the calls about workspaces and keys on an open, migrated database. */
export function createKeyCalls(db: DatabaseSync): KeyCalls {
  const statements = prepareStatements(db);
  const revision = followRevision(db);
  const findKey = (id: string): KeyRow | null => {
    const row = statements.find.get(id);
    return row ? readKey(row) : null;
  };

  return {
    createWorkspace: (row) => { statements.insertWorkspace.run(row.id, row.name, row.createdMs); },
    listWorkspaces: () => statements.listWorkspaces.all().map(readWorkspace),
    insertKey: (row) => {
      revision.change(() => statements.insert.run(
        row.id, row.workspaceId, row.name, row.secretHash, row.pepperId, row.last4, JSON.stringify(row.scopes),
        row.models === null ? null : JSON.stringify(row.models), row.createdMs, row.expiresMs, row.revokedMs,
      ));
    },
    findKey,
    listKeys: (workspaceId, { after, limit }) => {
      const place = after === null ? { created_ms: Number.MAX_SAFE_INTEGER } : statements.findTime.get(after, workspaceId);
      if (!place) return [];
      return statements.list.all(workspaceId, readInteger(place, 'created_ms'), after ?? '', limit).map(readKey);
    },
    changeKey: (workspaceId, id, change) => revision.change(() => {
      const row = findKey(id);
      if (row?.workspaceId !== workspaceId) return null;
      const changed = applyKeyChange(row, change);
      statements.update.run(
        changed.name, JSON.stringify(changed.scopes), changed.models === null ? null : JSON.stringify(changed.models),
        changed.expiresMs, changed.revokedMs, id,
      );
      return changed;
    }),
    deleteKey: (workspaceId, id) => revision.change(() => statements.remove.run(NO_SECRET, workspaceId, id).changes === 1),
    pollRevision: revision.poll,
  };
}

function prepareStatements(db: DatabaseSync) {
  return {
    insertWorkspace: db.prepare('INSERT INTO workspace (id, name, created_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'),
    listWorkspaces: db.prepare('SELECT id, name, created_ms FROM workspace ORDER BY created_ms, id'),
    insert: db.prepare(`INSERT INTO api_key (${KEY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    find: db.prepare(`SELECT ${KEY_COLUMNS} FROM api_key WHERE id = ? AND deleted = 0`),
    list: db.prepare(`SELECT ${KEY_COLUMNS} FROM api_key
      WHERE ws_id = ? AND deleted = 0 AND (created_ms, id) < (?, ?) ORDER BY created_ms DESC, id DESC LIMIT ?`),
    findTime: db.prepare('SELECT created_ms FROM api_key WHERE id = ? AND ws_id = ?'),
    update: db.prepare('UPDATE api_key SET name = ?, scopes = ?, models = ?, expires_ms = ?, revoked_ms = ? WHERE id = ?'),
    remove: db.prepare('UPDATE api_key SET deleted = 1, secret_hash = ? WHERE ws_id = ? AND id = ? AND deleted = 0'),
  };
}

interface RevisionClock {
  /** Runs one change of keys and advances the clock in the same transaction. */
  change<Value>(write: () => Value): Value;
  /** True when another connection has changed keys since this was last asked. */
  poll: () => boolean;
}

/**
 * Follows the revision of the keys. `PRAGMA data_version` moves with every commit of another connection and costs
 * no read of the file, so the revision row is read only then. A gap before our own step was made by someone else.
 */
function followRevision(db: DatabaseSync): RevisionClock {
  const advance = db.prepare("UPDATE revision SET rev = rev + 1 WHERE id = 'keys' RETURNING rev");
  const read = db.prepare("SELECT rev FROM revision WHERE id = 'keys'");
  const readDataVersion = db.prepare('PRAGMA data_version');
  let dataVersion = readInteger(readDataVersion.get() ?? {}, 'data_version');
  let seen = readInteger(read.get() ?? {}, 'rev');
  let hasForeignChange = false;

  return {
    change(write) {
      db.exec('BEGIN IMMEDIATE');
      try {
        const value = write();
        const rev = readInteger(advance.get() ?? {}, 'rev');
        db.exec('COMMIT');
        if (rev !== seen + 1) hasForeignChange = true;
        seen = rev;
        return value;
      } catch (thrown) {
        rollBack(db);
        throw thrown;
      }
    },
    poll() {
      const version = readInteger(readDataVersion.get() ?? {}, 'data_version');
      if (version !== dataVersion) {
        const rev = readInteger(read.get() ?? {}, 'rev');
        hasForeignChange ||= rev !== seen;
        seen = rev;
        dataVersion = version;
      }
      const hadForeignChange = hasForeignChange;
      hasForeignChange = false;
      return hadForeignChange;
    },
  };
}
