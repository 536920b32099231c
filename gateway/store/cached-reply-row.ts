/** This file is the part of the Store that keeps answers for whoever asks the same again: sealed, for a time, and up to a size for each workspace. */
import type { SealedColumns } from './sealed-columns.ts';

/** A whole answer, sealed by the vault for its own place. Times in ms since the epoch. */
export interface CachedReplyRow extends SealedColumns {
  readonly workspaceId: string;
  /** Follows from what was asked. */
  readonly id: string;
  /** What it takes of its workspace's room. */
  readonly bytes: number;
  readonly createdMs: number;
  /** From then on it can't be found, and is deleted at the next sweep. */
  readonly expiresMs: number;
}

/** What is looked for, and how old it may be. */
export interface CachedReplyWish {
  readonly workspaceId: string;
  readonly id: string;
  readonly nowMs: number;
  /** In ms. */
  readonly ageMax: number;
}

export interface CachedReplyCalls {
  /**
   * Keeps answers of one workspace, each in the place of what was kept under its id. The oldest make room until all of them have at most
   * `bytesMax`; one that alone has more is not kept. All or none.
   */
  keepReplies(workspaceId: string, rows: readonly CachedReplyRow[], bytesMax: number): Promise<void>;
  /** Null when there is none, it is too old, or it is another workspace's. */
  findReply(wish: CachedReplyWish): Promise<CachedReplyRow | null>;
  /** How many there are of a workspace, whatever their age, and what they take. */
  measureReplies(workspaceId: string): Promise<{ readonly count: number; readonly bytes: number }>;
  /** Deletes some of a workspace's; gives how many. Call again until it gives 0. */
  deleteReplies(workspaceId: string): Promise<number>;
  /** Deletes some that have expired, of one workspace; gives how many. Call again until it gives 0. */
  expireReplies(nowMs: number): Promise<number>;
}
