/** This file is the interface of a dialect: pure functions between a caller who does not speak chat completions and the contract's own chat types. */
import type { ErrorResponse } from '../../generated/client/types.gen.ts';
import type { ByteText } from '../foundation/byte-text.ts';

/** How one call's answer is told in the words of its caller. Made for one call, whose request it may remember. */
export interface Dialect {
  /** Makes the caller's reply of a whole chat completion, both as JSON text. */
  toReply(completion: string): string;
  openStream(): DialectStream;
}

/** Follows one stream of chat completion chunks. */
export interface DialectStream {
  /** Takes one whole event of a chunk, or a comment; gives zero or more events of the dialect, joined, or null. */
  read(event: ByteText): ByteText | null;
  /** What ends the stream after its last chunk, `[DONE]` included where the dialect has it. Called once. */
  finish(): ByteText;
  /** What tells of a failure in the middle and ends the stream. Called at most once; after `finish` only when what that gave was not sent. */
  fail(error: ErrorResponse): ByteText;
}
