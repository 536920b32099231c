/** This file is the part of the Store that reports are made of: sums by what requests have in common, and when each error was seen. */

/** What sums can be told apart by. */
export type UsageDimension = 'day' | 'hour' | 'key' | 'asked' | 'model' | 'route' | 'operation';

/** Which sums. What is null is not asked. */
export interface GroupQuery {
  readonly workspaceId: string;
  readonly keyId: string | null;
  readonly userId: string | null;
  /** Inclusive and exclusive, ms since the epoch; whole days (UTC), or whole hours where they are told apart by hour. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly groupings: readonly Grouping[];
}

export interface Grouping {
  readonly by: readonly UsageDimension[];
  /** So many groups at most: those of the greatest cost, then of the most requests. */
  readonly limit: number;
}

/** One group, exact. What it is not told apart by is null; a name that is not known is empty. */
export interface UsageGroup {
  /** When its day or hour begins, ms since the epoch. */
  readonly startMs: number | null;
  readonly keyId: string | null;
  /** What the caller named. */
  readonly asked: string | null;
  /** What answered. */
  readonly model: string | null;
  readonly route: string | null;
  readonly operation: string | null;
  /** A refund is none. */
  readonly requests: number;
  /** Of these, with an error code. */
  readonly errors: number;
  readonly attempts: number;
  readonly messages: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  readonly unpricedRequests: number;
  /** All of theirs, added up. */
  readonly latencyUs: number;
  /** What they cost by the price list, whoever paid, less what was given back. */
  readonly nanoUsd: bigint;
}

/** When an error was seen, in spans of ten minutes. Times in ms since the epoch. */
export interface ErrorTimes {
  readonly code: string;
  /** Spans of the time asked for that have it. */
  readonly spans: number;
  /** Where the first and the last of them begin. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Where the last one before the time asked for begins; null when it was never seen before. */
  readonly beforeMs: number | null;
}

/** Read by the thread that only reads, where there is one. */
export interface ReportReads {
  /** For each grouping its groups. By hour is asked for alone. */
  groupUsage(query: GroupQuery): Promise<UsageGroup[][]>;
  /** Errors of the whole workspace that were seen in a time, in the order of their codes. */
  listErrorTimes(workspaceId: string, fromMs: number, toMs: number): Promise<ErrorTimes[]>;
}
