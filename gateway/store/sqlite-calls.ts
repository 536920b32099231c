/** This file gives the SQLite thread every call of the Store by its name. */
import { ledgerCalls } from './calls/ledger-calls.ts';
import { plainCalls } from './calls/plain.ts';
import type { SqlCall } from './sql-task.ts';
import type { CallArgs, CallName, CallValue } from './sqlite-messages.ts';

/** Total over the names: a call without its task does not compile. */
export const sqlCalls: { readonly [Name in CallName]: SqlCall<CallArgs<Name>, CallValue<Name>> } = { ...plainCalls, ...ledgerCalls };
