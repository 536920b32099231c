/** This file answers the keys operations. */
import type { Key } from '../generated/client/types.gen.ts';
import * as office from '../gateway/access/manage.ts';
import type { KeyEdit } from '../gateway/access/manage.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, OperationId, Reply } from '../gateway/foundation/operation.ts';
import type { Caller } from '../gateway/foundation/terms.ts';
import type { House } from '../gateway/relay/house.ts';

const MS_PER_SECOND = 1000;

type KeyRow = Awaited<ReturnType<typeof office.retrieveKey>>;

/** Creates a key; the whole of it is in this reply and never again. */
export async function createKey(call: Call<'createKey'>, house: House): Promise<Reply<'createKey'>> {
  const { body } = call;
  const { key, row } = await office.createKey(house, callerOf(call), {
    name: body.name,
    scopes: body.scopes ?? ['inference'],
    models: body.models ?? null,
    expiresMs: toMs(body.expires_at ?? null),
  });
  return { status: 201, json: { ...toKey(row, house), secret: key } };
}

/** Lists the keys of the workspace, newest first. */
export async function listKeys(call: Call<'listKeys'>, house: House): Promise<Reply<'listKeys'>> {
  const limit = call.query.limit ?? house.limits.pageSizeDefault;
  // One row more than asked for tells whether there is a next page.
  const rows = await office.listKeys(house, callerOf(call), { limit: limit + 1, after: call.query.after ?? null });
  const data = rows.slice(0, limit).map((row) => toKey(row, house));
  const json = { object: 'list' as const, data, has_more: rows.length > limit, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  return { status: 200, json };
}

/** Describes one key. */
export async function retrieveKey(call: Call<'retrieveKey'>, house: House): Promise<Reply<'retrieveKey'>> {
  return { status: 200, json: toKey(await office.retrieveKey(house, callerOf(call), call.path.key), house) };
}

/** Renames, limits, prolongs or revokes a key. */
export async function updateKey(call: Call<'updateKey'>, house: House): Promise<Reply<'updateKey'>> {
  const { body } = call;
  const edit: KeyEdit = {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.scopes === undefined ? {} : { scopes: body.scopes }),
    ...(body.models === undefined ? {} : { models: body.models }),
    ...(body.expires_at === undefined ? {} : { expiresMs: toMs(body.expires_at) }),
    ...(body.revoked === true ? { isRevoked: true } : {}),
  };
  return { status: 200, json: toKey(await office.updateKey(house, callerOf(call), { id: call.path.key, edit }), house) };
}

/** Deletes a key; its usage stays. */
export async function deleteKey(call: Call<'deleteKey'>, house: House): Promise<Reply<'deleteKey'>> {
  await office.deleteKey(house, callerOf(call), call.path.key);
  return { status: 200, json: { id: call.path.key, object: 'key.deleted', deleted: true } };
}

function callerOf(call: Call<OperationId>): Caller {
  return call.caller ?? fail('missing_api_key');
}

function toMs(seconds: number | null): number | null {
  return seconds === null ? null : seconds * MS_PER_SECOND;
}

function toSeconds(ms: number): number {
  return Math.floor(ms / MS_PER_SECOND);
}

function toKey(row: KeyRow, house: House): Key {
  return {
    id: row.id,
    object: 'key',
    name: row.name,
    last4: row.last4,
    scopes: [...row.scopes],
    models: row.models === null ? null : [...row.models],
    status: office.keyStatus(row, house.clock.now()),
    created_at: toSeconds(row.createdMs),
    expires_at: row.expiresMs === null ? null : toSeconds(row.expiresMs),
    revoked_at: row.revokedMs === null ? null : toSeconds(row.revokedMs),
  };
}
