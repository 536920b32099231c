/** This file asks local servers, in the background, which models they have, so that these are listed. */
import type { Clock } from '../foundation/clock.ts';
import type { Provider } from '../foundation/terms.ts';
import type { Catalog } from './catalog.ts';

/** How often a server is asked, in ms. */
const REFRESH_MS = 60_000;

/** Models listed of one server. */
const MODELS_MAX = 1000;

export interface DiscoveryParts {
  readonly catalog: Catalog;
  readonly clock: Clock;
  /** Asks one server for the ids of its models; the only part that talks to anybody. */
  readonly askModels: (provider: Provider) => Promise<readonly string[]>;
  /** Told each time a server could not be asked. */
  readonly onFailure: (providerId: string, error: unknown) => void;
}

/**
 * Asks every discovering provider that is alive, at once and then every minute, without making anybody wait. A server
 * that can't be asked has no models until it can. Gives a function that stops the asking.
 */
export function startDiscovery(parts: DiscoveryParts): () => void {
  const asking = new Set<string>();
  const refresh = (): void => {
    for (const { row, provider } of parts.catalog.providers.values()) {
      if (!row.discover || !provider) continue;
      if (asking.has(provider.id)) continue;
      asking.add(provider.id);
      void ask(parts, provider).finally(() => { asking.delete(provider.id); });
    }
  };
  refresh();
  return parts.clock.every(REFRESH_MS, refresh);
}

async function ask(parts: DiscoveryParts, provider: Provider): Promise<void> {
  const { discovered } = parts.catalog;
  try {
    const models = await parts.askModels(provider);
    discovered.set(provider.id, [...new Set(models)].slice(0, MODELS_MAX));
  } catch (error) {
    discovered.delete(provider.id);
    parts.onFailure(provider.id, error);
  }
}
