/** This file answers the operator's operations on plans. */
import type { Plan } from '../generated/client/types.gen.ts';
import { planUsers } from '../gateway/access/workspaces.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import { stampOf } from '../gateway/relay/audit-stamp.ts';
import type { House } from '../gateway/relay/house.ts';

const TIME_ZONE_DEFAULT = 'UTC';

/** Lists every plan. */
export function listPlans(_call: Call<'listPlans'>, house: House): Promise<Reply<'listPlans'>> {
  return Promise.resolve({ status: 200, json: { object: 'list', data: plansOf(house) } });
}

/** Describes one plan. */
export function retrievePlan(call: Call<'retrievePlan'>, house: House): Promise<Reply<'retrievePlan'>> {
  return Promise.resolve({ status: 200, json: planOf(house, call.path.plan) });
}

/** Puts a plan, whole: what the request leaves out is not taken from the one before. */
export async function putPlan(call: Call<'putPlan'>, house: House): Promise<Reply<'putPlan'>> {
  const { name, time_zone, tiers, pool, cached_reply_percent: percent } = call.body;
  await house.keeper.put('plan', { id: call.path.plan, name, tiers, time_zone: time_zone ?? TIME_ZONE_DEFAULT, pool: pool ?? null, cached_reply_percent: percent ?? 0 }, stampOf(house, call, 'putPlan'));
  return { status: 200, json: planOf(house, call.path.plan) };
}

/** Takes a plan away that was put, unless workspaces would be left without one. */
export async function deletePlan(call: Call<'deletePlan'>, house: House): Promise<Reply<'deletePlan'>> {
  const { plan } = call.path;
  const isAlone = !house.keeper.isBeneath('plan', plan) && plansOf(house).some(({ id }) => id === plan);
  if (isAlone && await planUsers(house, plan) > 0) fail('plan_in_use');
  if (!await house.keeper.remove('plan', plan, stampOf(house, call, 'putPlan'))) fail('plan_not_found');
  return { status: 200, json: { id: plan, object: 'entry.deleted', deleted: true } };
}

function plansOf(house: House): Plan[] {
  return house.keeper.list('plan').map(({ entry, source }) => ({
    id: entry.id, object: 'plan', name: entry.name, time_zone: entry.time_zone ?? TIME_ZONE_DEFAULT, tiers: entry.tiers, cached_reply_percent: entry.cached_reply_percent ?? 0, pool: entry.pool ?? null, source,
  }));
}

function planOf(house: House, id: string): Plan {
  return plansOf(house).find((plan) => plan.id === id) ?? fail('plan_not_found');
}
