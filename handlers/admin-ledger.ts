/** This file answers the operator's operations on the ledger. */
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import { toSeconds } from '../gateway/foundation/page.ts';
import { adjust, grant, refund } from '../gateway/metering/credits.ts';
import type { House } from '../gateway/relay/house.ts';
import { toLedgerEntry } from '../gateway/reporting/ledger-list.ts';

/** Credits a balance. */
export async function createGrant(call: Call<'createGrant'>, house: House): Promise<Reply<'createGrant'>> {
  const { workspace, amount_nano_usd, note = null, id = null } = call.body;
  return { status: 201, json: toLedgerEntry(await grant(house, { workspaceId: workspace, amount: BigInt(amount_nano_usd), note, id })) };
}

/** Takes credit away. */
export async function createAdjustment(call: Call<'createAdjustment'>, house: House): Promise<Reply<'createAdjustment'>> {
  const { workspace, amount_nano_usd, note = null, id = null } = call.body;
  return { status: 201, json: toLedgerEntry(await adjust(house, { workspaceId: workspace, amount: BigInt(amount_nano_usd), note, id })) };
}

/** Gives back what a request was charged. */
export async function createRefund(call: Call<'createRefund'>, house: House): Promise<Reply<'createRefund'>> {
  const { workspace, request, amount_nano_usd, note = null } = call.body;
  const row = await refund(house, { workspaceId: workspace, requestId: request, amount: amount_nano_usd === undefined ? null : BigInt(amount_nano_usd), note });
  return { status: 201, json: toLedgerEntry(row) };
}

/** Checks every promise of the ledger. */
export async function checkLedger(_call: Call<'checkLedger'>, house: House): Promise<Reply<'checkLedger'>> {
  const violations = await house.ledgerWatch.checkNow();
  return {
    status: 200,
    json: { object: 'ledger.check', ok: violations.length === 0, violations: violations.map(({ invariant, subject, detail }) => ({ invariant, subject, detail })), checked_at: toSeconds(house.clock.now()) },
  };
}
