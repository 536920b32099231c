/** This file turns rows of the price list into targets: prices in whole nano-USD, and what each does differently. */
import { nanoUsdFromUsd } from '../../gateway/foundation/money.ts';
import type { CatalogPrice, CatalogProvider, CatalogQuirks, CatalogTarget } from '../../generated/catalog-types.ts';
import { matchesAny } from './overlay.ts';
import type { Overlay } from './overlay.ts';
import type { SourceCost, SourceRow } from './snapshot.ts';

/** Output costs at most so many times what input does; beyond that one of the two is a mistake of the list. */
const OUTPUT_TO_INPUT_MAX = 16;

/** What making a target needs to know. */
export interface Pricing {
  readonly overlay: Overlay;
  readonly providers: ReadonlyMap<string, CatalogProvider>;
  /** e.g. `pi-ai@1.5.2`. */
  readonly version: string;
}

/** `provider/upstream-model`, unique in the catalogue. */
export function targetId(row: { readonly provider: string; readonly id: string }): string {
  return `${row.provider}/${row.id}`;
}

/** Makes the target of a row. Throws when its price is missing or cannot be right, and nobody has said what to do. */
export function makeTarget(row: SourceRow, pricing: Pricing): CatalogTarget {
  const quirks = quirksOf(row, pricing.providers.get(row.provider)?.quirks ?? {});
  const priced = priceOf(row, pricing);
  const wire = pricing.overlay.wires.find((entry) => matchesAny(entry.targets, targetId(row)))?.wire;
  return { provider: row.provider, model: row.id, ...(wire === undefined ? {} : { wire }), ...priced, ...(Object.keys(quirks).length === 0 ? {} : { quirks }) };
}

function priceOf(row: SourceRow, pricing: Pricing): Pick<CatalogTarget, 'price' | 'unpriced'> {
  const id = targetId(row);
  const { overlay, version } = pricing;
  if (matchesAny(overlay.unpriced, id)) return { price: null, unpriced: true };
  if (matchesAny(overlay.free, id)) {
    if (row.cost.input > 0 || row.cost.output > 0) throw new Error(`${id} is not free any more; see catalog/models.yaml`);
    return { price: { version: `${version}:free`, input: 0, output: 0, cache_read: 0, cache_write: 0 } };
  }
  const replaced = overlay.prices.find((entry) => entry.targets.includes(id));
  if (replaced) return { price: replaced.price };
  if (!(row.cost.input > 0) || !(row.cost.output > 0)) throw new Error(`${id} has no price; leave it out, or say what it costs, in catalog/models.yaml`);
  if (row.cost.output < row.cost.input || row.cost.output > OUTPUT_TO_INPUT_MAX * row.cost.input) {
    throw new Error(`${id} cannot cost ${row.cost.input} in and ${row.cost.output} out; say what it costs in catalog/models.yaml`);
  }
  return { price: { version, ...rates(row.cost), ...longPrompts(row.cost) } };
}

/** The list writes 0 for a kind it has no price for; such a kind is left out, and charged as fresh input. */
function rates(cost: Omit<SourceCost, 'tiers'>): Omit<CatalogPrice, 'version' | 'long_prompts'> {
  return {
    input: nano(cost.input),
    output: nano(cost.output),
    ...(cost.cacheRead > 0 ? { cache_read: nano(cost.cacheRead) } : {}),
    ...(cost.cacheWrite > 0 ? { cache_write: nano(cost.cacheWrite) } : {}),
  };
}

function longPrompts(cost: SourceCost): Pick<CatalogPrice, 'long_prompts'> {
  if (!cost.tiers || cost.tiers.length === 0) return {};
  const sorted = [...cost.tiers].sort((a, b) => a.inputTokensAbove - b.inputTokensAbove);
  return { long_prompts: sorted.map((tier) => ({ above_prompt_tokens: tier.inputTokensAbove, ...rates(tier) })) };
}

function nano(usd: number): number {
  return Number(nanoUsdFromUsd(usd));
}

/** What this target does differently from the rest of its provider. */
function quirksOf(row: SourceRow, shared: CatalogQuirks): CatalogQuirks {
  const { compat } = row;
  if (!compat) return {};
  const drops = new Set<string>();
  if (row.api === 'openai-completions') {
    if (compat.supportsStore === false) drops.add('store');
    if (compat.supportsReasoningEffort === false) drops.add('reasoning_effort');
  }
  // OpenRouter drops what the model behind it refuses; Anthropic answers 400.
  if (compat.supportsTemperature === false && row.provider !== 'openrouter') for (const field of ['temperature', 'top_p', 'top_k']) drops.add(field);
  const isNew = [...drops].some((field) => !shared.drop_fields?.includes(field));
  return {
    ...(compat.maxTokensField && compat.maxTokensField !== shared.max_tokens_field ? { max_tokens_field: compat.maxTokensField } : {}),
    ...(compat.supportsDeveloperRole === false && shared.developer_role !== false ? { developer_role: false } : {}),
    ...(compat.supportsUsageInStreaming === false && shared.stream_options !== false ? { stream_options: false } : {}),
    // A target's list replaces its provider's, so it repeats it.
    ...(isNew ? { drop_fields: [...new Set([...(shared.drop_fields ?? []), ...drops])].sort() } : {}),
  };
}
