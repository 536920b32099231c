/** This file answers the members operations. */
import { toContractMember } from '../gateway/access/contract-shapes.ts';
import * as office from '../gateway/access/members.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, OperationId, Reply } from '../gateway/foundation/operation.ts';
import { askedPage, pageOf } from '../gateway/foundation/page.ts';
import type { Caller } from '../gateway/foundation/terms.ts';
import type { House } from '../gateway/relay/house.ts';

/** Lists the members of the workspace, the oldest first. */
export async function listMembers(call: Call<'listMembers'>, house: House): Promise<Reply<'listMembers'>> {
  const page = askedPage(call.query, house.limits.pageSizeDefault);
  const rows = await office.listMembers(house, callerOf(call), page);
  return { status: 200, json: pageOf(rows, page.limit - 1, { item: toContractMember, idOf: (row) => row.user.id }) };
}

/** Adds a user to the workspace. */
export async function addMember(call: Call<'addMember'>, house: House): Promise<Reply<'addMember'>> {
  const { user = null, email = null, name = null, role } = call.body;
  const row = await office.addMember(house, callerOf(call), { userId: user, email, name, role });
  return { status: 201, json: toContractMember(row) };
}

/** Describes one member. */
export async function retrieveMember(call: Call<'retrieveMember'>, house: House): Promise<Reply<'retrieveMember'>> {
  return { status: 200, json: toContractMember(await office.retrieveMember(house, callerOf(call), call.path.user)) };
}

/** Changes a role. */
export async function updateMember(call: Call<'updateMember'>, house: House): Promise<Reply<'updateMember'>> {
  const row = await office.updateMember(house, callerOf(call), { userId: call.path.user, role: call.body.role });
  return { status: 200, json: toContractMember(row) };
}

/** Removes a member; their usage stays. */
export async function removeMember(call: Call<'removeMember'>, house: House): Promise<Reply<'removeMember'>> {
  await office.removeMember(house, callerOf(call), call.path.user);
  return { status: 200, json: { user: call.path.user, object: 'member.removed', removed: true } };
}

function callerOf(call: Call<OperationId>): Caller {
  return call.caller ?? fail('missing_api_key');
}
