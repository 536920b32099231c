/** This file builds one running gateway from its configuration, in the order things need each other. */
import { mkdirSync } from 'node:fs';
import { createAuthenticator } from '../gateway/access/authenticate.ts';
import { openFirstKey } from '../gateway/access/first-key.ts';
import { loadSecrets } from '../gateway/access/secrets.ts';
import { systemClock } from '../gateway/foundation/clock.ts';
import type { Clock } from '../gateway/foundation/clock.ts';
import type { Config } from '../gateway/foundation/config.ts';
import { createIds } from '../gateway/foundation/ids.ts';
import { createLog } from '../gateway/foundation/log.ts';
import type { Log } from '../gateway/foundation/log.ts';
import { createMetrics } from '../gateway/foundation/metrics.ts';
import { createCounter } from '../gateway/metering/counter.ts';
import { createUpstreams } from '../gateway/relay/upstreams.ts';
import type { House } from '../gateway/relay/house.ts';
import { createPulse } from '../gateway/relay/pulse.ts';
import { createStoreGate } from '../gateway/relay/store-gate.ts';
import { loadCatalog } from '../gateway/routing/catalog.ts';
import { openSqliteStore, sqliteFile } from '../gateway/store/sqlite.ts';

/** What a test may put in the place of the real thing. */
export interface Replacements {
  readonly clock?: Clock;
  readonly log?: Log;
}

/** A running gateway, and what only its owner needs. */
export interface BuiltHouse {
  readonly house: House;
  /** The first key in full, on the very first start only; shown once. */
  readonly firstKey: string | null;
  /** Lets everything go, in order: upstreams, then what counts and checks keys, then the store with all its rows. */
  close(): Promise<void>;
}

/** Opens the store, the secrets and the catalogue. Throws with a message for the operator when one of them can't be used. */
export async function buildHouse(config: Config, replacements: Replacements = {}): Promise<BuiltHouse> {
  const clock = replacements.clock ?? systemClock;
  const log = replacements.log ?? createLog(config.logLevel);
  const { catalog, limits } = loadCatalog({ environment: config.environment, configFile: config.configFile });
  mkdirSync(config.dataFolder, { recursive: true, mode: 0o700 });
  const secrets = loadSecrets(config.dataFolder);
  const store = await openSqliteStore({ file: sqliteFile(config.dataFolder), limits, clock });
  const makeId = createIds(clock);
  const firstKey = await openFirstKey({ store, secrets, clock, makeId, dataFolder: config.dataFolder });
  const authenticator = createAuthenticator({ store, secrets, clock, limits });
  const pulse = createPulse(clock);
  const counter = createCounter({ clock, log });
  const upstreams = createUpstreams({ catalog, clock, limits, log });
  const house: House = {
    catalog, store, authenticator, secrets, counter, pulse, clock, makeId, limits, log,
    openExchange: upstreams.openExchange,
    storeGate: createStoreGate(),
    metrics: createMetrics(() => store.pendingRecords),
  };
  return {
    house,
    firstKey,
    async close() {
      pulse.stop();
      await upstreams.close();
      await counter.close();
      authenticator.close();
      await store.close();
    },
  };
}
