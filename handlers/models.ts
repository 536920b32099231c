/** This file answers the models operations. */
import { isModelAllowed } from '../gateway/access/allowed-models.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import type { Caller } from '../gateway/foundation/terms.ts';
import type { House } from '../gateway/relay/house.ts';
import { findModel, listModels as listCatalogModels } from '../gateway/routing/models.ts';
import type { Owned } from '../gateway/routing/models.ts';
import { listOwnNames } from '../gateway/routing/own-routes.ts';

/** Lists what this key can really call. */
export function listModels(call: Call<'listModels'>, house: House): Promise<Reply<'listModels'>> {
  const allowed = call.caller?.models ?? null;
  const data = listCatalogModels(house.catalog, ownedBy(call.caller, house)).filter((model) => isModelAllowed(allowed, model.resolves_to ?? model.id));
  return Promise.resolve({ status: 200, json: { object: 'list', data } });
}

/** Describes one model, also one that can't be reached: it says which key is missing. */
export function retrieveModel(call: Call<'retrieveModel'>, house: House): Promise<Reply<'retrieveModel'>> {
  const model = findModel(house.catalog, call.path.model, ownedBy(call.caller, house));
  if (!isModelAllowed(call.caller?.models ?? null, model.resolves_to ?? model.id)) {
    fail('model_not_allowed', { param: 'model', message: `This key may not call ${model.id}.` });
  }
  return Promise.resolve({ status: 200, json: model });
}

/** What the caller's workspace has of its own. */
function ownedBy(caller: Caller | null, { catalog }: House): Owned {
  return { keys: new Set(caller?.account.ownKeys.map(({ provider }) => provider)), names: caller ? listOwnNames(catalog, caller.account) : [] };
}
