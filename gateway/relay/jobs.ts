/** This file runs jobs: each is claimed by one gateway at a time and moved on, step by step, until it has ended and is settled. */
import type { Chance } from '../foundation/chance.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import type { JobCalls, JobRow } from '../store/job-row.ts';

/** What a step needs of whoever runs it. */
export interface Claim {
  /** Aborted once the claim is lost: nothing that is done after that can be written. */
  readonly signal: AbortSignal;
}

/** Moves a job on by one step and gives it as it is then; null when it is not this gateway's any more: it waits, or has ended. Rejects when the store can't be reached. */
export type StepJob = (job: JobRow, claim: Claim) => Promise<JobRow | null>;

export interface JobParts {
  readonly store: Pick<JobCalls, 'claimJobs' | 'renewJob' | 'sweepJobs'>;
  readonly step: StepJob;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly limits: Pick<Limits, 'jobsAtOnceMax' | 'jobLookMs' | 'jobLeaseMs' | 'mediaSweepMs' | 'jobFarewellMs'>;
  readonly log: Pick<Log, 'warn'>;
}

export interface Jobs {
  /** Looks for work at once: somebody has just made some. */
  wake(): void;
  /** Claims nothing more, waits a moment for steps under way, and lets go of the rest: others claim it once its lease has run out. */
  close(): Promise<void>;
}

/** A claim is renewed this many times before it would run out. */
const RENEWALS = 3;
/** A step has failed for a reason of ours; it is not asked again before so long, in ms. */
const STUMBLE_MS = 1000;

/** Starts looking for jobs, every `jobLookMs` and whenever it is woken. */
export function createJobs(parts: JobParts): Jobs {
  const { store, clock, limits, log } = parts;
  const running = new Map<string, { readonly done: Promise<void>; readonly claim: AbortController }>();
  let isLooking = false;
  let isWanted = false;
  let isClosed = false;

  const look = async (): Promise<void> => {
    const room = limits.jobsAtOnceMax - running.size;
    if (room <= 0) return;
    for (const job of await store.claimJobs(clock.now(), limits.jobLeaseMs, room)) {
      const claim = new AbortController();
      const done = work(parts, job, claim).finally(() => {
        running.delete(job.id);
        if (running.size === limits.jobsAtOnceMax - 1) wake();
      });
      running.set(job.id, { done, claim });
    }
  };
  const wake = (): void => {
    if (isClosed) return;
    isWanted = true;
    if (isLooking) return;
    isLooking = true;
    isWanted = false;
    look().catch((error: unknown) => { log.warn({ error }, 'jobs could not be looked for'); }).finally(() => {
      isLooking = false;
      if (isWanted) wake();
    });
  };
  const stopLooking = clock.every(limits.jobLookMs, wake);
  const stopSweeping = clock.every(limits.mediaSweepMs, () => { sweep(parts); });
  return {
    wake,
    async close() {
      isClosed = true;
      stopLooking();
      stopSweeping();
      const all = Promise.all([...running.values()].map(({ done }) => done));
      const cancel = clock.after(limits.jobFarewellMs, () => { for (const { claim } of running.values()) claim.abort(); });
      await all;
      cancel();
    },
  };
}

/** Moves one job on until it waits or ends; meanwhile its claim is kept alive. Never rejects. */
async function work({ store, step, clock, limits, log }: JobParts, claimed: JobRow, claim: AbortController): Promise<void> {
  const stopRenewing = clock.every(limits.jobLeaseMs / RENEWALS, () => {
    store.renewJob(claimed.id, claimed.fence, clock.now() + limits.jobLeaseMs).then(
      (isMine) => { if (!isMine) claim.abort(); },
      (error: unknown) => { log.warn({ job: claimed.id, error }, 'the claim of a job could not be renewed'); },
    );
  });
  try {
    for (let job: JobRow | null = claimed; job && !claim.signal.aborted;) job = await step(job, claim);
  } catch (error) {
    log.warn({ job: claimed.id, error }, 'a job could not be moved on');
    // Whoever comes next, this gateway among them, waits for the lease to run out.
    await new Promise<void>((resolve) => { clock.after(STUMBLE_MS, resolve); });
  } finally {
    stopRenewing();
  }
}

function sweep({ store, clock, log }: JobParts): void {
  const again = (): Promise<void> => store.sweepJobs(clock.now()).then((count) => (count > 0 ? again() : undefined));
  again().catch((error: unknown) => { log.warn({ error }, 'old jobs could not be swept'); });
}
