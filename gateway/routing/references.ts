/** This file finds names in a catalogue that lead nowhere: providers, models and routes that do not exist. */
import type { CatalogAlias, CatalogData } from '../../generated/catalog-types.ts';
import { nameOf } from './route-terms.ts';

/** A name that leads nowhere, and where it stands. */
export interface BrokenReference {
  /** Keys and indexes from the top of the catalogue. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Every broken reference of a catalogue, in order. */
export function findBrokenReferences(catalog: CatalogData): BrokenReference[] {
  return [...brokenTargets(catalog), ...brokenReplacements(catalog), ...brokenRoutes(catalog), ...brokenAliases(catalog)];
}

/** The names an alias stands for, in order. */
export function namesOf(alias: CatalogAlias): readonly string[] {
  if (alias === null) return [];
  return typeof alias === 'string' ? [alias] : alias;
}

function brokenTargets(catalog: CatalogData): BrokenReference[] {
  const providers = new Map(catalog.providers.map((provider) => [provider.id, provider.wire]));
  return catalog.models.flatMap((model, index) => model.targets.flatMap((target, place) => {
    const path = ['models', index, 'targets', place];
    const isPriced = target.price !== null && target.price !== undefined;
    return [
      ...(providers.has(target.provider) ? [] : [{ path: [...path, 'provider'], message: `an existing provider, not ${target.provider}` }]),
      // The sandbox has no address, and everybody else has nothing to play it with.
      ...(target.wire === undefined || (target.wire === 'sandbox') === (providers.get(target.provider) === 'sandbox') ? []
        : [{ path: [...path, 'wire'], message: `a wire that ${target.provider} can speak, not ${target.wire}` }]),
      ...(isPriced || target.unpriced === true ? [] : [{ path, message: 'a price, or unpriced: true' }]),
      ...(isPriced && target.unpriced === true ? [{ path: [...path, 'unpriced'], message: 'a price or unpriced: true, not both' }] : []),
    ];
  }));
}

function brokenReplacements(catalog: CatalogData): BrokenReference[] {
  const isKnown = knownNames(catalog);
  return catalog.models.flatMap((model, index) => (model.replacement === null || isKnown(model.replacement)
    ? [] : [{ path: ['models', index, 'replacement'], message: `an existing model, not ${model.replacement}` }]));
}

function brokenRoutes(catalog: CatalogData): BrokenReference[] {
  const isModel = knownModels(catalog);
  const models = new Set(catalog.models.map((model) => model.id));
  return catalog.routes.flatMap((route, index) => [
    ...(models.has(route.id) ? [{ path: ['routes', index, 'id'], message: `a name that no model has, not ${route.id}` }] : []),
    ...route.targets.map(nameOf).flatMap((name, place) => (isModel(name) ? [] : [{ path: ['routes', index, 'targets', place], message: `an existing model, not ${name}` }])),
    ...route.targets.map(nameOf).flatMap((name, place, all) => (all.indexOf(name) === place ? [] : [{ path: ['routes', index, 'targets', place], message: `each model once, not ${name} again` }])),
  ]);
}

function brokenAliases(catalog: CatalogData): BrokenReference[] {
  const isKnown = knownNames(catalog);
  const taken = new Set([...catalog.models, ...catalog.routes].map((row) => row.id));
  return Object.entries(catalog.aliases).flatMap(([alias, value]) => [
    ...(value !== null && taken.has(alias) ? [{ path: ['aliases', alias], message: `a name that no model and no route has, not ${alias}` }] : []),
    ...namesOf(value).flatMap((name, place) => (isKnown(name) ? []
      : [{ path: ['aliases', alias, ...(typeof value === 'string' ? [] : [place])], message: `an existing model or route, not ${name}` }])),
  ]);
}

function knownNames(catalog: CatalogData): (name: string) => boolean {
  const isModel = knownModels(catalog);
  const routes = new Set(catalog.routes.map((route) => route.id));
  return (name) => routes.has(name) || isModel(name);
}

/** Models of a server that names its own are known only to that server, so its name in front is enough. */
function knownModels(catalog: CatalogData): (name: string) => boolean {
  const models = new Set(catalog.models.map((model) => model.id));
  const discovering = catalog.providers.filter((provider) => provider.discover).map((provider) => `${provider.id}/`);
  return (name) => models.has(name) || discovering.some((prefix) => name.length > prefix.length && name.startsWith(prefix));
}
