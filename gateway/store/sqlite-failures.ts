/** This file tells a fault of the store (disk full, busy, broken) from a fault of the row it was given, and carries failures between threads. */
import type { Failure, FailureKind } from './sqlite-messages.ts';
import { EmailTaken, InsufficientRoom, StoreUnavailable } from './store.ts';

/** SQLite's primary result codes that a row brings upon itself: https://sqlite.org/rescode.html, read 2026-11. */
const TOO_BIG = 18;
const CONSTRAINT = 19;
const MISMATCH = 20;
const RANGE = 25;
const rowFaults = new Set([TOO_BIG, CONSTRAINT, MISMATCH, RANGE]);
const PRIMARY_CODE_MASK = 0xff;

/** Classifies anything thrown while a statement ran. A value that could not even be bound is the row's fault. */
export function toFailure(thrown: unknown): Failure {
  const facts: object = typeof thrown === 'object' && thrown !== null ? thrown : {};
  const message = 'message' in facts ? String(facts.message) : String(thrown);
  return { kind: kindOf(facts), message };
}

function kindOf(thrown: object): FailureKind {
  if (thrown instanceof EmailTaken) return 'email_taken';
  if (thrown instanceof InsufficientRoom) return 'insufficient_room';
  const errcode = 'errcode' in thrown ? thrown.errcode : undefined;
  return typeof errcode === 'number' && !rowFaults.has(errcode & PRIMARY_CODE_MASK) ? 'unavailable' : 'fault';
}

/** What was thrown in the other thread, of the class that callers tell apart. */
export function toError({ kind, message }: Failure): Error {
  switch (kind) {
    case 'unavailable': return new StoreUnavailable(message);
    case 'email_taken': return new EmailTaken(message);
    case 'insufficient_room': return new InsufficientRoom(message);
    case 'fault': return new Error(message);
  }
}
