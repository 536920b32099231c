/** This file moves credits by an operator's hand: grants, adjustments and refunds. */
import type { Clock } from '../foundation/clock.ts';
import { fail } from '../foundation/errors.ts';
import type { MakeId } from '../foundation/ids.ts';
import { walletId } from '../foundation/ledger.ts';
import type { TransferRow } from '../foundation/ledger.ts';
import { toNanoUsd } from '../foundation/money.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import { InsufficientRoom } from '../store/store.ts';
import type { Store } from '../store/store.ts';

export interface CreditOffice {
  readonly store: Pick<Store, 'findWorkspace' | 'postTransfers' | 'listTransfersFor' | 'refund'>;
  readonly clock: Clock;
  readonly makeId: MakeId;
}

/** A credit to be given or taken away, in nano-USD. */
export interface Credit {
  readonly workspaceId: string;
  /** More than 0. */
  readonly amount: bigint;
  readonly note: string | null;
  /** An id of the operator's own, which makes a repeated request harmless; null to have one made. */
  readonly id: string | null;
}

/** Credits a balance, once for an id. Refuses with workspace_not_found, and with invalid_request for an id under which another amount was moved. */
export function grant(office: CreditOffice, credit: Credit): Promise<TransferRow> {
  return post(office, credit, { kind: 'grant', prefix: 'gr', debitAccount: 'sys:grants', creditAccount: walletId(credit.workspaceId) });
}

/** Takes credit away, once for an id. Refuses with balance_in_use when so much is not left, and else like a grant. */
export function adjust(office: CreditOffice, credit: Credit): Promise<TransferRow> {
  return post(office, credit, { kind: 'adjust', prefix: 'ad', debitAccount: walletId(credit.workspaceId), creditAccount: 'sys:grants' });
}

/** Gives back a request's charge, or a part of it. Refuses with workspace_not_found, request_not_found and refund_too_large. */
export async function refund(office: CreditOffice, wanted: Omit<Credit, 'amount' | 'id'> & { readonly requestId: string; readonly amount: bigint | null }): Promise<TransferRow> {
  await checkWorkspace(office, wanted.workspaceId);
  const answer = await orUnavailable(office.store.refund(wanted.workspaceId, wanted.requestId, { amount: wanted.amount, note: wanted.note, nowMs: office.clock.now() }));
  if (answer.kind === 'not_found') fail('request_not_found', { param: 'request' });
  if (answer.kind === 'too_much') fail('refund_too_large', { message: `${answer.left} nano-USD of the charge are left to give back.` });
  return answer.transfer;
}

interface Movement extends Pick<TransferRow, 'kind' | 'debitAccount' | 'creditAccount'> {
  readonly prefix: string;
}

async function post(office: CreditOffice, credit: Credit, { prefix, ...movement }: Movement): Promise<TransferRow> {
  await checkWorkspace(office, credit.workspaceId);
  const reference = credit.id ?? office.makeId('grant');
  const row: TransferRow = {
    ...movement, id: `${prefix}:${credit.workspaceId}:${reference}`, workspaceId: credit.workspaceId, amount: toNanoUsd(credit.amount), reference, note: credit.note, createdMs: office.clock.now(),
  };
  const isNew = await orUnavailable(office.store.postTransfers([row])).catch((cause: unknown) => {
    if (cause instanceof InsufficientRoom) fail('balance_in_use', { param: 'amount_nano_usd' });
    throw cause;
  });
  if (isNew) return row;
  return sameAs(row, await orUnavailable(office.store.listTransfersFor(credit.workspaceId, reference)));
}

/** What was posted the first time stands; who asks for something else under the same id is mistaken, and must hear of it. */
function sameAs(row: TransferRow, posted: readonly TransferRow[]): TransferRow {
  const first = posted.find((transfer) => transfer.id === row.id);
  if (!first) throw new Error(`the transfer ${row.id} is there and can't be found`);
  if (first.amount !== row.amount) {
    fail('invalid_request', { param: 'id', message: `${first.amount} nano-USD were moved under this id before, which is not what is asked now. Nothing was changed.` });
  }
  return first;
}

async function checkWorkspace(office: CreditOffice, id: string): Promise<void> {
  if (!await orUnavailable(office.store.findWorkspace(id))) fail('workspace_not_found', { param: 'workspace' });
}
