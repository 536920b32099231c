/** This file names what the catalogue is made of: entries of models, and what a name means. */
import type { CatalogModel, CatalogObjective, CatalogRoute, CatalogRouteFilter } from '../../generated/catalog-types.ts';
import type { ModelId, Target } from '../foundation/terms.ts';
import type { Policy } from './policy.ts';

/** A model and the targets of it that can be called from here. */
export interface ModelEntry {
  readonly row: CatalogModel;
  /** In order of preference; empty when no provider of it is alive. */
  readonly targets: readonly Target[];
  /** The environment variables, one of which would make it callable; empty when it is. */
  readonly missing: readonly string[];
}

/** What a name stands for. */
export interface Meaning {
  /** The model that answers; null when the name fits several and chooses none. */
  readonly entry: ModelEntry | null;
  /** The targets to be tried, in order; fewer than the model has when the name is a target's own. */
  readonly targets: readonly Target[];
  /** The route by which it was chosen; null without one. */
  readonly route: string | null;
  /** The environment variables, one of which would make it callable; empty when it is. */
  readonly missing: readonly string[];
  /** The models it could mean, when it fits several. */
  readonly choices: readonly ModelId[];
  /** Of a target's own name: that target, whoever pays for it. */
  readonly onlyTarget?: string;
  /** Of a route or an alias for several: all it may stand for, in order of preference. */
  readonly alternatives?: readonly Meaning[];
  /** Of a route, also behind an alias: what its requests are planned by. */
  readonly terms?: RouteTerms;
}

/** A model of a route. */
export interface RouteCandidate {
  readonly meaning: Meaning;
  /** Its share where the route draws by weight. */
  readonly weight: number;
}

/** A route, ready to be planned by. */
export interface RouteTerms {
  readonly id: string;
  readonly row: CatalogRoute;
  readonly objective: CatalogObjective;
  /** In the order of the row, or by price or context where the objective says so. Names that lead nowhere are left out. */
  readonly candidates: readonly RouteCandidate[];
  readonly filters: ReadonlySet<CatalogRouteFilter>;
  readonly policy: Policy;
}

/** What a name that is simply a model's means. */
export function meaningOf(entry: ModelEntry): Meaning {
  return { entry, targets: entry.targets, route: null, missing: entry.missing, choices: [] };
}
