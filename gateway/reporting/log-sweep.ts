/** This file forgets what was kept for long enough: evidence of requests after the operator's time, bodies and cached replies after their workspace's. It also closes days of usage. */
import type { Clock } from '../foundation/clock.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import type { CachedReplyCalls } from '../store/cached-reply-row.ts';
import type { RequestLogCalls } from '../store/request-log-row.ts';

export interface LogSweep {
  /** Closes the days that are over and deletes what has expired; gives how many rows were deleted. */
  sweep(): Promise<number>;
  close(): Promise<void>;
}

export interface LogSweepParts {
  readonly store: Pick<RequestLogCalls, 'expireRequestBodies' | 'expireRequestLog' | 'closeUsageDay'> & Pick<CachedReplyCalls, 'expireReplies'>;
  readonly clock: Pick<Clock, 'now' | 'every'>;
  readonly limits: Pick<Limits, 'requestLogRetentionMs' | 'requestLogSweepMs'>;
  readonly log: Pick<Log, 'warn'>;
}

/** Sweeps every `requestLogSweepMs`. */
export function createLogSweep({ store, clock, limits, log }: LogSweepParts): LogSweep {
  let sweeping: Promise<number> | null = null;
  let isClosed = false;
  const sweepOnce = async (): Promise<number> => {
    let count = 0;
    for (const expire of [() => store.expireRequestBodies(clock.now()), () => store.expireReplies(clock.now()), () => store.expireRequestLog(clock.now() - limits.requestLogRetentionMs)]) {
      for (let deleted = await expire(); deleted > 0; deleted = isClosed ? 0 : await expire()) count += deleted;
    }
    while (!isClosed && await store.closeUsageDay(clock.now()));
    return count;
  };
  const sweep = (): Promise<number> => sweeping ??= sweepOnce().finally(() => { sweeping = null; });
  const stop = clock.every(limits.requestLogSweepMs, () => {
    sweep().catch((error: unknown) => { log.warn({ error }, 'the request log could not be swept'); });
  });
  return {
    sweep,
    async close() {
      stop();
      isClosed = true;
      await sweeping?.catch(() => undefined);
    },
  };
}
