/** This file writes an operation of the ledger as JSON and reads it back, digit for digit. */
import type { LedgerOp } from '../foundation/ledger.ts';

/** JSON knows no whole number of that size: `{"bigint":"…"}`. */
const BIGINT = 'bigint';

export function encodeOp(op: LedgerOp): string {
  return JSON.stringify(op, (_name, value: unknown) => (typeof value === 'bigint' ? { [BIGINT]: String(value) } : value));
}

/** Throws for a text that `encodeOp` has not written. */
export function decodeOp(text: string): LedgerOp {
  const op: unknown = JSON.parse(text, (_name, value: unknown) => readBigInt(value) ?? value);
  if (!isLedgerOp(op)) throw new Error('what waits in the outbox is no operation of the ledger');
  return op;
}

function readBigInt(value: unknown): bigint | null {
  if (typeof value !== 'object' || value === null || !(BIGINT in value) || typeof value.bigint !== 'string') return null;
  return BigInt(value.bigint);
}

/** The names of the operations; that a new one is not forgotten here is checked by the compiler. */
const kinds: { readonly [Kind in LedgerOp['kind']]: true } = { hold: true, settle: true, observe: true, journal: true, lease: true, give_back: true };

/** Only this program writes the file, so its kind is all that is looked at. */
function isLedgerOp(value: unknown): value is LedgerOp {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string' && Object.hasOwn(kinds, value.kind);
}
