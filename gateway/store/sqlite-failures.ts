/** This file tells a fault of the store (disk full, busy, broken) from a fault of the row it was given. */
import type { Failure } from './sqlite-messages.ts';

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
  const errcode = 'errcode' in facts ? facts.errcode : undefined;
  return { message, isUnavailable: typeof errcode === 'number' && !rowFaults.has(errcode & PRIMARY_CODE_MASK) };
}
