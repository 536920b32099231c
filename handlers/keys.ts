/** This file answers the keys operations. */
import { readLimits, toContractKey } from '../gateway/access/contract-shapes.ts';
import * as office from '../gateway/access/manage.ts';
import type { KeyEdit } from '../gateway/access/manage.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, OperationId, Reply } from '../gateway/foundation/operation.ts';
import { askedPage, pageOf, toMs } from '../gateway/foundation/page.ts';
import type { Caller } from '../gateway/foundation/terms.ts';
import type { House } from '../gateway/relay/house.ts';

/** Creates a key; the whole of it is in this reply and never again. */
export async function createKey(call: Call<'createKey'>, house: House): Promise<Reply<'createKey'>> {
  const { body } = call;
  const { key, row } = await office.createKey(house, callerOf(call), {
    name: body.name,
    scopes: body.scopes ?? ['inference'],
    models: body.models ?? null,
    limits: readLimits(body.limits),
    expiresMs: body.expires_at == null ? null : toMs(body.expires_at),
    userId: body.user ?? null,
  });
  return { status: 201, json: { ...toContractKey(row, house.clock.now()), secret: key } };
}

/** Lists the keys of the workspace, newest first; a member's own only. */
export async function listKeys(call: Call<'listKeys'>, house: House): Promise<Reply<'listKeys'>> {
  const page = askedPage(call.query, house.limits.pageSizeDefault);
  const rows = await office.listKeys(house, callerOf(call), page);
  const nowMs = house.clock.now();
  return { status: 200, json: pageOf(rows, page.limit - 1, { item: (row) => toContractKey(row, nowMs), idOf: (row) => row.id }) };
}

/** Describes one key. */
export async function retrieveKey(call: Call<'retrieveKey'>, house: House): Promise<Reply<'retrieveKey'>> {
  return { status: 200, json: toContractKey(await office.retrieveKey(house, callerOf(call), call.path.key), house.clock.now()) };
}

/** Renames, limits, moves, prolongs or revokes a key. */
export async function updateKey(call: Call<'updateKey'>, house: House): Promise<Reply<'updateKey'>> {
  const { body } = call;
  const edit: KeyEdit = {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.scopes === undefined ? {} : { scopes: body.scopes }),
    ...(body.models === undefined ? {} : { models: body.models }),
    ...(body.limits === undefined ? {} : { limits: readLimits(body.limits) }),
    ...(body.workspace === undefined ? {} : { workspaceId: body.workspace }),
    ...(body.expires_at === undefined ? {} : { expiresMs: body.expires_at === null ? null : toMs(body.expires_at) }),
    ...(body.revoked === true ? { isRevoked: true } : {}),
  };
  return { status: 200, json: toContractKey(await office.updateKey(house, callerOf(call), { id: call.path.key, edit }), house.clock.now()) };
}

/** Deletes a key; its usage stays. */
export async function deleteKey(call: Call<'deleteKey'>, house: House): Promise<Reply<'deleteKey'>> {
  await office.deleteKey(house, callerOf(call), call.path.key);
  return { status: 200, json: { id: call.path.key, object: 'key.deleted', deleted: true } };
}

function callerOf(call: Call<OperationId>): Caller {
  return call.caller ?? fail('missing_api_key');
}
