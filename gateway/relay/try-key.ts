/** This file tries a provider key before it is stored: one cheap call that only a good key is answered. */
import type { Clock } from '../foundation/clock.ts';
import { fail } from '../foundation/errors.ts';
import type { Provider } from '../foundation/terms.ts';
import { ProviderRefused, askModels } from '../providers/ask-models.ts';
import type { OpenExchange } from '../providers/call.ts';
import type { Catalog } from '../routing/catalog.ts';
import { ownProvider } from '../routing/own-targets.ts';

/** What trying needs of the house. */
export interface TryParts {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly openExchange: OpenExchange;
}

/** A key as somebody wants to store it. */
export interface WantedKey {
  readonly provider: string;
  readonly key: string;
  /** Null: the provider's own address. */
  readonly baseUrl: string | null;
}

/** OpenRouter lists its models to anybody; this one wants a key: https://openrouter.ai/docs/api-reference/api-keys/get-current-api-key, read 2026-11. */
const PATHS: Readonly<Record<string, readonly string[]>> = { openrouter: ['/key', '/models'] };
const MODELS = ['/models'];
/** The answers that mean the key; xAI and Google give 400 for one they don't know. The call has nothing else that could be wrong. */
const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403]);
const MISSING: ReadonlySet<number> = new Set([404, 405, 501]);
/** Who waits for a key to be stored waits no longer for each call, in ms. */
const TRY_MS = 15_000;

/** Tries a key. Throws a Refusal: provider_not_found, provider_key_rejected, or upstream_unreachable when the provider can't say. */
export async function tryKey(parts: TryParts, wanted: WantedKey): Promise<void> {
  const provider = ownProvider(parts.catalog, wanted) ?? fail('provider_not_found', { param: 'provider', message: `There is no provider "${wanted.provider}" that takes keys.` });
  if (provider.baseUrl === '') fail('invalid_request', { param: 'base_url', message: `${provider.name} has no address of its own that takes keys; give base_url.` });
  for (const path of PATHS[provider.id] ?? MODELS) {
    const status = await ask(parts, provider, path);
    if (REFUSALS.has(status)) fail('provider_key_rejected', { param: 'key', message: `${provider.name} refuses the key (status ${status}).` });
    if (!MISSING.has(status)) return;
  }
  // A provider without any of these paths has still answered the key.
}

/** The status the provider answers; one that says nothing of the key is a failure, as is none at all. */
async function ask({ clock, openExchange }: TryParts, provider: Provider, path: string): Promise<number> {
  try {
    await askModels(openExchange, provider, { path, deadline: { clock, ms: TRY_MS } });
    return 200;
  } catch (cause) {
    const status = cause instanceof ProviderRefused ? cause.status : 0;
    if (status >= 400 && status < 500 && status !== 408 && status !== 429) return status;
    if (MISSING.has(status)) return status;
    return fail('upstream_unreachable', { param: 'provider', cause, message: `${provider.name} could not be asked whether the key works. Try again.` });
  }
}
