/** This file answers the limits operation. */
import type { Limit } from '../generated/client/types.gen.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import { listLimits as listLimitStates } from '../gateway/metering/limits-list.ts';
import type { LimitState } from '../gateway/metering/limits-list.ts';
import type { House } from '../gateway/relay/house.ts';

const MS_PER_SECOND = 1000;

/** Lists every limit that applies to this key, with what is left of it and when it begins anew. */
export async function listLimits(call: Call<'listLimits'>, house: House): Promise<Reply<'listLimits'>> {
  const caller = call.caller ?? fail('missing_api_key');
  const { planId, billing } = caller.account;
  const states = await listLimitStates(house, caller, house.keeper.findPlan(planId));
  return { status: 200, json: { object: 'list', workspace: caller.workspaceId, plan: planId, billing, data: states.map(toLimit) } };
}

function toLimit({ kind, subject, unit, limit, used, held, remaining, renewsMs, isHard }: LimitState): Limit {
  return {
    kind, subject, unit,
    limit: limit === null ? null : String(limit),
    used: String(used),
    held: String(held),
    remaining: remaining === null ? null : String(remaining),
    renews_at: Number.isFinite(renewsMs) ? Math.ceil(renewsMs / MS_PER_SECOND) : null,
    hard: isHard,
  };
}
