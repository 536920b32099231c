/** This file answers the balance operations. */
import { encodeText } from '../gateway/foundation/byte-text.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, OperationId, Reply } from '../gateway/foundation/operation.ts';
import { toMs, toSeconds } from '../gateway/foundation/page.ts';
import type { Caller } from '../gateway/foundation/terms.ts';
import { isoTime } from '../gateway/metering/calendar.ts';
import { formatUsd } from '../gateway/metering/topups.ts';
import type { House } from '../gateway/relay/house.ts';
import { readBalance } from '../gateway/reporting/balance.ts';
import { writeStatement } from '../gateway/reporting/statement.ts';

/** Tells the balance, and what a top-up would cost. */
export async function retrieveBalance(call: Call<'retrieveBalance'>, house: House): Promise<Reply<'retrieveBalance'>> {
  const balance = await readBalance(house.store, callerOf(call).account);
  const { payments } = house;
  const topup = payments && {
    provider: payments.provider,
    fee_mode: payments.terms.feeMode,
    fee_basis_points: payments.terms.feeBasisPoints,
    minimum_nano_usd: payments.terms.minimum.toString(),
  };
  return { status: 200, json: { ...balance, topup } };
}

/** Has a payment page made. */
export async function createTopup(call: Call<'createTopup'>, house: House): Promise<Reply<'createTopup'>> {
  const { payments } = house;
  if (!payments) return fail('unknown_url', { message: 'This gateway takes no payments: set STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET, or have an operator grant a credit.' });
  const { body } = call;
  const { id, url, amounts } = await payments.topUp({
    workspaceId: callerOf(call).workspaceId, amount: BigInt(body.amount_nano_usd), successUrl: body.success_url, cancelUrl: body.cancel_url,
  });
  const json = {
    id, object: 'topup' as const, url, pays_nano_usd: amounts.pays.toString(), fee_nano_usd: amounts.fee.toString(), credits_nano_usd: amounts.credits.toString(),
  };
  return { status: 201, json };
}

/** Writes the ledger of a time as comma-separated values. */
export async function getStatement(call: Call<'getStatement'>, house: House): Promise<Reply<'getStatement'>> {
  const { from, to } = call.query;
  const span = { workspaceId: callerOf(call).workspaceId, fromMs: from === undefined ? null : toMs(from), toMs: to === undefined ? null : toMs(to) };
  // Whole seconds, as `from` and `to` count them.
  const text = await writeStatement(house.store, span, { usd: formatUsd, time: (ms) => isoTime(toMs(toSeconds(ms))) });
  return { status: 200, bytes: encodeText(text), contentType: 'text/csv; charset=utf-8' };
}

function callerOf(call: Call<OperationId>): Caller {
  return call.caller ?? fail('missing_api_key');
}
