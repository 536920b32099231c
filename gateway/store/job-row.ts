/** This file is the part of the Store that keeps jobs: work that outlives its request, done by one gateway at a time and paid once. */
import type { HoldAnswer, HoldOp, KeptReply } from '../foundation/ledger.ts';
import type { RequestRecord } from '../foundation/terms.ts';

/**
 * queued: not yet asked of anybody. submitting: the upstream is being asked, once; whoever finds it so must not ask again. running: the upstream
 * works. storing: what it made is being fetched.
 */
export type OpenJobState = 'queued' | 'submitting' | 'running' | 'storing';
export type JobState = OpenJobState | 'completed' | 'failed';

/** Which target a job was given to, as far as it can be kept: its credential is looked up again for every step. */
export interface JobTarget {
  readonly provider: string;
  readonly upstreamModel: string;
  /** True: the workspace's own provider key pays. */
  readonly isOwnKey: boolean;
  /** Model options that rode on the name, for the sandbox. */
  readonly options: Readonly<Record<string, string>>;
}

/** A job as kept. Times in ms since the epoch. */
export interface JobRow {
  readonly id: string;
  readonly workspaceId: string;
  /** The request that made it; its hold, and then its usage row, have this id. */
  readonly requestId: string;
  readonly kind: 'video';
  readonly state: JobState;
  /** The public id of the model. */
  readonly model: string;
  readonly target: JobTarget;
  /** JSON of what was asked. */
  readonly spec: string;
  /** The usage row when it is completed: it costs what was held. */
  readonly record: RequestRecord;
  readonly upstreamId: string | null;
  /** 0 to 100. */
  readonly progress: number;
  /** JSON of what the upstream said when it was completed. */
  readonly result: string | null;
  /** Variant → media id; null until it is completed. */
  readonly media: Readonly<Record<string, string>> | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Deleted by its workspace while the upstream was at work. */
  readonly isHidden: boolean;
  /** Of its last step, in a row. */
  readonly failures: number;
  /** Advances with every claim. */
  readonly fence: number;
  readonly runAtMs: number;
  /** It must have ended by then. */
  readonly deadlineMs: number;
  readonly createdMs: number;
  readonly completedMs: number | null;
  /** It is deleted with what it made from then on, once it has ended. */
  readonly expiresMs: number;
}

/** What one step changes; absent fields stay. */
export interface JobStep {
  readonly state?: OpenJobState;
  readonly upstreamId?: string;
  readonly progress?: number;
  readonly result?: string;
  readonly failures?: number;
  /** When it is due again; with it the claim is given up. */
  readonly runAtMs?: number;
}

/** How a job ends. */
export interface JobEnding {
  readonly state: 'completed' | 'failed';
  readonly media: Readonly<Record<string, string>> | null;
  readonly error: JobRow['error'];
  /** Its usage row. */
  readonly record: RequestRecord;
  readonly endedMs: number;
  readonly expiresMs: number;
}

/** What deleting a job came to: gone; cancelled before anybody was asked for it; hidden, because the upstream is at work. */
export type JobDeletion =
  | { readonly kind: 'deleted'; readonly media: readonly string[] }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'hidden' };

export interface JobPage {
  readonly limit: number;
  readonly after: string | null;
  /** The oldest first. */
  readonly isAscending: boolean;
}

/** The calls about jobs. A claim is a lease: who holds the newest fence may write, and nobody else. */
export interface JobCalls {
  /**
   * Places the hold and, when it is granted, writes the job and what its idempotency key is answered, all in one transaction. The answer
   * is that of the hold; nothing was written unless it is `granted`.
   */
  createJob(hold: HoldOp, job: JobRow, reply: KeptReply): Promise<HoldAnswer>;
  /** Null when this workspace has none of this id, or has deleted it. */
  findJob(workspaceId: string, id: string): Promise<JobRow | null>;
  listJobs(workspaceId: string, page: JobPage): Promise<JobRow[]>;
  /** Claims open jobs that are due and that nobody else has claimed, for `leaseMs`; those that are longest due come first. */
  claimJobs(nowMs: number, leaseMs: number, limit: number): Promise<JobRow[]>;
  /** Moves the end of a claim; false when it is no longer the newest. */
  renewJob(id: string, fence: number, untilMs: number): Promise<boolean>;
  /** Writes a step; false, and nothing was written, when the claim is no longer the newest or the job has ended. */
  stepJob(id: string, fence: number, step: JobStep): Promise<boolean>;
  /** Ends a job and settles its hold, in one transaction, and keeps its media as long as itself; false as `stepJob`. */
  finishJob(id: string, fence: number, ending: JobEnding): Promise<boolean>;
  /** Null when this workspace has none of this id. One that was not asked for is cancelled: `cancelled` is its usage row. */
  deleteJob(workspaceId: string, id: string, given: { readonly cancelled: RequestRecord; readonly nowMs: number }): Promise<JobDeletion | null>;
  /** Deletes some jobs that have ended and expired; gives how many. Call again until it gives 0. */
  sweepJobs(nowMs: number): Promise<number>;
}
