/** This file makes clients of PostgreSQL as the store needs them: small pools, quick to give up and to come back. */
import postgres from 'postgres';
import type { Sql, TransactionSql } from 'postgres';
import type { Clock } from '../foundation/clock.ts';
import { StoreUnavailable } from './store.ts';

/** What int8 and bytea are read as, and may be given as. */
type Types = { readonly whole: number | bigint | string; readonly bytes: Uint8Array };

export type Client = Sql<Types>;
export type Transaction = TransactionSql<Types>;

export interface ClientOptions {
  readonly url: string;
  /** Connections at once. */
  readonly connectionsMax: number;
  /** The server gives up a statement after this long, in ms; 0: never. */
  readonly statementMs: number;
  /** More settings of the session. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A connection was closed, by whomever. */
  readonly onClose?: () => void;
}

const CONNECT_SECONDS = 3;
/** Between attempts to connect again, in seconds: short, for a caller waits, and what is tried often is tried by the store. */
const BACKOFF_SECONDS = 0.1;
/** A gateway that stands still within a transaction holds locks that others wait for; the server ends it after this long, in ms. */
const IDLE_IN_TRANSACTION_MS = 10_000;
const BYTEA = 17;
const INT8 = 20;
const NUMERIC = 1700;

/** Makes a client; it connects when it is first used. */
export function createClient({ url, connectionsMax, statementMs, settings = {}, onClose = () => undefined }: ClientOptions): Client {
  return postgres(url, {
    max: connectionsMax,
    connect_timeout: CONNECT_SECONDS,
    backoff: () => BACKOFF_SECONDS,
    fetch_types: false,
    onnotice: () => undefined,
    onclose: onClose,
    connection: {
      application_name: 'interline',
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      statement_timeout: statementMs,
      ...settings,
    },
    types: { bytes: { to: BYTEA, from: [BYTEA], parse: readHex, serialize: writeHex }, whole: { to: INT8, from: [INT8, NUMERIC], parse: readWhole, serialize: String } },
  });
}

/** Ends a client at once: what it was asked and has not answered is rejected. Never rejects. */
export function destroyClient(client: Client): Promise<void> {
  return client.end({ timeout: 0 }).catch(() => undefined);
}

/**
 * Waits no longer than `ms`: a connection that is cut without a word would answer never. Rejects with StoreUnavailable then,
 * and calls `onLate`, whose business it is to end what hangs.
 */
export async function withDeadline<Value>(answer: Promise<Value>, { clock, ms, onLate }: { clock: Pick<Clock, 'after'>; ms: number; onLate: () => void }): Promise<Value> {
  let cancel = (): void => undefined;
  const late = new Promise<never>((_resolve, reject) => {
    cancel = clock.after(ms, () => {
      reject(new StoreUnavailable(`the database has not answered for ${ms} ms`));
      onLate();
    });
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    cancel();
  }
}

/** A number where it is exact, as SQLite gives; a bigint beyond that. */
function readWhole(text: string): number | bigint | string {
  const number = Number(text);
  if (Number.isSafeInteger(number)) return number;
  return /^-?\d+$/.test(text) ? BigInt(text) : text;
}

function readHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'));
}

function writeHex(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes).toString('hex')}`;
}
