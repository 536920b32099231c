/** This file knows the answers this gateway makes in the background, and stops those that somebody stopped through another gateway. */
import type { Clock } from '../foundation/clock.ts';
import type { DepartureSignal } from '../foundation/departure.ts';
import { fail } from '../foundation/errors.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import { Roster } from '../foundation/roster.ts';
import { BackgroundRun } from './background-run.ts';
import type { KeptResponses } from './kept-responses.ts';

/** One answer that is being made. */
export interface OpenRun {
  readonly run: BackgroundRun;
  /** Says which answer it is, once it is kept: from then on it can be found. */
  begin(workspaceId: string, id: string): void;
  /** It has ended, or was never begun; a second time does nothing. */
  leave(): void;
}

export interface BackgroundRuns {
  /** What is being made, for a gateway that closes. */
  readonly departures: Roster<DepartureSignal>;
  /** This gateway among others on one store. */
  readonly nodeId: () => string;
  /** True once nothing is to be tried again. */
  readonly isClosed: boolean;
  /** Makes room for one. Refuses with concurrency_limited when there is none. */
  open(): OpenRun;
  /** Null when this gateway does not make it, or it is another workspace's. */
  find(workspaceId: string, id: string): BackgroundRun | null;
  /** Stops one, if this gateway makes it; resolves when it has ended. */
  stop(workspaceId: string, id: string): Promise<void>;
  close(): void;
}

export interface BackgroundParts {
  readonly responses: Pick<KeptResponses, 'listOpen'>;
  readonly nodeId: () => string;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'backgroundRunsMax' | 'backgroundEventsBytesMax' | 'backgroundLookMs'>;
  readonly log: Pick<Log, 'warn'>;
}

interface Begun {
  readonly run: BackgroundRun;
  readonly workspaceId: string;
  readonly ended: Promise<void>;
}

const RETRY_SECONDS = '5';

/** Makes what one gateway knows of them; it looks for cancellations while there are any. */
export function createBackgroundRuns({ responses, nodeId, clock, limits, log }: BackgroundParts): BackgroundRuns {
  const departures = new Roster<DepartureSignal>();
  const begun = new Map<string, Begun>();
  let isClosed = false;
  let isLooking = false;
  const look = async (): Promise<void> => {
    // Those that begin while the store is asked are not among what it tells.
    const known = [...begun];
    const open = new Map((await responses.listOpen(nodeId())).map(({ id, isCancelled }) => [id, isCancelled]));
    for (const [id, { run }] of known) if (open.get(id) !== false) run.departure.depart('cancelled');
  };
  const stopLooking = clock.every(limits.backgroundLookMs, () => {
    if (begun.size === 0 || isLooking) return;
    isLooking = true;
    look().catch((error: unknown) => { log.warn({ error }, 'cancelled answers could not be looked for'); }).finally(() => { isLooking = false; });
  });
  const find = (workspaceId: string, id: string): Begun | null => {
    const found = begun.get(id);
    return found?.workspaceId === workspaceId ? found : null;
  };
  return {
    departures,
    nodeId,
    get isClosed() { return isClosed; },
    open() {
      if (departures.size >= limits.backgroundRunsMax) {
        fail('concurrency_limited', { message: 'This gateway makes as many answers in the background as it can. Ask again later, or without background.', headers: { 'retry-after': RETRY_SECONDS } });
      }
      const run = new BackgroundRun(limits.backgroundEventsBytesMax);
      const seat = departures.join(run.departure);
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      let id: string | null = null;
      return {
        run,
        begin(workspaceId, begunId) {
          id = begunId;
          begun.set(begunId, { run, workspaceId, ended });
        },
        leave() {
          departures.leave(seat);
          if (id !== null) begun.delete(id);
          resolve();
        },
      };
    },
    find: (workspaceId, id) => find(workspaceId, id)?.run ?? null,
    async stop(workspaceId, id) {
      const found = find(workspaceId, id);
      found?.run.departure.depart('cancelled');
      await found?.ended;
    },
    close() {
      isClosed = true;
      stopLooking();
    },
  };
}
