/** This file answers the workspaces operations. */
import { toOwnWorkspace } from '../gateway/access/contract-shapes.ts';
import { changeOwnWorkspace, listOwnWorkspaces, retrieveOwnWorkspace } from '../gateway/access/workspaces.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import { askedPage, pageOf } from '../gateway/foundation/page.ts';
import type { House } from '../gateway/relay/house.ts';

/** Lists the workspaces of the key's user. */
export async function listWorkspaces(call: Call<'listWorkspaces'>, house: House): Promise<Reply<'listWorkspaces'>> {
  const page = askedPage(call.query, house.limits.pageSizeDefault);
  const rows = await listOwnWorkspaces(house, call.caller ?? fail('missing_api_key'), page);
  return { status: 200, json: pageOf(rows, page.limit - 1, { item: toOwnWorkspace, idOf: (row) => row.workspace.id }) };
}

/** Describes one workspace of the key's user. */
export async function retrieveWorkspace(call: Call<'retrieveWorkspace'>, house: House): Promise<Reply<'retrieveWorkspace'>> {
  return { status: 200, json: toOwnWorkspace(await retrieveOwnWorkspace(house, call.caller ?? fail('missing_api_key'), call.path.workspace)) };
}

/** Changes the workspace the call acts in. */
export async function updateWorkspace(call: Call<'updateWorkspace'>, house: House): Promise<Reply<'updateWorkspace'>> {
  const { name, request_bodies: bodies } = call.body;
  const change = {
    ...(name === undefined ? {} : { name }), ...(bodies?.keep === undefined ? {} : { keptBodies: bodies.keep }), ...(bodies?.days === undefined ? {} : { bodyDays: bodies.days }),
  };
  return { status: 200, json: toOwnWorkspace(await changeOwnWorkspace(house, call.caller ?? fail('missing_api_key'), { id: call.path.workspace, change })) };
}
