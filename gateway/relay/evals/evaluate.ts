/** This file does runs of eval sets: each is claimed by one gateway at a time, and goes on with another when that one dies. */
import type { EvalRunRow } from '../../store/eval-row.ts';
import { StoreUnavailable } from '../../store/store.ts';
import type { OpenRun } from './open-run.ts';
import { openRun } from './open-run.ts';
import { doRun } from './run.ts';
import { createEvalThread } from './thread.ts';
import type { Evals } from './evals.ts';
import type { House } from '../house.ts';

/** A claim is renewed this many times before it would run out. */
const RENEWALS = 3;
/** A run that stumbled over the store is not touched again before so long, in ms. */
const STUMBLE_MS = 1000;

/** Starts looking for runs, every `evalLookMs` and whenever it is woken. The house is asked for once it is built. */
export function createEvals(parts: Pick<House, 'store' | 'clock' | 'limits' | 'log'>, houseOf: () => House): Evals {
  const { store, clock, limits, log } = parts;
  const thread = createEvalThread(parts);
  const running = new Map<string, { readonly done: Promise<void>; readonly run: OpenRun }>();
  let isPaused = false;

  const begin = (row: EvalRunRow): void => {
    const house = houseOf();
    let run: OpenRun;
    try {
      run = openRun(house, row, thread);
    } catch (error) {
      log.error({ run: row.id, error }, 'a run of an eval set can not be opened');
      void store.stepEvalRun(row.id, row.fence, { state: 'failed', error: LOST, endedMs: clock.now() }).catch(() => undefined);
      return;
    }
    const done = work(parts, run).finally(() => {
      running.delete(row.id);
      if (running.size === limits.evalRunsAtOnceMax - 1) wake();
    });
    running.set(row.id, { done, run });
  };
  const look = async (): Promise<void> => {
    const room = limits.evalRunsAtOnceMax - running.size;
    if (room <= 0) return;
    // One that was resumed while its last calls are still under way here waits for them.
    for (const row of await store.claimEvalRuns(clock.now(), limits.evalLeaseMs, room)) {
      const before = running.get(row.id);
      if (before) void before.done.then(() => { begin(row); });
      else begin(row);
    }
  };
  const lookAgain = oneAtATime(() => look().catch((error: unknown) => { log.warn({ error }, 'runs of eval sets could not be looked for'); }));
  const wake = (): void => { if (!isPaused) lookAgain(); };
  const stops = [clock.every(limits.evalLookMs, wake), clock.every(limits.requestLogSweepMs, () => { sweep(parts); })];
  const pause = (): void => {
    isPaused = true;
    for (const { run } of running.values()) run.stop({ kind: 'closing' });
  };
  return {
    thread,
    wake,
    pause,
    leave(runId) { running.get(runId)?.run.stop({ kind: 'left' }); },
    async close() {
      for (const stop of stops) stop();
      pause();
      const cancel = clock.after(limits.evalFarewellMs, () => {
        for (const { run } of running.values()) for (const departure of run.departures) departure.depart('shutdown');
      });
      await Promise.all([...running.values()].map(({ done }) => done));
      cancel();
      await thread.close();
    },
  };
}

/** Starts it; where it is under way, once more after that. */
function oneAtATime(look: () => Promise<void>): () => void {
  let isLooking = false;
  let isWanted = false;
  const start = (): void => {
    isWanted = true;
    if (isLooking) return;
    isLooking = true;
    isWanted = false;
    void look().finally(() => {
      isLooking = false;
      if (isWanted) start();
    });
  };
  return start;
}

const LOST = { code: 'internal_error', message: 'What the run was to do can not be read any more.' };
const BROKEN = { code: 'internal_error', message: 'The run has failed for a reason of the gateway’s own. It can be resumed.' };

/** Does a run until it ends or is let go; meanwhile its claim is kept alive. Never rejects. */
async function work({ store, clock, limits, log }: Pick<House, 'store' | 'clock' | 'limits' | 'log'>, run: OpenRun): Promise<void> {
  const { id, fence } = run.row;
  const stopRenewing = clock.every(limits.evalLeaseMs / RENEWALS, () => {
    store.renewEvalRun(id, fence, clock.now() + limits.evalLeaseMs).then(
      (isMine) => { if (!isMine) run.stop({ kind: 'left' }); },
      (error: unknown) => { log.warn({ run: id, error }, 'the claim of a run could not be renewed'); },
    );
  });
  try {
    await doRun(run);
  } catch (error) {
    run.stop({ kind: 'left' });
    log.warn({ run: id, error }, 'a run of an eval set could not go on');
    if (!(error instanceof StoreUnavailable)) await store.stepEvalRun(id, fence, { state: 'failed', error: BROKEN, endedMs: clock.now() }).catch(() => undefined);
    // Whoever comes next, this gateway among them, waits for the lease to run out.
    await new Promise<void>((resolve) => { clock.after(STUMBLE_MS, resolve); });
  } finally {
    stopRenewing();
  }
}

function sweep({ store, clock, log }: Pick<House, 'store' | 'clock' | 'log'>): void {
  const again = (): Promise<void> => store.expireEvalRuns(clock.now()).then((count) => (count > 0 ? again() : undefined));
  again().catch((error: unknown) => { log.warn({ error }, 'old runs of eval sets could not be swept'); });
}
