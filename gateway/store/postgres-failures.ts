/** This file tells a fault of PostgreSQL or of the way to it from a fault of the row it was given. */
import postgres from 'postgres';
import { StoreUnavailable } from './store.ts';

/** Classes of SQLSTATE that a row brings upon itself: https://www.postgresql.org/docs/18/errcodes-appendix.html, read 2026-11. */
const rowFaults = new Set(['22', '23', '54', 'P0']);
const CLASS_LENGTH = 2;
/** Two transactions were in each other's way; one of them has been rolled back, and may be run again. */
const conflicts = new Set(['40001', '40P01']);
/** A server that became a standby, and a plan that no longer fits its table. */
const lostSessions = new Set(['25006', '0A000']);
/** Codes by which the client names a mistake of its caller, and not a connection that broke. */
const MISTAKE = /^(UNDEFINED_VALUE|NOT_TAGGED_CALL|MAX_PARAMETERS_EXCEEDED|UNSAFE_TRANSACTION|ERR_(?!TLS_|SSL_).*)$/;

/** True when what failed may work later, as it is: the database is away, full, shutting down or out of connections. */
export function isUnavailable(thrown: unknown): boolean {
  if (thrown instanceof StoreUnavailable) return true;
  const code = codeOf(thrown);
  if (code === null) return false;
  if (thrown instanceof postgres.PostgresError) return !rowFaults.has(code.slice(0, CLASS_LENGTH));
  return !MISTAKE.test(code);
}

/** True when the connection is of no use any more: it is gone, or leads to a server that only reads or that knows another schema by now. */
export function isDisconnection(thrown: unknown): boolean {
  if (!(thrown instanceof postgres.PostgresError)) return isUnavailable(thrown);
  return thrown.severity === 'FATAL' || thrown.severity === 'PANIC' || lostSessions.has(thrown.code);
}

/** True when the transaction was rolled back for another's sake. */
export function isConflict(thrown: unknown): boolean {
  return thrown instanceof postgres.PostgresError && conflicts.has(thrown.code);
}

/** Gives the failure as the Store promises it. */
export function toStoreFailure(thrown: unknown): Error {
  if (thrown instanceof StoreUnavailable) return thrown;
  if (isUnavailable(thrown)) return new StoreUnavailable(`the database can't be reached: ${messageOf(thrown)}`, { cause: thrown });
  if (thrown instanceof postgres.PostgresError) return new Error(`a row was refused: ${thrown.message}`, { cause: thrown });
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown));
}

function codeOf(thrown: unknown): string | null {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : null;
}

/** A refused connection to a name with several addresses has a code and no message. */
function messageOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message === '' ? codeOf(thrown) ?? 'no reason given' : message;
}
