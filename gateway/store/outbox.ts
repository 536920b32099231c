/** This file keeps what was settled while the database is away: in a file beside the gateway, on disk before it is acknowledged, in order. */
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { LedgerOp } from '../foundation/ledger.ts';
import { readInteger, readText } from './columns.ts';
import { decodeOp, encodeOp } from './outbox-op.ts';
import { insertSql } from './insert-sql.ts';

/** An operation that waits to be carried over. */
export interface OutboxEntry {
  readonly id: number;
  readonly op: LedgerOp;
}

export interface Outbox {
  /** True when nothing is known here to wait. Costs nothing. */
  readonly isEmpty: boolean;
  /** Adds operations behind those that wait; they are on disk when it returns. Throws when they are not. */
  append(ops: readonly LedgerOp[]): void;
  /** The oldest that wait, of every process on this folder. */
  first(limit: number): OutboxEntry[];
  /** They have been carried over. */
  drop(entries: readonly OutboxEntry[]): void;
  /** The database will never take it; it stays in the file, for people to look at. */
  refuse(entry: OutboxEntry, reason: string): void;
  close(): void;
}

const FILE_NAME = 'outbox.db';
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;
/** How long another process on this folder may hold the file, in ms. */
const BUSY_TIMEOUT_MS = 5000;

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS waiting (id INTEGER PRIMARY KEY AUTOINCREMENT, op TEXT NOT NULL, refused TEXT) STRICT`;

/** Opens the outbox of a data folder. Its file is made when the first operation must wait. Throws when what is there can't be read. */
export function openOutbox(dataFolder: string): Outbox {
  const file = join(dataFolder, FILE_NAME);
  let connection = existsSync(file) ? connect(file) : null;
  let isEmpty = connection === null || connection.first.all(1).length === 0;

  const opened = (): Connection => {
    mkdirSync(dataFolder, { recursive: true, mode: PRIVATE_FOLDER });
    return connection ??= connect(file);
  };
  return {
    get isEmpty() { return isEmpty; },
    append(ops) {
      if (ops.length === 0) return;
      const { db, insert } = opened();
      inTransaction(db, () => { for (const op of ops) insert.run(encodeOp(op)); });
      isEmpty = false;
    },
    first(limit) {
      // Another process on this folder may have made it meanwhile.
      if (!connection && existsSync(file)) connection = connect(file);
      const entries = connection?.first.all(limit).map((row) => ({ id: readInteger(row, 'id'), op: decodeOp(readText(row, 'op')) })) ?? [];
      isEmpty = entries.length === 0;
      return entries;
    },
    drop(entries) {
      const { db, remove } = opened();
      inTransaction(db, () => { for (const entry of entries) remove.run(entry.id); });
    },
    refuse(entry, reason) { opened().refuse.run(reason, entry.id); },
    close() {
      connection?.db.close();
      connection = null;
    },
  };
}

type Connection = ReturnType<typeof connect>;

function connect(file: string) {
  // SQLite would make it readable for everybody; its log files take the mode of the file.
  closeSync(openSync(file, 'a', PRIVATE_FILE));
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  db.exec(SCHEMA);
  return {
    db,
    insert: db.prepare(insertSql('waiting', ['op'])),
    first: db.prepare('SELECT id, op FROM waiting WHERE refused IS NULL ORDER BY id LIMIT ?'),
    remove: db.prepare('DELETE FROM waiting WHERE id = ?'),
    refuse: db.prepare('UPDATE waiting SET refused = ? WHERE id = ?'),
  };
}

function inTransaction(db: DatabaseSync, write: () => void): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    write();
    db.exec('COMMIT');
  } catch (thrown) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw thrown;
  }
}
