/** This file lets the gateways on one store know from each other which lanes rest. */
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Target } from '../foundation/terms.ts';
import type { Store } from '../store/store.ts';
import type { Catalog } from './catalog.ts';
import { createHealth } from './health.ts';
import type { Health } from './health.ts';

export interface SharedHealthParts {
  readonly store: Pick<Store, 'putLaneOpening' | 'listLaneOpenings' | 'onForeignChange'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Keeps health, begins with what others know, and tells what is seen here. A store that can't be written or read costs
 * nothing but the knowledge: each gateway then finds out for itself. Resolves once what others know is read.
 */
export async function createSharedHealth({ store, clock, log }: SharedHealthParts): Promise<Health> {
  const health = createHealth({
    clock,
    onOpen(opening) {
      const restMs = opening.untilMs - clock.now();
      log.warn({ target: opening.lane, reason: opening.reason, restMs }, 'a target is left alone');
      store.putLaneOpening(opening, clock.now()).catch((error: unknown) => { log.warn({ error }, 'the other gateways could not be told of a target that rests'); });
    },
  });
  const learn = async (): Promise<void> => {
    try {
      health.learn(await store.listLaneOpenings(clock.now()));
    } catch (error) {
      log.warn({ error }, 'what other gateways know of targets could not be read');
    }
  };
  store.onForeignChange((name) => { if (name === 'health') void learn(); });
  await learn();
  return health;
}

/** Every target that is called with the operator's credentials and can rest, with the models it answers for, in the catalogue's order. */
export function operatorTargets(catalog: Catalog): Map<Target, string[]> {
  const byId = new Map<string, Target>();
  const found = new Map<Target, string[]>();
  for (const { row, targets } of catalog.models.values()) {
    for (const target of targets) {
      if (target.provider.wire === 'sandbox') continue;
      const first = byId.get(target.id) ?? target;
      byId.set(target.id, first);
      found.set(first, [...found.get(first) ?? [], row.id]);
    }
  }
  return found;
}
