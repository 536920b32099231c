/** This file is the part of the Store that keeps evals: sets of prompts, runs done by one gateway at a time, and their results. */
import type { SealedColumns } from './sealed-columns.ts';

/** A set, sealed by the vault for its own place. Times in ms since the epoch. */
export interface EvalSetRow extends SealedColumns {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly description: string | null;
  /** How many prompts it has. */
  readonly items: number;
  readonly createdMs: number;
  readonly changedMs: number;
}

/** What is changed of a set; absent fields stay. */
export interface EvalSetChange {
  readonly name?: string;
  readonly description?: string;
  readonly sealed?: SealedColumns;
  readonly changedMs: number;
}

export interface EvalItemRow extends SealedColumns {
  readonly id: string;
  readonly setId: string;
  readonly workspaceId: string;
  readonly name: string | null;
  /** The request it was picked from. */
  readonly sourceRequest: string | null;
  readonly createdMs: number;
}

export type EvalRunState = 'queued' | 'running' | 'completed' | 'cancelled' | 'stopped_by_budget' | 'failed';

export interface EvalRunRow extends SealedColumns {
  readonly id: string;
  readonly workspaceId: string;
  readonly setId: string;
  readonly keyId: string;
  readonly state: EvalRunState;
  /** JSON: contenders, repetitions and the like. */
  readonly plan: string;
  readonly budgetNanoUsd: bigint;
  readonly budgetRevision: number;
  readonly spentNanoUsd: bigint;
  /** Answers there will be. */
  readonly total: number;
  readonly done: number;
  /** Of these, without an answer. */
  readonly failed: number;
  /** Prompts after this one were added later, and are not asked. */
  readonly lastItem: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** JSON, once it is completed. */
  readonly summary: string | null;
  /** Advances with every claim: who holds the newest may write. */
  readonly fence: number;
  readonly runAtMs: number;
  readonly createdMs: number;
  readonly startedMs: number | null;
  readonly endedMs: number | null;
  readonly expiresMs: number;
}

/** How far a run has come; absent fields stay. */
export interface EvalRunStep {
  readonly state?: EvalRunState;
  readonly error?: EvalRunRow['error'];
  readonly summary?: string;
  readonly total?: number;
  readonly startedMs?: number;
  readonly endedMs?: number;
  /** When it is due again; with it the claim is given up. */
  readonly runAtMs?: number;
}

/** asked: a call of it may be under way. answered: its answer is there, and not judged yet. */
export type EvalResultState = 'asked' | 'answered' | 'done';

export interface EvalResultRow {
  /** Prompt, contender and repetition: `evitem_….001.00`. */
  readonly id: string;
  readonly state: EvalResultState;
  /** JSON: nothing of what was said. */
  readonly facts: string;
  /** What was said; null until there is an answer. */
  readonly said: SealedColumns | null;
}

/** What a result adds to its run. */
export interface EvalAdvance {
  readonly spentNanoUsd: bigint;
  readonly done: number;
  readonly failed: number;
}

/** A completed run, as far as reports tell of it. */
export interface EvalReportRow {
  readonly runId: string;
  readonly setId: string;
  readonly setName: string;
  readonly endedMs: number;
  readonly spentNanoUsd: bigint;
  /** JSON of an `EvalSummary`. */
  readonly summary: string;
}

/** After the row of this id, or from the beginning. */
export interface EvalPage {
  readonly limit: number;
  readonly after: string | null;
}

/** The calls about evals. A claim is a lease, as a job's. */
export interface EvalCalls {
  insertEval(set: EvalSetRow): Promise<void>;
  /** Null when this workspace has none of this id. */
  findEval(workspaceId: string, id: string): Promise<EvalSetRow | null>;
  /** The newest first. */
  listEvals(workspaceId: string, page: EvalPage): Promise<EvalSetRow[]>;
  changeEval(workspaceId: string, id: string, change: EvalSetChange): Promise<EvalSetRow | null>;
  /** Deletes a set and its prompts, and stops its runs, which the next sweep deletes; false when there is none. */
  deleteEval(workspaceId: string, id: string): Promise<boolean>;
  /** Adds prompts, all or none, as long as the set has no more than so many then. */
  insertEvalItems(workspaceId: string, setId: string, given: { readonly items: readonly EvalItemRow[]; readonly max: number; readonly nowMs: number }): Promise<'added' | 'not_found' | 'too_many'>;
  /** In the order they were added. */
  listEvalItems(workspaceId: string, setId: string, page: EvalPage): Promise<EvalItemRow[]>;
  deleteEvalItem(workspaceId: string, setId: string, id: string): Promise<boolean>;
  insertEvalRun(run: EvalRunRow): Promise<void>;
  findEvalRun(workspaceId: string, setId: string, id: string): Promise<EvalRunRow | null>;
  /** The newest first. */
  listEvalRuns(workspaceId: string, setId: string, page: EvalPage): Promise<EvalRunRow[]>;
  /** Claims runs that are due and that nobody else has claimed, for `leaseMs`. */
  claimEvalRuns(nowMs: number, leaseMs: number, limit: number): Promise<EvalRunRow[]>;
  /** Moves the end of a claim; false when it is no longer the newest, or the run was stopped. */
  renewEvalRun(id: string, fence: number, untilMs: number): Promise<boolean>;
  /** Writes how far it has come; false, and nothing was written, as `renewEvalRun`. */
  stepEvalRun(id: string, fence: number, step: EvalRunStep): Promise<boolean>;
  /**
   * Writes a result in the place of what stood there, and what it adds to its run, in one transaction. Gives the state of the run: of one that was stopped
   * meanwhile, what was under way is still written. Null, and nothing was written, when the claim is no longer the newest.
   */
  saveEvalResult(runId: string, fence: number, given: { readonly result: EvalResultRow; readonly advance: EvalAdvance }): Promise<EvalRunState | null>;
  /** By prompt, contender and repetition; of all states. */
  listEvalResults(workspaceId: string, runId: string, page: EvalPage): Promise<EvalResultRow[]>;
  /** Stops a run that has not completed; gives it as it is then. */
  cancelEvalRun(workspaceId: string, id: string, nowMs: number): Promise<EvalRunRow | null>;
  /** Puts a run that was stopped back into the queue, with another budget where one is given; null when it is not stopped. */
  resumeEvalRun(workspaceId: string, id: string, given: { readonly budgetNanoUsd: bigint | null; readonly keyId: string; readonly nowMs: number }): Promise<EvalRunRow | null>;
  /** The runs of a workspace that were completed last, the newest first. */
  listEvalReports(workspaceId: string, limit: number): Promise<EvalReportRow[]>;
  /** Deletes results, and then runs, whose time is over; gives how many. Call again until it gives 0. */
  expireEvalRuns(nowMs: number): Promise<number>;
}
