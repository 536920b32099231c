/** This file names a mistake of the operator's. */

/** Something in the file that is not as it must be. */
export interface Mistake {
  /** Keys and indexes from the top of the file. */
  readonly path: readonly (string | number)[];
  /** Goes on after "expected". */
  readonly expected: string;
}
