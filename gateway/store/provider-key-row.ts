/** This file is the row of a provider key that a workspace has stored. */

/** A workspace's own provider key, sealed as in money.md 6.2: only its envelope is kept. */
export interface ProviderKeyRow {
  readonly id: string;
  readonly workspaceId: string;
  readonly provider: string;
  readonly name: string;
  readonly baseUrl: string | null;
  /** Which key-encryption key wrapped the data key. */
  readonly kekId: string;
  readonly wrappedKey: Uint8Array;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
  readonly last4: string;
  readonly revision: number;
  readonly createdMs: number;
}
