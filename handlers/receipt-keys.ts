/** This file answers the receipt-keys operations. */
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import type { House } from '../gateway/relay/house.ts';
import { toKeySet } from '../gateway/reporting/receipt.ts';

/** Gives the public keys with which receipts can be verified. */
export function listReceiptKeys(_call: Call<'listReceiptKeys'>, house: House): Promise<Reply<'listReceiptKeys'>> {
  return Promise.resolve({ status: 200, json: toKeySet(house.vault.receipts.publicKeys) });
}
