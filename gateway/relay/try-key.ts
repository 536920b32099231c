/** This file tries a provider key before it is stored: one cheap call that only a good key is answered. */
import { fail } from '../foundation/errors.ts';
import { ProviderRefused, askModels } from '../providers/ask-models.ts';
import type { OpenExchange } from '../providers/call.ts';
import type { Catalog } from '../routing/catalog.ts';
import { ownProvider } from '../routing/own-targets.ts';
import type { OwnKey } from '../routing/own-targets.ts';

/** OpenRouter lists its models to anybody; this one wants a key: https://openrouter.ai/docs/api-reference/api-keys/get-current-api-key, read 2026-11. */
const PATHS: Readonly<Record<string, string>> = { openrouter: '/key' };
const REFUSALS: ReadonlySet<number> = new Set([401, 403]);

/** Tries a key. Throws a Refusal: provider_not_found, provider_key_rejected, or upstream_unreachable when the provider can't say. */
export async function tryKey({ catalog, openExchange }: { readonly catalog: Catalog; readonly openExchange: OpenExchange }, wanted: OwnKey): Promise<void> {
  const provider = ownProvider(catalog, wanted) ?? fail('provider_not_found', { param: 'provider', message: `There is no provider "${wanted.provider}" that takes keys.` });
  if (provider.baseUrl === '') fail('invalid_request', { param: 'base_url', message: `${provider.name} has no address of its own; give base_url.` });
  try {
    await askModels(openExchange, provider, PATHS[provider.id]);
  } catch (cause) {
    const status = cause instanceof ProviderRefused ? cause.status : 0;
    if (REFUSALS.has(status)) fail('provider_key_rejected', { param: 'key', message: `${provider.name} refuses the key (status ${status}).` });
    // A provider without a list of models has still answered the key.
    if (status >= 400 && status < 500 && status !== 429) return;
    fail('upstream_unreachable', { param: 'provider', cause, message: `${provider.name} could not be asked whether the key works. Try again.` });
  }
}
