/** This file lists the movements of a balance with their reason. */
import type { LedgerEntry, LedgerKind, LedgerList } from '../../generated/client/types.gen.ts';
import { walletId } from '../foundation/ledger.ts';
import type { TransferKind, TransferRow } from '../foundation/ledger.ts';
import { pageOf, toSeconds } from '../foundation/page.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { LedgerFilter, Page, Store } from '../store/store.ts';

/** Total, so that a kind the contract does not know can't be shown. */
const kinds: { readonly [Kind in TransferKind]: LedgerKind } = {
  topup: 'topup', fee: 'fee', grant: 'grant', usage: 'usage', refund: 'refund', adjust: 'adjust', expire: 'adjust',
};

/** Lists one page of the ledger, the newest first; `page.limit` is one more than is shown. */
export async function listLedger(store: Pick<Store, 'listTransfers'>, filter: LedgerFilter, page: Page): Promise<LedgerList> {
  const rows = await orUnavailable(store.listTransfers(filter, page));
  return pageOf(rows, page.limit - 1, { item: toLedgerEntry, idOf: (row) => row.id });
}

/** The contract's word for a kind of movement. */
export function toLedgerKind(kind: TransferKind): LedgerKind {
  return kinds[kind];
}

/** One movement as the contract shows it. */
export function toLedgerEntry(row: TransferRow): LedgerEntry {
  return {
    id: row.id,
    object: 'ledger.entry',
    kind: toLedgerKind(row.kind),
    amount_nano_usd: String(signedAmount(row)),
    debit_account: row.debitAccount,
    credit_account: row.creditAccount,
    reference: row.reference,
    note: row.note,
    created_at: toSeconds(row.createdMs),
  };
}

/** By how much the movement changed the workspace's balance. A fee is told with its amount, though it went past the balance. */
export function signedAmount(row: TransferRow): bigint {
  return row.debitAccount === walletId(row.workspaceId) ? 0n - row.amount : row.amount;
}

/** True when the movement changed the balance. */
export function movesBalance(row: TransferRow): boolean {
  const wallet = walletId(row.workspaceId);
  return row.debitAccount === wallet || row.creditAccount === wallet;
}
