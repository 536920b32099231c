/** This file answers the operator's operations on workspaces. */
import { readLimits, toAnyWorkspace } from '../gateway/access/contract-shapes.ts';
import * as office from '../gateway/access/workspaces.ts';
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import { askedPage, pageOf } from '../gateway/foundation/page.ts';
import type { House } from '../gateway/relay/house.ts';

/** What a new workspace has where nothing is said. */
const PLAN_DEFAULT = 'unlimited';

/** Lists every workspace, the oldest first. */
export async function listAllWorkspaces(call: Call<'listAllWorkspaces'>, house: House): Promise<Reply<'listAllWorkspaces'>> {
  const page = askedPage(call.query, house.limits.pageSizeDefault);
  return { status: 200, json: pageOf(await office.listWorkspaces(house, page), page.limit - 1, { item: toAnyWorkspace, idOf: (row) => row.id }) };
}

/** Creates a workspace with its owner. */
export async function createWorkspace(call: Call<'createWorkspace'>, house: House): Promise<Reply<'createWorkspace'>> {
  const { name, owner, plan = PLAN_DEFAULT, billing = 'plan', limits } = call.body;
  const row = await office.createWorkspace(house, { name, ownerId: owner, planId: plan, billing, limits: limits === undefined ? null : readLimits(limits) });
  return { status: 201, json: toAnyWorkspace(row) };
}

/** Describes one workspace. */
export async function retrieveAnyWorkspace(call: Call<'retrieveAnyWorkspace'>, house: House): Promise<Reply<'retrieveAnyWorkspace'>> {
  return { status: 200, json: toAnyWorkspace(await office.retrieveWorkspace(house, call.path.workspace)) };
}

/** Changes name, plan, billing, rate limits or suspension. */
export async function updateAnyWorkspace(call: Call<'updateAnyWorkspace'>, house: House): Promise<Reply<'updateAnyWorkspace'>> {
  const { name, plan, billing, limits, suspended } = call.body;
  const row = await office.changeWorkspace(house, call.path.workspace, {
    ...(name === undefined ? {} : { name }),
    ...(plan === undefined ? {} : { planId: plan }),
    ...(billing === undefined ? {} : { billing }),
    ...(limits === undefined ? {} : { limits: readLimits(limits) }),
    ...(suspended === undefined ? {} : { isSuspended: suspended }),
  });
  return { status: 200, json: toAnyWorkspace(row) };
}
