/** This file applies the operator's YAML to the built-in catalogue: it adds, or overrides what it names, entry by entry and by id. */
import { readFileSync } from 'node:fs';
import type { CatalogData, CatalogFile, CatalogLimits, CatalogModel, CatalogModelChange, CatalogProvider, CatalogProviderChange } from '../../generated/catalog-types.ts';
import type { Mistake } from './mistake.ts';
import { parseOperatorYaml } from './operator-yaml.ts';
import { findBrokenReferences } from './references.ts';
import { findUnusable } from './unusable.ts';
import { tierByPrice } from './tier.ts';

/** The catalogue with the operator's changes, or what is wrong with them. */
export interface AppliedFile {
  readonly catalog: CatalogData;
  readonly limits: CatalogLimits;
  /** What the operator wrote; null without a file that could be read. */
  readonly file: CatalogFile | null;
  /** One line for each: `file:line:column: path: expected …`. The rest is meaningless when there are any. */
  readonly mistakes: readonly string[];
}

/** Reads and applies the file. Never throws for what the operator wrote, nor for a file that can't be read. */
export function applyOperatorFile(builtIn: CatalogData, file: string): AppliedFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { catalog: builtIn, limits: {}, file: null, mistakes: [`${file}: the configuration can't be read: ${String(error).replace(/^Error: /, '')}`] };
  }
  const parsed = parseOperatorYaml(text, file);
  if (parsed.file === null) return { catalog: builtIn, limits: {}, file: null, mistakes: parsed.mistakes };
  const operator = parsed.file;
  const catalog = merge(builtIn, operator);
  const mistakes: Mistake[] = [
    ...findIncomplete(builtIn, operator),
    ...findUnusable(operator),
    ...findRepeated(operator),
    ...findBrokenReferences(catalog).map(({ path, message }) => ({ path: pathInFile(path, catalog, operator), expected: message })),
  ];
  return { catalog, limits: operator.limits ?? {}, file: operator, mistakes: mistakes.map(parsed.locate) };
}

/** Applies changes that were validated before, and says in plain words which of them can't stand. */
export function applyChanges(base: CatalogData, changes: CatalogFile): { readonly catalog: CatalogData; readonly mistakes: readonly string[] } {
  const catalog = merge(base, changes);
  const mistakes: Mistake[] = [...findIncomplete(base, changes), ...findUnusable(changes), ...findBrokenReferences(catalog).map(({ path, message }) => ({ path, expected: message }))];
  return { catalog, mistakes: mistakes.map(({ path, expected }) => `${path.join('.')}: expected ${expected}`) };
}

/** Routes and aliases share their names: an alias of the operator's takes the place of a built-in route, and the other way round. */
function merge(builtIn: CatalogData, operator: CatalogFile): CatalogData {
  const ownAliases = operator.aliases ?? {};
  const ownRoutes = new Set((operator.routes ?? []).map((route) => route.id));
  return {
    providers: mergeRows(builtIn.providers, operator.providers ?? [], completeProvider),
    models: mergeRows(builtIn.models, operator.models ?? [], completeModel),
    aliases: { ...Object.fromEntries(Object.entries(builtIn.aliases).filter(([alias]) => !ownRoutes.has(alias))), ...ownAliases },
    routes: mergeRows(builtIn.routes.filter((route) => !Object.hasOwn(ownAliases, route.id)), operator.routes ?? [], (route) => route),
    plans: mergeRows(builtIn.plans, operator.plans ?? [], (plan) => plan),
  };
}

/** A change of a known row overrides the fields it names; a new row gets what it leaves out. Order is kept, new rows come last. */
function mergeRows<Row extends { id: string }, Change extends { id: string } & Partial<Row>>(
  rows: readonly Row[], changes: readonly Change[], complete: (change: Change) => Row,
): Row[] {
  const merged = new Map(rows.map((row) => [row.id, row]));
  for (const change of changes) {
    const known = merged.get(change.id);
    merged.set(change.id, known ? { ...known, ...change } : complete(change));
  }
  return [...merged.values()];
}

function completeProvider(change: CatalogProviderChange): CatalogProvider {
  const keys = change.key_env ?? null;
  return { name: change.id, wire: 'openai-chat', base_url: '', base_url_env: null, key_required: keys !== null, discover: false, ...change, key_env: keys };
}

function completeModel(change: CatalogModelChange): CatalogModel {
  const targets = change.targets ?? [];
  return {
    name: change.id, owned_by: change.id.split('/')[0] ?? change.id, created: 0, context_window: 0, max_output_tokens: null,
    input_modalities: ['text'], output_modalities: ['text'], tools: true, structured_output: false, reasoning: false,
    tier: tierByPrice(targets), status: 'active', shutdown_at: null, replacement: null, ...change, targets,
  };
}

/** New rows need what nobody can guess. */
function findIncomplete(builtIn: CatalogData, operator: CatalogFile): Mistake[] {
  const providers = new Set(builtIn.providers.map((provider) => provider.id));
  const models = new Set(builtIn.models.map((model) => model.id));
  return [
    ...(operator.providers ?? []).flatMap((provider, index) => (providers.has(provider.id) || provider.wire === 'sandbox' || provider.base_url
      ? [] : [{ path: ['providers', index], expected: `a base_url, because ${provider.id} is not a built-in provider` }])),
    ...(operator.models ?? []).flatMap((model, index) => (models.has(model.id) || model.targets
      ? [] : [{ path: ['models', index], expected: `targets, because ${model.id} is not a built-in model` }])),
  ];
}

function findRepeated(operator: CatalogFile): Mistake[] {
  const lists = { providers: operator.providers, models: operator.models, routes: operator.routes, plans: operator.plans };
  return Object.entries(lists).flatMap(([list, rows]) => {
    const seen = new Set<string>();
    return (rows ?? []).flatMap((row, index) => {
      const isRepeated = seen.has(row.id);
      seen.add(row.id);
      return isRepeated ? [{ path: [list, index, 'id'], expected: `each id once, not ${row.id} again` }] : [];
    });
  });
}

/** Places in the merged catalogue are found by id in the file, where the operator can look. */
function pathInFile(path: Mistake['path'], catalog: CatalogData, operator: CatalogFile): Mistake['path'] {
  const [list, index, ...rest] = path;
  if ((list !== 'models' && list !== 'routes') || typeof index !== 'number') return path;
  const id = catalog[list][index]?.id;
  return [list, (operator[list] ?? []).findIndex((row) => row.id === id), ...rest];
}
