/** This file is the part of the Store that keeps answers of Responses, as sealed envelopes. */
import type { SealedColumns } from './sealed-columns.ts';

/** One answer, sealed by the vault for its own place. Times in ms since the epoch. */
export interface ResponseRow extends SealedColumns {
  readonly id: string;
  readonly workspaceId: string;
  /** The answer it follows. */
  readonly previousId: string | null;
  readonly createdMs: number;
  /** From then on it can't be found, and is deleted at the next sweep. */
  readonly expiresMs: number;
  /** The gateway (node) that makes it in the background; null once it has ended, and for all others. */
  readonly openNode: string | null;
}

/** How far an answer has come: `open` while its gateway makes it, `lost` when that gateway is gone and can't have ended it. */
export type ResponseProgress = 'open' | 'lost' | 'ended';

/** An answer as it is read. */
export interface FoundResponse extends ResponseRow {
  readonly progress: ResponseProgress;
  /** Its workspace wanted it no more before it had ended; never taken back. */
  readonly isCancelled: boolean;
}

/** What an answer made in the background has become: sealed anew in the place of what stood there. */
export type ResponseEnding = Pick<ResponseRow, 'id' | 'workspaceId' | 'kekId' | 'wrappedKey' | 'iv' | 'ciphertext' | 'tag'> & { readonly openNode: string };

/** An answer that a gateway still makes. */
export interface OpenResponse {
  readonly id: string;
  readonly isCancelled: boolean;
}

/** Which answers to read, as seen at one moment. */
export interface ResponseChainWish {
  readonly workspaceId: string;
  /** The last of them. */
  readonly id: string;
  readonly nowMs: number;
  /** At most so many. */
  readonly max: number;
}

export interface ResponseCalls {
  insertResponse(row: ResponseRow): Promise<void>;
  /** Null when there is none, it has expired, or it is another workspace's. */
  findResponse(workspaceId: string, id: string, nowMs: number): Promise<FoundResponse | null>;
  /** An answer and those before it, the last first; it ends before the first that can't be found. */
  listResponseChain(wish: ResponseChainWish): Promise<FoundResponse[]>;
  /** Ends an open answer of this gateway, once, and says whether it was cancelled before; null when it is not open any more: ended, deleted, or its gateway was taken for dead. */
  endResponse(ending: ResponseEnding): Promise<'kept' | 'cancelled' | null>;
  /** Marks an open answer as not wanted any more; false when there is none that is open. Again does no harm. */
  cancelResponse(workspaceId: string, id: string, nowMs: number): Promise<boolean>;
  /** What this gateway still has to make. */
  listOpenResponses(nodeId: string): Promise<OpenResponse[]>;
  /** False when this workspace has no such answer. */
  deleteResponse(workspaceId: string, id: string, nowMs: number): Promise<boolean>;
  /** Deletes some that have expired; gives how many. Call again until it gives 0. */
  expireResponses(nowMs: number): Promise<number>;
}
