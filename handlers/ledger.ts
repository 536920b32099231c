/** This file answers the ledger operations. */
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import { askedPage, toMs } from '../gateway/foundation/page.ts';
import type { House } from '../gateway/relay/house.ts';
import { listLedger as listEntries } from '../gateway/reporting/ledger-list.ts';

/** Lists every movement of the balance with its reason. */
export async function listLedger(call: Call<'listLedger'>, house: House): Promise<Reply<'listLedger'>> {
  const { kind, from, to } = call.query;
  const filter = {
    workspaceId: (call.caller ?? fail('missing_api_key')).workspaceId,
    kinds: kind === undefined ? null : [kind],
    fromMs: from === undefined ? null : toMs(from),
    toMs: to === undefined ? null : toMs(to),
  };
  return { status: 200, json: await listEntries(house.store, filter, askedPage(call.query, house.limits.pageSizeDefault)) };
}
