/** This file answers the operator's operations on the catalogue's providers. */
import type { ProviderEntry } from '../generated/client/types.gen.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import { stampOf } from '../gateway/relay/audit-stamp.ts';
import type { House } from '../gateway/relay/house.ts';

/** Lists every provider of the catalogue. */
export function listProviderEntries(_call: Call<'listProviderEntries'>, house: House): Promise<Reply<'listProviderEntries'>> {
  return Promise.resolve({ status: 200, json: { object: 'list', data: entriesOf(house) } });
}

/** Describes one provider. */
export function retrieveProviderEntry(call: Call<'retrieveProviderEntry'>, house: House): Promise<Reply<'retrieveProviderEntry'>> {
  return Promise.resolve({ status: 200, json: entryOf(house, call.path.provider) });
}

/** Puts a provider, or changes of one. Its credential stays in the environment, under the name the entry gives. */
export async function putProviderEntry(call: Call<'putProviderEntry'>, house: House): Promise<Reply<'putProviderEntry'>> {
  const { provider } = call.path;
  if (call.body.id !== provider) fail('invalid_request', { param: 'id', message: `The id in the body is "${call.body.id}", the one in the path "${provider}".` });
  await house.keeper.put('provider', call.body, stampOf(house, call, 'putProviderEntry'));
  return { status: 200, json: entryOf(house, provider) };
}

/** Takes away what was put. */
export async function deleteProviderEntry(call: Call<'deleteProviderEntry'>, house: House): Promise<Reply<'deleteProviderEntry'>> {
  const { provider } = call.path;
  if (!await house.keeper.remove('provider', provider, stampOf(house, call, 'putProviderEntry'))) fail('provider_not_found');
  return { status: 200, json: { id: provider, object: 'entry.deleted', deleted: true } };
}

function entriesOf(house: House): ProviderEntry[] {
  return house.keeper.list('provider').map(({ entry, source }) => ({
    object: 'provider_entry', source, available: (house.catalog.providers.get(entry.id)?.provider ?? null) !== null, provider: entry,
  }));
}

function entryOf(house: House, id: string): ProviderEntry {
  return entriesOf(house).find(({ provider }) => provider.id === id) ?? fail('provider_not_found');
}
