/** This file loads the catalogue: what is built in, what the operator's YAML changes, and which of it can be reached from here. */
import { readFileSync } from 'node:fs';
import type { CatalogData, CatalogFile, CatalogModel, CatalogPlan, CatalogRoute } from '../../generated/catalog-types.ts';
import type { Environment } from '../foundation/config.ts';
import { isJsonObject } from '../foundation/json-value.ts';
import { defaultLimits } from '../foundation/limits.ts';
import type { Limits } from '../foundation/limits.ts';
import type { ModelId, Target } from '../foundation/terms.ts';
import type { Meaning, ModelEntry } from './entries.ts';
import { indexNames } from './names.ts';
import { applyOperatorFile } from './operator-file.ts';
import { EnvironmentMistake, onWire, resolveProvider, toPrice, toQuirks } from './providers.ts';
import type { ProviderState } from './providers.ts';
import { NO_ROLLOUTS } from './rollout-table.ts';
import type { RolloutTable } from './rollout-table.ts';

/** Everything that can be named in `model`, and what it means. Read-only but for `discovered`. */
export interface Catalog {
  readonly providers: ReadonlyMap<string, ProviderState>;
  readonly models: ReadonlyMap<ModelId, ModelEntry>;
  readonly routes: readonly CatalogRoute[];
  readonly aliases: CatalogData['aliases'];
  readonly plans: readonly CatalogPlan[];
  /** Every name but those of models that local servers name themselves. */
  readonly names: ReadonlyMap<string, Meaning>;
  /** What is being rolled out; kept by `keeper.ts`. */
  readonly rollouts: RolloutTable;
  /** Provider → the models it said it has, as last heard; kept by `discover.ts`. */
  readonly discovered: Map<string, readonly string[]>;
}

export interface LoadedCatalog {
  readonly catalog: Catalog;
  /** The built-in rows, and with what the operator's file changes of them. */
  readonly builtIn: CatalogData;
  readonly rows: CatalogData;
  /** The operator's file; null when there is none. */
  readonly file: CatalogFile | null;
  /** The defaults, with what the operator's file says of them. */
  readonly limits: Limits;
}

export interface CatalogSources {
  readonly environment: Environment;
  /** The operator's YAML; null when there is none. */
  readonly configFile: string | null;
}

/** The operator made mistakes; the message has one line for each. */
export class CatalogError extends Error {
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(mistakes.length === 1 ? mistakes[0] : `${mistakes.length} mistakes in the configuration:\n${mistakes.join('\n')}`);
    this.mistakes = mistakes;
  }
}

const BUILT_IN = new URL('../../generated/catalog.json', import.meta.url);

/** Loads the catalogue, in a few milliseconds when there is no operator's file. Throws a CatalogError that names every mistake. */
export function loadCatalog(sources: CatalogSources): LoadedCatalog {
  const builtIn = readBuiltIn();
  const applied = sources.configFile === null ? { catalog: builtIn, limits: {}, file: null, mistakes: [] } : applyOperatorFile(builtIn, sources.configFile);
  if (applied.mistakes.length > 0) throw new CatalogError(applied.mistakes);
  return {
    catalog: buildCatalog(applied.catalog, sources.environment),
    builtIn,
    rows: applied.catalog,
    file: applied.file,
    limits: { ...defaultLimits, ...applied.limits },
  };
}

/** The ids of the providers that can be called, in order of the catalogue; `sandbox` always can. */
export function liveProviders(catalog: Catalog): string[] {
  return [...catalog.providers.values()].filter((state) => state.provider !== null).map((state) => state.row.id);
}

/** Makes a catalogue from its rows. Throws a CatalogError for an environment variable that can't be used. */
export function buildCatalog(rows: CatalogData, environment: Environment): Catalog {
  const providers = resolveProviders(rows, environment);
  const models = new Map(rows.models.map((row) => [row.id, makeEntry(row, providers)]));
  const { routes, aliases, plans } = rows;
  const names = indexNames({ models, routes, aliases, providers });
  return { providers, models, routes, aliases, plans, names, rollouts: NO_ROLLOUTS, discovered: new Map() };
}

function resolveProviders(rows: CatalogData, environment: Environment): Map<string, ProviderState> {
  const mistakes: string[] = [];
  const states = rows.providers.flatMap((row) => {
    try {
      return [resolveProvider(row, environment)];
    } catch (mistake) {
      if (!(mistake instanceof EnvironmentMistake)) throw mistake;
      mistakes.push(mistake.message);
      return [];
    }
  });
  if (mistakes.length > 0) throw new CatalogError(mistakes);
  return new Map(states.map((state) => [state.row.id, state]));
}

function makeEntry(row: CatalogModel, providers: ReadonlyMap<string, ProviderState>): ModelEntry {
  const targets: Target[] = [];
  const missing: string[] = [];
  for (const target of row.targets) {
    const state = providers.get(target.provider);
    if (!state?.provider) {
      for (const name of state?.missing ?? []) if (!missing.includes(name)) missing.push(name);
      continue;
    }
    targets.push({
      id: `${target.provider}/${target.model}`,
      provider: onWire(state.provider, target.wire),
      upstreamModel: target.model,
      price: target.price ? toPrice(target.price) : null,
      quirks: toQuirks(target.quirks),
      options: {},
    });
  }
  const isRetired = row.status === 'retired';
  return { row, targets: isRetired ? [] : targets, missing: targets.length > 0 || isRetired ? [] : missing };
}

/** The built-in rows were validated when they were generated; at the start only their outline is looked at. */
function readBuiltIn(): CatalogData {
  const rows: unknown = JSON.parse(readFileSync(BUILT_IN, 'utf8'));
  if (!isCatalogData(rows)) throw new Error('generated/catalog.json is not a catalogue; run npm run generate');
  return rows;
}

function isCatalogData(value: unknown): value is CatalogData {
  return isJsonObject(value) && ['providers', 'models', 'routes', 'plans'].every((key) => Array.isArray(value[key])) && isJsonObject(value['aliases']);
}
