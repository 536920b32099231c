/** This file is the part of the Store that reads the request log: pages by filters, looked for within bounds, and bodies that are kept. */
import type { CacheState, Outcome, SettledRequest } from '../foundation/terms.ts';
import type { SealedColumns } from './sealed-columns.ts';

/** Which requests. What is null is not asked. */
export interface RequestFilter {
  readonly workspaceId: string;
  /** Inclusive and exclusive, ms since the epoch. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly keyId: string | null;
  readonly userId: string | null;
  /** The model that answered, or the one that was asked for. */
  readonly model: string | null;
  readonly route: string | null;
  readonly operation: string | null;
  readonly outcome: Outcome | null;
  /** One of these codes. */
  readonly errorCodes: readonly string[] | null;
  readonly status: number | null;
  readonly cache: CacheState | null;
  /** What it cost by the price list, in nano-USD; both inclusive. */
  readonly costMin: bigint | null;
  readonly costMax: bigint | null;
  /** Refunds have rows of usage, and are no requests. */
  readonly withRefunds: boolean;
}

/** A place in the log, newest first: after the row of this time and id, or before all of this time when the id is empty. */
export interface LogPlace {
  readonly ms: number;
  readonly id: string;
}

/** What to look at. */
export interface LogPage {
  readonly limit: number;
  /** Null for the newest. */
  readonly after: LogPlace | null;
  /** Give up after about so many rows looked at, and say how far it was. */
  readonly looksMax: number;
}

/** What was found on the way. */
export interface FoundRequests {
  readonly rows: readonly SettledRequest[];
  /** Where to go on; null when there is nothing after it. It may be that too little was found because too much was looked at. */
  readonly next: LogPlace | null;
}

/** The body of a request and of its reply, sealed by the vault for its own place. Times in ms since the epoch. */
export interface RequestBodyRow extends SealedColumns {
  /** The request's. */
  readonly id: string;
  readonly workspaceId: string;
  readonly createdMs: number;
  /** From then on it can't be found, and is deleted at the next sweep. */
  readonly expiresMs: number;
}

/** Read by the thread that only reads, where there is one. */
export interface RequestLogReads {
  /** The newest first. */
  listRequests(filter: RequestFilter, page: LogPage): Promise<FoundRequests>;
}

export interface RequestLogCalls {
  /** All or none; one that is there already stays. */
  insertRequestBodies(rows: readonly RequestBodyRow[]): Promise<void>;
  /** Null when there is none, it has expired, or it is another workspace's. */
  findRequestBody(workspaceId: string, id: string, nowMs: number): Promise<RequestBodyRow | null>;
  /** False when there is none. */
  deleteRequestBody(workspaceId: string, id: string, nowMs: number): Promise<boolean>;
  /** Deletes some of a workspace's, whatever their age; gives how many. Call again until it gives 0. */
  deleteRequestBodies(workspaceId: string): Promise<number>;
  /** Deletes some that have expired; gives how many. Call again until it gives 0. */
  expireRequestBodies(nowMs: number): Promise<number>;
  /** Deletes the evidence of some requests that came before this moment, by the time in their ids; what they cost stays. Gives how many. Call again until it gives 0. */
  expireRequestLog(beforeMs: number): Promise<number>;
  /** Adds up a workspace's day that has been over for two hours, so that sums of a long time are quick. False when there is none; call again until then. */
  closeUsageDay(nowMs: number): Promise<boolean>;
}
