/** This file is the part of the Store that knows which bytes are kept: for whom, until when, and which nobody needs any more. */

/** One thing a workspace has saved; the bytes themselves are in a BlobStore under `sha256`. */
export interface MediaRow {
  readonly id: string;
  readonly workspaceId: string;
  /** What it is to its workspace: `image`, `video`, `thumbnail` … */
  readonly kind: string;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  /** As its first bytes say, never as somebody claimed. */
  readonly contentType: string;
  readonly bytes: number;
  readonly createdMs: number;
  /** From then on it can't be found, and is deleted at the next sweep. */
  readonly expiresMs: number;
}

/**
 * The calls about media. A row is written before its file is put in place, and a file is taken away only while no row can be
 * written for it: so a row that could be written never loses its file to somebody who has deleted the same bytes.
 */
export interface MediaCalls {
  /** False when its file is being taken away at this moment: nothing was written, ask again soon. */
  insertMedia(row: MediaRow): Promise<boolean>;
  /** Null when there is none, it has expired, or it is another workspace's. */
  findMedia(workspaceId: string, id: string, nowMs: number): Promise<MediaRow | null>;
  /** Moves when it expires; false when this workspace has no such row. */
  keepMedia(workspaceId: string, id: string, expiresMs: number): Promise<boolean>;
  /** False when this workspace has no such row. */
  deleteMedia(workspaceId: string, id: string): Promise<boolean>;
  /** Deletes some rows that have expired; gives how many. Call again until it gives 0. */
  expireMedia(nowMs: number): Promise<number>;
  /**
   * Gives hashes of some files no row names: they are the caller's to take away, and then to forget. Until then no row can be
   * written for them. What somebody took on and has not forgotten for ten minutes is given again.
   */
  collectMedia(nowMs: number): Promise<string[]>;
  /** Says that the file is gone. */
  forgetMedia(sha256: string): Promise<void>;
}
