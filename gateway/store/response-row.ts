/** This file is the part of the Store that keeps answers of Responses, as sealed envelopes. */

/** One answer, sealed by the vault for its own place. Times in ms since the epoch. */
export interface ResponseRow {
  readonly id: string;
  readonly workspaceId: string;
  /** The answer it follows. */
  readonly previousId: string | null;
  readonly kekId: string;
  readonly wrappedKey: Uint8Array;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
  readonly createdMs: number;
  /** From then on it can't be found, and is deleted at the next sweep. */
  readonly expiresMs: number;
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
  findResponse(workspaceId: string, id: string, nowMs: number): Promise<ResponseRow | null>;
  /** An answer and those before it, the last first; it ends before the first that can't be found. */
  listResponseChain(wish: ResponseChainWish): Promise<ResponseRow[]>;
  /** False when this workspace has no such answer. */
  deleteResponse(workspaceId: string, id: string, nowMs: number): Promise<boolean>;
  /** Deletes some that have expired; gives how many. Call again until it gives 0. */
  expireResponses(nowMs: number): Promise<number>;
}
