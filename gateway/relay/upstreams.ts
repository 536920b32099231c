/** This file joins the catalogue's providers to the connections that reach them, and looks up what local servers have loaded. */
import type { Clock } from '../foundation/clock.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import { createOpenExchange } from '../providers/call.ts';
import type { OpenExchange } from '../providers/call.ts';
import { askModels } from '../providers/ask-models.ts';
import { createConnections } from '../providers/connections.ts';
import { createGuard } from '../providers/guard.ts';
import type { GuardOptions } from '../providers/guard.ts';
import type { Catalog } from '../routing/catalog.ts';
import { startDiscovery } from '../routing/discover.ts';

export interface Upstreams {
  readonly openExchange: OpenExchange;
  /** Why a workspace may not use a base URL; null when it may. */
  readonly faultOfUrl: (url: string) => string | null;
  close(): Promise<void>;
}

export interface UpstreamParts {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly log: Log;
  /** Looks at where the base URLs of workspaces lead. */
  readonly guard: GuardOptions;
}

/** Opens the way to the upstreams. */
export function createUpstreams(parts: UpstreamParts): Upstreams {
  const { catalog, clock, limits, log, guard } = parts;
  const gate = createGuard(guard);
  const connections = createConnections(limits, gate);
  const openExchange = createOpenExchange({ connections, clock, limits });
  const stopDiscovery = startDiscovery({
    catalog,
    clock,
    askModels: (provider) => askModels(openExchange, provider),
    onFailure: (provider, error) => { log.warn({ provider, error }, 'a local server could not be asked for its models'); },
  });
  return {
    openExchange,
    faultOfUrl: (url) => gate.faultOf(url),
    close() {
      stopDiscovery();
      return connections.close();
    },
  };
}
