/** This file names what is known of a request when its targets are chosen. */

/** What a request asks for, as far as targets are chosen by it. */
export interface RequestFacts {
  readonly hasTools: boolean;
  readonly hasImages: boolean;
  readonly hasAudio: boolean;
  readonly hasFiles: boolean;
  readonly wantsSchema: boolean;
  /** The tokens of its prompt as guessed: rather too many than too few. */
  readonly promptTokens: number;
  /** Fewer tokens than its prompt can have. */
  readonly promptTokensAtLeast: number;
  /** What requests have in common that should be answered by the same target: a conversation, a user. */
  readonly affinity: string;
}
