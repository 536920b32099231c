/** This file makes of a route's row what requests are planned by: its models in the order the catalogue alone can give, and its policy. */
import type { CatalogObjective, CatalogRoute, CatalogRouteFilter, CatalogRouteTarget, CatalogTarget } from '../../generated/catalog-types.ts';
import type { Target } from '../foundation/terms.ts';
import type { Meaning, RouteCandidate, RouteTerms } from './entries.ts';
import { policyOf } from './policy.ts';

const EVERY_FILTER: ReadonlySet<CatalogRouteFilter> = new Set(['tools', 'vision', 'audio', 'files', 'structured_output', 'context']);

/** The terms of a route; `meaningOf` gives what a name of it stands for, null for nothing. */
export function routeTerms(row: CatalogRoute, meaningOf: (name: string) => Meaning | null): RouteTerms {
  const objective = row.objective ?? 'order';
  const seen = new Set<string>();
  const listed = row.targets.flatMap((target): RouteCandidate[] => {
    const meaning = meaningOf(nameOf(target));
    const id = meaning?.entry?.row.id;
    if (!meaning || id === undefined || seen.has(id)) return [];
    seen.add(id);
    return [{ meaning: objective === 'price' ? cheapestFirst(meaning) : meaning, weight: weightOf(target) }];
  });
  return { id: row.id, row, objective, candidates: inOrder(listed, objective), filters: row.filters ? new Set(row.filters) : EVERY_FILTER, policy: policyOf(row.fallback) };
}

/** The terms of a name that is no route, as if it were the only model of one. */
export function asRoute(id: string, meaning: Meaning): RouteTerms {
  const row: CatalogRoute = { id, description: id, targets: [] };
  return { id, row, objective: 'order', candidates: [{ meaning, weight: 1 }], filters: EVERY_FILTER, policy: policyOf() };
}

/** The model a target of a route names. */
export function nameOf(target: CatalogRouteTarget): string {
  return typeof target === 'string' ? target : target.model;
}

/** Its share; 1 where none is said. */
export function weightOf(target: CatalogRouteTarget): number {
  return typeof target === 'string' ? 1 : target.weight ?? 1;
}

/** True of what only plays an answer: nobody wants it first because it is free, or quick. */
export function isSandbox({ entry }: Meaning): boolean {
  return entry?.targets.some((target) => target.provider.wire === 'sandbox') ?? false;
}

function inOrder(listed: readonly RouteCandidate[], objective: CatalogObjective): readonly RouteCandidate[] {
  if (objective !== 'price' && objective !== 'context') return listed;
  const rank = objective === 'price' ? priceOf : (meaning: Meaning): number => -(meaning.entry?.row.context_window ?? 0);
  return listed
    .map((candidate) => ({ candidate, isLast: isSandbox(candidate.meaning), rank: rank(candidate.meaning) }))
    .sort((one, other) => Number(one.isLast) - Number(other.isLast) || (one.rank === other.rank ? 0 : one.rank - other.rank))
    .map(({ candidate }) => candidate);
}

function cheapestFirst(meaning: Meaning): Meaning {
  if (meaning.targets.length < 2) return meaning;
  return { ...meaning, targets: [...meaning.targets].sort((one, other) => mixed(one.price) - mixed(other.price) || 0) };
}

/** Of the cheapest target that can be called, or of the cheapest at all. */
function priceOf({ entry, targets }: Meaning): number {
  const prices = targets.length > 0 ? targets.map(({ price }) => mixed(price)) : (entry?.row.targets ?? []).map(({ price }) => mixed(price ?? null));
  return Math.min(...prices);
}

/** Nano-USD per million tokens, at three prompt tokens to one generated; what has no known price comes after all that have. */
function mixed(price: Target['price'] | NonNullable<CatalogTarget['price']> | null): number {
  return price === null ? Number.MAX_VALUE : (3 * Number(price.input) + Number(price.output)) / 4;
}
