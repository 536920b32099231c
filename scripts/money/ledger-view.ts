/** This file looks into a store of either engine from outside, past the gateway, to see what is really there. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import postgres from 'postgres';

export interface SeenRow {
  readonly id: string;
  readonly outcome: string;
  readonly status: number;
  readonly completionTokens: number;
  readonly nanoUsd: bigint;
  readonly charged: bigint;
}

export interface LedgerView {
  /** All usage rows with their other half. */
  rows(): Promise<SeenRow[]>;
  /** Holds of requests that stand open, by the node that has them. */
  openHolds(): Promise<number>;
  /** Anything the engine itself finds wrong. */
  soundness(): Promise<string[]>;
  close(): Promise<void>;
}

const ROWS = `SELECT u.id AS id, u.outcome AS outcome, r.status AS status, u.compl_tok AS tokens, CAST(u.nusd AS TEXT) AS nusd, CAST(u.charged_nusd AS TEXT) AS charged
  FROM usage_event u LEFT JOIN request_log r ON r.id = u.id`;
const HOLDS = "SELECT COUNT(*) AS open FROM hold WHERE kind = 'req'";

/** Looks into the SQLite store of a data folder. */
export function viewSqlite(dataFolder: string): LedgerView {
  const db = new DatabaseSync(join(dataFolder, 'interline.db'), { readOnly: true });
  return {
    rows: () => Promise.resolve(db.prepare(ROWS).all().map(toSeen)),
    openHolds: () => Promise.resolve(Number(db.prepare(HOLDS).get()?.['open'])),
    soundness: () => {
      const sound = db.prepare('PRAGMA integrity_check').all().map((row) => Object.values(row).join()).join('; ');
      return Promise.resolve(sound === 'ok' ? [] : [`integrity_check: ${sound.slice(0, 300)}`]);
    },
    close: () => {
      db.close();
      return Promise.resolve();
    },
  };
}

/** Looks into a PostgreSQL store. */
export function viewPostgres(url: string): LedgerView {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  return {
    rows: async () => (await sql.unsafe(ROWS)).map(toSeen),
    openHolds: async () => Number((await sql.unsafe(HOLDS))[0]?.['open']),
    soundness: () => Promise.resolve([]),
    close: () => sql.end(),
  };
}

function toSeen(row: Readonly<Record<string, unknown>>): SeenRow {
  return {
    id: String(row['id']), outcome: String(row['outcome']), status: Number(row['status']), completionTokens: Number(row['tokens']),
    nanoUsd: BigInt(String(row['nusd'])), charged: BigInt(String(row['charged'])),
  };
}
