/** This file names what a workspace keeps of its answers for whoever asks the same again. */

/** reply cache setting: whether, for how long, and how much. */
export interface ReplyCacheSetting {
  readonly isOn: boolean;
  /** An answer is given for so long, in seconds. */
  readonly ttlSeconds: number;
  /** A longer answer is not kept, in bytes. */
  readonly replyBytesMax: number;
  /** All of them together, in bytes: the oldest make room. */
  readonly bytesMax: number;
}
