/** This file puts a workspace's own provider keys in the place of the operator's. */
import type { Provider, Target } from '../foundation/terms.ts';
import type { Catalog } from './catalog.ts';
import type { Meaning } from './entries.ts';
import { toPrice, toQuirks } from './providers.ts';

/** A provider's key of the workspace's own, opened. */
export interface OwnKey {
  readonly provider: string;
  readonly key: string;
  /** Null: the provider's own address. */
  readonly baseUrl: string | null;
}

/** The targets of a meaning that own keys reach, in the catalogue's order; also of models the operator has no key for. Empty when there is none. */
export function ownTargets(catalog: Catalog, meaning: Meaning, keys: readonly OwnKey[]): Target[] {
  const { entry } = meaning;
  if (!entry || keys.length === 0 || entry.row.status === 'retired') return [];
  const named = new Set(meaning.targets.map((target) => target.id));
  // A target's own name means that one alone, whoever pays.
  const isNarrowed = meaning.targets.length > 0 && meaning.targets.length < entry.targets.length;
  return entry.row.targets.flatMap((row) => {
    const id = `${row.provider}/${row.model}`;
    const key = keys.find(({ provider }) => provider === row.provider);
    const provider = key && ownProvider(catalog, key);
    if (!provider || (isNarrowed && !named.has(id))) return [];
    return [{ id, provider, upstreamModel: row.model, price: row.price ? toPrice(row.price) : null, quirks: toQuirks(row.quirks), options: {} }];
  });
}

/** The provider as the workspace reaches it; null when the catalogue does not know it. */
export function ownProvider(catalog: Catalog, { provider: id, key, baseUrl }: OwnKey): Provider | null {
  const state = catalog.providers.get(id);
  if (!state || state.row.wire === 'sandbox') return null;
  const { row } = state;
  // The operator's own address of the provider is the operator's business; a workspace's is looked at by the guard.
  const known = state.provider?.baseUrl ?? row.base_url;
  return {
    id, name: row.name, wire: row.wire, baseUrl: (baseUrl ?? known).replace(/\/+$/, ''), apiKey: key, headers: {}, quirks: toQuirks(row.quirks), isGuarded: baseUrl !== null,
  };
}
