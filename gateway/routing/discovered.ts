/** This file makes entries for models that local servers name themselves: `ollama/llama3.2`, `vllm/sandbox/echo`. */
import { ZERO_NANO_USD } from '../foundation/money.ts';
import type { Price } from '../foundation/prices.ts';
import type { Target } from '../foundation/terms.ts';
import type { ModelEntry } from './entries.ts';
import type { ProviderState } from './providers.ts';

/** A token of one's own machine costs nothing: said outright, so that nobody takes it for an unknown price. */
const LOCAL_PRICE: Price = { version: 'local', input: ZERO_NANO_USD, output: ZERO_NANO_USD, cacheRead: ZERO_NANO_USD, cacheWrite: ZERO_NANO_USD };

/** The entry of a name that begins with a discovering provider's id; null for any other. Nothing is known of the model but its name. */
export function discoveredEntry(name: string, providers: ReadonlyMap<string, ProviderState>): ModelEntry | null {
  const slash = name.indexOf('/');
  if (slash <= 0 || slash === name.length - 1) return null;
  const state = providers.get(name.slice(0, slash));
  if (!state?.row.discover) return null;
  const { provider } = state;
  const upstreamModel = name.slice(slash + 1);
  // Who asks for a key may ask for money too, and nobody has said how much.
  const price = state.row.key_required ? null : LOCAL_PRICE;
  const targets: Target[] = provider ? [{ id: name, provider, upstreamModel, price, quirks: {}, options: {} }] : [];
  return {
    row: {
      id: name, name: upstreamModel, owned_by: state.row.id, created: 0, context_window: 0, max_output_tokens: null,
      input_modalities: ['text'], output_modalities: ['text'], tools: true, structured_output: true, reasoning: false,
      // Its name says nothing of what it does: it may be asked for whatever servers of this wire do.
      kinds: ['chat', 'embeddings', 'images', 'transcription', 'speech', 'video'], tier: 'basic', status: 'active', shutdown_at: null, replacement: null,
      targets: [{
        provider: state.row.id, model: upstreamModel,
        ...(price ? { price: { version: price.version, input: 0, output: 0, cache_read: 0, cache_write: 0 } } : { price: null, unpriced: true }),
      }],
    },
    targets,
    missing: state.missing,
  };
}
