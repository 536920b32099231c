/** This file answers the requests operations. */
import { seesOnlyOwn } from '../gateway/access/roles.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import type { Price } from '../gateway/foundation/prices.ts';
import type { SettledRequest } from '../gateway/foundation/terms.ts';
import { priceUsage } from '../gateway/metering/price.ts';
import type { House } from '../gateway/relay/house.ts';
import { writeReceipt } from '../gateway/reporting/receipt.ts';
import { findPrice } from '../gateway/routing/find-price.ts';

/** Gives the signed receipt of one request. */
export async function retrieveRequest(call: Call<'retrieveRequest'>, house: House): Promise<Reply<'retrieveRequest'>> {
  const caller = call.caller ?? fail('missing_api_key');
  const view = {
    workspaceId: caller.workspaceId,
    userId: seesOnlyOwn(caller) ? caller.userId : null,
    keyId: caller.scopes.includes('management') ? null : caller.keyId,
  };
  const parts = { store: house.store, signer: house.vault.receipts, findPrice: (row: SettledRequest) => priceOf(row, house) };
  return { status: 200, json: await writeReceipt(parts, view, call.path.request) };
}

/** The target's price, where it has the version that was charged and still gives that charge: an operator may change a price and keep its version. */
function priceOf({ model, target, usage, charge, basis }: SettledRequest, house: House): Price | null {
  const price = findPrice(house.catalog, model, target);
  if (price?.version !== charge.priceVersion) return null;
  return basis === 'none' || priceUsage(usage, price).nanoUsd === charge.nanoUsd ? price : null;
}
