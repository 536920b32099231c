/** This file lets the gateways on one store know from each other which lanes rest: within a second, with nothing beside the store. */
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Store } from '../store/store.ts';
import { isTrial } from './health-sharing.ts';
import type { HealthSharing } from './health-sharing.ts';

export interface StoreSharingParts {
  readonly store: Pick<Store, 'putLaneOpening' | 'listLaneOpenings' | 'onForeignChange'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Shares rests by a table. Trials are not written: they would be over before anybody read of them. */
export function shareByStore({ store, clock, log }: StoreSharingParts): HealthSharing {
  return {
    tell(news) {
      if (isTrial(news)) return;
      store.putLaneOpening(news, clock.now()).catch((error: unknown) => { log.warn({ error }, 'the other gateways could not be told of a target that rests'); });
    },
    async listen(hear) {
      const read = async (): Promise<void> => {
        try {
          hear(await store.listLaneOpenings(clock.now()));
        } catch (error) {
          log.warn({ error }, 'what other gateways know of targets could not be read');
        }
      };
      store.onForeignChange((name) => { if (name === 'health') void read(); });
      await read();
    },
    close: () => undefined,
  };
}
