/** This file is how every table keeps what the vault has sealed: the envelope's parts, a column each. */
import { readBytes, readText } from './columns.ts';
import type { Row } from './columns.ts';

/** One envelope. */
export interface SealedColumns {
  readonly kekId: string;
  readonly wrappedKey: Uint8Array;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

/** Reads the columns of an envelope. */
export function readSealed(found: Row): SealedColumns {
  return {
    kekId: readText(found, 'kek_id'),
    wrappedKey: readBytes(found, 'wrapped_key'),
    iv: readBytes(found, 'iv'),
    ciphertext: readBytes(found, 'ciphertext'),
    tag: readBytes(found, 'tag'),
  };
}
