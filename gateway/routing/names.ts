/** This file gives every name of the catalogue its one meaning, once, so that resolving a name is one look into a map. */
import type { CatalogAlias, CatalogData, CatalogRoute } from '../../generated/catalog-types.ts';
import type { ModelId } from '../foundation/terms.ts';
import { discoveredEntry } from './discovered.ts';
import { meaningOf } from './entries.ts';
import type { Meaning, ModelEntry } from './entries.ts';
import type { ProviderState } from './providers.ts';
import { namesOf } from './references.ts';
import { routeTerms } from './route-terms.ts';

export interface NameSources {
  readonly models: ReadonlyMap<ModelId, ModelEntry>;
  readonly routes: readonly CatalogRoute[];
  readonly aliases: CatalogData['aliases'];
  readonly providers: ReadonlyMap<string, ProviderState>;
}

type Names = Map<string, Meaning>;

/**
 * Indexes every name: ids of models first, then routes, aliases, targets (`openrouter/openai/gpt-5`), and last the bare
 * ids of models (`gpt-5-mini`). The earlier wins.
 */
export function indexNames(sources: NameSources): Names {
  const names: Names = new Map();
  for (const [id, entry] of sources.models) names.set(id, meaningOf(entry));
  for (const route of sources.routes) addFirst(names, route.id, meaningOfRoute(route, names, sources.providers));
  for (const [alias, value] of Object.entries(sources.aliases)) {
    if (value !== null) addFirst(names, alias, meaningOfAlias(value, names, sources.providers));
  }
  addTargets(names, sources);
  addBareIds(names, sources.models);
  return names;
}

/** What is left of an id without its maker's or host's name. */
export function bareId(id: ModelId): string | null {
  const slash = id.indexOf('/');
  return slash === -1 ? null : id.slice(slash + 1);
}

function addFirst(names: Names, name: string, meaning: Meaning | null): void {
  if (meaning && !names.has(name)) names.set(name, meaning);
}

type Known = ReadonlyMap<string, Meaning>;
type Providers = NameSources['providers'];

/** What a route stands for: the first of its models that can be called, as long as nothing is known of a request, and the terms to plan one by. */
export function meaningOfRoute(route: CatalogRoute, names: Known, providers: Providers): Meaning | null {
  const terms = routeTerms(route, (name) => known(name, names, providers));
  const chosen = choose(terms.candidates.map(({ meaning }) => meaning));
  return chosen && { ...chosen, route: route.id, terms };
}

/** What an alias stands for: the first of its names that can be called. Of a route it has the terms, too. */
export function meaningOfAlias(value: CatalogAlias, names: Known, providers: Providers): Meaning | null {
  return choose(namesOf(value).flatMap((name) => known(name, names, providers) ?? []));
}

/** The first of several meanings that can be called; when none can, the first with all that is missing. */
function choose(meanings: readonly Meaning[]): Meaning | null {
  const first = meanings[0];
  if (!first) return null;
  const reachable = meanings.find((meaning) => meaning.targets.length > 0);
  const alternatives = meanings.flatMap((meaning) => meaning.alternatives ?? [meaning]);
  if (reachable) return { ...reachable, alternatives };
  return { ...first, missing: [...new Set(meanings.flatMap((meaning) => meaning.missing))], alternatives };
}

function known(name: string, names: Known, providers: Providers): Meaning | null {
  return names.get(name) ?? discoveredMeaning(name, providers);
}

/** Routes and aliases may name models of local servers, which no list here holds. */
function discoveredMeaning(name: string, providers: ReadonlyMap<string, ProviderState>): Meaning | null {
  const entry = discoveredEntry(name, providers);
  return entry && meaningOf(entry);
}

/** `provider/upstream-model` names one target alone: for who wants this provider and no other. */
function addTargets(names: Names, sources: NameSources): void {
  for (const entry of sources.models.values()) {
    for (const { provider, model } of entry.row.targets) {
      const id = `${provider}/${model}`;
      const targets = entry.targets.filter((target) => target.id === id);
      const missing = targets.length > 0 || entry.row.status === 'retired' ? [] : sources.providers.get(provider)?.missing ?? [];
      addFirst(names, id, { entry, targets, route: null, missing, choices: [], onlyTarget: id });
    }
  }
}

/** A bare id that fits several models means none of them, but knows which. */
function addBareIds(names: Names, models: ReadonlyMap<ModelId, ModelEntry>): void {
  const fitting = new Map<string, Set<ModelEntry>>();
  for (const [id, entry] of models) {
    const upstream = entry.row.targets.map((target) => target.model).filter((model) => !model.includes('/'));
    for (const bare of [bareId(id), ...upstream]) {
      if (bare === null) continue;
      const entries = fitting.get(bare);
      if (entries) entries.add(entry);
      else fitting.set(bare, new Set([entry]));
    }
  }
  for (const [bare, entries] of fitting) {
    const [only] = entries;
    if (only && entries.size === 1) addFirst(names, bare, meaningOf(only));
    else addFirst(names, bare, { entry: null, targets: [], route: null, missing: [], choices: [...entries].map((entry) => entry.row.id) });
  }
}
