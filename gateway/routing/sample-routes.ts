/** This file makes catalogues of routes for tests. */
import type { CatalogModel, CatalogRoute, CatalogTarget } from '../../generated/catalog-types.ts';
import { buildCatalog } from './catalog.ts';
import type { Catalog } from './catalog.ts';

/** A model with a target for each price, at providers `p0`, `p1` …, all of which can be called. */
export function sampleModel(id: string, prices: readonly (number | null)[], changes: Partial<CatalogModel> = {}): CatalogModel {
  const targets = prices.map((price, at): CatalogTarget => ({
    provider: `p${at}`, model: id, ...(price === null ? { price: null, unpriced: true } : { price: { input: price, output: price } }),
  }));
  return {
    id, name: id, owned_by: 'm', created: 0, context_window: 100_000, max_output_tokens: 4096, input_modalities: ['text'], output_modalities: ['text'],
    tools: true, structured_output: true, reasoning: false, tier: 'basic', status: 'active', shutdown_at: null, replacement: null, targets, ...changes,
  };
}

const PROVIDERS = 4;

/** A catalogue of these models and routes, and a sandbox model `sandbox/chat`. */
export function sampleCatalog(models: readonly CatalogModel[], routes: readonly CatalogRoute[], baseUrl = 'http://127.0.0.1:9/v1'): Catalog {
  const providers = Array.from({ length: PROVIDERS }, (_, at) => ({
    id: `p${at}`, name: `P${at}`, wire: 'openai-chat' as const, base_url: baseUrl, base_url_env: null, key_env: null, key_required: false, discover: false,
  }));
  const sandbox = { id: 'sandbox', name: 'Sandbox', wire: 'sandbox' as const, base_url: '', base_url_env: null, key_env: null, key_required: false, discover: false };
  const played = sampleModel('sandbox/chat', [], { targets: [{ provider: 'sandbox', model: 'chat', price: { input: 0, output: 0 } }] });
  return buildCatalog({ providers: [...providers, sandbox], models: [...models, played], routes: [...routes], aliases: {}, plans: [] }, {});
}
