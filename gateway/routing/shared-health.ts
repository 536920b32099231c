/** This file joins a gateway's health to what the others tell: over the store always, and faster over Redis where there is one. */
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Target } from '../foundation/terms.ts';
import type { Catalog } from './catalog.ts';
import { isTrial } from './health-sharing.ts';
import type { HealthSharing, LaneNews } from './health-sharing.ts';
import { createHealth } from './health.ts';
import type { Health } from './health.ts';

export interface SharedHealthParts {
  readonly clock: Clock;
  readonly log: Log;
  /** The ways to tell the others; every one is told everything. */
  readonly sharings: readonly HealthSharing[];
}

/**
 * Keeps health, begins with what others know, and tells what is seen here. A way that is lost costs nothing but what it would have told: without any,
 * each gateway finds out for itself. Resolves once what others know is heard.
 */
export async function createSharedHealth({ clock, log, sharings }: SharedHealthParts): Promise<Health> {
  const tell = (news: LaneNews): void => { for (const sharing of sharings) sharing.tell(news); };
  const health = createHealth({
    clock,
    onOpen(opening) {
      const restMs = opening.untilMs - clock.now();
      log.warn({ target: opening.lane, reason: opening.reason, restMs }, 'a target is left alone');
      tell(opening);
    },
    onTrial: tell,
  });
  const hear = (told: readonly LaneNews[]): void => {
    for (const news of told) {
      if (isTrial(news)) health.hear(news);
      else health.learn([news]);
    }
  };
  await Promise.all(sharings.map((sharing) => sharing.listen(hear)));
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
