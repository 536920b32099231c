/** This file is the row of a running gateway. */

/** One running gateway, as the others see it. */
export interface NodeRow {
  readonly id: string;
  /** Machine, boot and process-id namespace: on the same host a process can be asked whether it lives. */
  readonly host: string;
  readonly pid: number;
  /** When the process started, in the machine's own terms: a pid alone may have been given anew. */
  readonly started: string;
  /** Advances with every sign of life. */
  readonly beats: number;
  readonly startedMs: number;
}
