/** This file answers the provider-keys operations. */
import type { ProviderKey } from '../generated/client/types.gen.ts';
import * as office from '../gateway/access/provider-keys.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, OperationId, Reply } from '../gateway/foundation/operation.ts';
import { askedPage, pageOf, toSeconds } from '../gateway/foundation/page.ts';
import type { Caller } from '../gateway/foundation/terms.ts';
import type { House } from '../gateway/relay/house.ts';

type ProviderKeyRow = Awaited<ReturnType<typeof office.retrieveProviderKey>>;

/** Tries and stores a provider key of the workspace's own. */
export async function createProviderKey(call: Call<'createProviderKey'>, house: House): Promise<Reply<'createProviderKey'>> {
  const { provider, key, name = provider, base_url = null } = call.body;
  return { status: 201, json: toProviderKey(await office.createProviderKey(house, callerOf(call), { provider, key, name, baseUrl: base_url })) };
}

/** Lists them, the newest first. */
export async function listProviderKeys(call: Call<'listProviderKeys'>, house: House): Promise<Reply<'listProviderKeys'>> {
  const page = askedPage(call.query, house.limits.pageSizeDefault);
  const rows = await office.listProviderKeys(house, callerOf(call), page);
  return { status: 200, json: pageOf(rows, page.limit - 1, { item: toProviderKey, idOf: (row) => row.id }) };
}

/** Describes one, but for the key itself. */
export async function retrieveProviderKey(call: Call<'retrieveProviderKey'>, house: House): Promise<Reply<'retrieveProviderKey'>> {
  return { status: 200, json: toProviderKey(await office.retrieveProviderKey(house, callerOf(call), call.path.provider_key)) };
}

/** Forgets one. */
export async function deleteProviderKey(call: Call<'deleteProviderKey'>, house: House): Promise<Reply<'deleteProviderKey'>> {
  await office.deleteProviderKey(house, callerOf(call), call.path.provider_key);
  return { status: 200, json: { id: call.path.provider_key, object: 'provider_key.deleted', deleted: true } };
}

function toProviderKey(row: ProviderKeyRow): ProviderKey {
  return { id: row.id, object: 'provider_key', provider: row.provider, name: row.name, base_url: row.baseUrl, last4: row.last4, created_at: toSeconds(row.createdMs) };
}

function callerOf(call: Call<OperationId>): Caller {
  return call.caller ?? fail('missing_api_key');
}
