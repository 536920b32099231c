/** This file finds the target a caller means who names a provider and, in its words, a model. */
import type { CatalogModel } from '../../generated/catalog-types.ts';
import { fail } from '../foundation/errors.ts';
import type { Provider, Target } from '../foundation/terms.ts';
import type { Catalog } from './catalog.ts';
import { discoveredEntry } from './discovered.ts';
import { ownProvider } from './own-targets.ts';
import type { OwnKey } from './own-targets.ts';
import { toPrice, toQuirks } from './providers.ts';
import type { ProviderState } from './providers.ts';

/** A model of the catalogue, and its target at one provider. */
export interface NativeEntry {
  readonly row: CatalogModel;
  readonly price: Target['price'];
  readonly quirks: Target['quirks'];
}

/** The provider of this id, whether or not it can be called. Throws a Refusal provider_not_found. */
export function findNativeProvider(catalog: Catalog, id: string): ProviderState {
  return catalog.providers.get(id) ?? fail('provider_not_found', { param: 'provider', message: `There is no provider "${id.slice(0, 64)}".` });
}

/**
 * The model that has a target of this name at this provider: of several the first that `isAllowed` takes, else the first. Null when the
 * catalogue knows none, so that no price is known either.
 */
export function findNativeEntry(catalog: Catalog, named: { readonly provider: string; readonly model: string }, isAllowed: (model: string) => boolean): NativeEntry | null {
  const found: NativeEntry[] = [];
  for (const { row } of catalog.models.values()) {
    const target = row.status === 'retired' ? undefined : row.targets.find(({ provider, model }) => provider === named.provider && model === named.model);
    if (target) found.push({ row, price: target.price ? toPrice(target.price) : null, quirks: toQuirks(target.quirks) });
  }
  const known = found.find(({ row }) => isAllowed(row.id)) ?? found[0];
  if (known) return known;
  const local = discoveredEntry(`${named.provider}/${named.model}`, catalog.providers);
  const [target] = local?.targets ?? [];
  return local && target ? { row: local.row, price: target.price, quirks: target.quirks } : null;
}

/**
 * The provider as this call reaches it: by the workspace's own key where it has one, else by the operator's. Throws a Refusal
 * model_not_available when neither leads there.
 */
export function reachNativeProvider(catalog: Catalog, state: ProviderState, keys: readonly OwnKey[]): { readonly provider: Provider; readonly isOwnKey: boolean } {
  const key = keys.find(({ provider }) => provider === state.row.id);
  const own = key ? ownProvider(catalog, key) : null;
  if (own && own.baseUrl !== '') return { provider: own, isOwnKey: true };
  if (state.provider) return { provider: state.provider, isOwnKey: false };
  const wanted = state.missing.length === 0 ? 'it is not configured' : `set ${state.missing.join(' or ')}`;
  return fail('model_not_available', { param: 'provider', message: `The provider "${state.row.id}" exists, but can't be reached from here: ${wanted}.` });
}
