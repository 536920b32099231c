/** This file names what one running gateway is made of; handlers and relay are handed it whole. */
import type { Authenticator } from '../access/authenticate.ts';
import type { Clock } from '../foundation/clock.ts';
import type { MakeId } from '../foundation/ids.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import type { Metrics } from '../foundation/metrics.ts';
import type { Counter } from '../metering/counter.ts';
import type { OpenExchange } from '../providers/call.ts';
import type { Catalog } from '../routing/catalog.ts';
import type { Store } from '../store/store.ts';
import type { Secrets } from '../access/secrets.ts';
import type { Pulse } from './pulse.ts';
import type { StoreGate } from './store-gate.ts';

export interface House {
  readonly catalog: Catalog;
  readonly store: Store;
  readonly authenticator: Authenticator;
  readonly secrets: Secrets;
  readonly openExchange: OpenExchange;
  readonly storeGate: StoreGate;
  readonly counter: Counter;
  readonly pulse: Pulse;
  readonly clock: Clock;
  readonly makeId: MakeId;
  readonly limits: Limits;
  readonly log: Log;
  readonly metrics: Metrics;
}
