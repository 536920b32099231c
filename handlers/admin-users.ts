/** This file answers the operator's operations on users. */
import { toContractUser } from '../gateway/access/contract-shapes.ts';
import * as office from '../gateway/access/members.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import { askedPage, pageOf } from '../gateway/foundation/page.ts';
import type { House } from '../gateway/relay/house.ts';

/** Lists every user, the newest first. */
export async function listUsers(call: Call<'listUsers'>, house: House): Promise<Reply<'listUsers'>> {
  const page = askedPage(call.query, house.limits.pageSizeDefault);
  return { status: 200, json: pageOf(await office.listUsers(house, page), page.limit - 1, { item: toContractUser, idOf: (row) => row.id }) };
}

/** Creates a user. */
export async function createUser(call: Call<'createUser'>, house: House): Promise<Reply<'createUser'>> {
  const { name, email = null } = call.body;
  return { status: 201, json: toContractUser(await office.createUser(house, { name, email })) };
}

/** Describes one user. */
export async function retrieveUser(call: Call<'retrieveUser'>, house: House): Promise<Reply<'retrieveUser'>> {
  return { status: 200, json: toContractUser(await office.retrieveUser(house, call.path.user)) };
}

/** Renames, readdresses or disables a user. */
export async function updateUser(call: Call<'updateUser'>, house: House): Promise<Reply<'updateUser'>> {
  const { name, email, disabled } = call.body;
  const change = {
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    ...(disabled === undefined ? {} : { isDisabled: disabled }),
  };
  const row = await office.updateUser(house, call.caller ?? fail('missing_api_key'), { id: call.path.user, change });
  return { status: 200, json: toContractUser(row) };
}
