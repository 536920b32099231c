/** This file names what one gateway does about runs of eval sets, for whoever asks for one. */
import type { EvalThread } from './thread.ts';

export interface Evals {
  /** Runs what other people wrote: patterns and schemas. */
  readonly thread: EvalThread;
  /** Looks for runs at once: somebody has just asked for one. */
  wake(): void;
  /** Stops a run at once if this gateway does it; its state says so to all others. */
  leave(runId: string): void;
  /** Begins nothing more: the gateway is about to close. */
  pause(): void;
  /** Waits a moment for answers under way, and lets go of the rest: nobody pays for those, and another gateway asks anew. */
  close(): Promise<void>;
}
