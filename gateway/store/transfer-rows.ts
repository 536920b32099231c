/** This file builds transfers and counters' names from SQL rows; the same for every engine. */
import type { CounterKind, TransferKind, TransferRow, Unit } from '../foundation/ledger.ts';
import { toNanoUsd } from '../foundation/money.ts';
import { readBigInt, readInteger, readOneOf, readText, readTextOrNull } from './columns.ts';
import type { Row } from './columns.ts';
import { toValue } from './record-rows.ts';
import type { SqlValue } from './sql-task.ts';

/** Columns of transfer, in the order of `transferValues`. */
export const transferColumns = ['id', 'kind', 'ws_id', 'debit_acct', 'credit_acct', 'amount', 'ref', 'note', 'ts_ms'] as const;

/** What a query selects for `readTransfer`: money is read as text. */
export const TRANSFER_SELECTION = transferColumns.map((column) => (column === 'amount' ? 'CAST(amount AS TEXT) AS amount' : column)).join(', ');

/** Total over the unions, so that a new one which can't be read back does not compile. */
const kindNames: { readonly [Name in TransferKind]: Name } = {
  topup: 'topup', fee: 'fee', grant: 'grant', usage: 'usage', refund: 'refund', expire: 'expire', adjust: 'adjust',
};
const counterKindNames: { readonly [Name in CounterKind]: Name } = { wallet: 'wallet', quota: 'quota', pool: 'pool', budget: 'budget' };
const unitNames: { readonly [Name in Unit]: Name } = { nusd: 'nusd', msg: 'msg' };
export const transferKinds = Object.values(kindNames);
export const counterKinds = Object.values(counterKindNames);
export const units = Object.values(unitNames);

export function transferValues(transfer: TransferRow): SqlValue[] {
  return [
    transfer.id, transfer.kind, transfer.workspaceId, transfer.debitAccount, transfer.creditAccount, toValue(transfer.amount),
    transfer.reference, transfer.note, transfer.createdMs,
  ];
}

export function readTransfer(row: Row): TransferRow {
  return {
    id: readText(row, 'id'),
    kind: readOneOf(row, 'kind', transferKinds),
    workspaceId: readText(row, 'ws_id'),
    debitAccount: readText(row, 'debit_acct'),
    creditAccount: readText(row, 'credit_acct'),
    amount: toNanoUsd(readBigInt(row, 'amount')),
    reference: readText(row, 'ref'),
    note: readTextOrNull(row, 'note'),
    createdMs: readInteger(row, 'ts_ms'),
  };
}
