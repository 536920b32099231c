/** This file puts a workspace's own provider keys in the place of the operator's. */
import { fail } from '../foundation/errors.ts';
import type { Provider, Target } from '../foundation/terms.ts';
import type { Catalog } from './catalog.ts';
import type { Meaning, ModelEntry } from './entries.ts';
import { onWire, toPrice, toQuirks } from './providers.ts';
import type { ProviderState } from './providers.ts';

/** A provider's key of the workspace's own, opened. */
export interface OwnKey {
  readonly provider: string;
  /** Null: it is stored and can't be opened. */
  readonly key: string | null;
  /** Null: the provider's own address. */
  readonly baseUrl: string | null;
}

/** A model that own keys reach, and its targets through them. */
export interface OwnChoice {
  readonly entry: ModelEntry;
  /** At least one, in the catalogue's order. */
  readonly targets: readonly Target[];
}

/**
 * What a name means to a workspace with keys of its own: the first of the models it may stand for that can be called, when
 * own keys reach it, also where the operator has no key for it. Null when the operator's targets answer, or nobody's.
 * Throws a Refusal `model_not_available` when a key is needed that can't be opened: the operator's would cost what this one does not.
 */
export function chooseOwn(catalog: Catalog, meaning: Meaning, keys: readonly OwnKey[]): OwnChoice | null {
  for (const candidate of meaning.alternatives ?? [meaning]) {
    const targets = ownTargets(catalog, candidate, keys);
    if (candidate.entry && targets.length > 0) return { entry: candidate.entry, targets };
    if (candidate.targets.length > 0) return null;
  }
  return null;
}

/** The same without opening a key: which of the models a name may stand for answers, and whether by keys for these providers. */
export function foresee(catalog: Catalog, meaning: Meaning, providers: ReadonlySet<string>): { readonly meaning: Meaning; readonly isOwn: boolean } {
  if (providers.size === 0) return { meaning, isOwn: false };
  for (const candidate of meaning.alternatives ?? [meaning]) {
    const isOwn = ownRows(candidate).some((row) => providers.has(row.provider) && takesKeys(catalog.providers.get(row.provider)));
    if (isOwn || candidate.targets.length > 0) return { meaning: candidate, isOwn };
  }
  return { meaning, isOwn: false };
}

/** The targets of a model that own keys reach; none when they reach none. Throws as `chooseOwn` does. */
export function ownTargets(catalog: Catalog, meaning: Meaning, keys: readonly OwnKey[]): Target[] {
  return ownRows(meaning).flatMap((row) => {
    const key = keys.find(({ provider }) => provider === row.provider);
    const provider = key && ownProvider(catalog, key);
    if (!provider || provider.baseUrl === '') return [];
    return [{
      id: `${row.provider}/${row.model}`, provider: onWire(provider, row.wire), upstreamModel: row.model,
      price: row.price ? toPrice(row.price) : null, quirks: toQuirks(row.quirks), options: {},
    }];
  });
}

function ownRows({ entry, onlyTarget }: Meaning): ModelEntry['row']['targets'] {
  if (!entry || entry.row.status === 'retired') return [];
  return onlyTarget === undefined ? entry.row.targets : entry.row.targets.filter((row) => `${row.provider}/${row.model}` === onlyTarget);
}

/**
 * The provider as the workspace reaches it; null when the catalogue has none of this id that takes keys. Its base URL is empty
 * when it has no address at which a key of the workspace's own means anything.
 */
export function ownProvider(catalog: Catalog, { provider: id, key, baseUrl }: OwnKey): Provider | null {
  const state = catalog.providers.get(id);
  if (!takesKeys(state)) return null;
  const { row } = state;
  if (key === null) fail('model_not_available', { param: 'model', message: `The key this workspace has stored for ${row.name} can't be opened any more. Delete it and store it again.` });
  return {
    id, name: row.name, wire: row.wire, ...(row.wires ? { wires: row.wires } : {}), baseUrl: (baseUrl ?? ownAddress(state)).replace(/\/+$/, ''), apiKey: key, isOwnKey: true, headers: {}, quirks: toQuirks(row.quirks),
    // The operator's own address of a provider is the operator's business; a workspace's is looked at by the guard.
    isGuarded: baseUrl !== null,
  };
}

function takesKeys(state: ProviderState | undefined): state is ProviderState {
  return state !== undefined && state.row.wire !== 'sandbox';
}

/** A server of the operator's that asks for no key would serve whoever makes one up, past every limit. */
function ownAddress({ row, baseUrl }: ProviderState): string {
  return row.key_required ? baseUrl : '';
}
