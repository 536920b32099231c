/** This file answers the operator's operations on the catalogue's models. */
import type { ModelEntry } from '../generated/client/types.gen.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import { askedPage, pageOf } from '../gateway/foundation/page.ts';
import { stampOf } from '../gateway/relay/audit-stamp.ts';
import type { House } from '../gateway/relay/house.ts';

/** Lists every model of the catalogue by id. */
export function listModelEntries(call: Call<'listModelEntries'>, house: House): Promise<Reply<'listModelEntries'>> {
  const { limit, after } = askedPage(call.query, house.limits.pageSizeDefault);
  const all = house.keeper.list('model').sort((one, other) => (one.entry.id < other.entry.id ? -1 : 1));
  const rows = all.filter(({ entry }) => after === null || entry.id > after).slice(0, limit);
  const page = pageOf(rows, limit - 1, { item: ({ entry, source }): ModelEntry => ({ object: 'model_entry', source, model: entry }), idOf: ({ entry }) => entry.id });
  return Promise.resolve({ status: 200, json: page });
}

/** Describes one model. */
export function retrieveModelEntry(call: Call<'retrieveModelEntry'>, house: House): Promise<Reply<'retrieveModelEntry'>> {
  return Promise.resolve({ status: 200, json: entryOf(house, call.path.model) });
}

/** Puts a model, or changes of one. */
export async function putModelEntry(call: Call<'putModelEntry'>, house: House): Promise<Reply<'putModelEntry'>> {
  const { model } = call.path;
  if (call.body.id !== model) fail('invalid_request', { param: 'id', message: `The id in the body is "${call.body.id}", the one in the path "${model}".` });
  await house.keeper.put('model', call.body, stampOf(house, call, 'putModelEntry'));
  return { status: 200, json: entryOf(house, model) };
}

/** Takes away what was put. */
export async function deleteModelEntry(call: Call<'deleteModelEntry'>, house: House): Promise<Reply<'deleteModelEntry'>> {
  const { model } = call.path;
  if (!await house.keeper.remove('model', model, stampOf(house, call, 'putModelEntry'))) fail('model_not_found', { param: 'model' });
  return { status: 200, json: { id: model, object: 'entry.deleted', deleted: true } };
}

function entryOf(house: House, id: string): ModelEntry {
  const found = house.keeper.list('model').find(({ entry }) => entry.id === id) ?? fail('model_not_found', { param: 'model' });
  return { object: 'model_entry', source: found.source, model: found.entry };
}
