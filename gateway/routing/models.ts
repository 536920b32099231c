/** This file describes models in the contract's words: what they can do, what they cost, and whether they can be called. */
import type { CatalogLongPromptPrice, CatalogPrice } from '../../generated/catalog-types.ts';
import type { Model, ModelPricing } from '../../generated/client/types.gen.ts';
import type { Catalog } from './catalog.ts';
import { discoveredEntry } from './discovered.ts';
import { meaningOf } from './entries.ts';
import type { Meaning, ModelEntry } from './entries.ts';
import type { OwnName } from './own-routes.ts';
import { foresee } from './own-targets.ts';
import { CLIENT_PREFIX, failAmbiguous, failNotFound, findMeaning } from './resolve.ts';

/** What the caller's workspace has of its own. */
export interface Owned {
  /** The providers for which it has keys. */
  readonly keys: ReadonlySet<string>;
  /** Its routes and aliases, which take the place of others of their names. */
  readonly names: readonly OwnName[];
}

const NOTHING_OWNED: Owned = { keys: new Set(), names: [] };

/** Every model that chats, alias and route that can be called now, ordered by id. */
export function listModels(catalog: Catalog, owned = NOTHING_OWNED): Model[] {
  const others = otherNames(catalog);
  const plain = [...catalog.models.values()].filter(({ row }) => row.kinds?.includes('chat') !== false).map((entry) => ({ meaning: meaningOf(entry), id: entry.row.id, aliases: others.get(entry) ?? [], description: null }));
  const chosen = [...choosingNames(catalog)].flatMap(([id, description]) => {
    const meaning = catalog.names.get(id);
    return meaning?.entry ? [{ meaning, id, aliases: [], description }] : [];
  });
  const own = owned.names.filter(({ meaning }) => meaning.entry !== null);
  const isOwn = (name: string): boolean => own.some(({ id }) => id === name);
  const ofAll = [...plain, ...chosen].filter(({ id }) => !isOwn(id)).map((each) => ({ ...each, aliases: each.aliases.filter((name) => !isOwn(name)) }));
  const listed = [...ofAll, ...own.map(ownFrame)].flatMap(({ meaning, ...frame }) => {
    const seen = foresee(catalog, meaning, owned.keys);
    return seen.isOwn || seen.meaning.targets.length > 0 ? [toContractModel(seen.meaning, { ...frame, isOwn: seen.isOwn })] : [];
  });
  return [...listed, ...discoveredModels(catalog)].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function ownFrame({ id, meaning, description }: OwnName): Omit<ModelFrame, 'isOwn'> & { readonly meaning: Meaning } {
  return { id, meaning, aliases: [], description };
}

/** One model, alias or route, also one that can't be called. Throws a Refusal `model_not_found`. */
export function findModel(catalog: Catalog, name: string, owned = NOTHING_OWNED): Model {
  const ownKeys = owned.keys;
  const own = owned.names.find(({ id }) => id === name || `${CLIENT_PREFIX}${id}` === name);
  if (own) {
    const { meaning, ...frame } = ownFrame(own);
    const seen = foresee(catalog, meaning, ownKeys);
    return toContractModel(seen.meaning, { ...frame, isOwn: seen.isOwn });
  }
  const meaning = findMeaning(catalog, name);
  if (!meaning) return failNotFound(catalog, name);
  if (!meaning.entry) return failAmbiguous(name, meaning);
  const description = choosingNames(catalog).get(name);
  if (description !== undefined) {
    const seen = foresee(catalog, meaning, ownKeys);
    return toContractModel(seen.meaning, { id: name, aliases: [], description, isOwn: seen.isOwn });
  }
  // A target's own name, a bare id or one with options is still that one model, whole.
  const { isOwn, meaning: whole } = foresee(catalog, meaningOf(meaning.entry), ownKeys);
  return toContractModel(whole, { id: meaning.entry.row.id, aliases: otherNames(catalog).get(meaning.entry) ?? [], description: null, isOwn });
}

/** What a row is to say beyond its meaning. */
export interface ModelFrame {
  readonly id: string;
  readonly aliases: readonly string[];
  /** Null to keep the model's own. */
  readonly description: string | null;
  /** True when the workspace's own provider keys reach it. */
  readonly isOwn: boolean;
}

/** A row of the contract. Prices are those of the first target that can be called, or of the first at all. */
export function toContractModel(meaning: Meaning & { readonly entry: ModelEntry | null }, frame: ModelFrame): Model {
  const { entry } = meaning;
  if (!entry) return failAmbiguous(frame.id, meaning);
  const { row } = entry;
  const description = frame.description ?? row.description;
  return {
    id: frame.id,
    object: 'model',
    created: row.created,
    owned_by: row.owned_by,
    name: frame.id === row.id ? row.name : frame.id,
    ...(description === undefined ? {} : { description }),
    context_window: row.context_window,
    context_length: row.context_window,
    max_output_tokens: row.max_output_tokens,
    input_modalities: [...row.input_modalities],
    output_modalities: [...row.output_modalities],
    capabilities: {
      tools: row.tools,
      structured_output: row.structured_output,
      reasoning: row.reasoning,
      vision: row.input_modalities.includes('image'),
      audio_input: row.input_modalities.includes('audio'),
      streaming: true,
    },
    pricing: pricingOf(entry),
    tier: row.tier,
    status: row.status,
    shutdown_at: row.shutdown_at,
    replacement: row.replacement,
    aliases: [...frame.aliases],
    resolves_to: frame.id === row.id ? null : row.id,
    available: frame.isOwn || meaning.targets.length > 0,
    missing_credentials: frame.isOwn ? [] : [...meaning.missing],
    providers: [...new Set(row.targets.map((target) => target.provider))],
  };
}

function pricingOf(entry: ModelEntry): Model['pricing'] {
  const called = entry.targets[0];
  const target = entry.row.targets.find((candidate) => called === undefined || `${candidate.provider}/${candidate.model}` === called.id);
  const price = target?.price ?? null;
  return {
    currency: 'USD',
    unit: 'nano_usd_per_million_tokens',
    version: price === null ? null : price.version ?? 'operator',
    ...ratesOf(price),
    long_prompts: (price?.long_prompts ?? []).map((long) => ({ above_prompt_tokens: long.above_prompt_tokens, ...ratesOf(long) })),
    unpriced: price === null,
  };
}

function ratesOf(rates: CatalogPrice | CatalogLongPromptPrice | null): Pick<ModelPricing, 'input' | 'output' | 'cache_read' | 'cache_write' | 'reasoning'> {
  return {
    input: digits(rates?.input),
    output: digits(rates?.output),
    cache_read: digits(rates?.cache_read),
    cache_write: digits(rates?.cache_write),
    ...(rates?.reasoning === undefined ? {} : { reasoning: digits(rates.reasoning) }),
  };
}

function digits(amount: CatalogPrice['input'] | undefined): string | null {
  return amount === undefined ? null : String(amount);
}

/** Names that stand for a choice, with what they say of themselves. */
function choosingNames(catalog: Catalog): Map<string, string> {
  const aliases = Object.entries(catalog.aliases).flatMap(([id, value]) => (value === null ? [] : [[id, `Stands for ${[value].flat().join(', ')}.`] as const]));
  return new Map([...aliases, ...catalog.routes.map((route) => [route.id, route.description] as const)]);
}

/** Model → its other names: those that mean exactly it, with all its targets. */
function otherNames(catalog: Catalog): Map<ModelEntry, string[]> {
  const others = new Map<ModelEntry, string[]>();
  for (const [name, { entry, targets, route }] of catalog.names) {
    if (!entry || route !== null || name === entry.row.id || targets !== entry.targets) continue;
    const known = others.get(entry);
    if (known) known.push(name);
    else others.set(entry, [name]);
  }
  return others;
}

function discoveredModels(catalog: Catalog): Model[] {
  return [...catalog.discovered].flatMap(([provider, models]) => models.flatMap((model) => {
    const id = `${provider}/${model}`;
    const entry = catalog.models.has(id) ? null : discoveredEntry(id, catalog.providers);
    return entry && entry.targets.length > 0 ? [toContractModel(meaningOf(entry), { id, aliases: [], description: null, isOwn: false })] : [];
  }));
}
