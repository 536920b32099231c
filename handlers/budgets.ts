/** This file answers the budgets operations. */
import type { Budget } from '../generated/client/types.gen.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, OperationId, Reply } from '../gateway/foundation/operation.ts';
import * as office from '../gateway/metering/budgets.ts';
import type { BudgetState } from '../gateway/metering/budgets.ts';
import type { House } from '../gateway/relay/house.ts';

const MS_PER_SECOND = 1000;
/** Those of a budget for which none were asked. */
const THRESHOLDS_DEFAULT = [80, 100];

/** Creates a budget; it limits from the next call on. */
export async function createBudget(call: Call<'createBudget'>, house: House): Promise<Reply<'createBudget'>> {
  const { body } = call;
  const state = await office.createBudget(house, workspaceOf(call), {
    name: body.name,
    scope: body.scope.type,
    scopeId: body.scope.id,
    unit: body.unit === 'usd' ? 'nusd' : 'msg',
    amount: BigInt(body.amount),
    period: body.period,
    timeZone: body.time_zone ?? 'UTC',
    isHard: body.hard ?? true,
    thresholds: body.thresholds ?? THRESHOLDS_DEFAULT,
  });
  return { status: 201, json: toBudget(state) };
}

/** Lists the budgets of the workspace, newest first. */
export async function listBudgets(call: Call<'listBudgets'>, house: House): Promise<Reply<'listBudgets'>> {
  const limit = call.query.limit ?? house.limits.pageSizeDefault;
  // One row more than asked for tells whether there is a next page.
  const states = await office.listBudgets(house, workspaceOf(call), { limit: limit + 1, after: call.query.after ?? null });
  const data = states.slice(0, limit).map(toBudget);
  return { status: 200, json: { object: 'list', data, has_more: states.length > limit, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null } };
}

/** Describes one budget. */
export async function retrieveBudget(call: Call<'retrieveBudget'>, house: House): Promise<Reply<'retrieveBudget'>> {
  return { status: 200, json: toBudget(await office.retrieveBudget(house, workspaceOf(call), call.path.budget)) };
}

/** Changes a budget, for the period that is running, too. */
export async function updateBudget(call: Call<'updateBudget'>, house: House): Promise<Reply<'updateBudget'>> {
  const { body } = call;
  const change = {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.amount === undefined ? {} : { amount: BigInt(body.amount) }),
    ...(body.hard === undefined ? {} : { isHard: body.hard }),
    ...(body.thresholds === undefined ? {} : { thresholds: body.thresholds }),
  };
  return { status: 200, json: toBudget(await office.updateBudget(house, workspaceOf(call), { id: call.path.budget, change })) };
}

/** Deletes a budget; it limits nothing any more. */
export async function deleteBudget(call: Call<'deleteBudget'>, house: House): Promise<Reply<'deleteBudget'>> {
  await office.deleteBudget(house, workspaceOf(call), call.path.budget);
  return { status: 200, json: { id: call.path.budget, object: 'budget.deleted', deleted: true } };
}

function workspaceOf(call: Call<OperationId>): string {
  return (call.caller ?? fail('missing_api_key')).workspaceId;
}

function toBudget({ budget, periodKey, used, held, remaining, thresholdsReached, renewsMs }: BudgetState): Budget {
  return {
    id: budget.id,
    object: 'budget',
    name: budget.name,
    scope: { type: budget.scope, id: budget.scopeId },
    unit: budget.unit === 'nusd' ? 'usd' : 'messages',
    amount: String(budget.amount),
    period: budget.period,
    time_zone: budget.timeZone,
    hard: budget.isHard,
    thresholds: [...budget.thresholds],
    period_key: periodKey,
    used: String(used),
    held: String(held),
    remaining: String(remaining),
    thresholds_reached: [...thresholdsReached],
    renews_at: Number.isFinite(renewsMs) ? Math.ceil(renewsMs / MS_PER_SECOND) : null,
    created_at: Math.floor(budget.createdMs / MS_PER_SECOND),
  };
}
