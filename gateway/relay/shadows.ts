/** This file keeps what one gateway asks in the shadow of its callers within its bounds: how many at once, for how much money, and until when. */
import type { Clock } from '../foundation/clock.ts';
import { DepartureSignal } from '../foundation/departure.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import { Roster } from '../foundation/roster.ts';
import type { RolloutCalls, ShadowCallRow } from '../store/rollout-row.ts';
import { createShadowPurse } from './shadow-purse.ts';
import type { ShadowMoney } from './shadow-purse.ts';

export interface Shadows {
  /** What they may cost. */
  readonly purse: ShadowMoney;
  /** Begins one in a while, or drops it when too many are under way; it is to end when its departure says so. Never throws. */
  run(rollout: string, work: (departure: DepartureSignal) => Promise<void>): void;
  /** Counts one that was not made for want of room or money. */
  drop(rollout: string): void;
  /** So many were dropped, by this gateway since it was started. */
  droppedOf(rollout: string): number;
  /** Writes down how one went, in a while. */
  write(row: ShadowCallRow): void;
  /** Ends those under way, and writes down what is known of them. */
  close(): Promise<void>;
}

export interface ShadowParts {
  readonly store: Pick<RolloutCalls, 'takeShadowMoney' | 'returnShadowMoney' | 'insertShadowCalls'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly limits: Pick<Limits, 'shadowCallsMax'>;
  readonly log: Pick<Log, 'warn'>;
}

/** Rows of one transaction. */
const BATCH_ROWS = 32;

/** Makes the shadows of one gateway. */
export function createShadows({ store, clock, limits, log }: ShadowParts): Shadows {
  const open = new Roster<DepartureSignal>();
  const running = new Set<Promise<void>>();
  const dropped = new Map<string, number>();
  const purse = createShadowPurse({ store, clock });
  const rows = createRowWriter(store, log);
  let isClosed = false;
  const drop = (rollout: string): void => { dropped.set(rollout, (dropped.get(rollout) ?? 0) + 1); };
  return {
    purse,
    drop,
    run(rollout, work) {
      if (isClosed) return;
      if (open.size >= limits.shadowCallsMax) {
        drop(rollout);
        return;
      }
      const departure = new DepartureSignal();
      const seat = open.join(departure);
      // The caller's reply first.
      const ended = new Promise<void>((resolve) => { setImmediate(resolve); }).then(() => work(departure))
        .catch((error: unknown) => { log.warn({ rollout, error }, 'a shadow call was lost'); })
        .finally(() => {
          open.leave(seat);
          running.delete(ended);
        });
      running.add(ended);
    },
    droppedOf: (rollout) => dropped.get(rollout) ?? 0,
    write: (row) => { rows.add(row); },
    async close() {
      isClosed = true;
      for (const departure of open.present()) departure.depart('shutdown');
      await Promise.all(running);
      await rows.close();
      await purse.close().catch((error: unknown) => { log.warn({ error }, 'money for shadow calls could not be put back'); });
    },
  };
}

interface RowWriter {
  add(row: ShadowCallRow): void;
  close(): Promise<void>;
}

/** Writes rows together. There are never more than shadow calls are under way, and those of one write. */
function createRowWriter(store: ShadowParts['store'], log: ShadowParts['log']): RowWriter {
  const waiting: ShadowCallRow[] = [];
  let writing: Promise<void> | null = null;
  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH_ROWS);
      await store.insertShadowCalls(batch).catch((error: unknown) => { log.warn({ error, count: batch.length }, 'shadow calls could not be written down'); });
    }
  };
  return {
    add(row) {
      waiting.push(row);
      writing ??= new Promise<void>((resolve) => { setImmediate(resolve); }).then(write).finally(() => { writing = null; });
    },
    async close() {
      while (writing) await writing;
    },
  };
}
