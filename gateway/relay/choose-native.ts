/** This file chooses the one target of a native call: the provider it names, and no other. */
import type { Caller } from '../foundation/terms.ts';
import { findNativeEntry, findNativeProvider, reachNativeProvider } from '../routing/native-targets.ts';
import { isModelAllowed } from '../access/allowed-models.ts';
import { fail } from '../foundation/errors.ts';
import type { CatalogModel } from '../../generated/catalog-types.ts';
import type { Candidate } from './admit.ts';
import type { NativePick } from './ask.ts';
import type { House } from './house.ts';
import { planModel } from '../routing/plan.ts';
import type { Plan } from '../routing/steps.ts';

/** What a native call is sent to. */
export interface NativeChoice extends Candidate {
  /** The public id of the model; null of a path without a known one. */
  readonly model: string | null;
  readonly row: CatalogModel | null;
  readonly plan: Plan;
}

/** Chooses the target. Throws a Refusal: provider_not_found, model_not_available, model_not_found, or model_not_allowed where a key is limited to models and none is known. */
export function chooseNative(house: House, caller: Caller, pick: NativePick): NativeChoice | Promise<NativeChoice> {
  const keys = house.ownKeys.open(caller.account);
  if (keys instanceof Promise) return keys.then((opened) => choose(house, caller, { pick, keys: opened }));
  return choose(house, caller, { pick, keys });
}

type OpenedKeys = Awaited<ReturnType<House['ownKeys']['open']>>;

function choose({ catalog }: House, caller: Caller, { pick, keys }: { readonly pick: NativePick; readonly keys: OpenedKeys }): NativeChoice {
  const { provider, isOwnKey } = reachNativeProvider(catalog, findNativeProvider(catalog, pick.provider), keys);
  if (pick.model === null) {
    if (caller.models !== null) fail('model_not_allowed', { param: 'path', message: 'This key is limited to some models, and this path names none that is known.' });
    // It was decided before that it may pass, by the operator's word or by the workspace's own key: which of them, is asked again here.
    if (!isOwnKey && !pick.isUnmetered) fail('native_path_not_metered', { param: 'path' });
    const target = { id: provider.id, provider, upstreamModel: '', price: null, quirks: {}, options: {} };
    return { model: null, row: null, targets: [target], tier: 'basic', maxOutputTokens: null, isOwnKey, isFree: !isOwnKey, plan: planModel([{ target, model: '', row: null, isOwnKey }]) };
  }
  const named = { provider: pick.provider, model: pick.model };
  const entry = findNativeEntry(catalog, named, (model) => isModelAllowed(caller.models, model)) ?? failUnknown(named);
  const { row, price, quirks } = entry;
  if (pick.needsOwnKey && !isOwnKey) fail('native_path_not_metered', { param: 'path' });
  const target = { id: `${pick.provider}/${pick.model}`, provider, upstreamModel: pick.model, price, quirks, options: {} };
  return { model: row.id, row, targets: [target], tier: row.tier, maxOutputTokens: row.max_output_tokens, isOwnKey, plan: planModel([{ target, model: row.id, row, isOwnKey }]) };
}

/** Refuses a model of which nothing is known, its price least of all. */
export function failUnknown({ provider, model }: { readonly provider: string; readonly model: string }): never {
  return fail('model_not_found', {
    param: 'model',
    message: `No model of the catalogue is called "${model.slice(0, 100)}" at ${provider}, so that no price is known. A native call names the model as the provider does.`,
  });
}
