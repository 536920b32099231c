/** This file is the part of the Store that keeps rollouts: what a name's requests are to be answered by from now on, for how many, and how that went. */
import type { Outcome, RequestRecord } from '../foundation/terms.ts';
import type { AuditStamp } from './audit-row.ts';

/** running: some callers get the candidate. promoted: all do. rolled_back: nobody does. */
export type RolloutState = 'running' | 'promoted' | 'rolled_back';

/** Who gets the candidate of a rollout. */
export interface RolloutTerms {
  /** A model, a route, an alias or a target. */
  readonly candidate: string;
  /** Of the keys, from 0 to 100. */
  readonly percentage: number;
  /** Keys that get it in any case. */
  readonly keys: readonly string[];
  /** Of the requests the old one answers, from 0 to 100: the candidate is asked the same, and its answer is nobody's. */
  readonly shadowPercentage: number;
  /** What the shadow may cost the operator in a day (UTC), in nano-USD. */
  readonly shadowDailyNanoUsd: bigint;
}

/** Times in ms since the epoch. */
export interface RolloutRow {
  readonly id: string;
  /** What callers write in `model`. */
  readonly name: string;
  readonly state: RolloutState;
  readonly terms: RolloutTerms;
  readonly createdMs: number;
  readonly changedMs: number;
  /** Null until it is. */
  readonly promotedMs: number | null;
}

/** A page of them, after the one of this id. */
export interface RolloutPage {
  readonly limit: number;
  readonly after: string | null;
}

/** Changes the terms, or the state. A rollout that is over has terms that stay. */
export type RolloutChange =
  | { readonly kind: 'change'; readonly terms: Partial<Omit<RolloutTerms, 'candidate'>> }
  | { readonly kind: 'promote' }
  | { readonly kind: 'roll_back' };

export type RolloutAnswer =
  | { readonly kind: 'changed'; readonly row: RolloutRow }
  /** It can't be changed like this any more; here is how it stands. */
  | { readonly kind: 'over'; readonly row: RolloutRow }
  | { readonly kind: 'not_found' };

/** One request of a rollout, or one asked in its shadow, as far as the two are compared. */
export interface RolloutCall {
  readonly outcome: Outcome;
  readonly errorCode: string | null;
  readonly latencyMs: number;
  /** Of a stream. */
  readonly firstByteMs: number | null;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly nanoUsd: bigint;
  /** JSON, as of a request record. */
  readonly failedAttempts: string | null;
}

/** Which of them: by the time of their beginning, inclusive and exclusive. The newest so many. */
export interface RolloutCallPage {
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
}

/** A day's purse. */
export interface ShadowPurse {
  readonly rollout: string;
  /** The beginning of the day, UTC. */
  readonly dayMs: number;
  /** What is in it at first, in nano-USD. */
  readonly limit: bigint;
}

/** What became of a request that was asked in the shadow of another, whose id it has. */
export interface ShadowCallRow {
  readonly rollout: string;
  readonly record: RequestRecord;
}

/** Read by the thread that only reads, where there is one. */
export interface RolloutReads {
  /** `part` is what the request log says of them (`roll_…/candidate`). */
  listRolloutCalls(part: string, page: RolloutCallPage): Promise<RolloutCall[]>;
  listShadowCalls(rollout: string, page: RolloutCallPage): Promise<RolloutCall[]>;
}

/** Every change of a rollout advances the clock `catalog` and is written into the audit log, in the same transaction. */
export interface RolloutCalls {
  /** False when another is running for the same name. */
  createRollout(row: RolloutRow, by: AuditStamp): Promise<boolean>;
  findRollout(id: string): Promise<RolloutRow | null>;
  /** The newest first. */
  listRollouts(page: RolloutPage): Promise<RolloutRow[]>;
  /** Those that run or are promoted. */
  listRolloutsInForce(): Promise<RolloutRow[]>;
  changeRollout(id: string, change: RolloutChange, by: AuditStamp): Promise<RolloutAnswer>;
  /** Refused while it is promoted: callers would be sent back by what looks like tidying up. */
  deleteRollout(id: string, by: AuditStamp): Promise<'deleted' | 'promoted' | 'not_found'>;
  /** Takes so much out of a day's purse, to spend it on shadow calls; false when there is not so much in it. */
  takeShadowMoney(purse: ShadowPurse, nanoUsd: bigint): Promise<boolean>;
  /** Puts back what was not spent. */
  returnShadowMoney(purse: Omit<ShadowPurse, 'limit'>, nanoUsd: bigint): Promise<void>;
  /** Writes what became of shadow calls, all or none; one that is there already stays. */
  insertShadowCalls(calls: readonly ShadowCallRow[]): Promise<void>;
}
