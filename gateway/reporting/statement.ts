/** This file writes a statement: the ledger of a time as comma-separated values, with the balance after each movement. */
import { fail } from '../foundation/errors.ts';
import type { TransferRow } from '../foundation/ledger.ts';
import { toSeconds } from '../foundation/page.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { Store } from '../store/store.ts';
import { LINE_END, toField } from './csv.ts';
import { movesBalance, signedAmount, toLedgerKind } from './ledger-list.ts';

/** What is stated. */
export interface StatementSpan {
  readonly workspaceId: string;
  /** Inclusive and exclusive, ms since the epoch; null for no bound. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

/** How numbers are written for people. */
export interface StatementStyle {
  readonly usd: (nanoUsd: bigint) => string;
  readonly time: (ms: number) => string;
}

const HEADER = 'id,time,kind,amount_usd,balance_usd,reference,note';
const PAGE_ROWS = 1000;
/** A statement has fewer lines; a longer time is asked for in parts. */
const ROWS_MAX = 100_000;

/**
 * Writes the statement, the oldest movement first, from a balance that counts everything before. Rows are read page by page and kept as text alone.
 * A fee is shown with its amount and changes no balance. Refuses with invalid_request when there are 100,000 lines or more, and says where to cut.
 */
export async function writeStatement(store: Pick<Store, 'balanceBefore' | 'listTransfersOldestFirst'>, span: StatementSpan, style: StatementStyle): Promise<string> {
  // The balance first: what is posted meanwhile then only makes the statement longer.
  let balance = await orUnavailable(store.balanceBefore(span.workspaceId, span.fromMs ?? 0));
  let text = HEADER + LINE_END;
  let rowsCount = 0;
  for (let after: string | null = null; ;) {
    const page: TransferRow[] = await orUnavailable(store.listTransfersOldestFirst({ ...span, kinds: null }, { limit: PAGE_ROWS, after }));
    for (const row of page) {
      if (movesBalance(row)) balance += signedAmount(row);
      text += toEntryLine([row.id, style.time(row.createdMs), toLedgerKind(row.kind), row.reference, row.note ?? ''], [signedAmount(row), balance].map(style.usd));
    }
    rowsCount += page.length;
    const last = page.at(-1);
    if (!last || page.length < PAGE_ROWS) return text;
    if (rowsCount >= ROWS_MAX) failTooLong(last.createdMs);
    after = last.id;
  }
}

function failTooLong(lastMs: number): never {
  fail('invalid_request', { param: 'to', message: `This time has ${ROWS_MAX} entries or more. Ask for it in parts; the first may end with to=${toSeconds(lastMs)}.` });
}

/** Amounts are numbers and stay bare, whatever their sign; everything else is text. */
function toEntryLine([id = '', time = '', kind = '', reference = '', note = '']: readonly string[], [amount = '', balance = '']: readonly string[]): string {
  return `${[toField(id), toField(time), toField(kind), amount, balance, toField(reference), toField(note)].join(',')}${LINE_END}`;
}
